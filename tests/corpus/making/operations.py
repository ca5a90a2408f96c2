"""Makes the incidents of breakers, starts, modules, traffic, stores, tests and Netra's own services.

    PYTHONPATH=tests INCIDENT_PYTHON=VENV/bin/python python -m corpus.making.operations

`VENV` is a throw-away environment with fastapi, uvicorn, gunicorn, asyncpg and itsdangerous (made
with Python 3.12: fastapi 0.165, uvicorn 0.54, gunicorn 27.0, asyncpg 0.32, itsdangerous 2.2). Node
20 with npm, PostgreSQL's server and HAProxy are needed too. `NAME...` after the command makes the
groups of these names only. A bundle that is made anew replaces the one of its name; times within an
incident and ids are new each time, what decides is the same.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Final

from corpus.making.netra_own import of_credentials, of_operation
from corpus.making.node_services import in_catalogue, in_courier, in_traffic
from corpus.making.small_services import in_rooms_and_mail
from corpus.making.written import altered, java_and_go, not_of_the_catalogue, of_serving

GROUPS: Final[Mapping[str, tuple[Callable[[], None], ...]]] = {
    "catalogue": in_catalogue.MAKERS,
    "courier": in_courier.MAKERS,
    "traffic": in_traffic.MAKERS,
    "rooms-and-mail": in_rooms_and_mail.MAKERS,
    "netra-credentials": of_credentials.MAKERS,
    "netra-operation": of_operation.MAKERS,
    "java-and-go": java_and_go.MAKERS,
    "serving": of_serving.MAKERS,
    "not-of-the-catalogue": not_of_the_catalogue.MAKERS,
    "altered": altered.MAKERS,
}
"""By name, in order: what is altered is made of what stands before it."""


def main(names: list[str]) -> None:
    """Make the groups of some names, or all."""
    for name in names or GROUPS:
        for make in GROUPS[name]:
            make()


if __name__ == "__main__":
    main(sys.argv[1:])
