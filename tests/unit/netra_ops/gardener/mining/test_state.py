"""The state: what one run knew, the next one knows."""

import json

import pytest

from netra_ops.gardener.mining.grouping.columns import Granularity
from netra_ops.gardener.mining.miner import Miner
from netra_ops.gardener.mining.state import StateError, dumped, loaded


def continued(texts: list[str], granularity: Granularity = Granularity.NORMAL) -> Miner:
    """Return a miner that continues from the state of one that mined the texts."""
    miner = Miner(granularity)
    miner.add(texts)
    return loaded(dumped(miner, miner.clusters()))


def test_the_state_is_plain_json_with_its_schema() -> None:
    """Anything that reads JSON reads the state, and it says by which rules it was made."""
    miner = Miner()
    miner.add(["disk 7 is full"])

    state = json.loads(dumped(miner, miner.clusters()))

    assert (state["schema"], state["normal_form"]) == (1, "v1")
    assert [shape["key"] for shape in state["shapes"]] == ["disk 0 is full"]


def test_a_later_run_finds_the_same_clusters() -> None:
    """Ids and templates go on, lines are of this run, those before are told apart."""
    texts = [f"login of user {name} refused" for name in ("ada", "bob", "eve")]
    before = Miner()
    before.add(texts)
    first = before.clusters().clusters[0]

    later = loaded(dumped(before, before.clusters()))
    later.add(["login of user zoe refused"])
    (one,) = later.clusters().clusters

    assert (one.id, one.template, one.aliases) == (first.id, first.template, ())
    assert (one.lines, one.earlier) == (1, 3)


def test_a_known_template_stays_merged() -> None:
    """What was a variable stays one, also when the lines that showed it no longer would."""
    later = continued([f"login of user {name} refused" for name in ("ada", "bob", "eve")])
    later.add(["login of user ada refused"] * 500)

    assert len(later.clusters().clusters) == 1


def test_a_former_id_is_an_alias() -> None:
    """When new values turn a constant into a variable, the ids from before lead to the new one."""
    before = Miner()
    before.add(["login of user ada refused"])
    former = before.clusters().clusters[0].id

    later = loaded(dumped(before, before.clusters()))
    later.add([f"login of user {name} refused" for name in ("bob", "eve", "kim")])
    (one,) = later.clusters().clusters
    last = loaded(dumped(later, later.clusters()))

    assert one.id != former
    assert one.aliases == (former,)
    assert last.clusters().clusters[0].aliases == (former,)


def test_a_constant_number_stays_proven() -> None:
    """What was the same in all lines of two runs is printed; a third value ends it."""
    texts = [f"[{pid}] exited with code 3" for pid in range(50)]
    later = continued(texts)
    later.add(["[99] exited with code 3"])
    same = later.clusters().clusters[0].template
    later.add(["[98] exited with code 4"])

    assert same == "[<num>] exited with code 3"
    assert later.clusters().clusters[0].template == "[<num>] exited with code <num>"


def test_the_granularity_goes_on() -> None:
    """A state made finely is continued finely."""
    assert continued(["a"], Granularity.FINE).granularity is Granularity.FINE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"schema":2,"normal_form":"v1"}',
        b'{"schema":1,"normal_form":"v0"}',
        b'{"schema":1,"normal_form":"v1"}',
        b'{"schema":1,"normal_form":"v1","granularity":9,"shapes":[],"known":[]}',
    ],
)
def test_what_is_no_state_is_refused(data: bytes) -> None:
    """A state that cannot be continued is an error that says so, never a fresh start."""
    with pytest.raises(StateError, match="the state"):
        loaded(data)
