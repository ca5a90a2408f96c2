"""Writes the incidents told in `tales/`, each in the voice of another kind of software.

`PYTHONPATH=tests python -m corpus.making.voices [name…]`: all of them, or those of these names or
files.
"""

import sys
import tomllib
from pathlib import Path
from typing import Final

from corpus.making.voices.telling import Teller, read

TALES: Final = Path(__file__).parent / "tales"


def main(names: list[str]) -> None:
    """Write the bundles of the named tales or files, or of all."""
    for file in sorted(TALES.glob("*.toml")):
        for told in tomllib.loads(file.read_text(encoding="utf-8"))["tale"]:
            if not names or {told["name"], file.stem} & set(names):
                Teller(read(told)).write()


if __name__ == "__main__":
    main(sys.argv[1:])
