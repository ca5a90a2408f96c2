"""Tests of `netra.policy`: the table is the whole policy."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netra.policy import (
    TABLE,
    Allowed,
    CredentialMethod,
    Denied,
    Permission,
    decide,
    permissions_of,
)
from netra.principal import ANONYMOUS, Role, ServicePrincipal, UserPrincipal

METHODS: tuple[CredentialMethod | None, ...] = (*CredentialMethod, None)
EVERY_SCOPE = frozenset(permission.value for permission in Permission)


def user(
    *, roles: frozenset[Role] = frozenset(), scopes: frozenset[str] = frozenset()
) -> UserPrincipal:
    """Make a person."""
    return UserPrincipal(
        user_id="usr_1", session_id="ses_1", client_id="netra-cli", scopes=scopes, roles=roles,
        token_id="jti", expires_at=1.0,
    )  # fmt: skip


def service(scopes: frozenset[str]) -> ServicePrincipal:
    """Make a service with scopes."""
    return ServicePrincipal(service_id="netra-ops", scopes=scopes, token_id="jti", expires_at=1.0)


PERSON, OPERATOR = user(), user(roles=frozenset({Role.OPERATOR}))
FULL_SERVICE = service(EVERY_SCOPE)

MATRIX = """
                     person         operator       service
profile:read         bearer         bearer         bearer
sessions:open        bearer,ws      bearer,ws      bearer,secret,assertion
threads:read         bearer,ws      bearer,ws      -
threads:write        bearer,ws      bearer,ws      -
account:delete       bearer         bearer         -
account:manage       bearer         bearer         -
session:end          bearer         bearer         -
agents:run           bearer,ws      bearer,ws      bearer,secret,assertion
service:status       -              -              bearer
data:maintain        -              -              bearer,secret,assertion
tokens:introspect    -              -              bearer,secret,assertion
tokens:revoke        -              -              bearer,secret,assertion
revocations:read     -              -              bearer
users:admin          -              bearer         bearer
services:admin       -              bearer         bearer
keys:admin           -              bearer         bearer
sessions:admin       -              bearer         bearer
audit:read           -              bearer         bearer
metrics:read         -              -              bearer
operations:read      -              bearer,ws      -
"""
"""The policy, written a second time by hand: a change to the table must be made here as well."""

WORDS = {
    "bearer": CredentialMethod.BEARER,
    "ws": CredentialMethod.SUBPROTOCOL,
    "secret": CredentialMethod.CLIENT_SECRET,
    "assertion": CredentialMethod.CLIENT_ASSERTION,
}


def expected_methods() -> dict[tuple[Permission, str], frozenset[CredentialMethod | None]]:
    """Read the matrix above."""
    head, *rows = [line.split() for line in MATRIX.strip().splitlines()]
    return {
        (Permission(permission), column): frozenset(
            WORDS[word] for word in cell.split(",") if word != "-"
        )
        for permission, *cells in rows
        for column, cell in zip(head, cells, strict=True)
    }


def test_the_matrix_names_every_permission() -> None:
    """A new permission cannot be added without deciding who holds it."""
    assert {permission for permission, _ in expected_methods()} == set(Permission)
    assert TABLE.keys() == set(Permission)


@pytest.mark.parametrize(
    ("column", "principal"),
    [("person", PERSON), ("operator", OPERATOR), ("service", FULL_SERVICE)],
)
@pytest.mark.parametrize("permission", Permission)
def test_each_cell_of_the_matrix_holds(
    column: str, principal: UserPrincipal | ServicePrincipal, permission: Permission
) -> None:
    """Kind by permission by method, each as written down."""
    allowed = {
        method for method in METHODS if isinstance(decide(principal, permission, method), Allowed)
    }

    assert allowed == expected_methods()[permission, column]


@pytest.mark.parametrize(("permission", "method"), list(product(Permission, METHODS)))
def test_an_anonymous_caller_holds_nothing(
    permission: Permission, method: CredentialMethod | None
) -> None:
    """Whatever is asked for, in whichever way (checklist 44)."""
    assert isinstance(decide(ANONYMOUS, permission, method), Denied)


@pytest.mark.parametrize("method", CredentialMethod)
def test_an_anonymous_caller_has_no_permissions_to_list(method: CredentialMethod) -> None:
    """The list of an anonymous caller is empty."""
    assert permissions_of(ANONYMOUS, method) == ()


@pytest.mark.parametrize(("permission", "method"), list(product(Permission, METHODS)))
def test_a_service_without_the_scope_is_denied(
    permission: Permission, method: CredentialMethod | None
) -> None:
    """The row alone is not enough: the auth service must have granted the scope (checklist 25)."""
    others = EVERY_SCOPE - {permission.value}

    assert isinstance(decide(service(others), permission, method), Denied)


def test_a_users_scopes_are_not_permissions() -> None:
    """A person cannot become a service by asking for a service's scopes (checklist 46)."""
    greedy = user(scopes=EVERY_SCOPE)

    for permission, method in product(Permission, METHODS):
        assert type(decide(greedy, permission, method)) is type(decide(PERSON, permission, method))


def test_a_denial_says_what_and_to_whom_for_the_log() -> None:
    """The reason names permission, kind and method."""
    denied = decide(PERSON, Permission.SERVICE_STATUS, CredentialMethod.BEARER)

    assert denied == Denied("no row grants service:status to this user by bearer")


def test_the_table_cannot_be_changed() -> None:
    """Nobody adds a row while the process runs."""
    with pytest.raises(TypeError):
        TABLE[Permission.SERVICE_STATUS] = ()  # type: ignore[index] # the refusal is tested


def test_permissions_are_listed_in_the_order_of_the_enumeration() -> None:
    """`/api/me` shows a stable list."""
    assert permissions_of(PERSON, CredentialMethod.SUBPROTOCOL) == (
        Permission.SESSIONS_OPEN,
        Permission.THREADS_READ,
        Permission.THREADS_WRITE,
        Permission.AGENTS_RUN,
    )


@given(
    principal=st.builds(
        user,
        roles=st.frozensets(st.sampled_from(Role)),
        scopes=st.frozensets(st.sampled_from(sorted(EVERY_SCOPE))),
    )
    | st.builds(service, st.frozensets(st.sampled_from(sorted(EVERY_SCOPE)) | st.text(max_size=8)))
    | st.just(ANONYMOUS),
    permission=st.sampled_from(Permission),
    method=st.sampled_from(METHODS),
)
def test_nothing_is_allowed_that_the_table_does_not_grant(
    principal: UserPrincipal | ServicePrincipal,
    permission: Permission,
    method: CredentialMethod | None,
) -> None:
    """Allowed means: a row of this kind and method, and its scope or role is held."""
    granted = any(
        grant.kind is principal.kind
        and method in grant.methods
        and (
            permission.value in principal.scopes
            if isinstance(principal, ServicePrincipal)
            else grant.role is None or grant.role in principal.roles
        )
        for grant in TABLE[permission]
    )

    assert isinstance(decide(principal, permission, method), Allowed) is granted
