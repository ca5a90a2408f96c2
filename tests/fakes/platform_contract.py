"""What every platform promises the gate, as tests: the fake and the real ones run the same.

A module of tests takes the class in under a name of its own and gives the fixture `stage`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from netra.secret import Secret
from netra_ops.findings import Failed, UsageRefused
from netra_ops.platform.port import Change, Platform, Revision


@dataclass(frozen=True)
class Stage:
    """A platform to try, on which a service serves by one revision.

    Attributes:
        platform: The platform.
        service: The service's name.
        harmless: A variable of it that may have any of `texts`.
        texts: Two values for it.
        now: Says the time as the platform counts it.
    """

    platform: Platform
    service: str
    harmless: str
    texts: tuple[str, str]
    now: Callable[[], float]

    def change(self, text: str) -> Change:
        """Give a change of the harmless variable."""
        return Change(values={self.harmless: Secret(text)})

    def serving(self) -> str:
        """Give the one revision that serves."""
        (name,) = self.platform.state(self.service).split
        return name

    def make(self, tag: str, text: str) -> Revision:
        """Make a revision."""
        plan = self.platform.planned(self.service, self.change(text))
        return self.platform.create(plan, tag)


class PlatformContract:
    """What holds of every platform."""

    def test_it_knows_its_services(self, stage: Stage) -> None:
        """A service that is named has a state, and another has none."""
        assert stage.service in stage.platform.services()
        state = stage.platform.state(stage.service)
        assert (state.service, sum(state.split.values())) == (stage.service, 100)
        with pytest.raises(UsageRefused):
            stage.platform.state("no-such-service")

    def test_a_plan_makes_nothing(self, stage: Stage) -> None:
        """What a change would make is told, merged into what serves, and nothing is there of it."""
        before = stage.platform.state(stage.service)

        plan = stage.platform.planned(stage.service, stage.change(stage.texts[0]))

        assert stage.platform.state(stage.service) == before
        assert plan.before is not None
        old = {one.name: one.value for one in plan.before.settings}
        new = {one.name: one.value for one in plan.after.settings}
        changed = {name for name in new if old.get(name) != new[name]} - {"REVISION", "PORT"}
        assert changed == {stage.harmless}
        assert old.keys() <= new.keys()
        assert {peer.name for peer in plan.peers} == set(stage.platform.services()) - {
            stage.service
        }

    def test_a_change_that_contradicts_itself_is_refused(self, stage: Stage) -> None:
        """Nobody guesses which of two words is meant."""
        change = Change(values={stage.harmless: Secret("x")}, removed=frozenset({stage.harmless}))

        with pytest.raises(UsageRefused):
            stage.platform.planned(stage.service, change)

    def test_a_revision_is_made_without_traffic(self, stage: Stage) -> None:
        """It has the planned name, no share, and an address of its own under its tag."""
        before = stage.platform.state(stage.service).split
        plan = stage.platform.planned(stage.service, stage.change(stage.texts[0]))

        made = stage.platform.create(plan, "c-contract1")

        assert (made.name, made.code, made.percent) == (plan.name, plan.code, 0)
        assert made.tag == "c-contract1"
        assert made.address is not None
        assert "c-contract1" in made.address
        state = stage.platform.state(stage.service)
        assert state.split == before
        assert state.revision(plan.name) == made
        configuration = stage.platform.configuration(stage.service, made.name)
        setting = configuration.setting(stage.harmless)
        assert setting is not None
        assert setting.value == Secret(stage.texts[0])

    def test_traffic_is_as_it_was_set(self, stage: Stage) -> None:
        """Once a shift returns, the state says so, whole percents and nobody else."""
        old, new = stage.serving(), stage.make("c-contract2", stage.texts[0]).name

        for split in ({old: 95, new: 5}, {old: 75, new: 25}, {new: 100}, {old: 100}):
            stage.platform.shift(stage.service, split)

            assert stage.platform.state(stage.service).split == split

    def test_what_has_traffic_is_not_retired(self, stage: Stage) -> None:
        """Nobody takes away what people are served by."""
        serving = stage.serving()

        with pytest.raises(Failed):
            stage.platform.retire(stage.service, serving)

        assert stage.platform.state(stage.service).split == {serving: 100}

    def test_a_retired_revision_comes_back(self, stage: Stage) -> None:
        """It is known, has no address, and serves again once it is given traffic."""
        made = stage.make("c-contract3", stage.texts[0])
        stage.platform.retire(stage.service, made.name)
        stage.platform.retire(stage.service, made.name)
        left = stage.platform.state(stage.service).revision(made.name)
        assert left is not None
        assert (left.percent, left.tag, left.address) == (0, None, None)

        stage.platform.shift(stage.service, {made.name: 100})

        assert stage.platform.state(stage.service).split == {made.name: 100}

    def test_a_share_for_nobody_is_refused(self, stage: Stage) -> None:
        """A revision that is not there gets nothing, and traffic stays where it is."""
        serving = stage.serving()

        with pytest.raises(Failed):
            stage.platform.shift(stage.service, {serving: 50, "no-such-revision": 50})

        assert stage.platform.state(stage.service).split == {serving: 100}

    def test_every_revision_has_another_name(self, stage: Stage) -> None:
        """A name is never given twice, also where the code and the configuration are the same."""
        one = stage.make("c-contract4", stage.texts[0])
        other = stage.make("c-contract5", stage.texts[0])

        assert one.name != other.name
        assert stage.serving() not in {one.name, other.name}

    def test_what_is_not_there_has_no_configuration(self, stage: Stage) -> None:
        """It is a clear no."""
        with pytest.raises(Failed):
            stage.platform.configuration(stage.service, "no-such-revision")

    def test_nothing_was_asked_before_anything_was(self, stage: Stage) -> None:
        """A revision that nobody asked counts nothing, and is no error."""
        made = stage.make("c-contract6", stage.texts[1])
        now = stage.now()

        seen = stage.platform.observed(stage.service, now - 1, now)

        if made.name in seen:
            assert seen[made.name].people.total == 0
