"""What the ledger takes as a record, and what it refuses."""

import hashlib
from typing import Any

import msgspec
import pytest

from fakes.ledger_records import (
    ACTOR,
    FINGERPRINT,
    SERVICE,
    chained,
    deploy,
    ended,
    finding,
    judged,
    lined,
    overridden,
    promoted,
    proving,
    rolled_back,
    traffic,
)
from netra_ops.findings import Outcome, Verdict
from netra_ops.ledger.chain import FORMAT, LONGEST_LINE, Position, follow, line_of
from netra_ops.ledger.records import (
    Actor,
    Judgement,
    Promotion,
    Rollback,
    Setting,
    Stage,
    Traffic,
    is_fingerprint,
)

EVERY_KIND = [
    *proving("r1"),
    traffic(None, r1=90, r2=10),
    overridden("r2", Stage.PROBES),
    rolled_back("r2", "r1", "rol_2"),
    ended("r1", rollout="rol_2"),
    judged("r1", Verdict.FAIL, waived="waived by ana", rollout=None),
    deploy("r3", settings={"K": Setting(secret="jwt", version="latest", resolved="3")}),
]
COMMON: dict[str, Any] = {
    "service": SERVICE,
    "revision": "r1",
    "actor": ACTOR,
    "reason": "why",
    "rollout": "rol_1",
}


def test_every_kind_of_record_is_read_back_as_it_was() -> None:
    """A line holds all that was recorded."""
    lines = lined(EVERY_KIND)

    followed = follow(b"".join(line for _, line in lines))

    assert [entry.record for entry in followed.entries] == EVERY_KIND
    assert followed.entries == tuple(entry for entry, _ in lines)
    assert followed.flaw is None


@pytest.mark.parametrize(
    "value",
    [
        "hunter2-hunter2-hunter2",
        "postgresql://netra:secret@db/netra",
        "sha256:0f0f",
        "sha256:" + "0f" * 33,
        "SHA256:" + "0f" * 32,
        "sha256:" + "0F" * 32,
        "md5:" + "0f" * 16,
        FINGERPRINT + "\n",
        "-----BEGIN PRIVATE KEY-----",
        "0f" * 32,
    ],
)
def test_a_value_is_no_fingerprint_and_is_not_shown(value: str) -> None:
    """What has another form than a fingerprint is refused, in words that do not hold it."""
    with pytest.raises(ValueError, match="A fingerprint is") as refused:
        Setting(fingerprint=value)

    assert value not in str(refused.value)
    document = msgspec.json.encode({"fingerprint": value})
    with pytest.raises(msgspec.ValidationError) as unread:
        msgspec.json.decode(document, type=Setting)
    assert value not in str(unread.value)


@pytest.mark.parametrize("text", [FINGERPRINT, "hmac-" + FINGERPRINT, "sha256:0123456789abcdef"])
def test_a_fingerprint_is_taken(text: str) -> None:
    """Keyed or not, whole or shortened to eight bytes, it is a fingerprint."""
    assert is_fingerprint(text)
    assert Setting(fingerprint=text).fingerprint == text


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"fingerprint": FINGERPRINT, "version": "1"},
        {"secret": "jwt"},
        {"secret": "jwt key", "version": "1"},
        {"secret": "jwt", "version": "newest"},
        {"secret": "jwt", "version": "latest", "resolved": "latest"},
        {"fingerprint": FINGERPRINT, "resolved": "1"},
    ],
)
def test_a_setting_that_says_nothing_or_too_much_is_refused(given: dict[str, Any]) -> None:
    """A setting is a fingerprint, or a reference to a version of a secret."""
    with pytest.raises(ValueError, match=r".+"):
        Setting(**given)


@pytest.mark.parametrize(
    "change",
    [
        {"service": "Netra Backend"},
        {"revision": "a revision"},
        {"revision": "r1\n"},
        {"reason": " "},
        {"reason": "x" * 4001},
        {"reason": "half a letter: \ud800"},
        {"rollout": "ROL"},
        {"rollout": None},
    ],
)
def test_a_record_without_what_it_needs_is_refused(change: dict[str, Any]) -> None:
    """Service, revision, reason and rollout have their forms."""
    with pytest.raises(ValueError, match=r".+"):
        Promotion(**(COMMON | change))


