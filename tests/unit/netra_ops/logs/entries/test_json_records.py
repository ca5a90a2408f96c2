"""What LogEntries and programs' own lines of JSON say."""

from typing import Any

import msgspec
import pytest

from fakes import log_exports
from netra_ops.logs.entries import Entry, Http, Kind, Level, Split
from netra_ops.logs.entries.cloud.log_entry import read_json
from netra_ops.logs.entries.objects import NotReadable

START = log_exports.START * 1_000_000


def read(record: dict[str, Any] | bytes) -> Entry:
    """Read one record."""
    entry = Entry(number=1, source=0, offset=0, length=0, kind=Kind.JSON, message="")
    read_json(record if isinstance(record, bytes) else msgspec.json.encode(record), entry)
    return entry


def entry_of(**members: Any) -> dict[str, Any]:
    """Give a LogEntry with these members."""
    return log_exports.envelope(log_exports.seeded(1), 0, "stdout", **members)


def test_the_envelope_says_where_and_when() -> None:
    """Times, resource, labels, trace and ids of an entry are read as Cloud Logging has them."""
    record = entry_of(
        textPayload="hello",
        severity="NOTICE",
        trace="projects/shop/traces/0af7651916cd43dd8448eb211c80319c",
        spanId="b7ad6b7169203331",
        errorGroups=[{"id": "CN6j"}],
    )
    entry = read(record)

    assert (entry.kind, entry.message) == (Kind.TEXT, "hello")
    assert (entry.time, entry.receive_time) == (START, START + 40_000_000)
    assert (entry.severity, entry.level) == ("NOTICE", Level.NOTICE)
    assert (entry.service, entry.revision) == ("shop-api", "shop-api-00600-kqz")
    assert entry.instance == record["labels"]["instanceId"]
    assert entry.trace == "0af7651916cd43dd8448eb211c80319c"
    assert entry.span == "b7ad6b7169203331"
    assert entry.insert_id == record["insertId"]
    assert entry.log_name == record["logName"]
    assert entry.error_groups == ("CN6j",)
    assert entry.labels == record["labels"]


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"message": "a", "msg": "b"}, "a"),
        ({"msg": "b", "event": "c"}, "b"),
        ({"event": "c", "textPayload": "d"}, "c"),
        ({"textPayload": "d", "error": {"message": "e"}}, "d"),
        ({"error": {"type": "KeyError", "message": "e"}}, "KeyError: e"),
        ({"error": "e"}, "e"),
        ({"message": {"text": "f"}}, "f"),
        ({"message": "", "msg": "b"}, "b"),
        ({"a": 1, "b": {"c": None}, "severity": "INFO"}, 'a=1 b={"c":null}'),
        ({}, ""),
    ],
)
def test_the_message_is_found_by_a_stated_order(payload: dict[str, Any], message: str) -> None:
    """The first member of the order that holds text is the message; without any all is shown."""
    entry = read(entry_of(jsonPayload=payload))

    assert (entry.kind, entry.message) == (Kind.JSON, message)


def test_a_quoted_error_makes_no_error() -> None:
    """A severity within anything, `error: null` and a count of errors leave an INFO an INFO."""
    entry = read(
        entry_of(
            severity="INFO",
            jsonPayload={
                "message": "0 errors",
                "error": {"severity": "ERROR", "message": "Missing field"},
                "errors": None,
            },
        )
    )
    silent = read(entry_of(jsonPayload={"message": "x", "error": {"severity": "ERROR"}}))

    assert entry.level is Level.INFO
    assert silent.level is Level.DEFAULT


@pytest.mark.parametrize(
    ("members", "severity", "level"),
    [
        ({"textPayload": "[2025-09-15 00:43:08 +0000] [14] [ERROR] exited"}, "ERROR", Level.ERROR),
        ({"textPayload": "Container called exit(3)."}, None, Level.ERROR),
        ({"severity": "DEFAULT", "textPayload": "ERROR: x"}, "DEFAULT", Level.ERROR),
        ({"severity": "INFO", "textPayload": "ERROR: x"}, "INFO", Level.INFO),
        ({"jsonPayload": {"message": "x", "level": "warn"}}, "warn", Level.WARNING),
        ({"jsonPayload": {"message": "x", "level": 50}}, "50", Level.ERROR),
        ({"jsonPayload": {"message": "x", "levelno": 40}}, "40", Level.ERROR),
        ({"textPayload": "all well"}, None, Level.DEFAULT),
    ],
)
def test_a_missing_severity_is_inferred(
    members: dict[str, Any], severity: str | None, level: Level
) -> None:
    """What a payload says counts where the entry says nothing; the original is kept."""
    entry = read(entry_of(**members))

    assert (entry.severity, entry.level) == (severity, level)


