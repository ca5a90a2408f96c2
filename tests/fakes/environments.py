"""Valid configurations of both services, with strong random values made at the call."""

import hashlib
import json
import secrets
from collections.abc import Mapping

BACKEND_SCOPES = (
    "profile:read",
    "sessions:open",
    "agents:run",
    "service:status",
    "tokens:introspect",
    "tokens:revoke",
    "revocations:read",
)
OPS_SCOPES = (
    "profile:read",
    "sessions:open",
    "service:status",
    "users:admin",
    "services:admin",
    "keys:admin",
    "sessions:admin",
    "audit:read",
    "metrics:read",
)
AUDIENCES = ("netra-auth", "netra-backend")


def strong_secret() -> str:
    """Make a 256-bit secret that every rule of the contract accepts."""
    return secrets.token_urlsafe(32)


def service_registry(service_secrets: Mapping[str, str]) -> str:
    """Write a SERVICE_REGISTRY from service ids and their secrets, with the seeded scopes.

    `netra-ops` gets the scopes of the operations toolkit, any other id those of the backend.
    """
    entries = [
        {
            "service_id": service_id,
            "secret_sha256": hashlib.sha256(secret.encode()).hexdigest(),
            "scopes": list(OPS_SCOPES if service_id == "netra-ops" else BACKEND_SCOPES),
            "audiences": list(AUDIENCES),
        }
        for service_id, secret in service_secrets.items()
    ]
    return json.dumps(entries, separators=(",", ":"))


def auth_environment(**overrides: str | None) -> dict[str, str]:
    """Give a valid environment of the auth service; an override of None removes the variable.

    DATABASE_URL points into a directory that does not exist: a test that opens a store overrides
    it. To make services known, pass `SERVICE_REGISTRY=service_registry({...})`.
    """
    registry = service_registry({"netra-backend": strong_secret(), "netra-ops": strong_secret()})
    # People register themselves in tests, where that is allowed at all.
    is_local = overrides.get("ENVIRONMENT", "local") == "local"
    registration = {"SELF_REGISTRATION": "allowed"} if is_local else {}
    values = {
        **registration,
        "ENVIRONMENT": "local",
        "SERVICE_ID": "netra-auth",
        "REVISION": "netra-auth-00001-tst",
        "HOST": "127.0.0.1",
        "PORT": "8001",
        "DATABASE_URL": "sqlite+aiosqlite:////nonexistent/netra-auth.db",
        "ISSUER_URL": "http://127.0.0.1:8001",
        "KEYRING_ENCRYPTION_KEY": strong_secret(),
        "SERVICE_REGISTRY": registry,
    }
    return _overridden(values, overrides)


def backend_environment(**overrides: str | None) -> dict[str, str]:
    """Give a valid environment of the backend; an override of None removes the variable.

    DATABASE_URL points into a directory that does not exist: a test that opens a store overrides
    it.
    """
    values = {
        "ENVIRONMENT": "local",
        "SERVICE_ID": "netra-backend",
        "SERVICE_SECRET": strong_secret(),
        "AUTH_SERVICE_URL": "http://127.0.0.1:8001",
        "REVISION": "netra-backend-00001-tst",
        "HOST": "127.0.0.1",
        "PORT": "8000",
        "DATABASE_URL": "sqlite+aiosqlite:////nonexistent/netra-backend.db",
    }
    return _overridden(values, overrides)


def _overridden(values: dict[str, str], overrides: Mapping[str, str | None]) -> dict[str, str]:
    merged: dict[str, str | None] = {**values, **overrides}
    return {name: value for name, value in merged.items() if value is not None}
