"""Shares are exact and mixed; HAProxy is told the state that was described and nothing else."""

import re
import subprocess
from collections import Counter
from itertools import count, pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes.requirements import require
from netra_ops.platform.local.front import binary, layout
from netra_ops.platform.local.front.model import (
    SLOTS,
    Applied,
    FrontRevision,
    FrontService,
    FrontState,
)
from netra_ops.platform.local.front.shares import TURNS, spread

names = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)


@st.composite
def splits(draw: st.DrawFn, of: list[str] | None = None) -> dict[str, int]:
    """Give whole percents of some revisions, 100 together, some perhaps 0."""
    some = st.lists(names, min_size=1, max_size=SLOTS, unique=True)
    chosen = of if of is not None else draw(some)
    limit = len(chosen) - 1
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=limit, max_size=limit)))
    edges = [0, *cuts, 100]
    return {name: edges[n + 1] - edges[n] for n, name in enumerate(chosen)}


@st.composite
def states(draw: st.DrawFn) -> FrontState:
    """Give any state that can be described."""
    services = []
    ports = count(draw(st.integers(1, 65_000)))
    for name in draw(st.lists(names, min_size=1, max_size=2, unique=True)):
        revisions = draw(st.lists(names, max_size=SLOTS, unique=True))
        slots = draw(st.permutations(range(SLOTS)))
        tags = draw(st.lists(st.none() | names, min_size=SLOTS, max_size=SLOTS))
        taken = set[str]()
        described = []
        for number, revision in enumerate(revisions):
            tag = tags[number] if tags[number] not in taken else None
            taken |= {tag} if tag else set()
            host = draw(st.sampled_from(["127.0.0.1", "::1", "10.1.2.3"]))
            described.append(FrontRevision(revision, slots[number], host, next(ports), tag))
        serves = bool(revisions) and draw(st.booleans())
        split = draw(splits(revisions)) if serves else {}
        host = draw(st.sampled_from(["127.0.0.1", "::1"]))
        services.append(FrontService(name, host, next(ports), tuple(described), split))
    return FrontState(tuple(services))


def _applied(state: FrontState) -> Applied:
    return Applied(state, {one.name: spread(one.split) for one in state.services})


def _widest_gap(turns: tuple[str, ...], name: str) -> int:
    """Give after how many turns at most it is this one's again."""
    own = [turn for turn, owner in enumerate(turns) if owner == name]
    return max((after - turn for turn, after in zip(own, [*own[1:], own[0] + TURNS], strict=True)))


@given(split=splits())
def test_everyone_gets_exactly_their_share_and_is_mixed(split: dict[str, int]) -> None:
    """Of a hundred turns each has its percents; as many as a rollout has are mixed evenly."""
    turns = spread(split)

    assert Counter(turns) == {name: percent for name, percent in split.items() if percent}
    sharing = {name: percent for name, percent in split.items() if percent}
    # The more share, the less even it can be at once for all: of eight some wait six times as long.
    most = 3 if len(sharing) <= 3 else 8
    for name, percent in sharing.items():
        assert _widest_gap(turns, name) * percent <= most * TURNS


@settings(max_examples=40)
@given(history=st.lists(splits(["one", "two", "three", "four"]), min_size=2, max_size=6))
def test_as_many_turns_as_possible_stay(history: list[dict[str, int]]) -> None:
    """From one split to the next everyone keeps the smaller of both shares."""
    before = spread(history[0])
    for earlier, split in pairwise(history):
        turns = spread(split, before)

        assert Counter(turns) == {name: percent for name, percent in split.items() if percent}
        stayed = sum(one == other for one, other in zip(before, turns, strict=True))
        assert stayed == sum(min(earlier[name], split[name]) for name in split)
        before = turns


@settings(max_examples=40)
@given(steps=st.lists(st.integers(0, 100), max_size=4))
def test_ten_percent_are_among_the_first_twenty(steps: list[int]) -> None:
    """However the split came to 90 to 10, any twenty requests in a row reach both."""
    turns: tuple[str, ...] = ()
    for share in (*steps, 10):
        turns = spread({"one": 100 - share, "two": share}, turns)

    for start in range(TURNS):
        assert set((turns + turns)[start : start + 20]) == {"one", "two"}


def test_nothing_has_no_turns() -> None:
    """Without a split nobody has a turn, and from there everything begins anew."""
    assert spread({}) == spread({}, spread({"one": 100})) == ()


@settings(max_examples=50)
@given(state=states())
def test_maps_lead_where_the_state_says(state: FrontState) -> None:
    """Each turn and each tag leads to its revision's slot and name, and nothing else is there."""
    applied = _applied(state)
    maps = layout.maps(applied)

    assert len(maps) == 2 * len(state.services)
    for service in state.services:
        picks = {f"{one.slot}/{one.name}" for one in service.revisions}
        split = maps[layout.split_file(service.name)]
        assert len(split) == (TURNS if service.split else 0)
        assert set(split.values()) <= picks
        assert maps[layout.tags_file(service.name)] == {
            f"{one.tag}---{service.name}.localhost": f"{one.slot}/{one.name}"
            for one in service.revisions
            if one.tag
        }


@settings(max_examples=50)
@given(state=states())
def test_every_slot_is_declared_and_only_occupied_ones_are_open(state: FrontState) -> None:
    """So a revision can come later without a reload, and nothing leads nowhere."""
    text = layout.configuration(state)
    declared = dict(re.findall(r"^backend (\S+\.\d)\n  server s (.*)$", text, re.MULTILINE))

    assert set(declared) == {
        f"{service.name}.{slot}" for service in state.services for slot in range(SLOTS)
    }
    for service in state.services:
        occupied = {one.slot: one for one in service.revisions}
        for slot in range(SLOTS):
            said = declared[f"{service.name}.{slot}"]
            if slot in occupied:
                assert said == layout.address(occupied[slot].host, occupied[slot].port)
            else:
                assert said.endswith(" disabled")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(state=states())
@pytest.mark.live
def test_haproxy_accepts_every_state(state: FrontState, tmp_path: Path) -> None:
    """Whatever can be described is a configuration that HAProxy finds valid, without a warning."""
    found = binary.find()
    require("haproxy", found.path is not None, found.remark)
    for name, entries in layout.maps(_applied(state)).items():
        (tmp_path / name).write_text(layout.rendered_map(entries), encoding="ascii")
    (tmp_path / "haproxy.cfg").write_text(layout.configuration(state), encoding="ascii")

    checked = subprocess.run(  # noqa: S603 - the HAProxy that was found
        [str(found.path), "-c", "-f", "haproxy.cfg"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    assert "WARNING" not in checked.stderr
