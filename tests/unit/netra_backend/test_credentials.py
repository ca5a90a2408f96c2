"""The parser of credentials: one token, one way, everything else refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from netra.errors import CredentialError, CredentialMissing, CredentialRejected
from netra.policy import CredentialMethod
from netra.wire.chat_protocol import CHAT_SUBPROTOCOL
from netra_backend.app.auth_integration.credentials import (
    MAX_TOKEN_CHARACTERS,
    PresentedCredential,
    credential_of_handshake,
    credential_of_request,
)

TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1c3JfMSJ9.c2lnbmF0dXJl-_"


def headers(*lines: tuple[str, str]) -> Headers:
    """Give headers as they came, line by line."""
    return Headers(raw=[(name.lower().encode(), value.encode()) for name, value in lines])


def of_request(*lines: tuple[str, str], query: bytes = b"") -> PresentedCredential:
    """Parse a request."""
    return credential_of_request(headers(*lines), query)


def of_handshake(
    *lines: tuple[str, str], subprotocols: tuple[str, ...] = (), query: bytes = b""
) -> PresentedCredential:
    """Parse a handshake."""
    return credential_of_handshake(headers(*lines), query, subprotocols)


@pytest.mark.parametrize(
    "value",
    [
        f"Bearer {TOKEN}",
        f"bearer {TOKEN}",
        f"BEARER {TOKEN}",
        f"Bearer {TOKEN}  ",
        f" Bearer {TOKEN}\t",
    ],
)
def test_one_bearer_header_is_taken(value: str) -> None:
    """The scheme's case and white space around the value do not matter (checklist 45)."""
    presented = of_request(("Authorization", value))

    assert presented == PresentedCredential(TOKEN, CredentialMethod.BEARER)


def test_no_header_is_a_missing_credential() -> None:
    """A request without a credential is told apart from one with a bad one (checklist 43)."""
    with pytest.raises(CredentialMissing):
        of_request()


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        TOKEN,
        f"Bearer  {TOKEN}",
        f"Bearer {TOKEN} {TOKEN}",
        f"Bearer {TOKEN}, Bearer {TOKEN}",
        f"Bearer\t{TOKEN}",
        f'Bearer "{TOKEN}"',
        f"Bearer {TOKEN}=",
        f"Bearer {TOKEN}\x00",
        f"Bearer {TOKEN}é",
        f"service:netra-backend {TOKEN}",
        "Bearer service:netra-backend",
        "Bearer " + "a" * (MAX_TOKEN_CHARACTERS + 1),
    ],
)
def test_anything_else_in_the_header_is_refused(value: str) -> None:
    """What is not exactly one bearer token of a token's characters is refused (checklist 6, 7)."""
    with pytest.raises(CredentialRejected):
        of_request(("Authorization", value))


@pytest.mark.parametrize("second", [f"Bearer {TOKEN}", "Basic dXNlcjpwYXNz", ""])
def test_two_authorization_headers_are_refused(second: str) -> None:
    """Two headers are refused, the same one twice included (checklist 45)."""
    with pytest.raises(CredentialRejected):
        of_request(("Authorization", f"Bearer {TOKEN}"), ("Authorization", second))


@pytest.mark.parametrize(
    "query",
    [
        b"access_token=" + TOKEN.encode(),
        b"ACCESS_TOKEN=x",
        b"token=x",
        b"jwt=",
        b"limit=5&next=" + TOKEN.encode(),
        b"a=%65yJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1c3JfMSJ9.c2ln",
        b"next=Bearer+" + TOKEN.encode(),
        b"next=bearer." + TOKEN.encode(),
        b"next=x" + TOKEN.encode() + b"&limit=5",
        b"state=" + TOKEN.replace(".", "%2E").encode(),
        b"state=" + TOKEN.replace(".", "%252e").encode(),
        b"back=https://chat.example/?t=" + TOKEN.encode(),
        TOKEN.encode(),
        TOKEN.encode() + b"=1",
        b"a;" + TOKEN.encode(),
        b"alg_none=" + TOKEN.rsplit(".", 1)[0].encode() + b".",
    ],
)
@pytest.mark.parametrize("with_header", [False, True])
def test_a_token_in_the_url_is_refused(query: bytes, *, with_header: bool) -> None:
    """A token in the query is refused, by name or by shape, also beside a good header."""
    lines = [("Authorization", f"Bearer {TOKEN}")] if with_header else []

    with pytest.raises(CredentialRejected):
        of_request(*lines, query=query)
    with pytest.raises(CredentialRejected):
        of_handshake(*lines, query=query)


