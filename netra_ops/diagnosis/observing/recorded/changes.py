"""What was changed: keys and secrets, and which tokens or instances are from before. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.recorded.reading import (
    FILE,
    SLACK,
    WRONG_SECRET,
    bare,
    is_called,
    is_of_client,
    is_refused,
    names_of,
    said,
)
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.wording import (
    DAY,
    HOUR,
    MINUTE,
    clock,
    counted,
    listed,
    observation,
)
from netra_ops.evidence.records.audit import AuditRecord
from netra_ops.logs.entries import times

_ENOUGH: Final = 3
"""Tokens on either side of a moment that say that it parts them."""
_WITHDRAWN: Final = re.compile(
    r"(?:(?:sign\w*|jwks?|token)[_.]?)?keys?[_.](?:compromised|revoked|withdrawn|destroyed"
    r"|unpublished|removed|deleted|dropped|disabled)",
    re.IGNORECASE,
)
_ROTATED: Final = re.compile(
    r"(?:signing|jwt|jwks?|token)?[ _.-]?(?:keys?|secret|kid)[ _.-]?(?:set[ _.-])?(?:rotat|activat"
    r"|promot|retir|replac|compromis|revok|created|gone|switch|chang|primary|roll|unpublish)\w*"
    r"|(?:rotat|roll|activat|switch|chang|promot|replac)\w*[ _.-]?(?:\w+[ _.-])?"
    r"(?:signing[ _.-]?)?(?:keys?|secret)\b",
    re.IGNORECASE,
)
_FIRST_KEY: Final = re.compile(r"\bfirst key\b|bootstrap|initial", re.IGNORECASE)
_SECRET_ROTATED: Final = re.compile(
    r"secret[ _.-]?(?:rotat|chang|replac|regenerat|reset|renew|deleted)\w*"
    r"|rotat\w+[ _.-](?:\w+[ _.-])?secret",
    re.IGNORECASE,
)
_WRITES: Final = re.compile(
    r"(?:\A|[._ -])(?:patch|update|replace|create|put|write|set|add)\w*", re.IGNORECASE
)
_STORE_WRITES: Final = re.compile(
    r"(?:Add|Update|Put|Rotate|Create)\w*Secret\w*|PutParameter|SecretSet\b|Secret(?:New)?Version"
    r"|secrets?[._ -](?:version[._ -])?(?:put|updat|writ|set\b|add|creat|synced|push)\w*",
    re.IGNORECASE,
)
_PATHS: Final = ("path", "resource", "resourceName", "key", "secret", "name", "object", "target")
_DONE: Final = ("operation", "action", "method", "methodName", "eventName", "verb")
_OF_SECRETS: Final = re.compile(r"(?:\A|/)secrets?/|\bsecret/data/", re.IGNORECASE)
_ISSUED: Final = ("iat", "issued_at", "token_iat", "token_issued_at", "issued")


def by_issue(records: Sequence[AuditRecord]) -> Iterator[Observation]:
    """Observe whether a moment parts the tokens that were refused from those that passed."""
    judged = [(one, issued) for one in records if (issued := _issued(one)) is not None]
    bad = [(one, issued) for one, issued in judged if is_refused(one)]
    good = [(one, issued) for one, issued in judged if not is_refused(one)]
    if len(bad) < _ENOUGH or len(good) < _ENOUGH:
        return
    refused, passed = [issued for _, issued in bad], [issued for _, issued in good]
    for fact, is_so, what in (
        (Fact.OLD_TOKENS_REFUSED, max(refused) < min(passed), "before"),
        (Fact.NEW_TOKENS_REFUSED, min(refused) > max(passed), "after"),
    ):
        moment = clock(min(passed) if what == "before" else min(refused))
        yield observation(
            fact,
            f"All {len(bad)} refused tokens were issued {what} {moment}, and the {len(good)} that "
            "passed were not."
            if is_so
            else f"No moment parts the {len(bad)} refused tokens, as issued {what} it, from the "
            f"{len(good)} that passed.",
            [one.where for one, _ in (*bad[:4], *good[:4])],
            is_seen=is_so,
            time=bad[0][0].time if is_so else None,
        )


def rotations_in(records: Iterable[AuditRecord]) -> list[AuditRecord]:
    """Give the changes of signing keys, but for the first key of all."""
    return [
        one
        for one in records
        if _ROTATED.search(one.event.replace(" ", "_"))
        and not is_refused(one)
        and not _FIRST_KEY.search(one.reason or "")
        and one.time is not None
    ]


def keys_rotated(scene: Scene, records: Sequence[AuditRecord]) -> Iterator[Observation]:
    """Observe changes of signing keys in the day before the failures."""
    if scene.onset is None:
        return
    onset = scene.onset
    rotations = rotations_in(records)
    before = [one for one in rotations if onset - DAY <= (one.time or 0) <= onset + MINUTE]
    yield from _withdrawn(records, onset)
    known = [one.time for one in records if one.time is not None]
    if before:
        last = before[-1]
        yield observation(
            Fact.AUDIT_KEY_ROTATED,
            f"{last.event} is recorded at {clock(last.time)}, "
            f"{max(0, onset - (last.time or 0)) // MINUTE} minutes before the failures.",
            [one.where for one in reversed(before)],
            time=last.time,
            subjects=[one.event for one in before],
        )
    elif known and min(known) <= onset - HOUR and max(known) >= onset - SLACK:
        yield observation(
            Fact.AUDIT_KEY_ROTATED,
            f"From {clock(min(known))} to the failures no change of a signing key is recorded.",
            [one.where for one in rotations] or [FILE],
            is_seen=False,
        )


def _withdrawn(records: Sequence[AuditRecord], onset: int) -> Iterator[Observation]:
    """Observe keys that were taken away before what they had signed ended, as compromised ones."""
    for one in records:
        is_near = one.time is not None and onset - HOUR <= one.time <= onset + MINUTE
        if is_near and not is_refused(one) and _WITHDRAWN.search(one.event.replace(" ", "_")):
            yield observation(
                Fact.AUDIT_KEY_WITHDRAWN,
                f"{one.event} is recorded at {clock(one.time)}: what the key had signed is refused "
                "since, once verifiers know.",
                [one.where],
                time=one.time,
            )


def secrets_changed(scene: Scene, records: Sequence[AuditRecord]) -> Iterator[Observation]:
    """Observe a store's secret that was changed shortly before the failures, whatever reads it."""
    if scene.onset is None:
        return
    near = [
        one
        for one in records
        if one.time is not None
        and scene.onset - 6 * HOUR <= one.time <= scene.onset + MINUTE
        and not is_refused(one)
        and _is_of_store(one)
    ]
    if near:
        last = near[-1]
        yield observation(
            Fact.SECRET_CHANGED_AT_ONSET,
            f"A secret was changed ({last.event}) at {clock(last.time)}, "
            f"{max(0, scene.onset - (last.time or 0)) // MINUTE} minutes before the failures.",
            [one.where for one in reversed(near)],
            time=last.time,
        )


