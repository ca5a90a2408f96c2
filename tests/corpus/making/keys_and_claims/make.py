"""Makes the bundles on keys, claims and callers anew: all of them, or those named.

From the folder `tests`, with two Pythons that have the services' libraries:

    python -m corpus.making.keys_and_claims.make --today PYTHON --before PYTHON [NAME...]

The first has fastapi 0.165.0, starlette 1.10.0, uvicorn 0.54.0, PyJWT 2.15.1, Flask 3.1.3,
Authlib 1.9.10, gunicorn 27.0.1, joserfc 1.8.0, python-jose 3.5.0, structlog 26.1.0, httpx 0.28.1,
requests 2.34.2 and aiohttp 3.14.5; the second fastapi 0.115.6 and PyJWT 2.9.0 with uvicorn.
"""

import argparse
import tomllib
from pathlib import Path
from typing import Any, Final

from corpus.making.keys_and_claims.scripts import (
    audiences,
    callers,
    case,
    claims,
    lost,
    unusable,
    values,
)
from corpus.making.keys_and_claims.theatre.scene import Troupe, look

_LIST: Final = Path(__file__).with_name("incidents.toml")
_SCRIPTS: Final = {
    module.__name__.rpartition(".")[2]: module
    for module in (audiences, callers, case, claims, lost, unusable, values)
}


def make(incident: dict[str, Any], troupe: Troupe) -> None:
    """Make one bundle."""
    options = dict(incident)
    name, script, number = (options.pop(member) for member in ("name", "script", "look"))
    module, _, function = script.partition(".")
    getattr(_SCRIPTS[module], function)(name, look(number), troupe, **options)


def main() -> None:
    """Make what is asked for."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--today", type=Path, required=True)
    asked.add_argument("--before", type=Path, required=True)
    asked.add_argument("names", nargs="*")
    options = asked.parse_args()
    troupe = Troupe(options.today.absolute(), options.before.absolute())
    incidents = tomllib.loads(_LIST.read_text(encoding="utf-8"))["incidents"]
    if unknown := set(options.names) - {incident["name"] for incident in incidents}:
        asked.error(f"no such incident: {sorted(unknown)}")
    for incident in incidents:
        if not options.names or incident["name"] in options.names:
            make(incident, troupe)


if __name__ == "__main__":
    main()
