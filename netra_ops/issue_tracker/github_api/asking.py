"""Asks GitHub: gidgethub says what an answer means, and this moves the bytes and waits.

Needs the extra `github`. What is asked is known elsewhere.
"""

from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any, Final, TypeVar

import httpx2
from gidgethub import HTTPException, InvalidField
from gidgethub.abc import GitHubAPI

from netra.clock import Clock, as_iso
from netra_ops.findings import CouldNotTell, OpsError, printable
from netra_ops.issue_tracker.github_api.access import GitHubAccess
from netra_ops.issue_tracker.port import Refused, Unreadable
from netra_ops.settings import USER_AGENT, trusted_authorities

ANSWER_SECONDS: Final = 15.0
PACE_SECONDS: Final = 1.0
"""Between two writes, as GitHub asks of programs."""
SHORTEST_WAIT: Final = 1.0
UNSAID_WAIT: Final = 60.0
"""How long GitHub wants a program to wait that is told of a limit but not how long."""
MOST_PAGES: Final = 50

_LONGEST_ANSWER: Final = 16 << 20
_LONGEST_SAID: Final = 200
_API_VERSION: Final = "2022-11-28"
_NO_MORE: Final = "0"

T = TypeVar("T")


class Asking:
    """Requests to one repository's API, which never wait for longer than they may.

    Args:
        access: Where, and as whom.
        clock: What says when a limit ends.
        pause: Waits for some seconds.
        patience: Seconds that all of it together may wait for limits.
    """

    def __init__(
        self, access: GitHubAccess, clock: Clock, pause: Callable[[float], None], patience: float
    ) -> None:
        self._access = access
        self._wire = _Wire(access, clock, pause, patience)

    def get(self, path: str, what: str = "") -> Any:
        """Get one document.

        Args:
            path: Below the base URL.
            what: The thing it is about, if a 404 says that this alone is gone.

        Raises:
            CouldNotTell: There is no answer, or none that counts, or a limit that lasts too long.
            Refused: The answer is no.
        """
        return self._answer(self._wire.getitem(path), what)

    def all(self, path: str, what: str = "") -> list[Any]:
        """Get a list, all pages of it; raises what `get` raises."""
        return self._answer(self._pages(path), what)

    def post(self, path: str, data: Mapping[str, Any], what: str = "") -> Any:
        """Make something; raises what `get` raises."""
        return self._answer(self._wire.post(path, data=data), what)

    def make(self, path: str, data: Mapping[str, Any]) -> None:
        """Make something unless it is there; raises what `get` raises."""
        try:
            self._completed(self._wire.post(path, data=data))
        except InvalidField as error:
            if not any(one.get("code") == "already_exists" for one in error.errors):
                raise self._said_no(error, "") from None
        except HTTPException as error:
            raise self._said_no(error, "") from None

    def patch(self, path: str, data: Mapping[str, Any], what: str = "") -> Any:
        """Change something; raises what `get` raises."""
        return self._answer(self._wire.patch(path, data=data), what)

    def delete(self, path: str, what: str = "") -> None:
        """Take something away; that it is gone already is as good. Raises what `get` raises."""
        try:
            self._completed(self._wire.delete(path))
        except HTTPException as error:
            if error.status_code is not HTTPStatus.NOT_FOUND:
                raise self._said_no(error, what) from None

    def close(self) -> None:
        """Hang up."""
        self._wire.close()

    async def _pages(self, path: str) -> list[Any]:
        found: list[Any] = []
        async for one in self._wire.getiter(path):
            found.append(one)
            if self._wire.pages > MOST_PAGES:
                raise Unreadable(f"A list at GitHub has more than {MOST_PAGES} pages.")
        return found

    def _answer(self, asked: Coroutine[Any, Any, T], what: str) -> T:
        try:
            return self._completed(asked)
        except HTTPException as error:
            raise self._said_no(error, what) from None

    def _completed(self, asked: Coroutine[Any, Any, T]) -> T:
        """Run to its end what never waits: below it, requests and pauses block."""
        self._wire.pages = 0
        try:
            asked.send(None)
        except StopIteration as ended:
            answer: T = ended.value
            return answer
        except (HTTPException, OpsError):
            raise
        except (ValueError, LookupError, TypeError, AttributeError):
            # What the library makes of a body or a header that GitHub would never send.
            raise CouldNotTell("What answered does not answer as GitHub does.") from None
        finally:
            asked.close()
        raise AssertionError("A request waited for something else than the network.")

    def _said_no(self, error: HTTPException, what: str) -> OpsError:
        status, repository = error.status_code, self._access.repository
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status is HTTPStatus.REQUEST_TIMEOUT:
            return CouldNotTell(f"GitHub is in trouble ({int(status)}). The next run goes on.")
        if what and status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            return Refused(f"{what} is no longer at GitHub ({int(status)}).")
        if status in _GENERAL:
            text = _GENERAL[status].format(repository=repository)
            return Refused(f"{text} ({int(status)}).", is_general=True)
        if status < HTTPStatus.BAD_REQUEST:
            text = f"{repository} has moved ({int(status)}). Name it as it is called now."
            return Refused(text, is_general=True)
        said = str(error).replace(self._access.token.reveal(), "[secret]")
        said = printable(said)[:_LONGEST_SAID]
        return Refused(f"GitHub refused {what or 'this'} ({int(status)}): {said}.")