@pytest.mark.parametrize(
    ("payload", "principal"),
    [
        ({"user_id": "a", "user": "b"}, "a"),
        ({"principal": "p", "user": "b"}, "p"),
        ({"user": {"id": "u1", "name": "Ann"}}, "u1"),
        ({"user": {"email": "ann@example.org"}}, "ann@example.org"),
        ({"error_context": {"user_id": "service:shop"}}, "service:shop"),
        ({"sub": "s"}, "s"),
        ({"message": "refused | User: 'service:shop' | x"}, "service:shop"),
        ({"message": "session for user_id='u2' opened"}, "u2"),
        ({"message": "login user=ann failed"}, "ann"),
        ({"message": "the user is unknown"}, None),
        ({"user_id": None, "message": "x"}, None),
    ],
)
def test_the_principal_is_found_by_a_stated_order(
    payload: dict[str, Any], principal: str | None
) -> None:
    """Members go before those of what describes the record, and those before the text."""
    assert read(entry_of(jsonPayload=payload)).principal == principal


@pytest.mark.parametrize(
    ("payload", "request_id", "trace"),
    [
        ({"message": "x", "request_id": "req_1"}, "req_1", None),
        ({"message": "x", "context": {"correlation_id": "c1"}}, "c1", None),
        ({"message": "x-request-id: 0f8b-77"}, "0f8b-77", None),
        (
            {"message": "req_1757896982382_707_8d30f450 failed"},
            "req_1757896982382_707_8d30f450",
            None,
        ),
        ({"message": "x", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}, None, "a" * 32),
        ({"message": "x", "trace": "projects/p/traces/abc"}, None, "abc"),
        ({"message": f"trace_id={'c' * 32}"}, None, "c" * 32),
    ],
)
def test_requests_and_traces_are_found(
    payload: dict[str, Any], request_id: str | None, trace: str | None
) -> None:
    """Ids come from members, then from what describes the record, then from the text."""
    entry = read(entry_of(jsonPayload=payload))

    assert (entry.request_id, entry.trace) == (request_id, trace)


def test_an_entry_of_a_request_alone_says_method_and_route() -> None:
    """Ids in the path and the query are no part of what tells one request from another."""
    entry = read(
        entry_of(
            httpRequest={
                "requestMethod": "GET",
                "requestUrl": "https://shop.example.org/api/orders/4711/items?page=2",
                "status": 503,
                "latency": "0.25s",
            }
        )
    )

    assert (entry.kind, entry.message) == (Kind.REQUEST, "GET /api/orders/{id}/items 503")
    assert (entry.status, entry.level) == (503, Level.ERROR)
    assert entry.http == Http("GET", "/api/orders/{id}/items", 0.25)


@pytest.mark.parametrize("member", ["protoPayload", "jsonPayload"])
def test_an_audit_entry_says_who_did_what(member: str) -> None:
    """Method, resource, person and program of an AuditLog are read from either payload."""
    record = log_exports.audit(log_exports.seeded(1), 0)
    record[member] = record.pop("protoPayload")
    entry = read(record)

    assert entry.kind is Kind.AUDIT
    assert entry.principal == "dev@example.org"
    assert entry.audit is not None
    assert entry.audit.agent == "gcloud.run.services.update-traffic"
    assert entry.message == (
        "audit google.cloud.run.v2.Services.UpdateService"
        " on namespaces/shop-staging/services/shop-api"
    )


def test_another_protocol_is_a_payload_like_any() -> None:
    """A `protoPayload` that is no AuditLog is read by its members."""
    entry = read(entry_of(protoPayload={"@type": "x/RequestLog", "message": "a", "user": "u"}))

    assert (entry.kind, entry.message, entry.principal) == (Kind.JSON, "a", "u")


def test_a_part_of_a_long_entry_says_which() -> None:
    """`split` is kept, and the trace in a part is not folded before the others are there."""
    entry = read(
        entry_of(
            textPayload="Traceback (most recent call last):\n  File",
            split={"uid": "u", "index": 0, "totalSplits": 2},
        )
    )

    assert entry.split == Split("u", 0, 2)
    assert entry.message == "Traceback (most recent call last):\n  File"


