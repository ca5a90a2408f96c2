"""From facts to a worklog. Pure; every text goes through privacy on its way."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from netra.clock import as_iso
from netra_ops.gardener.facts.clusters import ClusterFacts, Facts
from netra_ops.gardener.facts.columns import plain_name
from netra_ops.gardener.facts.counting import spreads
from netra_ops.gardener.facts.deploys.deployments import Deployment, LabelChange
from netra_ops.gardener.facts.deploys.evidence import Evidence, suspects_of
from netra_ops.gardener.facts.tests_and_age import Age
from netra_ops.gardener.known.failures import Known, known_failure
from netra_ops.gardener.privacy import Privacy
from netra_ops.gardener.worklog import advice, judging
from netra_ops.gardener.worklog.document import (
    Beginning,
    ClusterReport,
    Deployed,
    Follows,
    Quiet,
    RevisionSeen,
    Shown,
    SourceRead,
    Spread,
    Suspect,
    Window,
    Worklog,
)
from netra_ops.gardener.worklog.document import (
    Sequence as Course,
)
from netra_ops.issue_tracker.priority import Judged
from netra_ops.logs.entries.entry import Entry, Level

_QUIET: Final = 20
_COURSES: Final = 10
_SUSPECTS: Final = 10
_FOLLOWS: Final = 30
_CORRELATION_IDS: Final = 20
_MESSAGE: Final = 2000
_TEMPLATE: Final = 600
T = TypeVar("T", bound=msgspec.Struct)


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a worklog is composed from.

    Attributes:
        facts: What is known of the log.
        deployments: What was deployed meanwhile, as the log shows it.
        label_changes: What differs between the labels of revisions.
        evidence: What is known beside the log.
        sources: What was read.
        made_of: By a cluster's id, why its parts are one.
        earlier: When clusters were first seen in earlier runs, by id: nanoseconds.
        service: Of which service it is; None for all.
        since: From when on was asked for, seconds since the epoch.
        until: Until when.
        outside: How many entries were left out because they lie outside of that.
        age: How the log lies to that.
        now: When it is composed.
    """

    facts: Facts
    deployments: tuple[Deployment, ...]
    label_changes: tuple[LabelChange, ...]
    evidence: Evidence
    sources: tuple[SourceRead, ...]
    made_of: Mapping[str, tuple[str, ...]]
    earlier: Mapping[str, int]
    service: str | None
    since: float | None
    until: float | None
    outside: int
    age: Age
    now: float


class Composed(msgspec.Struct, frozen=True):
    """A worklog, and what a tracker needs of its clusters besides.

    Attributes:
        worklog: The worklog.
        judged: How urgent each of its clusters is, in their order.
        facts: What is known of each of them.
    """

    worklog: Worklog
    judged: tuple[Judged, ...]
    facts: tuple[ClusterFacts, ...]


def composed(given: Given) -> Composed:
    """Compose a worklog."""
    return _Composer(given).composed()


