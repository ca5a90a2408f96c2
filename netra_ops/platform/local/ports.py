"""Which ports the local services listen on: any free one, the default, a chosen or a kept one."""

import secrets
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from netra_ops.findings import UsageRefused

_KEPT_PORTS: Final = range(20_000, 32_768)
"""Below the ports that systems lend to outgoing connections, which would take a kept one now and
then while its service is stopped."""
_ATTEMPTS: Final = 50


@dataclass(frozen=True, slots=True)
class PortWish:
    """What is known about one service's port before it is chosen.

    Attributes:
        service: Whose port.
        option: The command-line option that sets it, for messages.
        host: The address it listens on.
        asked: What the command line said: None for nothing, 0 for any free port.
        kept: The port of earlier starts, or what a person wrote into the env file.
        default: What to try at the first start.
    """

    service: str
    option: str
    host: str
    asked: int | None
    kept: int | None
    default: int


@dataclass(frozen=True, slots=True)
class PortChoice:
    """A free port, and what to say if it is not the one to be expected."""

    port: int
    remark: str | None = None


def choose(wishes: tuple[PortWish, ...]) -> tuple[PortChoice, ...]:
    """Choose a free port for each wish, all different.

    Raises:
        UsageRefused: A port that was asked for or kept is taken.
    """
    with ExitStack() as held:
        return tuple(_choose(wish, held) for wish in wishes)


def _choose(wish: PortWish, held: ExitStack) -> PortChoice:
    if wish.asked:
        if not _hold(wish.host, wish.asked, held):
            raise UsageRefused(
                f"Port {wish.asked} for {wish.service} is taken. "
                f"Free it, or choose another with {wish.option} (0 for any free port)."
            )
        return PortChoice(wish.asked)
    if wish.kept is not None:
        if port := _hold(wish.host, wish.kept, held):
            return PortChoice(port)
        if wish.asked is None:
            raise UsageRefused(
                f"Port {wish.kept}, which {wish.service} had until now, is taken by another "
                f"process. Free it, or choose another with {wish.option} (0 for any free port)."
            )
        return _instead(wish, held, f"Port {wish.kept} for {wish.service} is taken")
    if wish.asked == 0:
        return PortChoice(_any_free(wish, held))
    if port := _hold(wish.host, wish.default, held):
        return PortChoice(port)
    return _instead(wish, held, f"The usual port {wish.default} for {wish.service} is taken")


def _any_free(wish: PortWish, held: ExitStack) -> int:
    for _ in range(_ATTEMPTS):
        candidate = _KEPT_PORTS.start + secrets.randbelow(len(_KEPT_PORTS))
        if port := _hold(wish.host, candidate, held):
            return port
    return _hold(wish.host, 0, held)


def _instead(wish: PortWish, held: ExitStack, why: str) -> PortChoice:
    port = _any_free(wish, held)
    return PortChoice(port, f"{why}; it gets {port} from now on.")


def _hold(host: str, port: int, held: ExitStack) -> int:
    """Bind a port so that no other choice takes it; 0 if that cannot be done."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    holder = held.enter_context(socket.socket(family, socket.SOCK_STREAM))
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        holder.bind((host, port))
        # Only a listening socket keeps others, which reuse addresses too, from the port.
        holder.listen()
    except OSError:
        return 0
    return int(holder.getsockname()[1])
