"""Tests of `netra.serving.exchange`: what a client owes, and since when, without any clock."""

import pytest

from netra.serving.exchange import (
    FRAMING_BYTES,
    HEAD_BYTES,
    SLOWEST,
    UNWANTED_BYTES,
    HttpExchange,
    HttpPatience,
    Overstep,
)

TIMES = HttpPatience(head=10, body=20, answer=30, idle=5, flush=2)


def opened() -> HttpExchange:
    """Give a connection that was opened at 100."""
    return HttpExchange(100, TIMES)


def served(now: float = 101) -> HttpExchange:
    """Give a connection whose first request is being served."""
    exchange = opened()
    exchange.received(50, now)
    exchange.head_begun(now)
    exchange.head_complete(now)
    return exchange


def due(exchange: HttpExchange, now: float, *, unsent: int = 0) -> Overstep | None:
    """Ask what is due while the server reads."""
    return exchange.due(now, unsent=unsent, reads=True)


def test_who_says_nothing_is_silent() -> None:
    """A connection on which nothing was sent is due after the head's time, and not before."""
    exchange = opened()

    assert exchange.next_deadline == 110
    assert due(exchange, 109.9) is None
    assert due(exchange, 110) is Overstep.SILENT


def test_a_dribbled_head_gains_no_time() -> None:
    """Each byte of a head leaves its deadline where it was."""
    exchange = opened()
    for second in range(9):
        exchange.received(1, 100 + second)

    assert due(exchange, 110) is Overstep.SLOW_HEAD


def test_blank_lines_are_a_head_that_does_not_come() -> None:
    """What comes between two requests begins the time of the next head, a request or not."""
    exchange = served()
    exchange.complete(101)
    exchange.answered(102)
    exchange.received(2, 105)
    exchange.received(2, 114)

    assert exchange.next_deadline == 115
    assert due(exchange, 115) is Overstep.SLOW_HEAD


def test_who_was_served_may_be_idle_for_a_while() -> None:
    """After an answer the next request is awaited for the idle time."""
    exchange = served()
    exchange.complete(101)
    exchange.answered(102)

    assert exchange.next_deadline == 107
    assert due(exchange, 107) is Overstep.IDLE


def test_nobody_is_hurried_while_being_served() -> None:
    """How long the application takes is not the client's fault, whatever it sends meanwhile."""
    exchange = served()
    exchange.complete(101)
    exchange.received(10, 102)
    exchange.head_begun(102)

    assert exchange.next_deadline is None
    exchange.answered(1000)
    assert exchange.next_deadline == 1010


def test_a_body_has_time_by_its_size() -> None:
    """A body's time grows by a second with each so many bytes, so that a dribbled one ends."""
    exchange = served()
    exchange.received(10 * SLOWEST, 102)
    exchange.body(10 * SLOWEST)

    assert exchange.next_deadline == 131
    assert due(exchange, 130.9) is None
    assert due(exchange, 131) is Overstep.SLOW_BODY


def test_a_body_that_the_server_does_not_take_is_not_late() -> None:
    """While reading is paused, the client cannot go on."""
    exchange = served()

    assert exchange.due(121, unsent=0, reads=False) is None
    assert exchange.next_deadline == 141


def test_a_body_answered_early_is_still_due() -> None:
    """An answer does not release from what was announced."""
    exchange = served()
    exchange.answered(102)

    assert due(exchange, 121) is Overstep.SLOW_BODY
    exchange.complete(122)
    assert exchange.next_deadline == 127


def test_who_takes_nothing_of_an_answer_is_late() -> None:
    """An answer of which nothing left within its time is not being read."""
    exchange = served()
    exchange.complete(101)
    exchange.wrote(100_000, 102)

    assert due(exchange, 131.9, unsent=100_000) is None
    assert due(exchange, 132, unsent=100_000) is Overstep.NOT_READ


def test_who_takes_little_but_enough_is_not_late() -> None:
    """A slow line that carries the least rate is borne for as long as it takes."""
    exchange = served()
    exchange.complete(101)
    exchange.wrote(100_000, 102)
    left = 100_000
    for time in (132, 162, 192):
        left -= SLOWEST * 30
        assert due(exchange, time, unsent=max(0, left)) is None


def test_a_stream_that_was_just_written_to_is_not_late() -> None:
    """All that was owed at the last look is gone: what waits now is new."""
    exchange = served()
    exchange.complete(101)
    exchange.wrote(100, 102)
    exchange.wrote(100, 131)

    assert due(exchange, 132, unsent=100) is None


def test_a_closed_connection_is_to_be_left() -> None:
    """Nothing is owed after the close but the end, and what waits to be sent goes first."""
    exchange = served()
    exchange.complete(101)
    exchange.wrote(100, 102)
    exchange.closed(103)

    assert due(exchange, 105, unsent=100) is None
    assert due(exchange, 107) is Overstep.NOT_LEFT


@pytest.mark.parametrize(("size", "found"), [(HEAD_BYTES, None), (HEAD_BYTES + 1, Overstep.HEAD)])
def test_a_head_has_so_many_bytes(size: int, found: Overstep | None) -> None:
    """The last byte that is allowed is, the next is not."""
    exchange = opened()
    exchange.received(size, 100)

    assert exchange.too_large() is found


def test_framing_has_so_many_bytes() -> None:
    """Chunk sizes and trailers count, the body's own bytes allow as many again."""
    exchange = served()
    exchange.received(FRAMING_BYTES + 2 * 50, 102)
    exchange.body(50)

    assert exchange.too_large() is None
    exchange.received(1, 102)
    assert exchange.too_large() is Overstep.FRAMING


def test_a_body_nobody_wants_has_so_many_bytes() -> None:
    """After the answer a body is dropped, but not without end."""
    exchange = served()
    exchange.received(UNWANTED_BYTES + 1, 102)
    exchange.body(UNWANTED_BYTES + 1)

    assert exchange.too_large() is None
    exchange.answered(103)
    assert exchange.too_large() is Overstep.UNWANTED


def test_whose_turn_it_is() -> None:
    """A client that is being served keeps nobody waiting; any other does, since a known time."""
    exchange = opened()
    since = [exchange.waits_since]
    exchange.head_complete(103)
    since.append(exchange.waits_since)
    exchange.complete(104)
    since.append(exchange.waits_since)
    exchange.answered(105)
    since.append(exchange.waits_since)
    exchange.closed(106)
    since.append(exchange.waits_since)

    assert since == [100, 103, None, 105, 106]
