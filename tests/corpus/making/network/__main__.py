"""Stages the incidents and writes their bundles anew.

    PYTHONPATH=tests .venv/bin/python -m corpus.making.network --python VENV/bin/python --node FOLDER
"""

import argparse
import asyncio
import importlib
import inspect
import logging
from pathlib import Path
from typing import Final

from corpus.making.network.stage import Tools

FILES: Final = ("rotation", "clocks", "reach", "sockets", "database", "instances", "transport")
LOG: Final = logging.getLogger("making")


def main() -> None:
    """Stage the incidents whose names are given, or all."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    read = argparse.ArgumentParser(description=__doc__)
    read.add_argument("--python", type=Path, required=True)
    read.add_argument("--node", type=Path, required=True)
    read.add_argument("names", nargs="*")
    given = read.parse_args()
    tools = Tools(given.python, given.node)
    for file in FILES:
        module = importlib.import_module(f"corpus.making.network.{file}")
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
