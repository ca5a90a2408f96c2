"""The only reader of the process environment: an immutable snapshot with each value's origin.

What a variable must look like is not decided here but in `netra.contract`.

Sources, the stronger first: the process's own variables; the lines of the file that the process
variable `NETRA_ENV_FILE` names. In either source `NAME_FILE` gives `NAME` the content of the file
it names, verbatim. An env file holds `NAME=value` lines taken literally: no quote removal, no
expansion, no comment after a value. Blank lines and lines that begin with `#` are skipped.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Final, Literal

from netra.secret import Secret

ENV_FILE_VARIABLE: Final = "NETRA_ENV_FILE"
FILE_SUFFIX: Final = "_FILE"
MAX_FILE_BYTES: Final = 1_048_576

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from: the kind of source and its place, such as a path; never a value."""

    kind: Literal["process", "env_file", "value_file", "given"]
    location: str


@dataclass(frozen=True, slots=True)
class EnvironmentValue:
    """One value and its origin. Every value is held as a `Secret`, so that no `repr` shows it."""

    value: Secret
    origin: Origin


class EnvironmentProblemKind(StrEnum):
    """What can be wrong with a source, before anybody asks what a variable means."""

    CONFLICTING = "conflicting"
    EMPTY = "empty"
    MALFORMED = "malformed"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class EnvironmentProblem:
    """A source that could not be taken as it is.

    Attributes:
        name: The variable it concerns; `NETRA_ENV_FILE` when it concerns the file as a whole.
        kind: What is wrong.
        says: What is wrong, in words that continue the name; no value, no content.
        fix: What to do.
    """

    name: str
    kind: EnvironmentProblemKind
    says: str
    fix: str


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class IsolatedEnvironment:
    """An immutable snapshot of variables. What is set after it was taken does not appear in it.

    Attributes:
        held: Every variable that is set, with its origin.
        problems: What could not be taken from a source as it is.
    """

    held: Mapping[str, EnvironmentValue]
    problems: tuple[EnvironmentProblem, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "held", MappingProxyType(dict(self.held)))

    @classmethod
    def load(cls) -> "IsolatedEnvironment":
        """Take the snapshot of this process. Never raises: what is wrong is in `problems`."""
        return cls.resolve(os.environ)

    @classmethod
    def resolve(cls, process: Mapping[str, str]) -> "IsolatedEnvironment":
        """Take the snapshot that a process with these variables would take; reads files."""
        own = {name: (value, Origin("process", name)) for name, value in process.items()}
        values, problems = _with_value_files(own)
        if ENV_FILE_VARIABLE in process:
            lines, faults = _read_env_file(process[ENV_FILE_VARIABLE])
            below, more = _with_value_files(lines)
            # A fault in one variable of the file does not matter where the process sets it itself.
            overruled = values.keys() - {ENV_FILE_VARIABLE}
            problems += [fault for fault in (*faults, *more) if fault.name not in overruled]
            values = below | values
        return cls(values, tuple(problems))

    @classmethod
    def of(cls, values: Mapping[str, str]) -> "IsolatedEnvironment":
        """Hold the given values as they are: no file is read."""
        origin = Origin("given", "")
        return cls({n: EnvironmentValue(Secret(v), origin) for n, v in values.items()})

    def get(self, name: str) -> str | None:
        """Give a value, or None where the variable is not set."""
        held = self.held.get(name)
        return None if held is None else held.value.reveal()

    def value(self, name: str) -> EnvironmentValue | None:
        """Give a value, still hidden, with its origin, or None where the variable is not set."""
        return self.held.get(name)

    def origin(self, name: str) -> Origin | None:
        """Say where a value came from, or None where the variable is not set."""
        held = self.held.get(name)
        return None if held is None else held.origin

    def names(self) -> tuple[str, ...]:
        """List the variables that are set, sorted."""
        return tuple(sorted(self.held))

    def __contains__(self, name: object) -> bool:
        return name in self.held

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __len__(self) -> int:
        return len(self.held)

    def __repr__(self) -> str:
        return f"<IsolatedEnvironment: {len(self)} variables, {len(self.problems)} problems>"


def env_lines(text: str) -> Iterator[tuple[int, str | None, str]]:
    """Read the lines of an env file: the number, name and value of each that is not skipped.

    The name is None, and the value empty, where a line is not `NAME=value`.
    """
    # Only a line feed ends a line: a carriage return stays in the value, for the contract to see.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if equals and _NAME.match(name):
            yield number, name, value
        else:
            yield number, None, ""


