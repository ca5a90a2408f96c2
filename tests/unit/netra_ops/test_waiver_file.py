"""The file of waivers, in YAML and JSON, right and wrong."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from netra_ops.findings import UsageRefused, Verdict
from netra_ops.gate.waiver_file import read
from netra_ops.gate.waivers import Waiver

NOW = 1_800_000_000.0
ENTRY: dict[str, Any] = {
    "check": "secret_lost",
    "service": "netra-backend",
    "variable": "OLD_KEY",
    "reason": "nothing reads it any more",
    "person": "ana@example.com",
    "expires": "2027-02-01T00:00:00Z",
}
YAML = """\
# What may pass for now.
waivers:
  - check: secret_lost
    service: netra-backend
    variable: OLD_KEY
    reason: nothing reads it any more
    person: ana@example.com
    expires: 2027-02-01T00:00:00Z
"""


def written(folder: Path, content: str | bytes, name: str = "waivers.yaml") -> Path:
    """Write a file of waivers."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def entries(folder: Path, *given: Any) -> Path:
    """Write a file of these waivers."""
    return written(folder, json.dumps({"waivers": given}), "waivers.json")


def test_yaml_and_json_say_the_same(tmp_path: Path) -> None:
    """A waiver is what it says in either form, and knows its line."""
    (one,) = read(written(tmp_path, YAML), NOW)
    (other,) = read(entries(tmp_path, ENTRY), NOW)

    expected = Waiver(
        check="secret_lost",
        service="netra-backend",
        variable="OLD_KEY",
        reason="nothing reads it any more",
        person="ana@example.com",
        expires=1_801_440_000.0,
        place=f"{tmp_path / 'waivers.yaml'}:3",
    )
    assert one == expected
    assert (other.scope, other.says) == (expected.scope, expected.says)


def test_verdicts_zones_and_expired_ones_are_read(tmp_path: Path) -> None:
    """UNKNOWN is written out, any zone is taken, and what expired is the gate's to refuse."""
    entry = ENTRY | {"verdicts": ["FAIL", "UNKNOWN"], "expires": "2026-02-01T01:00:00+01:00"}

    (waiver,) = read(entries(tmp_path, entry), NOW)

    assert waiver.verdicts == {Verdict.FAIL, Verdict.UNKNOWN}
    assert waiver.expires < NOW


def test_no_waivers_is_an_empty_list(tmp_path: Path) -> None:
    """A list without entries waives nothing."""
    assert read(written(tmp_path, "waivers: []\n"), NOW) == ()


@pytest.mark.parametrize(
    ("change", "place", "says"),
    [
        ({"check": None}, "waivers[0].check", "is no text"),
        ({"check": "Secret Lost"}, "waivers[0]", "names one check by its id"),
        ({"check": "no_traffic"}, "waivers[0].check", "cannot be waived"),
        ({"reason": ""}, "waivers[0].reason", "is no text"),
        ({"reason": "two\nlines"}, "waivers[0].reason", "not one line of visible text"),
        ({"reason": "x" * 2001}, "waivers[0].reason", "longer than 2000"),
        ({"person": 7}, "waivers[0].person", "is no text"),
        ({"expires": "soon"}, "waivers[0].expires", "is no time"),
        ({"expires": "2027-02-01T00:00:00"}, "waivers[0].expires", "its time zone"),
        ({"expires": "2027-02-01"}, "waivers[0].expires", "its time zone"),
        ({"expires": "2027-04-16T08:00:00Z"}, "waivers[0].expires", "more than 90 days ahead"),
        ({"verdicts": ["PASS"]}, "waivers[0].verdicts", "no list of FAIL and UNKNOWN"),
        ({"verdicts": []}, "waivers[0].verdicts", "no list of FAIL and UNKNOWN"),
        ({"verdicts": "FAIL"}, "waivers[0].verdicts", "no list of FAIL and UNKNOWN"),
        ({"verdicts": [["FAIL"]]}, "waivers[0].verdicts", "no list of FAIL and UNKNOWN"),
        ({"until": "2027-02-01T00:00:00Z"}, "waivers[0]", "has until, which is not known"),
    ],
)
def test_a_flaw_is_told_with_its_place(
    tmp_path: Path, change: dict[str, Any], place: str, says: str
) -> None:
    """File, place, what and what to do, in one line."""
    path = entries(tmp_path, ENTRY | change)

    with pytest.raises(UsageRefused) as refused:
        read(path, NOW)

    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"{path}:1 {place} ")
    assert says in line


