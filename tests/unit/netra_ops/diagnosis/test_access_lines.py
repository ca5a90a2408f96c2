"""Access lines of many servers: which requests a log tells of, whoever wrote it."""

import json
from pathlib import Path

import pytest

from fakes.cloud_lines import BEGIN
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Request
from netra_ops.diagnosis.signs.tallying import tallied
from netra_ops.logs.reading import Reading

LINES = (
    (
        "2025-10-09 08:53:21,123 INFO werkzeug 203.0.113.7 - - [09/Oct/2025 08:53:21] "
        '"\x1b[31m\x1b[1mGET /orders/17 HTTP/1.1\x1b[0m" 401 -'
    ),
    "\x1b[0mGET /orders/17 \x1b[33m401\x1b[0m 3.214 ms - 27\x1b[0m",
    "  xxx GET /orders/17 401 3ms -",
    " GET /orders/17 401 in 12ms",
    "251009/085321.123, [response] http://0.0.0.0:8080: get /orders/17 {} 401 (3ms)",
    "[Thu Oct  9 08:53:21 2025] 203.0.113.7:50123 [401]: GET /orders/17",
    "2025-10-09 08:53:21 10.0.0.1 GET /orders/17 - 443 - 203.0.113.7 Mozilla/5.0 - 401 0 0 15",
    (
        "2025-10-09 08:53:21 W3SVC1 10.0.0.1 GET /orders/17 - 443 - 203.0.113.7 HTTP/1.1 "
        "Mozilla/5.0 - shop.example 401 2 5 332 512 15"
    ),
    "2025-10-09 08:53:21.123 [worker-1] INFO  App - 401 Unauthorized: GET - /orders/17 in 3ms",
    "2025-10-09 08:53:21 INFO  access GET /orders/17 took 3ms and returned 401",
    (
        "[GIN] 2025/10/09 - 08:53:21 |\x1b[90;43m 401 \x1b[0m|    32.1µs |   203.0.113.7 "
        '|\x1b[97;44m GET     \x1b[0m "/orders/17"'
    ),
    '[GIN] 2025/10/09 - 08:53:21 | 401 |  1m2.123s |  203.0.113.7 | GET      "/orders/17"',
    (
        '2025/10/09 08:53:21 [a/b-000001] "GET http://x.example/orders/17 HTTP/1.1" from '
        "203.0.113.7:5123 - 401 27B in 32.123µs"
    ),
    "[08:53:21] 401 -   0s GET /orders/17",
    "[negroni] 2025-10-09T08:53:21Z | 401 | \t 32.1µs | x.example | GET /orders/17",
    (
        '2025-10-09T08:53:21.123Z\tINFO\tmw/log.go:33\trequest\t{"method": "GET", '
        '"path": "/orders/17", "status": 401, "latency": "3.2ms"}'
    ),
    (
        "\x1b[2m2025-10-09T08:53:21.123456Z\x1b[0m \x1b[34mDEBUG\x1b[0m request{\x1b[3mmethod"
        "\x1b[0m\x1b[2m=\x1b[0mGET uri=/orders/17}: finished processing request latency=0 ms "
        "status=401"
    ),
    (
        "203.0.113.7:5123 [09/Oct/2025:08:53:21.123] fe~ be/s1 0/0/1/2/3 401 226 - - ---- "
        '1/1/0/0/0 0/0 "GET https://x.example/orders/17 HTTP/2.0"'
    ),
    (
        "2025-10-09T08:53:21.1Z my-lb 203.0.113.7:5123 10.4.0.7:80 0.00007 0.00104 0.00005 401 401 "
        '0 29 "GET http://x.example:80/orders/17 HTTP/1.1" "curl/8" - -'
    ),
    "2025-10-09\t08:53:21\tFRA2\t27\t203.0.113.7\tGET\tx.example\t/orders/17\t401\t-\tcurl/8",
    '[GET] 401 x.example/orders/17 clientIP="203.0.113.7" responseTimeMS=3',
    "[W 251009 08:53:21 web:2348] 401 GET /orders/17 (203.0.113.7) 3.21ms",
    (
        "[2025-10-09 08:53:21 +0000] - (sanic.access)[INFO][203.0.113.7:5123]: "
        "GET http://x.example/orders/17  401 27"
    ),
    "2025-10-09 08:53:21 [info     ] request_finished    code=401 request='GET /orders/17'",
    '2025-10-09 08:53:21 INFO AccessLog - "GET /orders/17" -> 401 in 3ms',
)
MEMBERS = (
    {"request": "GET /orders/17 HTTP/1.1", "status": "401", "remote_addr": "203.0.113.7"},
    {"code": 401, "request": "GET /orders/17", "event": "request_finished"},
    {"fields": {"status": 401}, "span": {"method": "GET", "uri": "/orders/17"}},
    {"httpMethod": "GET", "resourcePath": "/orders/17", "status": "401"},
    {"ClientRequestMethod": "GET", "ClientRequestURI": "/orders/17", "EdgeResponseStatus": 401},
    {"proxy": {"method": "GET", "path": "/orders/17", "statusCode": 401}},
    {"request_method": "GET", "request_path": "/orders/17", "response_code": 401},
    {
        "http": {"request": {"method": "GET"}, "response": {"status_code": 401}},
        "url": {"path": "/orders/17"},
    },
    {
        "Body": "request",
        "Attributes": {"http.request.method": "GET", "url.path": "/orders/17", "status": 401},
    },
)
PAIRS = (
    (
        (
            "I, [2025-10-09T08:53:21.1 #7]  INFO -- : [ab12-33] "
            'Started GET "/orders/17" for 203.0.113.7 at 2025-10-09 08:53:21 +0000'
        ),
        (
            "I, [2025-10-09T08:53:21.1 #7]  INFO -- : [ab12-33] Completed 401 Unauthorized in 3ms "
            "(ActiveRecord: 0.0ms | Allocations: 222)"
        ),
    ),
    (
        "08:53:21.123 request_id=F1a2b3c4d5 [info] GET /orders/17",
        "08:53:21.127 request_id=F1a2b3c4d5 [info] Sent 401 in 320µs",
    ),
    (
        (
            "2025-10-09T08:53:21.123Z DEBUG 1 --- [exec-3] o.s.w.servlet.DispatcherServlet : "
            'GET "/orders/17", parameters={}'
        ),
        (
            "2025-10-09T08:53:21.125Z DEBUG 1 --- [exec-3] o.s.w.servlet.DispatcherServlet : "
            "Completed 401 UNAUTHORIZED"
        ),
    ),
    ("GET /orders/17 application/json:", "   >> Outcome: Error(401 Unauthorized)"),
    (
        '{"level":30,"reqId":"r1","req":{"method":"GET","url":"/orders/17"},"msg":"incoming"}',
        '{"level":30,"reqId":"r1","res":{"statusCode":401},"responseTime":3,"msg":"completed"}',
    ),
)


