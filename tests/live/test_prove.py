"""`netra prove` against an installation: proven only where all of it holds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from architecture.house import ROOT
from fakes.installation import Installation

pytestmark = [pytest.mark.live, pytest.mark.long]

BACKEND: Final = "netra-backend"
REFUSED: Final = ROOT / "tests" / "corpus" / "incidents" / "tuning" / "own-secret-after-restart"
NOT_STARTED: Final = ROOT / "tests" / "corpus" / "incidents" / "tuning" / "own-line-missing"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Installation]:
    """An installation that is well."""
    installation = Installation(tmp_path / "state")
    started = installation.up()
    assert started.returncode == 0, started.stderr
    yield installation
    installation.end()


def proof(running: Installation, bundle: Path) -> tuple[int, dict[str, str], list[str]]:
    """Prove that a bundle's incident is over; give the exit code, the verdicts, what is missing."""
    url = running.status()["url"]
    done = running.run("prove", str(bundle), "--against", url, "--json")
    document = running.json("prove", str(bundle), "--against", url)
    verdicts = {one["name"]: one["verdict"] for one in document["parts"]}
    return done.returncode, verdicts, document["missing"]


def test_a_repair_is_proven_where_all_of_it_holds_and_not_where_it_does_not(
    running: Installation,
) -> None:
    """A service whose secret is refused is not proven; with its own again it is."""
    right = running.env(BACKEND)["SERVICE_SECRET"]

    code, verdicts, missing = proof(running, REFUSED)
    assert (code, missing) == (0, [])
    assert set(verdicts.values()) == {"PASS"}
    assert {"golden path", "negative probes", "reproduction", "signature absent"} <= set(verdicts)

    running.run("down")
    running.edit(BACKEND, "SERVICE_SECRET", right[::-1])
    running.up()
    code, verdicts, missing = proof(running, REFUSED)
    assert code == 1
    assert missing
    assert verdicts["golden path"] != "PASS"

    running.run("down")
    running.edit(BACKEND, "SERVICE_SECRET", right)
    running.up()
    code, _, missing = proof(running, REFUSED)
    assert (code, missing) == (0, [])


def test_what_did_not_start_is_proven_to_serve(running: Installation) -> None:
    """Of an incident in which no request failed, the proof is that the service serves."""
    code, verdicts, _ = proof(running, NOT_STARTED)

    assert code == 0
    assert verdicts["start"] == "PASS"