@pytest.mark.parametrize("name", ["check", "reason", "person", "expires"])
def test_what_a_waiver_needs_is_demanded(tmp_path: Path, name: str) -> None:
    """Without check, reason, person or end it is refused."""
    path = entries(tmp_path, {key: value for key, value in ENTRY.items() if key != name})

    with pytest.raises(UsageRefused, match=rf"waivers\[0\] has no {name}. Give its {name}."):
        read(path, NOW)


def test_a_waiver_for_everything_is_refused(tmp_path: Path) -> None:
    """Without service, variable and revision it would let everybody pass."""
    wide = {key: value for key, value in ENTRY.items() if key not in {"service", "variable"}}

    with pytest.raises(UsageRefused, match="has no scope"):
        read(entries(tmp_path, wide), NOW)


def test_every_flaw_is_told_at_once(tmp_path: Path) -> None:
    """Nobody mends one to be told of the next."""
    path = entries(tmp_path, ENTRY | {"reason": ""}, 7, ENTRY | {"colour": "red"}, ENTRY, ENTRY)

    with pytest.raises(UsageRefused) as refused:
        read(path, NOW)

    lines = str(refused.value).splitlines()
    assert [line.split()[1] for line in lines] == [
        "waivers[0].reason",
        "waivers[1]",
        "waivers[2]",
        "waivers[4]",
    ]
    assert "about the same as waivers[3]" in lines[-1]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "no list of waivers"),
        ("waivers:\n", "is no list"),
        ("[]", "no list of waivers"),
        ("waivers: []\nmore: 1\n", "no list of waivers"),
        ("waivers: [\n", ":2 is not valid YAML"),
        ("waivers: []\nwaivers: []\n", ":2 names one part twice"),
        ("waivers: &all []\n", ":1 holds an anchor"),
        ("waivers: [*all]\n", ":1 holds an alias"),
        ("waivers: !!python/object/apply:os.system [ls]\n", ":1 holds a tag"),
        ("waivers: !!set {a}\n", ":1 holds a tag"),
        ("--- {}\n--- {}\n", "no list of waivers"),
        ("? [a]\n: 1\n", "a name that is not a plain text"),
        ("a: " + "[" * 70, "nested more than 64 deep"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"waivers: \x00", "holds zero bytes"),
        (b"#" * 1_048_577, "larger than"),
    ],
)
def test_what_is_no_yaml_of_waivers_is_refused(
    tmp_path: Path, content: str | bytes, says: str
) -> None:
    """Nothing is guessed, nothing grows, and nothing in the file is done."""
    path = written(tmp_path, content)

    with pytest.raises(UsageRefused, match=says) as refused:
        read(path, NOW)

    assert str(refused.value).startswith(str(path))
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", ":1 has a name that is not in quotation marks"),
        ('{"waivers": [], "waivers": []}', ":1 names one part twice"),
        ('{"waivers": NaN}', "is not valid JSON"),
        ("[" * 100_000, "nested more than 64 deep"),
        ('{"waivers": ' + "1" * 100_000 + "}", "waivers is no list"),
        ("{" + ",".join(f'"a{n}": 1' for n in range(80_000)) + "}", "no list of waivers"),
    ],
)
def test_what_is_no_json_of_waivers_is_refused(tmp_path: Path, content: str, says: str) -> None:
    """JSON is read as strictly."""
    with pytest.raises(UsageRefused, match=says):
        read(written(tmp_path, content, "waivers.json"), NOW)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """Without a file nothing is waived, and nobody waits, or goes on as if it were empty."""
    os.mkfifo(tmp_path / "pipe")

    for path, says in (("waivers.yaml", "no such file"), ("pipe", "not a regular file")):
        with pytest.raises(UsageRefused, match=f"cannot be read: .*{says}"):
            read(tmp_path / path, NOW)


def test_nothing_in_a_file_writes_on_a_terminal(tmp_path: Path) -> None:
    """What is quoted of it is made harmless."""
    path = entries(tmp_path, ENTRY | {"\x1b[2J": "x", "check": "\u202e"})

    with pytest.raises(UsageRefused) as refused:
        read(path, NOW)

    assert str(refused.value).replace("\n", "").isprintable()
