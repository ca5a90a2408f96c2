"""The facts that probes show, whatever their writers called them. Pure."""

from collections.abc import Iterator

from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.decoded import claims, issuers, lengths, tokens
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.tried import (
    admission,
    answering,
    dependencies,
    platform,
    speaking,
    ways,
)
from netra_ops.diagnosis.observing.tried.attempt import read


def observed(scene: Scene) -> Iterator[Observation]:
    """Give the observations of `probes.json`."""
    tried = tuple(read(one) for one in scene.bundle.probes)
    if not tried:
        return
    yield from admission.failures(tried)
    yield from admission.bad_credentials(tried)
    yield from admission.good_credentials(scene, tried)
    yield from admission.preflights(tried)
    yield from platform.refusals(tried)
    yield from platform.reach(scene, tried)
    yield from platform.invokers(scene, tried)
    yield from platform.secret_versions(scene, tried)
    yield from platform.workload_keys(tried)
    yield from admission.sockets_and_requests(scene, tried)
    yield from ways.origins(tried)
    yield from ways.subprotocols(tried)
    yield from ways.proxies(tried)
    yield from ways.redirections(tried)
    yield from ways.ages(tried)
    yield from issuers.environments(scene, tried)
    yield from dependencies.auth_service(scene, tried)
    yield from dependencies.breakers(scene, tried)
    yield from dependencies.certificates(tried)
    yield from dependencies.clocks(tried)
    yield from speaking.words(scene, tried)
    yield from answering.revisions(scene, tried)
    yield from answering.instances(tried)
    yield from claims.claimed(scene, tried)
    yield from lengths.shortened(scene, tried)
    yield from tokens.ages(scene, tried)
    yield from tokens.published(scene, tried)
