"""A log counted: requests of several lines, whose lines they are, starts, changes, bounds."""

from pathlib import Path

import pytest

from fakes.cloud_lines import BEGIN, Lines
from netra_ops.diagnosis.signs.counting.thinning import Thinned
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Called, Caller
from netra_ops.logs.entries import Entry, Kind, Level

TRACE = "projects/p/traces/0123456789abcdef0123456789abcdef"
ACCESS_LINES = (
    'INFO:     203.0.113.7:0 - "GET /orders/17?all=1 HTTP/1.1" 401 Unauthorized',
    '203.0.113.7 - - [09/Oct/2025:08:53:21 +0000] "GET /orders/17 HTTP/1.1" 401 12 "-" "check/1"',
    "GET /orders/17 401 12.3 ms - 45",
    '[GIN] 2025/10/09 - 08:53:21 | 401 |     1.23ms |  203.0.113.7 | GET      "/orders/17"',
    (
        "203.0.113.7:5123 [09/Oct/2025:08:53:21.000] web~ orders/one 0/0/1/12/13 401 99 - - ---- "
        '1/1/0/0/0 0/0 "GET /orders/17 HTTP/1.1"'
    ),
    (
        "https 2025-10-09T08:53:21.0Z app/lb/1 203.0.113.7:2817 10.0.0.1:80 0.000 0.012 0.000 "
        '401 401 34 366 "GET https://orders.example:443/orders/17 HTTP/1.1" "check/1" - - arn'
    ),
    "method=GET path=/orders/17 status=401 duration=12ms",
    "HTTP GET /orders/17 responded 401 in 12.3456 ms",
    "Request finished HTTP/1.1 GET http://orders.example/orders/17 - 401 0 - 12.3456ms",
    "Request finished HTTP/2 GET https://a.example/orders/17 application/json - - 401 - - 12.3ms",
    "GET /orders/17 returned 401 in 12ms",
    "08:53:21 | 401 |      1.2ms |  203.0.113.7 | GET     | /orders/17      | -",
    "--> GET /orders/17 401 12ms",
    (
        "[pid: 7|app: 0|req: 1/1] 203.0.113.7 () {40 vars in 500 bytes} [Thu Oct  9 08:53:21 2025] "
        "GET /orders/17 => generated 12 bytes in 3 msecs (HTTP/1.1 401) 4 headers in 120 bytes"
    ),
)


@pytest.mark.parametrize("line", ACCESS_LINES)
def test_access_lines_of_servers_and_proxies_are_requests(tmp_path: Path, line: str) -> None:
    """Whoever wrote it, a line of a request that was answered is one, ids in its path replaced."""
    lines = Lines()
    lines.text(1, line)

    (found,) = lines.tally(tmp_path).requests

    assert (found.method, found.path, found.status) == ("GET", "/orders/{id}", 401)


@pytest.mark.parametrize(
    "payload",
    [
        {"message": "done", "method": "GET", "url": "/orders/17", "status": 401, "ms": 12},
        {
            "msg": "request completed",
            "req": {"method": "GET", "url": "/orders/17", "remoteAddress": "203.0.113.7"},
            "res": {"statusCode": 401},
            "responseTime": 12,
        },
        {"RequestMethod": "GET", "RequestPath": "/orders/17", "StatusCode": 401, "elapsed_ms": 12},
        {"request_method": "GET", "request_uri": "/orders/17", "status": 401, "ms": 12},
        {"http.method": "GET", "http.target": "/orders/17", "http.status_code": 401, "ms": 12},
        {"method": "GET", "path": "/orders/17", "response_code": 401, "ms": 12},
    ],
)
def test_structured_access_lines_are_requests(tmp_path: Path, payload: dict[str, object]) -> None:
    """Members named as programs name them tell of a request too, with its milliseconds."""
    lines = Lines()
    lines.json(1, payload)

    (found,) = lines.tally(tmp_path).requests

    assert (found.path, found.status, found.latency) == ("/orders/{id}", 401, 0.012)


