"""What a collection asks running services for: the audit record, and the golden path's probes."""

import re
from collections.abc import Callable
from typing import Any, Final

from netra.clock import Clock, as_iso
from netra.policy import Permission
from netra.wire.auth_admin import AuditRecord
from netra_ops.administration.audit_file import export
from netra_ops.administration.audit_rows import Window, anchor_at, contiguous
from netra_ops.administration.caller import Caller
from netra_ops.cli.accounts import address, credential, walking_credentials
from netra_ops.evidence.collecting import Asking
from netra_ops.evidence.records import audit, probes
from netra_ops.evidence.writing.cleaning import Cleaner
from netra_ops.evidence.writing.unfinished import UnfinishedBundle
from netra_ops.findings import Verdict
from netra_ops.platform.local.state_directory import StateDirectory
from netra_ops.settings import OPS, PROBE_HEADER
from netra_ops.validation.answer import Asker
from netra_ops.validation.golden_path import walk_golden_path
from netra_ops.validation.step import StepResult

_STATUS: Final = re.compile(r"(\d{3})\b", re.ASCII)
_CLOSED: Final = re.compile(r"closed with (\d{4})\b", re.ASCII)
_PAGE_BYTES: Final = 16 * 1024 * 1024
_TOKEN_SECONDS: Final = 3.0
"""How long the auth service has for a token: one that hangs may be the incident itself."""
_WORDS: Final = ("actor", "client_id", "subject", "reason", "request_id", "address")
"""Members of a row that callers have a part in; the others are hashes, times and words of ours."""


def asking_for_audit(state: StateDirectory, window: Window, clock: Clock) -> Asking:
    """Fetch the audit record of a time from the auth service, as the toolkit's own account."""

    def write(bundle: UnfinishedBundle, cleaner: Cleaner) -> tuple[int, tuple[str, ...]]:
        url, who = address(state, "AUTH_SERVICE_URL"), credential(state, OPS)
        with (
            Asker(clock, patience=_TOKEN_SECONDS, longest=_PAGE_BYTES) as asker,
            Caller(url, who, (Permission.AUDIT_READ,), asker, clock) as caller,
        ):
            done = export(
                bundle.path / audit.FILE,
                (_clean(record, cleaner) for record in contiguous(caller, window)),
                lambda seq: anchor_at(caller, seq),
                lambda _: None,
            )
        bundle.adopt(audit.FILE)
        verdict, report = done.walk.judged()
        return done.lines, (report.says,) if verdict is Verdict.FAIL else ()

    return Asking(what="the audit record", file=audit.FILE, write=write)


def asking_for_probes(state: StateDirectory, clock: Clock, told: Callable[[str], None]) -> Asking:
    """Walk the golden path, and write down each step as a probe."""

    def write(bundle: UnfinishedBundle, cleaner: Cleaner) -> tuple[int, tuple[str, ...]]:
        found: list[dict[str, Any]] = []
        url = address(state, "BACKEND_URL")

        def on_result(result: StepResult) -> None:
            told(f"Walking the golden path: {result.name}")
            found.append(_probe(result, url, as_iso(clock.timestamp())))

        with Asker(clock, headers=(PROBE_HEADER,)) as asker:
            walk_golden_path(url, walking_credentials(state), asker, clock, on_result)
        bundle.document(probes.FILE, [cleaner.texts(one) for one in found])
        return len(found), ()

    return Asking(what="the golden path", file=probes.FILE, write=write)


def _clean(record: AuditRecord, cleaner: Cleaner) -> AuditRecord:
    """Hide what a caller may have put where a name belongs."""
    members = {name: getattr(record, name) for name in _WORDS}
    clean = cleaner.texts(members)
    return record if clean == members else record.model_copy(update=clean)


def _probe(result: StepResult, url: str, time: str) -> dict[str, Any]:
    """Write a step as a probe; of one that could not be judged nothing is said to be as expected.

    What came is told in words; where they begin with a status or name a code, it stands apart too.
    """
    status, closed = _STATUS.match(result.got), _CLOSED.search(result.got)
    got: dict[str, Any] = {"says": result.got}
    if status is not None:
        got["status"] = int(status[1])
    if closed is not None:
        got["close_code"] = int(closed[1])
    known = {Verdict.PASS: True, Verdict.FAIL: False}
    return {
        "time": time,
        "name": result.name,
        "target": result.asked or url,
        "expect": result.expect,
        "got": got,
        "ok": known.get(result.verdict),
        "verdict": result.verdict.value,
        "wanted": result.wanted.value,
        "ms": result.ms,
    }
