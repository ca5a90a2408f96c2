"""Whatever is recorded, in whatever order: who serves and what is proven is what a model says."""

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.ledger_records import (
    chained,
    deploy,
    ended,
    judged,
    lined,
    overridden,
    promoted,
    rolled_back,
    traffic,
)
from netra.clock import SystemClock
from netra_ops.findings import Verdict
from netra_ops.ledger import queries
from netra_ops.ledger.chain import follow
from netra_ops.ledger.ledger_file import Ledger
from netra_ops.ledger.records import (
    Deploy,
    End,
    Ending,
    Judgement,
    Promotion,
    Record,
    Rollback,
    Stage,
    Traffic,
)

SERVICES = ("netra-backend", "netra-auth")
REVISIONS = ("r1", "r2", "r3")
ROLLOUTS = ("rol_1", "rol_2")

revisions = st.sampled_from(REVISIONS)
rollouts = st.sampled_from(ROLLOUTS)
services = st.sampled_from(SERVICES)
splits = st.sampled_from(
    ({}, {"r1": 100}, {"r2": 100}, {"r3": 100}, {"r1": 90, "r2": 10}, {"r2": 50, "r3": 50})
)
records: st.SearchStrategy[Record] = st.one_of(
    st.builds(deploy, revisions, rollouts),
    st.builds(
        judged,
        revisions,
        st.sampled_from(Verdict),
        st.sampled_from(Stage),
        rollout=st.one_of(st.none(), rollouts),
        waived=st.sampled_from(("", "waived by ana")),
        service=services,
    ),
    st.builds(lambda service, split: traffic(None, service=service, **split), services, splits),
    st.builds(promoted, revisions, rollouts, services),
    st.permutations(REVISIONS).flatmap(
        lambda three: st.builds(
            rolled_back, st.just(three[0]), st.just(three[1]), rollouts, services
        )
    ),
    st.builds(ended, revisions, st.sampled_from(Ending), rollouts, services),
    st.builds(overridden, revisions, st.one_of(st.none(), st.sampled_from(Stage))),
)
stories = st.lists(records, max_size=25)


@dataclass
class Model:
    """What one service is, told record by record as a person would keep it in mind."""

    split: dict[str, int] = field(default_factory=dict)
    passed: set[str] = field(default_factory=set)
    proven: list[str] = field(default_factory=list)
    open: dict[str, str] = field(default_factory=dict)

    def take(self, record: Record) -> None:
        """Hear of the next thing that happened."""
        if isinstance(record, Traffic):
            self.split = dict(record.split)
        if isinstance(record, Judgement) and record.stage is Stage.PROBES:
            said = {outcome.finding.verdict for outcome in record.outcomes}
            self.passed.discard(record.revision)
            if said == {Verdict.PASS} and not any(o.waived for o in record.outcomes):
                self.passed.add(record.revision)
            if Verdict.FAIL in said and record.revision in self.proven:
                self.proven.remove(record.revision)
        if isinstance(record, Promotion) and record.revision in self.passed:
            self.proven = [r for r in self.proven if r != record.revision] + [record.revision]
        if isinstance(record, Rollback):
            self.passed.discard(record.left)
            self.proven = [r for r in self.proven if r != record.left]
        if isinstance(record, Deploy | Rollback):
            self.open.setdefault(record.rollout or "", record.revision)
        if isinstance(record, Promotion | End):
            self.open.pop(record.rollout or "", None)


@given(stories)
def test_who_serves_what_is_proven_and_what_is_open_is_what_a_model_says(
    story: list[Record],
) -> None:
    """At every moment of every story, for each service on its own."""
    models = {service: Model() for service in SERVICES}
    entries = chained(story)
    for place, entry in enumerate(entries):
        models[entry.record.service].take(entry.record)
        so_far = entries[: place + 1]
        left = queries.unfinished(so_far)
        for service, model in models.items():
            assert queries.serving(so_far).get(service, {}) == model.split
            assert [p.revision for p in queries.proven(so_far, service)] == model.proven
            last = queries.last_proven(so_far, service)
            assert (last.revision if last else None) == (model.proven[-1] if model.proven else None)
            assert {u.rollout: u.revision for u in left if u.service == service} == model.open


@given(stories)
def test_spans_add_up_to_what_served_at_each_moment(story: list[Record]) -> None:
    """At every record the open spans are the split, and each is a hundred percent or nothing."""
    entries = chained(story)
    spans = queries.served(entries)
    for place, entry in enumerate(entries):
        now = queries.serving(entries[: place + 1])
        for service, split in now.items():
            during = {
                span.revision: span.percent
                for span in spans
                if span.service == service
                and span.since.seq <= entry.seq
                and (span.until is None or entry.seq < span.until.seq)
            }
            assert during == split
            assert sum(during.values()) in {0, 100}


@given(stories)
def test_a_proof_stands_on_probes_of_that_revision_before_its_promotion(
    story: list[Record],
) -> None:
    """What is proven always shows a passed judgement, then a promotion, and no rollback after."""
    entries = chained(story)
    for service in SERVICES:
        for proof in queries.proven(entries, service):
            assert isinstance(proof.probes.record, Judgement)
            assert proof.probes.record.proves
            assert isinstance(proof.promotion.record, Promotion)
            assert proof.probes.record.revision == proof.promotion.record.revision == proof.revision
            assert proof.probes.seq < proof.promotion.seq
            assert not any(
                isinstance(entry.record, Rollback)
                and entry.record.left == proof.revision
                and entry.record.service == service
                and entry.seq > proof.promotion.seq
                for entry in entries
            )


@given(stories, st.data())
def test_a_file_cut_off_anywhere_holds_the_records_before_the_cut(
    story: list[Record], data: st.DataObject
) -> None:
    """Every beginning of a ledger is a ledger, and at most one line of it is unfinished."""
    lines = [line for _, line in lined(story)]
    content = b"".join(lines)
    cut = data.draw(st.integers(0, len(content)))

    followed = follow(content[:cut])

    whole = content[:cut].count(b"\n")
    assert followed.flaw is None
    assert [entry.record for entry in followed.entries] == story[:whole]
    assert followed.unfinished == content[sum(map(len, lines[:whole])) : cut]


@given(stories.filter(bool), st.data())
def test_no_change_of_a_byte_goes_unnoticed(story: list[Record], data: st.DataObject) -> None:
    """Whatever byte becomes another, nothing from its line on is taken for a record."""
    content = b"".join(line for _, line in lined(story))
    place = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda other: other != content[place]))

    followed = follow(content[:place] + bytes([byte]) + content[place + 1 :])

    whole = content.count(b"\n", 0, place)
    assert [entry.record for entry in followed.entries] == story[:whole]
    assert followed.flaw is not None or followed.unfinished


@settings(max_examples=20)
@given(st.lists(records, max_size=8))
def test_a_file_gives_back_what_was_recorded(story: list[Record]) -> None:
    """Through the disk nothing is lost or changed, whoever reads."""
    with TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger", SystemClock())
        for record in story:
            ledger.append(record)

        reading = Ledger(Path(folder) / "ledger", SystemClock()).read()

        assert [entry.record for entry in reading.trusted()] == story
