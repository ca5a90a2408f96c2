"""Registering services, changing what they may ask for, and ending their access.

Every act is recorded, done or refused, with who asked for it.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from sqlalchemy.exc import IntegrityError

from netra.clock import Clock
from netra.errors import Conflict, NotFound
from netra.principal import SERVICE_NAMESPACE, AuthenticatedPrincipal, is_service_id
from netra.wire.auth_admin import (
    NewService,
    RegisteredService,
    ServiceChange,
    ServiceList,
    ServiceRecord,
)
from netra_auth.audit import AuditEvent, AuditTrail, Origin
from netra_auth.identities.revocations import Revocations
from netra_auth.identities.services.registration.acts import OpenAct, recorded_act
from netra_auth.identities.services.registration.authority import (
    require_may_give,
    require_still_administers,
)
from netra_auth.identities.services.registration.records import record_of
from netra_auth.identities.services.registration.rules import changed_row, new_row
from netra_auth.identities.services.secrets import new_secret, row_for
from netra_auth.store.engine import Database
from netra_auth.store.repositories import service_secrets, services


class ServiceIdTaken(Conflict):
    """The id names a service, a client of ours, or us."""

    code = "service_id_taken"
    public_text = "This service id is taken."


class ServiceAdministration:
    """Everything that makes or changes a service. Nothing deletes one: its id is never free."""

    def __init__(
        self,
        database: Database,
        revocations: Revocations,
        audit: AuditTrail,
        clock: Clock,
        reserved: frozenset[str],
    ) -> None:
        self._database = database
        self._revocations = revocations
        self._audit = audit
        self._clock = clock
        self._reserved = reserved

    async def register(
        self, new: NewService, caller: AuthenticatedPrincipal, origin: Origin
    ) -> RegisteredService:
        """Register a service; its first secret is in the answer and nowhere else.

        Raises:
            RegistrationInvalid: It cannot be registered like this.
            MoreThanHeld: The caller is a service that holds less.
            ServiceIdTaken: The id is taken, or one of ours.
            DatabaseUnavailable: The store cannot be reached.
        """
        now, secret = self._clock.timestamp(), new_secret() if new.with_secret else None
        async with self._act(AuditEvent.SERVICE_REGISTERED, new.service_id, caller, origin) as act:
            row = new_row(new, now)
            if row.service_id in self._reserved:
                raise ServiceIdTaken("the id is one of ours")
            require_may_give(caller, await act.callers_row(), row)
            held = () if secret is None else (row_for(secret, row.service_id, now),)
            try:
                await services.add(act.connection, row, *held)
            except IntegrityError:
                raise ServiceIdTaken("there is such a service") from None
        return RegisteredService(
            service=record_of(row, held), secret=None if secret is None else secret.reveal()
        )

    async def change(
        self,
        service_id: str,
        change: ServiceChange,
        caller: AuthenticatedPrincipal,
        origin: Origin,
    ) -> ServiceRecord:
        """Change what a service may ask for. Tokens that it has keep what they say to their end.

        A relying party that may be answered somewhere else is a new one to people: what they had
        allowed it is forgotten, so that each is asked again.

        Raises:
            NotFound: There is no such service.
            RegistrationInvalid: It cannot be registered like this.
            MoreThanHeld: The caller is a service that holds less.
            LocksOutCaller: The caller would end its own administration.
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._act(AuditEvent.SERVICE_CHANGED, service_id, caller, origin) as act:
            row, held = await act.service(service_id, self._clock.timestamp())
            after = changed_row(row, change)
            act.says = f"changed {', '.join(sorted(change.model_fields_set))}"
            require_may_give(caller, await act.callers_row(), row, after)
            require_still_administers(caller, after, has_secret=bool(held))
            await services.replace(act.connection, after)
            if set(after.redirect_uris.split()) - set(row.redirect_uris.split()):
                await services.forget_consents(act.connection, service_id)
        return await self.one(service_id)

    async def disable(
        self, service_id: str, caller: AuthenticatedPrincipal, origin: Origin
    ) -> ServiceRecord:
        """End a service's access: no new tokens at once, none that it has within a second.

        Raises:
            NotFound: There is no such service.
            LocksOutCaller: It is the caller itself.
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._act(AuditEvent.SERVICE_DISABLED, service_id, caller, origin) as act:
            row, held = await act.service(service_id, self._clock.timestamp())
            after = replace(row, disabled_at=row.disabled_at or self._clock.timestamp())
            require_still_administers(caller, after, has_secret=bool(held))
            await services.replace(act.connection, after)
            await self._revocations.revoke_subject(
                act.transaction, f"{SERVICE_NAMESPACE}{service_id}"
            )
        return await self.one(service_id)

    async def enable(
        self, service_id: str, caller: AuthenticatedPrincipal, origin: Origin
    ) -> ServiceRecord:
        """Let a disabled service in again, with the secrets that it still has.

        Its tokens of before stay ended. New ones are taken once they outlive all of those: with
        the longest token life, from a minute after it was disabled.

        Raises:
            NotFound: There is no such service.
            MoreThanHeld: The caller is a service that holds less.
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._act(AuditEvent.SERVICE_ENABLED, service_id, caller, origin) as act:
            row, _ = await act.service(service_id, self._clock.timestamp())
            require_may_give(caller, await act.callers_row(), row)
            await services.replace(act.connection, replace(row, disabled_at=None))
        return await self.one(service_id)

    async def one(self, service_id: str) -> ServiceRecord:
        """Show a service, and which of its secrets are used.

        Raises:
            NotFound: There is no such service.
            DatabaseUnavailable: The store cannot be reached.
        """
        if not is_service_id(service_id):
            raise NotFound("not the id of a service")
        async with self._database.reading() as connection:
            row = await services.by_id(connection, service_id)
            held = await service_secrets.of_service(connection, service_id)
        if row is None:
            raise NotFound("there is no such service")
        return record_of(row, held)

    async def all(self) -> ServiceList:
        """Show every service.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._database.reading() as connection:
            rows = await services.everyone(connection)
            secrets = await service_secrets.everybodys(connection)
        return ServiceList(
            items=tuple(
                record_of(row, tuple(s for s in secrets if s.service_id == row.service_id))
                for row in rows
            )
        )

    def _act(
        self, event: AuditEvent, service_id: str, caller: AuthenticatedPrincipal, origin: Origin
    ) -> AbstractAsyncContextManager[OpenAct]:
        return recorded_act(self._database, self._audit, event, service_id, caller, origin)
