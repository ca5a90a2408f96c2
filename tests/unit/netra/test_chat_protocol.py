"""Tests of `netra.wire.chat_protocol`: the shapes and bounds of frames."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from netra.errors import RequestInvalid
from netra.wire.chat_protocol import (
    MAX_FRAME_BYTES,
    MAX_TEXT,
    MAX_TOKEN,
    Accepted,
    Cancel,
    CancelAccepted,
    ClientFrame,
    CloseCode,
    EventName,
    Failed,
    FailureReason,
    Ping,
    Pong,
    Ready,
    Refresh,
    Refreshed,
    Resume,
    RunEvent,
    SendMessage,
    ServerFrame,
    TokenExpiring,
    client_frame,
    encoded,
    server_frame,
)

RUN = "run_01k9zzzzzzzzzzzzzzzzzzzzzz"
THREAD = "thr_01k9zzzzzzzzzzzzzzzzzzzzzz"
MESSAGE = "msg_01k9zzzzzzzzzzzzzzzzzzzzzz"
DOCUMENT = Path(__file__).parents[3] / "docs" / "flows" / "chat_turn.md"
DEEP = "[" * 100_000 + "]" * 100_000

SAID: list[tuple[str, ClientFrame]] = [
    ('{"type":"resume"}', Resume()),
    ('{"type":"resume","after":0}', Resume(0)),
    ('{"type":"resume","after":17}', Resume(17)),
    (
        '{"type":"message","client_id":"abcdefgh","text":"hello"}',
        SendMessage("abcdefgh", "hello"),
    ),
    (
        f'{{"type":"message","client_id":"a-_4efgh","text":"x","thread_id":"{THREAD}"}}',
        SendMessage("a-_4efgh", "x", THREAD),
    ),
    (
        '{"type":"message","client_id":"abcdefgh","text":"x","agent":"assistant"}',
        SendMessage("abcdefgh", "x", agent="assistant"),
    ),
    (f'{{"type":"cancel","run_id":"{RUN}"}}', Cancel(RUN)),
    ('{"type":"refresh","token":"e.e.e"}', Refresh("e.e.e")),
    ('{"type":"ping"}', Ping()),
    ('{"type":"ping","nonce":"7"}', Ping("7")),
]


@pytest.mark.parametrize(("text", "frame"), SAID)
def test_a_clients_frame_is_read(text: str, frame: ClientFrame) -> None:
    """Every kind of frame is read, from text and from bytes, and written so that it reads back."""
    assert client_frame(text) == frame
    assert client_frame(text.encode()) == frame
    assert client_frame(encoded(frame)) == frame


def _message(**changed: Any) -> str:
    return json.dumps({"type": "message", "client_id": "abcdefgh", "text": "hello"} | changed)


BAD = {
    "empty": "",
    "not JSON": "hello",
    "two documents": '{"type":"ping"}{"type":"ping"}',
    "an array": '[{"type":"ping"}]',
    "null": "null",
    "no type": "{}",
    "an unknown type": '{"type":"subscribe"}',
    "a server's type": '{"type":"ready","seq":1}',
    "an unknown member": '{"type":"ping","user_id":"usr_bob"}',
    "after is negative": '{"type":"resume","after":-1}',
    "after is no integer": '{"type":"resume","after":1.5}',
    "after is text": '{"type":"resume","after":"1"}',
    "after is true": '{"type":"resume","after":true}',
    "after is beyond what JavaScript counts": f'{{"type":"resume","after":{2**53}}}',
    "after has thousands of digits": f'{{"type":"resume","after":{"9" * 5000}}}',
    "no client_id": '{"type":"message","text":"hello"}',
    "a short client_id": _message(client_id="abcdefg"),
    "a long client_id": _message(client_id="a" * 65),
    "a client_id with a line feed": _message(client_id="abcdefgh\n"),
    "a client_id in another script": _message(client_id="äbcdefgh"),
    "no text": _message(text=""),
    "a long text": _message(text="x" * (MAX_TEXT + 1)),
    "text is a number": _message(text=1),
    "an unpaired surrogate": '{"type":"ping","nonce":"\\ud800"}',
    "an id of no row": _message(thread_id="thr_1"),
    "an id with a line feed": _message(thread_id=THREAD + "\n"),
    "an id in capitals": _message(thread_id=THREAD.upper()),
    "a path as agent": _message(agent="../model"),
    "no run": '{"type":"cancel"}',
    "an empty token": '{"type":"refresh","token":""}',
    "a long token": json.dumps({"type": "refresh", "token": "x" * (MAX_TOKEN + 1)}),
    "a long nonce": json.dumps({"type": "ping", "nonce": "x" * 65}),
    "nested too deep": f'{{"x":{DEEP},"type":"ping"}}',
    "nested too deep where a number is due": f'{{"type":"resume","after":{DEEP}}}',
    "too large": _message(text="x" * MAX_FRAME_BYTES),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_frame_is_refused(name: str) -> None:
    """Whatever is sent, the answer is one kind of error with a short public detail."""
    with pytest.raises(RequestInvalid) as refused:
        client_frame(BAD[name])

    assert refused.value.detail
    assert len(refused.value.detail) <= 201
    assert refused.value.reason in {
        "a frame is too large",
        "nested too deep",
        "not JSON",
        "not a frame of the protocol",
    }


def test_bytes_that_are_no_text_are_refused() -> None:
    """Bytes that are not UTF-8, and text that cannot be written, are no JSON."""
    for frame in (b"\xff\xfe", b'{"type":"\xc0\x80"}', '{"type":"ping","nonce":"\ud800"}'):
        with pytest.raises(RequestInvalid):
            client_frame(frame)


def test_a_detail_never_repeats_what_was_said() -> None:
    """Only names of members and types appear in a detail, cut short; never a text or a token."""
    secrets = [
        _message(text=["my secret"]),
        _message(client_id="my secret!"),
        json.dumps({"type": "refresh", "token": "my secret" * MAX_TOKEN}),
        json.dumps({"type": "refresh", "token": 1, "hint": "my secret"}),
    ]
    for frame in secrets:
        with pytest.raises(RequestInvalid) as refused:
            client_frame(frame)
        assert "my secret" not in f"{refused.value.detail}{refused.value.reason}"

    with pytest.raises(RequestInvalid) as refused:
        client_frame(json.dumps({"type": "ping", "x" * 10_000: 1}))
    assert len(refused.value.detail or "") <= 201


def test_frames_with_secrets_do_not_show_them() -> None:
    """What a person said and a token are not in a frame's `repr`."""
    assert "hello" not in repr(SendMessage("abcdefgh", "hello"))
    assert "e.e.e" not in repr(Refresh("e.e.e"))


