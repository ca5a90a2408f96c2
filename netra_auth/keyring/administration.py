"""What may be asked of the keys, in either trust mode, by administrators and by upkeep."""

from typing import Final, Protocol

from netra.clock import Clock
from netra.errors import Conflict, NotFound
from netra.wire.auth_admin import KeyRecord, KeyState
from netra_auth.audit import Act, AuditEvent, AuditTrail, Outcome
from netra_auth.keyring.keyring import Keyring
from netra_auth.keyring.rotation import Actor, StoredKeys
from netra_auth.settings import Settings, TokenTrustMode
from netra_auth.store.engine import Database

_HOW_TO_ROTATE: Final = (
    "In shared-key mode the key is configured, not kept here. To rotate, configure a new "
    "JWT_SECRET_KEY and the present one as JWT_SECRET_KEY_PREVIOUS in every service, and restart "
    "them: the verifiers first, the auth service last."
)
_HOW_TO_REMOVE: Final = (
    "In shared-key mode the key is configured, not kept here. To take it out of use, replace "
    "JWT_SECRET_KEY or remove JWT_SECRET_KEY_PREVIOUS in every service, and restart them."
)


class KeyAdministration(Protocol):
    """What may be asked of the keys."""

    async def records(self) -> tuple[KeyRecord, ...]:
        """List the keys, the newest first.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """

    async def rotate(self, actor: Actor) -> KeyRecord:
        """Make the next key; time brings it on from there.

        Raises:
            Conflict: A rotation is under way, or the keys are not kept here.
            DatabaseUnavailable: The store cannot be reached.
        """

    async def remove(self, kid: str, why: str, actor: Actor) -> None:
        """Take a compromised key out of use at once, with every token it signed.

        Raises:
            NotFound: There is no such key.
            Conflict: It is gone already, or the keys are not kept here.
            DatabaseUnavailable: The store cannot be reached.
        """

    async def advance(self) -> None:
        """Make the changes that are due.

        Raises:
            CouldNotDecide: The store cannot be reached, or its keys cannot be used.
        """


class ConfiguredKeys:
    """The keys of shared-key mode: shown as they are, changed by configuration alone."""

    def __init__(self, keyring: Keyring, audit: AuditTrail) -> None:
        self._keyring = keyring
        self._audit = audit

    async def records(self) -> tuple[KeyRecord, ...]:
        """List the key that signs and the one still accepted; nobody knows their times."""
        keys = await self._keyring.current()
        signing = keys.signing_key
        accepted = sorted(keys.verification_keys.kids - {signing.kid})
        return (
            _timeless(signing.kid, signing.algorithm.value, KeyState.ACTIVE),
            *(_timeless(kid, signing.algorithm.value, KeyState.RETIRING) for kid in accepted),
        )

    async def rotate(self, actor: Actor) -> KeyRecord:
        """Refuse, and say how it is done."""
        await self._refuse(AuditEvent.SIGNING_KEY_CREATED, None, actor)
        raise Conflict("the keys are configured", detail=_HOW_TO_ROTATE)

    async def remove(self, kid: str, why: str, actor: Actor) -> None:  # noqa: ARG002 - the port's
        """Refuse, and say how it is done."""
        await self._refuse(AuditEvent.SIGNING_KEY_COMPROMISED, kid, actor)
        keys = await self._keyring.current()
        if kid not in keys.verification_keys.kids:
            raise NotFound("no such key")
        raise Conflict("the keys are configured", detail=_HOW_TO_REMOVE)

    async def advance(self) -> None:
        """Nothing is ever due: only configuration changes these keys."""

    async def _refuse(self, event: AuditEvent, kid: str | None, actor: Actor) -> None:
        act = Act(
            event=event,
            outcome=Outcome.REFUSED,
            origin=actor.origin,
            actor=actor.name,
            token_id=kid,
            reason="the keys are configured",
        )
        await self._audit.note_alone(act)


def key_administration(
    settings: Settings, keyring: Keyring, database: Database, audit: AuditTrail, clock: Clock
) -> KeyAdministration:
    """Give what administers the keys of the configured trust mode."""
    if settings.trust_mode is TokenTrustMode.SHARED_KEY:
        return ConfiguredKeys(keyring, audit)
    return StoredKeys(settings, keyring, database, audit, clock)


def _timeless(kid: str, algorithm: str, state: KeyState) -> KeyRecord:
    return KeyRecord(
        kid=kid,
        algorithm=algorithm,
        state=state,
        created_at=None,
        published_at=None,
        activated_at=None,
        retired_at=None,
        gone_at=None,
        next_at=None,
    )
