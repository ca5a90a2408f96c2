"""One declared variable: its name, meaning, kind, format and when it is required.

What a format accepts is in `netra.contract.formats`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from netra.contract.flaws import Flaw


class VariableKind(StrEnum):
    """Whether a value may be shown."""

    PLAIN = "plain"
    SECRET = "secret"  # noqa: S105 - the name of a kind


class Source(StrEnum):
    """Who is to give a variable its value where a service is deployed."""

    CONFIGURATION = "configuration"
    """Whoever writes the service's configuration."""
    SECRET_STORE = "secret-store"  # noqa: S105 - the name of a source
    """A store of secrets, to which the configuration refers."""
    PLATFORM = "platform"
    """What the service runs on; nobody writes it."""


class Format(Protocol):
    """What a value must look like."""

    @property
    def text(self) -> str:
        """Say it in words that continue "must be"."""

    @property
    def inner_whitespace(self) -> str:
        """List the white space that may stand inside a value, though never at its ends."""

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:
        """Find what is wrong with a value.

        Args:
            value: The value, already known to be neither empty nor quoted nor unresolved.
            deployed: Whether the process runs elsewhere than in the environment `local`.
        """


@dataclass(frozen=True, slots=True)
class Requirement:
    """When a variable must be set.

    Attributes:
        always: It must be set, whatever else is.
        when: It must be set where this variable has one of these values.
        together_with: It must be set where this variable is set.
        beginning: It must be set where this variable begins with one of these texts.
        unless: With `beginning`: though not where this variable is set.
    """

    always: bool = False
    when: tuple[str, tuple[str, ...]] | None = None
    together_with: str | None = None
    beginning: tuple[str, tuple[str, ...]] | None = None
    unless: str | None = None

    @property
    def text(self) -> str:
        """Say it in words, for the reference."""
        conditions = []
        if self.when:
            conditions.append(f"when {self.when[0]} is {' or '.join(self.when[1])}")
        if self.together_with:
            conditions.append(f"together with {self.together_with}")
        if conditions:
            return ", and ".join(conditions)
        if self.beginning:
            other, starts = self.beginning
            unless = f", unless {self.unless} is set" if self.unless else ""
            return f"when {other} begins with {' or '.join(starts)}{unless}"
        return "always" if self.always else "no"


ALWAYS: Final = Requirement(always=True)
NEVER: Final = Requirement()


def required_when(variable: str, *values: str) -> Requirement:
    """Require a variable where another one has one of certain values."""
    return Requirement(when=(variable, values))


def required_with(variable: str) -> Requirement:
    """Require a variable where another one is set."""
    return Requirement(together_with=variable)


def required_where(variable: str, begins: tuple[str, ...], *, unless: str) -> Requirement:
    """Require a variable where another one begins with one of some texts and a third is not set."""
    return Requirement(beginning=(variable, begins), unless=unless)


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable a service reads.

    Attributes:
        name: The variable's name in the environment.
        meaning: What it is for, in one sentence.
        kind: Whether its value may be shown.
        format: What its value must look like.
        required: When it must be set.
        default: Its value where it is not set, or None.
        default_of: The variable whose value it takes where it is not set, or None.
        aliases: Other names under which it may be set.
        equality_group: Services' variables of one group must have equal values.
        leads: Whether the group's other services must accept what this one has, as verifiers must
            accept what an issuer signs with.
        accepted_as: The variable of an equality group whose value this one's stands beside: a
            service accepts either, as while a key is changed.
        differs_from: Variables whose value it must not have.
        source: Who gives it its value where the service is deployed; None where that follows from
            the kind: a secret comes from a store of secrets.
        hosts: Per environment, the hosts its URL may name: `auth.example.org`, or `*.example.org`
            for every host below that. An environment that is not listed allows every host.
        of_its_environment: Whether its URL must not name another environment in its host, as
            `auth.staging.example.org` does in production.
    """

    name: str
    meaning: str
    kind: VariableKind
    format: Format
    required: Requirement = NEVER
    default: str | None = None
    default_of: str | None = None
    aliases: tuple[str, ...] = ()
    equality_group: str | None = None
    leads: bool = False
    accepted_as: str | None = None
    differs_from: tuple[str, ...] = ()
    source: Source | None = None
    hosts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    of_its_environment: bool = False

    @property
    def given_by(self) -> Source:
        """Say who gives it its value where the service is deployed."""
        by_kind = Source.SECRET_STORE if self.kind is VariableKind.SECRET else Source.CONFIGURATION
        return self.source or by_kind

    @property
    def names(self) -> tuple[str, ...]:
        """List the name and its aliases."""
        return (self.name, *self.aliases)
