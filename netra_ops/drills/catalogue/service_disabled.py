"""Drill: somebody disables the backend at the auth service while it serves."""

import secrets
from typing import Final

from netra_ops.drills.drill import Drill, Ground, Happening
from netra_ops.settings import BACKEND

_OPERATOR: Final = "operator@drill.example"


def _enable(ground: Ground) -> None:
    """Enable it as an operator: the toolkit gives no more than it holds itself."""
    password = secrets.token_urlsafe(24)
    who = (_OPERATOR, "--role", "operator", "--password-stdin")
    ground.command("users", "add", *who, stdin=f"{password}\n")
    ground.command(
        *("services", "enable", BACKEND, "--email", _OPERATOR, "--password-stdin"),
        stdin=f"{password}\n",
    )


DRILL = Drill(
    name="service-disabled",
    cause="service_unregistered",
    title="somebody disables the backend at the auth service while it serves",
    fault=Happening(
        begin=lambda ground: ground.command("services", "disable", BACKEND),
        end=_enable,
        remedy=f"netra services enable {BACKEND} --email OPERATOR",
    ),
)
