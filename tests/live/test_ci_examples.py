"""The examples for pipelines deploy only what passed, and say so only if it was verified."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from fakes.installation import NETRA, SETTLE, Installation

pytestmark = pytest.mark.live

EXAMPLES: Final = Path(__file__).parents[2] / "docs" / "ci"
PASSWORD: Final = "correct horse battery staple"


@dataclass
class Pipeline:
    """A pipeline that deploys by writing a file."""

    folder: Path
    given: dict[str, str] = field(default_factory=dict)

    @property
    def has_deployed(self) -> bool:
        """Whether its command ran."""
        return (self.folder / "deployed").exists()

    def run(self, *command: str, **changed: str | None) -> "subprocess.CompletedProcess[str]":
        """Run the example; by default its command is one that succeeds."""
        chosen: Mapping[str, str | None] = self.given | changed
        environment = {name: value for name, value in chosen.items() if value is not None}
        return subprocess.run(  # noqa: S603 - our own script
            [str(EXAMPLES / "deploy.sh"), *(command or ("touch", str(self.folder / "deployed")))],
            env={"PATH": os.environ["PATH"], **environment},
            capture_output=True,
            text=True,
            timeout=SETTLE,
            check=False,
        )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation that runs, with an account to be walked with."""
    installation = Installation(tmp_path_factory.mktemp("running") / "state")
    started = installation.up()
    assert started.returncode == 0, started.stderr
    installation.run("users", "add", "walker@example.com", "--password-stdin", stdin=PASSWORD)
    yield installation
    installation.end()


@pytest.fixture
def pipeline(running: Installation, tmp_path: Path) -> Pipeline:
    """A pipeline that would deploy what runs there."""
    backend = running.env("netra-backend")
    walker = tmp_path / "walker.json"
    content = {
        "auth_url": backend["AUTH_SERVICE_URL"],
        "email": "walker@example.com",
        "password": PASSWORD,
        "service_id": "netra-backend",
        "service_secret": backend["SERVICE_SECRET"],
    }
    walker.write_text(json.dumps(content), "utf-8")
    files = [str(running.state / "env" / f"{name}.env") for name in ("netra-auth", "netra-backend")]
    given = {
        "NETRA": str(NETRA),
        "NETRA_CANDIDATES": " ".join(files),
        "NETRA_URL": running.status()["url"],
        "NETRA_CREDENTIALS": str(walker),
    }
    return Pipeline(tmp_path, given)


def test_what_passes_is_deployed_and_verified(pipeline: Pipeline) -> None:
    """The check, the command and the walk, in this order, and no secret in what they say."""
    done = pipeline.run()

    assert (done.returncode, pipeline.has_deployed) == (0, True), done.stderr
    assert "PASS: wrong refusals 0, wrong admissions 0" in done.stdout
    assert PASSWORD not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("written", "instead", "code", "named"),
    [
        (r"(?m)^AUTH_SERVICE_URL=.*\n", "", 1, "AUTH_SERVICE_URL"),
        (r"(?m)^SERVICE_SECRET=.*", "SERVICE_SECRET_FILE=/run/secret", 3, "SERVICE_SECRET"),
    ],
)
def test_only_a_pass_is_deployed(
    pipeline: Pipeline, running: Installation, written: str, instead: str, code: int, named: str
) -> None:
    """A lost variable, and one that cannot be seen, are named, and the command is not reached."""
    candidate = pipeline.folder / "netra-backend.env"
    text = (running.state / "env" / "netra-backend.env").read_text("utf-8")
    candidate.write_text(re.sub(written, instead, text), "utf-8")
    auth = running.state / "env" / "netra-auth.env"

    done = pipeline.run(NETRA_CANDIDATES=f"{auth} {candidate}")

    assert (done.returncode, pipeline.has_deployed) == (code, False)
    assert named in done.stdout


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"NETRA": "no-such-netra"}, 3),
        ({"NETRA_CANDIDATES": None}, 2),
        ({"NETRA_CANDIDATES": ""}, 2),
        ({"NETRA_CANDIDATES": "/no/such.env"}, 2),
        ({"NETRA_CHECK_OPTIONS": "--no-such-option"}, 2),
        ({"NETRA_URL": None}, 2),
        ({"NETRA_CREDENTIALS": None}, 2),
        ({"NETRA_CREDENTIALS": "/no/such.json"}, 2),
    ],
)
def test_what_cannot_be_judged_is_not_deployed(
    pipeline: Pipeline, changed: dict[str, str | None], code: int
) -> None:
    """Whatever is missing stops the pipeline before its command."""
    done = pipeline.run(**changed)

    assert (done.returncode, pipeline.has_deployed) == (code, False)
    assert done.stderr


def test_a_deployment_that_fails_is_no_success(pipeline: Pipeline) -> None:
    """Its exit code is the pipeline's, and nothing is verified in its place."""
    done = pipeline.run("sh", "-c", "exit 7")

    assert done.returncode == 7
    assert "wrong refusals" not in done.stdout


def test_what_does_not_pass_the_walk_is_no_success(pipeline: Pipeline) -> None:
    """What was deployed and cannot be walked fails the pipeline."""
    walker = pipeline.folder / "walker.json"
    content: dict[str, Any] = json.loads(walker.read_text("utf-8"))
    walker.write_text(json.dumps(content | {"password": "wrong horse battery"}), "utf-8")

    done = pipeline.run()

    assert (done.returncode, pipeline.has_deployed) == (1, True)


def test_the_workflow_runs_the_script_and_hides_no_failure() -> None:
    """Its last step is the script above, and no step goes on where one has failed."""
    text = (EXAMPLES / "github-actions.yml").read_text("utf-8")
    workflow = yaml.safe_load(text)
    steps = workflow["jobs"]["deploy"]["steps"]
    used = set(re.findall(r"\bNETRA[A-Z_]*", (EXAMPLES / "deploy.sh").read_text("utf-8")))

    assert steps[-1]["run"].rstrip().endswith("ci/deploy.sh ./deploy")
    assert not any({"continue-on-error", "if"} & step.keys() for step in steps)
    assert "|| true" not in text
    assert steps[-1]["env"].keys() - {"NETRA_WALKER"} <= used
