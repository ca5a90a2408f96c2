"""What an authorization request may say, and where its answer may go."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netra_auth.grants.authorization_request import (
    AuthorizationDenied,
    AuthorizationRefused,
    AuthorizationRequest,
    authorization_request,
)
from netra_auth.grants.pkce import challenge_of, is_challenge, proves
from netra_auth.grants.public_clients import COMMAND, PublicClients, chat_page, public_clients
from netra_auth.grants.scopes import granted_scopes

CLIENT = COMMAND
CHAT_ORIGINS = ("http://127.0.0.1:8000", "https://chat.example.org")
CLIENTS = public_clients(CHAT_ORIGINS)
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
NOTHING: frozenset[str] = frozenset()


def read(
    parameters: dict[str, str], repeated: frozenset[str], clients: PublicClients
) -> AuthorizationRequest:
    """Read a request among these clients."""
    client = clients.get(parameters.get("client_id", ""))
    return authorization_request(parameters, repeated, client)


def request_with(**changed: str | None) -> dict[str, str]:
    """Write a good request with some parameters changed; None leaves one out."""
    values: dict[str, Any] = {
        "client_id": "netra-cli",
        "redirect_uri": "http://127.0.0.1:5000/callback",
        "response_type": "code",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "state": "xyz",
        **changed,
    }
    return {name: value for name, value in values.items() if value is not None}


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1/callback",
        "http://127.0.0.1:1/callback",
        "http://127.0.0.1:65535/callback",
        "http://[::1]:8080/callback",
    ],
)
def test_a_loopback_redirect_may_have_any_port(uri: str) -> None:
    """The port of a loopback redirect URI is free (RFC 8252, checklist 32)."""
    assert CLIENT.accepts_redirect(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1/callback/",
        "http://127.0.0.1/Callback",
        "HTTP://127.0.0.1/callback",
        "http://127.0.0.1/callback?x=1",
        "http://127.0.0.1/callback#x",
        "http://user@127.0.0.1/callback",
        "http://127.0.0.1:80@evil.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://evil.example/http://127.0.0.1/callback",
        "http://127.0.0.1:/callback",
        "http://127.0.0.1:0/callback",
        "http://127.0.0.1:080/callback",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:99999999/callback",
        "http://127.0.0.1:\N{FULLWIDTH DIGIT FIVE}0/callback",
        "https://127.0.0.1/callback",
        "http://localhost/callback",
        "http://127.0.0.2/callback",
        "http://127.0.0.1/callback\r\nX: y",
        "http://127.0.0.1",
        "",
    ],
)
def test_every_other_redirect_uri_is_refused(uri: str) -> None:
    """A redirect URI matches character by character, or not at all (checklist 32)."""
    assert not CLIENT.accepts_redirect(uri)
    with pytest.raises(AuthorizationRefused):
        read(request_with(redirect_uri=uri or None), NOTHING, CLIENTS)


@given(st.text(max_size=80))
def test_no_arbitrary_text_is_taken_for_a_redirect_uri(uri: str) -> None:
    """Whatever is taken begins and ends as registered, with nothing but a port between."""
    if CLIENT.accepts_redirect(uri):
        assert uri.startswith(("http://127.0.0.1", "http://[::1]"))
        assert uri.endswith("/callback")


def chat_request(redirect_uri: str, client_id: str = "netra-chat") -> dict[str, str]:
    """Write a good request of the chat page with this redirect URI."""
    return request_with(client_id=client_id, redirect_uri=redirect_uri)


@pytest.mark.parametrize("origin", CHAT_ORIGINS)
def test_the_chat_page_is_answered_at_its_origins(origin: str) -> None:
    """Each configured origin's callback is a redirect URI of the chat page, for a code alone."""
    request = read(chat_request(f"{origin}/chat/callback"), NOTHING, CLIENTS)

    client = request.return_address.client
    assert request.return_address.with_answer("https://auth.example", code="c").startswith(
        f"{origin}/chat/callback?code=c&state=xyz&iss="
    )
    assert not client.can_be_posed_as
    assert [grant.value for grant in client.grants] == ["authorization_code"]
    assert request.scope == "profile"


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1/chat/callback",
        "http://127.0.0.1:8001/chat/callback",
        "http://127.0.0.1:80000/chat/callback",
        "http://localhost:8000/chat/callback",
        "http://[::1]:8000/chat/callback",
        "https://127.0.0.1:8000/chat/callback",
        "https://chat.example.org:443/chat/callback",
        "https://chat.example.org:8000/chat/callback",
        "https://chat.example.org./chat/callback",
        "https://chat.example.org/chat/callback/",
        "https://chat.example.org/chat/callback?x=1",
        "https://chat.example.org/chat/../chat/callback",
        "https://chat.example.org/callback",
        "https://chat.example.org/chat",
        "https://chat.example.org",
        "https://CHAT.example.org/chat/callback",
        "https://user@chat.example.org/chat/callback",
        "https://chat.example.org@evil.example/chat/callback",
        "https://chat.example.org.evil.example/chat/callback",
        "//chat.example.org/chat/callback",
        "",
    ],
)
def test_the_chat_page_is_answered_nowhere_else(uri: str) -> None:
    """Its redirect URI matches character by character, port included (checklist 32)."""
    with pytest.raises(AuthorizationRefused):
        read(chat_request(uri), NOTHING, CLIENTS)


