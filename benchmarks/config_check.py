"""What a check of two configurations costs as a whole command, beside a Python that does nothing.

Run with `PYTHONPATH=tests .venv/bin/python benchmarks/config_check.py`.
Each command is a new process, started in turn with `python -c pass`; what is compared is the wall
clock from its start to its end, and besides the processor's time, which says more where others use
the machine. Files are in the system's cache, and Python's compiled files must be there: where
PYTHONDONTWRITEBYTECODE is set they are made by `make setup`, and not anew after a change.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

from fakes.configurations import AUTH, BACKEND, env_file, knative, pair, parted, yaml_file

_NETRA: Final = Path(sys.executable).with_name("netra")
_REFERRED: Final = (
    "SERVICE_REGISTRY",
    "KEYRING_ENCRYPTION_KEY",
    "SERVICE_SECRET",
    "JWT_SECRET_KEY",
    "DATABASE_URL",
)


def seconds(command: Sequence[str], expected: int) -> tuple[float, float]:
    """Give the wall clock's and the processor's time of a command."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own commands
    taken, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == expected, done.stderr.decode()
    return taken, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        auth, backend = pair()
        env = [env_file(folder, auth, f"{AUTH}.env"), env_file(folder, backend, f"{BACKEND}.env")]
        documents = [
            yaml_file(folder, knative(*parted(values, _REFERRED), service), f"{service}.yaml")
            for service, values in ((AUTH, auth), (BACKEND, backend))
        ]
        twice = ["--secrets", directory] * 2
        commands: dict[str, tuple[list[str], int]] = {
            "python -c pass": ([sys.executable, "-c", "pass"], 0),
            "two env files": ([str(_NETRA), "config", "check", *env], 0),
            # An option given twice is left to the declared command.
            "two env files, by Typer": ([str(_NETRA), "config", "check", *env, *twice], 0),
            "two Cloud Run services": ([str(_NETRA), "config", "check", *documents], 3),
        }
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, (command, expected) in commands.items():
                taken[name].append(seconds(command, expected))
    base = median(wall for wall, _ in taken["python -c pass"])
    for name, times in taken.items():
        walls, processor = zip(*times, strict=True)
        print(
            f"{name:24} wall clock: median {median(walls) * 1000:5.0f} ms, "
            f"least {min(walls) * 1000:5.0f} ms, {median(walls) / base:4.1f} x; "
            f"processor: least {min(processor) * 1000:5.0f} ms"
        )


if __name__ == "__main__":
    main()
