"""The golden path of one revision of real services, asked under an address that nobody sees."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from fakes.fake_platform import FakePlatform, candidate
from fakes.installation import Installation
from netra.clock import SystemClock
from netra.secret import Secret
from netra_ops.deploy.probing import Walker
from netra_ops.deploy.surroundings import Probed
from netra_ops.findings import Verdict
from netra_ops.platform.port import ServiceState
from netra_ops.validation.credentials import ServiceCredential

pytestmark = pytest.mark.live

AUTH: Final = "netra-auth"
BACKEND: Final = "netra-backend"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation that runs."""
    installation = Installation(tmp_path_factory.mktemp("running") / "state")
    started = installation.up()
    assert started.returncode == 0, started.stderr
    yield installation
    installation.end()


class _Running(FakePlatform):
    """The services of an installation as a platform would show them."""

    urls: dict[str, str]

    def state(self, service: str) -> ServiceState:
        """Look at a service."""
        return replace(super().state(service), url=self.urls[service])


def shown(installation: Installation) -> _Running:
    """Give the platform that an installation would be."""
    status = installation.status()
    platform = _Running()
    platform.urls = {BACKEND: status["url"], AUTH: status["auth_url"]}
    for service, revision in status["revisions"].items():
        made = platform.begin(service, installation.env(service))
        platform.revisions[service] = {revision: replace(made, name=revision)}
        platform.made_with[revision] = candidate(service, installation.env(service))
    return platform


@pytest.mark.parametrize("service", [AUTH, BACKEND])
def test_either_service_passes_under_a_tags_address(running: Installation, service: str) -> None:
    """Origins, redirects and the issuer stay those that people see."""
    platform = shown(running)
    (revision,) = platform.revisions[service]
    tagged = platform.urls[service].replace("127.0.0.1", f"c-7x---{service}.localhost")
    operator = ServiceCredential("netra-ops", Secret(running.env("netra-ops")["SERVICE_SECRET"]))
    walker = Walker(platform, operator, SystemClock())

    probed = Probed(service, revision, tagged, platform.made_with[revision])
    report = walker.walk(probed, lambda _step: None)

    assert {s.name: s.got for s in report.steps if s.verdict is not Verdict.PASS} == {}
    assert "revision to the end" in {step.name for step in report.steps}


def test_a_deployment_is_not_begun_where_traffic_cannot_be_shared(
    running: Installation, tmp_path: Path
) -> None:
    """The command says what to do instead, and the services are as they were."""
    before = running.status()
    value = tmp_path / "value"
    value.write_text("https://chat.example\n", encoding="utf-8")

    done = running.run("deploy", BACKEND, "--set", f"ALLOWED_ORIGINS=@{value}")

    assert (done.returncode, done.stdout) == (3, "")
    assert "nothing can be deployed to it yet" in done.stderr
    assert running.status() == before
