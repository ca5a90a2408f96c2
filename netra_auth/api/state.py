"""What the routes work with: everything that bootstrap built, and nothing else."""

from dataclasses import dataclass

from fastapi import Request

from netra.clock import Clock
from netra.telemetry import request_record
from netra_auth.api.pages import Pages
from netra_auth.audit import AuditTrail, Origin
from netra_auth.audit.records import AuditRecords
from netra_auth.grants.authorization_code import AuthorizationCodes
from netra_auth.grants.client_credentials import ClientCredentials
from netra_auth.grants.clients import Clients
from netra_auth.grants.introspection import Introspection
from netra_auth.grants.own_tokens import OwnTokens
from netra_auth.grants.public_clients import PublicClients
from netra_auth.grants.refresh_token import RefreshTokens
from netra_auth.grants.revocation import TokenRevocation
from netra_auth.identities.logins import Logins
from netra_auth.identities.revocations import Revocations
from netra_auth.identities.sessions import Sessions
from netra_auth.identities.users import Users
from netra_auth.keyring.keyring import Keyring
from netra_auth.settings import Settings
from netra_auth.store.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthState:
    """The service's parts, made once at start."""

    settings: Settings
    clock: Clock
    database: Database
    keyring: Keyring
    audit: AuditTrail
    audit_records: AuditRecords
    revocations: Revocations
    sessions: Sessions
    users: Users
    logins: Logins
    public_clients: PublicClients
    clients: Clients
    own_tokens: OwnTokens
    authorization_codes: AuthorizationCodes
    refresh_tokens: RefreshTokens
    client_credentials: ClientCredentials
    introspection: Introspection
    token_revocation: TokenRevocation
    pages: Pages


def state_of(request: Request) -> AuthState:
    """Give the service's parts."""
    state: AuthState = request.app.state.netra
    return state


def origin_of(request: Request) -> Origin:
    """Say where a request came from, for the audit record."""
    address = request.client.host if request.client else None
    return Origin(request_record(request.scope).request_id, address)