def test_a_call_to_another_service_is_no_request_of_ones_own(tmp_path: Path) -> None:
    """What an HTTP client logs of its calls is not counted as answered here."""
    lines = Lines()
    lines.text(1, 'INFO:httpx:HTTP Request: GET https://auth.example/jwks "HTTP/1.1 200 OK"')
    lines.text(2, 'DEBUG:urllib3:https://auth.example:443 "GET /jwks HTTP/1.1" 200 None')

    assert lines.tally(tmp_path).requests == []


def test_the_platform_and_the_program_tell_of_one_request(tmp_path: Path) -> None:
    """Lines without a trace join the platform's entry of the same answer close by; others do not.

    The platform knows the time best, and the program that it spoke.
    """
    lines = Lines()
    lines.asked(1, 401, "/orders/17", trace=TRACE)
    lines.text(1.05, 'INFO:     10.0.0.1:0 - "GET /orders/17 HTTP/1.1" 401 Unauthorized')
    lines.text(60, 'INFO:     10.0.0.1:0 - "GET /orders/18 HTTP/1.1" 401 Unauthorized')

    tally = lines.tally(tmp_path)

    first, second = tally.requests
    assert (first.number, first.is_front, first.latency) == (1, True, 0.05)
    assert (second.number, second.is_front, second.request) == (3, False, "line 3")
    assert first.request in tally.spoke


def test_a_request_of_which_the_program_says_nothing_is_not_said_to_be_spoken_of(
    tmp_path: Path,
) -> None:
    """A request that the platform refused leaves no word of the program."""
    lines = Lines()
    lines.text(0, "orders is listening")
    lines.asked(30, 403, instance=None)
    lines.asked(60, 200)
    lines.text(60.02, "served")

    tally = lines.tally(tmp_path)

    assert [one.request in tally.spoke for one in tally.requests] == [False, True]


def test_a_line_without_an_id_is_of_the_one_request_of_its_time(tmp_path: Path) -> None:
    """A reason in plain text belongs to the request answered then; not if there are two."""
    lines = Lines()
    lines.asked(1, 401, trace=TRACE)
    lines.text(1.02, "WARNING token rejected: Signature verification failed")
    lines.asked(9, 401)
    lines.asked(9.01, 401)
    lines.text(9.03, "WARNING token rejected: Signature verification failed")

    first, second = lines.tally(tmp_path).occurrences[Sign.SIGNATURE_REFUSED]

    assert (first.request, first.status, first.path) == (
        TRACE.rsplit("/", maxsplit=1)[-1],
        401,
        "/orders",
    )
    assert second.request is None


def test_lines_of_one_request_under_several_ids_are_of_one(tmp_path: Path) -> None:
    """A correlation id that once stood beside a request's id is that request's everywhere."""
    lines = Lines()
    refused = "403: Not authenticated"
    lines.json(1, {"message": refused, "request_id": "req_1_a", "correlation_id": "corr_1"})
    lines.json(2, {"message": refused, "correlation_id": "corr_1"})

    found = lines.tally(tmp_path).occurrences[Sign.NOT_AUTHENTICATED]

    assert [one.request for one in found] == ["req_1_a", "req_1_a"]


def test_handshakes_are_told_from_plain_requests_of_their_path(tmp_path: Path) -> None:
    """A path that switched protocols once is a socket's, also when it is refused."""
    lines = Lines()
    lines.asked(1, 101, "/live")
    lines.asked(2, 403, "/live")
    lines.text(3, 'INFO:     10.0.0.1:0 - "WebSocket /other" [accepted]')

    assert [one.method for one in lines.tally(tmp_path).requests] == ["WEBSOCKET"] * 3


