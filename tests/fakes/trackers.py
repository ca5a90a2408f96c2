"""Both trackers on a stage: files in a directory, and GitHub's client before a GitHub of ours."""

from pathlib import Path

import yaml

from fakes.clock import ManualClock
from fakes.github_server import REPOSITORY, TOKEN, FakeGitHub
from fakes.sightings import NOW
from fakes.tracker_contract import Stage
from netra.clock import as_iso
from netra.secret import Secret
from netra_ops.issue_tracker.files import FileTracker
from netra_ops.issue_tracker.github import GitHubTracker
from netra_ops.issue_tracker.github_api.access import GitHubAccess


def file_of(folder: Path, number: int) -> Path:
    """Give the file of an issue."""
    (path,) = folder.glob(f"{number:04d}-*.md")
    return path


def edited(path: Path, **changes: str) -> None:
    """Change lines of the front matter as a person does in an editor."""
    text = path.read_text(encoding="utf-8")
    _, front, below = text.split("---\n", 2)
    for name, value in changes.items():
        lines = [f"{name}: {value}" if x.startswith(f"{name}:") else x for x in front.split("\n")]
        front = "\n".join(lines)
    path.write_text(f"---\n{front}---\n{below}", encoding="utf-8")
    assert set(changes) <= yaml.safe_load(front).keys()


def on_files(folder: Path) -> Stage:
    """Give the files of a directory."""
    at = as_iso(NOW)

    def close(number: int, reason: str) -> None:
        edited(file_of(folder, number), state="closed", closed_as=reason, closed_at=at)

    def resolve(number: int, revision: str) -> None:
        edited(file_of(folder, number), state="closed", resolved_in=revision, closed_at=at)

    def text(number: int) -> str:
        return file_of(folder, number).read_text(encoding="utf-8")

    return Stage(
        opened=lambda: FileTracker(folder, ManualClock(NOW)),
        close=close,
        resolve=resolve,
        comments=lambda number: text(number).count("<!-- netra-sighting: "),
        text=text,
    )


def access(fake: FakeGitHub, token: str = TOKEN, account: str = "") -> GitHubAccess:
    """Say how a GitHub of ours is reached."""
    return GitHubAccess(REPOSITORY, Secret(token), fake.url, account)


def github_tracker(
    fake: FakeGitHub, token: str = TOKEN, account: str = "", patience: float = 120.0
) -> GitHubTracker:
    """Open the tracker as one more process would; it waits on a clock of its own."""
    clock = ManualClock(fake.now)
    tracker = GitHubTracker(access(fake, token, account), clock, clock.advance, patience)
    return fake.clients.enter_context(tracker)


def on_github(fake: FakeGitHub) -> Stage:
    """Give a repository."""
    fake.now = NOW

    def resolve(number: int, revision: str) -> None:
        label = {"name": f"resolved-in:{revision}"}
        fake.issues[number]["labels"].append(label)
        fake.close(number)

    def text(number: int) -> str:
        return "\n".join((fake.issues[number]["body"], *_bodies(fake, number)))

    return Stage(
        opened=lambda: github_tracker(fake),
        close=fake.close,
        resolve=resolve,
        comments=lambda number: len(fake.comments_of(number)),
        text=text,
    )


def _bodies(fake: FakeGitHub, number: int) -> list[str]:
    return [comment["body"] for comment in fake.comments_of(number)]
