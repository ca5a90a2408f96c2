"""Which ports are chosen, and when none is."""

import socket
from collections.abc import Iterator

import pytest

from netra_ops.findings import UsageRefused
from netra_ops.platform.local.ports import PortWish, choose


@pytest.fixture
def taken() -> Iterator[int]:
    """A port somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wish(asked: int | None, kept: int | None, default: int) -> PortWish:
    return PortWish("netra-backend", "--port", "127.0.0.1", asked, kept, default)


def test_the_default_is_taken_if_it_is_free() -> None:
    """Nobody asked and nothing is kept."""
    port = _free()

    (choice,) = choose((_wish(None, None, port),))

    assert (choice.port, choice.remark) == (port, None)


def test_a_taken_default_gives_another_and_says_so(taken: int) -> None:
    """A first start succeeds beside whatever has the usual port."""
    (choice,) = choose((_wish(None, None, taken),))

    assert choice.port not in (0, taken)
    assert choice.remark is not None
    assert str(taken) in choice.remark
    assert str(choice.port) in choice.remark


def test_an_asked_port_wins_over_a_kept_one() -> None:
    """The command line is newer than the env file."""
    port = _free()

    (choice,) = choose((_wish(port, _free(), 1),))

    assert choice.port == port


def test_an_asked_port_that_is_taken_is_refused(taken: int) -> None:
    """Who names a port gets that one or is told."""
    with pytest.raises(UsageRefused, match=f"{taken} for netra-backend is taken.*--port"):
        choose((_wish(taken, None, 1),))


def test_any_free_port_is_kept_from_then_on() -> None:
    """Asking for any port again gives the one of before."""
    (first,) = choose((_wish(0, None, 1),))

    (second,) = choose((_wish(0, first.port, 1),))

    assert first.port == second.port
    assert second.remark is None


def test_any_free_port_is_none_that_is_lent_to_outgoing_connections() -> None:
    """A kept port is still free at the next start, whatever this machine connected to meanwhile."""
    chosen = choose(tuple(_wish(0, None, 1) for _ in range(20)))

    assert len({choice.port for choice in chosen}) == 20
    assert all(20_000 <= choice.port < 32_768 for choice in chosen)


def test_a_kept_port_that_is_taken_is_refused_unless_any_will_do(taken: int) -> None:
    """An address that others know does not move by itself."""
    with pytest.raises(UsageRefused, match="had until now"):
        choose((_wish(None, taken, 1),))

    (choice,) = choose((_wish(0, taken, 1),))
    assert choice.port != taken
    assert choice.remark is not None


def test_two_services_never_get_the_same_port() -> None:
    """One port cannot be asked for twice, and a taken default does not hit the other's."""
    port = _free()

    one, two = choose((_wish(None, None, port), _wish(None, None, port)))
    assert one.port != two.port
    with pytest.raises(UsageRefused):
        choose((_wish(port, None, 1), _wish(port, None, 1)))
