"""Faults of configurations, as options of `netra deploy`.

Values go by private files: every process of a machine can read a command line.
"""

import base64
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from netra.isolated_environment import FILE_SUFFIX
from netra_ops.drills.drill import Ground
from netra_ops.platform.local.state_directory import write_whole
from netra_ops.settings import AUTH, BACKEND

Options = Callable[[Ground], tuple[str, ...]]
Damage = Callable[[str], str]


def damaged(name: str, damage: Damage, service: str = BACKEND) -> Options:
    """Set a variable to what its value becomes by some damage."""
    return lambda ground: _set(ground, name, damage(ground.settings(service)[name]))


def given(name: str, value: str | Callable[[Ground], str]) -> Options:
    """Set a variable to a value that is wrong."""
    return lambda ground: _set(ground, name, value if isinstance(value, str) else value(ground))


def replaced(change: Callable[[dict[str, str]], Mapping[str, str]]) -> Options:
    """Deploy a whole configuration in place of the one that serves, as a careless pipeline does."""

    def options(ground: Ground) -> tuple[str, ...]:
        values = change(ground.settings(BACKEND))
        text = "".join(f"{name}={value}\n" for name, value in values.items())
        return ("--file", str(_written(ground, "whole.env", text)), "--replace")

    return options


def without(name: str) -> Callable[[dict[str, str]], Mapping[str, str]]:
    """Leave a variable out."""
    return lambda values: {other: value for other, value in values.items() if other != name}


def renamed(name: str, new: str) -> Callable[[dict[str, str]], Mapping[str, str]]:
    """Give a variable another name, which nothing reads."""
    return lambda values: {new if other == name else other: one for other, one in values.items()}


def from_file(name: str, damage: Damage) -> Options:
    """Take a variable that is in a secret file from another one, which holds it damaged."""

    def options(ground: Ground) -> tuple[str, ...]:
        reference = name + FILE_SUFFIX
        value = Path(ground.settings(BACKEND)[reference]).read_text(encoding="utf-8")
        file = _written(ground, "secret", damage(value))
        return given(reference, str(file))(ground)

    return options


def quoted(value: str) -> str:
    """Put a value in quotation marks, which become part of it."""
    return f'"{value}"'


def with_line_end(value: str) -> str:
    """End a value with a line end, as `echo` writes it."""
    return f"{value}\n"


def in_base64(value: str) -> str:
    """Encode a value."""
    return base64.b64encode(value.encode()).decode()


def another(_value: str) -> str:
    """Make a key that nobody else has."""
    return secrets.token_urlsafe(32)


def by_another_name(ground: Ground) -> str:
    """Give the auth service's address by another name of this machine."""
    return ground.settings(BACKEND)["AUTH_SERVICE_URL"].replace("127.0.0.1", "localhost")


def shared_key(ground: Ground) -> None:
    """Have both services sign and verify with one key that both are told."""
    key = secrets.token_urlsafe(48)
    for service in (AUTH, BACKEND):
        ground.rewrite(service, {"TOKEN_TRUST_MODE": "shared-key", "JWT_SECRET_KEY": key})


def secret_from_file(ground: Ground) -> None:
    """Have the backend take its secret by reference."""
    file = _written(ground, "reference", ground.settings(BACKEND)["SERVICE_SECRET"])
    ground.rewrite(BACKEND, {"SERVICE_SECRET": None, "SERVICE_SECRET_FILE": str(file)})


def _set(ground: Ground, name: str, value: str) -> tuple[str, ...]:
    return ("--set", f"{name}=@{_written(ground, name, value)}")


def _written(ground: Ground, name: str, text: str) -> Path:
    file = ground.scratch / name
    write_whole(file, text)
    return file