def _requests(directory: Path, *lines: str) -> list[Request]:
    path = directory / "log.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    return tallied([str(path)], Reading(now=BEGIN + 10**17)).requests


def _told(directory: Path, *lines: str) -> list[tuple[str | None, str | None, int | None]]:
    return [(one.method, one.path, one.status) for one in _requests(directory, *lines)]


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_any_server_is_a_request(tmp_path: Path, line: str) -> None:
    """A plain line that a server wrote of an answered request is that request."""
    assert _told(tmp_path, line) == [("GET", "/orders/{id}", 401)]


@pytest.mark.parametrize("members", MEMBERS)
def test_members_of_any_name_are_a_request(tmp_path: Path, members: dict[str, object]) -> None:
    """A record is a request wherever it keeps the method, the path and the status."""
    assert _told(tmp_path, json.dumps(members)) == [("GET", "/orders/{id}", 401)]


@pytest.mark.parametrize("lines", PAIRS)
def test_a_request_may_be_told_in_two_lines(tmp_path: Path, lines: tuple[str, str]) -> None:
    """What one line says began, and another how it was answered, is one request."""
    assert _told(tmp_path, *lines) == [("GET", "/orders/{id}", 401)]


def test_what_ends_is_nobodys_where_two_began(tmp_path: Path) -> None:
    """Without ids, an answer after two beginnings is said of neither."""
    assert _told(tmp_path, "GET /a", "GET /b", "Sent 401 in 3ms") == []


