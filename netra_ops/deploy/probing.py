"""The golden path on one revision: where it leads; walking it is the validation's."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from netra.clock import Clock
from netra.wire.health import HealthReport, HealthStatus
from netra_ops.candidates.candidate import Candidate
from netra_ops.candidates.judging import SERVICE_ID, SERVICE_SECRET
from netra_ops.deploy.surroundings import Probed
from netra_ops.findings import CouldNotTell, OpsError
from netra_ops.platform.port import Platform
from netra_ops.settings import AUTH, BACKEND, PROBE_HEADER
from netra_ops.validation.answer import Asker
from netra_ops.validation.credentials import Credentials, ServiceCredential
from netra_ops.validation.golden_path import WalkReport, walk_golden_path
from netra_ops.validation.step import StepResult, Subject

_WALK_SECONDS: Final = 60.0
_SETTLING_SECONDS: Final = 5.0
"""How long a process that only just began may take to reach what it depends on."""
_POLL_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Route:
    """Where a walk leads.

    Attributes:
        url: Where the backend is asked.
        known_as: Where people see it.
        credentials: As whom, and where the auth service is asked.
        subject: The revision that is walked.
    """

    url: str
    known_as: str
    credentials: Credentials
    subject: Subject


def route_to(
    probed: Probed,
    urls: Mapping[str, str],
    backend: Candidate,
    operator: ServiceCredential | None,
) -> Route:
    """Decide where a walk leads: to the revision's own address, and to its peer where people go.

    Args:
        probed: The revision.
        urls: Where people reach each service.
        backend: The configuration of the backend in this walk, whose own path is walked too.
        operator: Who may make users.

    Raises:
        CouldNotTell: There is no golden path for such a service, or a secret cannot be seen.
    """
    if probed.service not in {AUTH, BACKEND}:
        raise CouldNotTell(f"no golden path is known for {probed.service}")
    missing = [name for name in (AUTH, BACKEND) if name not in urls]
    if missing:
        raise CouldNotTell(f"it leads through {missing[0]}, which is not there")
    subject = Subject(probed.service, probed.revision, probed.address or urls[probed.service])
    asked = {**urls, probed.service: subject.url}
    credentials = Credentials(asked[AUTH], _own(backend), operator=operator, issued_as=urls[AUTH])
    return Route(asked[BACKEND], urls[BACKEND], credentials, subject)


def _own(backend: Candidate) -> ServiceCredential:
    secret, name = backend.setting(SERVICE_SECRET), backend.setting(SERVICE_ID)
    if secret is None or secret.value is None:
        raise CouldNotTell(f"the backend's {SERVICE_SECRET} cannot be seen")
    known = name.value.reveal() if name is not None and name.value is not None else BACKEND
    return ServiceCredential(known, secret.value)


class Walker:
    """Walks the golden path on revisions of a platform.

    Args:
        platform: Where they are.
        operator: Who may make and delete throw-away users.
        clock: For deadlines and durations.
        pause: Lets seconds pass while a revision settles.
    """

    def __init__(
        self,
        platform: Platform,
        operator: ServiceCredential | None,
        clock: Clock,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._platform = platform
        self._operator = operator
        self._clock = clock
        self._pause = pause

    def walk(self, probed: Probed, on_result: Callable[[StepResult], None]) -> WalkReport:
        """Take every step; each is told when it is done.

        A revision under its own address that says it is degraded is walked once it is not any more,
        or has had its time: it only just began, and may not have reached everything yet. What
        serves people is walked at once.

        Raises:
            CouldNotTell: There is no way to walk it.
        """
        try:
            names = self._platform.services()
            urls = {name: self._platform.state(name).url for name in names}
            route = route_to(probed, urls, self._backend(probed), self._operator)
        except CouldNotTell:
            raise
        except OpsError as error:
            raise CouldNotTell(str(error)) from error
        with Asker(self._clock, seconds=_WALK_SECONDS, headers=(PROBE_HEADER,)) as asker:
            if probed.address is not None:
                self._settle(probed.address, asker)
            return walk_golden_path(
                route.url,
                route.credentials,
                asker,
                self._clock,
                on_result,
                known_as=route.known_as,
                subject=route.subject,
            )

    def _settle(self, url: str, asker: Asker) -> None:
        ends_at = self._clock.monotonic() + _SETTLING_SECONDS
        while _is_degraded(url, asker) and self._clock.monotonic() < ends_at:
            self._pause(_POLL_SECONDS)

    def _backend(self, probed: Probed) -> Candidate:
        if probed.service == BACKEND:
            return probed.configuration
        split = self._platform.state(BACKEND).split
        if not split:
            raise CouldNotTell(f"it leads through {BACKEND}, which does not serve")
        return self._platform.configuration(BACKEND, max(split, key=lambda one: split[one]))


def _is_degraded(url: str, asker: Asker) -> bool:
    """Tell whether a process says so itself; what says nothing, or something else, is walked."""
    try:
        answer = asker.ask("GET", f"{url}/health")
        return HealthReport.model_validate_json(answer.body).status is HealthStatus.DEGRADED
    except (CouldNotTell, ValidationError):
        return False
