"""Why clients and users were refused, by the record that tells them apart. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.recorded.reading import (
    FILE,
    OF_CLIENTS,
    UNKNOWN_CLIENT,
    WRONG_SECRET,
    is_named,
    is_of_client,
    is_refused,
    names_of,
    of_ours,
    said,
)
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.wording import clock, counted, listed, observation
from netra_ops.evidence.records.audit import AuditRecord

_ENDED: Final = (
    r"revok|session (?:has |was |is )?(?:been )?ended|family has ended|sign-?out\b"
    r"|(?:signed|logged|kicked)[ _-]?out|(?:token|session|grant|access|chain|family)s?[ _-](?:has "
    r"|have |was |were |is |are )?(?:been )?(?:withdrawn|invalidated|terminated|cancell?ed|killed"
    r"|closed|deleted|(?:black|deny|block)[ _-]?listed|no longer active)|withdrawn by"
    r"|session[ _]not[ _](?:active|found)|password (?:was )?changed since"
)
"""What is said of a token or a session that somebody ended."""
_SPENT: Final = (
    r"re-?us(?:e|ed|ing)\b|replay|spent token|used (?:before|twice|again)|second time"
    r"|already (?:been )?(?:used|redeemed|consumed|exchanged|spent|rotated)|single[ -]use"
    r"|token rotated|superseded"
)
_ORDINARY: Final = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        (
            "expired",
            (
                r"expir|too old|older than|past (?:its|the|their) (?:end|exp\w*|ttl|life\w*)"
                r"|ended\b|exp (?:is |was )?(?:in the past|past|passed|reached)|outlived"
                r"|stale token|lapsed|(?:ttl|lifetime|validity) (?:is |was )?(?:over|reached"
                r"|exceeded|passed)"
                r"|ended\b|exp in the past|outlived|stale token"
                r"|\b(?:past|after|beyond|over) (?:its|the|their|token'?s?) ?(?:own )?(?:exp\b"
                r"|end\b|expiry|ttl|lifetime|life\b|validity|max[ _-]?age)"
                r"|\bexp (?:was|is|has|passed|\d|<)|no longer valid|not valid any ?more"
                r"|idle (?:for )?(?:too long|time-?out)|timed out session|lapsed"
            ),
        ),
        ("revoked", _ENDED),
        ("reused", _SPENT),
        (
            "wrong password",
            (
                r"(?:wrong|bad|invalid|incorrect)[ _-](?:user[ _-])?(?:password|credentials|pin|otp"
                r"|passcode|one[ -]time code|mfa)|password[ _-](?:is |was |does )?(?:not[ _-]match"
                r"|mismatch|wrong|invalid|incorrect)"
            ),
        ),
        (
            "no such account",
            (
                r"no such (?:account|user|person|member|customer)|unknown[ _-](?:user|account)"
                r"|(?:user|account|member)[ _-]not[ _-](?:found|known)"
            ),
        ),
        (
            "account disabled",
            (
                r"(?:account|user)[ _-](?:is |was |has been )?(?:temporarily[ _-])?(?:disabled"
                r"|locked|blocked|suspended|closed|deactivated)|locked out"
            ),
        ),
    )
)
_REVOKED: Final = re.compile(_ENDED, re.IGNORECASE)
_REUSED: Final = re.compile(
    rf"refresh.*(?:{_SPENT})|(?:{_SPENT}).*refresh|spent token|token reuse", re.IGNORECASE
)


_NOTHING_TO_END: Final = re.compile(
    r"revo(?:k|c)[\w. -]*\b.*(?:no such|not found|unknown|not [\w ']{1,24}to revoke|nothing to)",
    re.IGNORECASE,
)
"""Who asked to end a token that is not there was refused that, and no token was."""


def clients(scene: Scene, records: Sequence[AuditRecord]) -> Iterator[Observation]:
    """Observe why clients were refused, whom callers are told the same."""
    of_clients = [one for one in records if is_of_client(one)]
    refused = [one for one in of_clients if is_refused(one)]
    wrong = [one for one in refused if WRONG_SECRET.search(said(one))]
    unknown = [one for one in refused if one not in wrong and UNKNOWN_CLIENT.search(said(one))]
    for fact, found, what in (
        (Fact.AUDIT_WRONG_SECRET, wrong, "for a wrong secret"),
        (Fact.AUDIT_UNKNOWN_CLIENT, unknown, "as unknown or disabled"),
    ):
        ours = of_ours(scene, found)
        if ours:
            names = names_of(ours)
            yield observation(
                fact,
                f"{listed(names) or 'A client'} {'was' if len(names) < 2 else 'were'} refused "  # noqa: PLR2004 - one or several
                f"{counted(len(ours), 'time')} {what}.",
                [one.where for one in ours],
                time=ours[0].time,
                subjects=names,
                service=scene.service,
            )
        elif of_clients:
            yield observation(
                fact,
                f"Of {counted(len(of_clients), 'record')} of clients since {clock(records[0].time)}"
                f" none is of one refused {what}.",
                [FILE],
                is_seen=False,
            )


def service_calls(scene: Scene, records: Sequence[AuditRecord]) -> Iterator[Observation]:
    """Observe whether the failing service got its identity, besides what failed."""
    ours = [one for one in records if is_of_client(one) and is_named(scene, one)]
    well = [one for one in ours if not is_refused(one) and OF_CLIENTS.search(said(one))]
    refused = [one for one in ours if is_refused(one)]
    if well and not refused:
        yield observation(
            Fact.OTHER_SERVICE_CALLS_SUCCEED,
            f"{listed(names_of(well))} got its identity {counted(len(well), 'time')} since "
            f"{clock(records[0].time)}.",
            [one.where for one in well],
            time=well[0].time,
            service=scene.service,
        )
    if refused:
        yield observation(
            Fact.SERVICE_CALLS_FAIL,
            f"{listed(names_of(refused))} was refused {counted(len(refused), 'time')}.",
            [one.where for one in refused],
            time=refused[0].time,
            subjects=names_of(refused),
            service=scene.service,
        )
    if refused and not well:
        yield observation(
            Fact.OTHER_SERVICE_CALLS_SUCCEED,
            f"{listed(names_of(refused))} never got its identity since {clock(records[0].time)}.",
            [one.where for one in refused],
            is_seen=False,
            service=scene.service,
        )


def users(records: Sequence[AuditRecord]) -> Iterator[Observation]:
    """Observe whether users were refused for what users are refused for."""
    refused = [one for one in _of_tokens(records) if is_refused(one) and not is_of_client(one)]
    if not refused:
        return
    by_reason = {
        name: [one for one in refused if pattern.search(said(one))] for name, pattern in _ORDINARY
    }
    ordinary = [one for one in refused if any(one in some for some in by_reason.values())]
    if ordinary:
        people = {one.subject or one.actor for one in ordinary}
        reasons = [f"{name} {len(some)}" for name, some in by_reason.items() if some]
        yield observation(
            Fact.AUDIT_USER_REASONS,
            f"{len(ordinary)} of {counted(len(refused), 'refusal')} of users have an ordinary "
            f"reason ({listed(reasons)}), of {counted(len(people), 'subject')}.",
            [one.where for one in ordinary],
            time=ordinary[0].time,
            subjects=[name for name, some in by_reason.items() if some],
        )
    else:
        yield observation(
            Fact.AUDIT_USER_REASONS,
            f"None of {counted(len(refused), 'refusal')} of users has an ordinary reason.",
            [one.where for one in refused],
            is_seen=False,
        )


def _of_tokens(records: Sequence[AuditRecord]) -> list[AuditRecord]:
    return [one for one in records if not _NOTHING_TO_END.search(said(one))]


def tokens_ended(records: Sequence[AuditRecord]) -> Iterator[Observation]:
    """Observe tokens that were refused because they were ended, or used before."""
    refused = [one for one in _of_tokens(records) if is_refused(one) or _REUSED.search(said(one))]
    for fact, pattern, what in (
        (Fact.TOKEN_REVOKED, _REVOKED, "because it, or its session, was ended"),
        (Fact.REFRESH_REUSED, _REUSED, "that was used before"),
    ):
        found = [one for one in refused if pattern.search(said(one))]
        if found:
            yield observation(
                fact,
                f"{counted(len(found), 'time')} a token was refused {what}.",
                [one.where for one in found],
                time=found[0].time,
            )
