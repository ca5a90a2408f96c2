"""The facts of configurations as they were deployed: before and after, and between services. Pure.

Nothing is said of what the files do not show: of configurations that are not there, of values that
cannot be compared, and of variables that no service needs to know who is who.
"""

from collections.abc import Iterator

from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.between.agreement import agreement
from netra_ops.diagnosis.observing.configured.environments import foreign_environments
from netra_ops.diagnosis.observing.configured.losses import lost_and_changed, read_under_other_names
from netra_ops.diagnosis.observing.configured.pairs import pairs_in
from netra_ops.diagnosis.observing.configured.surroundings import around, readiness
from netra_ops.diagnosis.observing.configured.values import by_latest, flawed_values, held
from netra_ops.diagnosis.observing.scene import Scene


def observed(scene: Scene) -> Iterator[Observation]:
    """Give the observations of `revisions.json` and `fingerprints.json`."""
    if not scene.bundle.revisions and not scene.bundle.fingerprints:
        return
    pairs = tuple(pairs_in(scene))
    main = next((one for one in pairs if one.is_of_failing), None)
    everything = held(scene)
    for pair in pairs:
        yield from lost_and_changed(scene, pair)
        if pair.is_of_failing:
            yield from around(pair)
    yield from read_under_other_names(scene, main)
    yield from flawed_values(scene, everything, main)
    yield from by_latest(scene)
    yield from agreement(scene, everything, main)
    yield from foreign_environments(scene, everything, pairs)
    yield from readiness(scene)
