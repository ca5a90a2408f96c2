"""What probes of others show: the auth service, certificates, clocks, breakers. Pure."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.between.peers import is_issuer
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.tried.attempt import Credential, End, Tried, told
from netra_ops.diagnosis.observing.wording import (
    DAY,
    MINUTE,
    SECOND,
    clock,
    counted,
    listed,
    observation,
)
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.evidence.records.probes import Probe

_ALIVE: Final = frozenset({200, 204, 400, 401, 403, 405})
"""Statuses by which a token or introspection endpoint shows that it judges what it is asked."""
_SERVER_ERROR: Final = 500
_EXPIRED: Final = re.compile(
    r"certificate (?:has |is )?expired|CERT_HAS_EXPIRED|certificate has expired|notafter .*past"
    r"|expired certificate|not valid after",
    re.IGNORECASE,
)
_NOT_AFTER: Final = re.compile(
    r"not[ _-]?after[=: ]+\"?([A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d \d{4}(?: GMT)?"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)"
    r"|\b(?:expires|valid[ _-]?(?:until|to)|expiry)[=: ]+\"?"
    r"(\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)",
    re.IGNORECASE,
)
_VALIDITY: Final = re.compile(r"not[ _-]?after|valid[ _-]?(?:to|until)|cert", re.IGNORECASE)
_OPENSSL: Final = "%b %d %H:%M:%S %Y"
_CERTIFICATE: Final = re.compile(
    r"\bcert(?:ificate)?s?\b|\btls\b|\bnot[ _-]?after\b", re.IGNORECASE
)
_OFFSET: Final = re.compile(
    r"\b(?:clock[_ -]?)?(?:offset|skew|drift)(?:_?(?:s|sec|seconds|ms))?\W{1,3}([+-]?\d+(?:\.\d+)?)"
    r"\s*(ms|milliseconds|s\b|sec|seconds|min|minutes)?",
    re.IGNORECASE,
)
_UNITS: Final = {"ms": 0.001, "milliseconds": 0.001, "min": 60.0, "minutes": 60.0}
_ROUNDING: Final = 5
"""Seconds by which a Date header and a probe's time differ on equal clocks: the header is cut to
whole seconds, and a probe takes a while."""
_ALONE: Final = 30
"""Seconds from which one host's clock alone is called another than the prober's: the time of one
probe may be that of its beginning, or of its end."""
_MOST_SKEW: Final = 2 * DAY
"""Clocks that differ by more are not set at all, and a Date header of another day is no clock."""
_STAYS: Final = 2 * MINUTE
"""Longer than any breaker waits before it tries again."""


def auth_service(scene: Scene, tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe whether the auth service and its keys answered direct probes."""
    if scene.service is not None and is_issuer(scene.service):
        return
    asked = [
        one
        for one in tried
        if one.is_auth
        and not one.is_socket
        and not one.is_database
        and not (one.is_negative and one.end is End.ADMITTED)
    ]
    well = [one for one in asked if _is_alive(one)]
    down = [one for one in asked if _is_down(one)]
    if well and not down:
        yield observation(
            Fact.DEPENDENCY_HEALTHY,
            f"{listed([one.probe.name for one in well])} answered with "
            f"{listed([str(one.status) for one in well])}.",
            [one.where for one in well],
            time=well[0].probe.time,
            subjects=_hosts(well),
        )
    if down:
        yield observation(
            Fact.DEPENDENCY_DOWN,
            f"{listed([one.probe.name for one in down])} got "
            f"{listed([str(one.status or 'no answer') for one in down])}.",
            [one.where for one in down],
            time=down[0].probe.time,
            subjects=_hosts(down),
        )
    elif well:
        yield observation(
            Fact.DEPENDENCY_DOWN,
            f"{counted(len(well), 'direct probe')} of the auth service "
            f"{'was' if len(well) == 1 else 'were'} answered.",
            [one.where for one in well],
            is_seen=False,
        )
    if down and not well:
        yield observation(
            Fact.DEPENDENCY_HEALTHY,
            f"No direct probe of the auth service was answered; {len(down)} failed.",
            [one.where for one in down],
            is_seen=False,
        )


