"""What an env file becomes by a change."""

from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netra.isolated_environment import env_lines
from netra.secret import Secret
from netra_ops.candidates.candidate import Reference
from netra_ops.findings import UsageRefused
from netra_ops.platform.local.deployments.changed_configuration import changed
from netra_ops.platform.port import Change

TEXT: Final = "# a remark\nA=1\n\nB=two words=\nKEY_FILE=/run/key\n"
FILE: Final = Path("candidate.env")

names = st.from_regex(r"[A-Z_][A-Z0-9_]{0,5}", fullmatch=True).filter(
    lambda name: not name.endswith("_FILE")
)
values = st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]), max_size=9)


def given_values(text: str) -> dict[str, str]:
    """Read an env file's variables as a service does."""
    return {name: value for _, name, value in env_lines(text) if name is not None}


def setting(**values: str) -> Change:
    """Set variables."""
    return Change(values={name: Secret(value) for name, value in values.items()})


def test_what_is_not_named_stays_as_it_is() -> None:
    """Remarks, empty lines, order and values too; new variables go to the end."""
    text = changed(TEXT, setting(A="one", C=" 3 "), None)

    assert text == "# a remark\nA=one\n\nB=two words=\nKEY_FILE=/run/key\nC= 3 \n"


def test_a_variable_is_taken_away_however_it_is_given() -> None:
    """By its value or by the file of its value."""
    text = changed(TEXT, Change(removed=frozenset({"A", "KEY"})), None)

    assert text == "# a remark\n\nB=two words=\n"


def test_a_variable_is_never_given_twice() -> None:
    """A value takes the place of a file, and a file that of a value."""
    assert "KEY=k\n" in (text := changed(TEXT, setting(KEY="k"), None))
    assert "KEY_FILE" not in text

    reference = {"A": Reference("file", "/run/a")}
    text = changed(TEXT, Change(references=reference), None)
    assert given_values(text) == {"A_FILE": "/run/a", "B": "two words=", "KEY_FILE": "/run/key"}


def test_a_file_is_merged_and_replaces_only_when_told() -> None:
    """What it does not name stays, unless it is to be all of it."""
    merged = "B=2\nKEY=k\n"

    assert given_values(changed(TEXT, Change(file=FILE), merged)) == {
        "A": "1",
        "B": "2",
        "KEY": "k",
    }
    assert changed(TEXT, Change(file=FILE, replaces=True), merged) == merged
    both = Change(file=FILE, values={"B": Secret("3")})
    assert given_values(changed(TEXT, both, merged))["B"] == "3"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (Change(removed=frozenset({"C"})), "C is not set"),
        (setting(A="a\nB=b"), "the value of A has a line end"),
        (setting(A="a\0"), "the value of A has a line end"),
        (setting(**{"A B": "1"}), "letters, digits and _"),
        (setting(**{"A\nB": "1"}), "letters, digits and _"),
        (Change(values={"A": Secret("1")}, removed=frozenset({"A"})), "A: set, taken away"),
        (Change(references={"A": Reference("file", "relative")}), "file:/absolute/path"),
        (Change(references={"A": Reference("secret", "name", "1")}), "file:/absolute/path"),
        (Change(replaces=True), "Only a file"),
    ],
)
def test_what_cannot_be_done_is_told_without_the_value(change: Change, says: str) -> None:
    """Nothing is changed in part."""
    with pytest.raises(UsageRefused) as refused:
        changed(TEXT, change, None)

    assert says.lower() in str(refused.value).lower()
    assert "B=b" not in str(refused.value)


@given(before=st.dictionaries(names, values), after=st.dictionaries(names, values))
def test_a_change_sets_exactly_what_it_names(before: dict[str, str], after: dict[str, str]) -> None:
    """Whatever the values are, a service reads the old ones and the new ones."""
    text = "".join(f"{name}={value}\n" for name, value in before.items())

    assert given_values(changed(text, setting(**after), None)) == {**before, **after}
