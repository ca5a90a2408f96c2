"""Recognises the local platform's record (`state.json`), beside which the env files lie."""

from netra.principal import is_service_id
from netra_ops.candidates.trees.node import Mapping, Node, TreeInvalid


def is_local_state(document: Node) -> bool:
    """Tell whether a document is such a record."""
    return (
        isinstance(document, Mapping)
        and {"services", "format"} <= document.items.keys() <= {"services", "run", "format"}
        and isinstance(document.at("services"), Mapping)
    )


def recorded_services(document: Mapping) -> tuple[str, ...]:
    """Give the services it records.

    Raises:
        TreeInvalid: There is none, or one whose name no service can have.
    """
    services = document.mapping("services")
    if not services.items:
        raise TreeInvalid("records no service", services.line)
    for name, node in services.items.items():
        if not is_service_id(name):
            raise TreeInvalid("records a service under what is no service's name", node.line)
    return tuple(services.items)
