"""What loading a contract gives: a valid configuration, or every violation.

Neither shows a value. How they are found is in `netra.contract.loader`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from netra.contract.contract import Contract
from netra.contract.flaws import ViolationKind
from netra.contract.variable import VariableKind
from netra.errors import ConfigurationInvalid
from netra.isolated_environment import Origin
from netra.secret import Secret

T = TypeVar("T")


@dataclass(frozen=True)
class Violation:
    """One way in which a variable breaks the contract.

    Attributes:
        variable: The variable's declared name.
        problem: What kind of breach.
        says: What is wrong, in words that continue the name.
        fix: What to do, as a sentence.
    """

    variable: str
    problem: ViolationKind
    says: str
    fix: str

    def __str__(self) -> str:
        return f"{self.variable} {self.says}. {self.fix}"


@dataclass(frozen=True)
class Undecided:
    """What cannot be told of a variable without a value that cannot be seen.

    Attributes:
        variable: The variable's declared name.
        says: What is not known, in words that continue the name.
        fix: What to do, as a sentence.
    """

    variable: str
    says: str
    fix: str


@dataclass(frozen=True)
class Violations:
    """Everything wrong with one service's environment, at least one thing, in contract order."""

    service: str
    items: tuple[Violation, ...]

    def of(self, variable: str) -> tuple[Violation, ...]:
        """Give the violations of one variable."""
        return tuple(item for item in self.items if item.variable == variable)

    def error(self) -> ConfigurationInvalid:
        """Give the error to raise or to log; its reason names every variable."""
        return ConfigurationInvalid(f"{self.service} cannot start. {self}")

    def __iter__(self) -> Iterator[Violation]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __str__(self) -> str:
        return " ".join(str(item) for item in self.items)


@dataclass(frozen=True, repr=False, eq=False)
class Configuration:
    """A service's valid configuration; asking for what is not declared is a KeyError.

    Attributes:
        contract: What it was checked against.
        values: The variables that have a value; a default has no origin.
    """

    contract: Contract
    values: Mapping[str, tuple[Secret, Origin | None]]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    def text(self, name: str) -> str:
        """Give a plain value.

        Raises:
            ConfigurationInvalid: The variable is optional and not set.
        """
        return _needed(name, self.optional_text(name))

    def optional_text(self, name: str) -> str | None:
        """Give a plain value, or None where it is not set."""
        if self.contract.variable(name).kind is VariableKind.SECRET:
            raise KeyError(f"{name} is a secret: ask for it with secret().")
        held = self.values.get(name)
        return None if held is None else held[0].reveal()

    def secret(self, name: str) -> Secret:
        """Give a secret value.

        Raises:
            ConfigurationInvalid: The variable is optional and not set.
        """
        return _needed(name, self.optional_secret(name))

    def optional_secret(self, name: str) -> Secret | None:
        """Give a secret value, or None where it is not set."""
        if self.contract.variable(name).kind is not VariableKind.SECRET:
            raise KeyError(f"{name} is plain: ask for it with text().")
        held = self.values.get(name)
        return None if held is None else held[0]

    def integer(self, name: str) -> int:
        """Give a plain value that the contract declares as a whole number."""
        return int(self.text(name))

    def items(self, name: str) -> tuple[str, ...]:
        """Give the items of a plain value that the contract declares as a list."""
        text = self.text(name)
        return tuple(text.split(",")) if text else ()

    def origin(self, name: str) -> Origin | None:
        """Say where a value came from; None for a default and for what is not set."""
        held = self.values.get(self.contract.variable(name).name)
        return None if held is None else held[1]

    def known_secrets(self) -> tuple[Secret, ...]:
        """List every secret value, for the redaction of logs."""
        secrets = (v.name for v in self.contract.variables if v.kind is VariableKind.SECRET)
        return tuple(self.values[name][0] for name in secrets if name in self.values)

    def __repr__(self) -> str:
        return f"<Configuration of {self.contract.service}: {len(self.values)} variables>"


def _needed(name: str, value: T | None) -> T:
    if value is None:
        raise ConfigurationInvalid(f"{name} is not set.")
    return value
