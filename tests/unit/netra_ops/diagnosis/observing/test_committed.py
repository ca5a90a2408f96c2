"""Tests of `netra_ops.diagnosis.observing.committed`."""

from pathlib import Path
from typing import Any

import pytest

from fakes.scenes import (
    BAD,
    GOOD,
    answered,
    at,
    revision,
    says,
    scene_in,
    seen,
    silent,
    unseen,
)
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.committed import is_same_file, observed
from netra_ops.diagnosis.signs.sign import Sign

BOTH = [revision(GOOD, -600), revision(BAD, -5)]


@pytest.fixture
def of_commits(tmp_path: Path) -> Any:
    """Observe commits: minutes, subject, files."""

    def observe(*commits: tuple[int, str, list[str]], **said: Any) -> tuple[Observation, ...]:
        written = [
            {"sha": f"a{number}f00", "time": at(minutes), "subject": subject, "files": files}
            for number, (minutes, subject, files) in enumerate(commits)
        ]
        documents = {"commits": written, "revisions": BOTH, **said}
        return tuple(observed(scene_in(tmp_path / "b", **documents)))

    return observe


@pytest.mark.parametrize(
    ("subject", "file", "fact"),
    [
        ("Tidy up", "app/auth/deps.py", Fact.COMMIT_TOUCHES_IDENTITY),
        ("Tidy up", "src/verifyToken.ts", Fact.COMMIT_TOUCHES_IDENTITY),
        ("Let anonymous callers through for the tour", "server.js", Fact.COMMIT_TOUCHES_IDENTITY),
        ("Weekly updates", "requirements.txt", Fact.COMMIT_TOUCHES_DEPENDENCIES),
        ("Weekly updates", "backend/package-lock.json", Fact.COMMIT_TOUCHES_DEPENDENCIES),
        ("Order them by name", "app/middleware.py", Fact.COMMIT_TOUCHES_MIDDLEWARE),
        ("Put CORS first", "app/main.py", Fact.COMMIT_TOUCHES_MIDDLEWARE),
        ("Shorten time-outs", "deploy/nginx.conf", Fact.COMMIT_TOUCHES_MIDDLEWARE),
        ("One place for all", "app/settings.py", Fact.COMMIT_TOUCHES_NAMES),
        ("Rename the variable AUTH_KEY", "app/main.py", Fact.COMMIT_TOUCHES_NAMES),
        ("More memory", "deploy/service.yaml", Fact.COMMIT_TOUCHES_NAMES),
    ],
)
def test_what_a_commit_touches_is_told_by_files_and_words(
    of_commits: Any, subject: str, file: str, fact: Fact
) -> None:
    """Each kind of change is recognised by its files, or by what the commit says of itself."""
    found = seen(of_commits((-30, subject, [file])), fact)

    assert found is not None
    assert found.evidence == ("commits.json#/0",)


@pytest.mark.parametrize(
    "file", ["README.md", "tests/test_auth.py", "docs/login.md", "app/prices.py", "authors.txt"]
)
def test_documents_tests_and_other_code_touch_nothing_of_identity(
    of_commits: Any, file: str
) -> None:
    """What decides nobody's identity is told as no such change."""
    assert unseen(of_commits((-30, "Tidy up", [file])), Fact.COMMIT_TOUCHES_IDENTITY) is not None


@pytest.mark.parametrize("minutes", [-900, 20])
def test_a_commit_that_was_not_deployed_then_speaks_against_itself(
    of_commits: Any, minutes: int
) -> None:
    """A commit on the good revision, or one after the bad, is told as no change between them."""
    found = unseen(of_commits((minutes, "Tidy up", ["app/auth.py"])), Fact.COMMIT_TOUCHES_IDENTITY)

    assert found is not None
    assert found.evidence == ("commits.json#/0",)


def test_a_revisions_own_commit_decides_before_its_date(of_commits: Any) -> None:
    """Where a label names the commit that was built, later commits were not in it."""
    revisions = [
        revision(GOOD, -600, annotations={"commit-sha": "a0f00"}),
        revision(BAD, -5, annotations={"commit-sha": "a1f00"}),
    ]
    found = of_commits(
        (-700, "Begin", ["app/prices.py"]),
        (-100, "Sort", ["app/prices.py"]),
        (-30, "Tidy up", ["app/auth.py"]),
        revisions=revisions,
    )

    assert unseen(found, Fact.COMMIT_TOUCHES_IDENTITY) is not None


def test_no_commit_began_failures_of_a_revision_that_had_served_well(of_commits: Any) -> None:
    """Failures in the midst of a revision's life came with none of its commits."""
    found = of_commits(
        (-30, "Tidy up", ["app/auth.py"]),
        revisions=[revision(BAD, -600)],
        last_good=None,
        since_deploy=None,
        requests=[answered(200, -20 + one) for one in range(6)],
    )

    assert unseen(found, Fact.COMMIT_TOUCHES_IDENTITY) is not None


def test_without_revisions_the_day_before_counts(of_commits: Any) -> None:
    """A commit of the same day counts, one of last week does not."""
    said: dict[str, Any] = {
        "revisions": [],
        "first_bad": None,
        "last_good": None,
        "since_deploy": None,
    }
    near = of_commits((-300, "Tidy up", ["app/auth.py"]), **said)

    assert seen(near, Fact.COMMIT_TOUCHES_IDENTITY) is not None


def test_the_file_of_the_traceback_is_told(of_commits: Any) -> None:
    """A commit that touches the file in which requests fail is told, with the log's line."""
    line = says(Sign.CODE_ERROR, "/app/lib/prices.js:listed")
    found = seen(
        of_commits((-30, "Tiers", ["lib/prices.js"]), says=[line]),
        Fact.COMMIT_TOUCHES_FAILING_FILE,
    )

    assert found is not None
    assert found.subjects == ("lib/prices.js",)
    assert "logs.ndjson:17" in found.evidence


def test_without_a_traceback_nothing_is_said_of_its_files(of_commits: Any) -> None:
    """Where nothing fails in a known file there is no failing file."""
    found = of_commits((-30, "Tiers", ["lib/prices.js"]))

    assert silent(found, Fact.COMMIT_TOUCHES_FAILING_FILE)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("/app/lib/prices.js", "lib/prices.js", True),
        ("/srv/app/orders/views.py", "backend/orders/views.py", True),
        ("/app/orders/views.py", "billing/views.py", False),
        ("prices.js", "lib/prices.js", True),
        ("/app/a.py", "/app/b.py", False),
    ],
)
def test_two_paths_are_of_one_file_by_their_ends(one: str, other: str, *, same: bool) -> None:
    """A deployed path and one in a repository are compared from behind."""
    assert is_same_file(one, other) is same
