"""Writes the incidents that are made of documented texts: `PYTHONPATH=tests python -m corpus.making.platform_texts`."""

import importlib
import inspect
from typing import Final

FILES: Final = (
    "accessors",
    "account_keys",
    "audiences",
    "go_and_others",
    "invoking",
    "java",
    "versions",
)


def main() -> None:
    """Write them all."""
    for file in FILES:
        module = importlib.import_module(f"corpus.making.platform_texts.{file}")
        for name, write in inspect.getmembers(module, inspect.isfunction):
            if write.__module__ == module.__name__ and not name.startswith("_"):
                write()


if __name__ == "__main__":
    main()
