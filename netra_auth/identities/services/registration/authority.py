"""What an administrator of services may give, and to whom. Pure.

An operator, a person, may give anything. A service gives no more than it holds: it may register,
change and enable a service, or make a secret for it, only if that service then has no scope and no
audience that it lacks itself. Otherwise it could make itself an accomplice, or take over a stronger
service, and do what it may not do. OpenID scopes are nobody's to hold: what a person's browser is
asked for, the person consents to. Taking away is free: disabling a service, ending a secret.
"""

from netra.errors import Conflict, PermissionDenied
from netra.policy import Permission
from netra.principal import AuthenticatedPrincipal, ServicePrincipal
from netra.wire.auth_admin import ServiceGrant
from netra.wire.auth_api import AUTH_AUDIENCE
from netra_auth.identities.services.account import service_of
from netra_auth.store.repositories.services import ServiceRow


class MoreThanHeld(PermissionDenied):
    """A service is to give another one what it does not hold itself."""

    code = "more_than_held"
    public_text = "A service can only give what it holds itself."


class LocksOutCaller(Conflict):
    """An administrator is about to end its own administration of services."""

    code = "locks_out_caller"
    public_text = "This would end your own administration of services. Let somebody else do it."


def require_may_give(
    caller: AuthenticatedPrincipal, callers_row: ServiceRow | None, *states: ServiceRow
) -> None:
    """Require that a caller may put a service into a state, or hand out what it has.

    Args:
        caller: Who asks.
        callers_row: What is registered of the caller; None if it is a person.
        states: The service as it is, as it is to be, or both.

    Raises:
        MoreThanHeld: The caller is a service, and a state has more than it holds.
    """
    if not isinstance(caller, ServicePrincipal):
        return
    audiences = set(() if callers_row is None else service_of(callers_row).audiences)
    for state in states:
        service = service_of(state)
        if not set(service.own_scopes) <= caller.scopes:
            raise MoreThanHeld(
                "the service has, or would have, scopes that its administrator lacks"
            )
        if not set(service.audiences) <= audiences:
            raise MoreThanHeld(
                "the service has, or would have, audiences that its administrator lacks"
            )


def require_still_administers(
    caller: AuthenticatedPrincipal, after: ServiceRow, *, has_secret: bool
) -> None:
    """Require that a service which changes itself can go on administering services.

    Args:
        caller: Who asks.
        after: The service that is changed, as it is to be.
        has_secret: Whether it then has a valid secret.

    Raises:
        LocksOutCaller: It could not.
    """
    if not isinstance(caller, ServicePrincipal) or caller.service_id != after.service_id:
        return
    service = service_of(after)
    if (
        after.disabled_at is not None
        or Permission.SERVICES_ADMIN not in service.scopes
        or AUTH_AUDIENCE not in service.audiences
        or ServiceGrant.CLIENT_CREDENTIALS not in service.grants
        or not (has_secret or after.public_jwks)
    ):
        raise LocksOutCaller("a service would end its own administration of services")
