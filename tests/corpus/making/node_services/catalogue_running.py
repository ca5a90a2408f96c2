"""How the catalogue, a Node service (express, pino, jose, pg), is run and asked."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from corpus.making.code_copies import token
from corpus.making.freezing import Salt
from corpus.making.platform_documents import (
    SecretOf,
)
from corpus.making.stage import BROWSERS, PUBLIC_IPS, Process, Stage, running

KEY = "mQ7yB2cH5tK9wR4xV8zN1pL6sD3fG0jA"


ISSUER = "https://login.hearthandhall.example"


NODE = ("node", "server.js")


DICE = random.Random(7)


PATHS = (
    "/v2/items",
    "/v2/items/oak-table/price",
    "/v2/items/desk-lamp/price?tier=trade",
    "/healthz",
)


def env(**more: str) -> dict[str, str]:
    """Give the variables the process runs with."""
    return {
        "SESSION_SIGNING_KEY": KEY,
        "ISSUER": ISSUER,
        "GIT_SHA": "5be0c91",
        "STORE_DSN": "postgres://catalogue@127.0.0.1:9/catalogue",
        **more,
    }


def bearer(subject: str = "cus_4471", seconds: float = 900, key: str = KEY) -> dict[str, str]:
    """Sign somebody in."""
    return {"Authorization": f"Bearer {token(key, subject, ISSUER, 'catalogue', seconds)}"}


def browse(
    process: Process, times: int, minutes: float = 0.4, paths: tuple[str, ...] = PATHS
) -> None:
    """Ask as customers do, so many times."""
    for _ in range(max(2, round(times * 0.5))):
        path = DICE.choice(paths)
        probing = path == "/healthz"
        process.ask(
            path,
            headers={} if probing else bearer(f"cus_{DICE.randint(4000, 4020)}"),
            agent="GoogleHC/1.0" if probing else DICE.choice(BROWSERS),
            ip="35.191.8.102" if probing else DICE.choice(PUBLIC_IPS),
        )
        process.stage.leap(minutes * DICE.uniform(0.3, 1.6))


@contextmanager
def serving(stage: Stage, revision: str, folder: Path, **variables: str) -> Iterator[Process]:
    """Have an instance of a revision serve."""
    where = stage.where("catalogue", revision)
    stage.says(
        where,
        "Starting new instance. Reason: DEPLOYMENT_ROLLOUT - Instance started due to traffic shifting between revisions due to deployment, traffic split adjustment, or deployment health check.",
    )
    with running(stage, where, NODE, folder, env(K_REVISION=revision, **variables)) as process:
        stage.says(
            where,
            'Default STARTUP TCP probe succeeded after 1 attempt for container "catalogue-1" on port 8080.',
        )
        yield process


def fails_to_start(
    stage: Stage, revision: str, folder: Path, times: int = 2, **variables: str
) -> None:
    """Have a revision that does not start be tried as Cloud Run tries it."""
    for _ in range(times):
        where = stage.where("catalogue", revision)
        stage.says(
            where,
            "Starting new instance. Reason: DEPLOYMENT_ROLLOUT - Instance started due to traffic shifting between revisions due to deployment, traffic split adjustment, or deployment health check.",
        )
        with running(
            stage, where, NODE, folder, env(K_REVISION=revision, **variables), waits=False
        ) as process:
            code = process.ended()
        stage.says(where, f"Container called exit({code}).", "WARNING")
        stage.says(
            where,
            'Default STARTUP TCP probe failed 1 time consecutively for container "catalogue-1" on port 8080. The instance was not started.',
            "ERROR",
        )
        stage.leap(0.35)


def variables(salt: Salt, **more: str | SecretOf) -> dict[str, str | SecretOf]:
    """Give the variables as an export has them."""
    return {
        "SESSION_SIGNING_KEY": SecretOf("session-signing-key", "4"),
        "ISSUER": ISSUER,
        "STORE_DSN": SecretOf("catalogue-store-dsn", "2"),
        "STORE_CONNECT_MS": "4000",
        "NODE_OPTIONS": salt.plain("--enable-source-maps"),
        **more,
    }


def image(digest: str) -> str:
    """Name an image."""
    return f"europe-west1-docker.pkg.dev/hearth-prod/apps/catalogue@sha256:{digest}"


NOT_READY = (
    "The user-provided container failed to start and listen on the port defined provided by the"
    " PORT=8080 environment variable within the allocated timeout. This can happen when the"
    " container port is misconfigured or if the timeout is too short. The health check timeout can"
    " be extended. Logs for this revision might contain more information."
)
