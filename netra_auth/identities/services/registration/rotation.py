"""Giving a service another secret while the present ones go on, and ending one at once.

Both are looked up at each use, in the store: neither needs a restart of anything.
"""

from typing import Final

from netra.clock import Clock, as_iso
from netra.errors import Conflict, NotFound
from netra.principal import AuthenticatedPrincipal
from netra.wire.auth_admin import RotatedSecret
from netra_auth.audit import AuditEvent, AuditTrail, Origin
from netra_auth.identities.services.registration.acts import recorded_act
from netra_auth.identities.services.registration.authority import (
    require_may_give,
    require_still_administers,
)
from netra_auth.identities.services.secrets import (
    MAX_VALID_SECRETS,
    is_secret_id,
    new_secret,
    row_for,
)
from netra_auth.store.engine import Database
from netra_auth.store.repositories import service_secrets

_SHOWN_AFTER_END_SECONDS: Final = 90 * 24 * 3600
"""How long one that has ended is still shown, with its last use."""


class TooManySecrets(Conflict):
    """A service has as many valid secrets as it may have."""

    code = "too_many_secrets"
    public_text = "The service has too many valid secrets. Delete one first."


class SecretRotation:
    """Makes and ends the secrets of services."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock

    async def rotate(
        self, service_id: str, overlap: float, caller: AuthenticatedPrincipal, origin: Origin
    ) -> RotatedSecret:
        """Make a secret; the present ones end after the overlap, at once if it is 0.

        One whose end was stated before and comes earlier keeps it. Tokens that were had with a
        secret are not ended with it: they live minutes, and disabling the service ends them.

        Raises:
            NotFound: There is no such service.
            MoreThanHeld: The caller is a service that holds less.
            TooManySecrets: Too many would be valid at the same time.
            DatabaseUnavailable: The store cannot be reached.
        """
        now, secret = self._clock.timestamp(), new_secret()
        made = row_for(secret, service_id, now)
        async with recorded_act(
            self._database,
            self._audit,
            AuditEvent.SERVICE_SECRET_ROTATED,
            service_id,
            caller,
            origin,
        ) as act:
            row, held = await act.service(service_id, now)
            require_may_give(caller, await act.callers_row(), row)
            if overlap > 0 and len(held) >= MAX_VALID_SECRETS:
                raise TooManySecrets("the service has too many valid secrets")
            end = now + overlap
            await service_secrets.remove_ended(
                act.connection, service_id, now - _SHOWN_AFTER_END_SECONDS
            )
            await service_secrets.end_all(act.connection, service_id, end)
            await service_secrets.add(act.connection, made)
            act.says = f"made secret {made.secret_id}; the others end by {as_iso(end)}"
        return RotatedSecret(
            secret_id=made.secret_id,
            secret=secret.reveal(),
            others_valid_until=end if held else None,
        )

    async def delete(
        self, service_id: str, secret_id: str, caller: AuthenticatedPrincipal, origin: Origin
    ) -> None:
        """End one secret at once. Tokens that were had with it are not ended.

        Raises:
            NotFound: The service has no such secret, or there is no such service.
            LocksOutCaller: It is the last proof of the caller itself.
            DatabaseUnavailable: The store cannot be reached.
        """
        async with recorded_act(
            self._database,
            self._audit,
            AuditEvent.SERVICE_SECRET_DELETED,
            service_id,
            caller,
            origin,
        ) as act:
            row, held = await act.service(service_id, self._clock.timestamp())
            others = [secret for secret in held if secret.secret_id != secret_id]
            if len(others) < len(held):
                require_still_administers(caller, row, has_secret=bool(others))
            if not is_secret_id(secret_id) or not await service_secrets.remove(
                act.connection, service_id, secret_id
            ):
                raise NotFound("the service has no such secret")
            act.says = f"deleted secret {secret_id}"
