"""Checks an environment against a contract: gives a configuration or every violation.

Total: whatever the environment holds, loading does not raise.
"""

import difflib
from dataclasses import dataclass
from typing import Final

from netra.contract.configuration import Configuration, Violation, Violations
from netra.contract.contract import Contract
from netra.contract.flaws import ViolationKind, text_flaw
from netra.contract.variable import Requirement, Variable
from netra.isolated_environment import (
    ENV_FILE_VARIABLE,
    EnvironmentProblem,
    EnvironmentProblemKind,
    IsolatedEnvironment,
    Origin,
)
from netra.secret import Secret

ENVIRONMENT_VARIABLE: Final = "ENVIRONMENT"
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


@dataclass(frozen=True)
class _Loading:
    contract: Contract
    environment: IsolatedEnvironment

    def check(self, variable: Variable) -> list[Violation]:
        """Find what is wrong with one variable, the cause before its consequences."""
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

    def file_faults(self) -> list[Violation]:
        """Find what is wrong with the env file as a whole."""
        problems = self.environment.problems
        return [_of_problem(p.name, p) for p in problems if p.name == ENV_FILE_VARIABLE]

    def values(self) -> dict[str, tuple[Secret, Origin | None]]:
        """Collect the values, defaults included; for an environment without violations."""
        found: dict[str, tuple[Secret, Origin | None]] = {}
        for variable in self.contract.variables:
            held = next(filter(None, map(self.environment.value, variable.names)), None)
            if held is not None:
                found[variable.name] = (held.value, held.origin)
            elif variable.default is not None:
                found[variable.name] = (Secret(variable.default), None)
        for variable in self.contract.variables:
            if variable.name not in found and variable.default_of in found:
                found[variable.name] = (found[variable.default_of][0], None)
        return found

    def _flaw(self, variable: Variable, name: str) -> Violation | None:
        value = self.environment.get(name) or ""
        flaw = text_flaw(value, variable.format.inner_whitespace)
        flaw = flaw or variable.format.flaw(value, deployed=self._deployed)
        if flaw is None:
            return None
        says = flaw.says + _source(variable.name, name, self.environment.origin(name))
        return Violation(variable.name, flaw.problem, says, flaw.fix)

    def _missing(self, variable: Variable) -> Violation | None:
        required = variable.required
        if required.together_with and self._effective(required.together_with) is not None:
            return Violation(
                variable.name,
                ViolationKind.CONFLICTING,
                f"is not set although {required.together_with} is",
                f"Set both or neither. It must be {variable.format.text}.",
            )
        condition = ""
        if required.when:
            other, value = required.when
            if self._effective(other) != value:
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
            f"Set it to {variable.format.text}.{self._near_miss(variable)}",
        )

    def _begins(self, required: Requirement) -> bool:
        if required.beginning is None:
            return False
        other, starts = required.beginning
        is_excused = required.unless is not None and self._effective(required.unless) is not None
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

    def _effective(self, name: str) -> str | None:
        variable = self.contract.variable(name)
        for candidate in variable.names:
            if (text := self.environment.get(candidate)) is not None:
                return text
        return variable.default

    @property
    def _deployed(self) -> bool:
        return self.environment.get(ENVIRONMENT_VARIABLE) != LOCAL


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
