"""Who was admitted and who was not: bad credentials, good ones, browsers, the platform. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.tried.attempt import Credential, End, Tried
from netra_ops.diagnosis.observing.wording import MINUTE, counted, listed, observation

_LOGIN: Final = re.compile(
    r"\blog-?[ ]?in\b|\bsign-?[ ]?in\b|\A(?:user|service) token\Z|/login|/token\b", re.IGNORECASE
)
_CORS: Final = re.compile(r"access-control-allow-")
_SLACK: Final = 5 * MINUTE
_SERVED: Final = 5
"""So many requests that went well say that plain requests do."""


def bad_credentials(tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe whether those were refused who must be."""
    negative = [
        one
        for one in tried
        if one.is_negative
        and one.credential in {Credential.NONE, Credential.BAD}
        and not one.is_preflight
    ]
    admitted = [one for one in negative if one.end is End.ADMITTED]
    refused = [one for one in negative if one.end is End.REFUSED]
    if admitted:
        yield observation(
            Fact.UNAUTHENTICATED_ADMITTED,
            f"{counted(len(admitted), 'probe')} without or with a bad credential got "
            f"{listed([str(one.status or 'a socket') for one in admitted])} where a refusal was "
            f"expected: {listed([one.probe.name for one in admitted])}.",
            [one.where for one in admitted],
            time=admitted[0].probe.time,
            subjects=[one.probe.name for one in admitted],
        )
    elif refused:
        yield observation(
            Fact.UNAUTHENTICATED_ADMITTED,
            f"{counted(len(refused), 'probe')} without or with a bad credential "
            f"{'was' if len(refused) == 1 else 'were'} refused.",
            [one.where for one in refused],
            is_seen=False,
        )


def good_credentials(scene: Scene, tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe whether those were admitted who must be, since the failures began."""
    positive = [
        one
        for one in tried
        if one.credential is Credential.GOOD
        and not one.is_negative
        and not one.is_preflight
        and not one.is_socket
        and (scene.onset is None or (one.probe.time or scene.onset) >= scene.onset - _SLACK)
    ]
    used = [one for one in positive if not _is_log_in(one)]
    worked = [one for one in used if one.end is End.ADMITTED and one.is_ok is not False]
    refused = [one for one in used if one.end is End.REFUSED]
    if worked:
        yield observation(
            Fact.GOOD_CREDENTIAL_WORKS,
            f"With a good credential {listed([one.probe.name for one in worked])} "
            f"{'was' if len(worked) == 1 else 'were'} answered well.",
            [one.where for one in worked],
            time=worked[0].probe.time,
        )
    elif refused:
        yield observation(
            Fact.GOOD_CREDENTIAL_WORKS,
            f"With a good credential {listed([one.probe.name for one in refused])} got "
            f"{listed([str(one.status) for one in refused])}.",
            [one.where for one in refused],
            is_seen=False,
        )
    logins = [
        one
        for one in tried
        if _is_log_in(one)
        and not one.is_negative
        and one.end is End.ADMITTED
        and one.is_ok is not False
        and one.credential is not Credential.BAD
    ]
    if logins and (refused or worked):
        is_seen = bool(refused)
        later = refused or worked
        yield observation(
            Fact.LOGIN_WORKS_LATER_FAILS,
            f"{logins[0].probe.name} worked, and {later[0].probe.name} got {later[0].status}.",
            [logins[0].where, *(one.where for one in later)],
            is_seen=is_seen,
            time=later[0].probe.time if is_seen else None,
        )


def preflights(tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe how browsers' first questions were answered."""
    asked = [one for one in tried if one.is_preflight and one.status is not None]
    refused = [one for one in asked if one.end is End.REFUSED]
    if refused:
        yield from _bare(refused)
        yield observation(
            Fact.PREFLIGHT_REFUSED,
            f"{counted(len(refused), 'OPTIONS request')} got "
            f"{listed([str(one.status) for one in refused])}.",
            [one.where for one in refused],
            time=refused[0].probe.time,
        )
    elif asked:
        yield observation(
            Fact.PREFLIGHT_REFUSED,
            f"{counted(len(asked), 'OPTIONS request')} got "
            f"{listed([str(one.status) for one in asked])}.",
            [one.where for one in asked],
            is_seen=False,
        )


def _bare(refused: Sequence[Tried]) -> Iterator[Observation]:
    """Observe whether refused preflights came back with what a browser looks for."""
    told = [one for one in refused if one.probe.got is not None and not one.probe.got.words]
    bare = [one for one in told if not any(map(_CORS.match, one.headers))]
    if told:
        yield observation(
            Fact.PREFLIGHT_WITHOUT_CORS,
            f"{len(bare)} of {counted(len(told), 'refused preflight')} came back without any "
            "Access-Control header.",
            [one.where for one in bare or told],
            is_seen=bool(bare),
            time=bare[0].probe.time if bare else None,
        )


def sockets_and_requests(scene: Scene, tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe whether only handshakes fail, of what was probed or beside what the log has."""
    own = [
        one for one in tried if not one.is_auth and not one.is_database and one.is_ok is not None
    ]
    handshakes = [one for one in own if one.is_socket and not one.is_negative]
    requests = [
        one for one in own if not one.is_socket and not one.is_negative and not one.is_preflight
    ]
    failed = [one for one in handshakes if one.end in {End.REFUSED, End.FAILED} and not one.is_ok]
    well = [one for one in requests if one.is_ok]
    if failed and requests and len(well) == len(requests):
        yield observation(
            Fact.SOCKETS_ONLY,
            f"{counted(len(failed), 'handshake')} failed, and "
            f"{counted(len(well), 'plain request')} did not.",
            [one.where for one in (*failed, *well)],
            time=failed[0].probe.time,
        )
    elif failed and requests and not well:
        yield observation(
            Fact.SOCKETS_ONLY,
            f"{counted(len(failed), 'handshake')} and {counted(len(requests), 'plain request')} "
            "failed.",
            [one.where for one in (*failed, *requests)],
            is_seen=False,
        )
    elif failed and not requests and not scene.failing:
        served = [one for one in scene.attempts if one.is_request and not one.failed]
        if len(served) >= _SERVED:
            yield observation(
                Fact.SOCKETS_ONLY,
                f"{counted(len(failed), 'handshake')} failed when probed, and {len(served)} plain "
                "requests of the log did not.",
                [one.where for one in failed],
                time=failed[0].probe.time,
            )


def failures(tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe probes that did not end as a correct system ends them."""
    failed = [one for one in tried if one.is_ok is False]
    if failed:
        yield observation(
            Fact.FAILURES,
            f"{counted(len(failed), 'probe')} of {len(tried)} did not end as expected: "
            f"{listed([one.probe.name for one in failed])}.",
            [one.where for one in failed],
            time=failed[0].probe.time,
        )


def _is_log_in(one: Tried) -> bool:
    """Tell whether a probe gets a token, and uses none."""
    path = "" if one.url is None else one.url.path
    return bool(_LOGIN.search(one.probe.name) or _LOGIN.search(path))
