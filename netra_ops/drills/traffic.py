"""Ordinary people on an installation: they log in, read, write and chat, and count what failed."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from netra.clock import Clock
from netra.principal import PrincipalKind
from netra.secret import Secret
from netra.wire.chat_protocol import Failed, Ready, Resume
from netra_ops.findings import CouldNotTell, OpsError
from netra_ops.validation.answer import Answer, Asker
from netra_ops.validation.auth_service import AuthService, bearer
from netra_ops.validation.credentials import Person
from netra_ops.validation.expectation import tokens_of
from netra_ops.validation.socket import Closed, shake_hands

_BETWEEN_SECONDS: Final = 0.15
_PATIENCE: Final = 5.0
_FOR_EVER: Final = 1e9
_LOG_IN_SECONDS: Final = 20.0
_STAYS: Final = 100.0
"""The first person logs in so often, as people do who come and go; each other one stays longer."""
_AGAIN_SECONDS: Final = 2.0
"""Whoever is refused with a token older than that logs in anew."""
_REFUSED: Final = "401"
_BROWSER: Final = (("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/145.0"),)


@dataclass(frozen=True, slots=True)
class Request:
    """What one person tried: when, by the monotonic clock, what, and whether it was served."""

    at: float
    what: str
    served: bool
    got: str


@dataclass
class Counted:
    """What everybody tried, in the order in which it ended."""

    requests: list[Request] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def note(self, request: Request) -> None:
        """Take one down."""
        with self._news:
            self.requests.append(request)
            self._news.notify_all()

    def between(self, begin: float, end: float) -> tuple[Request, ...]:
        """Give what ended in a time."""
        with self._news:
            return tuple(one for one in self.requests if begin <= one.at <= end)

    def wait_for(self, number: int, since: float, seconds: float, *, failed: bool = False) -> bool:
        """Wait until so many more were tried, or so many failed; tell whether they were."""

        def enough() -> bool:
            wanted = (one for one in self.requests if one.at >= since)
            return sum(not one.served or not failed for one in wanted) >= number

        with self._news:
            return self._news.wait_for(enough, seconds)


def failures(requests: Sequence[Request]) -> dict[str, int]:
    """Count what failed, by what was tried and what came instead."""
    counts = Counter(f"{one.what}: {one.got}" for one in requests if not one.served)
    return dict(counts.most_common())


@contextmanager
def people(
    url: str, auth_url: str, persons: Sequence[Person], clock: Clock, origin: str | None = None
) -> Iterator[Counted]:
    """Have people use an installation until the block ends.

    Args:
        url: Where the backend is reached.
        auth_url: Where they log in.
        persons: Who they are; their accounts are there.
        clock: Says when what ended.
        origin: The page they chat on; by default the backend's own.
    """
    counted, is_over = Counted(), threading.Event()
    threads = [
        threading.Thread(
            target=_Visitor(
                url,
                auth_url,
                origin or url,
                person,
                clock,
                counted,
                is_over,
                _LOG_IN_SECONDS + number * _STAYS,
            ).live,
            name=f"person {number}",
            daemon=True,
        )
        for number, person in enumerate(persons)
    ]
    for thread in threads:
        thread.start()
    try:
        yield counted
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


class _Visitor:
    """One person at one browser."""

    def __init__(
        self,
        url: str,
        auth_url: str,
        origin: str,
        person: Person,
        clock: Clock,
        counted: Counted,
        is_over: threading.Event,
        stays: float,
    ) -> None:
        self._url, self._auth_url, self._origin = url, auth_url, origin
        self._person = person
        self._clock = clock
        self._counted = counted
        self._is_over = is_over
        self._stays = stays
        self._token: Secret | None = None
        self._since = 0.0
        self._thread = ""

    def live(self) -> None:
        """Do what people do, again and again."""
        deeds: tuple[Callable[[Asker], str], ...] = (
            self._who_am_i,
            self._write,
            self._read,
            self._chat,
            self._who_am_i,
        )
        with Asker(self._clock, seconds=_FOR_EVER, patience=_PATIENCE, headers=_BROWSER) as asker:
            while True:
                for deed in deeds:
                    if self._token is None or self._clock.monotonic() - self._since > self._stays:
                        self._try("log in", self._log_in, asker)
                    if self._token is not None:
                        self._try(deed.__name__.strip("_").replace("_", " "), deed, asker)
                    if self._is_over.wait(_BETWEEN_SECONDS):
                        return

    def _is_stale(self) -> bool:
        return self._clock.monotonic() - self._since > self._stays

    def _try(self, what: str, deed: Callable[[Asker], str], asker: Asker) -> None:
        got, served = "", False
        try:
            got = deed(asker)
            served = not got
        except CouldNotTell:
            got = "no answer"
        except OpsError as error:
            got = str(error)
        self._counted.note(Request(self._clock.monotonic(), what, served, got))
        if got == _REFUSED and self._clock.monotonic() - self._since > _AGAIN_SECONDS:
            self._token = None

    def _log_in(self, asker: Asker) -> str:
        self._token = None
        auth = AuthService(self._auth_url, asker)
        answer = auth.redeem(auth.sign_in(self._person))
        if (tokens := tokens_of(answer)) is None:
            return str(answer.status)
        self._token, self._since = Secret(tokens.access_token), self._clock.monotonic()
        return ""

    def _who_am_i(self, asker: Asker) -> str:
        answer = self._asked(asker, "GET", "/api/me")
        if answer.status != HTTPStatus.OK:
            return str(answer.status)
        return "" if answer.member("kind") == PrincipalKind.USER else "200 for nobody"

    def _write(self, asker: Asker) -> str:
        if not self._thread:
            made = self._asked(asker, "POST", "/api/threads", {"title": "Today"})
            if made.status != HTTPStatus.CREATED:
                return str(made.status)
            self._thread = str(made.member("id"))
        place = f"/api/threads/{self._thread}/messages"
        answer = self._asked(asker, "POST", place, {"text": "What is on today?"})
        return "" if answer.status == HTTPStatus.CREATED else str(answer.status)

    def _read(self, asker: Asker) -> str:
        answer = self._asked(asker, "GET", "/api/threads")
        return "" if answer.status == HTTPStatus.OK else str(answer.status)

    def _chat(self, _asker: Asker) -> str:
        headers = [*_BROWSER, *self._bearer()]
        socket = shake_hands(self._url, _PATIENCE, headers=headers, origin=self._origin)
        if isinstance(socket, Answer):
            return str(socket.status)
        with socket:
            socket.send(Resume(after=None))
            while True:
                heard = socket.next(_PATIENCE)
                if isinstance(heard, Ready):
                    return ""
                if isinstance(heard, Closed | Failed):
                    return f"closed with {heard.code}"

    def _asked(self, asker: Asker, method: str, path: str, json: object = None) -> Answer:
        return asker.ask(method, self._url + path, headers=self._bearer(), json=json)

    def _bearer(self) -> list[tuple[str, str]]:
        return bearer(self._token or Secret(""))
