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

from corpus.making.netra_own import (
    of_claims_and_callers,
    of_dependencies,
    of_deployments,
    of_values,
)
from corpus.making.node_services import (
    of_catalogue_requests,
    of_catalogue_starts,
    of_courier_identity,
    of_courier_settings,
    of_rollbacks,
    of_tags_and_pins,
)
from corpus.making.small_services import of_mail, of_rooms
from corpus.making.written import altered, in_go, in_java, not_of_the_catalogue, of_serving

GROUPS: Final[Mapping[str, tuple[Callable[[], None], ...]]] = {
    "catalogue": (*of_catalogue_starts.MAKERS, *of_catalogue_requests.MAKERS),
    "courier": (*of_courier_identity.MAKERS, *of_courier_settings.MAKERS),
    "traffic": (*of_rollbacks.MAKERS, *of_tags_and_pins.MAKERS),
    "rooms": of_rooms.MAKERS,
    "mail": of_mail.MAKERS,
    "netra-values": of_values.MAKERS,
    "netra-claims": of_claims_and_callers.MAKERS,
    "netra-dependencies": of_dependencies.MAKERS,
    "netra-deployments": of_deployments.MAKERS,
    "java": in_java.MAKERS,
    "go": in_go.MAKERS,
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