@pytest.mark.parametrize(
    ("payload", "caller"),
    [
        ({"message": "x", "user_id": "service:orders"}, Caller.SERVICE),
        ({"message": "x", "principal": "jobs@p.iam.gserviceaccount.com"}, Caller.SERVICE),
        ({"message": "x", "sub": "hana94"}, Caller.USER),
        ({"message": "x", "principal": "anonymous"}, Caller.NOBODY),
        ({"message": "x", "client_id": "collector"}, Caller.SERVICE),
        ({"message": "x", "token": {"sub": "hana94"}}, Caller.USER),
        ({"message": "login ok for hana94"}, Caller.USER),
        ({"message": "client authentication failed for collector"}, Caller.SERVICE),
        ({"message": "caller could not be authenticated: The call was aborted"}, Caller.UNKNOWN),
    ],
)
def test_who_was_acting(tmp_path: Path, payload: dict[str, object], caller: Caller) -> None:
    """The kind of a caller is told by its name, or by what names it."""
    lines = Lines()
    lines.json(1, {**payload, "error": "bad_signature: "}, severity="WARNING")

    (found,) = lines.tally(tmp_path).occurrences[Sign.SIGNATURE_REFUSED]

    assert found.caller is caller


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        ({"message": "notes read", "user_id": None}, True),
        ({"message": "notes read", "user": {"id": None}}, True),
        ({"message": "listing orders user_id=None"}, True),
        ({"message": "listing orders", "principal": "anonymous"}, True),
        ({"message": "listing orders", "user_id": "hana94"}, False),
        ({"message": "listing orders user_id=hana94"}, False),
        ({"message": "listing orders", "user": "-"}, False),
        ({"message": "the user is nobody's fool"}, False),
    ],
)
def test_a_line_that_names_nobody(
    tmp_path: Path, payload: dict[str, object], *, named: bool
) -> None:
    """Where others name a user it says that there is none; a dash says nothing."""
    lines = Lines()
    lines.json(1, payload)

    assert (Sign.NOBODY_NAMED in lines.tally(tmp_path).occurrences) is named


@pytest.mark.parametrize(
    ("more", "status", "is_bare"),
    [
        ({"authorization": "-"}, 401, True),
        ({"authorization": None}, 403, True),
        ({"has_token": False}, 401, True),
        ({"authorization": "Bearer (present)"}, 401, False),
        ({"authorization": "-"}, 200, False),
    ],
)
def test_a_refused_request_whose_header_is_told_as_empty(
    tmp_path: Path, more: dict[str, object], status: int, *, is_bare: bool
) -> None:
    """A line of a refused request that tells of no header tells of no credential."""
    lines = Lines()
    lines.json(1, {"message": f"POST /sweep {status} 4ms", "agent": "cron/1", **more})

    assert (Sign.CREDENTIAL_MISSING in lines.tally(tmp_path).occurrences) is is_bare


@pytest.mark.parametrize(
    "text",
    [
        f"jwt expired (sub=u-1, iat={BEGIN})",
        f'jwt expired {{"iat": {BEGIN}}}',
        "jwt expired, issued at 2025-10-09T08:53:20Z",
    ],
)
def test_when_a_token_was_issued(tmp_path: Path, text: str) -> None:
    """The moment of issue is read from whatever form a line has it in."""
    lines = Lines()
    lines.text(1, text)

    (found,) = lines.tally(tmp_path).occurrences[Sign.TOKEN_EXPIRED]

    assert found.issued == BEGIN * 10**9


@pytest.mark.parametrize(
    ("text", "sign", "called"),
    [
        ("connect ECONNREFUSED 10.0.0.7:5432", Sign.DATABASE_SILENT, Called.DATABASE),
        ("fetching the JWKS: connection refused", Sign.CONNECTION_REFUSED, Called.AUTH_SERVICE),
        ("dial tcp auth.internal:8001: connection refused", Sign.CONNECTION_REFUSED,
         Called.AUTH_SERVICE),
        ("redis: connection refused", Sign.CONNECTION_REFUSED, Called.OTHER),
        ("fetch failed: connection refused", Sign.CONNECTION_REFUSED, None),
        ("database session failed: auth service: connection refused", Sign.CONNECTION_REFUSED,
         None),
    ],
)  # fmt: skip
def test_what_was_called(tmp_path: Path, text: str, sign: Sign, called: Called | None) -> None:
    """Host and words tell what a failed call went to; both together, or neither, tell nothing."""
    lines = Lines()
    lines.text(1, text, severity="ERROR")

    (found,) = lines.tally(tmp_path).occurrences[sign]

    assert found.called is called