class _Composer:
    def __init__(self, given: Given) -> None:
        self._given = given
        self._privacy = Privacy()
        whole = given.facts
        self._loud = [place for place, one in enumerate(whole.clusters) if one.loud]
        self._known: dict[int, Known | None] = {
            place: known_failure(whole.clusters[place].sample, whole.clusters[place].template)
            for place in self._loud
        }
        stopping = judging.stopping_start(whole, self._known)
        self._judged = {
            place: judging.judged_cluster(
                whole.clusters[place],
                whole,
                stops_start=place in stopping,
                stale=given.age.stale,
            )
            for place in self._loud
        }
        self._loud.sort(key=lambda place: (self._judged[place].priority, place))
        self._related = judging.related_to(whole.order)
        self._led = judging.led_by(whole)

    def composed(self) -> Composed:
        given, whole = self._given, self._given.facts
        reports = tuple(self._report(place) for place in self._loud)
        quiet = [one for one in whole.clusters if not one.loud]
        names = {report.id: report.name for report in reports}
        service = self._hide(plain_name(given.service or _most(whole) or "unknown"))
        worklog = Worklog(
            title=f"Log worklog: {reports[0].name if reports else 'nothing to look at'}",
            focus=advice.focus(reports, service if given.service else None),
            service=service,
            generated=_time(given.now),
            severity=advice.severity(reports),
            window=self._window(),
            sources=tuple(self._source(one) for one in given.sources),
            summary=advice.summary(reports, whole, given.age),
            clusters=reports,
            quiet=tuple(
                Quiet(one.id, self._template(one), one.count, one.level.name)
                for one in quiet[:_QUIET]
            ),
            quiet_clusters=len(quiet),
            quiet_entries=sum(one.count for one in quiet),
            sequences=self._courses(names),
            follows=self._follows(),
            revisions=tuple(
                RevisionSeen(
                    self._hide(one.service),
                    self._hide(one.revision),
                    _nanoseconds(one.first),
                    _nanoseconds(one.last),
                    one.entries,
                )
                for all_of in whole.revisions.values()
                for one in all_of
            ),
            deployments=tuple(self._deployed(one) for one in self._deployments()),
            label_changes=tuple(map(self._hidden, given.label_changes)),
            configuration_changes=tuple(map(self._hidden, given.evidence.changes)),
            impact=whole.impact,
            checklist=advice.checklist(reports, service),
            correlation_ids=_correlation_ids(reports),
            next_steps=advice.next_steps(reports, service, given.age),
        )
        return Composed(
            worklog,
            tuple(self._judged[place] for place in self._loud),
            tuple(whole.clusters[place] for place in self._loud),
        )

    def _deployments(self) -> list[Deployment]:
        """Give the deployments of the log and of the ledger, as far as the log covers them."""
        span = self._given.facts.span
        beside = [
            one
            for one in self._given.evidence.deployments
            if span is not None and span[0] <= one.time <= span[1]
        ]
        return sorted((*self._given.deployments, *beside), key=lambda one: (one.time, one.by))

    def _report(self, place: int) -> ClusterReport:
        facts, known, judged = (
            self._given.facts.clusters[place],
            self._known[place],
            self._judged[place],
        )
        onset = facts.onset
        return ClusterReport(
            id=facts.id,
            aliases=facts.aliases,
            name=judging.name_of(facts, known, self._template(facts), self._hide),
            nature=judging.nature_of(facts, self._given.earlier),
            priority=judged.priority,
            reasons=judged.reasons,
            severity=facts.level.name,
            count=facts.count,
            template=self._template(facts),
            means=known.means if known else None,
            first=_or_none(facts.first),
            last=_or_none(facts.last),
            undated=facts.undated,
            changed=_or_none(facts.changed),
            rhythm=str(facts.rhythm) if facts.rhythm else None,
            onset=Beginning(
                nature=onset.nature,
                says=self._hide(onset.says),
                revision=self._or_none(onset.revision),
                last_good=self._or_none(onset.last_good),
                gone_since=self._or_none(onset.gone_since),
            ),
            services=self._spread(facts.services),
            revisions=self._spread(facts.revisions),
            instances=self._spread(facts.instances),
            principals=self._spread(facts.principals),
            paths=self._spread(facts.paths),
            loggers=self._spread(facts.loggers),
            statuses=self._spread(facts.statuses),
            requests=self._spread(facts.requests),
            traces=self._spread(facts.traces),
            rate=facts.rate,
            doubles=facts.doubles,
            follows=self._leader(place),
            suspects=self._suspects(facts),
            tests=facts.tests,
            made_of=tuple(map(self._privacy.hide_words, self._given.made_of.get(facts.id, ()))),
            related=tuple(
                self._given.facts.clusters[other].id for other in self._related.get(place, ())
            ),
            shown=self._shown(facts.sample),
        )

    def _suspects(self, facts: ClusterFacts) -> tuple[Suspect, ...]:
        firsts = {
            one.revision: one.first
            for all_of in self._given.facts.revisions.values()
            for one in all_of
        }
        stack = facts.sample.stack if facts.sample else None
        files = [frame.file for frame in stack.frames] if stack else []
        found = suspects_of(facts.onset, self._given.evidence.commits, firsts, files)
        return tuple(
            Suspect(
                self._hide(one.sha),
                _nanoseconds(one.time or 0),
                self._hide(one.author),
                self._hide(one.subject),
            )
            for one in found[:_SUSPECTS]
        )

    def _leader(self, place: int) -> str | None:
        leader = self._led.get(place)
        return None if leader is None else self._given.facts.clusters[leader].id

    def _shown(self, entry: Entry | None) -> Shown | None:
        if entry is None:
            return None
        fields = {
            "service": entry.service,
            "revision": entry.revision,
            "instance": entry.instance,
            "logger": entry.logger,
            "event": entry.event,
            "principal": entry.principal,
            "request_id": entry.request_id,
            "trace": entry.trace,
            "status": str(entry.status) if entry.status else None,
            "method": entry.http.method if entry.http else None,
            "path": entry.http.path if entry.http else None,
        }
        return Shown(
            reference=f"{self._hide(self._given.sources[entry.source].name)}:{entry.number}",
            time=_or_none(entry.time),
            severity=self._or_none(entry.severity),
            level=entry.level.name,
            message=self._hide(_cut(entry.message, _MESSAGE)),
            fields={name: self._hide(text) for name, text in fields.items() if text},
        )

    def _courses(self, names: Mapping[str, str]) -> tuple[Course, ...]:
        whole, found = self._given.facts, []
        for one in whole.order.courses[:_COURSES]:
            ids = tuple(whole.clusters[place].id for place in one.clusters)
            found.append(
                Course(
                    clusters=ids,
                    names=tuple(names.get(each, each) for each in ids),
                    within=one.within,
                    times=one.times,
                    seconds=one.seconds,
                )
            )
        return tuple(found)

    def _follows(self) -> tuple[Follows, ...]:
        clusters = self._given.facts.clusters
        return tuple(
            Follows(
                first=clusters[one.first].id,
                then=clusters[one.then].id,
                within=one.within,
                times=one.times,
                of=one.of,
                lag=one.lag,
            )
            for one in self._given.facts.order.followings[:_FOLLOWS]
        )

    def _window(self) -> Window:
        given = self._given
        span = given.facts.span
        return Window(
            since=_time_or_none(given.since),
            until=_time_or_none(given.until),
            first=_or_none(span[0] if span else None),
            last=_or_none(span[1] if span else None),
            entries=given.facts.entries,
            outside=given.outside,
            copies=given.facts.copies,
            remark=given.age.says,
        )

    def _source(self, one: SourceRead) -> SourceRead:
        remarks = tuple(map(self._hide, one.remarks))
        return msgspec.structs.replace(one, name=self._hide(one.name), remarks=remarks)

    def _deployed(self, one: Deployment) -> Deployed:
        return Deployed(
            time=_nanoseconds(one.time),
            by=one.by,
            says=self._hide(one.says),
            service=self._or_none(one.service),
            revision=self._or_none(one.revision),
            who=self._or_none(one.who),
            evidence=self._or_none(one.evidence),
        )

    def _spread(self, spread: spreads.Spread) -> Spread:
        top = tuple(spreads.Share(self._hide(one.name), one.count) for one in spread.top)
        return Spread(spread.distinct, top)

    def _template(self, facts: ClusterFacts) -> str:
        return self._hide(_cut(facts.template, _TEMPLATE))

    def _hide(self, text: str) -> str:
        return self._privacy.hide(text)

    def _hidden(self, one: T) -> T:
        """Hide what is private in all texts of something."""
        texts = {
            name: self._hide(text)
            for name, text in msgspec.structs.asdict(one).items()
            if isinstance(text, str)
        }
        return msgspec.structs.replace(one, **texts)

    def _or_none(self, text: str | None) -> str | None:
        return None if text is None else self._hide(text)


def _most(whole: Facts) -> str | None:
    counts: dict[str, int] = {}
    for facts in whole.clusters:
        if facts.level >= Level.WARNING:
            for share in facts.services.top:
                counts[share.name] = counts.get(share.name, 0) + share.count
    return max(counts, key=lambda name: (counts[name], name), default=None)


def _correlation_ids(reports: Sequence[ClusterReport]) -> tuple[str, ...]:
    found = dict.fromkeys(
        one.name for report in reports for one in (*report.requests.top, *report.traces.top)
    )
    return tuple(list(found)[:_CORRELATION_IDS])


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _nanoseconds(time: int) -> str:
    return _time(time / 1e9)


def _or_none(time: int | None) -> str | None:
    return None if time is None else _nanoseconds(time)


def _time(seconds: float) -> str:
    try:
        return f"{as_iso(seconds)[:23]}Z"
    except (ValueError, OverflowError):
        return "beyond the calendar"


def _time_or_none(seconds: float | None) -> str | None:
    return None if seconds is None else _time(seconds)
