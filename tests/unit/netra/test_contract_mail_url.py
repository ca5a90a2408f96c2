"""MAIL_URL: which URLs of mail servers are taken, and what they say."""

import pytest

from netra.contract.flaws import ViolationKind
from netra.contract.urls.mail_url import Encryption, MailServer, MailUrl, mail_server_of
from netra.secret import Secret


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", ("mail.example.org", 587, Encryption.STARTTLS)),
        ("smtp://mail.example.org:25", ("mail.example.org", 25, Encryption.STARTTLS)),
        ("smtp://192.0.2.1", ("192.0.2.1", 587, Encryption.STARTTLS)),
        ("smtp://127.0.0.1:1025", ("127.0.0.1", 1025, Encryption.NONE)),
        ("smtp://[::1]:25", ("::1", 25, Encryption.NONE)),
        ("smtp://localhost", ("localhost", 587, Encryption.NONE)),
        ("smtps://mail.example.org", ("mail.example.org", 465, Encryption.TLS)),
        ("smtps://127.0.0.1:4650", ("127.0.0.1", 4650, Encryption.TLS)),
    ],
)
def test_what_is_not_said_is_the_safe_thing(url: str, server: tuple[str, int, Encryption]) -> None:
    """The port is submission's, and only this machine is spoken to in the clear."""
    assert MailUrl().flaw(url, deployed=True) is None
    assert mail_server_of(Secret(url)) == MailServer(*server)


def test_name_and_password_are_decoded_and_not_shown() -> None:
    """What is special in them is percent-encoded; the password stays a secret."""
    url = "smtp://netra%40example.org:q%3A7%2Fk%40w@mail.example.org"
    server = mail_server_of(Secret(url))

    assert MailUrl().flaw(url, deployed=True) is None
    assert server.username == "netra@example.org"
    assert server.password == Secret("q:7/k@w")
    assert "q:7" not in repr(server)


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org",
        "http://mail.example.org",
        "smtp://",
        "smtp:///x",
        "smtp://mail.example.org/",
        "smtp://mail.example.org?tls=no",
        "smtp://mail.example.org#x",
        "smtp://mail.example.org:0",
        "smtp://mail.example.org:65536",
        "smtp://mail.example.org:x",
        "smtp://mail_example",
        "smtp://netra@mail.example.org",
        "smtp://:password@mail.example.org",
        "smtp://@mail.example.org",
        "smtp://netra:a%0d%0ab@mail.example.org",
        "smtp://[::1",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    """No server, more than a server, or half a login: refused, and the URL is not repeated."""
    flaw = MailUrl().flaw(url, deployed=False)

    assert flaw is not None
    assert flaw.problem is ViolationKind.MALFORMED
    assert url not in flaw.says


def test_a_default_password_is_for_this_machine() -> None:
    """What a container image starts with is refused where deployed."""
    url = "smtp://postmaster:changeme@mail.example.org"
    flaw = MailUrl().flaw(url, deployed=True)

    assert MailUrl().flaw(url, deployed=False) is None
    assert flaw is not None
    assert flaw.problem is ViolationKind.PLACEHOLDER
    assert "changeme" not in flaw.says
