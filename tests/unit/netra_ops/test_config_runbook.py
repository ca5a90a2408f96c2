"""The runbook's examples do what it says of them: they deploy after a pass and else never."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from architecture.house import ROOT
from fakes.configurations import AUTH, BACKEND, env_file, pair
from fakes.environments import strong_secret
from netra_ops.candidates.contract_file import read_contracts

PAGE: Final = (ROOT / "docs/runbooks/check_a_configuration.md").read_text(encoding="utf-8")


def examples(notation: str) -> list[str]:
    """Give the page's examples in some notation, in their order."""
    return re.findall(rf"```{notation}\n(.*?)```", PAGE, re.DOTALL)


def deployed(folder: Path, path: str) -> tuple[int, bool]:
    """Run the shell example, and say how it ended and whether it deployed."""
    (script,) = [one for one in examples("sh") if "./deploy" in one]
    mark = folder / "deployed"
    mark.unlink(missing_ok=True)
    deploy = folder / "deploy"
    deploy.write_text(f"#!/bin/sh\n: > '{mark}'\n", encoding="utf-8")
    deploy.chmod(0o700)
    done = subprocess.run(  # noqa: S603 - the page's own example
        ["/bin/sh", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        check=False,
    )
    return done.returncode, mark.exists()


def test_the_shell_example_deploys_after_a_pass_alone(tmp_path: Path) -> None:
    """A pass deploys; a failure, what cannot be seen, a missing file or no `netra` does not."""
    path = f"{Path(sys.executable).parent}:{os.defpath}"
    auth, backend = pair()
    env_file(tmp_path, auth, f"{AUTH}.env")
    hidden = {n: v for n, v in backend.items() if n != "SERVICE_SECRET"}
    outcomes = {}
    for name, values in (
        ("pass", backend),
        ("fail", {**backend, "JWT_SECRET_KEY": strong_secret()}),
        ("unknown", {**hidden, "SERVICE_SECRET_FILE": "/run/secret"}),
    ):
        env_file(tmp_path, values, f"{BACKEND}.env")
        outcomes[name] = deployed(tmp_path, path)
    env_file(tmp_path, backend, f"{BACKEND}.env")
    outcomes["no netra"] = deployed(tmp_path, os.defpath)
    (tmp_path / f"{AUTH}.env").unlink()
    outcomes["no file"] = deployed(tmp_path, path)

    assert outcomes == {
        "pass": (0, True),
        "fail": (1, False),
        "unknown": (3, False),
        "no netra": (127, False),
        "no file": (2, False),
    }


def test_nothing_in_the_workflow_goes_on_after_a_failure() -> None:
    """The check is a step of its own before the deployment, and neither is excused from failing."""
    (workflow,) = [yaml.safe_load(one) for one in examples("yaml") if "runs-on" in one]
    steps: list[dict[str, Any]] = workflow["jobs"]["deploy"]["steps"]
    names = [step.get("name") for step in steps]
    check = steps[names.index("Check the configuration")]

    assert names[-2:] == ["Check the configuration", "Deploy"]
    assert check["run"].split()[1:3] == ["config", "check"]
    assert not re.search(r"[|&;]", check["run"])
    assert all(step.keys() <= {"name", "run", "uses"} for step in steps)
    assert workflow["jobs"]["deploy"].keys() == {"runs-on", "steps"}


def test_the_example_of_a_contract_is_one(tmp_path: Path) -> None:
    """What the page shows as a contract file is read."""
    (text,) = [one for one in examples("yaml") if "netra_contract" in one]
    file = tmp_path / "shop.contract.yaml"
    file.write_text(text, encoding="utf-8")

    (contract,) = read_contracts([str(file)])

    assert [variable.name for variable in contract.variables] == [
        *("ENVIRONMENT", "TOKEN_ISSUER", "PAYMENT_KEY")
    ]


@pytest.mark.parametrize("script", examples("sh"))
def test_every_shell_example_can_be_read_by_a_shell(script: str) -> None:
    """No example has a syntax error."""
    done = subprocess.run(
        ["/bin/sh", "-n"], input=script, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
