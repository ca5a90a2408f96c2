"""Asking a running service how it is, and reading why one did not start from what it wrote.

Whether to wait, stop or report is decided in `local_services`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2
import msgspec
from pydantic import ValidationError

from netra.wire.health import HealthReport, HealthStatus
from netra_ops.settings import USER_AGENT, trusted_authorities

_READY_PATH: Final = "/health/ready"
_WELL_PATH: Final = "/health"
_OK: Final = 200
_MAX_LINES: Final = 20
_LOUD: Final = ("ERROR", "CRITICAL")


@dataclass(frozen=True, slots=True)
class Health:
    """How a service is.

    Attributes:
        ready: Users can be served.
        well: Nothing it depends on is amiss.
        remarks: What is amiss, in words.
    """

    ready: bool
    well: bool
    remarks: tuple[str, ...] = ()


NOT_RUNNING: Final = Health(ready=False, well=False, remarks=("it does not run",))
UNREACHED: Final = Health(ready=False, well=False, remarks=("what stands before it does not run",))
SILENT: Final = Health(ready=False, well=False, remarks=("it does not answer",))


@dataclass(frozen=True, slots=True)
class HealthQuestion:
    """Whom to ask; an answer counts only if it comes from that revision of that service."""

    url: str
    service: str
    revision: str


def ask(question: HealthQuestion, seconds: float) -> Health:
    """Ask a service whether it is ready and whether all is well; never raises.

    Args:
        question: Whom.
        seconds: How long to wait for each answer.
    """
    trusted = trusted_authorities(question.url)
    # Proxies of the environment have no business between two processes of one machine.
    with httpx2.Client(
        timeout=seconds,
        trust_env=False,
        verify=trusted,
        headers={"User-Agent": USER_AGENT},
    ) as client:
        return _asked(client, question)


def _asked(client: httpx2.Client, question: HealthQuestion) -> Health:
    ready = _report(client, question, _READY_PATH)
    if ready is None or not ready[0]:
        return SILENT if ready is None else Health(ready=False, well=False, remarks=ready[1])
    well = _report(client, question, _WELL_PATH)
    if well is None:
        return Health(ready=True, well=False, remarks=(f"{_WELL_PATH} does not answer",))
    return Health(ready=True, well=well[0], remarks=well[1])


def _report(
    client: httpx2.Client, question: HealthQuestion, path: str
) -> tuple[bool, tuple[str, ...]] | None:
    try:
        answer = client.get(question.url + path)
        report = HealthReport.model_validate_json(answer.content)
    except (httpx2.TransportError, httpx2.InvalidURL, ValidationError):
        return None
    if (report.service, report.revision) != (question.service, question.revision):
        return None
    remarks = tuple(
        f"{name}: {check.reason or check.status.value}"
        for name, check in report.checks.items()
        if check.status is not HealthStatus.OK
    )
    return answer.status_code == _OK, remarks


def length(path: Path) -> int:
    """Give how much a log holds by now, to read on from there later."""
    return path.stat().st_size if path.exists() else 0


def loud_messages(log: Path, offset: int) -> tuple[str, ...]:
    """Give the error messages a service wrote from `offset` on; they carry no secrets."""
    return tuple(_messages(log, offset))[-_MAX_LINES:]


def last_words(stderr: Path, offset: int) -> tuple[str, ...]:
    """Give the end of what a service wrote beside its events from `offset` on."""
    return tuple(_text_from(stderr, offset).splitlines()[-_MAX_LINES:])


def _messages(log: Path, offset: int) -> Iterator[str]:
    for line in _text_from(log, offset).splitlines():
        try:
            event: Any = msgspec.json.decode(line)
        except msgspec.DecodeError:
            continue
        if isinstance(event, dict) and event.get("severity") in _LOUD:
            yield str(event.get("message", event.get("event", "")))


def _text_from(path: Path, offset: int) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read().decode(errors="replace")
