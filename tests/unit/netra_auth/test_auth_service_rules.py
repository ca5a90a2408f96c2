"""Tests of what may be registered of a service, and of what its administrator may give."""

from typing import Any

import pytest

from netra.principal import Role, ServicePrincipal, UserPrincipal
from netra.wire.auth_admin import NewService, ServiceChange
from netra_auth.identities.services.registration.authority import (
    LocksOutCaller,
    MoreThanHeld,
    require_may_give,
    require_still_administers,
)
from netra_auth.identities.services.registration.redirect_uris import is_sound
from netra_auth.identities.services.registration.rules import (
    RegistrationInvalid,
    changed_row,
    new_row,
)
from netra_auth.store.repositories.services import ServiceRow

OPERATOR = UserPrincipal(
    user_id="usr_1", session_id="ses_1", client_id="netra-cli", scopes=frozenset(),
    roles=frozenset({Role.OPERATOR}), token_id="jti", expires_at=1.0,
)  # fmt: skip


def row(**changed: Any) -> ServiceRow:
    """Give a stored service, changed where asked."""
    values = {
        "service_id": "mail-service",
        "scopes": "profile:read services:admin",
        "audiences": "netra-auth",
        "created_at": 1.0,
    }
    return ServiceRow(**{**values, **changed})


def administrator(*scopes: str, service_id: str = "netra-ops") -> ServicePrincipal:
    """Give a service that administers services."""
    return ServicePrincipal(service_id, frozenset({"services:admin", *scopes}), "jti", 1.0)


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example/callback",
        "https://app.example:8443/a/b-c/~d",
        "https://app.example",
        "https://192.0.2.7/cb",
        "https://[2001:db8::1]/cb",
        "http://localhost/cb",
        "http://localhost:3000/cb",
        "http://127.0.0.1:49152/cb",
        "http://127.8.9.1/cb",
        "http://[::1]:9000/cb",
        "https://app.example/cb/%7Euser",
        "https://app.example/@me",
    ],
)
def test_a_sound_redirect_uri_is_https_or_on_this_machine(uri: str) -> None:
    """HTTPS anywhere, and plain HTTP on the machine of the browser alone."""
    assert is_sound(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/callback",
        "//app.example/cb",
        "http://app.example/cb",
        "http://localhost.evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://0.0.0.0/cb",
        "http://127.1/cb",
        "http://2130706433/cb",
        "http://[::ffff:127.0.0.1]/cb",
        "http://10.0.0.1/cb",
        "https://user@app.example/cb",
        "https://user:secret@app.example/cb",
        "https://app.example@evil.example/cb",
        "https://app.example/cb#fragment",
        "https://app.example/cb?next=1",
        "https://app.example/cb?",
        "https://*.example/cb",
        "https://app.example/*",
        "https://app.example/a/../b",
        "https://app.example/a/./b",
        "https://app.example/%2e%2E/b",
        "https://app.example/a\\b",
        "https:\\\\app.example/cb",
        "https://App.example/cb",
        "HTTPS://app.example/cb",
        "https://app.example:0/cb",
        "https://app.example:65536/cb",
        "https://app.example:/cb",
        "https://app_1.example/cb",
        "https://-app.example/cb",
        "https://app.example./cb",
        "https://app.example/c b",
        "https://app.example/c\nb",
        "https://app.example/cb\n",
        "https://app.example/\x00",
        "https://ünï.example/cb",
        "https://[::1/cb",
        "https://[zz]/cb",
        "https://" + "a." * 130 + "example/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "custom.app:/cb",
        "ftp://localhost/cb",
    ],
)
def test_any_other_redirect_uri_is_refused(uri: str) -> None:
    """Nothing that a browser could read in another way, or that leaves over plain HTTP (32)."""
    assert not is_sound(uri)


RELYING_PARTY = {
    "service_id": "mail-service",
    "grants": ["authorization_code", "refresh_token", "client_credentials"],
    "scopes": ["openid", "email", "profile:read"],
    "audiences": ["netra-backend"],
    "redirect_uris": ["https://mail.example/cb"],
}


