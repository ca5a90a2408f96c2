"""Tests of `netra_ops.diagnosis.changes`."""

from pathlib import Path
from typing import Any

import pytest

from fakes.scenes import BAD, GOOD, at, revision, says, scene_in
from netra_ops.diagnosis.changes import Kind, Suspect, suspects
from netra_ops.diagnosis.observing.deployed import observed
from netra_ops.diagnosis.signs.sign import Sign

ENV = {"JWT_SECRET": ("jwt-key", "3"), "LOG_LEVEL": "INFO"}


@pytest.fixture
def ranked(tmp_path: Path) -> Any:
    """Rank the changes of an incident with a configuration before and after."""

    def rank(
        cause: str | None, now: dict[str, Any], *commits: tuple[int, str, list[str]], **said: Any
    ) -> tuple[Suspect, ...]:
        written = [
            {"sha": f"a{number}f00", "time": at(minutes), "subject": subject, "files": files}
            for number, (minutes, subject, files) in enumerate(commits)
        ]
        revisions = [revision(GOOD, -600, ENV), revision(BAD, -5, now)]
        scene = scene_in(tmp_path / "b", commits=written, revisions=revisions, **said)
        return suspects(scene, observed(scene), cause)

    return rank


def test_the_commit_to_the_failing_file_comes_before_a_later_one(ranked: Any) -> None:
    """What touches the file of the traceback is more suspect than what came last."""
    line = says(Sign.CODE_ERROR, "/app/lib/prices.js:listed")
    found = ranked(
        "code_error",
        ENV,
        (-60, "Tiers", ["lib/prices.js"]),
        (-10, "Colours", ["lib/colours.js"]),
        says=[line],
    )

    assert found[0].name == "a0f00"
    assert "lib/prices.js" in found[0].reasons[0]
    assert found[1].score < 0.25


def test_a_lost_reference_is_the_suspect_change_of_its_cause(ranked: Any) -> None:
    """The configuration that lost what was seen to be lost leads, with its reasons."""
    found = ranked(
        "secret_reference_lost", {"LOG_LEVEL": "INFO"}, (-10, "Colours", ["lib/colours.js"])
    )

    assert found[0].kind is Kind.CONFIGURATION
    assert found[0].name == BAD
    assert len(found[0].reasons) == 4


def test_a_change_after_the_failures_is_cleared(ranked: Any) -> None:
    """What came later is told with the reason why it cannot be it."""
    found = ranked("identity_made_optional", ENV, (20, "Open the door", ["app/auth.py"]))

    assert found[0].score == 0
    assert found[0].reasons == ("It came after the failures began.",)


def test_a_date_alone_accuses_nothing(ranked: Any) -> None:
    """A deployed change that touches nothing of what fails stays below a stated bound."""
    found = ranked(None, {**ENV, "LOG_LEVEL": "DEBUG"}, (-6, "Colours", ["lib/colours.js"]))

    assert {one.kind for one in found} == {Kind.COMMIT, Kind.CONFIGURATION}
    assert all(0 < one.score <= 0.2 for one in found)
