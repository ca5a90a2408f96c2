"""Tests of `netra.telemetry.log_events` and the pipe behind it."""

import asyncio
import datetime as dt
import decimal
import enum
import gc
import io
import json
import logging
import re
import subprocess
import sys
import textwrap
import threading
import uuid
import warnings
from http import HTTPStatus
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.contextvars import bound_contextvars
from structlog.testing import capture_logs

from fakes.log_lines import log_lines
from netra.principal import ANONYMOUS, ServiceIdentity, ServicePrincipal
from netra.secret import Secret
from netra.telemetry import configure_logging, event_logger, release_logging
from netra.telemetry.log_events import LABELS_FIELD, TRACE_FIELD
from netra.telemetry.log_values import MAX_LINE, MAX_TEXT


class _Opaque:
    """Something whose repr and text must not get into a line."""

    def __repr__(self) -> str:
        return "OPAQUE-REPR"


class _Mute:
    """Something that has no text."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


class _Colour(enum.Enum):
    RED = "red"


def _logged(**fields: Any) -> dict[str, Any]:
    with log_lines() as lines:
        event_logger("room").info("it_happened", **fields)
    return lines.only("it_happened")


def test_a_line_has_the_cloud_logging_form() -> None:
    """Severity, time, message, labels and revision are where Cloud Logging looks (SPEC R15)."""
    event = _logged(user_id="usr_1")

    assert list(event)[:7] == [
        "severity", "timestamp", "message", "event", "room", "service", "revision",
    ]  # fmt: skip
    assert event["severity"] == "INFO"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", event["timestamp"])
    assert event["message"] == "it happened"
    assert event["room"] == "room"
    assert event["service"] == "netra-test"
    assert event["revision"] == "netra-test-00001-x7k"
    assert event[LABELS_FIELD] == {"service": "netra-test", "revision": "netra-test-00001-x7k"}
    assert event["user_id"] == "usr_1"


@pytest.mark.parametrize("word", ["debug", "info", "warning", "error", "critical"])
def test_severities_are_cloud_loggings_words(word: str) -> None:
    """Each method writes its own severity."""
    with log_lines("DEBUG") as lines:
        getattr(event_logger("room"), word)("it_happened")

    assert lines.only("it_happened")["severity"] == word.upper()


def test_a_message_is_the_sentence_for_people() -> None:
    """`message` replaces the event's name in words, and is always a text."""
    assert _logged(message="Loaded it.")["message"] == "Loaded it."
    assert _logged(message=12)["message"] == "12"


@pytest.mark.parametrize(
    "name", ["severity", "timestamp", "event", "room", "service", "revision", "stack_trace"]
)
def test_a_field_cannot_replace_what_is_ours(name: str) -> None:
    """A reserved name is written as `field_<name>` (checklist 59, 16.4.1)."""
    event = _logged(**{name: "forged"})

    assert event[f"field_{name}"] == "forged"
    assert event.get(name) != "forged"


def test_a_bound_field_cannot_replace_what_is_ours() -> None:
    """Nor can one that was bound to the logger before."""
    with log_lines() as lines:
        event_logger("room").bind(severity="forged", user_id="usr_1").info("it_happened")
    event = lines.only("it_happened")

    assert event["severity"] == "INFO"
    assert event["field_severity"] == "forged"
    assert event["user_id"] == "usr_1"


def test_the_request_ties_its_lines_together() -> None:
    """Every line written while a request is served has its id and trace."""
    with bound_contextvars(**{"request_id": "req_1", TRACE_FIELD: "a" * 32}):
        event = _logged(request_id="req_2")

    assert event["request_id"] == "req_1"
    assert event[TRACE_FIELD] == "a" * 32
    assert event["field_request_id"] == "req_2"


def test_outside_a_request_an_id_can_be_named() -> None:
    """Work of a request that goes on after it still says which request it was."""
    assert _logged(request_id="req_2")["request_id"] == "req_2"


