"""What a service's configuration must be: declared as data, checked before anything starts."""

from netra.contract.configuration import Configuration, Violation, Violations
from netra.contract.contract import Contract, Description, describe
from netra.contract.flaws import ViolationKind
from netra.contract.loader import load
from netra.contract.service_registry import RegistryInvalid, ServiceRegistration, parse_registry
from netra.contract.variable import Requirement, Variable, VariableKind

__all__ = [
    "Configuration",
    "Contract",
    "Description",
    "RegistryInvalid",
    "Requirement",
    "ServiceRegistration",
    "Variable",
    "VariableKind",
    "Violation",
    "ViolationKind",
    "Violations",
    "describe",
    "load",
    "parse_registry",
]
