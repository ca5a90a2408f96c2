"""The golden path of one revision, asked under an address that people do not see."""

from collections.abc import Callable

import pytest

from fakes.netra_over_http import SERVICES, FakeNetra, Fault, fake_netra
from netra.clock import SystemClock
from netra.secret import Secret
from netra_ops.findings import Verdict
from netra_ops.settings import PROBE_HEADER
from netra_ops.validation.answer import Asker
from netra_ops.validation.credentials import Credentials, ServiceCredential
from netra_ops.validation.golden_path import WalkReport, walk_golden_path
from netra_ops.validation.socket import shake_hands
from netra_ops.validation.step import Subject

REVISION = "netra-backend-00007-abc"


def tagged(netra: FakeNetra) -> str:
    """Give the address of a tag: a name that no resolver is asked for."""
    return netra.url.replace("127.0.0.1", "c-1---netra-backend.localhost")


def walk(netra: FakeNetra, *, auth_is_tagged: bool = False) -> WalkReport:
    """Walk to a revision by its own address."""
    clock = SystemClock()
    credentials = Credentials(
        tagged(netra) if auth_is_tagged else netra.url,
        ServiceCredential("netra-backend", Secret(SERVICES["netra-backend"])),
        operator=ServiceCredential("netra-ops", Secret(SERVICES["netra-ops"])),
        issued_as=netra.url,
    )
    with Asker(clock, headers=(PROBE_HEADER,)) as asker:
        return walk_golden_path(
            tagged(netra),
            credentials,
            asker,
            clock,
            known_as=netra.url,
            subject=Subject(netra.service, REVISION, tagged(netra)),
        )


def not_passed(report: WalkReport) -> dict[str, Verdict]:
    """Give the steps that did not pass."""
    return {s.name: s.verdict for s in report.steps if s.verdict is not Verdict.PASS}


@pytest.mark.parametrize("auth_is_tagged", [False, True])
def test_a_revision_is_walked_under_its_own_address(*, auth_is_tagged: bool) -> None:
    """Origins, redirects and the issuer are those that people see, whichever address is asked."""
    with fake_netra() as netra:
        netra.revision = netra.proxied_as = REVISION
        report = walk(netra, auth_is_tagged=auth_is_tagged)

    assert not_passed(report) == {}
    assert {"revision", "revision to the end"} < {step.name for step in report.steps}


def test_every_request_says_that_it_is_a_probe() -> None:
    """Whoever counts requests can tell those of the golden path from people's."""
    with fake_netra() as netra:
        netra.revision = REVISION
        walk(netra)

    name, value = PROBE_HEADER
    assert len(netra.heads) > 40
    assert all(head.get_all(name) == [value] for head in netra.heads)


def test_the_name_that_is_asked_for_arrives() -> None:
    """The proxy finds the revision by the host of the request, for requests as for sockets."""
    with fake_netra() as netra:
        netra.revision = REVISION
        walk(netra)

    host = tagged(netra).removeprefix("http://")
    assert {head["Host"] for head in netra.heads} == {host, netra.url.removeprefix("http://")}


def test_a_socket_reaches_a_name_below_localhost() -> None:
    """The handshake, too, goes to this machine without a resolver."""
    with fake_netra() as netra:
        answer = shake_hands(tagged(netra), 2)

    assert answer.status == 401  # type: ignore[union-attr]  # no socket without a token


def say(netra: FakeNetra, revision: str) -> None:
    """Have the service itself say another name."""
    netra.revision = revision


def proxy(netra: FakeNetra, revision: str) -> None:
    """Have the proxy name another revision."""
    netra.proxied_as = revision


@pytest.mark.parametrize("another", [say, proxy])
def test_another_revision_under_the_address_fails(
    another: Callable[[FakeNetra, str], None],
) -> None:
    """A tag that leads elsewhere proves nothing of the revision, however well that one answers."""
    with fake_netra() as netra:
        netra.revision = REVISION
        another(netra, "netra-backend-00006-old")
        report = walk(netra)

    assert not_passed(report) == {
        "revision": Verdict.FAIL,
        "revision to the end": Verdict.FAIL,
    }


def test_a_tag_that_moves_for_a_moment_fails() -> None:
    """One answer in the middle that another revision gave is enough."""
    with fake_netra() as netra:
        netra.revision = netra.proxied_as = REVISION

        def move(line: str) -> None:
            netra.proxied_as = "netra-backend-00006-old" if line == "GET /api/me" else REVISION

        netra.on_ask = move
        report = walk(netra)

    assert not_passed(report) == {"revision to the end": Verdict.FAIL}
    assert "netra-backend-00006-old" in next(
        s.got for s in report.steps if s.name == "revision to the end"
    )


def test_a_degraded_revision_fails() -> None:
    """A revision that serves and says that it is degraded is not taken for a good one."""
    with fake_netra(Fault.IS_DEGRADED) as netra:
        netra.revision = REVISION
        report = walk(netra)

    assert not_passed(report)["revision"] is Verdict.FAIL
    assert not_passed(report)["revision to the end"] is Verdict.FAIL


def test_another_issuer_than_people_know_fails() -> None:
    """A page that would log people in at the tag's address is found out."""
    with fake_netra(Fault.NAMES_ANOTHER_ISSUER) as netra:
        netra.revision = REVISION
        report = walk(netra)

    assert not_passed(report) == {"chat page": Verdict.FAIL}
