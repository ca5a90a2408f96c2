"""What probes show of how long a value is where it is kept, and where it is read. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.tried.attempt import Tried, told
from netra_ops.diagnosis.observing.wording import observation

_OF_LENGTH: Final = re.compile(
    r"\blengths?\b|\bhow long\b|\bwc -c\b|\bsize\b|\bbytes\b|\bcharacters\b|\bchars\b|\blen\b",
    re.IGNORECASE,
)
_OF_VALUES: Final = re.compile(
    r"secret|\bkey\b|token|password|credential|variable|printenv|\benv\b|\$|[A-Z]+_[A-Z]+"
)
_NUMBER: Final = re.compile(r"\A\W*(?:length\W+|len\W+)?(\d{1,5})\b(?!\.\d)")


def shortened(scene: Scene, tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe a value that is shorter where it is read than it was expected to be."""
    for one in tried:
        said = f"{one.probe.name} {one.probe.target} {one.probe.expect}"
        if one.is_ok is not False or not _OF_LENGTH.search(said) or not _OF_VALUES.search(said):
            continue
        must, has = _NUMBER.search(one.probe.expect), _NUMBER.search(told(one.probe))
        if must is None or has is None or not 0 < int(has[1]) < int(must[1]):
            continue
        yield observation(
            Fact.VALUE_SHORTENED,
            f"{one.probe.name} expected {must[1]} and found {has[1]}.",
            [one.where],
            time=one.probe.time,
            service=scene.service,
        )
        return