@pytest.mark.parametrize(
    "split", [{"r1": 99}, {"r1": 100, "r2": 0}, {"r1": 110, "r2": -10}, {"a b": 100}]
)
def test_a_split_is_whole(split: dict[str, int]) -> None:
    """Shares are above nothing and a hundred percent together."""
    with pytest.raises(ValueError, match=r"share|Shares"):
        Traffic(**COMMON, split=split)


def test_nothing_may_serve() -> None:
    """A service that was taken down has no shares."""
    assert traffic(None).split == {}


@pytest.mark.parametrize(
    "change",
    [
        {"code": "https://token@registry/x"},
        {"code": "two words"},
        {"settings": {"NO NAME": Setting(fingerprint=FINGERPRINT)}},
        {"key": "the key"},
        {"form": "a form of a file"},
        {"schema": "6"},
        {"store_schema": "head"},
    ],
)
def test_a_deploy_names_code_variables_and_schemas_by_their_forms(change: dict[str, Any]) -> None:
    """Nothing that could hide a value has a place in it."""
    with pytest.raises(ValueError, match=r".+"):
        deploy("r1", **change)


def test_an_actor_is_somebody_from_somewhere() -> None:
    """Neither who nor where from may be empty."""
    for person, origin in (("", "here"), ("ana", " ")):
        with pytest.raises(ValueError, match="An actor"):
            Actor(person, origin)


def test_a_rollback_goes_elsewhere() -> None:
    """A revision is not left for itself."""
    with pytest.raises(ValueError, match="another revision"):
        Rollback(**COMMON, left="r1")


@pytest.mark.parametrize(
    "outcomes",
    [
        (),
        (Outcome(finding(Verdict.FAIL)), Outcome(finding(Verdict.PASS, check="other"))),
        (Outcome(finding(Verdict.UNKNOWN)),),
        (Outcome(finding(Verdict.FAIL), "waived by ana"),),
    ],
)
def test_a_judgement_cannot_claim_more_than_its_outcomes(outcomes: tuple[Outcome, ...]) -> None:
    """A PASS is recorded only where something passed and nothing that counts did worse."""
    with pytest.raises(ValueError, match="verdict is that of its outcomes"):
        Judgement(**COMMON, stage=Stage.PROBES, verdict=Verdict.PASS, outcomes=outcomes)


def test_a_judgement_is_about_one_revision() -> None:
    """What was seen of another revision is no outcome of this one."""
    strange = (Outcome(finding(Verdict.PASS, "r2")),)

    with pytest.raises(ValueError, match="about the revision"):
        Judgement(**COMMON, stage=Stage.PROBES, verdict=Verdict.PASS, outcomes=strange)