def _is_of_store(record: AuditRecord) -> bool:
    """Tell whether a record is of a secret that was written, as Kubernetes and stores tell it."""
    done = " ".join((record.event, *_texts_of(record.fields, _DONE)))
    of = record.fields.get("objectRef")
    if isinstance(of, Mapping) and of.get("resource") == "secrets":
        return _WRITES.search(done) is not None
    if _STORE_WRITES.search(done):
        return True
    paths = _texts_of(record.fields, _PATHS)
    return bool(_WRITES.search(done)) and any(_OF_SECRETS.search(one) for one in paths)


def _texts_of(fields: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Give members that are texts, also one level below, as Vault writes its requests."""
    level = [fields, *(one for one in fields.values() if isinstance(one, Mapping))]
    return [value for one in level for name in names if isinstance(value := one.get(name), str)]


def secrets_rotated(scene: Scene, records: Sequence[AuditRecord]) -> Iterator[Observation]:
    """Observe a service's secret that was changed while what reads it ran on with the old one."""
    for rotation in records:
        if not _SECRET_ROTATED.search(rotation.event) or rotation.time is None:
            continue
        if is_refused(rotation):
            continue
        whom = {rotation.client_id, bare(rotation.subject), *_texts(rotation.fields)} - {None, ""}
        later = [
            one
            for one in records
            if is_refused(one)
            and is_of_client(one)
            and WRONG_SECRET.search(said(one))
            and (one.time or 0) >= rotation.time
            and (one.client_id in whom or not whom)
        ]
        started = _starts(scene, {one.client_id for one in later} | whom)
        if not later or not started:
            continue
        moment = rotation.time
        older = [where for time, where in started if time < moment]
        is_seen = bool(older)
        name = listed(names_of(later))
        yield observation(
            Fact.SECRET_NEWER_THAN_INSTANCES,
            f"The secret of {name} was changed at {clock(moment)}, and instances of it that "
            f"started before were refused {counted(len(later), 'time')} after."
            if is_seen
            else f"Every instance of {name} started after its secret was changed at "
            f"{clock(moment)}.",
            [rotation.where, *(one.where for one in later[:3]), *(older or [])],
            is_seen=is_seen,
            time=moment if is_seen else None,
            subjects=names_of(later),
        )
        return


def _starts(scene: Scene, names: Iterable[str | None]) -> list[tuple[int, str]]:
    """Give when instances of a service that is named so started, each with its reference."""
    known = {name for name in names if name}
    found = [
        (min([*one.starts, one.first or 0]) if one.starts else one.first, one.number)
        for place, one in scene.tally.instances.items()
        if place.service and is_called(place.service, known) and place.instance is not None
    ]
    return [(time, f"logs.ndjson:{number}") for time, number in found if time is not None]


def _issued(record: AuditRecord) -> int | None:
    found: Any = next((record.fields[one] for one in _ISSUED if one in record.fields), None)
    return None if isinstance(found, bool) else times.from_value(found)


def _texts(fields: Mapping[str, Any]) -> set[str]:
    return {one for name in ("service", "client") if isinstance(one := fields.get(name), str)}
