"""One HTTP call to a JSON service: its shape, its limits, and making it exactly once.

Repetition, the circuit breaker and what an answer means are decided by the caller.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import httpx2
import msgspec

from netra.errors import AuthServiceUnreachable, ConfigurationInvalid
from netra.secret import Secret
from netra_backend.app.clients.transport_failures import describe

TOO_MANY_REQUESTS: Final = 429
_TRANSIENT: Final = frozenset({TOO_MANY_REQUESTS, 502, 503, 504})
_MAX_BODY_BYTES: Final = 2 * 1024 * 1024
_LONGEST_RETRY_AFTER_DIGITS: Final = 5


@dataclass(frozen=True, slots=True)
class AuthTimeouts:
    """Seconds each part of a call may take; `total` covers every attempt and the pauses between."""

    connect: float = 1.0
    read: float = 3.0
    write: float = 1.0
    pool: float = 1.0
    total: float = 5.0


@dataclass(frozen=True, slots=True)
class AuthCall:
    """One call, safe to make again.

    Attributes:
        method: GET or POST.
        path: Below the configured address.
        query: For GET.
        form: For POST.
        authorization: The whole `Authorization` value.
        held_seconds: How long the auth service was asked to hold its answer at most.
        attempts: How often it may be made when the transport fails.
    """

    method: Literal["GET", "POST"]
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    authorization: Secret | None = None
    held_seconds: float = 0.0
    attempts: int = 3


@dataclass(frozen=True, slots=True)
class JsonAnswer:
    """What came back: a status below 500 and the JSON document, or None if it was not JSON."""

    status: int
    document: Any


@dataclass(frozen=True, slots=True)
class Received:
    """An answer as it came."""

    status: int
    headers: httpx2.Headers
    body: bytes

    @property
    def retry_after(self) -> int | None:
        """Seconds the other side asks us to wait, if it says so in digits (RFC 9110 10.2.3)."""
        text = self.headers.get("Retry-After", "")
        usable = text.isascii() and text.isdigit() and len(text) <= _LONGEST_RETRY_AFTER_DIGITS
        return int(text) if usable else None

    def document(self) -> Any:
        """Give the JSON document, or None if there is none."""
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return None


class Transient(AuthServiceUnreachable):
    """An attempt failed in a way that another may not."""

    def __init__(self, reason: str, received: Received | None = None) -> None:
        self.received = received
        self.wait = received.retry_after if received else None
        super().__init__(reason, retry_after=self.wait or 2)


def tls_context(base_url: str, ca_path: str | None) -> ssl.SSLContext:
    """Give the context an address is called with; certificates are verified in every one.

    Raises:
        ConfigurationInvalid: The address or the certificate file cannot be used.
    """
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationInvalid("AUTH_SERVICE_URL must be an http or https address.")
    if parts.scheme == "http":
        # Never used, and made without reading a file: it trusts nobody.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_path is None:
        return httpx2.create_ssl_context(trust_env=False)
    try:
        return ssl.create_default_context(cafile=ca_path)
    except OSError as error:
        raise ConfigurationInvalid(
            "AUTH_CA_PATH must name a readable file of PEM certificates."
        ) from error


async def make_call(
    client: httpx2.AsyncClient, base_url: str, call: AuthCall, limits: AuthTimeouts
) -> Received:
    """Make one call, once, and give an answer below 500.

    Raises:
        Transient: The transport failed, or the answer was 429, 502, 503 or 504.
        AuthServiceUnreachable: The answer was another fault, or larger than 2 MiB.
    """
    received: Received | None = None
    failure = ""
    try:
        received = await _send(client, base_url, call, limits)
    except httpx2.HTTPError as error:
        failure = describe(error)
    # Raised out here, the error drags no library error along, whose text or request could show a
    # header.
    if received is None:
        raise Transient(f"{call.path}: {failure}")
    if received.status in _TRANSIENT:
        raise Transient(f"{call.path} answered {received.status}", received)
    if received.status >= 500:  # noqa: PLR2004 - the class of faults
        raise AuthServiceUnreachable(f"{call.path} answered {received.status}")
    return received


async def _send(
    client: httpx2.AsyncClient, base_url: str, call: AuthCall, limits: AuthTimeouts
) -> Received:
    headers = {}
    if call.authorization is not None:
        headers["Authorization"] = call.authorization.reveal()
    async with client.stream(
        call.method,
        base_url + call.path,
        params=dict(call.query) or None,
        data=None if call.form is None else dict(call.form),
        headers=headers,
        timeout=httpx2.Timeout(
            connect=limits.connect,
            read=limits.read + call.held_seconds,
            write=limits.write,
            pool=limits.pool,
        ),
    ) as response:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _MAX_BODY_BYTES:
                raise AuthServiceUnreachable(f"{call.path} answered with more than 2 MiB")
        return Received(response.status_code, response.headers, bytes(body))
