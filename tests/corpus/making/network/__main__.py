r"""Stages the incidents of `staged/` with real processes and writes their bundles anew.

    PYTHONPATH=tests .venv/bin/python -m corpus.making.network --python VENV/bin/python \
        --bare BARE/bin/python --node FOLDER [NAMES OR FILES]

Needs, besides what the project needs: Debian's packages libfaketime (0.9.10), nginx-light (1.22),
postgresql (15), nodejs (20); VENV, a throw-away environment with fastapi 0.165.0, uvicorn 0.54.0,
websockets 17.4, PyJWT 2.15.1, joserfc 1.8.0, requests 2.34.2, google-auth 2.63.0, SQLAlchemy 2.1.9
and asyncpg 0.32.0; BARE, one with fastapi and uvicorn alone; and FOLDER, in which npm installed
jose 6.2.18, ws 8.23.0 and pino 10.4.0.
"""

import argparse
import asyncio
import importlib
import inspect
import logging
from pathlib import Path
from typing import Final

from corpus.making.network.stage import Tools

STAGED: Final = Path(__file__).resolve().parent / "staged"
LOG: Final = logging.getLogger("making")


def main() -> None:
    """Stage the incidents whose names are given, or all."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    read = argparse.ArgumentParser(description="Stages incidents.")
    read.add_argument("--python", type=Path, required=True)
    read.add_argument("--bare", type=Path, required=True)
    read.add_argument("--node", type=Path, required=True)
    read.add_argument("names", nargs="*")
    given = read.parse_args()
    tools = Tools(given.python, given.bare, given.node)
    for file in sorted(path.stem for path in STAGED.glob("*.py")):
        module = importlib.import_module(f"corpus.making.network.staged.{file}")
        for name, staged in inspect.getmembers(module, inspect.iscoroutinefunction):
            if list(inspect.signature(staged).parameters) != ["tools"]:
                continue
            if given.names and name not in given.names and file not in given.names:
                continue
            LOG.info("staging %s", name)
            try:
                asyncio.run(staged(tools))
            except Exception:
                LOG.exception("failed: %s", name)


if __name__ == "__main__":
    main()
