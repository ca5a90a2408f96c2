"""What may be registered of a service. Pure: shapes and what fits together.

Who may register it is judged in `netra_auth.identities.services.registration.authority`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from netra.errors import ContentInvalid
from netra.policy import Permission
from netra.principal import is_service_id
from netra.tokens import KeySetInvalid
from netra.tokens.assertions import client_keys, public_document
from netra.wire.auth_admin import NewService, ServiceChange, ServiceGrant
from netra_auth.identities.services.account import OPENID_SCOPES, Service, service_of
from netra_auth.identities.services.registration.redirect_uris import is_sound
from netra_auth.store.repositories.services import ServiceRow

_SCOPES: Final = frozenset(permission.value for permission in Permission)
_MAX_LISTED: Final = 1024
"""What the columns of scopes and audiences hold."""


class RegistrationInvalid(ContentInvalid):
    """What is to be registered of a service is malformed or does not fit together."""

    code = "registration_invalid"
    public_text = "The service cannot be registered like this."

    def __init__(self, detail: str) -> None:
        super().__init__(detail, detail=detail)


def new_row(new: NewService, now: float) -> ServiceRow:
    """Give the row of a service to register.

    Raises:
        RegistrationInvalid: It cannot be registered like this; `detail` says why.
    """
    if not is_service_id(new.service_id):
        raise RegistrationInvalid("service_id must be lower-case words joined by single hyphens.")
    row = ServiceRow(
        service_id=new.service_id,
        scopes=_joined(new.scopes),
        audiences=_joined(new.audiences),
        created_at=now,
        name=new.name,
        redirect_uris=_joined(new.redirect_uris),
        grants=_joined(grant.value for grant in new.grants),
        public_jwks=None if new.public_jwks is None else _keys_text(new.public_jwks),
    )
    _require_sound(row)
    if row.public_jwks is None and not new.with_secret:
        raise RegistrationInvalid("Without a secret a service needs public_jwks to prove itself.")
    return row


def changed_row(row: ServiceRow, change: ServiceChange) -> ServiceRow:
    """Give the row of a service after a change; an empty key set takes its keys away.

    Raises:
        RegistrationInvalid: It cannot be registered like this; `detail` says why.
    """
    after = replace(
        row,
        name=row.name if change.name is None else change.name,
        scopes=row.scopes if change.scopes is None else _joined(change.scopes),
        audiences=row.audiences if change.audiences is None else _joined(change.audiences),
        redirect_uris=row.redirect_uris
        if change.redirect_uris is None
        else _joined(change.redirect_uris),
        grants=row.grants if change.grants is None else _joined(g.value for g in change.grants),
        public_jwks=_changed_keys(row.public_jwks, change.public_jwks),
    )
    _require_sound(after)
    return after


def _require_sound(row: ServiceRow) -> None:
    service = service_of(row)
    if not row.name.isprintable():
        raise RegistrationInvalid("name holds a character that cannot be shown.")
    _require_scopes(service)
    for number, audience in enumerate(service.audiences, 1):
        if not is_service_id(audience):
            raise RegistrationInvalid(f"audiences: entry {number} is not the id of a service.")
    for number, uri in enumerate(service.redirect_uris, 1):
        if not is_sound(uri):
            raise RegistrationInvalid(
                f"redirect_uris: entry {number} is not https, or http on this machine, without "
                "user, query, fragment and wildcard."
            )
    if max(len(row.scopes), len(row.audiences)) > _MAX_LISTED:
        raise RegistrationInvalid("scopes or audiences are too long together.")
    _require_grants_to_fit(service)


def _require_scopes(service: Service) -> None:
    for number, scope in enumerate(service.scopes, 1):
        if scope not in _SCOPES | OPENID_SCOPES:
            raise RegistrationInvalid(f"scopes: entry {number} is not a scope that exists.")
        if scope in OPENID_SCOPES and not service.logs_people_in:
            raise RegistrationInvalid("OpenID scopes need the grant authorization_code.")


def _require_grants_to_fit(service: Service) -> None:
    if service.logs_people_in != bool(service.redirect_uris):
        raise RegistrationInvalid("The grant authorization_code and redirect_uris need each other.")
    if ServiceGrant.REFRESH_TOKEN in service.grants and not service.logs_people_in:
        raise RegistrationInvalid("The grant refresh_token needs authorization_code.")
    if ServiceGrant.CLIENT_CREDENTIALS in service.grants and not service.audiences:
        raise RegistrationInvalid("The grant client_credentials needs an audience.")


def _changed_keys(present: str | None, wanted: Mapping[str, Any] | None) -> str | None:
    if wanted is None:
        return present
    return None if wanted == {"keys": []} else _keys_text(wanted)


def _keys_text(document: Mapping[str, Any]) -> str:
    try:
        client_keys(document)
    except KeySetInvalid as invalid:
        raise RegistrationInvalid(f"public_jwks: {invalid}.") from None
    return json.dumps(public_document(document), sort_keys=True, separators=(",", ":"))


def _joined(listed: Iterable[str]) -> str:
    """Write a list into one text, each entry once.

    Raises:
        RegistrationInvalid: An entry has a space in it, which would make two of it.
    """
    entries = tuple(dict.fromkeys(listed))
    if any(entry.split() != [entry] for entry in entries):
        raise RegistrationInvalid("An entry of a list is empty or holds a space.")
    return " ".join(entries)
