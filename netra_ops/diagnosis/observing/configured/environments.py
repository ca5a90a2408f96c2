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

_KINDS: Final = {
    "production": frozenset({"prod", "production", "prd", "live"}),
    "staging": frozenset({"staging", "stage", "stg", "preprod", "uat"}),
    "development": frozenset({"dev", "development", "test", "qa", "sandbox", "local", "localhost"}),
}
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
        theirs, ours = kind_of(host_in(one.value)), _environment(scene, one.service, everything)
        if theirs is None:
            theirs = _unmarked(pairs, one)
        if theirs is None or ours is None:
            continue
        if theirs == ours:
            own.append(one)
        elif not any(was_so_before(scene, pair, one) for pair in pairs):
            foreign.append((one, f"{host_in(one.value)} is of {theirs}, {one.service} of {ours}"))
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


def kind_of(text: str | None) -> str | None:
    """Give the environment whose word stands in a text; None if there is none, or several."""
    words = set(_WORDS.findall((text or "").lower()))
    found = [name for name, marks in _KINDS.items() if words & marks]
    return found[0] if len(found) == 1 else None


def _unmarked(pairs: Sequence[Pair], one: Held) -> str | None:
    """Read a host without a word for its environment by the one that it took the place of.

    Where `auth.staging.example.org` became `auth.example.org`, the latter is production's.
    """
    pair = next((pair for pair in pairs if pair.after.service == one.service), None)
    if pair is None:
        return None
    variable = pair.before.variable(one.name)
    before = host_in(None if variable is None else shown(variable))
    if before is None or kind_of(before) in {None, "production"}:
        return None
    marks = _KINDS[kind_of(before) or ""]
    bare = [word for word in _WORDS.findall(before) if word not in marks]
    return "production" if bare == _WORDS.findall(host_in(one.value) or "") else None


def _environment(scene: Scene, service: str, everything: tuple[Held, ...]) -> str | None:
    """Give the environment of a service: what it is told, what the bundle says, its own name."""
    said = [
        one.value
        for one in everything
        if one.service == service and one.name in _ENVIRONMENTS and one.value
    ]
    manifest = scene.bundle.manifest
    for text in (*said, manifest.environment, service, manifest.project):
        if text and (kind := kind_of(text)) is not None:
            return kind
    return None
