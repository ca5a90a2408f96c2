"""Events to a webhook, beside the reading: its receiver may hang, and nothing waits for it."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Final
from urllib.parse import urlsplit

import httpx2

from netra.contract.formats import is_loopback
from netra_ops.findings import UsageRefused
from netra_ops.settings import USER_AGENT, trusted_authorities

ANSWER_SECONDS: Final = 5.0
"""For one attempt as a whole, whatever the receiver does."""
PAUSES: Final = (0.5, 2.0)
"""Seconds between attempts: three attempts are made."""
MOST_WAITING: Final = 100
CLOSING_SECONDS: Final = 5.0
"""How long the end of the following waits for what is not yet delivered."""
_LOOK_SECONDS: Final = 0.2
_AGAIN: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


class Receiver:
    """Where events go.

    Args:
        url: https, or http to this machine. It may hold credentials and is never shown whole.

    Attributes:
        url: The same.
        shown: What of it may be shown: where it is.

    Raises:
        UsageRefused: It is none, or would send in clear text to another machine.
    """

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
            httpx2.URL(url)
        except (ValueError, httpx2.InvalidURL):
            raise UsageRefused("What --alarm names is no URL.") from None
        if parts.scheme not in {"http", "https"} or not host or not url.isprintable():
            raise UsageRefused("What --alarm names is no https:// URL.")
        if parts.scheme == "http" and not is_loopback(host):
            raise UsageRefused("--alarm takes http for this machine alone; write https.")
        self.url = url
        named = f"[{host}]" if ":" in host else host
        self.shown = f"{parts.scheme}://{named}" + (f":{port}" if port else "")


class Alarm:
    """Posts events in their order, one at a time.

    What comes while a hundred wait is not delivered. Neither is what three attempts do not bring
    to a 2xx, or what the receiver refuses.

    Args:
        receiver: Where to.
        say: Is told, from another thread, what could not be delivered.

    Attributes:
        delivered: How many were.
        lost: How many were not.
    """

    def __init__(self, receiver: Receiver, say: Callable[[str], None]) -> None:
        self._receiver = receiver
        self._say = say
        self._waiting: Queue[bytes] = Queue(MOST_WAITING)
        self._closing = Event()
        self._given_up = Event()
        self._tls = trusted_authorities(receiver.url)
        self.delivered = self.lost = 0
        self._refused_room = 0
        self._thread = Thread(target=self._run, name="follow-alarm", daemon=True)
        self._thread.start()

    def send(self, document: bytes) -> None:
        """Have an event delivered; never waits."""
        try:
            self._waiting.put_nowait(document)
        except Full:
            self._refused_room += 1
            self._say(f"An event was not sent to {self._receiver.shown}: {MOST_WAITING} wait.")

    def close(self) -> tuple[int, int]:
        """End, giving what waits a few seconds; gives how many were delivered and how many not."""
        self._closing.set()
        self._thread.join(CLOSING_SECONDS)
        self._given_up.set()
        under_way = int(self._thread.is_alive())
        left = self._waiting.qsize() + under_way
        if left:
            self._say(f"{left} events were not sent to {self._receiver.shown}: the end came first.")
        return self.delivered, self.lost + self._refused_room + left

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            while not self._given_up.is_set():
                try:
                    document = self._waiting.get(timeout=_LOOK_SECONDS)
                except Empty:
                    if self._closing.is_set():
                        return
                    continue
                why = runner.run(self._deliver(document))
                if why is None:
                    self.delivered += 1
                elif not self._given_up.is_set():
                    self.lost += 1
                    self._say(f"An event was not sent to {self._receiver.shown}: {why}.")

    async def _deliver(self, document: bytes) -> str | None:
        """Give why an event could not be delivered; None if it was."""
        why: str | None = None
        for pause in (*PAUSES, None):
            why, is_final = await self._attempt(document)
            if is_final or pause is None or self._given_up.is_set():
                break
            await asyncio.sleep(pause)
        return why

    async def _attempt(self, document: bytes) -> tuple[str | None, bool]:
        """Give what went wrong, and whether there is nothing more to be tried."""
        # Proxies, certificates and accounts of the environment do not decide where events go.
        client = httpx2.AsyncClient(trust_env=False, verify=self._tls, timeout=ANSWER_SECONDS)
        headers = {"content-type": "application/json", "user-agent": USER_AGENT}
        try:
            async with (
                asyncio.timeout(ANSWER_SECONDS),
                client,
                client.stream(
                    "POST", self._receiver.url, content=document, headers=headers
                ) as response,
            ):
                status = response.status_code
        except TimeoutError:
            return f"no answer within {ANSWER_SECONDS:g} s", False
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            return f"it cannot be reached ({type(error).__name__})", False
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return None, True
        is_final = status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _AGAIN
        return f"it answered {status}", is_final
