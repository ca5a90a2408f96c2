"""A bundle diagnosed: read, counted, looked at, weighed and answered."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from netra_ops.diagnosis.answering.answer import Diagnosis
from netra_ops.diagnosis.answering.concluding import concluded, named_cause
from netra_ops.diagnosis.circumstances import circumstances_of
from netra_ops.diagnosis.observing.scene import Scene, framed
from netra_ops.diagnosis.observing.together import observations
from netra_ops.diagnosis.signs.tally import Tally
from netra_ops.diagnosis.signs.tallying import tallied
from netra_ops.evidence.bundle import Bundle, read_bundle
from netra_ops.logs.reading import Reading


def scene_of(
    directory: Path, now: int, on_progress: Callable[[str], None] = lambda _: None
) -> Scene:
    """Read a bundle and frame what happened in it.

    Args:
        directory: The bundle.
        now: The present, nanoseconds since the epoch.
        on_progress: Told what is being done.

    Raises:
        BundleUnreadable: It is none that can be read.
    """
    on_progress("Reading the bundle")
    bundle = read_bundle(directory)
    on_progress("Reading the log")
    tally = _tally(bundle, now)
    on_progress("Looking at what failed")
    return framed(bundle, tally)


def diagnosed(scene: Scene) -> Diagnosis:
    """Observe, weigh and answer."""
    observed = observations(scene)
    return concluded(observed, circumstances_of(scene, observed, named_cause(observed)))


def _tally(bundle: Bundle, now: int) -> Tally:
    if bundle.logs is None:
        return Tally()
    with _uncollected():
        return tallied([str(bundle.logs)], Reading(now=_taken(bundle) or now))


def _taken(bundle: Bundle) -> int | None:
    """Say when a bundle was made, by itself: its dates without a year are of the year before that.

    The present may be years later.
    """
    told = (bundle.manifest.created, bundle.manifest.end)
    return max((one for one in told if one is not None), default=None)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the collector of cycles out: a count makes millions of objects and none of those.

    It would look at all of them again and again, for a tenth of the whole time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
