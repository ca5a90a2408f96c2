"""Records of a ledger as a gate would write them, with as little said as possible."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from netra.clock import as_iso
from netra_ops.findings import Finding, Outcome, Verdict, verdict_of
from netra_ops.ledger.chain import Entry, Position, line_of
from netra_ops.ledger.records import (
    Actor,
    Deploy,
    End,
    Ending,
    Judgement,
    Override,
    Promotion,
    Record,
    Rollback,
    Setting,
    Stage,
    Traffic,
)

SERVICE: Final = "netra-backend"
ACTOR: Final = Actor("ana@example.com", "netra deploy on build-7")
FINGERPRINT: Final = "sha256:" + "0f" * 32
BEGIN: Final = 1_800_000_000.0


def finding(
    verdict: Verdict, revision: str = "r1", check: str = "golden_path", **more: Any
) -> Finding:
    """Say something of a revision."""
    given = {"service": SERVICE, "reason": f"it is {verdict.value}", **more}
    return Finding(check=check, verdict=verdict, revision=revision, **given)


def deploy(revision: str, rollout: str = "rol_1", **more: Any) -> Deploy:
    """Make a revision."""
    given: dict[str, Any] = {
        "code": "registry.example/backend@sha256:" + "a" * 64,
        "settings": {"SERVICE_ID": Setting(fingerprint=FINGERPRINT)},
    }
    common = _common(revision, rollout, more.pop("service", SERVICE))
    return Deploy(**common, **(given | more))


def judged(
    revision: str,
    verdict: Verdict = Verdict.PASS,
    stage: Stage = Stage.PROBES,
    *,
    rollout: str | None = "rol_1",
    waived: str = "",
    service: str = SERVICE,
) -> Judgement:
    """Judge a revision; a waived outcome stands beside one that passed."""
    outcomes: tuple[Outcome, ...] = (Outcome(finding(verdict, revision), waived),)
    if waived:
        outcomes += (Outcome(finding(Verdict.PASS, revision, "other")),)
    common = _common(revision, rollout, service)
    return Judgement(**common, stage=stage, verdict=verdict_of(outcomes), outcomes=outcomes)


def traffic(rollout: str | None = "rol_1", *, service: str = SERVICE, **split: int) -> Traffic:
    """Let revisions serve."""
    revision = next(iter(split), "r1")
    return Traffic(**_common(revision, rollout, service), split=dict(split))


def split_as(split: dict[str, int]) -> Traffic:
    """Let revisions serve whose names are no identifiers."""
    return Traffic(**_common(next(iter(split)), "rol_1", SERVICE), split=split)


def promoted(revision: str, rollout: str = "rol_1", service: str = SERVICE) -> Promotion:
    """Let a revision stay."""
    return Promotion(**_common(revision, rollout, service))


def rolled_back(left: str, to: str, rollout: str = "rol_1", service: str = SERVICE) -> Rollback:
    """Leave a revision for another."""
    return Rollback(**_common(to, rollout, service), left=left)


def overridden(revision: str, stage: Stage | None = None) -> Override:
    """Let a revision go on in spite of the gate."""
    return Override(**_common(revision, "rol_1"), stage=stage)


def ended(
    revision: str, ending: Ending = Ending.REFUSED, rollout: str = "rol_1", service: str = SERVICE
) -> End:
    """End a rollout."""
    return End(**_common(revision, rollout, service), ending=ending)


def proving(revision: str, rollout: str = "rol_1") -> list[Record]:
    """Bring a revision all the way."""
    return [
        deploy(revision, rollout),
        judged(revision, rollout=rollout),
        Traffic(**_common(revision, rollout), split={revision: 100}),
        promoted(revision, rollout),
    ]


def chained(records: Iterable[Record]) -> list[Entry]:
    """Give records their places, a second apart."""
    return [entry for entry, _ in lined(list(records))]


def lined(records: Sequence[Record]) -> list[tuple[Entry, bytes]]:
    """Give records their places and their lines."""
    position, found = Position(), []
    for number, record in enumerate(records):
        entry, line = line_of(record, position, as_iso(BEGIN + number))
        found.append((entry, line))
        position = Position(entry.seq, entry.hash, position.offset + len(line))
    return found


def _common(revision: str, rollout: str | None, service: str = SERVICE) -> dict[str, Any]:
    return {
        "service": service,
        "revision": revision,
        "actor": ACTOR,
        "reason": "the monthly release",
        "rollout": rollout,
    }
