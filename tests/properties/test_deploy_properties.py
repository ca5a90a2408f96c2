"""Whatever happens in a deployment, and whatever the numbers are."""

import math
import random
import tempfile
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.configurations import BACKEND
from fakes.deploying import Gate, good_steps, people, step
from netra.secret import Secret
from netra_ops.deploy.checks.statistics import (
    LEVEL,
    Share,
    binomial_tail,
    fisher,
    is_worse,
    quantile_bounds,
)
from netra_ops.deploy.course.pace import Move, Pace, Progress, next_move, split_at
from netra_ops.deploy.deployment import Options, deploy
from netra_ops.deploy.putting_right import end_abandoned
from netra_ops.findings import CouldNotTell, Failed, OpsError, Verdict
from netra_ops.ledger import queries
from netra_ops.ledger.records import Judgement, Promotion, Stage
from netra_ops.platform.port import Change, Observed

OLD, NEW = f"{BACKEND}-00001-aaa", f"{BACKEND}-00002-bbb"
CHANGE = Change(values={"TOKEN_AUDIENCE": Secret("netra-backend")})

shares = st.integers(0, 300).flatmap(
    lambda total: st.integers(0, total).map(lambda bad: Share(bad, total))
)


@given(shares, shares)
def test_fishers_test_is_exact(one: Share, stable: Share) -> None:
    """It is what counting all ways gives."""
    bad, total = one.bad + stable.bad, one.total + stable.total
    ways = sum(
        math.comb(bad, k) * math.comb(total - bad, one.total - k)
        for k in range(one.bad, min(bad, one.total) + 1)
    )

    assert fisher(one, stable) == pytest.approx(
        float(Fraction(ways, math.comb(total, one.total))), rel=1e-6, abs=1e-12
    )


@given(st.integers(0, 60), st.integers(0, 60), st.fractions(0, 1, max_denominator=50))
def test_the_binomial_tail_is_exact(least: int, number: int, chance: Fraction) -> None:
    """It is what adding up all outcomes gives."""
    exact = sum(
        math.comb(number, k) * chance**k * (1 - chance) ** (number - k)
        for k in range(least, number + 1)
    )

    found = binomial_tail(least, number, float(chance))
    assert found == pytest.approx(float(exact), rel=1e-6, abs=1e-12)


@given(shares, shares)
def test_no_revision_is_worse_for_being_better(one: Share, stable: Share) -> None:
    """A share that is no larger than the stable one's is never refused."""
    if one.rate <= stable.rate:
        assert not is_worse(one, stable)


@given(st.integers(3, 300), st.integers(0, 1000))
def test_a_revision_that_answers_nothing_rightly_is_worse(number: int, stable: int) -> None:
    """However few requests, from three on, and however few there are to compare with."""
    assert is_worse(Share(number, number), Share(0, stable))


@given(shares, shares, st.integers(1, 50))
def test_good_answers_never_make_it_worse(one: Share, stable: Share, more: int) -> None:
    """What is borne stays borne when nothing but good answers come to the candidate."""
    if not is_worse(one, stable):
        assert not is_worse(Share(one.bad, one.total + more), stable)


@pytest.mark.long
@pytest.mark.parametrize("rate", [0.001, 0.01, 0.1])
def test_looking_after_each_answer_refuses_few_good_candidates(rate: float) -> None:
    """Two revisions that are alike are told apart by mistake as seldom as was promised."""
    chance, refused, runs = random.Random(7), 0, 400  # noqa: S311 - a simulation
    for _ in range(runs):
        ours, theirs, refuses = [0, 0], [0, 0], False
        for _ in range(1500):
            side = ours if chance.random() < 0.05 else theirs
            side[1] += 1
            if chance.random() < rate:
                side[0] += 1
                refuses = refuses or is_worse(Share(*ours), Share(*theirs), tolerated=None)
        refused += refuses

    # Three standard deviations above what is promised.
    assert refused / runs <= LEVEL + 3 * math.sqrt(LEVEL * (1 - LEVEL) / runs)


@given(st.lists(st.floats(0, 10), max_size=400), st.sampled_from([0.5, 0.95]))
def test_bounds_of_a_quantile_are_values_in_order(values: list[float], q: float) -> None:
    """The lower one is not above the upper one, and both were measured."""
    lower, upper = quantile_bounds(values, q)

    assert lower is None or lower in values
    assert upper is None or upper in values
    if lower is not None and upper is not None:
        assert lower <= upper