_GENERAL: Final = {
    HTTPStatus.UNAUTHORIZED: "GitHub does not accept the token for {repository}. Give another one",
    HTTPStatus.FORBIDDEN: (
        "The token may not do this in {repository}. Give one that may write issues and labels"
    ),
    HTTPStatus.NOT_FOUND: "There is no {repository}, or the token may not see it",
    HTTPStatus.GONE: "Issues are switched off in {repository}",
}


class _Wire(GitHubAPI):
    """What gidgethub needs: bytes there and back, and pauses."""

    def __init__(
        self, access: GitHubAccess, clock: Clock, pause: Callable[[float], None], patience: float
    ) -> None:
        super().__init__(USER_AGENT, base_url=access.url)
        self._access = access
        self._clock = clock
        self._pause = pause
        self._left = patience
        self._written_at: float | None = None
        self.pages = 0
        # Proxies, certificates and accounts of the environment do not decide where tokens go.
        self._client = httpx2.Client(
            trust_env=False, verify=trusted_authorities(access.url), timeout=ANSWER_SECONDS
        )

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, Mapping[str, str], bytes]:
        if not url.startswith(f"{self._access.url}/"):
            # The next page of a list is where the answer says; the token stays with GitHub.
            raise CouldNotTell("GitHub named a page that is at another address.")
        if method == "GET":
            self.pages += 1
        else:
            self._keep_pace()
        sent = {
            **headers,
            "authorization": f"Bearer {self._access.token.reveal()}",
            "x-github-api-version": _API_VERSION,
        }
        try:
            with self._client.stream(method, url, headers=sent, content=body) as response:
                content = bytearray()
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > _LONGEST_ANSWER:
                        raise CouldNotTell("GitHub's answer is longer than 16 MiB.")
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            kind = type(error).__name__
            raise CouldNotTell(f"{self._access.url} did not answer ({kind}).") from None
        answered = {name.lower(): value for name, value in response.headers.items()}
        return response.status_code, answered, bytes(content)

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        self._pause(seconds)

    async def handle_rate_limit_error(
        self, *, method: str, url: str, exception: HTTPException, attempt: int
    ) -> bool:
        """Wait for a limit to end and have it asked again, as long as there is patience."""
        _ = method, url, attempt
        seconds = _asked_to_wait(exception, self._clock.timestamp())
        if seconds is None:
            return False
        if seconds > self._left:
            until = as_iso(self._clock.timestamp() + seconds)
            raise CouldNotTell(
                f"GitHub has a limit on requests, which ends at {until}. The next run goes on."
            )
        self._left -= seconds
        await self.sleep(seconds)
        return True

    def _keep_pace(self) -> None:
        now = self._clock.monotonic()
        if self._written_at is not None and (wait := self._written_at + PACE_SECONDS - now) > 0:
            self._pause(wait)
        self._written_at = self._clock.monotonic()


def _asked_to_wait(error: HTTPException, now: float) -> float | None:
    """Say for how many seconds GitHub wants nothing asked; None if its no is about the request."""
    if error.status_code not in {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}:
        return None
    headers = error.headers
    if (after := _number(headers.get("retry-after"))) is not None:
        return max(after, SHORTEST_WAIT)
    if headers.get("x-ratelimit-remaining") == _NO_MORE:
        ends = _number(headers.get("x-ratelimit-reset"))
        return UNSAID_WAIT if ends is None else max(ends - now, 0.0) + SHORTEST_WAIT
    is_limit = error.status_code is HTTPStatus.TOO_MANY_REQUESTS or "rate limit" in str(error)
    return UNSAID_WAIT if is_limit else None


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() else None
