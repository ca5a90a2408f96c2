"""What the log says in words, of credentials, configuration, calls, platform and programs. Pure."""

from collections.abc import Iterator

from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.saying import (
    changes,
    configuration,
    dependencies,
    platform,
    reasons,
    starts,
)
from netra_ops.diagnosis.observing.scene import Scene


def observed(scene: Scene) -> Iterator[Observation]:
    """Give what lines of the log say, and what they would have said and do not.

    Args:
        scene: The incident; nothing is said where it has no log.
    """
    if scene.tally.account.records == 0 and not scene.tally.counts and not scene.tally.requests:
        return
    yield from reasons.observed(scene)
    yield from configuration.observed(scene)
    yield from dependencies.observed(scene)
    yield from starts.observed(scene)
    yield from changes.observed(scene)
    yield from platform.observed(scene)
