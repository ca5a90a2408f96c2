"""How the courier, a Node service that asks an identity service of each token, is run and asked."""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

from corpus.making.code_copies import Answer, neighbour
from corpus.making.freezing import Salt, Where, hex_id
from corpus.making.platform_documents import (
    SecretOf,
)
from corpus.making.stage import PUBLIC_IPS, Process, Stage, running

DICE = random.Random(11)


IDENTITY = "https://identity.parcelo.example"


SETTINGS = "https://settings.internal.parcelo.example"


AGENT = "parcelo-dispatch/2.14 (linux; x64)"


STUCK = {"breaker.js": ("refused() {}", "refused() { this.openedAt = Date.now(); }")}


@dataclass
class World:
    """What the courier's neighbours do at the moment."""

    identity: str = "well"
    settings: str = "well"
    asked: int = 0
    zones: dict[str, int] = field(
        default_factory=lambda: {"north": 17, "south": 9, "harbour": 6, "airport": 4}
    )
    kids: tuple[str, ...] = ("pk-2025-09", "pk-2026-01")

    def identity_answer(self, _method: str, _path: str, body: str) -> Answer:
        """Answer as the identity service."""
        self.asked += 1
        if self.identity == "hangs up":
            raise ConnectionAbortedError
        if self.identity == "slow":
            time.sleep(2.3)
        token = parse_qs(body).get("token", [""])[0]
        return 200, {"active": token.startswith("live-"), "sub": token.rpartition("-")[2]}

    def settings_answer(self, _method: str, _path: str, _body: str) -> Answer:
        """Answer as the settings service."""
        if self.settings == "down":
            return 503, {"error": "no healthy upstream"}
        return 200, {"written": "now", "zones": self.zones, "partner_kids": list(self.kids)}


@contextmanager
def neighbours(stage: Stage) -> Iterator[tuple[World, dict[str, str]]]:
    """Have the neighbours there, and give the variables that lead to them."""
    world = World()
    with neighbour(world.identity_answer) as identity, neighbour(world.settings_answer) as settings:
        stage.stands_for[f"http://127.0.0.1:{identity}"] = IDENTITY
        stage.stands_for[f"http://127.0.0.1:{settings}"] = SETTINGS
        yield (
            world,
            {
                "IDENTITY_URL": f"http://127.0.0.1:{identity}",
                "SETTINGS_URL": f"http://127.0.0.1:{settings}",
            },
        )


def serve(
    stage: Stage, stack: ExitStack, revision: str, folder: Path, variables: dict[str, str]
) -> Process:
    """Have an instance of a revision serve until the stack ends."""
    where = stage.where("courier", revision)
    process = stack.enter_context(
        running(
            stage,
            where,
            ("node", "index.js"),
            folder,
            {"BUILD": "2026.4", **variables},
            host="courier-4xk2mzq7wa-ez.a.run.app",
        )
    )
    stage.says(
        where,
        'Default STARTUP TCP probe succeeded after 1 attempt for container "courier-1" on port 8080.',
    )
    return process


def plan(
    process: Process,
    times: int,
    minutes: float = 0.5,
    zones: tuple[str, ...] = ("north", "south", "harbour"),
) -> list[int]:
    """Ask for routes as the dispatch does, so many times."""
    got = []
    for _ in range(times):
        token = f"live-{hex_id(16)}-drv{DICE.randint(30, 44)}"
        status, _ = process.ask(
            f"/routes/{DICE.choice(zones)}",
            headers={"Authorization": f"Bearer {token}"},
            agent=AGENT,
            ip=DICE.choice(PUBLIC_IPS),
        )
        got.append(status)
        if DICE.random() < 0.3:
            process.ask("/livez", agent="GoogleHC/1.0", ip="35.191.3.77")
        process.stage.leap(minutes * DICE.uniform(0.4, 1.5))
    return got


def exported(salt: Salt, **more: str | SecretOf) -> dict[str, str | SecretOf]:
    """Give the variables as an export has them."""
    return {
        "IDENTITY_URL": IDENTITY,
        "SETTINGS_URL": SETTINGS,
        "DISPATCH_KEY": SecretOf("dispatch-key", "3"),
        "TZ": salt.plain("Europe/Vienna"),
        **more,
    }


def image() -> str:
    """Name an image."""
    return f"europe-west3-docker.pkg.dev/parcelo-ops/run/courier@sha256:{hex_id(64)}"


def _where(stage: Stage, revision: str) -> Where:
    return Where(stage.project, stage.location, "courier", revision)
