"""The probes that decide between causes: read-only, without any credential.

Each is given in the form of `probes.json`, so that it is read as one of a bundle's.
"""

from collections.abc import Callable, Iterator, Sequence
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from netra.clock import Clock, as_iso
from netra_ops.findings import OpsError
from netra_ops.validation.answer import Answer, Asker, HeaderList
from netra_ops.validation.socket import shake_hands
from netra_ops.validation.step import only_answer

_EXCERPT: Final = 200
_HEADERS: Final = frozenset(
    {
        "access-control-allow-origin",
        "content-type",
        "date",
        "location",
        "server",
        "www-authenticate",
        "x-served-revision",
    }
)
"""What may be kept of an answer's headers: none of them holds a secret."""
_ME: Final = "/api/me"
_BAD: Final = ("Authorization", "Bearer not-a-token")


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Where probes are taken.

    Attributes:
        url: The service.
        auth_url: The auth service; None where it is not known.
    """

    url: str
    auth_url: str | None = None


class _Taking:
    """Where one probe after the other is taken."""

    def __init__(self, places: Places, asker: Asker, clock: Clock) -> None:
        self.places = places
        self._asker = asker
        self._clock = clock

    def ask(
        self, name: str, method: str, url: str, expect: Sequence[int], *headers: tuple[str, str]
    ) -> dict[str, Any]:
        """Send a request, and write down what came."""
        return self._written(
            name, url, expect, lambda: self._asker.ask(method, url, headers=headers)
        )

    def shake(self, name: str, expect: Sequence[int], origin: str | None) -> dict[str, Any]:
        """Ask for a socket, and write down what came."""
        return self._written(
            name,
            f"{self.places.url}/ws",
            expect,
            lambda: only_answer(
                shake_hands(self.places.url, self._asker.time_left(), origin=origin)
            ),
        )

    def _written(
        self, name: str, target: str, expect: Sequence[int], take: Callable[[], Answer]
    ) -> dict[str, Any]:
        began = self._clock.timestamp()
        said: dict[str, Any] = {
            "time": as_iso(began),
            "name": name,
            "target": target,
            "expect": {"status": expect[0], "any_of": list(expect)},
        }
        try:
            answer = take()
        except OpsError as error:
            return {**said, "got": {"error": str(error)}, "ok": False}
        headers = {key: text for key, text in answer.headers.items() if key in _HEADERS}
        body = answer.body[:_EXCERPT].decode("utf-8", "replace")
        shows_body = answer.status >= _FAILED
        got = {"status": answer.status, "headers": headers}
        if shows_body:
            got["body_excerpt"] = body
        return {**said, "got": got, "ok": answer.status in expect}


_FAILED: Final = 400
_Probe = Callable[[_Taking], Iterator[dict[str, Any]]]


def _auth_service(taking: _Taking) -> Iterator[dict[str, Any]]:
    base = taking.places.auth_url
    if base is not None:
        yield taking.ask("auth service health, asked directly", "GET", f"{base}/health", (200,))
        yield taking.ask(
            "auth service keys, asked directly", "GET", f"{base}/.well-known/jwks.json", (200,)
        )


def _unauthenticated(taking: _Taking) -> Iterator[dict[str, Any]]:
    target = taking.places.url + _ME
    yield taking.ask("without a token", "GET", target, (401,))
    yield taking.ask("with a bad token", "GET", target, (401,), _BAD)


def _origin(taking: _Taking) -> Iterator[dict[str, Any]]:
    parts = urlsplit(taking.places.url)
    origin = f"{parts.scheme}://{parts.netloc}"
    yield taking.shake("websocket handshake with the page's Origin, no token", (401,), origin)
    yield taking.shake("websocket handshake without Origin, no token", (401,), None)


def _preflight(taking: _Taking) -> Iterator[dict[str, Any]]:
    parts = urlsplit(taking.places.url)
    headers: HeaderList = (
        ("Origin", f"{parts.scheme}://{parts.netloc}"),
        ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", "authorization"),
    )
    target = taking.places.url + _ME
    yield taking.ask("preflight OPTIONS without a token", "OPTIONS", target, (200, 204), *headers)


def _redirect(taking: _Taking) -> Iterator[dict[str, Any]]:
    target = taking.places.url + _ME
    yield taking.ask("redirect: asked without following", "GET", target, (401,))


def _clock(taking: _Taking) -> Iterator[dict[str, Any]]:
    for name, base in (("service", taking.places.url), ("auth service", taking.places.auth_url)):
        if base is not None:
            yield taking.ask(f"clock of the {name}, by its Date header", "GET", base, (200,))


def _certificate(taking: _Taking) -> Iterator[dict[str, Any]]:
    for name, base in (("service", taking.places.url), ("auth service", taking.places.auth_url)):
        if base is not None and base.startswith("https:"):
            yield taking.ask(f"certificate of the {name}", "GET", base, (200,))


def _revision(taking: _Taking) -> Iterator[dict[str, Any]]:
    yield taking.ask("which revision answers", "GET", f"{taking.places.url}/health/ready", (200,))


PROBES: Final = MappingProxyType(
    {
        "auth_service": _auth_service,
        "unauthenticated": _unauthenticated,
        "origin": _origin,
        "preflight": _preflight,
        "redirect": _redirect,
        "clock": _clock,
        "certificate": _certificate,
        "revision": _revision,
    }
)
"""What each probe is called, and what takes it."""


def taken(names: Sequence[str], places: Places, asker: Asker, clock: Clock) -> list[dict[str, Any]]:
    """Take probes.

    Args:
        names: Which; one that is not among `PROBES` is left out.
        places: Where.
        asker: Moves requests and answers.
        clock: Says when each was taken.

    Returns:
        What came, in the form of `probes.json`.
    """
    taking = _Taking(places, asker, clock)
    return [one for name in dict.fromkeys(names) if name in PROBES for one in PROBES[name](taking)]