@pytest.mark.parametrize(
    "text",
    [
        'a\r\nb\n{"severity":"CRITICAL"}',
        "line\u2028separator\u2029paragraph\x85next\x0b\x0c\x1c\x1d\x1e",
        "null\x00bell\x07escape\x1b[31m",
        "lone \ud800 surrogate \udfff",
        "emoji-free grüße",
    ],
)
def test_no_content_can_break_or_forge_a_line(text: str) -> None:
    """CR, LF and every other separator stay inside one line of valid JSON (16.4.1)."""
    with log_lines() as lines:
        event_logger("room").info("it_happened", message=text, field=text, **{text: text})

    assert lines.text.count("\n") == 1
    assert len(lines.text.splitlines()) == 1
    assert lines.text.isascii()
    assert lines.only("it_happened")["severity"] == "INFO"
    lines.text.encode()
    json.dumps(lines.only("it_happened"), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Secret("abc"), "[redacted]"),
        (_Opaque(), "<_Opaque>"),
        (_Mute(), "<_Mute>"),
        (lambda: None, "<function>"),
        (_Opaque, "<class _Opaque>"),
        (b"abc", "<bytes>"),
        (_Colour.RED, "red"),
        (HTTPStatus.NOT_FOUND, 404),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (2**70, "[integer of 71 bits]"),
        (decimal.Decimal("1.50"), "1.50"),
        (dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC), "2026-01-02T03:04:05+00:00"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Path("/a/b"), "/a/b"),
        (ANONYMOUS, "anonymous"),
        (ServiceIdentity("netra-backend"), "service:netra-backend"),
        (ServicePrincipal("netra-ops", frozenset(), "t", 0), "service:netra-ops"),
        (ValueError("password=abc"), "ValueError: password=[redacted]"),
        ({"b", "a"}, ["a", "b"]),
        ((1, None, True), [1, None, True]),
        ({1: "a", None: "b", ("x",): "c"}, {"1": "a", "null": "b", "[nested too deeply]": "c"}),
    ],
)
def test_every_value_has_a_form_and_none_shows_its_repr(value: object, shown: object) -> None:
    """What has no JSON form is written as its type's name (checklist 59)."""
    event = _logged(field=value)

    assert event["field"] == shown
    assert "OPAQUE" not in str(event)


def test_a_huge_text_is_cut_and_says_so() -> None:
    """The marker tells how much is missing."""
    event = _logged(
        field="a" * 300_000, items=list(range(5000)), map={str(n): n for n in range(999)}
    )

    assert event["field"].startswith("aaaa")
    assert "truncated" in event["field"]
    assert len(event["field"]) < MAX_TEXT + 100
    assert event["items"][-1] == "[4800 more items]"
    assert event["map"]["truncated"] == "[799 more members]"


def test_a_huge_entry_keeps_what_matters() -> None:
    """A line stays under the limit; the identity of the event is never what goes."""
    with log_lines() as lines:
        event_logger("room").error(
            "it_happened", message="m", **{f"field_{n}": "b" * 10_000 for n in range(60)}
        )
    event = lines.only("it_happened")

    assert len(lines.text) <= MAX_LINE
    assert event["severity"] == "ERROR"
    assert event["message"] == "m"
    assert "were dropped" in event["truncated"]


def test_a_cycle_and_deep_nesting_end() -> None:
    """A structure that contains itself is cut."""
    given_value: dict[str, Any] = {"n": 1}
    given_value["self"] = given_value

    assert "[nested too deeply]" in str(_logged(field=given_value))


def test_secrets_are_hidden_in_messages_fields_names_and_structures() -> None:
    """The whole line goes through redaction (checklist 59, 16.2.5)."""
    known = Secret("Correct/Horse+Battery=Staple")
    with log_lines(known_secrets=[known]) as lines:
        event_logger("room").info(
            "it_happened",
            message=f"used {known.reveal()} and password=hunter2",
            service_secret="abcdefgh",
            headers={"authorization": "Bearer qwertyui12"},
            **{f"odd {known.reveal()}": 1},
        )

    for secret in (known.reveal(), "hunter2", "abcdefgh", "qwertyui12"):
        assert secret not in lines.text
    assert lines.only("it_happened")["message"] == "used [redacted] and password=[redacted]"


def _raise(error: Exception) -> NoReturn:
    raise error


def _raise_with_a_secret_nearby() -> NoReturn:
    local_password = "L0cal-variable"
    try:
        _raise(KeyError("inner password=inner-hunter2"))
    except KeyError as error:
        raise ValueError(f"outer token=outer-hunter2, {len(local_password)}") from error


def test_an_exception_is_described_without_locals_and_redacted() -> None:
    """Type, message and the way it took; no source line, no local variable, no secret."""
    with log_lines() as lines:
        try:
            _raise_with_a_secret_nearby()
        except ValueError:
            event_logger("room").exception("it_failed")
    event = lines.only("it_failed")

    assert event["severity"] == "ERROR"
    assert event["error_type"] == "ValueError"
    assert event["error_message"] == "outer token=[redacted], 14"
    assert "Traceback (most recent call last)" in event["stack_trace"]
    assert "in _raise_with_a_secret_nearby" in event["stack_trace"]
    assert "The above exception was the direct cause" in event["stack_trace"]
    assert event["serviceContext"] == {"service": "netra-test", "version": "netra-test-00001-x7k"}
    for secret in ("L0cal", "hunter2", "local_password"):
        assert secret not in lines.text


