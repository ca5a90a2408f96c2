"""How long a gated deployment takes, and a rollback at the sample that shows a fault.

    PYTHONPATH=tests python benchmarks/deploy.py [--rounds N]

An installation of its own is started, and somebody asks it all the time. A step waits for 20
requests or a second, the baking takes a second.
"""

import argparse
import json
import statistics
import tempfile
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from fakes.faulty_code import faulty_code
from fakes.installation import Installation
from fakes.steady_people import SteadyPeople, steady_people

_BACKEND: Final = "netra-backend"
_PASSWORD: Final = "correct horse battery staple"  # noqa: S105 - of a throw-away account
_SHORT: Final = ("--hold", "1", "--bake", "1", "--min-requests", "20")


def _deployed(installation: Installation, *options: str) -> tuple[float, list[dict[str, Any]]]:
    began = time.perf_counter()
    done = installation.run("deploy", _BACKEND, *_SHORT, *options, "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    return time.perf_counter() - began, events


def _good(installation: Installation, rounds: int) -> None:
    took = []
    for number in range(rounds):
        level = ("DEBUG", "INFO")[number % 2]
        seconds, events = _deployed(installation, "--set", f"LOG_LEVEL={level}")
        assert events[-1]["ending"] == "promoted", events[-1]
        took.append(seconds)
    print(
        f"deployment  promoted     median {statistics.median(took):5.1f} s  max {max(took):5.1f} s"
    )


def _bad(installation: Installation, people: SteadyPeople, folder: Path, rounds: int) -> None:
    code = faulty_code(folder / "code", "fails people")
    took, failed = [], 0
    for _ in range(rounds):
        place = people.place
        _, events = _deployed(installation, "--code", str(code), "--steps", "25,100")
        assert events[-1]["ending"] == "rolled_back", events[-1]
        shown = next(e for e in events if e["event"] == "sampled" and e["verdict"] == "FAIL")
        back = [e for e in events if e["event"] == "shifted"][-1]
        took.append(back["time"] - shown["time"])
        failed += sum(status != HTTPStatus.OK for _, _, status in people.since(place))
    print(
        f"rollback    from sample  median {statistics.median(took) * 1000:5.0f} ms max "
        f"{max(took) * 1000:5.0f} ms, {failed / rounds:.0f} failed requests each"
    )


def _all(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        installation = Installation(Path(name) / "state")
        try:
            assert installation.up().returncode == 0
            installation.run("users", "add", "a@example.com", "--password-stdin", stdin=_PASSWORD)
            token = installation.run(
                "token", "--email", "a@example.com", "--password-stdin", stdin=_PASSWORD
            ).stdout.strip()
            with steady_people(installation.status()["url"], token) as people:
                people.wait_for_more(1, 30)
                _good(installation, rounds)
                _bad(installation, people, Path(name), rounds)
        finally:
            installation.end()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    _all(parser.parse_args().rounds)