def test_a_handshake_of_daphne_is_one(tmp_path: Path) -> None:
    """Daphne writes words in place of statuses."""
    refused = '203.0.113.7:5123 - - [09/Oct/2025:08:53:21] "WSREJECT /ws/chat/" - -'

    assert _told(tmp_path, refused) == [("WEBSOCKET", "/ws/chat/", 403)]


def test_nanoseconds_beside_a_readable_time_are_no_milliseconds(tmp_path: Path) -> None:
    """Echo writes a bare number of nanoseconds, and beside it what people read."""
    line = {"method": "GET", "uri": "/a", "status": 200, "latency": 32123}
    line |= {"latency_human": "32.123µs"}

    (found,) = _requests(tmp_path, json.dumps(line))

    assert found.latency == pytest.approx(32.123e-6)


def test_a_call_that_a_program_makes_is_no_request_to_it(tmp_path: Path) -> None:
    """A client's own line of what it called tells of no request that was answered here."""
    line = "2025-10-09 08:53:21 INFO http.client - GET https://id.example/keys 401 in 3ms"

    assert _told(tmp_path, line) == []


@pytest.mark.parametrize(
    ("tag", "request_id"),
    [
        ("[r-527982]", "527982"),
        ("[req-9f3]", None),
        ("[0e1d2c3b-0a1b-4c2d-8e3f-001122334455]", "0e1d2c3b-0a1b-4c2d-8e3f-001122334455"),
        ("[request_id=F1a2b3c4]", "F1a2b3c4"),
        ("[exec-3]", None),
    ],
)
def test_ids_in_brackets_join_lines(tmp_path: Path, tag: str, request_id: str | None) -> None:
    """What stands in brackets where a thread may is a request's id only if it is written as one."""
    lines = (
        f"2025-10-09T08:53:21.100Z INFO  {tag} app.http - from 203.0.113.7 authorization=absent",
        f"2025-10-09T08:53:21.110Z ERROR {tag} app.http - Not authenticated",
    )
    path = tmp_path / "log.txt"
    path.write_text("\n".join(lines))

    found = tallied([str(path)], Reading(now=BEGIN + 10**17)).occurrences

    ids = [one.request for one in found.get(Sign.CREDENTIAL_MISSING, [])]
    assert ids == ([] if request_id is None else [request_id])


def test_who_comes_bare_and_is_let_in_misses_nothing(tmp_path: Path) -> None:
    """Without a refusal in the same request an empty header says nothing."""
    path = tmp_path / "log.txt"
    path.write_text("2025-10-09T08:53:21.100Z INFO  [r-52798] app.http - authorization=absent\n")

    assert Sign.CREDENTIAL_MISSING not in tallied([str(path)], Reading(now=BEGIN)).occurrences


@pytest.mark.parametrize(
    ("line", "is_met"),
    [
        ("NoMethodError (undefined method `name' for nil:NilClass):", True),
        ("PHP Fatal error:  Uncaught TypeError: App::name(): must be of type User", True),
        ("** (KeyError) key :name not found in: nil", True),
        ("2025-10-09 08:53:21 INFO jobs: TypeError: handled and tried again", False),
    ],
)
def test_what_a_runtime_prints_without_a_level_is_met(
    tmp_path: Path, line: str, *, is_met: bool
) -> None:
    """An exception that begins a line of no level was raised; one told of at INFO was not."""
    path = tmp_path / "log.txt"
    path.write_text(f"2025-10-09 08:53:20 INFO jobs: begun\n{line}\n")

    found = tallied([str(path)], Reading(now=BEGIN + 10**17)).occurrences.get(Sign.CODE_ERROR, [])

    assert [one.time is not None for one in found] == ([True] if is_met else [])
