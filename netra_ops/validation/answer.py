"""Asking over HTTP, thinly: a request out, a plain answer in. Nothing is judged here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx2
import msgspec

from netra.clock import Clock
from netra_ops.findings import CouldNotTell
from netra_ops.settings import (
    SERVED_REVISION_HEADER,
    USER_AGENT,
    reached_at,
    trusted_authorities,
)

_MAX_BODY_BYTES: Final = 1_048_576

HeaderList = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    set_cookies: tuple[str, ...] = field(default=(), repr=False)

    @property
    def challenge(self) -> str:
        """Give the `WWW-Authenticate` header, or nothing."""
        return self.headers.get("www-authenticate", "")

    def document(self) -> Any:
        """Give the body as JSON, or None if it is none."""
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return None

    def member(self, name: str) -> Any:
        """Give a member of the body if that is a JSON object that has it, or None."""
        document = self.document()
        return document.get(name) if isinstance(document, dict) else None


class Asker:
    """Sends requests, each on its own merits: no cookies of another, no redirects followed.

    Args:
        clock: For the deadline.
        seconds: For everything that is asked through this one, together.
        patience: Seconds for one answer.
        longest: Bytes that an answer may have.
        headers: What every request says besides its own.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        seconds: float = 30.0,
        patience: float = 5.0,
        longest: int = _MAX_BODY_BYTES,
        headers: HeaderList = (),
    ) -> None:
        self.asked: str | None = None
        """The last address that was asked, without its path."""
        self._clock = clock
        self._patience = patience
        self._longest = longest
        self.headers = tuple(headers)
        self._served: dict[str, set[str]] = {}
        self._deadline = clock.monotonic() + seconds
        self._clients: dict[str, httpx2.Client] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients.values():
            client.close()

    def allow(self, seconds: float) -> None:
        """Allow at least so much time from now on."""
        self._deadline = max(self._deadline, self._clock.monotonic() + seconds)

    def time_left(self, at_most: float | None = None) -> float:
        """Say how long the next thing may take, by default as long as one answer.

        Raises:
            CouldNotTell: There is no time left.
        """
        left = self._deadline - self._clock.monotonic()
        if left <= 0:
            raise CouldNotTell("there was no time left for it")
        return min(self._patience if at_most is None else at_most, left)

    def note(self, url: str, answer: Answer) -> None:
        """Take down which revision an answer of an address was given by, if that was told."""
        if revision := answer.headers.get(SERVED_REVISION_HEADER):
            self._served.setdefault(urlsplit(url).netloc, set()).add(revision)

    def served_by(self, url: str) -> frozenset[str]:
        """Name the revisions that answered at an address so far, as its proxy told them."""
        return frozenset(self._served.get(urlsplit(url).netloc, ()))

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: HeaderList = (),
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        json: Any = None,
        patience: float | None = None,
    ) -> Answer:
        """Send one request; `patience` is for an answer that takes longer than others.

        Raises:
            CouldNotTell: There was no answer, or none that could be read.
        """
        seconds = self.time_left(patience)
        scheme, _, rest = url.partition("://")
        self.asked = f"{scheme}://{rest.partition('/')[0]}"
        client = self._client(url)
        client.cookies.clear()
        content, kind = _content(form, json)
        try:
            address, host, extensions = _addressed(url)
            with client.stream(
                method,
                address,
                headers=[*host, *self.headers, *headers, *kind],
                params=query,
                content=content,
                timeout=seconds,
                extensions=extensions,
            ) as response:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > self._longest:
                        raise CouldNotTell(
                            f"the answer of {_place(url)} is longer than {self._longest >> 20} MiB"
                        )
                answer = Answer(
                    response.status_code,
                    dict(response.headers),
                    bytes(body),
                    tuple(response.headers.get_list("set-cookie")),
                )
                self.note(url, answer)
                return answer
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise CouldNotTell(f"{_place(url)} did not answer ({type(error).__name__})") from error

    def _client(self, url: str) -> httpx2.Client:
        scheme = url.partition(":")[0]
        if scheme not in self._clients:
            # Proxies and certificate paths of the environment do not decide where secrets go.
            self._clients[scheme] = httpx2.Client(
                trust_env=False,
                verify=trusted_authorities(url),
                headers={"User-Agent": USER_AGENT},
            )
        return self._clients[scheme]


def _addressed(url: str) -> tuple[httpx2.URL, HeaderList, dict[str, str]]:
    """Give where a request is sent, the host it asks for there, and whose certificate is wanted."""
    parsed = httpx2.URL(url)
    place = reached_at(parsed.host)
    if place == parsed.host:
        return parsed, (), {}
    name = parsed.netloc.decode("ascii")
    return parsed.copy_with(host=place), (("Host", name),), {"sni_hostname": parsed.host}


def _content(form: Mapping[str, str] | None, json: Any) -> tuple[bytes | None, HeaderList]:
    if form is not None:
        encoded = str(httpx2.QueryParams(dict(form))).encode()
        return encoded, (("Content-Type", "application/x-www-form-urlencoded"),)
    if json is not None:
        return msgspec.json.encode(json), (("Content-Type", "application/json"),)
    return None, ()


def _place(url: str) -> str:
    """Give the part of a URL that may be shown."""
    return url.partition("?")[0]
