"""The logs of a state directory as entries of the platform's log."""

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.collected_states import AUTH, BACKEND, REVISION, event, log, request, requests
from netra_ops.evidence.collectors.log_entries import STDOUT, Origin, entry_of, request_entry
from netra_ops.evidence.collectors.log_files import LONGEST_LINE, LogFiles, Window
from netra_ops.logs.entries.cloud.log_entry import read_json
from netra_ops.logs.entries.entry import Entry, Kind
from netra_ops.logs.entries.times import from_text
from netra_ops.platform.local.front.request_file import PREVIOUS
from netra_ops.platform.local.state_directory import StateDirectory

ORIGIN = Origin(BACKEND, REVISION, STDOUT)


def collected(state: StateDirectory, window: Window | None = None) -> tuple[list[Any], list[str]]:
    """Give the entries and the notes."""
    files = LogFiles(state, window or Window())
    return [line.entry for line in files.lines()], files.notes


def read(data: bytes) -> Entry:
    """Read one record as the gardener does."""
    entry = Entry(source=0, number=1, offset=0, length=len(data), kind=Kind.JSON, message="")
    read_json(data, entry)
    return entry


@pytest.mark.parametrize(
    "line",
    [
        event("00:00.5", "service started", threshold=3),
        event(
            "00:00.5", "login refused", severity="WARNING", principal="usr_1", request_id="req_1"
        ),
        event(
            "00:00.5",
            "GET /ws 401",
            httpRequest={"requestMethod": "GET", "requestUrl": "/ws", "status": 401},
        ),
        request("00:00.5"),
    ],
)
def test_an_entry_says_what_its_line_said(line: str) -> None:
    """Message, time, level, request, revision: judges read the same from both."""
    if '"resource"' in line:
        found = request_entry(line.encode(), 0)
        assert found is not None
        entry = found[0]
    else:
        entry, _ = entry_of(line.encode(), ORIGIN, "id", None)

    ours, theirs = read(msgspec.json.encode(entry)), read(line.encode())

    for name in ("message", "time", "level", "service", "revision", "status", "principal"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert (ours.http, ours.request_id) == (theirs.http, theirs.request_id)
    assert entry["resource"]["labels"]["revision_name"] == REVISION
    assert entry["insertId"]


@given(line=st.binary(max_size=60))
def test_every_line_is_an_entry(line: bytes) -> None:
    """Whatever a process wrote as it died has its place in the log."""
    entry, time = entry_of(line, ORIGIN, "id", 5)

    assert ("textPayload" in entry) != ("jsonPayload" in entry)
    assert time is not None
    assert msgspec.json.decode(msgspec.json.encode(entry))["insertId"] == "id"
    request_entry(line, 0)


def test_all_sources_come_in_the_order_of_time(state: StateDirectory) -> None:
    """Both services, former revisions, the front and its requests are one log."""
    log(state, event("00:01", "one"), "  dying words", event("00:04", "four"))
    log(state, event("00:02", "two"), revision="netra-backend-00002-def")
    auth = state.log_file(AUTH, "netra-auth-00001-abc")
    auth.parent.mkdir()
    auth.write_text(event("00:03", "three") + "\n")
    requests(state, request("00:05"))

    entries, notes = collected(state)

    said = [one.get("textPayload") or one.get("jsonPayload", {}).get("message") for one in entries]
    assert said == ["one", "  dying words", "two", "three", "four", None]
    assert entries[1]["timestamp"] == "2026-11-05T10:00:01.000000Z"
    assert [one["resource"]["labels"]["service_name"] for one in entries] == [
        *(BACKEND, BACKEND, BACKEND),
        *(AUTH, BACKEND, BACKEND),
    ]
    assert len({one["insertId"] for one in entries}) == len(entries)
    assert notes == []


def test_lines_that_were_written_past_each_other(state: StateDirectory) -> None:
    """A few lines that are out of order in their file are put in order."""
    log(state, *(event(f"00:0{second}", str(second)) for second in (1, 3, 2, 5, 4)))

    entries, _ = collected(state)

    assert [one["jsonPayload"]["message"] for one in entries] == list("12345")


def test_only_the_window_is_given(state: StateDirectory) -> None:
    """Both ends belong to it, and ids are the same whatever was asked for."""
    log(state, *(event(f"00:0{second}", str(second)) for second in range(6)))
    whole, _ = collected(state)
    ends = [from_text(f"2026-11-05T10:00:0{second}Z") for second in (2, 4)]

    part, _ = collected(state, Window(*ends))

    assert [one["jsonPayload"]["message"] for one in part] == ["2", "3", "4"]
    assert [one["insertId"] for one in part] == [one["insertId"] for one in whole[2:5]]


def test_what_is_written_beside_has_the_time_of_its_file(state: StateDirectory) -> None:
    """A traceback is in the log, no later than it can have been written."""
    log(state, event("00:01", "one"))
    beside = state.stderr_file(BACKEND, REVISION)
    beside.write_text("Traceback (most recent call last):\nValueError: no\n")
    moment = from_text("2026-11-05T10:30:00Z")
    assert moment is not None
    os.utime(beside, ns=(moment, moment))

    entries, _ = collected(state)

    assert [one["timestamp"] for one in entries[1:]] == ["2026-11-05T10:30:00.000000Z"] * 2
    assert [one["logName"].rpartition("%2F")[2] for one in entries] == [
        "stdout",
        "stderr",
        "stderr",
    ]


def test_both_parts_of_the_request_log(state: StateDirectory) -> None:
    """What was turned over is there, and damaged lines are counted."""
    older = request("00:01") + "\n"
    requests(state, request("00:01"), name=PREVIOUS)
    head = (
        '{"severity":"INFO","message":"The request log begins here.",'
        f'"labels":{{"netra/position":"{len(older)}"}}}}\n'
    )
    requests(state, "damaged", "[]", request("00:02"), head=head)

    entries, notes = collected(state)

    assert [one["httpRequest"]["status"] for one in entries] == [401, 401]
    assert entries[0]["insertId"] == "requests-0"
    assert notes == ["Of the request log, 2 lines are damaged and left out."]


def test_a_line_that_is_too_long_is_told(state: StateDirectory) -> None:
    """No part of it is given: it could hold a part of a secret."""
    log(state, event("00:01", "one"), "x" * (2 * LONGEST_LINE), event("00:02", "two"))

    entries, _ = collected(state)

    assert (
        entries[1]["textPayload"] == f"(a line of {2 * LONGEST_LINE + 1} bytes, which was left out)"
    )
    assert entries[2]["jsonPayload"]["message"] == "two"


def test_links_strange_names_and_strange_files_are_no_logs(
    state: StateDirectory, tmp_path: Path
) -> None:
    """Nothing outside the state directory is read, and nothing waits."""
    file = log(state, event("00:01", "one"))
    outside = tmp_path / "outside.ndjson"
    outside.write_text(event("00:01", "outside") + "\n")
    (file.parent / "netra-backend-00003-abc.ndjson").symlink_to(outside)
    (file.parent / "notes.txt").write_text("mine")
    os.mkfifo(file.parent / "netra-backend-00004-abc.ndjson")
    (state.root / "logs" / "elsewhere").symlink_to(tmp_path)
    (state.root / "logs" / "No Service").mkdir()

    entries, notes = collected(state)

    assert [one["jsonPayload"]["message"] for one in entries] == ["one"]
    assert notes == [
        "netra-backend-00003-abc.ndjson is a link, which is not followed.",
        "netra-backend-00004-abc.ndjson is no regular file.",
    ]


def test_a_log_that_grows_meanwhile_comes_to_an_end(state: StateDirectory) -> None:
    """What is written after the beginning belongs to the next bundle."""
    log(state, event("00:01", "one"))
    files = LogFiles(state, Window())
    lines = files.lines()

    first = next(lines)
    log(state, event("00:02", "two"))

    assert first.entry["jsonPayload"]["message"] == "one"
    assert list(lines) == []
