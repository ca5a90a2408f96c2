"""What can name an account."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netra_auth.identities.emails import EmailUnacceptable, normalised_email


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("Ada@Example.ORG", "ada@example.org"),
        ("  ada@example.org ", "ada@example.org"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}da@example.org", "ada@example.org"),
        ("straße@example.org", "strasse@example.org"),
    ],
)
def test_spellings_of_one_address_are_one_account(text: str, normalised: str) -> None:
    """Case, outer space and compatibility forms do not make another account."""
    assert normalised_email(text) == normalised


@pytest.mark.parametrize(
    "text",
    [
        "service:netra-backend",
        "service:netra-backend@example.org",
        "SERVICE:netra-backend@example.org",
        "  Service:x@example.org",
        "service\N{FULLWIDTH COLON}netra-backend@example.org",
        "\N{FULLWIDTH LATIN SMALL LETTER S}ervice:x@example.org",
        "\N{LATIN SMALL LETTER LONG S}ervice:x@example.org",
        "\N{ZERO WIDTH SPACE}service:x@example.org",
        "ser\N{SOFT HYPHEN}vice:x@example.org",
    ],
)
def test_the_namespace_of_services_cannot_be_registered(text: str) -> None:
    """No spelling of `service:` names a person's account (checklist 41)."""
    with pytest.raises(EmailUnacceptable):
        normalised_email(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "@example.org",
        "ada@",
        "a@b@c",
        "a da@example.org",
        "ada@example.org\r\nSet-Cookie: x=1",
        "ada\x00@example.org",
        "ada@example.org\N{RIGHT-TO-LEFT OVERRIDE}",
        "a" * 250 + "@b.cd",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """Texts without one @, with invisible characters or beyond 254 characters are refused."""
    with pytest.raises(EmailUnacceptable):
        normalised_email(text)


@given(st.text(max_size=60).map(lambda text: text + "@example.org"))
def test_normalising_twice_changes_nothing(text: str) -> None:
    """A normalised address is its own normal form, and never a service's name."""
    try:
        once = normalised_email(text)
    except EmailUnacceptable:
        return

    assert normalised_email(once) == once
    assert not once.startswith("service:")


def test_the_length_comes_before_what_takes_long() -> None:
    """A long run of combining marks is refused unnormalised: ordering it takes quadratic time."""
    with pytest.raises(EmailUnacceptable) as refused:
        normalised_email("\u0315" * 500_000 + "\u0300" * 500_000 + "@example.org")

    assert "at most" in (refused.value.detail or "")