def test_the_guess_of_a_program_is_not_believed(tmp_path: Path) -> None:
    """Of an error context only the error counts; its likely cause and its hints are opinions."""
    lines = Lines()
    lines.json(
        1,
        {
            "message": "CRITICAL_AUTH_FAILURE: 403 'Not authenticated' error detected!",
            "error_context": {
                "user_id": "service:orders",
                "error_message": "403: Not authenticated",
                "likely_cause": "SERVICE_SECRET is not set",
            },
            "debug_hints": ["SERVICE_SECRET is not set"],
        },
        severity="ERROR",
    )

    assert lines.tally(tmp_path).counts == {Sign.NOT_AUTHENTICATED: 1}


def test_our_own_events_are_read_by_their_fields(tmp_path: Path) -> None:
    """A contract that is broken, a client refused and a busy database are told exactly."""
    lines = Lines()
    own = {"room": "main", "message": "x"}
    lines.json(1, {**own, "event": "configuration_invalid", "variable": "JWT_SECRET_KEY",
                   "problem": "placeholder"})  # fmt: skip
    lines.json(2, {**own, "event": "audit_recorded", "act": "client_authentication",
                   "outcome": "refused", "client_id": "netra-backend"})  # fmt: skip
    lines.json(3, {**own, "event": "request_not_decided", "error_code": "database_busy"})
    lines.json(4, {**own, "event": "circuit_breaker_open", "breaker": "auth_service"})

    tally = lines.tally(tmp_path)

    assert tally.occurrences[Sign.DEFAULT_KEY][0].subject == "JWT_SECRET_KEY"
    assert tally.occurrences[Sign.CLIENT_REFUSED][0].subject == "netra-backend"
    assert tally.occurrences[Sign.BREAKER_OPEN][0].subject == "auth_service"
    assert tally.counts[Sign.POOL_EXHAUSTED] == 1


@pytest.mark.parametrize(("where", "is_end"), [("main thread", True), ("thread", False)])
def test_an_exception_of_the_main_thread_before_anything_served_fails_a_start(
    tmp_path: Path, where: str, *, is_end: bool
) -> None:
    """What ends a process before it answered anything is a start that failed; else it is code."""
    lines = Lines()
    stack = (
        "Traceback (most recent call last):\n"
        '  File "/app/orders/main.py", line 61, in main\n'
        "RuntimeError: the table of plans could not be read\n"
    )
    own = {"room": "process", "event": "uncaught_exception", "message": "uncaught exception"}
    lines.json(1, {**own, "where": where, "stack_trace": stack}, severity="CRITICAL")

    tally = lines.tally(tmp_path)

    assert tally.counts[Sign.CODE_ERROR] == 1
    assert bool(tally.occurrences.get(Sign.START_FAILED)) is is_end


@pytest.mark.parametrize(
    ("method", "resource", "more", "sign"),
    [
        ("google.cloud.secretmanager.v1.SecretManagerService.DisableSecretVersion",
         "projects/1/secrets/jwt-key/versions/3", {}, Sign.SECRET_CHANGED),
        ("google.iam.admin.v1.DeleteServiceAccountKey",
         "projects/-/serviceAccounts/1/keys/2", {}, Sign.WORKLOAD_KEY_DELETED),
        ("google.cloud.run.v1.Services.SetIamPolicy", "namespaces/p/services/orders",
         {"serviceData": {"policyDelta": {"bindingDeltas": [
             {"action": "REMOVE", "role": "roles/run.invoker", "member": "allUsers"}]}}},
         Sign.INVOKER_CHANGED),
    ],
)  # fmt: skip
def test_audit_entries_say_what_was_done(
    tmp_path: Path, method: str, resource: str, more: dict[str, object], sign: Sign
) -> None:
    """What was done to secrets, keys and invokers is read; what was refused was not done."""
    audit = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "methodName": method,
        "resourceName": resource,
        "authenticationInfo": {"principalEmail": "somebody@shop.example"},
        **more,
    }
    done, refused = Lines(), Lines()
    done.add(1, "activity", protoPayload=audit)
    refused.add(1, "activity", protoPayload={**audit, "status": {"code": 7}})

    (found,) = done.tally(tmp_path).occurrences[sign]

    assert "somebody" not in (found.subject or "")
    assert refused.tally(tmp_path).counts == {}