class _ProcessSnapshot:
    """The one permitted global: the process's snapshot, taken on first use."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.environment: IsolatedEnvironment | None = None


_snapshot = _ProcessSnapshot()


def process_environment() -> IsolatedEnvironment:
    """Give the process's snapshot, taken once, on first use."""
    if (environment := _snapshot.environment) is not None:
        return environment
    with _snapshot.lock:
        if _snapshot.environment is None:
            _snapshot.environment = IsolatedEnvironment.load()
        return _snapshot.environment


@contextmanager
def replaced_environment(environment: IsolatedEnvironment) -> Iterator[IsolatedEnvironment]:
    """Let `process_environment` give another snapshot for a while; for tests."""
    before = _snapshot.environment
    _snapshot.environment = environment
    try:
        yield environment
    finally:
        _snapshot.environment = before


_Sourced = Mapping[str, tuple[str, Origin]]
_Problems = list[EnvironmentProblem]


def _with_value_files(source: _Sourced) -> tuple[dict[str, EnvironmentValue], _Problems]:
    """Add `NAME` for every `NAME_FILE` of one source."""
    values = {n: EnvironmentValue(Secret(v), origin) for n, (v, origin) in source.items()}
    problems: _Problems = []
    for file_name, (path, _) in source.items():
        name = file_name.removesuffix(FILE_SUFFIX)
        if name in ("", file_name) or file_name == ENV_FILE_VARIABLE:
            continue
        if name in source:
            problems.append(_both_set(name, file_name))
            continue
        try:
            values[name] = EnvironmentValue(Secret(_read(path)), Origin("value_file", path))
        except _Unreadable as failure:
            problems.append(_unreadable(name, file_name, failure))
    return values, problems


def _read_env_file(path: str) -> tuple[_Sourced, _Problems]:
    try:
        text = _read(path)
    except _Unreadable as failure:
        return {}, [_unreadable(ENV_FILE_VARIABLE, ENV_FILE_VARIABLE, failure)]
    found: dict[str, tuple[str, Origin]] = {}
    problems: _Problems = []
    for number, name, value in env_lines(text):
        if name is None:
            problems.append(_malformed_line(number))
        elif name in found:
            problems.append(_twice(name, found[name][1], number))
        else:
            found[name] = (value, Origin("env_file", f"{path}:{number}"))
    return found, problems


class _Unreadable(Exception):
    """A file gave no text; `why` names neither the file nor its content."""

    def __init__(self, kind: EnvironmentProblemKind, why: str) -> None:
        super().__init__(why)
        self.kind = kind
        self.why = why


def _read(path: str) -> str:
    """Read a regular file; a pipe or device could keep the process waiting for ever."""
    if not path:
        raise _Unreadable(EnvironmentProblemKind.EMPTY, "the path is empty")
    try:
        status = Path(path).stat()
        readable = stat.S_ISREG(status.st_mode) and status.st_size <= MAX_FILE_BYTES
        content = Path(path).read_bytes() if readable else None
    except OSError as error:
        why = (error.strerror or "it cannot be opened").lower()
        raise _Unreadable(EnvironmentProblemKind.UNREADABLE, why) from None
    except ValueError:
        raise _Unreadable(EnvironmentProblemKind.UNREADABLE, "that is not a path") from None
    if content is None:
        raise _Unreadable(
            EnvironmentProblemKind.UNREADABLE, "it is not a regular file of at most 1 MiB"
        )
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise _Unreadable(EnvironmentProblemKind.MALFORMED, "it is not UTF-8 text") from None


def _both_set(name: str, file_name: str) -> EnvironmentProblem:
    return EnvironmentProblem(
        name,
        EnvironmentProblemKind.CONFLICTING,
        f"is set twice, by {name} and by {file_name}",
        "Remove one of the two.",
    )


def _unreadable(name: str, file_name: str, failure: _Unreadable) -> EnvironmentProblem:
    # The path is not shown: whoever pasted a secret into NAME_FILE would find it in the log.
    return EnvironmentProblem(
        name,
        failure.kind,
        f"could not be read from the file that {file_name} names: {failure.why}",
        f"Let {file_name} hold the path of a readable text file, or remove it.",
    )


def _malformed_line(number: int) -> EnvironmentProblem:
    return EnvironmentProblem(
        ENV_FILE_VARIABLE,
        EnvironmentProblemKind.MALFORMED,
        f"names a file whose line {number} is not NAME=value",
        "Write NAME=value without `export` or spaces, or begin the line with #.",
    )


def _twice(name: str, first: Origin, number: int) -> EnvironmentProblem:
    return EnvironmentProblem(
        name,
        EnvironmentProblemKind.CONFLICTING,
        f"is set twice in the env file: at {first.location} and in line {number}",
        "Remove one of the two lines.",
    )
