"""A store's schema as data, as far as code relies on it. Nothing here reads one."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Column:
    """A column of a table or view.

    Attributes:
        type: As the database writes it, in capitals, such as `VARCHAR(64)`.
        generated: How the database makes its values, where nobody may write them.
    """

    type: str
    nullable: bool = True
    default: str | None = None
    generated: str | None = None


@dataclass(frozen=True)
class Constraint:
    """What rows of a table must be like.

    Attributes:
        text: All of it in the database's words, without its name.
        refers_to: The table that a foreign key points to.
        lets_go: Whether a row that a foreign key points to can be deleted.
    """

    text: str
    refers_to: str | None = None
    lets_go: bool = True


@dataclass(frozen=True)
class Policy:
    """Which rows of a table are shown to whom, on PostgreSQL."""

    text: str
    is_restrictive: bool = False


@dataclass(frozen=True)
class View:
    """What a view shows: the list of its columns' sources, the rest of the query, its options."""

    shows: str
    of: str = ""
    options: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Relation:
    """A table, or a view where `view` is given.

    Attributes:
        fence: Whether row-level security is on, and forced on the owner too.
    """

    columns: Mapping[str, Column]
    constraints: frozenset[Constraint] = frozenset()
    triggers: frozenset[str] = frozenset()
    policies: Mapping[str, Policy] = field(default_factory=dict)
    fence: tuple[bool, bool] = (False, False)
    view: View | None = None


@dataclass(frozen=True)
class Privilege:
    """What a role may do with something."""

    role: str
    right: str
    on: str


@dataclass(frozen=True)
class Schema:
    """All that code finds in a store besides rows."""

    relations: Mapping[str, Relation]
    functions: Mapping[str, str] = field(default_factory=dict)
    privileges: frozenset[Privilege] = frozenset()