def test_an_error_before_the_first_answer_fails_a_start(tmp_path: Path) -> None:
    """What ends a start failed it; the same error in a request, or before it serves, did not."""
    ended, serving = Lines(), Lines()
    for lines in (ended, serving):
        lines.text(0, "Started server process [1]")
        lines.text(1, "JWT_SECRET is not set", severity="ERROR")
    ended.text(2, "Container called exit(1).", severity="WARNING")
    serving.text(2, "Application startup complete.")
    serving.asked(3, 200)

    failed = ended.tally(tmp_path).occurrences[Sign.START_FAILED]

    assert [one.subject for one in failed] == ["JWT_SECRET"]
    assert Sign.START_FAILED not in serving.tally(tmp_path).counts


def test_one_start_is_told_by_platform_and_server(tmp_path: Path) -> None:
    """The platform's word, the server's and the workers' are of one start; a second is another."""
    lines = Lines()
    for begin in (0, 100):
        lines.text(begin, "Starting new instance. Reason: AUTOSCALING", severity="INFO")
        lines.text(begin + 2, "[1] [INFO] Starting gunicorn 23.0.0")
        lines.text(begin + 3, "[2] [INFO] Booting worker with pid: 2")

    (instance,) = lines.tally(tmp_path).instances.values()

    assert len(instance.starts) == 2


def test_code_that_fails_is_told_by_its_own_innermost_call(tmp_path: Path) -> None:
    """An exception of the application names its file and function; a driver's timeout does not."""
    trace = (
        "Traceback (most recent call last):\n"
        '  File "/app/orders.py", line 9, in price\n    return item["net"]\n'
        '  File "/usr/local/lib/python3.12/site-packages/{file}", line 3, in get\n    raise it\n'
        "{error}"
    )
    lines = Lines()
    lines.text(1, trace.format(file="lib/a.py", error="TypeError: no"), severity="ERROR")
    lines.text(2, trace.format(file="asyncpg/connection.py", error="TimeoutError"),
               severity="ERROR")  # fmt: skip

    tally = lines.tally(tmp_path)

    assert tally.occurrences[Sign.CODE_ERROR][0].subject == "/app/orders.py:price"
    assert tally.occurrences[Sign.DATABASE_SILENT][0].called is Called.DATABASE


def test_what_a_program_does_without_is_not_missing(tmp_path: Path) -> None:
    """A package that is replaced by another at start is told of and does not count."""
    lines = Lines()
    lines.text(1, "INFO orjson is not there (No module named 'orjson'); using json")

    assert lines.tally(tmp_path).counts == {}


def test_copies_of_an_entry_count_once(tmp_path: Path) -> None:
    """An export that has an entry twice is counted as if it had it once."""
    lines = Lines()
    lines.text(1, "jwt expired")
    lines.entries.append(lines.entries[0])

    assert lines.tally(tmp_path).counts == {Sign.TOKEN_EXPIRED: 1}


def test_a_bounded_list_keeps_evenly() -> None:
    """Above its bound a list keeps every second, then every fourth, and says so."""
    thinned = Thinned[int](4)
    for number in range(20):
        thinned.add(number)

    assert (thinned.items, thinned.kept, thinned.seen) == ([0, 8, 16], 8, 20)


def test_an_entry_keeps_its_payload() -> None:
    """Nothing is read twice: an entry's members are those of its record."""
    entry = Entry(number=1, source=0, offset=0, length=0, kind=Kind.TEXT, message="")

    assert (entry.fields, entry.level) == (None, Level.DEFAULT)
