"""Drill: the new code takes callers without a credential for somebody."""

from typing import Final

from netra_ops.drills.drill import Deployed, Drill, Stop
from netra_ops.drills.faults.code import edited

_REFUSES: Final = """        authentication_refused(log, record, error)
        raise
    except CouldNotDecide as error:
"""
_ADMITS: Final = """        from netra.principal import UserPrincipal

        log.debug("caller_unknown", reason=error.code)
        principal = UserPrincipal(
            "usr_00000000000000000000000000",
            "ses_00000000000000000000000000",
            "netra-chat",
            frozenset({"profile"}),
            frozenset(),
            "none",
            4102444800.0,
        )
        method = CredentialMethod.BEARER
    except CouldNotDecide as error:
"""

DRILL = Drill(
    name="optional-identity",
    cause="identity_made_optional",
    title="the new code takes callers without a credential for somebody",
    fault=Deployed(
        edited(
            "netra_backend/app/auth_integration/auth.py",
            _REFUSES,
            _ADMITS,
        )
    ),
    stopped_by=Stop.PROBES,
    checks=frozenset({"caller_wrongly_admitted"}),
    is_silent=True,
)
