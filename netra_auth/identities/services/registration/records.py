"""What an answer may say of a service and its secrets."""

import json
from collections.abc import Iterable

from netra.wire.auth_admin import SecretRecord, ServiceGrant, ServiceRecord
from netra_auth.store.repositories.service_secrets import ServiceSecretRow
from netra_auth.store.repositories.services import ServiceRow


def record_of(row: ServiceRow, secrets: Iterable[ServiceSecretRow]) -> ServiceRecord:
    """Show a service; of a secret only which it is, when it ends and whether it is used."""
    keys = [] if row.public_jwks is None else json.loads(row.public_jwks)["keys"]
    return ServiceRecord(
        service_id=row.service_id,
        name=row.name,
        scopes=tuple(row.scopes.split()),
        audiences=tuple(row.audiences.split()),
        grants=tuple(ServiceGrant(grant) for grant in row.grants.split()),
        redirect_uris=tuple(row.redirect_uris.split()),
        key_ids=tuple(key["kid"] for key in keys),
        created_at=row.created_at,
        disabled_at=row.disabled_at,
        secrets=tuple(
            SecretRecord(
                secret_id=secret.secret_id,
                created_at=secret.created_at,
                valid_until=secret.valid_until,
                last_used_at=secret.last_used_at,
                uses=secret.uses,
            )
            for secret in secrets
        ),
    )
