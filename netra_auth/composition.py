"""The service's parts made of its settings and its store. What serves them is in `bootstrap`."""

import asyncio
from dataclasses import dataclass
from typing import Final

from netra.clock import Clock
from netra.serving import Standby
from netra.wire.auth_api import AUTH_AUDIENCE
from netra_auth.api.pages import Pages
from netra_auth.api.state import AuthState
from netra_auth.audit import AuditTrail
from netra_auth.audit.records import AuditRecords
from netra_auth.grants.access_tokens import AccessTokens
from netra_auth.grants.authorization_code import AuthorizationCodes, TokenMakers
from netra_auth.grants.client_credentials import ClientCredentials
from netra_auth.grants.clients import Clients
from netra_auth.grants.consents import Consents
from netra_auth.grants.families import Families
from netra_auth.grants.id_tokens import IdTokens
from netra_auth.grants.introspection import Introspection
from netra_auth.grants.own_tokens import OwnTokens
from netra_auth.grants.public_clients import FIRST_PARTY_IDS, PublicClients, public_clients
from netra_auth.grants.refresh_token import RefreshTokens
from netra_auth.grants.relying_parties import RelyingParties
from netra_auth.grants.revocation import Endings, TokenRevocation
from netra_auth.grants.user_clients import UserClients
from netra_auth.grants.userinfo import UserInfos
from netra_auth.identities.by_mail.links import MailedLinks
from netra_auth.identities.by_mail.opening import ByMail
from netra_auth.identities.by_mail.requests import MailRequests
from netra_auth.identities.by_mail.sending import MailSender
from netra_auth.identities.logins import Logins
from netra_auth.identities.passwords import PasswordHasher
from netra_auth.identities.passwords.changes import PasswordChanges
from netra_auth.identities.passwords.proof import PasswordProof
from netra_auth.identities.people.account_export import AccountExports
from netra_auth.identities.people.accounts import Accounts
from netra_auth.identities.people.person_sessions import PersonSessions
from netra_auth.identities.revocations import Revocations
from netra_auth.identities.second_factor.code_check import CodeCheck
from netra_auth.identities.second_factor.pending_logins import PendingLogins
from netra_auth.identities.second_factor.sealed_secrets import SealedSecrets
from netra_auth.identities.second_factor.second_factors import SecondFactors
from netra_auth.identities.services.accounts import ServiceAccounts
from netra_auth.identities.services.assertions import ServiceAssertions
from netra_auth.identities.services.registration.administration import ServiceAdministration
from netra_auth.identities.services.registration.rotation import SecretRotation
from netra_auth.identities.services.seeding import seed
from netra_auth.identities.sessions import Sessions
from netra_auth.identities.users import Users
from netra_auth.keyring.administration import key_administration
from netra_auth.keyring.keyring import Keyring, open_keyring
from netra_auth.limits.opening import Limits, open_limits
from netra_auth.mail.smtp import SmtpMailer
from netra_auth.metrics.recorder import Metrics
from netra_auth.settings import SelfRegistration, Settings
from netra_auth.store.engine import Database

_TAKEN_IDS: Final = frozenset({AUTH_AUDIENCE, *FIRST_PARTY_IDS})
"""No service can be registered under one of these."""


@dataclass(frozen=True, slots=True)
class _Ground:
    """What everything else stands on."""

    settings: Settings
    database: Database
    clock: Clock
    metrics: Metrics
    audit: AuditTrail
    limits: Limits
    keyring: Keyring
    accounts: ServiceAccounts
    hasher: PasswordHasher
    revocations: Revocations
    sessions: Sessions
    public_clients: PublicClients
    standby: Standby


async def composed(
    settings: Settings, database: Database, clock: Clock, standby: Standby
) -> AuthState:
    """Make the parts; services of the registry and a first signing key are in the store then.

    On standby nothing is put into the store, and what must be there already is a signing key.

    Raises:
        KeyringUnusable: The store's signing key cannot be used with this configuration, or on
            standby there is none.
        RedisMissing: LIMITS_REDIS_URL is set, and there is no client of Redis.
        DatabaseUnavailable: The store cannot be reached.
    """
    ground = await _ground(settings, database, clock, standby)
    audit, limits, sessions = ground.audit, ground.limits, ground.sessions
    hasher, revocations = ground.hasher, ground.revocations
    secrets = SealedSecrets(settings.keyring_encryption_key)
    codes = CodeCheck(secrets, clock)
    pending_logins = PendingLogins(database, secrets, codes, sessions, audit, clock)
    users = Users(database, hasher, sessions, revocations, limits, audit, clock)
    proof = PasswordProof(database, hasher, limits)
    grants = _grants(ground)
    return AuthState(
        settings=settings,
        clock=clock,
        database=database,
        keyring=ground.keyring,
        key_administration=key_administration(settings, ground.keyring, database, audit, clock),
        audit=audit,
        audit_records=AuditRecords(database),
        metrics=ground.metrics,
        limits=limits,
        revocations=revocations,
        sessions=sessions,
        users=users,
        logins=Logins(database, hasher, sessions, pending_logins, limits, audit),
        pending_logins=pending_logins,
        second_factors=SecondFactors(database, secrets, codes, proof, audit, clock),
        password_proof=proof,
        password_changes=PasswordChanges(database, hasher, proof, sessions, audit),
        by_mail=_by_mail(ground, users),
        accounts=Accounts(database, sessions, revocations, audit, clock),
        person_sessions=PersonSessions(database, sessions, audit, clock),
        account_exports=AccountExports(database, audit, clock),
        public_clients=ground.public_clients,
        user_clients=grants.user_clients,
        consents=grants.consents,
        clients=_clients(ground),
        service_administration=_service_administration(ground),
        secret_rotation=SecretRotation(database, audit, clock),
        own_tokens=grants.own_tokens,
        authorization_codes=grants.authorization_codes,
        refresh_tokens=grants.refresh_tokens,
        client_credentials=grants.client_credentials,
        introspection=grants.introspection,
        token_revocation=grants.token_revocation,
        userinfo=UserInfos(database),
        pages=_pages(settings),
        standby=ground.standby,
    )


