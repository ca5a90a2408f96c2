"""Drill: somebody disables the backend at the auth service while it serves."""

from netra_ops.drills.drill import Drill, Happening
from netra_ops.settings import BACKEND

DRILL = Drill(
    name="service-disabled",
    cause="service_unregistered",
    title="somebody disables the backend at the auth service while it serves",
    fault=Happening(
        begin=lambda ground: ground.command("services", "disable", BACKEND),
        end=lambda ground: ground.command("services", "enable", BACKEND),
        remedy=f"netra services enable {BACKEND}",
    ),
)
