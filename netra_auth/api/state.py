"""What the routes work with: everything that bootstrap built, and nothing else."""

from dataclasses import dataclass

from fastapi import Request

from netra.clock import Clock
from netra.serving import Standby
from netra.telemetry import request_record
from netra_auth.api.pages import Pages
from netra_auth.audit import AuditTrail, Origin
from netra_auth.audit.records import AuditRecords
from netra_auth.grants.authorization_code import AuthorizationCodes
from netra_auth.grants.client_credentials import ClientCredentials
from netra_auth.grants.clients import Clients
from netra_auth.grants.consents import Consents
from netra_auth.grants.introspection import Introspection
from netra_auth.grants.own_tokens import OwnTokens
from netra_auth.grants.public_clients import PublicClients
from netra_auth.grants.refresh_token import RefreshTokens
from netra_auth.grants.revocation import TokenRevocation
from netra_auth.grants.user_clients import UserClients
from netra_auth.grants.userinfo import UserInfos
from netra_auth.identities.by_mail.opening import ByMail
from netra_auth.identities.logins import Logins
from netra_auth.identities.passwords.changes import PasswordChanges
from netra_auth.identities.passwords.proof import PasswordProof
from netra_auth.identities.people.account_export import AccountExports
from netra_auth.identities.people.accounts import Accounts
from netra_auth.identities.people.person_sessions import PersonSessions
from netra_auth.identities.revocations import Revocations
from netra_auth.identities.second_factor.pending_logins import PendingLogins
from netra_auth.identities.second_factor.second_factors import SecondFactors
from netra_auth.identities.services.registration.administration import ServiceAdministration
from netra_auth.identities.services.registration.rotation import SecretRotation
from netra_auth.identities.sessions import Sessions
from netra_auth.identities.users import Users
from netra_auth.keyring.administration import KeyAdministration
from netra_auth.keyring.keyring import Keyring
from netra_auth.limits.opening import Limits
from netra_auth.metrics.recorder import Metrics
from netra_auth.settings import Settings
from netra_auth.store.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthState:
    """The service's parts, made once at start."""

    settings: Settings
    clock: Clock
    database: Database
    keyring: Keyring
    key_administration: KeyAdministration
    audit: AuditTrail
    audit_records: AuditRecords
    metrics: Metrics
    limits: Limits
    revocations: Revocations
    sessions: Sessions
    users: Users
    logins: Logins
    pending_logins: PendingLogins
    second_factors: SecondFactors
    password_proof: PasswordProof
    password_changes: PasswordChanges
    by_mail: ByMail | None
    accounts: Accounts
    person_sessions: PersonSessions
    account_exports: AccountExports
    public_clients: PublicClients
    user_clients: UserClients
    consents: Consents
    clients: Clients
    service_administration: ServiceAdministration
    secret_rotation: SecretRotation
    own_tokens: OwnTokens
    authorization_codes: AuthorizationCodes
    refresh_tokens: RefreshTokens
    client_credentials: ClientCredentials
    introspection: Introspection
    token_revocation: TokenRevocation
    userinfo: UserInfos
    pages: Pages
    standby: Standby


def state_of(request: Request) -> AuthState:
    """Give the service's parts."""
    state: AuthState = request.app.state.netra
    return state


def origin_of(request: Request) -> Origin:
    """Say where a request came from, for the audit record."""
    address = request.client.host if request.client else None
    user_agent = request.headers.get("user-agent", "")
    return Origin(request_record(request.scope).request_id, address, user_agent)