async def _ground(
    settings: Settings, database: Database, clock: Clock, standby: Standby
) -> _Ground:
    metrics = Metrics()
    audit = AuditTrail(database, clock, metrics.observe)
    limits = open_limits(settings, database, audit, clock)
    keyring = await open_keyring(settings, database, audit, clock, may_begin=not standby.is_on)
    if not standby.is_on:
        await seed(settings.services, database, audit, clock)
    hasher = PasswordHasher()
    await hasher.prepare()
    revocations = Revocations(database, clock)
    return _Ground(
        settings=settings,
        database=database,
        clock=clock,
        metrics=metrics,
        audit=audit,
        limits=limits,
        keyring=keyring,
        accounts=ServiceAccounts(database, limits.refused, clock),
        hasher=hasher,
        revocations=revocations,
        sessions=Sessions(database, revocations, limits.devices, clock),
        public_clients=public_clients(settings.chat_origins),
        standby=standby,
    )


def _pages(settings: Settings) -> Pages:
    return Pages(
        settings.issuer_url,
        secure=settings.secure_cookies,
        registers=settings.self_registration is not SelfRegistration.CLOSED,
        mails=settings.mail is not None,
    )


def _by_mail(ground: _Ground, users: Users) -> ByMail | None:
    mail = ground.settings.mail
    if mail is None:
        return None
    database, audit, clock = ground.database, ground.audit, ground.clock
    bell = asyncio.Event()
    return ByMail(
        requests=MailRequests(database, audit, clock, bell),
        sender=MailSender(
            database,
            SmtpMailer(mail.server, mail.sender),
            ground.settings.issuer_url,
            ground.limits.failures,
            audit,
            ground.metrics,
            clock,
        ),
        links=MailedLinks(database, users, clock),
        bell=bell,
    )


def _service_administration(ground: _Ground) -> ServiceAdministration:
    return ServiceAdministration(
        ground.database, ground.revocations, ground.audit, ground.clock, _TAKEN_IDS
    )


def _clients(ground: _Ground) -> Clients:
    refused = ground.limits.refused
    assertions = ServiceAssertions(
        ground.settings.issuer_url, ground.database, refused, ground.clock
    )
    return Clients(
        ground.public_clients, ground.accounts, assertions, refused, ground.audit, ground.metrics
    )


@dataclass(frozen=True, slots=True)
class _Grants:
    user_clients: UserClients
    consents: Consents
    own_tokens: OwnTokens
    authorization_codes: AuthorizationCodes
    refresh_tokens: RefreshTokens
    client_credentials: ClientCredentials
    introspection: Introspection
    token_revocation: TokenRevocation


def _grants(ground: _Ground) -> _Grants:
    settings, database, clock = ground.settings, ground.database, ground.clock
    audit, refused, keyring = ground.audit, ground.limits.refused, ground.keyring
    sessions, revocations = ground.sessions, ground.revocations
    parties = RelyingParties(settings, ground.accounts)
    clients = UserClients(ground.public_clients, parties)
    families = Families(revocations, clock)
    consents = Consents(database, families, audit, clock)
    own_tokens = OwnTokens(settings, keyring, ground.accounts, sessions, revocations, clock)
    access_tokens = AccessTokens(settings, keyring, clock)
    refresh_tokens = RefreshTokens(
        database, clients, sessions, access_tokens, families, refused, audit, clock
    )
    id_tokens = IdTokens(settings, keyring, clock)
    makers = TokenMakers(
        access_tokens=access_tokens,
        refresh_tokens=refresh_tokens,
        id_tokens=id_tokens,
        families=families,
    )
    endings = Endings(sessions, families, revocations)
    return _Grants(
        user_clients=clients,
        consents=consents,
        own_tokens=own_tokens,
        authorization_codes=AuthorizationCodes(
            database, clients, sessions, consents, makers, refused, audit, clock
        ),
        refresh_tokens=refresh_tokens,
        client_credentials=ClientCredentials(access_tokens, audit),
        introspection=Introspection(settings, database, own_tokens, parties, audit, clock),
        token_revocation=TokenRevocation(
            settings, database, own_tokens, parties, endings, audit, clock
        ),
    )