def test_a_record_larger_than_a_line_is_refused() -> None:
    """Nothing is written that could not be read."""
    settings = {
        f"VARIABLE_{n}": Setting(fingerprint=FINGERPRINT) for n in range(LONGEST_LINE // 100)
    }

    with pytest.raises(ValueError, match="larger than"):
        line_of(deploy("r1", settings=settings), Position(), "2027-01-15T08:00:00Z")


@pytest.mark.parametrize("change", ["format", "kind", "field"])
def test_what_another_version_wrote_is_no_damage_and_not_read_over(change: str) -> None:
    """A whole line that is not understood stops the reading, in words of its own."""
    (_, first), (second, _) = lined([promoted("r1"), promoted("r2")])
    replaced = {
        "format": (f'"format":{FORMAT}'.encode(), b'"format":9'),
        "kind": (b'"kind":"promotion"', b'"kind":"blessing"'),
        "field": (b'"reason":', b'"colour":"red","reason":'),
    }[change]
    line = _written_by_another(second.seq, first, replaced)

    followed = follow(first + line)

    assert len(followed.entries) == 1
    assert followed.flaw is not None
    assert not followed.flaw.is_damage
    assert (followed.flaw.line, followed.flaw.offset) == (2, len(first))


def test_numbers_have_no_gap() -> None:
    """A line that another chain numbered is told, even if its hash fits."""
    (one, first), _ = lined([promoted("r1"), promoted("r2")])
    _, line = line_of(promoted("r2"), Position(7, one.hash, len(first)), "2027-01-15T08:00:00Z")

    followed = follow(first + line)

    assert followed.flaw is not None
    assert "has number 8 where 2 should be" in followed.flaw.says


def test_hashes_depend_on_everything_before() -> None:
    """The same record after another one has another hash."""
    alone = chained([promoted("r1"), promoted("r2")])
    after = chained([promoted("r3"), promoted("r2")])

    assert alone[1].record == after[1].record
    assert alone[1].hash != after[1].hash


OF_FORMAT_1 = (
    b'{"hash":"950782545324bb2cc15de4a8f18bea6d1c6d83437c5a295fe20a28dffd9312fd","format":1,"seq":1,'
    b'"time":"2027-01-15T08:00:00.000000Z","record":{"kind":"deploy","service":"netra-backend",'
    b'"revision":"r1","actor":{"person":"ana@example.com","origin":"netra deploy on build-7"},'
    b'"reason":"the monthly release","rollout":"rol_1","code":"registry.example/backend@sha256:'
    + b"a" * 64
    + b'","settings":{"KEY":{"fingerprint":"hmac-sha256:'
    + b"0f" * 32
    + b'","secret":null,"version":null,"resolved":null},"JWT":{"fingerprint":null,"secret":"jwt",'
    b'"version":"7","resolved":null}},"schema":null,"store_schema":null}}\n'
)
"""A line as it was written while lines had format 1."""


def test_lines_of_format_1_and_2_make_one_chain() -> None:
    """What was recorded before is read as it was, and the next record follows on it."""
    first = follow(OF_FORMAT_1)
    more = Setting(fingerprint=FINGERPRINT, nearly={"stripped": FINGERPRINT}, distinctive=True)
    record = deploy("r2", settings={"KEY": more}, key="0f" * 8, form="env_file")
    entry, line = line_of(record, first.end, "2027-01-15T08:00:01.000000Z")

    followed = follow(OF_FORMAT_1 + line)

    assert (followed.flaw, followed.unfinished) == (None, b"")
    old, new = (one.record for one in followed.entries)
    assert old == deploy(
        "r1",
        settings={
            "KEY": Setting(fingerprint="hmac-sha256:" + "0f" * 32),
            "JWT": Setting(secret="jwt", version="7"),
        },
    )
    assert (new, followed.entries[1]) == (record, entry)
    assert b'"format":2' in line


@pytest.mark.parametrize(
    "given",
    [
        {"fingerprint": FINGERPRINT, "nearly": {"stripped": "hunter2-hunter2"}},
        {"fingerprint": FINGERPRINT, "nearly": {"hunter2 hunter2": FINGERPRINT}},
        {"nearly": {}, "secret": "jwt", "version": "7"},
        {"distinctive": True, "secret": "jwt", "version": "7"},
    ],
)
def test_what_a_value_nearly_is_has_no_place_for_a_value(given: dict[str, Any]) -> None:
    """Words and fingerprints have their forms, and only what was seen is told more of."""
    with pytest.raises(ValueError, match=r".+") as refused:
        Setting(**given)

    assert "hunter2" not in str(refused.value)


def _written_by_another(seq: int, first: bytes, replaced: tuple[bytes, bytes]) -> bytes:
    """Write the second line as another version would, with a hash that is right."""
    (_, _), (_, line) = lined([promoted("r1"), promoted("r2")])
    assert seq == 2
    body = line[line.index(b",") + 1 : -1].replace(*replaced)
    previous = first[9:73]
    own = hashlib.sha256(previous + b"\n" + body).hexdigest().encode()
    return b'{"hash":"' + own + b'",' + body + b"\n"
