"""Who appears on a stage: services with their commands, signing keys, and people who call."""

import itertools
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from corpus.making.network.front import Answer, Front
from corpus.making.network.stage import SERVICES, Process, Stage
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

TESTS: Final = Path(__file__).resolve().parents[3]
AGENTS: Final = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "okhttp/4.12.0",
    "ReportsApp/5.3 (iPhone; iOS 19.1)",
)


class Keyring:
    """The folder of signing keys that an identity service reads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def make(self, kid: str) -> None:
        """Make a key and let it sign from now on."""
        key = generate_private_key(65537, 2048)
        text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / f"{kid}.pem").write_bytes(text)
        (self.folder / "active").write_text(kid)

    def drop(self, kid: str) -> None:
        """Take a key away."""
        (self.folder / f"{kid}.pem").unlink()


def web(stage: Stage, module: str, *options: str) -> list[str]:
    """Give the command that serves one of the small Python services."""
    app = f"corpus.making.network.services.{module}:app"
    command = [str(stage.tools.python), "-m", "uvicorn", app, "--loop", "asyncio"]
    return [*command, "--host", "127.0.0.1", "--port", "{port}", *options]


def script(stage: Stage, module: str) -> list[str]:
    """Give the command that runs one of the small Python programs."""
    return [str(stage.tools.python), "-m", f"corpus.making.network.services.{module}"]


def node(stage: Stage, file: str) -> tuple[list[str], dict[str, str]]:
    """Give the command and the environment of one of the small Node services."""
    env = {"NODE_HOME": str(stage.tools.node)}
    return ["/usr/bin/node", str(SERVICES / file)], env


def around(stage: Stage, **env: str) -> dict[str, str]:
    """Give the environment of a Python service."""
    return {"PYTHONPATH": str(TESTS), "GOOGLE_CLOUD_PROJECT": stage.project, **env}


async def started(
    stage: Stage,
    front: Front,
    revision: str,
    command: Sequence[str],
    env: Mapping[str, str],
    **how: Any,
) -> Process:
    """Start an instance and put it behind its front; the first one was not deployed just now."""
    where = stage.where(front.service, revision)
    how.setdefault("scaled", front.where is None)
    process = await stage.run(where, command, env, **how)
    front.instances.append(process)
    front.where = where
    return process


async def replaced(stage: Stage, front: Front, new: Process) -> None:
    """Let one new instance take all requests and end the others."""
    old = [process for process in front.instances if process is not new]
    front.instances = [new]
    await stage.sleep(3)
    for process in old:
        await stage.stop(process, said=True)


@dataclass(slots=True)
class Person:
    """Somebody who logs in now and then and calls an API with what they got."""

    name: str
    ip: str
    agent: str
    token: str = ""

    async def log_in(self, issuer: Front) -> None:
        """Get a token."""
        body = json.dumps({"sub": self.name})
        headers = {"Content-Type": "application/json"}
        answer = await issuer.call(
            "POST", "/oauth/token", headers, body, ip=self.ip, agent=self.agent
        )
        if answer.status == 200:
            self.token = _object(answer.body)["access_token"]

    async def get(self, front: Front, path: str, **more: Any) -> Answer:
        """Call an API."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return await front.call("GET", path, headers, ip=self.ip, agent=self.agent, **more)


def _object(body: str) -> dict[str, Any]:
    read = json.loads(body[body.index("{") : body.rindex("}") + 1])
    assert isinstance(read, dict)
    return read


def people(names: str, seed: int = 7) -> list[Person]:
    """Give some people by their names."""
    chance = random.Random(seed)
    return [
        Person(name, f"203.0.113.{chance.randrange(2, 250)}", chance.choice(AGENTS))
        for name in names.split()
    ]


async def issuer(
    stage: Stage, service: str, url: str, revision: str, keys: Keyring | None, **env: str
) -> Front:
    """Open an identity service and its front."""
    front = Front(stage, service, url)
    await front.open()
    how: dict[str, Any] = {"skew": float(env.pop("skew", "0"))}
    options = ["--no-access-log"] if env.pop("quiet", "") else []
    folder = {"KEYS_DIR": str(keys.folder)} if keys else {}
    env = around(stage, ISSUER_URL=url, **folder, **env)
    await started(stage, front, revision, web(stage, "issuer", *options), env, **how)
    return front


async def calls(
    stage: Stage,
    crowd: list[Person],
    front: Front,
    path: str,
    rounds: int,
    pause: float = 8,
) -> None:
    """Let everybody call, one after the other, so many times."""
    for person in itertools.chain.from_iterable(itertools.repeat(crowd, rounds)):
        await person.get(front, path)
        await stage.sleep(pause)


def ago(time: datetime, **span: float) -> datetime:
    """Give an earlier time."""
    return time - timedelta(**span)