def test_a_line_of_netra_is_its_own_payload() -> None:
    """Netra's own events have their name, room, service, revision, request and principal."""
    entry = read(
        {
            "severity": "CRITICAL",
            "timestamp": "2026-09-15T00:00:00.000000Z",
            "message": "CRITICAL_AUTH_FAILURE: 503 'x'",
            "event": "critical_auth_failure",
            "room": "runs",
            "service": "netra-backend",
            "revision": "netra-backend-00639-g4g",
            "logging.googleapis.com/labels": {"service": "netra-backend"},
            "logging.googleapis.com/trace": "projects/p/traces/abc",
            "request_id": "req_abcdefghijkl",
            "error_context": {"user_id": "service:netra-backend"},
        }
    )

    assert (entry.time, entry.level) == (START, Level.CRITICAL)
    assert (entry.event, entry.logger) == ("critical_auth_failure", "runs")
    assert (entry.service, entry.revision) == ("netra-backend", "netra-backend-00639-g4g")
    assert (entry.request_id, entry.trace) == ("req_abcdefghijkl", "abc")
    assert entry.principal == "service:netra-backend"


@pytest.mark.parametrize(
    ("record", "level", "message"),
    [
        ({"level": 50, "time": START // 1_000_000, "msg": "a", "pid": 7}, Level.ERROR, "a"),
        ({"event": "a", "level": "error", "logger": "x"}, Level.ERROR, "a"),
        ({"levelname": "WARNING", "message": "a", "name": "root"}, Level.WARNING, "a"),
    ],
)
def test_lines_of_common_loggers_are_read(
    record: dict[str, Any], level: Level, message: str
) -> None:
    """Numbers of pino and Bunyan, structlog's event and Python's names are understood."""
    entry = read(record)

    assert (entry.level, entry.message) == (level, message)


def test_the_fronts_request_log_is_read() -> None:
    """A line of HAProxy before the revisions is an entry of a request."""
    entry = read(
        {
            "timestamp": "2026-09-15T00:00:00.000000Z",
            "severity": "INFO",
            "httpRequest": {"requestMethod": "GET", "requestUrl": "/chat", "status": 200},
            "resource": {"labels": {"service_name": "netra-backend", "revision_name": "one"}},
            "labels": {"netra/via": "split"},
        }
    )

    assert (entry.kind, entry.message) == (Kind.REQUEST, "GET /chat 200")
    assert (entry.time, entry.service, entry.revision) == (START, "netra-backend", "one")
    assert entry.labels == {"netra/via": "split"}


def test_json_within_a_text_is_a_payload() -> None:
    """A text that is a JSON object is read like `jsonPayload`."""
    entry = read(entry_of(textPayload='{"message": "a", "severity": "ERROR", "user_id": "u"}'))

    assert (entry.message, entry.level, entry.principal) == ("a", Level.ERROR, "u")


@pytest.mark.parametrize(
    "stack", [{"stack_trace": "{}"}, {"error": {"traceback": "{}"}}, {"err": {"stack": "{}"}}]
)
def test_a_stack_beside_the_message_is_folded_into_it(stack: dict[str, Any]) -> None:
    """The trace that a program writes in a member of its own is told with the message."""
    text = (
        "Traceback (most recent call last):\n"
        '  File "/app/cart.py", line 3, in total\n    x\nKeyError: 1\n'
    )
    payload = msgspec.json.decode(
        msgspec.json.encode({"message": "failed", **stack}).replace(
            b'"{}"', msgspec.json.encode(text)
        )
    )
    entry = read(entry_of(jsonPayload=payload))

    assert entry.message == "failed KeyError: 1 at total (cart.py)"
    assert entry.level is Level.ERROR
    assert entry.stack is not None


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ({"severity": 500}, "hello"),
        ({"resource": "x"}, "hello"),
        ({"labels": {"a": 1, "b": None}}, "hello"),
        ({"httpRequest": []}, "hello"),
        ({"split": 3}, "hello"),
        ({"insertId": {}}, "hello"),
        ({"textPayload": ["hello"]}, '["hello"]'),
        ({"extra": 10**4000}, "hello"),
        ({"labels": {"a": "\ud800"}}, "hello"),
    ],
)
def test_a_member_of_another_type_costs_only_itself(changed: dict[str, Any], kept: str) -> None:
    """Everything else of such an entry is read all the same."""
    import json  # noqa: PLC0415

    record = entry_of(textPayload="hello") | changed
    entry = read(json.dumps(record).encode())

    assert entry.message == kept
    assert entry.time == START


@pytest.mark.parametrize("number", [b"1e400", b"9" * 5_000, b"NaN", b"-Infinity"])
def test_numbers_beyond_all_bounds_are_kept(number: bytes) -> None:
    """A number that nothing holds does not make its record unreadable."""
    assert read(b'{"message":"a","n":%b}' % number).message == "a"


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (b'{"a":', "no JSON: "),
        (b"[1]", "no JSON object"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"", "no JSON: "),
    ],
)
def test_what_is_no_object_is_told(record: bytes, why: str) -> None:
    """Broken, empty, foreign and bottomless records raise one error that holds none of them."""
    with pytest.raises(NotReadable, match=why):
        read(record)