SENT: list[ServerFrame] = [
    Ready(7, reset=False, expires_at=1.5, heartbeat_seconds=35.0, agents=("assistant",)),
    Accepted("abcdefgh", MESSAGE, RUN, THREAD, duplicate=False),
    CancelAccepted(RUN),
    TokenExpiring(1.5),
    Refreshed(2.5),
    Pong("7"),
    Failed("not_found", "There is no such thing here.", run_id=RUN, retry_after=2),
]


@pytest.mark.parametrize("frame", SENT)
def test_a_servers_frame_reads_back(frame: ServerFrame) -> None:
    """What the backend writes, a client reads; no member is left out."""
    assert server_frame(encoded(frame)) == frame
    members = json.loads(encoded(frame)).keys() - {"type"}
    assert members == set(frame.__struct_fields__)


@pytest.mark.parametrize("name", list(EventName))
def test_an_event_reads_back(name: EventName) -> None:
    """An event is told by its name; its payload may be written as JSON already."""
    event = RunEvent(name, 1, RUN, THREAD, "assistant", "2026-01-01T00:00:00Z", {"text": "é"})
    raw = msgspec.structs.replace(event, payload=msgspec.Raw(b'{"text":"\xc3\xa9"}'))

    assert server_frame(encoded(event)) == event
    assert encoded(raw) == encoded(event)
    assert json.loads(encoded(event))["type"] == name.value


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"type":1}', '{"type":"ping"}', '{"type":"ready"}', f'{{"x":{DEEP}}}']
)
def test_a_client_refuses_what_is_no_server_frame(text: str) -> None:
    """Reading what the backend sent fails with one kind of error."""
    with pytest.raises(RequestInvalid):
        server_frame(text)


def test_no_type_is_used_twice() -> None:
    """A type names one frame: events, what a client says and what the backend says are apart."""
    said = {json.loads(text)["type"] for text, _ in SAID}
    sent = {json.loads(encoded(frame))["type"] for frame in SENT}

    assert len(said) == 5
    assert len(sent) == len(SENT)
    assert not said & sent
    assert not RunEvent.TYPES & (said | sent)


@pytest.mark.parametrize("character", ["a", "\x01", "\u20ac", "\U0001f600"])
def test_the_largest_message_fits_into_a_frame(character: str) -> None:
    """A text of the allowed length fits as a browser writes it: only control characters escaped."""
    text = character * MAX_TEXT
    document = {"type": "message", "client_id": "abcdefgh", "text": text}
    frame = json.dumps(document, ensure_ascii=False)

    assert len(frame.encode()) < MAX_FRAME_BYTES
    assert client_frame(frame) == SendMessage("abcdefgh", text)


def test_the_written_protocol_names_everything() -> None:
    """Every frame and its members, every event, reason and close code is in the document."""
    written = DOCUMENT.read_text(encoding="utf-8")
    kinds = [type(frame) for frame in SENT] + [type(frame) for _, frame in SAID]
    names = {kind.__struct_config__.tag for kind in kinds}
    names |= {member for kind in kinds for member in kind.__struct_fields__}
    names |= {*EventName, *FailureReason, *RunEvent.__struct_fields__}

    assert {name for name in names if f"`{name}`" not in written} == set()
    assert {code for code in CloseCode if f"| {code.value} |" not in written} == set()
