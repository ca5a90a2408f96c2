"""Where the golden path of a revision leads, and that it is walked there."""

from dataclasses import replace

import pytest

from fakes.clock import ManualClock
from fakes.configurations import AUTH, BACKEND
from fakes.fake_platform import FakePlatform, candidate, fake_platform, silent
from fakes.netra_over_http import SERVICES, FakeNetra, Fault, fake_netra
from netra.clock import SystemClock
from netra.secret import Secret
from netra_ops.candidates.candidate import Candidate, Reference, Setting
from netra_ops.deploy.probing import Walker, route_to
from netra_ops.deploy.surroundings import Probed
from netra_ops.findings import CouldNotTell, Verdict
from netra_ops.platform.port import ServiceState
from netra_ops.validation.credentials import ServiceCredential
from netra_ops.validation.step import StepResult

URLS = {AUTH: "https://auth.example", BACKEND: "https://chat.example"}
OWN = candidate(BACKEND, {"SERVICE_ID": BACKEND, "SERVICE_SECRET": "its-own"})
OPERATOR = ServiceCredential("netra-ops", Secret("ops-secret"))


def test_a_backend_is_asked_under_its_tag_and_its_peer_where_people_go() -> None:
    """Only what is judged is asked elsewhere, and it is known as what people see."""
    tagged = "https://c-1---chat.example"
    route = route_to(Probed(BACKEND, "b-2", tagged, OWN), URLS, OWN, OPERATOR)

    assert (route.url, route.known_as) == (tagged, URLS[BACKEND])
    assert (route.credentials.auth_url, route.credentials.issuer) == (URLS[AUTH], URLS[AUTH])
    assert (route.subject.revision, route.subject.url) == ("b-2", tagged)
    assert route.credentials.service == ServiceCredential(BACKEND, Secret("its-own"))


def test_an_auth_service_is_asked_under_its_tag_and_issues_as_itself() -> None:
    """The issuer is the one that people know, whatever address it is asked under."""
    tagged = "https://c-1---auth.example"
    route = route_to(Probed(AUTH, "a-2", tagged, candidate(AUTH, {})), URLS, OWN, OPERATOR)

    assert (route.url, route.known_as) == (URLS[BACKEND], URLS[BACKEND])
    assert (route.credentials.auth_url, route.credentials.issuer) == (tagged, URLS[AUTH])
    assert route.subject.url == tagged


def test_what_serves_is_asked_where_people_go() -> None:
    """After a rollback there is no tag, and none is needed."""
    route = route_to(Probed(BACKEND, "b-1", None, OWN), URLS, OWN, OPERATOR)

    assert route.url == route.subject.url == URLS[BACKEND]


@pytest.mark.parametrize(
    ("service", "urls", "backend", "why"),
    [
        ("other-service", URLS, OWN, "no golden path is known for other-service"),
        (BACKEND, {BACKEND: "http://b"}, OWN, "leads through netra-auth"),
        (BACKEND, URLS, candidate(BACKEND, {}), "SERVICE_SECRET cannot be seen"),
    ],
)
def test_where_there_is_no_way_nothing_is_known(
    service: str, urls: dict[str, str], backend: Candidate, why: str
) -> None:
    """It is no failure of the revision, and no pass."""
    with pytest.raises(CouldNotTell, match=why):
        route_to(Probed(service, "r", None, backend), urls, backend, OPERATOR)


def test_a_secret_that_is_only_referred_to_cannot_be_used() -> None:
    """The walk goes with the candidate's own secret, or not at all."""
    place = OWN.place
    unseen = replace(
        OWN,
        settings=(Setting("SERVICE_SECRET", place, reference=Reference("secret", "s", "1")),),
    )

    with pytest.raises(CouldNotTell, match="cannot be seen"):
        route_to(Probed(BACKEND, "b", None, unseen), URLS, unseen, OPERATOR)


class _At(FakePlatform):
    """A fake platform whose services are reached at one server."""

    url = ""

    def state(self, service: str) -> ServiceState:
        """Look at a service."""
        return replace(super().state(service), url=self.url)


def at(netra: FakeNetra) -> _At:
    """Give a platform whose services are that server."""
    fake = fake_platform()
    platform = _At(fake.revisions, fake.made_with)
    platform.url = netra.url
    values = {"SERVICE_ID": BACKEND, "SERVICE_SECRET": SERVICES[BACKEND]}
    platform.made_with[f"{BACKEND}-00001-aaa"] = candidate(BACKEND, values)
    return platform


@pytest.mark.parametrize("service", [AUTH, BACKEND])
def test_a_candidate_of_either_service_is_walked(service: str) -> None:
    """The golden path is the whole one, with the other service's serving revision."""
    taken: list[StepResult] = []
    with fake_netra() as netra:
        netra.service, netra.revision = service, "candidate"
        tagged = netra.url.replace("127.0.0.1", "c-1---service.localhost")
        platform = at(netra)
        own = platform.made_with[f"{service}-00001-aaa"]
        operator = ServiceCredential("netra-ops", Secret(SERVICES["netra-ops"]))
        walker = Walker(platform, operator, SystemClock())
        report = walker.walk(Probed(service, "candidate", tagged, own), taken.append)

    failed = {s.name: s.got for s in report.steps if s.verdict is not Verdict.PASS}
    assert failed == {}
    assert len(taken) == len(report.steps) > 40


@pytest.mark.parametrize(
    ("degraded_for", "verdict", "takes"),
    [(3, Verdict.PASS, 0.6), (600, Verdict.FAIL, 5.0)],
)
def test_what_only_just_began_may_settle(degraded_for: int, verdict: Verdict, takes: float) -> None:
    """A revision that is degraded at first is walked when it is well; it is not waited for long."""
    clock = ManualClock()
    with fake_netra(Fault.IS_DEGRADED) as netra:
        netra.revision = "candidate"

        def one_more(_line: str) -> None:
            if len(netra.asked) > degraded_for:
                netra.faults = frozenset()

        netra.on_ask = one_more
        platform = at(netra)
        own = platform.made_with[f"{BACKEND}-00001-aaa"]
        operator = ServiceCredential("netra-ops", Secret(SERVICES["netra-ops"]))
        walker = Walker(platform, operator, clock, clock.advance)
        began = clock.monotonic()
        report = walker.walk(Probed(BACKEND, "candidate", netra.url, own), lambda _step: None)

    health = next(step for step in report.steps if step.name == "health")
    assert health.verdict is verdict
    assert clock.monotonic() - began == pytest.approx(takes, abs=0.3)


def test_what_serves_is_walked_at_once() -> None:
    """Whoever rolls back from what is degraded does not wait for it to get well."""
    clock = ManualClock()
    with fake_netra(Fault.IS_DEGRADED) as netra:
        platform = at(netra)
        own = platform.made_with[f"{BACKEND}-00001-aaa"]
        operator = ServiceCredential("netra-ops", Secret(SERVICES["netra-ops"]))
        walker = Walker(platform, operator, clock, clock.advance)
        began = clock.monotonic()
        walker.walk(Probed(BACKEND, f"{BACKEND}-00001-aaa", None, own), lambda _step: None)

    assert clock.monotonic() == began


def test_a_platform_that_is_silent_is_no_failure_of_the_revision() -> None:
    """It is told as what could not be walked."""
    with fake_netra() as netra:
        platform = at(netra)
        platform.at_call = silent("state")
        walker = Walker(platform, None, SystemClock())
        with pytest.raises(CouldNotTell):
            walker.walk(Probed(BACKEND, "b", None, OWN), lambda _step: None)
