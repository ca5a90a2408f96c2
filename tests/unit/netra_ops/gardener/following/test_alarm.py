"""Events are posted beside the reading, whatever their receiver does."""

import time
from collections.abc import Iterator

import pytest

from fakes.serving import listening_socket
from fakes.timing import UNIT, eventually_blocking
from fakes.webhook import Webhook, webhook
from netra_ops.findings import UsageRefused
from netra_ops.gardener.following import alarm as alarms
from netra_ops.gardener.following.alarm import MOST_WAITING, Alarm, Receiver


@pytest.fixture
def receiver() -> Iterator[Webhook]:
    """A receiver that takes everything."""
    with webhook() as running:
        yield running


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have attempts follow each other at once, and end soon."""
    monkeypatch.setattr(alarms, "PAUSES", (0.01, 0.02))
    monkeypatch.setattr(alarms, "ANSWER_SECONDS", 0.5 * UNIT)
    monkeypatch.setattr(alarms, "CLOSING_SECONDS", 10 * UNIT)


def test_events_arrive_in_their_order(receiver: Webhook) -> None:
    """What is sent is posted, one after the other, and counted."""
    said: list[str] = []
    alarm = Alarm(Receiver(receiver.url), said.append)

    for number in range(5):
        alarm.send(b"%d" % number)

    assert alarm.close() == (5, 0)
    assert receiver.bodies == [b"0", b"1", b"2", b"3", b"4"]
    assert said == []


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_trouble_that_may_pass_is_tried_again(receiver: Webhook, status: int) -> None:
    """An event is posted up to three times where the receiver is in trouble or wants a pause."""
    receiver.statuses = [status, status, 200]
    alarm = Alarm(Receiver(receiver.url), lambda _: None)

    alarm.send(b"{}")

    assert alarm.close() == (1, 0)
    assert len(receiver.bodies) == 3


@pytest.mark.parametrize(("status", "times"), [(503, 3), (404, 1), (302, 1)])
def test_what_is_refused_is_said_and_counted(receiver: Webhook, status: int, times: int) -> None:
    """After three failures or one refusal an event is given up, and the next one is posted."""
    receiver.statuses = [status] * times + [200]
    said: list[str] = []
    alarm = Alarm(Receiver(receiver.url), said.append)

    alarm.send(b"1")
    alarm.send(b"2")

    assert alarm.close() == (1, 1)
    assert receiver.bodies == [b"1"] * times + [b"2"]
    (line,) = said
    assert f"it answered {status}" in line


def test_nobody_listens() -> None:
    """A receiver that is not there is said, without the secrets of its URL."""
    said: list[str] = []
    with listening_socket() as taken:
        port = taken.getsockname()[1]
    url = f"http://key:hush@127.0.0.1:{port}/secret-path?token=hush"
    alarm = Alarm(Receiver(url), said.append)

    alarm.send(b"{}")

    assert alarm.close() == (0, 1)
    (line,) = said
    assert "cannot be reached" in line
    assert "hush" not in line
    assert "secret-path" not in line


@pytest.mark.parametrize("how", ["hangs", "drips"])
def test_what_never_answers_is_given_up(receiver: Webhook, how: str) -> None:
    """A receiver that says nothing, or a byte at a time for ever, ends each attempt in time."""
    setattr(receiver, how, True)
    said: list[str] = []
    alarm = Alarm(Receiver(receiver.url), said.append)

    alarm.send(b"{}")
    (line,) = eventually_blocking(lambda: said, within=10 * UNIT)

    assert "no answer within" in line
    assert len(receiver.bodies) == 3
    assert alarm.close() == (0, 1)


def test_a_receiver_that_hangs_delays_nobody(
    receiver: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sending never waits; what there is no room for, and what is left at the end, is counted."""
    monkeypatch.setattr(alarms, "ANSWER_SECONDS", 60 * UNIT)
    monkeypatch.setattr(alarms, "CLOSING_SECONDS", 0.1 * UNIT)
    receiver.hangs = True
    said: list[str] = []
    alarm = Alarm(Receiver(receiver.url), said.append)
    alarm.send(b"{}")
    eventually_blocking(lambda: receiver.bodies, within=10 * UNIT)

    begun = time.monotonic()
    for _ in range(MOST_WAITING + 7):
        alarm.send(b"{}")
    delivered, lost = alarm.close()

    assert time.monotonic() - begun < 5 * UNIT
    assert (delivered, lost) == (0, MOST_WAITING + 8)
    assert len(said) == 8


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "http://127.0.0.1.example.com/",
        "ftp://127.0.0.1/",
        "https://",
        "hook",
        "http://[::1",
        "https://host:port/",
        "",
    ],
)
def test_what_is_no_safe_url_is_refused(url: str) -> None:
    """Clear text goes to this machine alone, and what is no URL is refused."""
    with pytest.raises(UsageRefused, match="--alarm"):
        Receiver(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:hush@hooks.example.com/T0/hush", "https://hooks.example.com"),
        ("http://localhost:8080/a?b=hush", "http://localhost:8080"),
        ("http://[::1]:80/", "http://[::1]:80"),
    ],
)
def test_only_where_it_is_may_be_shown(url: str, shown: str) -> None:
    """Of a URL its host is shown, nothing that may be a secret."""
    assert Receiver(url).shown == shown
