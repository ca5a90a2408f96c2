"""The parts that services play in many incidents: who signs, who verifies, who calls."""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from corpus.making.keys_and_claims.theatre.documents import Env, Kept, Setting
from corpus.making.keys_and_claims.theatre.scene import Scene, Troupe
from corpus.making.keys_and_claims.theatre.stage import Guard, Process


def key() -> str:
    """Make a key as people make them: 43 characters."""
    return secrets.token_urlsafe(32)


def digest(value: str) -> str:
    """Give what a login service keeps of a secret."""
    return hashlib.sha256(value.encode()).hexdigest()


def issuer(scene: Scene) -> str:
    """Give the login service's own name."""
    return scene.stage.public_url(scene.look.login)


def login(
    scene: Scene,
    troupe: Troupe,
    env: Env,
    variable: str | None,
    *,
    service: str | None = None,
    old: bool = False,
    **staged: Any,
) -> Process:
    """Deploy the service that signs, with its key under the given variable."""
    variables = {"key": variable} if variable else {}
    built: dict[str, Any] = {"variables": variables, "issuer": issuer(scene), **staged}
    program = troupe.uvicorn("login_service", old=old)
    return scene.deploy(service or scene.look.login, program, env, built)


def api(
    scene: Scene,
    troupe: Troupe,
    service: str,
    module: str,
    env: Env,
    variables: Mapping[str, str],
    *,
    guard: Guard | None = None,
    comes_up: bool = True,
    annotations: Mapping[str, str] | None = None,
    tag: str | None = None,
    revision: str | None = None,
    workers: int = 1,
    old: bool = False,
    **staged: Any,
) -> Process:
    """Deploy a service that verifies, or one that calls."""
    built = {"variables": dict(variables), "issuer": issuer(scene), **staged}
    if module == "billing_app":
        program = troupe.gunicorn(module, workers)
    else:
        program = troupe.uvicorn(module, old=old)
    return scene.deploy(
        service,
        program,
        env,
        built,
        guard=guard,
        comes_up=comes_up,
        annotations=annotations,
        tag=tag,
        revision=revision,
    )


def kept(name: str, value: str, version: str = "latest") -> Kept:
    """Give a reference to a secret."""
    return Kept(name, version, value)


def changed(env: Env, **settings: Setting | None) -> dict[str, Setting]:
    """Give an environment with some variables otherwise, or gone where None."""
    made = {**env, **settings}
    return {name: setting for name, setting in made.items() if setting is not None}