def test_other_parameters_are_no_credential() -> None:
    """Cursors and limits pass."""
    presented = of_request(
        ("Authorization", f"Bearer {TOKEN}"), query=b"limit=50&cursor=thr_01k9.abc"
    )

    assert presented.unverified_token == TOKEN


def test_a_handshake_takes_the_token_from_a_subprotocol() -> None:
    """A page cannot set headers on a socket, so the token may be a subprotocol."""
    presented = of_handshake(subprotocols=(CHAT_SUBPROTOCOL, f"bearer.{TOKEN}"))

    assert presented == PresentedCredential(TOKEN, CredentialMethod.SUBPROTOCOL)


def test_a_handshake_takes_the_token_from_the_header() -> None:
    """Clients that are not browsers use the header."""
    presented = of_handshake(("Authorization", f"Bearer {TOKEN}"), subprotocols=(CHAT_SUBPROTOCOL,))

    assert presented == PresentedCredential(TOKEN, CredentialMethod.BEARER)


def test_a_handshake_without_either_is_missing_its_credential() -> None:
    """The chat subprotocol alone is no credential."""
    with pytest.raises(CredentialMissing):
        of_handshake(subprotocols=(CHAT_SUBPROTOCOL,))


@pytest.mark.parametrize(
    "subprotocols",
    [
        (f"bearer.{TOKEN}", f"bearer.{TOKEN}"),
        ("bearer.",),
        (f"Bearer.{TOKEN}",),
        ("bearer.a b",),
        ("bearer." + "a" * (MAX_TOKEN_CHARACTERS + 1),),
    ],
)
def test_a_bad_bearer_subprotocol_is_refused(subprotocols: tuple[str, ...]) -> None:
    """Two of them, an empty one, another spelling, a character no token has: refused."""
    with pytest.raises(CredentialRejected):
        of_handshake(subprotocols=subprotocols)


def test_header_and_subprotocol_together_are_refused() -> None:
    """Two credentials are refused even if they are the same one (checklist 45)."""
    with pytest.raises(CredentialRejected):
        of_handshake(("Authorization", f"Bearer {TOKEN}"), subprotocols=(f"bearer.{TOKEN}",))


@pytest.mark.parametrize(
    "name", ["X-User-Id", "X-Service-Id", "X-Service-Secret", "X-Forwarded-User", "Cookie"]
)
def test_no_other_header_is_a_credential(name: str) -> None:
    """Identity headers and cookies are not looked at (checklist 47)."""
    with pytest.raises(CredentialMissing):
        of_request((name, f"Bearer {TOKEN}"))


def test_what_was_presented_is_not_shown() -> None:
    """The token is not in the `repr` of the parsed credential."""
    presented = of_request(("Authorization", f"Bearer {TOKEN}"))

    assert TOKEN not in repr(presented)


@given(value=st.text(max_size=200), query=st.binary(max_size=200))
def test_parsing_is_total(value: str, query: bytes) -> None:
    """Any header value and any query give a credential or a refusal, never another error."""
    given_headers = Headers(raw=[(b"authorization", value.encode("utf-8", "replace"))])
    try:
        presented = credential_of_request(given_headers, query)
    except CredentialError:
        return

    assert presented.unverified_token
    assert presented.unverified_token.isascii()
