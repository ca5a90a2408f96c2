"""What was seen in a bundle, and what was looked for and is not there."""

import msgspec

from netra_ops.diagnosis.facts import Fact


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """One fact of one incident.

    Of a fact that the evidence cannot show there is no observation at all.

    Attributes:
        fact: Which.
        is_seen: Whether it is so; False only if the evidence would have shown it.
        says: What was seen, in a sentence with its numbers; no value of a secret, no token.
        evidence: Where: `logs.ndjson:4711`, `revisions.json#/0/spec`; few, the most telling first.
            What is absent names the files in which it would stand.
        time: When it was first so, nanoseconds since the epoch, where there is a moment.
        subjects: What it is about, such as names of variables, hosts, modules, revisions.
        service: In which service, where it is one.
    """

    fact: Fact
    is_seen: bool = True
    says: str
    evidence: tuple[str, ...]
    time: int | None = None
    subjects: tuple[str, ...] = ()
    service: str | None = None
