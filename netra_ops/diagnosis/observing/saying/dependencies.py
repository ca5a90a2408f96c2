"""What is said of calls to the auth service, and how its own log has it meanwhile. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.configured.roles import Role, role_of
from netra_ops.diagnosis.observing.framing.telling import absent, seen, several
from netra_ops.diagnosis.observing.saying.heard import Heard, Keep, heard, lines_of
from netra_ops.diagnosis.observing.saying.reasons import with_reasons
from netra_ops.diagnosis.observing.saying.sentences import told
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.tried.attempt import read
from netra_ops.diagnosis.signs.records.called import is_auth_host, is_database_host
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Called, Occurrence, Request
from netra_ops.evidence.bundle import Bundle

_SILENT: Final = (Sign.CONNECTION_REFUSED, Sign.TIMED_OUT, Sign.DEPENDENCY_FAILED)
_ROLE: Final = re.compile(
    r"(?:^|_)(?:AUTH\w*|OIDC|JWKS\w*|ISSUER|IDP|SSO|IDENTITY|OAUTH\w*|TOKEN|KEYCLOAK|INTROSPECT\w*)"
    r"(?:_|$)"
)
_HOST: Final = re.compile(r"^(?:https?|grpcs?)://(?:[^@/]*@)?([\w.-]+)", re.IGNORECASE)
_PORT: Final = re.compile(r":\d+$")
_ENVIRONMENTS: Final = (
    ("production", re.compile(r"(?:^|[.-])(?:prod|production|prd|live)(?:[.-]|$)", re.IGNORECASE)),
    (
        "staging",
        re.compile(
            r"(?:^|[.-])(?:staging|stage|stg|preprod|preview|uat|abnahme)(?:[.-]|$)", re.IGNORECASE
        ),
    ),
    (
        "test",
        re.compile(r"(?:^|[.-])(?:test|qa|dev|develop|sandbox|local)(?:[.-]|$)", re.IGNORECASE),
    ),
)
_ENOUGH: Final = 3
_SEVERAL: Final = 5
_STAYS: Final = 300_000_000_000
"""Nanoseconds: far longer than any breaker waits before it tries again."""
_WELL: Final = 0.95
_BADLY: Final = 0.5
_SERVER_ERROR: Final = 500


def observed(scene: Scene) -> Iterator[Observation]:
    """Give what was said of the auth service; what was called must be plain."""
    hosts = auth_hosts(scene.bundle)
    guarded = _guarded(scene)

    def is_auth(one: Occurrence) -> bool:
        if one.called is None and one.subject is not None:
            return _PORT.sub("", one.subject) in hosts
        if one.called is None:
            return one.place.service in guarded
        return one.called is Called.AUTH_SERVICE

    found = (
        (Fact.AUTH_SERVICE_SILENT, _SILENT, "calls to the auth service are said to fail"),
        (Fact.AUTH_HOST_UNKNOWN, (Sign.HOST_UNKNOWN,), "the auth service's name had no address"),
        (
            Fact.HTML_INSTEAD_OF_JSON,
            (Sign.NOT_JSON,),
            "a page came where the auth service's JSON was expected",
        ),
    )
    reasoned = with_reasons(scene)
    silent = Heard()
    is_nameless = bool(heard(scene, (Sign.HOST_UNKNOWN,), is_auth).lines)
    for fact, signs, says in found:
        said = heard(scene, signs, is_auth)
        if fact is Fact.AUTH_SERVICE_SILENT and said.lines and _is_not_asked(scene, said):
            silent = said
        elif said.lines and not said.is_usual and not _is_alone(scene, said):
            silent = said if fact is not Fact.HTML_INSTEAD_OF_JSON else silent
            yield told(fact, said, says)
        elif fact is Fact.AUTH_SERVICE_SILENT and heard(scene, (Sign.HOST_UNKNOWN,), is_auth).lines:
            # Who has no address is not reached either.
            continue
        elif (
            reasoned is not None
            and not heard(scene, signs).lines
            and not (fact is Fact.AUTH_SERVICE_SILENT and is_nameless)
        ):
            yield absent(
                fact,
                f"Of {several(reasoned.failures, 'failure')} {reasoned.reasons} say why, and none "
                f"says that {says}.",
                reasoned.lines,
            )
    yield from _foreign(scene, is_auth)
    breaker = heard(scene, (Sign.BREAKER_OPEN,))
    yield from _answering(scene, silent if silent.lines else breaker)


def _is_not_asked(scene: Scene, said: Heard) -> bool:
    """Tell whether an open breaker has long let no call through: who is not asked may be well.

    A breaker that works asks again after seconds, and what is down is then said to fail again.
    """
    last = max((one.time for one in said.lines if one.time is not None), default=None)
    if last is None:
        return False
    refused = [
        one for one in scene.failing if one.ended > last + _STAYS and Sign.BREAKER_OPEN in one.signs
    ]
    later = [one for one in scene.failing if one.ended > last + _STAYS]
    return len(refused) >= _SEVERAL and len(refused) == len(later)


def _is_alone(scene: Scene, said: Heard) -> bool:
    """Tell whether one call failed once, in none of the failures: many did, or a start did."""
    if said.requests > 1 or (len(scene.failing) < _ENOUGH and scene.start is None):
        return False
    failing = {line.number for one in scene.failing for line in one.shown}
    return failing.isdisjoint(one.number for one in said.lines)


def _guarded(scene: Scene) -> frozenset[str | None]:
    """Give the services whose one circuit breaker is named after the auth service.

    A failing call of which no more is said is then one that it guards.
    """
    names: dict[str | None, set[str]] = {}
    for one in lines_of(scene, (Sign.BREAKER_OPEN,)):
        if one.subject is not None:
            names.setdefault(one.place.service, set()).add(one.subject)
    return frozenset(
        service
        for service, found in names.items()
        if len(found) == 1 and all(is_auth_host(name.replace("_", "-")) for name in found)
    )


def auth_hosts(bundle: Bundle) -> frozenset[str]:
    """Give the hosts of the auth service: those of variables, and of probes, that are called so."""
    found = {
        one.url.hostname
        for one in map(read, bundle.probes)
        if one.is_auth and not one.is_database and one.url is not None and one.url.hostname
    }
    for revision in bundle.revisions:
        for variable in revision.variables:
            if variable.value is None or not _is_of_auth(variable.name):
                continue
            host = _HOST.match(variable.value)
            if host is not None and not is_database_host(host[1]):
                found.add(host[1].lower())
    return frozenset(found)


def _is_of_auth(name: str) -> bool:
    return _ROLE.search(name.upper()) is not None or role_of(name) is Role.AUTH_URL


def _foreign(scene: Scene, is_auth: Keep) -> Iterator[Observation]:
    """See whether hosts that were called are of another environment than the bundle's."""
    own = environment_of(scene.bundle.manifest.environment or "")
    if own is None:
        return
    said = heard(
        scene,
        (*_SILENT, Sign.HOST_UNKNOWN, Sign.NOT_JSON, Sign.CERTIFICATE_REFUSED),
        lambda one: is_auth(one) and environment_of(one.subject or "") not in (None, own),
    )
    if said.lines and not said.is_usual:
        yield told(
            Fact.FOREIGN_ENVIRONMENT_CALLED,
            said,
            f"the host that was called is not of the environment {own}",
        )


