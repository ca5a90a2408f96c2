"""Checks an environment against a contract: gives a configuration or every violation.

Total: whatever the environment holds, loading does not raise.
"""

import difflib
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from netra.contract.configuration import Configuration, Undecided, Violation, Violations
from netra.contract.contract import ENVIRONMENT_VARIABLE, Contract
from netra.contract.flaws import Flaw, ViolationKind, text_flaw
from netra.contract.general_formats import Pem
from netra.contract.urls.hosts import foreign_host_flaw, host_flaw
from netra.contract.variable import Requirement, Variable
from netra.isolated_environment import (
    ENV_FILE_VARIABLE,
    EnvironmentProblem,
    EnvironmentProblemKind,
    IsolatedEnvironment,
    Origin,
)
from netra.secret import Secret

LOCAL: Final = "local"

_PROBLEM_KINDS: Final = {
    EnvironmentProblemKind.CONFLICTING: ViolationKind.CONFLICTING,
    EnvironmentProblemKind.EMPTY: ViolationKind.EMPTY,
    EnvironmentProblemKind.MALFORMED: ViolationKind.MALFORMED,
    EnvironmentProblemKind.UNREADABLE: ViolationKind.UNRESOLVED,
}


def load(contract: Contract, environment: IsolatedEnvironment) -> Configuration | Violations:
    """Check an environment against a contract. Never raises.

    What the contract does not declare is not looked at. A variable that is set is checked even
    where it is not required.
    """
    loading = _Loading(contract, environment)
    violations = [found for variable in contract.variables for found in loading.check(variable)]
    violations = [*loading.file_faults(), *violations]
    if violations:
        return Violations(contract.service, tuple(violations))
    return Configuration(contract, loading.values())


@dataclass(frozen=True, repr=False)
class Examination:
    """What can be told of a configuration of which some values cannot be seen.

    Attributes:
        violations: What is wrong, in contract order.
        undecided: What cannot be told without the values that cannot be seen.
        values: Each declared variable's value, with defaults; nothing for what cannot be seen.
    """

    violations: tuple[Violation, ...]
    undecided: tuple[Undecided, ...]
    values: dict[str, Secret]


def examine(
    contract: Contract, environment: IsolatedEnvironment, unseen: AbstractSet[str] = frozenset()
) -> Examination:
    """Check a configuration in which the variables `unseen` are set, to values nobody can see.

    Never raises. A variable of `unseen` is taken as set; that it also has a value in `environment`
    is for the caller to judge.
    """
    loading = _Loading(contract, environment, unseen)
    return Examination(
        tuple(found for variable in contract.variables for found in loading.check(variable)),
        tuple(found for variable in contract.variables for found in loading.undecided(variable)),
        {name: value for name, (value, _) in loading.values().items()},
    )


