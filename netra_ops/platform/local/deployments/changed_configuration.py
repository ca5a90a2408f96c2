"""What an env file becomes by a change: lines set, taken away, merged, no other touched. Pure."""

import re
from collections.abc import Mapping

from netra.isolated_environment import FILE_SUFFIX
from netra_ops.findings import UsageRefused
from netra_ops.platform.local.configuration import with_values
from netra_ops.platform.port import Change

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILE_STORE = "file"


def changed(text: str, change: Change, merged: str | None) -> str:
    """Give an env file's text after a change.

    Args:
        text: Before.
        change: What is set and taken away.
        merged: The text of the file that the change names, if it names one.

    Raises:
        UsageRefused: It contradicts itself, takes away what is not there, or cannot be written
            into an env file.
    """
    _refuse_contradictions(change)
    if merged is not None:
        text = merged if change.replaces else _set(text, _assignments(merged))
    there = _assignments(text)
    for name in sorted(change.removed):
        if not {name, name + FILE_SUFFIX} & there.keys():
            raise UsageRefused(f"{name} is not set, so it cannot be taken away.")
    values = {name: value.reveal() for name, value in change.values.items()}
    for name, value in values.items():
        if "\n" in value or "\r" in value or "\0" in value:
            raise UsageRefused(
                f"The value of {name} has a line end or a NUL, which an env file cannot hold. "
                f"Put it into a private file and give that: --secret {name}=file:PATH."
            )
    for name, reference in change.references.items():
        if reference.store != _FILE_STORE or not reference.name.startswith("/"):
            raise UsageRefused(
                f"On this machine a secret is a file: --secret {name}=file:/absolute/path."
            )
        values[name + FILE_SUFFIX] = reference.name
    gone = change.removed | {name + FILE_SUFFIX for name in change.removed}
    return _set(_without(text, gone), values)


def _refuse_contradictions(change: Change) -> None:
    for name in (*change.values, *change.removed, *change.references):
        if _NAME.fullmatch(name) is None:
            raise UsageRefused("A variable's name is letters, digits and _, and no digit first.")
    twice = {name for name in change.values if name in change.removed or name in change.references}
    twice |= change.removed & change.references.keys()
    if twice:
        raise UsageRefused(f"{', '.join(sorted(twice))}: set, taken away or referred to, not both.")
    if change.replaces and change.file is None:
        raise UsageRefused("Only a file can replace the whole configuration.")


def _set(text: str, values: Mapping[str, str]) -> str:
    """Set variables; one that was in a file of its own, or is to be, is not said twice."""
    others = {_other(name) for name in values}
    return with_values(_without(text, others - values.keys()), values)


def _other(name: str) -> str:
    return name.removesuffix(FILE_SUFFIX) if name.endswith(FILE_SUFFIX) else name + FILE_SUFFIX


def _without(text: str, names: frozenset[str] | set[str]) -> str:
    """Take lines away, whether they give a value or the file of one."""
    gone = set(names)
    return "\n".join(
        line
        for line in text.split("\n")
        if (found := _ASSIGNMENT.match(line)) is None or found[1] not in gone
    )


def _assignments(text: str) -> dict[str, str]:
    found = (_ASSIGNMENT.fullmatch(line) for line in text.split("\n"))
    return {match[1]: match[2] for match in found if match}
