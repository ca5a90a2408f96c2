"""Drill: the auth service hangs while people use the backend."""

import os
import signal

from netra_ops.drills.drill import Drill, Happening
from netra_ops.settings import AUTH

DRILL = Drill(
    name="auth-service-down",
    cause="auth_service_unreachable",
    title="the auth service hangs: it takes connections and answers nothing",
    fault=Happening(
        begin=lambda ground: os.kill(ground.process(AUTH), signal.SIGSTOP),
        end=lambda ground: os.kill(ground.process(AUTH), signal.SIGCONT),
        remedy="the auth service's process goes on",
    ),
)