@pytest.mark.long
def test_bounds_of_a_quantile_hold() -> None:
    """The quantile lies within them, in all but very few samples."""
    chance, missed, runs = random.Random(11), 0, 3000  # noqa: S311 - a simulation
    for _ in range(runs):
        sample = [chance.expovariate(1) for _ in range(200)]
        lower, upper = quantile_bounds(sample, 0.95)
        true = -math.log(0.05)
        missed += (lower is not None and lower > true) + (upper is not None and upper < true)

    assert missed / runs < 0.005


@given(
    st.builds(Pace, st.just((100,)), st.integers(0, 50), st.floats(0, 100), st.floats(0, 100)),
    st.integers(0, 100),
    st.integers(0, 100),
)
def test_every_step_comes_to_an_end(pace: Pace, people_came: int, probes: int) -> None:
    """Once its time is up and its walks are walked, there is nothing left but to judge."""
    for bakes in (False, True):
        over = Progress(1000, people_came, probes, 99)
        assert next_move(pace, over, bakes=bakes) is Move.JUDGE


@given(st.integers(1, 100), st.sampled_from([None, "old"]))
def test_a_split_is_always_whole(percent: int, stable: str | None) -> None:
    """Whole percents, none of them nothing, 100 together."""
    split = split_at(percent, "new", stable)

    assert sum(split.values()) == 100
    assert all(part > 0 for part in split.values())


class Chance:
    """A platform's and people's whims, drawn one after the other."""

    def __init__(self, gate: Gate, whims: list[str]) -> None:
        self._gate = gate
        self._whims = whims

    def traffic(self, _service: str, _since: float, _until: float) -> Mapping[str, Observed]:
        """Have people ask something, or the platform not know."""
        match self._whims.pop() if self._whims else "fine":
            case "errors":
                seen = people(s500=30)
            case "nothing":
                seen = Observed()
            case "unknown":
                raise CouldNotTell("It cannot be counted.")
            case _:
                seen = people(s200=40)
        return {OLD: people(s200=400), NEW: seen}

    def at_call(self, name: str) -> None:
        """Fail, sometimes."""
        if name not in {"create", "shift", "state", "retire"} or not self._whims:
            return
        match self._whims.pop():
            case "failed":
                raise Failed("No.")
            case "silent":
                raise CouldNotTell("It does not answer.")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["fine"] * 6 + ["errors", "nothing", "unknown", "failed", "silent"]),
        max_size=60,
    ),
    st.sampled_from([Verdict.PASS] * 4 + [Verdict.FAIL, Verdict.UNKNOWN]),
)
def test_traffic_ends_with_the_promoted_one_or_where_it_was(
    whims: list[str], probe: Verdict
) -> None:
    """And what the ledger says when it is replayed is what the platform does."""
    with tempfile.TemporaryDirectory() as folder:
        gate = Gate(Path(folder) / "ledger")
        chance = Chance(gate, whims)
        gate.platform.traffic, gate.platform.at_call = chance.traffic, chance.at_call
        gate.prober.steps[NEW] = (*good_steps(), step("me as user", probe))
        try:
            ending = deploy(
                gate.surroundings(), BACKEND, CHANGE, Options(Pace((5, 100), 20, 0.5, 0.5))
            ).ending
        except OpsError:
            ending = "stopped"
        whims.clear()
        if ending == "could_not_decide":
            # Nothing but a platform that is silent for long leaves traffic where it is.
            end_abandoned(gate.surroundings(), BACKEND)

        split = gate.platform.split(BACKEND)
        records = [entry.record for entry in gate.entries()]
        of_new = [one for one in records if one.revision == NEW]
        assert split == {NEW if ending == "promoted" else OLD: 100}
        assert (ending == "promoted") == any(isinstance(one, Promotion) for one in of_new)
        assert queries.unfinished(gate.entries()) == ()
        if records:
            assert gate.recorded_split(BACKEND) == split
        if ending == "promoted":
            stages = [one.stage for one in of_new if isinstance(one, Judgement)]
            assert stages == [Stage.RULES, Stage.PROBES, Stage.TRAFFIC, Stage.TRAFFIC, Stage.BAKE]
            assert probe is Verdict.PASS
