"""What the front may be told: descriptions that cannot be meant are refused in words."""

from typing import Any

import msgspec
import pytest

from netra_ops.platform.local.front.model import (
    SLOTS,
    Applied,
    FrontRevision,
    FrontService,
    FrontState,
    NoSlotLeft,
    conflict,
)


def _revision(name: str = "one", slot: int = 0, port: int = 9001, **more: Any) -> FrontRevision:
    return FrontRevision(**{"name": name, "slot": slot, "host": "127.0.0.1", "port": port, **more})


def _service(*revisions: FrontRevision, **more: Any) -> FrontService:
    named = {"name": "netra-backend", "bind_host": "127.0.0.1", "bind_port": 8000}
    return FrontService(**{**named, "revisions": revisions, **more})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": ""}, "name of a revision"),
        ({"name": "One"}, "name of a revision"),
        ({"name": "a b"}, "name of a revision"),
        ({"name": "one\n"}, "name of a revision"),
        ({"name": 'one"'}, "name of a revision"),
        ({"name": "a" * 64}, "name of a revision"),
        ({"slot": -1}, "no slot from 0 to 7"),
        ({"slot": SLOTS}, "no slot from 0 to 7"),
        ({"host": "localhost"}, "no IP address"),
        ({"host": "127.0.0.1\n"}, "no IP address"),
        ({"host": "fe80::1%eth0"}, "IP:port"),
        ({"port": 0}, "IP:port"),
        ({"port": 65_536}, "IP:port"),
        ({"tag": ""}, "tag of revision one"),
        ({"tag": "Candidate"}, "tag of revision one"),
        ({"tag": "1st"}, "tag of revision one"),
        ({"tag": "a.b"}, "tag of revision one"),
        ({"tag": "tag\n"}, "tag of revision one"),
        ({"tag": "a" * 40}, "tag of revision one"),
    ],
)
def test_a_revision_that_cannot_be_meant(changed: dict[str, Any], said: str) -> None:
    """Names, slots, addresses and tags have their forms, and the message says which is wrong."""
    with pytest.raises(ValueError, match=said):
        _revision(**changed)


@pytest.mark.parametrize(
    ("split", "said"),
    [
        ({"one": 99}, "99 % together, not 100 %"),
        ({"one": 100, "two": 1}, "101 % together"),
        ({"one": 0}, "0 % together"),
        ({"one": 50.0, "two": 50.0}, "not a whole number"),
        ({"one": True, "two": 99}, "not a whole number"),
        ({"one": -1, "two": 101}, "not a whole number"),
        ({"three": 100}, "not there"),
    ],
)
def test_a_split_that_cannot_be_meant(split: dict[str, Any], said: str) -> None:
    """Shares are whole percents of revisions that are there, and 100 together."""
    with pytest.raises(ValueError, match=said):
        _service(_revision(), _revision("two", 1, 9002), split=split)


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (_revision("one", 1, 9002), "name one is there 2 times"),
        (_revision("two", 0, 9002), "slot 0 is there 2 times"),
        (_revision("two", 1, 9002, tag="candidate"), "tag candidate is there 2 times"),
    ],
)
def test_two_revisions_alike(second: FrontRevision, said: str) -> None:
    """Names, slots and tags are of one revision each."""
    with pytest.raises(ValueError, match=said):
        _service(_revision(tag="candidate"), second)


def test_a_tag_that_makes_too_long_a_host_name() -> None:
    """Tag and service together are one part of a host name, of at most 63 characters."""
    assert _service(_revision(tag="a" * 39), name="s" * 21).host_of("a" * 39).index(".") == 63
    with pytest.raises(ValueError, match="more than 63 characters"):
        _service(_revision(tag="a" * 39), name="s" * 22)


@pytest.mark.parametrize(
    ("services", "said"),
    [
        ((_service(), _service(bind_port=8001)), "name netra-backend is there 2 times"),
        ((_service(), _service(name="netra-auth")), "is there 2 times in the front"),
        ((_service(_revision(port=8000)),), "before itself at port 8000"),
        (
            (_service(_revision(port=8000), bind_host="0.0.0.0"),),  # noqa: S104 - to be refused
            "before itself at port 8000",
        ),
        (
            (_service(_revision()), _service(_revision(), name="netra-auth", bind_port=8001)),
            "is there 2 times in what is behind",
        ),
    ],
)
def test_services_that_contradict_each_other(services: tuple[FrontService, ...], said: str) -> None:
    """Services have names and addresses of their own, and none is behind itself."""
    with pytest.raises(ValueError, match=said):
        FrontState(services)


def test_the_lowest_free_slot_is_given() -> None:
    """A slot that was given back is given again; with all taken it says so."""
    some = _service(_revision(slot=0), _revision("two", 2, 9002))
    assert some.free_slot() == 1

    full = _service(*(_revision(f"r{slot}", slot, 9000 + slot) for slot in range(SLOTS)))
    with pytest.raises(NoSlotLeft, match="8 revisions already"):
        full.free_slot()


def test_a_slot_is_given_away_only_without_traffic() -> None:
    """Neither a share nor a tag may be left; the same revision may move or stay."""
    with_share = FrontState((_service(_revision(), split={"one": 100}),))
    with_tag = FrontState((_service(_revision(tag="candidate")),))
    without = FrontState((_service(_revision()),))
    given = FrontState((_service(_revision("two")),))

    assert "traffic of one" in (conflict(with_share, given) or "")
    assert "traffic of one" in (conflict(with_tag, given) or "")
    assert conflict(without, given) is None
    moved = FrontState((_service(_revision(port=9002), split={"one": 100}),))
    assert conflict(with_share, moved) is None
    assert conflict(with_share, FrontState((_service(),))) is None


def test_other_services_or_addresses_are_a_conflict() -> None:
    """Where clients connect cannot change while they do."""
    before = FrontState((_service(),))

    for after in (
        FrontState((_service(bind_port=8001),)),
        FrontState((_service(), _service(name="netra-auth", bind_port=8001))),
        FrontState(()),
    ):
        assert "not the same as before" in (conflict(before, after) or "")


def test_what_is_written_down_is_read_back() -> None:
    """A state on the disk is the same state, and one that cannot be meant is refused there too."""
    applied = Applied(
        FrontState((_service(_revision(tag="candidate"), split={"one": 100}),)),
        {"netra-backend": ("one",) * 100},
    )
    written = msgspec.json.encode(applied)

    assert msgspec.json.decode(written, type=Applied) == applied
    with pytest.raises(msgspec.ValidationError, match="together"):
        msgspec.json.decode(written.replace(b'"one":100', b'"one":99'), type=Applied)
