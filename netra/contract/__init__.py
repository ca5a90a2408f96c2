"""What a service's configuration must be: declared as data, checked before anything starts."""

from netra.contract.configuration import Configuration, Undecided, Violation, Violations
from netra.contract.contract import Contract, Description, describe
from netra.contract.flaws import ViolationKind
from netra.contract.loader import Examination, examine, load
from netra.contract.service_registry import RegistryInvalid, ServiceRegistration, parse_registry
from netra.contract.variable import Requirement, Source, Variable, VariableKind

__all__ = [
    "Configuration",
    "Contract",
    "Description",
    "Examination",
    "RegistryInvalid",
    "Requirement",
    "ServiceRegistration",
    "Source",
    "Undecided",
    "Variable",
    "VariableKind",
    "Violation",
    "ViolationKind",
    "Violations",
    "describe",
    "examine",
    "load",
    "parse_registry",
]
