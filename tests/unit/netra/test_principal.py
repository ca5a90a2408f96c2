"""Tests of `netra.principal`: who may act, and what a name alone is worth."""

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netra.errors import ConfigurationInvalid
from netra.principal import (
    ANONYMOUS,
    Anonymous,
    Principal,
    PrincipalKind,
    ServiceIdentity,
    ServicePrincipal,
    UserPrincipal,
    is_service_id,
)

USER = UserPrincipal(
    user_id="usr_1",
    session_id="ses_1",
    client_id="netra-cli",
    scopes=frozenset({"profile"}),
    roles=frozenset(),
    token_id="jti",
    expires_at=1.0,
)
SERVICE = ServicePrincipal(
    service_id="netra-backend", scopes=frozenset(), token_id="jti", expires_at=1.0
)


@pytest.mark.parametrize(
    ("principal", "kind", "text"),
    [
        (USER, PrincipalKind.USER, "usr_1"),
        (SERVICE, PrincipalKind.SERVICE, "service:netra-backend"),
        (ANONYMOUS, PrincipalKind.ANONYMOUS, "anonymous"),
    ],
)
def test_a_principal_says_its_kind_and_its_name(
    principal: Principal, kind: PrincipalKind, text: str
) -> None:
    """Each kind has one name in logs and answers."""
    assert principal.kind is kind
    assert str(principal) == text


def test_a_users_name_never_makes_it_a_service() -> None:
    """The kind follows the type, not any text in the id (checklist 41)."""
    impostor = UserPrincipal(
        user_id="service:netra-backend",
        session_id="ses_1",
        client_id="netra-cli",
        scopes=frozenset(),
        roles=frozenset(),
        token_id="jti",
        expires_at=1.0,
    )

    assert impostor.kind is PrincipalKind.USER


def test_all_callers_without_proof_are_the_same() -> None:
    """There is one anonymous."""
    assert Anonymous() == ANONYMOUS


@pytest.mark.parametrize("principal", [USER, SERVICE], ids=["user", "service"])
def test_a_principal_cannot_be_changed(principal: UserPrincipal | ServicePrincipal) -> None:
    """Scopes cannot be added after verification."""
    with pytest.raises(FrozenInstanceError):
        principal.scopes = frozenset({"users:admin"})  # type: ignore[misc] # the refusal is tested


def test_a_service_identity_names_a_service_and_is_no_principal() -> None:
    """A name from configuration opens nothing."""
    identity = ServiceIdentity("netra-backend")

    assert str(identity) == "service:netra-backend"
    assert not isinstance(identity, UserPrincipal | ServicePrincipal | Anonymous)


@pytest.mark.parametrize("text", ["netra-backend", "a", "a1", "a1-2b", "x" * 63])
def test_lower_case_words_joined_by_hyphens_are_a_service_id(text: str) -> None:
    """The ids the registry and SERVICE_ID take."""
    assert is_service_id(text)
    assert ServiceIdentity(text).service_id == text


@pytest.mark.parametrize(
    "text",
    ["", "-a", "a-", "a--b", "1a", "A", "netra backend", "netra_backend", "a\n", "\na", "a:b",
     "service:a", "netra-bäckend", "n\u0435tra", "x" * 64, "a.b", "a/b"],
)  # fmt: skip
def test_anything_else_is_no_service_id(text: str) -> None:
    """A service id cannot carry a namespace, a blank, another case or a look-alike (41)."""
    assert not is_service_id(text)
    with pytest.raises(ConfigurationInvalid, match="SERVICE_ID"):
        ServiceIdentity(text)


@given(st.text())
def test_a_service_id_is_plain_ascii(text: str) -> None:
    """Whatever passes is lower-case ASCII without blanks or colons."""
    if is_service_id(text):
        assert text.isascii()
        assert text == text.lower()
        assert not set(text) & set(": \t\r\n_")
