"""The facts that the auth service's audit record shows, in our form and in others. Pure.

The record tells apart what callers are told alike: a wrong secret, an unknown client, a user whose
token had simply ended. It counts from shortly before the failures on.
"""

from collections.abc import Iterator

from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.recorded import callers, changes
from netra_ops.diagnosis.observing.recorded.reading import matters
from netra_ops.diagnosis.observing.scene import Scene


def observed(scene: Scene) -> Iterator[Observation]:
    """Give the observations of `audit.ndjson`."""
    every = scene.bundle.audit
    since = [one for one in every if matters(scene, one)]
    if since:
        yield from callers.clients(scene, since)
        yield from callers.service_calls(scene, since)
        yield from callers.users(since)
        yield from callers.tokens_ended(since)
        yield from changes.by_issue(since)
    if every:
        yield from changes.keys_rotated(scene, every)
        yield from changes.secrets_changed(scene, every)
        yield from changes.secrets_rotated(scene, every)
