"""For whom a transaction is: told to the database at its beginning, which holds the rest to it.

What each database makes of it is in `sqlite_rooms` and `postgres_transactions`.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from netra.errors import InternalError
from netra.policy import CredentialMethod, Denied, Permission, decide
from netra.principal import AuthenticatedPrincipal, ServicePrincipal

ADMISSION: Final = "netra_admission"
"""Execution option: the transaction's admission; without one it is nobody's."""

_PRINCIPAL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}\Z")
"""Ids of people and services; nothing in them means anything within a statement."""


class Duty(StrEnum):
    """Work that reaches rows of more than one owner.

    Attributes:
        NONE: None: the owner's rows alone.
        MAINTENANCE: A service's, with the permission for it: every owner's rows.
        RUNS: Leases and journals, of every owner: the tables that `leases` and
            `journal_transaction` speak of, and of runs the ids and the recorded principal.
    """

    NONE = ""
    MAINTENANCE = "maintenance"
    RUNS = "runs"


@dataclass(frozen=True, slots=True)
class Admission:
    """Whose transaction it is, and for which duty.

    Attributes:
        principal: The id of a person, `service:` and the id of a service, or nothing.
        duty: What it does besides being the principal's.

    Raises:
        InternalError: The principal is no id.
    """

    principal: str = ""
    duty: Duty = Duty.NONE

    def __post_init__(self) -> None:
        """Refuse what could be more than one id to a database."""
        if self.principal and _PRINCIPAL.match(self.principal) is None:
            raise InternalError("a transaction was to begin for something that is no principal")


NOBODY: Final = Admission()


def admission_of(principal: AuthenticatedPrincipal, method: CredentialMethod | None) -> Admission:
    """Say for whom a session is; its fence says the same to the ORM."""
    maintains = isinstance(principal, ServicePrincipal) and may_maintain(principal, method)
    return Admission(str(principal), Duty.MAINTENANCE if maintains else Duty.NONE)


def may_maintain(principal: ServicePrincipal, method: CredentialMethod | None) -> bool:
    """Say whether a service may reach every owner's rows."""
    return not isinstance(decide(principal, Permission.DATA_MAINTAIN, method), Denied)
