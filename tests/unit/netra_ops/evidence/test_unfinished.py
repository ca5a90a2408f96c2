"""A bundle is in its place whole, or not at all."""

import stat
from hashlib import sha256
from pathlib import Path

import pytest

from fakes.bundle_killed import write
from netra_ops.evidence.bundle import read_bundle
from netra_ops.evidence.writing.unfinished import unfinished
from netra_ops.findings import CouldNotTell, UsageRefused


def test_a_finished_bundle_is_private_and_true_to_its_hashes(tmp_path: Path) -> None:
    """Every file has its hash, and nobody else can read any of it."""
    write(tmp_path / "deep" / "bundle")

    bundle = read_bundle(tmp_path / "deep" / "bundle", hash_logs=True)
    assert (bundle.problems, bundle.altered) == ((), frozenset())
    log = tmp_path / "deep" / "bundle" / "logs.ndjson"
    assert bundle.manifest.files["logs.ndjson"] == sha256(log.read_bytes()).hexdigest()
    modes = {stat.S_IMODE(one.stat().st_mode) for one in (tmp_path / "deep" / "bundle").iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE((tmp_path / "deep" / "bundle").stat().st_mode) == 0o700
    assert [one.name for one in (tmp_path / "deep").iterdir()] == ["bundle"]


def test_an_empty_directory_is_a_place(tmp_path: Path) -> None:
    """What holds nothing is taken."""
    (tmp_path / "bundle").mkdir()

    write(tmp_path / "bundle")

    assert (tmp_path / "bundle" / "bundle.json").exists()


@pytest.mark.parametrize("kind", ["full", "file", "link", "dangling"])
def test_what_is_there_already_stays(tmp_path: Path, kind: str) -> None:
    """Nothing is replaced, and no link is followed."""
    place = tmp_path / "bundle"
    (tmp_path / "empty").mkdir()
    if kind == "full":
        place.mkdir()
        (place / "mine").touch()
    elif kind == "file":
        place.touch()
    else:
        place.symlink_to(tmp_path / ("empty" if kind == "link" else "nowhere"))

    with pytest.raises(UsageRefused, match="is there already"):
        write(place)

    assert not (tmp_path / "empty" / "bundle.json").exists()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["bundle", "empty"]


def test_what_somebody_made_meanwhile_stays(tmp_path: Path) -> None:
    """A place that was free at the beginning is looked at again at the end."""

    def beaten() -> None:
        with unfinished(tmp_path / "b") as bundle:
            (tmp_path / "b").mkdir()
            (tmp_path / "b" / "theirs").touch()
            bundle.finish({})

    with pytest.raises(UsageRefused, match="somebody else"):
        beaten()

    assert [one.name for one in tmp_path.iterdir()] == ["b"]


@pytest.mark.parametrize(
    ("raised", "expected"),
    [(KeyboardInterrupt(), KeyboardInterrupt), (OSError(28, "No space left"), CouldNotTell)],
)
def test_whatever_ends_it_before_leaves_nothing(
    tmp_path: Path, raised: BaseException, expected: type[BaseException]
) -> None:
    """An unfinished bundle is taken away, and a full disk is told."""

    def ended() -> None:
        with unfinished(tmp_path / "bundle") as bundle:
            bundle.document("commits.json", [])
            raise raised

    with pytest.raises(expected):
        ended()

    assert list(tmp_path.iterdir()) == []