def test_a_chat_origin_without_port_is_not_any_port() -> None:
    """A page on loopback's own port does not become one on every port (checklist 32)."""
    page = chat_page(("http://127.0.0.1",))

    assert page.accepts_redirect("http://127.0.0.1/chat/callback")
    assert not page.accepts_redirect("http://127.0.0.1:8000/chat/callback")
    assert not page.can_be_posed_as


@given(st.text(max_size=80))
def test_no_arbitrary_text_is_taken_for_the_chat_pages_address(uri: str) -> None:
    """Whatever is taken is one of the registered addresses (checklist 32)."""
    page = chat_page(CHAT_ORIGINS)

    assert page.accepts_redirect(uri) is (uri in page.redirect_uris)


def test_no_client_is_answered_at_the_others_address() -> None:
    """The two public clients' redirect URIs are not each other's (checklist 32)."""
    for client_id, uri in (
        ("netra-chat", "http://127.0.0.1:5000/callback"),
        ("netra-cli", "http://127.0.0.1:8000/chat/callback"),
        ("netra-cli", "https://chat.example.org/chat/callback"),
    ):
        with pytest.raises(AuthorizationRefused):
            read(chat_request(uri, client_id), NOTHING, CLIENTS)


def test_without_origins_there_is_no_chat_page() -> None:
    """Where none is configured the client is unknown, and nothing is sent anywhere."""
    assert set(public_clients(())) == {"netra-cli"}
    with pytest.raises(AuthorizationRefused):
        read(chat_request("http://127.0.0.1:8000/chat/callback"), NOTHING, public_clients(()))


def test_an_unknown_client_is_refused_without_redirect() -> None:
    """An unknown client's request is never answered by redirect (checklist 32)."""
    with pytest.raises(AuthorizationRefused):
        read(request_with(client_id="netra-clj"), NOTHING, CLIENTS)


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_a_client_or_redirect_given_twice_is_refused_without_redirect(name: str) -> None:
    """With two clients or two redirect URIs there is no address to trust."""
    with pytest.raises(AuthorizationRefused):
        read(request_with(), frozenset({name}), CLIENTS)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": CHALLENGE + "A"}, "invalid_request"),
        ({"code_challenge": CHALLENGE[:-1]}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"scope": "profile admin"}, "invalid_scope"),
        ({"scope": "profile  profile"}, "invalid_scope"),
        ({"scope": 'pro"file'}, "invalid_scope"),
        ({"state": "s" * 2049}, "invalid_request"),
    ],
)
def test_other_faults_are_told_to_the_client(changed: dict[str, str | None], error: str) -> None:
    """Faults beyond client and redirect go back by redirect with iss (checklist 24, 25, 31, 34)."""
    with pytest.raises(AuthorizationDenied) as denied:
        read(request_with(**changed), NOTHING, CLIENTS)

    location = denied.value.location("https://auth.example")
    assert location.startswith("http://127.0.0.1:5000/callback?")
    assert f"error={error}" in location
    assert "iss=https%3A%2F%2Fauth.example" in location


def test_a_parameter_given_twice_is_told_to_the_client() -> None:
    """A repeated parameter is an invalid request (checklist 26)."""
    with pytest.raises(AuthorizationDenied) as denied:
        read(request_with(), frozenset({"scope"}), CLIENTS)

    assert denied.value.error.value == "invalid_request"


def test_a_state_of_2048_bytes_comes_back_unchanged() -> None:
    """The state is echoed as it was, whatever it holds (checklist 34)."""
    state = "ü&=?#%+ /" * 100
    request = read(request_with(state=state), NOTHING, CLIENTS)

    assert len(state.encode()) <= 2048
    assert request.return_address.state == state


@given(st.from_regex(r"[A-Za-z0-9._~-]{43,128}", fullmatch=True))
def test_a_verifier_proves_its_own_challenge_only(verifier: str) -> None:
    """The challenge of a verifier is proven by it and by no other (checklist 31)."""
    assert is_challenge(challenge_of(verifier))
    assert proves(verifier, challenge_of(verifier))
    assert not proves(verifier, CHALLENGE)


@pytest.mark.parametrize("verifier", ["", "short", "a" * 42, "a" * 129, "ä" * 50, "a" * 42 + " "])
def test_a_malformed_verifier_proves_nothing(verifier: str) -> None:
    """Verifiers outside RFC 7636's shape prove nothing (checklist 31)."""
    assert not proves(verifier, challenge_of(verifier))


def test_the_example_of_the_rfc() -> None:
    """The example of RFC 7636 appendix B holds."""
    assert challenge_of(VERIFIER) == CHALLENGE


def test_without_a_scope_all_that_is_allowed_is_granted() -> None:
    """No scope means every allowed one; asking for one twice grants it once."""
    assert granted_scopes(None, ("a", "b")) == ("a", "b")
    assert granted_scopes("b b", ("a", "b")) == ("b",)
