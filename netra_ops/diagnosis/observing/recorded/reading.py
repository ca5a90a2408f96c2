"""Records of an audit, read: what was refused, whose it is, whether it matters here. Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from netra_ops.diagnosis.observing.between.peers import is_issuer
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.wording import MINUTE
from netra_ops.evidence.records.audit import AuditRecord

FILE: Final = "audit.ndjson"
SLACK: Final = 5 * MINUTE
_ENDED: Final = re.compile(
    r"refus|fail|den(?:y|ied)|reject|invalid|error|unauthori|\bno\b|false|4\d\d|inactive"
    r"|not[ _-]active",
    re.IGNORECASE,
)
_SAYS_NO: Final = re.compile(
    r"\bunsuccessful|\b(?:was |were |is |are |been )(?:refused|denied|rejected)\b|\bfailed\b",
    re.IGNORECASE,
)
"""A reason by which something was refused, where nothing else says so."""
_WELL: Final = re.compile(r"success|ok\b|allow|grant|issued|accept|true|2\d\d", re.IGNORECASE)
WRONG_SECRET: Final = re.compile(
    r"(?:wrong|bad|invalid|incorrect|mismatch\w*|stale|old)[ _-](?:client[ _-])?"
    r"(?:secret|credential|assertion|key)|(?:secret|credential)s?[ _-](?:is |was |does |do )?"
    r"(?:not[ _-]match|mismatch|wrong|invalid|incorrect|refused|rejected)"
    r"|secret[ _-](?:hash )?differs|(?:secret|credential)s?\b[^;|]{0,30} (?:did|does|do) not "
    r"(?:verify|match|fit)|(?:secret|credential)s? (?:hash )?(?:verification|check|comparison)"
    r" failed"
    r"|not the (?:registered|current|right) (?:secret|credential)",
    re.IGNORECASE,
)
UNKNOWN_CLIENT: Final = re.compile(
    r"(?:unknown|unregistered|no such|not registered|disabled|deactivated|suspended|deleted"
    r"|archived|retired)[ _-]"
    r"?(?:service|client|application|app)?|(?:service|client|application)[ _-](?:id )?(?:is |was )?"
    r"(?:not[ _-](?:found|registered|known|enabled)|unknown|disabled|deactivated|suspended|deleted"
    r"|unregistered|archived|retired|not active|inactive)",
    re.IGNORECASE,
)
_OF_A_CLIENT: Final = re.compile(
    r"\b(?:invalid|unknown|wrong|bad|no such|disabled|unregistered|incorrect)[ _-]?client"
    r"|client[ _-](?:secret|credentials?|not[ _-]?found|is |was |id\b|disabled|unknown|authenticat)"
    r"|unauthorized_client",
    re.IGNORECASE,
)
"""A reason for which only a client is refused."""
_MACHINE: Final = re.compile(
    r"\bm2m\b|machine|client[ _-]?(?:credential|auth|login)", re.IGNORECASE
)
_A_SERVICE: Final = re.compile(
    r"(?:service|svc|client|workload|machine|robot|serviceaccount|system)[:/]", re.IGNORECASE
)
_WORKLOAD: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+")
"""How services are called, and people mostly not."""
_OF_TOKENS: Final = re.compile(r"token|grant|credential", re.IGNORECASE)
OF_CLIENTS: Final = re.compile(
    r"client|service|m2m|machine|token[_.\s-]?(?:issu|request|endpoint|deni|refus|reject)|oauth",
    re.IGNORECASE,
)


def is_refused(record: AuditRecord) -> bool:
    """Tell whether a record is of something refused."""
    if record.outcome:
        return bool(_ENDED.search(record.outcome)) and not _WELL.match(record.outcome)
    return bool(
        _ENDED.search(record.event)
        or WRONG_SECRET.search(record.reason or "")
        or _SAYS_NO.search(record.reason or "")
    )


def is_of_client(record: AuditRecord) -> bool:
    """Tell whether a record is of a service or client that acts for itself."""
    if any(_A_SERVICE.match(name or "") for name in (record.actor, record.subject)):
        return True
    grant = record.grant or ""
    if record.client_id and ("client_credentials" in grant or "assertion" in grant):
        return True
    reason = record.reason or ""
    is_clients = record.client_id and WRONG_SECRET.search(reason)
    if record.subject is None and (_OF_A_CLIENT.search(reason) or is_clients):
        return True
    if record.subject is None and record.actor and _MACHINE.search(record.event):
        return True
    if record.subject is None and _WORKLOAD.fullmatch(record.actor or ""):
        return bool(OF_CLIENTS.search(record.event) or _OF_TOKENS.search(record.event))
    return bool(record.client_id and not record.subject and OF_CLIENTS.search(record.event))


def matters(scene: Scene, record: AuditRecord) -> bool:
    """Tell whether a record is from shortly before the failures on, and within the window."""
    start = scene.onset if scene.onset is not None else scene.bundle.manifest.start
    end = scene.bundle.manifest.end
    if record.time is None:
        return True
    early = start is not None and record.time < start - SLACK
    late = end is not None and record.time > end + SLACK
    return not early and not late


def of_ours(scene: Scene, records: Sequence[AuditRecord]) -> list[AuditRecord]:
    """Keep what is of the failing service, or may be: a client can have a name of its own.

    What is of another known service is not; where the auth service itself fails, everything is.
    """
    if scene.service is None or is_issuer(scene.service):
        return list(records)
    ours = [one for one in records if is_named(scene, one)]
    others = {place.service for place in scene.tally.instances if place.service}
    others |= {one.service for one in scene.bundle.revisions}
    others -= {scene.service}
    return ours or [
        one for one in records if not any(is_called(other, names_of([one])) for other in others)
    ]


def is_named(scene: Scene, record: AuditRecord) -> bool:
    """Tell whether a record is of the failing service, by its name; of any if none is known."""
    names = {one for one in (record.client_id, bare(record.actor), bare(record.subject)) if one}
    return scene.service is None or is_called(scene.service, names)


def is_called(service: str, names: Iterable[str]) -> bool:
    """Tell whether a service and a client have one name, apart from what is added to one."""
    return any(
        service == name
        or service.startswith(f"{name}-")
        or name.startswith(f"{service}-")
        or name.endswith(f"-{service}")
        for name in names
    )


def bare(name: str | None) -> str | None:
    """Give a principal's name without the word for its kind."""
    return None if name is None else _A_SERVICE.sub("", name)


def said(record: AuditRecord) -> str:
    """Give what a record says in words."""
    return f"{record.event} {record.outcome or ''} {record.reason or ''}"


def names_of(records: Iterable[AuditRecord]) -> list[str]:
    """Give the clients that records are of, each once."""
    found = (
        one.client_id or bare(one.actor if one.actor != "anonymous" else one.subject)
        for one in records
    )
    return list(dict.fromkeys(one for one in found if one))