def environment_of(name: str) -> str | None:
    """Tell of which environment a host or a name is, where one of its words says so."""
    kinds = [kind for kind, words in _ENVIRONMENTS if words.search(name)]
    return kinds[0] if len(kinds) == 1 else None


def _answering(scene: Scene, silent: Heard) -> Iterator[Observation]:
    """See how the auth service's own log has it while calls to it were said to fail."""
    if not silent.lines:
        return
    times = [one.time for one in silent.lines if one.time is not None]
    callers = set(silent.services)
    answers = [
        one
        for one in scene.tally.requests
        if one.time is not None
        and times
        and times[0] <= one.time <= times[-1]
        and one.status is not None
        and one.place.service is not None
        and one.place.service not in callers
        and is_auth_host(one.place.service)
    ]
    if len(answers) < _ENOUGH:
        return
    well = [one for one in answers if (one.status or 0) < _SERVER_ERROR]
    name = answers[0].place.service
    says = f"{name} answered {len(well)} of {several(len(answers), 'request')} without an error of "
    if len(well) >= _WELL * len(answers):
        yield seen(
            Fact.DEPENDENCY_HEALTHY,
            f"{says}its own while calls to it were said to fail.",
            _spread(well),
            time=answers[0].time,
            service=name,
        )
    elif len(well) < _BADLY * len(answers):
        bad = [one for one in answers if (one.status or 0) >= _SERVER_ERROR]
        yield absent(
            Fact.DEPENDENCY_HEALTHY,
            f"{says}its own: calls to it failed there too.",
            _spread(bad),
            service=name,
        )


def _spread(requests: list[Request]) -> list[int]:
    return [one.number for one in requests[:: max(1, len(requests) // _ENOUGH)]]