@dataclass(frozen=True)
class _Loading:
    contract: Contract
    environment: IsolatedEnvironment
    unseen: AbstractSet[str] = frozenset()

    def check(self, variable: Variable) -> list[Violation]:
        """Find what is wrong with one variable, the cause before its consequences."""
        if self._is_unseen(variable.name):
            return []
        faults = [p for p in self.environment.problems if p.name in variable.names]
        if faults:
            return [_of_problem(variable.name, fault) for fault in faults]
        set_names = [name for name in variable.names if name in self.environment]
        texts = {self.environment.get(name) for name in set_names}
        if len(texts) > 1:
            return [_differing_names(variable, set_names)]
        if not set_names:
            missing = self._missing(variable)
            return [missing] if missing else []
        found = self._flaw(variable, set_names[0]) or self._same_value(variable)
        return [found] if found else []

    def undecided(self, variable: Variable) -> list[Undecided]:
        """Find what cannot be told of one variable because a value cannot be seen."""
        if self._is_unseen(variable.name):
            return [
                Undecided(
                    variable.name,
                    f"cannot be seen, and must be {_form(variable)}",
                    "Let something that may read the value check it.",
                )
            ]
        if any(name in self.environment for name in variable.names):
            hidden = [other for other in variable.differs_from if self._is_unseen(other)]
            says = "must not have the same value as {}, which cannot be seen"
        else:
            required = variable.required
            conditions = (required.when or required.beginning or ("",))[0]
            hidden = [conditions] if conditions and self._is_unseen(conditions) else []
            says = "is not set, and whether it must be depends on {}, which cannot be seen"
        return [
            Undecided(
                variable.name, says.format(other), "Let something that may read the value check it."
            )
            for other in hidden
        ]

    def file_faults(self) -> list[Violation]:
        """Find what is wrong with the env file as a whole."""
        problems = self.environment.problems
        return [_of_problem(p.name, p) for p in problems if p.name == ENV_FILE_VARIABLE]

    def values(self) -> dict[str, tuple[Secret, Origin | None]]:
        """Collect the values, defaults included; for an environment without violations."""
        found: dict[str, tuple[Secret, Origin | None]] = {}
        for variable in self.contract.variables:
            held = next(filter(None, map(self.environment.value, variable.names)), None)
            if self._is_unseen(variable.name):
                continue
            if held is not None:
                found[variable.name] = (held.value, held.origin)
            elif variable.default is not None:
                found[variable.name] = (Secret(variable.default), None)
        for variable in self.contract.variables:
            is_given = variable.name in found or self._is_unseen(variable.name)
            if not is_given and variable.default_of in found:
                found[variable.name] = (found[variable.default_of][0], None)
        return found

    def _flaw(self, variable: Variable, name: str) -> Violation | None:
        value = self.environment.get(name) or ""
        if isinstance(variable.format, Pem):
            value = value.removesuffix("\n")
        flaw = text_flaw(value, variable.format.inner_whitespace)
        flaw = flaw or variable.format.flaw(value, deployed=self._deployed)
        flaw = flaw or self._host_flaw(variable, value)
        if flaw is None:
            return None
        says = flaw.says + _source(variable.name, name, self.environment.origin(name))
        return Violation(variable.name, flaw.problem, says, flaw.fix)

    def _host_flaw(self, variable: Variable, value: str) -> Flaw | None:
        environment = self.environment.get(ENVIRONMENT_VARIABLE)
        if variable.of_its_environment and (flaw := foreign_host_flaw(value, environment)):
            return flaw
        allowed = dict(variable.hosts).get(environment or "")
        return None if allowed is None else host_flaw(value, environment, allowed)

    def _missing(self, variable: Variable) -> Violation | None:
        required = variable.required
        if required.together_with and self._is_set(required.together_with):
            return Violation(
                variable.name,
                ViolationKind.CONFLICTING,
                f"is not set although {required.together_with} is",
                f"Set both or neither. It must be {_form(variable)}.",
            )
        condition = ""
        if required.when:
            other, values = required.when
            value = self._effective(other)
            if value not in values:
                return None
            condition = f", though it is required when {other} is {value}"
        elif required.beginning:
            if not self._begins(required):
                return None
            condition = f", though it is required {required.text}"
        elif not required.always:
            return None
        return Violation(
            variable.name,
            ViolationKind.MISSING,
            f"is not set{condition}",
            f"Set it to {_form(variable)}.{self._near_miss(variable)}",
        )

    def _begins(self, required: Requirement) -> bool:
        if required.beginning is None:
            return False
        other, starts = required.beginning
        is_excused = required.unless is not None and self._is_set(required.unless)
        return not is_excused and (self._effective(other) or "").startswith(starts)

    def _same_value(self, variable: Variable) -> Violation | None:
        own = self._effective(variable.name)
        for other in variable.differs_from:
            if own is not None and own == self._effective(other):
                return Violation(
                    variable.name,
                    ViolationKind.CONFLICTING,
                    f"has the same value as {other}",
                    "Give each its own value.",
                )
        return None

    def _near_miss(self, variable: Variable) -> str:
        """Name a variable that is set under nearly the right name: a rename done half."""
        declared = {name for declared in self.contract.variables for name in declared.names}
        others = [name for name in self.environment.names() if name not in declared]
        near = difflib.get_close_matches(variable.name, others, n=1, cutoff=0.75)
        return f" {near[0]} is set: was it renamed?" if near else ""

    def _is_unseen(self, name: str) -> bool:
        return not self.unseen.isdisjoint(self.contract.variable(name).names)

    def _is_set(self, name: str) -> bool:
        return self._is_unseen(name) or self._effective(name) is not None

    def _effective(self, name: str) -> str | None:
        variable = self.contract.variable(name)
        for candidate in variable.names:
            if (text := self.environment.get(candidate)) is not None:
                return text
        return variable.default

    @property
    def _deployed(self) -> bool:
        return self.environment.get(ENVIRONMENT_VARIABLE) != LOCAL


def _form(variable: Variable) -> str:
    return variable.format.text or "a text"


def _of_problem(variable: str, problem: EnvironmentProblem) -> Violation:
    return Violation(variable, _PROBLEM_KINDS[problem.kind], problem.says, problem.fix)


def _differing_names(variable: Variable, names: list[str]) -> Violation:
    return Violation(
        variable.name,
        ViolationKind.CONFLICTING,
        f"has different values under its names {' and '.join(names)}",
        f"Set {variable.name} alone.",
    )


def _source(declared: str, name: str, origin: Origin | None) -> str:
    """Say where a bad value came from, where that is not plain from the name."""
    alias = f" (set as {name})" if name != declared else ""
    if origin is None or origin.kind in ("process", "given"):
        return alias
    return f"{alias} (read from {origin.location})"
