"""Whether code may serve on a store, by what the store says of its schema. Pure.

The row that names a store's version also names the oldest version whose code still runs on it, so
that both are read, and change, together. Reading and writing that row is each service's business.

Versions are four digits and grow with each migration.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, TypeGuard

VERSION_COLUMN: Final = "version_num"
OLDEST_COLUMN: Final = "oldest_code"
"""The columns of the row."""

DECLARATION: Final = "OLDEST_CODE"
"""The constant by which a migration declares the oldest version whose code runs on its schema."""

SCHEMA_TOLD: Final = "schema_told"
"""The event in which a service's code says whether it may serve on its store."""

_VERSION: Final = re.compile(r"[0-9]{4}")
_SHOWN: Final = 40
_LONGEST_FLAW: Final = 200


class SchemaFit(Enum):
    """How a store's schema and some code suit each other.

    Attributes:
        EQUAL: The schema is the code's own.
        NEWER: The schema is newer, and says that the code still runs on it.
        BEHIND: The schema is older, or there is none: the code can migrate it.
        TOO_NEW: The schema is newer, and the code no longer runs on it.
        UNREADABLE: What the store says of its schema makes no sense.
    """

    EQUAL = auto()
    NEWER = auto()
    BEHIND = auto()
    TOO_NEW = auto()
    UNREADABLE = auto()


_FITS: Final = {fit.name.lower(): fit for fit in SchemaFit}


@dataclass(frozen=True, slots=True)
class SchemaJudgement:
    """How a store's schema suits the code that judged it.

    Attributes:
        fit: The verdict.
        head: The version the code was made for.
        version: The version the store is at; None for an empty store.
        oldest: The oldest version whose code runs on it; None where the store does not say.
        flaw: What makes no sense, of a schema that cannot be read.
    """

    fit: SchemaFit
    head: str
    version: str | None = None
    oldest: str | None = None
    flaw: str = ""

    @property
    def serves(self) -> bool:
        """Whether the code may serve on the store."""
        return self.fit in {SchemaFit.EQUAL, SchemaFit.NEWER}

    @property
    def is_migratable(self) -> bool:
        """Whether running the code's own migrations makes sense."""
        return self.fit in {SchemaFit.EQUAL, SchemaFit.BEHIND}

    @property
    def refusal(self) -> str:
        """Why the code does not serve on the store, and what to do; empty if it may."""
        match self.fit:
            case SchemaFit.EQUAL | SchemaFit.NEWER:
                return ""
            case SchemaFit.BEHIND:
                return (
                    f"The store's schema is at version {self.version or 'none'} and this revision "
                    f"needs {self.head}: start with --migrate."
                )
            case SchemaFit.TOO_NEW:
                return (
                    f"The store's schema is at version {self.version}, newer than version "
                    f"{self.head} of this revision, and code older than {self.oldest} no longer "
                    f"runs on it: roll forward to a revision of version {self.oldest} or newer, or "
                    "restore a backup that was made before. --migrate never takes a schema back."
                )
            case SchemaFit.UNREADABLE:
                return (
                    "What the store says of its schema makes no sense, so nothing is served on "
                    f"it: {self.flaw}. Restore a backup, or mend the table alembic_version."
                )


def judged(rows: Sequence[Mapping[str, object]], *, head: str, since: str) -> SchemaJudgement:
    """Judge whether code may serve on a store.

    Args:
        rows: What the store's table of versions holds, by the names of its columns; nothing if it
            has no such table.
        head: The version the code was made for.
        since: The first version whose stores name the oldest version whose code runs on them.
    """
    if not rows:
        return SchemaJudgement(SchemaFit.BEHIND, head)
    if len(rows) > 1:
        flaw = f"it names {len(rows)} versions"
        return SchemaJudgement(SchemaFit.UNREADABLE, head, flaw=flaw)
    version, oldest = rows[0].get(VERSION_COLUMN), rows[0].get(OLDEST_COLUMN)
    if not _is_version(version):
        flaw = f"{_shown(version)} is no version"
        return SchemaJudgement(SchemaFit.UNREADABLE, head, flaw=flaw)
    if version < since:
        fit = SchemaFit.EQUAL if version == head else SchemaFit.BEHIND
        return SchemaJudgement(fit, head, version)
    if not _is_version(oldest) or not since <= oldest <= version:
        flaw = f"{_shown(oldest)} is not the oldest code that runs on version {version}"
        return SchemaJudgement(SchemaFit.UNREADABLE, head, version, flaw=flaw)
    if version <= head:
        fit = SchemaFit.EQUAL if version == head else SchemaFit.BEHIND
    else:
        fit = SchemaFit.NEWER if oldest <= head else SchemaFit.TOO_NEW
    return SchemaJudgement(fit, head, version, oldest)


def declared(version: str, constants: Mapping[str, object], *, since: str) -> str | None:
    """Give the oldest version whose code runs on what a migration makes.

    Args:
        version: The migration's.
        constants: Its module's names and their values.
        since: The first version that declares it.

    Returns:
        What the store is to say, or None if the migration is older than any that declares it.

    Raises:
        ValueError: The migration does not declare it, or declares what cannot be.
    """
    if version < since:
        return None
    oldest = constants.get(DECLARATION)
    if not _is_version(oldest):
        raise ValueError(f"migration {version} does not declare {DECLARATION}, a version")
    if not since <= oldest <= version:
        raise ValueError(
            f"migration {version} declares {DECLARATION} = {oldest!r}, which is not between "
            f"{since} and {version}"
        )
    return oldest


def as_told(judgement: SchemaJudgement) -> dict[str, str | None]:
    """Give a judgement as one process tells it to another, in an event `SCHEMA_TOLD`."""
    return {
        "fit": judgement.fit.name.lower(),
        "head": judgement.head,
        "store": judgement.version,
        "oldest": judgement.oldest,
        "flaw": judgement.flaw,
    }


def heard(told: Mapping[str, object]) -> SchemaJudgement | None:
    """Read a judgement that was told; None if it is not one, or says what this code does not know.

    It may come from older code or newer code than this.
    """
    fit, head = _FITS.get(str(told.get("fit"))), told.get("head")
    version, oldest = told.get("store"), told.get("oldest")
    if (
        fit is None
        or not _is_version(head)
        or not (version is None or _is_version(version))
        or not (oldest is None or _is_version(oldest))
    ):
        return None
    flaw = str(told.get("flaw") or "")[:_LONGEST_FLAW]
    return SchemaJudgement(fit, head, version, oldest, flaw)


def _is_version(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _VERSION.fullmatch(value) is not None


def _shown(value: object) -> str:
    return "nothing" if value is None else repr(value)[:_SHOWN]
