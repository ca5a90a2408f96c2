"""What is told as new of a growing log, and what is not."""

import msgspec
import pytest

from fakes.watched_log import WatchedLog
from netra_ops.gardener.following.watch.events import as_line
from netra_ops.gardener.following.watch.kinds import Bounds
from netra_ops.gardener.following.watch.watching import Arrived
from netra_ops.gardener.memory import Memory
from netra_ops.logs.entries import Entry, Http, Kind, Level

WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "islet", "jetty")
"""Plain words: six of them in one place make it a variable, five do not."""


def greeting(word: str) -> str:
    """Give a message of one template, with a word that is a value of it."""
    return f"ERROR the door of house {word} would not open for the guest today"


def test_what_was_there_is_not_new() -> None:
    """A cluster of the baseline is not told, however often it comes."""
    log = WatchedLog(["ERROR payment 17 failed"])

    log.write("ERROR payment 18 failed")
    log.wait(5)

    assert log.told == []


def test_a_new_cluster_is_told_once_and_soon() -> None:
    """A cluster that was never there is told within two seconds, and never again."""
    log = WatchedLog(["INFO all is well"])

    log.write("ERROR payment 17 failed")
    log.wait(2)
    (event,) = log.told
    for number in range(20):
        log.write(f"ERROR payment {number} failed")
        log.wait(2)

    assert event.event == "new_cluster"
    assert (event.severity, event.name, event.count) == ("ERROR", "payment-failed", 1)
    assert event.example.reference == "app.log:2"
    assert log.told == [event]


@pytest.mark.parametrize(
    ("level", "line", "is_told"),
    [
        (Level.WARNING, "INFO cache is cold", False),
        (Level.WARNING, "WARNING cache is cold", True),
        (Level.ERROR, "WARNING cache is cold", False),
        (Level.INFO, "INFO cache is cold", True),
    ],
)
def test_only_what_is_bad_enough_is_told(level: Level, line: str, *, is_told: bool) -> None:
    """New clusters below the threshold are not told."""
    log = WatchedLog(["INFO all is well"], level)

    log.write(line)
    log.wait(40)

    assert bool(log.told) is is_told


def test_what_turns_bad_is_told_then() -> None:
    """A cluster that came first as information and later as an error is told when it is one."""
    log = WatchedLog()

    log.write("INFO queue holds 3 items")
    log.wait(40)
    assert log.told == []
    log.write("ERROR queue holds 4 items")
    log.wait(1)

    (event,) = log.told
    assert event.severity == "ERROR"


def test_an_answer_of_5xx_is_an_error() -> None:
    """A request that was answered with 503 is bad enough, whatever severity it has."""
    log = WatchedLog()
    (entry,) = log.entries("INFO request")
    entry.kind, entry.status = Kind.REQUEST, 503
    entry.http = Http("GET", "/people/ada@example.com")

    log.arrive(entry)
    log.wait(2)

    (event,) = log.told
    assert event.severity == "ERROR"
    assert "ada" not in msgspec.json.encode(event).decode()


def test_a_merge_of_known_clusters_is_not_new() -> None:
    """When enough values make two known clusters one, its new id is no new cluster."""
    log = WatchedLog([greeting(word) for word in WORDS[:3]])
    before = {track.id for track in log.kinds.tracks()}

    for word in WORDS[3:]:
        log.write(greeting(word).replace("ERROR", "INFO"))
        log.wait(35)
    log.write(*map(greeting, WORDS))
    log.wait(5)

    (merged,) = log.kinds.tracks()
    assert len(before) == 3
    assert merged.id not in before
    assert before <= merged.names
    assert log.of("new_cluster") == []


def test_values_that_come_together_are_one_new_cluster() -> None:
    """Ten values of one template that arrive within a moment are told as one cluster."""
    log = WatchedLog(["INFO all is well"])

    for word in WORDS:
        log.write(greeting(word))
        log.clock.advance(0.05)
    log.wait(5)

    (event,) = log.told
    assert event.count == len(WORDS)
    assert "<word>" in event.template


def test_what_was_told_in_parts_is_not_told_as_a_whole() -> None:
    """Values that were told each, before there were enough of them, are silent once merged."""
    log = WatchedLog(["INFO all is well"])

    for word in WORDS:
        log.write(greeting(word))
        log.wait(3)
    told = [event.id for event in log.told]
    log.write(*map(greeting, WORDS))
    log.wait(5)

    assert len(set(told)) == len(told) <= 5
    assert [event.id for event in log.told] == told


def test_what_an_earlier_run_knew_is_not_new() -> None:
    """A memory's clusters are known, those it has by their templates and those by their ids."""
    first = WatchedLog()
    first.write("ERROR payment 17 failed", "ERROR disk is full")
    first.wait(2)
    ids = {event.template: event.id for event in first.told}
    memory = Memory("normal", seen={ids["disk is full"]: 1})

    log = WatchedLog(memory=memory)
    log.write("ERROR payment 17 failed", "ERROR disk is full")
    log.wait(2)

    assert [event.template for event in log.told] == ["payment 17 failed"]


def test_a_copy_is_nothing() -> None:
    """An entry that came before is neither told nor counted."""
    log = WatchedLog()
    (entry,) = log.entries("ERROR payment 17 failed")
    entry.duplicate = True

    log.arrive(entry)
    log.wait(5)

    assert (log.told, log.watch.entries) == ([], 0)


def test_people_are_counted_and_not_named() -> None:
    """An event says how many principals acted, and holds no address of any."""
    log = WatchedLog()
    entries = log.entries(*["ERROR mail to ada@example.com from 203.0.113.9 bounced"] * 3)
    for number, entry in enumerate(entries):
        entry.principal = f"person{number % 2}@example.com"

    log.arrive(*entries)
    log.wait(2)

    (event,) = log.told
    text = msgspec.json.encode(event).decode() + as_line(event)
    assert event.principals == 2
    assert "<email-1>" in event.example.message
    assert "@example.com" not in text
    assert "203.0.113.9" not in text


def test_what_ends_is_told_at_once() -> None:
    """When nothing more comes there is nothing to wait for."""
    log = WatchedLog()

    log.write("ERROR payment 17 failed")
    assert log.told == []
    log.look(is_last=True)

    assert len(log.told) == 1


def event(log: WatchedLog, name: str) -> Entry:
    """Give an entry that names its event: what has another name is another cluster."""
    (entry,) = log.entries("ERROR it broke")
    entry.event = name
    return entry


def test_memory_stays_bounded_and_nothing_is_told_again() -> None:
    """What is begun anew, because there is too much, still knows what was there and was told."""
    names = [f"{one}_{two}" for one in WORDS for two in WORDS[:6]]
    log = WatchedLog(bounds=Bounds(shapes=30, kept=15))

    for name in names * 2:
        log.arrive(event(log, name))
        log.wait(1)

    assert [event.name for event in log.told] == [name.replace("_", "-") for name in names]
    assert log.kinds.shapes <= 40
    assert len(log.kinds.tracks()) <= 40


def test_what_was_there_outlives_a_new_beginning() -> None:
    """The baseline is known after all was begun anew, also what has not come since."""
    names = [f"{one}_{two}" for one in WORDS for two in WORDS[:6]]
    log = WatchedLog(bounds=Bounds(shapes=30, kept=15))
    log.watch.learn(Arrived("app.log", [event(log, name) for name in names[:30]]))
    log.watch.begin(log.clock.monotonic())

    for name in [*names[30:], *names]:
        log.arrive(event(log, name))
        log.wait(1)

    assert [event.name for event in log.told] == [name.replace("_", "-") for name in names[30:]]