def test_a_group_of_exceptions_is_described() -> None:
    """Each member's stack is there, and redacted."""
    group = ExceptionGroup("several", [ValueError("password=abc1"), TypeError("b")])
    with log_lines() as lines:
        event_logger("room").error("it_failed", exc_info=group)
    event = lines.only("it_failed")

    assert "ValueError: password=[redacted]" in event["stack_trace"]
    assert "TypeError: b" in event["stack_trace"]


def test_a_huge_exception_is_cut_in_the_middle() -> None:
    """Where it began and what it was are both kept."""
    with log_lines() as lines:
        event_logger("room").error("it_failed", exc_info=ValueError("x " * 100_000))
    event = lines.only("it_failed")

    assert "truncated" in event["stack_trace"]
    assert len(event["stack_trace"]) < 20_000
    assert len(event["error_message"]) < 3_000


def test_an_exception_without_text_is_still_described() -> None:
    """An exception whose `str` raises does not break the line."""

    class Broken(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    with log_lines() as lines:
        event_logger("room").error("it_failed", exc_info=Broken())

    assert lines.only("it_failed")["error_type"] == "Broken"


def test_below_the_level_nothing_is_written() -> None:
    """The level is the lowest severity that is written."""
    with log_lines("WARNING") as lines:
        event_logger("room").info("quiet")
        event_logger("room").warning("loud")

    assert [line["event"] for line in lines.all()] == ["loud"]


def test_an_unknown_level_is_refused() -> None:
    """A misspelt level does not silently become another."""
    with pytest.raises(ValueError, match="VERBOSE"):
        configure_logging(service="s", revision="r", level="VERBOSE")


def test_a_logger_made_before_the_configuration_follows_it() -> None:
    """Module-level loggers write to wherever logging is configured later."""
    log = event_logger("early")
    bound = log.bind(user_id="usr_1")
    with log_lines() as lines:
        bound.info("it_happened")

    assert lines.only("it_happened")["user_id"] == "usr_1"


class _Broken(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError(text)


def test_a_reader_that_went_away_does_not_break_the_work() -> None:
    """A closed or broken output loses lines, never requests."""
    closed = io.StringIO()
    closed.close()
    for stream in (_Broken(), closed):
        configure_logging(service="s", revision="r", stream=stream)
        try:
            event_logger("room").info("it_happened")
        finally:
            release_logging()


def test_a_value_that_breaks_the_writing_is_reported_not_raised() -> None:
    """Logging never raises into the work it reports on."""

    class Hostile(dict[str, str]):
        def items(self) -> NoReturn:
            raise RuntimeError("password=abc")

    with log_lines() as lines:
        event_logger("room").info("it_happened", field=Hostile(a="b"))
    event = lines.only("log_event_failed")

    assert event["severity"] == "ERROR"
    assert event["error_type"] == "RuntimeError"
    assert "abc" not in str(event)


def test_the_test_tool_of_structlog_sees_the_events() -> None:
    """Events can be caught before they are written."""
    with capture_logs() as caught:
        event_logger("room").info("it_happened", a=1)

    assert caught == [{"room": "room", "a": 1, "event": "it_happened", "log_level": "info"}]


def test_threads_do_not_mix_their_lines() -> None:
    """Each line is written whole."""
    with log_lines() as lines:
        log = event_logger("room")

        def say_much() -> None:
            for number in range(100):
                log.info("it_happened", number=number)

        threads = [threading.Thread(target=say_much) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(lines.of("it_happened")) == 800


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text() | st.integers(), inner, max_size=4)
        ),
        max_leaves=12,
    ),
    st.text(),
)
def test_whatever_is_logged_is_one_line_of_json(value: object, name: str) -> None:
    """No value and no name can make two lines, none, or something else than JSON."""
    with log_lines() as lines:
        event_logger("room").info("it_happened", message=name, **{name: value, "x": value})

    [event] = lines.all()
    assert event["event"] == "it_happened"
    assert event["severity"] == "INFO"


# What libraries and the interpreter say.


def test_a_librarys_record_is_an_event() -> None:
    """The standard library's logging goes through the same pipe, redacted."""
    with log_lines() as lines:
        logging.getLogger("sqlalchemy.pool").error("failed with password=%s", "hunter2")
    event = lines.only("library_log")

    assert event["room"] == "sqlalchemy.pool"
    assert event["severity"] == "ERROR"
    assert event["message"] == "failed with password=[redacted]"


def test_a_librarys_exception_is_described_like_ours() -> None:
    """`exc_info` of a record becomes type, message and stack."""
    with log_lines() as lines:
        try:
            _raise(ValueError("token=abc1"))
        except ValueError:
            logging.getLogger("lib").exception("it failed")
    event = lines.only("library_log")

    assert event["error_message"] == "token=[redacted]"
    assert event["message"] == "it failed"


def test_a_record_whose_arguments_do_not_fit_is_still_written() -> None:
    """A library's mistake in a format loses no line and prints nothing elsewhere."""
    with log_lines() as lines:
        logging.getLogger("lib").warning("%d items", "many")

    assert lines.only("library_log")["message"] == "%d items"


