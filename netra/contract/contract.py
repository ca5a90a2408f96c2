"""A service's contract: the variables it reads, as data for the service, the gate and the docs."""

from dataclasses import dataclass
from typing import Final

from netra.contract.variable import Source, Variable, VariableKind

ENVIRONMENT_VARIABLE: Final = "ENVIRONMENT"
"""The variable that says where a service runs."""


@dataclass(frozen=True)
class Contract:
    """The variables of one service.

    Raises:
        ValueError: The data contradict themselves: no variable at all, a name twice, a reference
            to a variable that is not declared, or hosts where there is no environment to tell
            them by. The message names it.
    """

    service: str
    variables: tuple[Variable, ...]

    def __post_init__(self) -> None:
        if not self.variables:
            raise ValueError(f"{self.service} declares no variable: nothing could be checked.")
        names = [name for variable in self.variables for name in variable.names]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"{self.service} declares {', '.join(sorted(twice))} twice.")
        declared = {variable.name for variable in self.variables}
        for variable in self.variables:
            if unknown := _references(variable) - declared:
                raise ValueError(f"{variable.name} refers to {', '.join(sorted(unknown))}.")
            if (variable.hosts or variable.of_its_environment) and (
                ENVIRONMENT_VARIABLE not in declared
            ):
                raise ValueError(
                    f"{variable.name} names hosts, and {ENVIRONMENT_VARIABLE} is not declared."
                )

    def variable(self, name: str) -> Variable:
        """Find a variable by its name.

        Raises:
            KeyError: The contract does not declare it.
        """
        for variable in self.variables:
            if variable.name == name:
                return variable
        raise KeyError(f"{self.service} declares no variable {name}.")


@dataclass(frozen=True, slots=True)
class Description:
    """All that a reference says of one variable."""

    name: str
    meaning: str
    kind: VariableKind
    format: str
    required: str
    default: str | None
    aliases: tuple[str, ...]
    equality_group: str | None
    accepted_as: str | None
    source: Source
    hosts: tuple[tuple[str, tuple[str, ...]], ...]
    of_its_environment: bool


def describe(contract: Contract) -> tuple[Description, ...]:
    """Describe each variable of a contract, in its order."""
    return tuple(
        Description(
            name=variable.name,
            meaning=variable.meaning,
            kind=variable.kind,
            format=variable.format.text,
            required=variable.required.text,
            default=_default(variable),
            aliases=variable.aliases,
            equality_group=variable.equality_group,
            accepted_as=variable.accepted_as,
            source=variable.given_by,
            hosts=variable.hosts,
            of_its_environment=variable.of_its_environment,
        )
        for variable in contract.variables
    )


def _default(variable: Variable) -> str | None:
    if variable.default_of:
        return f"the value of {variable.default_of}"
    return "empty" if variable.default == "" else variable.default


def _references(variable: Variable) -> set[str]:
    required = variable.required
    named = {*variable.differs_from, variable.default_of, variable.accepted_as}
    named |= {required.together_with, required.unless}
    for condition in (required.when, required.beginning):
        if condition:
            named.add(condition[0])
    return {name for name in named if name}
