"""The parts of GitHub's REST API that issues are filed with, on a socket of this machine.

Written from GitHub's documentation, beside no client of ours: labels of an account that may not set
them are dropped without a word, lists hold pull requests and come in pages, what is not to be seen
is not found, and limits come with their headers. Tests switch on what goes wrong.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

REPOSITORY: Final = "acme/shop"
TOKEN: Final = "ghp_Xk3vQ9tLm2RzB7wYc5HdN8pSf1JgA4uEo6Ti"
LONGEST_BODY: Final = 65_536
LONGEST_LABEL: Final = 50
_STARTED: Final = 1_800_000_000
_DOCUMENTATION: Final = "https://docs.github.com/rest"


@dataclass(frozen=True)
class Person:
    """Whose token it is.

    Attributes:
        login: The account's name.
        may_push: Whether it may set labels and close what others filed.
        is_app: Whether it is an app's token, which may not ask who it is.
    """

    login: str
    may_push: bool = True
    is_app: bool = False


class Answer(Exception):
    """An answer that ends a request."""

    def __init__(
        self, status: int, document: Any = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status)
        self.status = status
        self.document = document
        self.headers = dict(headers or {})


def no(status: int, message: str, **more: Any) -> Answer:
    """Make an answer that says no, as GitHub words it."""
    document = {"message": message, "documentation_url": _DOCUMENTATION, "status": str(status)}
    return Answer(status, document | more)


@dataclass
class FakeGitHub:
    """What GitHub has and is asked, and what is wrong with it at the moment.

    Attributes:
        people: Whose tokens it knows.
        issues: Issues and pull requests by their numbers.
        comments: Comments by their ids.
        labels: The repository's labels.
        asked: Every request, as `METHOD /path`.
        writes: How many things were written.
        now: Seconds since the epoch.
        issues_off: Whether the repository has no issues.
        moved: Whether the repository has another name by now.
        lags: Whether lists do not show what was made since this was switched on.
        cut_at: The write, counted from 1, after which the answer does not arrive.
        limits: What the next requests are answered instead.
        garbage: What every request is answered, verbatim.
        next_page: Where lists say that their next page is, if not here.
        before: Is called with `METHOD /path` before anything is done.
        url: Where it is.
        clients: What is to be closed with it.
    """

    people: dict[str, Person] = field(default_factory=lambda: {TOKEN: Person("netra-bot")})
    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    comments: dict[int, dict[str, Any]] = field(default_factory=dict)
    labels: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    writes: int = 0
    now: float = _STARTED
    issues_off: bool = False
    moved: bool = False
    lags: bool = False
    cut_at: int | None = None
    limits: list[Answer] = field(default_factory=list)
    garbage: tuple[int, str, bytes] | None = None
    next_page: str | None = None
    before: Callable[[str], None] = lambda _: None
    url: str = ""
    clients: ExitStack = field(default_factory=ExitStack)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _comment_ids: int = 9000

    def open_numbers(self) -> list[int]:
        """Number the issues that are open."""
        return [n for n, one in self.issues.items() if one["state"] == "open"]

    def comments_of(self, number: int) -> list[dict[str, Any]]:
        """Give an issue's comments."""
        return [one for one in self.comments.values() if one["_issue"] == number]

    def written_by(self, login: str, number: int, body: str) -> int:
        """Let somebody comment on an issue; gives the comment's id."""
        with self._lock:
            return int(self._add_comment(Person(login), number, body)["id"])

    def filed_by(
        self, login: str, body: str, labels: tuple[str, ...] = (), *, is_pull: bool = False
    ) -> int:
        """Let somebody file an issue, or a pull request; gives its number."""
        with self._lock:
            issue = self._add_issue(Person(login), "A title", body, list(labels))
            if is_pull:
                issue["pull_request"] = {"url": f"{self.url}/pulls/{issue['number']}"}
            return int(issue["number"])

    def close(self, number: int, reason: str = "completed") -> None:
        """Let a person close an issue."""
        self._set_state(self.issues[number], "closed", reason)

    def answer(self, method: str, target: str, token: str | None, body: bytes) -> Answer:
        """Answer a request."""
        url = urlsplit(target)
        self.before(f"{method} {url.path}")
        with self._lock:
            self.asked.append(f"{method} {url.path}")
            try:
                if self.limits:
                    raise self.limits.pop(0)
                if token is None or (person := self.people.get(token)) is None:
                    raise no(401, "Bad credentials")
                query = {name: values[-1] for name, values in parse_qs(url.query).items()}
                self._route(person, method, url.path, query, json.loads(body) if body else {})
            except Answer as answer:
                is_write = method != "GET" and answer.status < 300
                self.writes += is_write
                if is_write and self.writes == self.cut_at:
                    return Answer(0)
                return answer
        raise AssertionError("Every route answers.")

    def _route(
        self, person: Person, method: str, path: str, query: Mapping[str, str], data: Any
    ) -> None:
        if (method, path) == ("GET", "/user"):
            if person.is_app:
                raise no(403, "Resource not accessible by integration")
            raise Answer(200, {"login": person.login, "id": 1, "type": "User"})
        base = f"/repos/{REPOSITORY}"
        if not path.startswith(f"{base}/"):
            raise no(404, "Not Found")
        if self.moved:
            raise Answer(301, {"message": "Moved Permanently"}, {"location": f"{self.url}/x"})
        place = path.removeprefix(base)
        if place.startswith("/issues") and self.issues_off:
            raise no(410, "Issues has been disabled in this repository.")
        for pattern, route in _ROUTES.get(method, {}).items():
            if (match := re.fullmatch(pattern, place)) is not None:
                route(self, person, [unquote(part) for part in match.groups()], query, data)
        raise no(404, "Not Found")

    def list_issues(
        self, person: Person, parts: list[str], query: Mapping[str, str], data: Any
    ) -> None:
        """Give a page of issues, the newest first, as GitHub does unless asked otherwise."""
        _ = person, data, parts
        wanted = [name.lower() for name in query.get("labels", "").split(",") if name]
        state = query.get("state", "open")
        found = [
            issue
            for issue in reversed(self.issues.values())
            if state in ("all", issue["state"])
            and not issue["_unseen"]
            and set(wanted) <= {label["name"].lower() for label in issue["labels"]}
        ]
        self._page(found, f"/repos/{REPOSITORY}/issues", query)

    def list_comments(
        self, person: Person, parts: list[str], query: Mapping[str, str], data: Any
    ) -> None:
        """Give a page of an issue's comments, the oldest first."""
        _ = person, data
        number = int(parts[0])
        self._issue(number)
        path = f"/repos/{REPOSITORY}/issues/{number}/comments"
        self._page(self.comments_of(number), path, query)

    def give_issue(self, person: Person, parts: list[str], *rest: Any) -> None:
        """Give one issue."""
        _ = person, rest
        raise Answer(200, shown(self._issue(int(parts[0]))))

    def create_issue(self, person: Person, parts: list[str], query: Any, data: Any) -> None:
        """File an issue; labels that are not there are made, if the account may."""
        _ = parts, query
        if not data.get("title"):
            raise no(422, "Validation Failed", errors=[_flaw("Issue", "missing_field", "title")])
        self._check_body(data, "Issue")
        labels = data.get("labels", []) if person.may_push else []
        issue = self._add_issue(person, data["title"], data.get("body"), labels)
        raise Answer(201, shown(issue), {"location": issue["url"]})

    def change_issue(self, person: Person, parts: list[str], query: Any, data: Any) -> None:
        """Change an issue's title, body or state."""
        _ = query
        issue = self._issue(int(parts[0]))
        if not person.may_push and issue["user"]["login"] != person.login:
            raise no(403, "Must have admin rights to Repository.")
        self._check_body(data, "Issue")
        reasons = {"completed", "not_planned", "duplicate", "reopened", None}
        if data.get("state", "open") not in {"open", "closed"} or (
            data.get("state_reason") not in reasons
        ):
            raise no(422, "Validation Failed", errors=[_flaw("Issue", "invalid", "state")])
        issue |= {name: data[name] for name in ("title", "body") if name in data}
        if "state" in data and data["state"] != issue["state"]:
            self._set_state(issue, data["state"], data.get("state_reason"))
        raise Answer(200, shown(issue))

    def create_comment(self, person: Person, parts: list[str], query: Any, data: Any) -> None:
        """Comment."""
        _ = query
        if not data.get("body"):
            raise no(422, "Validation Failed", errors=[_flaw("IssueComment", "missing", "body")])
        self._check_body(data, "IssueComment")
        self._issue(int(parts[0]))
        raise Answer(201, shown(self._add_comment(person, int(parts[0]), data["body"])))

    def delete_comment(self, person: Person, parts: list[str], *rest: Any) -> None:
        """Take a comment away."""
        _ = rest
        comment = self.comments.get(int(parts[0]))
        if comment is None:
            raise no(404, "Not Found")
        if not person.may_push and comment["user"]["login"] != person.login:
            raise no(403, "Must have admin rights to Repository.")
        del self.comments[int(parts[0])]
        self.issues[comment["_issue"]]["comments"] -= 1
        raise Answer(204)

    def create_label(self, person: Person, parts: list[str], query: Any, data: Any) -> None:
        """Make a label."""
        _ = parts, query
        if not person.may_push:
            raise no(403, "Resource not accessible by personal access token")
        if len(data["name"]) > LONGEST_LABEL:
            raise no(422, "Validation Failed", errors=[_flaw("Label", "invalid", "name")])
        if data["name"].lower() in self.labels:
            raise no(422, "Validation Failed", errors=[_flaw("Label", "already_exists", "name")])
        raise Answer(201, self._label(data["name"], data.get("color", "ededed")))

    def add_labels(self, person: Person, parts: list[str], query: Any, data: Any) -> None:
        """Set more labels of an issue."""
        _ = query
        if not person.may_push:
            raise no(403, "Resource not accessible by personal access token")
        issue = self._issue(int(parts[0]))
        held = {label["name"] for label in issue["labels"]}
        issue["labels"] += [self._label(n) for n in data["labels"] if n not in held]
        raise Answer(200, issue["labels"])

    def remove_label(self, person: Person, parts: list[str], *rest: Any) -> None:
        """Take a label from an issue."""
        _ = rest
        if not person.may_push:
            raise no(403, "Resource not accessible by personal access token")
        issue = self._issue(int(parts[0]))
        left = [label for label in issue["labels"] if label["name"] != parts[1]]
        if len(left) == len(issue["labels"]):
            raise no(404, "Label does not exist")
        issue["labels"] = left
        raise Answer(200, left)

    def _issue(self, number: int) -> dict[str, Any]:
        if number not in self.issues:
            raise no(404, "Not Found")
        return self.issues[number]

    def _add_issue(
        self, person: Person, title: str, body: str | None, labels: list[str]
    ) -> dict[str, Any]:
        number = len(self.issues) + 1
        self.issues[number] = {
            "id": 70_000 + number,
            "number": number,
            "url": f"{self.url}/repos/{REPOSITORY}/issues/{number}",
            "html_url": f"https://github.com/{REPOSITORY}/issues/{number}",
            "title": title,
            "body": body,
            "user": {"login": person.login, "id": 1, "type": "User"},
            "labels": [self._label(name) for name in labels],
            "state": "open",
            "state_reason": None,
            "locked": False,
            "comments": 0,
            "created_at": self._time(),
            "closed_at": None,
            "_unseen": self.lags,
        }
        return self.issues[number]

    def _add_comment(self, person: Person, number: int, body: str) -> dict[str, Any]:
        self._comment_ids += 1
        self.issues[number]["comments"] += 1
        self.comments[self._comment_ids] = {
            "id": self._comment_ids,
            "html_url": f"https://github.com/{REPOSITORY}/issues/{number}#{self._comment_ids}",
            "body": body,
            "user": {"login": person.login, "id": 1, "type": "User"},
            "author_association": "NONE",
            "created_at": self._time(),
            "_issue": number,
        }
        return self.comments[self._comment_ids]

    def _set_state(self, issue: dict[str, Any], state: str, reason: str | None) -> None:
        issue["state"] = state
        closed = state == "closed"
        issue["state_reason"] = (reason or "completed") if closed else "reopened"
        issue["closed_at"] = self._time() if closed else None

    def _label(self, name: str, colour: str = "ededed") -> dict[str, Any]:
        fresh = {"id": len(self.labels) + 1, "name": name, "color": colour, "default": False}
        return self.labels.setdefault(name.lower(), fresh)

    def _check_body(self, data: Any, resource: str) -> None:
        if len(data.get("body") or "") > LONGEST_BODY:
            error = _flaw(resource, "custom", "body")
            error["message"] = f"body is too long (maximum is {LONGEST_BODY} characters)"
            raise no(422, "Validation Failed", errors=[error])

    def _page(self, found: list[dict[str, Any]], path: str, query: Mapping[str, str]) -> None:
        size = min(int(query.get("per_page", "30")), 100)
        page = int(query.get("page", "1"))
        headers = {}
        if page * size < len(found):
            rest = "&".join(f"{n}={v}" for n, v in query.items() if n != "page")
            following = self.next_page or f"{self.url}{path}?{rest}&page={page + 1}"
            last = f"{self.url}{path}?{rest}&page={-(-len(found) // size)}"
            headers["link"] = f'<{following}>; rel="next", <{last}>; rel="last"'
        part = found[(page - 1) * size : page * size]
        raise Answer(200, [shown(one) for one in part], headers)

    def _time(self) -> str:
        return datetime.fromtimestamp(self.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def shown(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give what of a document goes over the wire."""
    return {name: value for name, value in document.items() if not name.startswith("_")}


def _flaw(resource: str, code: str, name: str) -> dict[str, str]:
    return {"resource": resource, "code": code, "field": name}


_ROUTES: Final[dict[str, dict[str, Any]]] = {
    "GET": {
        r"/issues": FakeGitHub.list_issues,
        r"/issues/(\d+)": FakeGitHub.give_issue,
        r"/issues/(\d+)/comments": FakeGitHub.list_comments,
    },
    "POST": {
        r"/issues": FakeGitHub.create_issue,
        r"/issues/(\d+)/comments": FakeGitHub.create_comment,
        r"/issues/(\d+)/labels": FakeGitHub.add_labels,
        r"/labels": FakeGitHub.create_label,
    },
    "PATCH": {r"/issues/(\d+)": FakeGitHub.change_issue},
    "DELETE": {
        r"/issues/comments/(\d+)": FakeGitHub.delete_comment,
        r"/issues/(\d+)/labels/([^/]+)": FakeGitHub.remove_label,
    },
}


@contextmanager
def github() -> Iterator[FakeGitHub]:
    """Serve a GitHub until the block ends."""
    fake = FakeGitHub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            scheme, _, token = self.headers.get("authorization", "").partition(" ")
            known = token if scheme.lower() in {"bearer", "token"} else None
            if fake.garbage is not None:
                status, kind, content = fake.garbage
                self._send(status, content, {"content-type": kind})
                return
            answer = fake.answer(self.command, self.path, known, body)
            if answer.status == 0:
                self.close_connection = True
                return
            content = b"" if answer.document is None else json.dumps(answer.document).encode()
            kind = "application/json; charset=utf-8"
            self._send(answer.status, content, {"content-type": kind, **answer.headers})

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - names of the base class

        def _send(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("content-length", str(len(content)))
            self.end_headers()
            if status != 204:
                self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with fake.clients:
            yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