def breakers(scene: Scene, tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe a breaker that still refuses calls long after a probe was answered."""
    healthy = [
        one for one in tried if one.is_auth and _is_alive(one) and one.probe.time is not None
    ]
    opened = scene.tally.occurrences.get(Sign.BREAKER_OPEN, ())
    for one in healthy:
        since = (one.probe.time or 0) + _STAYS
        later = [line for line in opened if line.time is not None and line.time >= since]
        if later:
            yield observation(
                Fact.BREAKER_OPEN_AFTER_RECOVERY,
                f"{one.probe.name} was answered at {clock(one.probe.time)}, and "
                f"{counted(len(later), 'call')} after that {'was' if len(later) == 1 else 'were'} "
                "refused by an open breaker.",
                [one.where, *(f"logs.ndjson:{line.number}" for line in later)],
                time=later[0].time,
            )
            return


def certificates(tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe certificates past their end."""
    asked = [one for one in tried if _CERTIFICATE.search(f"{one.text} {_shown(one.probe)}")]
    expired = [one for one in asked if _is_past(one.probe)]
    good = [one for one in asked if one not in expired and one.is_ok is not False]
    if expired:
        yield observation(
            Fact.CERTIFICATE_EXPIRED,
            f"{listed([one.probe.name for one in expired])} met a certificate past its end.",
            [one.where for one in expired],
            time=expired[0].probe.time,
            subjects=_hosts(expired),
        )
    elif good:
        yield observation(
            Fact.CERTIFICATE_EXPIRED,
            f"{listed([one.probe.name for one in good])} met no certificate past its end.",
            [one.where for one in good],
            is_seen=False,
        )


def clocks(tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe whether servers' Date headers differ, from each other or from the prober's time."""
    # A socket's probe is written down when it ends, long after the handshake's date.
    offsets = [
        (one, offset)
        for one in tried
        if not one.is_socket and (offset := _offset(one.probe)) is not None
    ]
    said = [(one, offset) for one in tried if (offset := _said_offset(one)) is not None]
    if said:
        one, offset = max(said, key=lambda pair: abs(pair[1]))
        yield observation(
            Fact.CLOCKS_DIFFER,
            f"{one.probe.name} tells an offset of {offset:.1f} s.",
            [one.where for one, _ in said],
            is_seen=abs(offset) > 1,
            time=one.probe.time if abs(offset) > 1 else None,
            subjects=_hosts([one]) if abs(offset) > 1 else (),
        )
        return
    if not offsets:
        return
    low, high = min(offsets, key=lambda one: one[1]), max(offsets, key=lambda one: one[1])
    hosts = {one.url.hostname for one, _ in offsets if one.url is not None}
    apart = high[1] - low[1]
    furthest = max(low, high, key=lambda one: abs(one[1]))
    # If all hosts are off alike it is the prober's clock, which decides about nobody's token.
    differs = apart > _ROUNDING or (len(hosts) == 1 and abs(furthest[1]) > _ALONE)
    yield observation(
        Fact.CLOCKS_DIFFER,
        f"The clock of {_host(furthest[0])} is {abs(furthest[1]):.0f} s "
        f"{'ahead of' if furthest[1] > 0 else 'behind'} the prober's"
        + (f", and the clocks of probed hosts are up to {apart:.0f} s apart." if apart else "."),
        [one.where for one, _ in (high, low)] if apart else [furthest[0].where],
        is_seen=differs,
        time=furthest[0].probe.time if differs else None,
        subjects=_hosts([furthest[0]]) if differs else (),
    )


def _is_alive(one: Tried) -> bool:
    if one.status is None or one.is_ok is False:
        return False
    if one.status in range(200, 300):
        return not _is_page(one)
    is_judged = one.credential in {Credential.NONE, Credential.BAD} or one.expected == one.status
    return one.status in _ALIVE and is_judged and not _is_page(one)


def _is_page(one: Tried) -> bool:
    got = one.probe.got
    return got is not None and "<html" in got.body_excerpt[:400].lower()


def _is_down(one: Tried) -> bool:
    return one.end is End.SILENT or (one.status is not None and one.status >= _SERVER_ERROR)


def _shown(probe: Probe) -> str:
    """Give all words of what came back, with what stands among headers or beside of validity."""
    headers = {} if probe.got is None else probe.got.headers
    beside = (*headers.items(), *probe.fields.items())
    validity = (f"{name} {value}" for name, value in beside if _VALIDITY.search(name))
    return " ".join((told(probe), *validity))


def _is_past(probe: Probe) -> bool:
    words = _shown(probe)
    if _EXPIRED.search(words):
        return True
    found = _NOT_AFTER.search(words)
    if found is None or probe.time is None:
        return False
    end = _moment(found[1] or found[2])
    return end is not None and end * SECOND < probe.time


def _moment(text: str) -> float | None:
    """Read a date as OpenSSL or ISO 8601 writes it; without a zone it is UTC."""
    bare = text.removesuffix(" GMT").strip()
    try:
        made = datetime.fromisoformat(bare)
    except ValueError:
        try:
            made = datetime.strptime(" ".join(bare.split()), _OPENSSL).replace(tzinfo=UTC)
        except ValueError:
            return None
    return (made if made.tzinfo else made.replace(tzinfo=UTC)).timestamp()


def _offset(probe: Probe) -> float | None:
    """Give by how many seconds a server's clock is ahead of the prober's."""
    header = "" if probe.got is None else probe.got.headers.get("date", "")
    if not header or probe.time is None:
        return None
    try:
        made = parsedate_to_datetime(header)
    except ValueError:
        return None
    offset = (made if made.tzinfo else made.replace(tzinfo=UTC)).timestamp() - probe.time / SECOND
    return offset if abs(offset) * SECOND < _MOST_SKEW else None


def _said_offset(one: Tried) -> float | None:
    found = _OFFSET.search(told(one.probe))
    if found is None:
        return None
    unit = (found[2] or "").lower()
    if not unit and "ms" in found[0].lower():
        unit = "ms"
    return float(found[1]) * _UNITS.get(unit, 1.0)


def _hosts(tried: Sequence[Tried]) -> list[str]:
    return [one.url.hostname for one in tried if one.url is not None and one.url.hostname]


def _host(one: Tried) -> str:
    return next(iter(_hosts([one])), one.probe.name)
