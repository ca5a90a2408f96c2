"""Which auth service a service asks, and which one made the tokens it is shown, by probes. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.configured.environments import differ_by_environment, host_in
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.tried.attempt import Tried, told
from netra_ops.diagnosis.observing.wording import observation

_ASKED: Final = re.compile(r"\bissuer\b[\"']?\s*[:=]\s*[\"']?(https?://[^\s\"',}]+)")
"""As a discovery document names its issuer (OpenID Connect Discovery 1.0, section 3)."""
_MADE: Final = re.compile(r"\biss\b[\"']?\s*[:=]\s*[\"']?(https?://[^\s\"',}]+)")
"""As a token's claims do."""


def environments(scene: Scene, tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe whether what is asked for keys and what made the tokens differ by environment."""
    asked = _hosts(tried, _ASKED)
    made = _hosts(tried, _MADE)
    pairs = [
        (theirs, host, ours, other)
        for theirs, host in asked
        for ours, other in made
        if differ_by_environment(host, other)
    ]
    if not pairs or {host for _, host in asked} & {host for _, host in made}:
        return
    first, host, second, other = pairs[0]
    yield observation(
        Fact.FOREIGN_ENVIRONMENT_CALLED,
        f"{first.probe.name} tells of the issuer {host}, and tokens are of {other}.",
        [first.where, second.where],
        time=first.probe.time,
        subjects=[host, other],
        service=scene.service,
    )


def _hosts(tried: Sequence[Tried], pattern: re.Pattern[str]) -> list[tuple[Tried, str]]:
    return [
        (one, host)
        for one in tried
        for text in pattern.findall(told(one.probe))
        if (host := host_in(text)) is not None
    ]