@pytest.mark.parametrize("name", ["httpx2", "httpcore2", "sqlalchemy.engine"])
def test_libraries_that_only_repeat_us_are_quiet(name: str) -> None:
    """Clients' INFO lines carry whole URLs; the database's carry rows."""
    with log_lines() as lines:
        logging.getLogger(name).info("GET https://h/x?token=abc")

    assert lines.all() == []


@pytest.mark.parametrize(
    "message",
    [
        "ASGI callable returned without completing handshake.",
        "ASGI callable returned without completing response.",
        "connection open",
        "connection closed",
    ],
)
def test_what_the_requests_own_event_says_is_not_said_twice(message: str) -> None:
    """A denied handshake is no fault of the application: DEBUG, with the reason."""
    with log_lines("DEBUG") as lines:
        logging.getLogger("uvicorn.error").error(message)
    event = lines.only("library_log")

    assert event["severity"] == "DEBUG"
    assert "own event" in event["reason"]


def test_no_query_string_of_a_handshake_is_written() -> None:
    """Uvicorn's handshake lines lose their query (checklist 59)."""
    with log_lines("DEBUG") as lines:
        logging.getLogger("uvicorn.error").info(
            '%s - "WebSocket %s" [accepted]', "127.0.0.1:1", "/ws?ticket=abc"
        )

    assert lines.only("library_log")["message"] == '127.0.0.1:1 - "WebSocket /ws" [accepted]'


def test_other_errors_of_the_server_stay_errors() -> None:
    """Only what is known to be a repetition is lowered."""
    with log_lines() as lines:
        logging.getLogger("uvicorn.error").error("Invalid HTTP request received.")

    assert lines.only("library_log")["severity"] == "ERROR"


def test_a_warning_is_an_event() -> None:
    """`warnings.warn` goes through the pipe as a WARNING."""
    with log_lines() as lines, warnings.catch_warnings():
        logging.captureWarnings(True)
        warnings.simplefilter("always")
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)
    event = lines.only("library_log")

    assert event["severity"] == "WARNING"
    assert event["room"] == "py.warnings"
    assert "old ways" in event["message"]


def test_an_exception_nobody_caught_in_a_thread_is_an_event() -> None:
    """A dying thread says so."""

    def die() -> NoReturn:
        raise ValueError("password=abc1")

    with log_lines() as lines:
        thread = threading.Thread(target=die, name="worker")
        thread.start()
        thread.join()
    event = lines.only("uncaught_exception")

    assert event["severity"] == "ERROR"
    assert event["where"] == "thread worker"
    assert event["error_message"] == "password=[redacted]"


def test_an_exception_nobody_can_catch_is_an_event() -> None:
    """What a finaliser raises is written, without the object's repr."""

    class Finalised(_Opaque):
        def __del__(self) -> None:
            raise ValueError("password=abc1")

    with log_lines() as lines:
        Finalised()
        gc.collect()
    event = lines.only("unraisable_exception")

    assert event["error_message"] == "password=[redacted]"
    assert "OPAQUE" not in lines.text


async def test_a_task_nobody_waited_for_is_an_event() -> None:
    """Asyncio's own report goes through the pipe."""

    async def fail() -> NoReturn:
        raise ValueError("password=abc1")

    with log_lines() as lines:
        task = asyncio.get_running_loop().create_task(fail())
        await asyncio.wait([task])
        del task
        gc.collect()
    event = lines.only("library_log")

    assert event["room"] == "asyncio"
    assert event["severity"] == "ERROR"
    assert "abc1" not in lines.text


def test_releasing_gives_everything_back() -> None:
    """Handlers, levels and hooks are as they were."""
    root = logging.getLogger()
    before = (list(root.handlers), root.level, sys.excepthook, threading.excepthook)
    with log_lines():
        assert sys.excepthook is not before[2]
        configure_logging(service="again", revision="r", stream=io.StringIO())

    assert (list(root.handlers), root.level, sys.excepthook, threading.excepthook) == before
    release_logging()


def test_a_process_that_dies_says_why_in_one_line() -> None:
    """An exception that ends the process is a CRITICAL line on standard output, not a raw trace."""
    script = """
        from netra.telemetry import configure_logging
        configure_logging(service="netra-backend", revision="r1")
        password = "L0cal"
        raise ValueError("password=hunter2")
    """
    done = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    event = json.loads(done.stdout)

    assert done.returncode == 1
    assert event["severity"] == "CRITICAL"
    assert event["event"] == "uncaught_exception"
    assert event["error_message"] == "password=[redacted]"
    assert "hunter2" not in done.stdout + done.stderr
    assert "L0cal" not in done.stdout + done.stderr
