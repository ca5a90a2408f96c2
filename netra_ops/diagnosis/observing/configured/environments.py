"""Whether what a service calls, or believes, is of its own environment: by words of hosts. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.configured.differing import shown
from netra_ops.diagnosis.observing.configured.pairs import Pair
from netra_ops.diagnosis.observing.configured.roles import Role
from netra_ops.diagnosis.observing.configured.values import Held, was_so_before
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.wording import listed, observation

_PRODUCTION: Final = "production"
_STAGING: Final = "staging"
_DEVELOPMENT: Final = "development"
_KINDS: Final = {
    "prod": {_PRODUCTION},
    "production": {_PRODUCTION},
    "prd": {_PRODUCTION},
    "staging": {_STAGING},
    "stage": {_STAGING},
    "stg": {_STAGING},
    "preprod": {_STAGING},
    "uat": {_STAGING},
    "acceptance": {_STAGING},
    "preview": {_STAGING, _DEVELOPMENT},
    "integration": {_STAGING, _DEVELOPMENT},
    "nonprod": {_STAGING, _DEVELOPMENT},
    "qa": {_STAGING, _DEVELOPMENT},
    "test": {_STAGING, _DEVELOPMENT},
    "sandbox": {_STAGING, _DEVELOPMENT},
    "dev": {_DEVELOPMENT},
    "development": {_DEVELOPMENT},
    "localhost": {_DEVELOPMENT},
}
"""What a word may stand for; some names of environments are used for more than one."""
_ENVIRONMENTS: Final = frozenset(
    {"ENVIRONMENT", "ENV", "APP_ENV", "DEPLOY_ENV", "DEPLOYMENT_ENVIRONMENT", "STAGE"}
)
_WORDS: Final = re.compile(r"[a-z]+")


def foreign_environments(
    scene: Scene, everything: tuple[Held, ...], pairs: Sequence[Pair]
) -> Iterator[Observation]:
    """Observe addresses and issuers of the auth service that are of another environment."""
    beside = None if scene.beside is None else scene.beside.service
    concerned = {scene.service, beside}
    asked = [
        one
        for one in everything
        if one.role in {Role.AUTH_URL, Role.ISSUER}
        and (scene.service is None or one.service in concerned)
        and host_in(one.value) is not None
    ]
    foreign: list[tuple[Held, str]] = []
    own: list[Held] = []
    for one in asked:
        theirs = _kinds_of_host(host_in(one.value))
        ours = _environment(scene, one.service, everything)
        before = _moved(pairs, one)
        if before is not None:
            foreign.append((one, f"{host_in(one.value)} took the place of {before}"))
        elif theirs is None or ours is None:
            continue
        elif theirs & ours:
            own.append(one)
        elif not any(was_so_before(scene, pair, one) for pair in pairs or (None,)):
            what = f"{host_in(one.value)} is of {_named(theirs)}"
            foreign.append((one, f"{what}, {one.service} of {_named(ours)}"))
    if foreign:
        yield observation(
            Fact.FOREIGN_ENVIRONMENT_CALLED,
            f"{listed([f'{one.name}: {what}' for one, what in foreign])}.",
            [where for one, _ in foreign for where in one.where],
            subjects=[host for one, _ in foreign if (host := host_in(one.value))],
            service=foreign[0][0].service,
        )
    elif own and len(own) == len(asked):
        yield observation(
            Fact.FOREIGN_ENVIRONMENT_CALLED,
            f"{listed([one.name for one in own])} {'name' if len(own) > 1 else 'names'} the "
            "service's own environment.",
            [where for one in own for where in one.where],
            is_seen=False,
            service=own[0].service,
        )


def host_in(value: str | None) -> str | None:
    """Give the host that a value names, if it is an address."""
    if not value:
        return None
    text = value.strip().strip("\"'")
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname
    except ValueError:
        return None
    return host if host and "." in host else None


def kinds_of(text: str | None) -> frozenset[str] | None:
    """Give the environments that a text may be of; None if no word says so, or two disagree.

    The last part of a host's name says nothing: `.test` and `.local` are of no environment.
    """
    found = [_KINDS[word] for word in _WORDS.findall((text or "").lower()) if word in _KINDS]
    if not found:
        return None
    return frozenset(set.intersection(*found)) or None


def _kinds_of_host(host: str | None) -> frozenset[str] | None:
    if host is None or "." not in host:
        return kinds_of(host)
    return kinds_of(host.rpartition(".")[0])


def _named(kinds: frozenset[str]) -> str:
    return " or ".join(sorted(kinds))


def _moved(pairs: Sequence[Pair], one: Held) -> str | None:
    """Give the host that a host took the place of, if only their environments' words differ.

    Where `auth.staging.example.org` became `auth.example.org`, or `login` became `login-sandbox`,
    the former was of the environment in which it served well.
    """
    pair = next((pair for pair in pairs if pair.after.service == one.service), None)
    variable = None if pair is None else pair.before.variable(one.name)
    before, now = host_in(None if variable is None else shown(variable)), host_in(one.value)
    if before is None or now is None or before == now:
        return None
    return before if differ_by_environment(before, now) else None


def differ_by_environment(one: str, other: str) -> bool:
    """Tell whether only words of environments make two hosts two."""
    return one != other and _without_environments(one) == _without_environments(other)


def _without_environments(host: str) -> list[str]:
    return [word for word in re.findall(r"[a-z0-9]+", host.lower()) if word not in _KINDS]


def _environment(scene: Scene, service: str, everything: tuple[Held, ...]) -> frozenset[str] | None:
    """Give the environment of a service: what it is told, what the bundle says, its own name."""
    said = [
        one.value
        for one in everything
        if one.service == service and one.name in _ENVIRONMENTS and one.value
    ]
    manifest = scene.bundle.manifest
    for text in (*said, manifest.environment, service, manifest.project):
        if text and (kinds := kinds_of(text)) is not None:
            return kinds
    return None
