"""How the foreign services read their configuration, and which names they read it under."""

import json
import os
from typing import Any, Final

_STAGED: Final[dict[str, Any]] = json.loads(os.environ.get("STAGED", "{}"))


def option(name: str, default: Any = None) -> Any:
    """Give what this build of the service is like: the part of it that is its code."""
    return _STAGED.get(name, default)


def variable(role: str, default: str | None = None) -> str | None:
    """Give the value of the variable that plays a role, under the name this build knows."""
    names = option("variables", {})
    if role not in names:
        return default
    return os.environ.get(names[role], default)


def required(role: str) -> str:
    """Give a variable's value.

    Raises:
        RuntimeError: It is not there.
    """
    name = option("variables", {})[role]
    value = os.environ.get(name)
    if value is None:
        raise RuntimeError(f"{name} is not configured")
    return value


def name_of(role: str) -> str:
    """Give the name of the variable that plays a role."""
    return str(option("variables", {}).get(role, role.upper()))