def test_a_relying_party_is_stored_as_it_was_asked_for() -> None:
    """Lists keep their order, and what comes twice is stored once."""
    asked = {**RELYING_PARTY, "scopes": ["openid", "email", "openid"], "name": "Mail"}

    stored = new_row(NewService.model_validate(asked), 7.0)

    assert stored == ServiceRow(
        service_id="mail-service",
        name="Mail",
        scopes="openid email",
        audiences="netra-backend",
        grants="authorization_code refresh_token client_credentials",
        redirect_uris="https://mail.example/cb",
        created_at=7.0,
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"scopes": ["no:such:scope"]},
        {"scopes": ["profile:read openid"]},
        {"scopes": [" "]},
        {"scopes": ["a\x00b"]},
        {"audiences": ["Not An Audience"]},
        {"audiences": ["https://backend.example"]},
        {"audiences": ["service:netra-backend"]},
        {"audiences": []},
        {"redirect_uris": []},
        {"redirect_uris": ["http://mail.example/cb"]},
        {"redirect_uris": ["https://mail.example/cb https://evil.example/cb"]},
        {"grants": ["client_credentials"]},
        {"grants": ["client_credentials"], "redirect_uris": []},
        {"grants": ["refresh_token", "client_credentials"], "redirect_uris": [], "scopes": []},
        {"name": "a\nb"},
        {"public_jwks": {}},
        {"public_jwks": {"keys": []}},
        {"with_secret": False},
    ],
    ids=str,
)
def test_what_does_not_fit_together_cannot_be_registered(changed: dict[str, Any]) -> None:
    """Unknown scopes, malformed audiences, unsafe URIs and grants without their needs (25)."""
    with pytest.raises(RegistrationInvalid):
        new_row(NewService.model_validate({**RELYING_PARTY, **changed}), 1.0)


def test_a_refusal_quotes_nothing_of_the_request() -> None:
    """The detail names the place, not the value: it may be a secret pasted there by mistake."""
    asked = NewService.model_validate({**RELYING_PARTY, "scopes": ["openid", "hunter2"]})

    with pytest.raises(RegistrationInvalid, match="entry 2") as refused:
        new_row(asked, 1.0)

    assert "hunter2" not in str(refused.value.detail)


def test_a_change_leaves_what_it_does_not_name() -> None:
    """An absent member stays; an empty list empties."""
    after = changed_row(row(name="Mail"), ServiceChange(scopes=()))

    assert after == row(name="Mail", scopes="")


def test_an_operator_may_give_anything() -> None:
    """A person with the operator's role is bounded by nothing here."""
    require_may_give(OPERATOR, None, row(scopes="keys:admin", audiences="anything"))


def test_a_service_gives_no_more_than_it_holds() -> None:
    """Neither a scope nor an audience that it lacks, in any state of the service."""
    caller, own = administrator("profile:read"), row(service_id="netra-ops")

    require_may_give(caller, own, row(), row(scopes="openid profile:read"))
    for state in (row(scopes="keys:admin"), row(audiences="netra-auth netra-backend")):
        with pytest.raises(MoreThanHeld):
            require_may_give(caller, own, state)
        with pytest.raises(MoreThanHeld):
            require_may_give(caller, own, row(), state)
    with pytest.raises(MoreThanHeld):
        require_may_give(caller, None, row())


@pytest.mark.parametrize(
    ("changed", "has_secret"),
    [
        ({"scopes": "profile:read"}, True),
        ({"audiences": "netra-backend"}, True),
        ({"grants": "authorization_code"}, True),
        ({"disabled_at": 2.0}, True),
        ({}, False),
    ],
)
def test_a_service_cannot_end_its_own_administration(
    changed: dict[str, Any], *, has_secret: bool
) -> None:
    """Scope, audience, grant, state and proof are each needed to come back and undo it."""
    after = row(service_id="netra-ops", **changed)

    with pytest.raises(LocksOutCaller):
        require_still_administers(administrator(), after, has_secret=has_secret)
    require_still_administers(OPERATOR, after, has_secret=has_secret)
    other = administrator(service_id="other-service")
    require_still_administers(other, after, has_secret=has_secret)


def test_a_key_is_a_proof_as_good_as_a_secret() -> None:
    """Whoever has a key left can delete its last secret."""
    after = row(service_id="netra-ops", public_jwks='{"keys":[]}')

    require_still_administers(administrator(), after, has_secret=False)
