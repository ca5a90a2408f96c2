"""What a worklog says, as data: this is `worklog.json`, and what the other forms are written from.

Times are RFC 3339 in UTC. A reference is `source:record`: the line of a file of lines, the element
of an array. `entries.csv` beside it names the cluster of every record, so that each count can be
counted again.
"""

import msgspec

from netra_ops.gardener.facts.counting.spreads import Share
from netra_ops.gardener.facts.deploys.deployments import LabelChange
from netra_ops.gardener.facts.deploys.evidence import ConfigurationChange
from netra_ops.gardener.facts.impact import Impact

VERSION = 1
"""Of the form of `worklog.json`."""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for, and what the entries themselves cover."""

    since: str | None = None
    until: str | None = None
    first: str | None = None
    last: str | None = None
    entries: int = 0
    outside: int = 0
    copies: int = 0
    remark: str = ""


class SourceRead(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of one source, and what was not as it should be."""

    name: str
    form: str
    records: int
    remarks: tuple[str, ...] = ()


class Spread(msgspec.Struct, frozen=True):
    """How many values there are, and the most frequent of them."""

    distinct: int
    top: tuple[Share, ...] = ()


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that shows a cluster, with what is private hidden."""

    reference: str
    time: str | None
    severity: str | None
    level: str
    message: str
    fields: dict[str, str] = {}


class Beginning(msgspec.Struct, frozen=True, kw_only=True):
    """With which revision something began, as far as the log can tell."""

    nature: str
    says: str
    revision: str | None = None
    last_good: str | None = None
    gone_since: str | None = None


class ClusterReport(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster."""

    id: str
    aliases: tuple[str, ...] = ()
    name: str
    nature: str
    priority: str
    reasons: tuple[str, ...]
    severity: str
    count: int
    template: str
    means: str | None = None
    first: str | None
    last: str | None
    undated: int = 0
    changed: str | None = None
    rhythm: str | None = None
    onset: Beginning
    services: Spread
    revisions: Spread
    instances: Spread
    principals: Spread
    paths: Spread
    loggers: Spread
    statuses: Spread
    requests: Spread
    traces: Spread
    rate: tuple[int, ...]
    doubles: str | None = None
    follows: str | None = None
    suspects: tuple["Suspect", ...] = ()
    tests: bool = False
    made_of: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    shown: Shown | None = None


class Suspect(msgspec.Struct, frozen=True):
    """A commit between the last good revision and the one with which something began."""

    sha: str
    time: str
    author: str
    subject: str


class Quiet(msgspec.Struct, frozen=True):
    """A cluster nobody has to look at."""

    id: str
    template: str
    count: int
    severity: str


class Sequence(msgspec.Struct, frozen=True, kw_only=True):
    """An order of clusters that came more than once; `seconds` from its first to its last."""

    clusters: tuple[str, ...]
    names: tuple[str, ...]
    within: str
    times: int
    seconds: float


class Follows(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster directly after another; `lag` in seconds, the median."""

    first: str
    then: str
    within: str
    times: int
    of: int
    lag: float


class RevisionSeen(msgspec.Struct, frozen=True):
    """A revision as the log shows it."""

    service: str
    revision: str
    first: str
    last: str
    entries: int


class Deployed(msgspec.Struct, frozen=True, kw_only=True):
    """Something that changed what runs."""

    time: str
    by: str
    says: str
    service: str | None = None
    revision: str | None = None
    who: str | None = None
    evidence: str | None = None


class IssueLine(msgspec.Struct, frozen=True, kw_only=True):
    """What was, or would be, done about a cluster in the tracker."""

    cluster: str
    title: str
    action: str
    why: str = ""
    where: str = ""


class Worklog(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    version: int = VERSION
    title: str
    focus: str
    service: str
    generated: str
    severity: str
    window: Window
    sources: tuple[SourceRead, ...]
    summary: tuple[str, ...]
    clusters: tuple[ClusterReport, ...]
    quiet: tuple[Quiet, ...]
    quiet_clusters: int
    quiet_entries: int
    sequences: tuple[Sequence, ...]
    follows: tuple[Follows, ...]
    revisions: tuple[RevisionSeen, ...]
    deployments: tuple[Deployed, ...]
    label_changes: tuple[LabelChange, ...]
    configuration_changes: tuple[ConfigurationChange, ...] = ()
    impact: Impact
    issues: tuple[IssueLine, ...] = ()
    checklist: tuple[str, ...]
    correlation_ids: tuple[str, ...]
    next_steps: tuple[str, ...]
