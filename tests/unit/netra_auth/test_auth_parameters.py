"""Reading forms strictly, and the one place a login may lead to."""

from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netra.errors import RequestInvalid
from netra_auth.api.continuation import client_behind, continuation
from netra_auth.api.parameters import parse, recognised
from netra_auth.api.transport import is_loopback
from netra_auth.grants.public_clients import PublicClients, public_clients
from netra_auth.grants.user_clients import UserClient

CLIENTS = public_clients(("https://chat.example.org",))


def among(clients: PublicClients) -> Callable[[str], Awaitable[UserClient | None]]:
    """Look clients up among these."""

    async def find(client_id: str) -> UserClient | None:
        return clients.get(client_id)

    return find


GOOD = "/authorize?client_id=netra-cli&redirect_uri=http%3A%2F%2F127.0.0.1%3A5000%2Fcallback"


def test_values_are_form_url_decoded() -> None:
    """Plus means space and percent-encoding means UTF-8."""
    assert parse(b"a=1+2%2B3&b=%C3%BC").values == {"a": "1 2+3", "b": "ü"}


def test_a_parameter_without_a_value_counts_as_absent() -> None:
    """An empty value is no value (RFC 6749 section 3.1)."""
    assert parse(b"a=&b").values == {}


def test_a_repeated_parameter_is_named() -> None:
    """A name that comes twice is reported, even when one of them is empty (checklist 26)."""
    assert parse(b"a=1&a=2&b=1").repeated == {"a"}
    assert parse(b"a=&a=2").repeated == {"a"}


@pytest.mark.parametrize("raw", [b"a=%ff", b"a=\xff", b"a=%ed%a0%80", b"&".join([b"a=1"] * 65)])
def test_what_cannot_be_read_is_refused(raw: bytes) -> None:
    """Invalid UTF-8, raw bytes and too many fields are refused, not repaired."""
    with pytest.raises(RequestInvalid):
        parse(raw)


@pytest.mark.parametrize("raw", [b"a=%00", b"a=%0d%0aX:%20y", b"a=%7f", b"a=%C2%85"])
def test_control_characters_are_refused(raw: bytes) -> None:
    """NUL, line ends and other control characters are refused in OAuth parameters."""
    with pytest.raises(RequestInvalid):
        recognised(parse(raw), frozenset("a"))


def test_parameters_of_no_meaning_are_ignored() -> None:
    """What is not recognised is dropped, with whatever it holds (RFC 6749 section 3.2)."""
    kept = recognised(parse(b"a=1&b=%00&b=2&a=2"), frozenset("a"))

    assert kept.values == {"a": "1"}
    assert kept.repeated == {"a"}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """Reading never fails in another way."""
    try:
        parse(raw)
    except RequestInvalid:
        return


def test_a_continuation_to_the_authorization_endpoint_is_kept() -> None:
    """Our own authorization request is where a login leads."""
    assert continuation(GOOD) == GOOD


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/authorize",
        "/logout?x=1",
        "https://evil.example/authorize?x=1",
        "//evil.example/authorize?x=1",
        "/\\evil.example/authorize?x=1",
        "\\/authorize?x=1",
        "/authorize/../admin?x=1",
        "/authorize@evil.example?x=1",
        "/authorize?x=1\r\nSet-Cookie: a=b",
        "/authorize?x=1 2",
        "/authorize?x=\u2028",
        "/authorize?x=\\",
        '/authorize?x="><script>',
        "/authorize?" + "x" * 9000,
        "javascript:alert(1)//authorize?x=1",
        None,
    ],
)
def test_every_other_continuation_is_dropped(path: str | None) -> None:
    """Nothing but a path of ours with a plain query is followed: no open redirect."""
    assert continuation(path) is None


async def test_only_a_registered_redirect_opens_the_form_target() -> None:
    """The page's form may lead to a registered client's origin, and to no other."""
    client = await client_behind(GOOD, among(CLIENTS))
    assert client is not None
    assert (client.name, client.origin) == ("the netra command", "http://127.0.0.1:5000")
    assert await client_behind(GOOD.replace("127.0.0.1", "evil.example"), among(CLIENTS)) is None
    assert await client_behind("/authorize?client_id=%ff", among(CLIENTS)) is None
    assert await client_behind(None, among(CLIENTS)) is None


@pytest.mark.parametrize(
    ("origin", "target"),
    [
        ("https%3A%2F%2Fchat.example.org", "https://chat.example.org"),
        ("https%3A%2F%2Fchat.example.org%3A8443", None),
        ("https%3A%2F%2Fother.example.org", None),
        ("http%3A%2F%2Fchat.example.org", None),
    ],
)
async def test_the_form_leads_to_the_chat_page_where_it_is_served(
    origin: str, target: str | None
) -> None:
    """The form of a login for the chat page may lead to its configured origin, to no other."""
    back = f"/authorize?client_id=netra-chat&redirect_uri={origin}%2Fchat%2Fcallback"

    client = await client_behind(back, among(CLIENTS))
    assert (client and client.origin) == target
    assert await client_behind(back, among(public_clients(()))) is None


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("testclient", False),
        ("127.0.0.1.evil.example", False),
    ],
)
def test_only_this_machine_counts_as_loopback(address: str, expected: bool) -> None:  # noqa: FBT001 - a case's expectation
    """Plain HTTP is excused for this machine's own addresses only (checklist 37)."""
    assert is_loopback(address) is expected
