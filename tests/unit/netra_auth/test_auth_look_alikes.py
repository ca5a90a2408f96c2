"""No spelling of the namespace of services names a person (checklist 41)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netra_auth.identities.emails import EmailUnacceptable, normalised_email
from netra_auth.identities.look_alikes import _LOOK_ALIKES, is_invisible, looks_like_a_service

FULLWIDTH = {letter: chr(ord(letter) + 0xFEE0) for letter in "service:SERVICE"}
UNSEEN = ["\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\ufe0f", "\u180b", "\u3164"]
MARKS = ["\u0301", "\u0308", "\u0338", "\u20dd", "\u0323"]
SPACES = [" ", "\t", "\u00a0", "\u2003", "\n"]


def spellings(letter: str) -> st.SearchStrategy[str]:
    """Give the ways to write one letter so that a reader still takes it for that letter."""
    ways = [letter, letter.upper(), FULLWIDTH[letter], *_LOOK_ALIKES[letter]]
    return st.tuples(
        st.sampled_from(["", *UNSEEN]), st.sampled_from(ways), st.sampled_from(["", *MARKS])
    ).map("".join)


NAMESPACE = st.tuples(*(spellings(letter) for letter in "service:")).map("".join)


@given(st.sampled_from(["", *SPACES]), NAMESPACE, st.text(max_size=20))
def test_no_look_alike_of_the_namespace_can_be_registered(
    before: str, namespace: str, rest: str
) -> None:
    """Case, width, look-alikes, marks, invisible characters and spaces: each mix is refused."""
    for address in (
        f"{before}{namespace}{rest}",
        f"{before}{namespace}{rest}@example.org",
        f"{before}{namespace}@example.org",
    ):
        with pytest.raises(EmailUnacceptable):
            normalised_email(address)


@given(NAMESPACE)
def test_a_look_alike_is_known_as_one(namespace: str) -> None:
    """The table knows each spelling by itself, before the rule on characters would refuse it."""
    folded = unicodedata.normalize("NFKC", namespace).casefold()

    assert looks_like_a_service(unicodedata.normalize("NFKC", folded) + "netra-backend")


@given(st.text(max_size=40), st.text(max_size=20))
def test_what_is_accepted_holds_no_colon_and_nothing_unseen(name: str, domain: str) -> None:
    """An accepted address has no colon in any spelling, nothing invisible, and is its own form."""
    try:
        email = normalised_email(f"{name}@{domain}")
    except EmailUnacceptable:
        return

    assert ":" not in unicodedata.normalize("NFKD", email)
    assert not any(is_invisible(character) for character in email)
    assert not looks_like_a_service(email)
    assert normalised_email(email) == email


@given(
    st.from_regex(
        r"[a-z0-9]{1,10}([.+_-][a-z0-9]{1,10}){0,2}@[a-z]{1,8}\.[a-z]{2,4}", fullmatch=True
    ),
    st.lists(st.booleans(), min_size=64, max_size=64),
    st.sampled_from(["", " ", "\t\n"]),
)
def test_addresses_that_normalise_alike_are_one(
    address: str, upper: list[bool], space: str
) -> None:
    """Case, width and outer space of an honest address never make a second account."""
    written = "".join(
        letter.upper() if up else letter
        for letter, up in zip(address, upper + [False] * len(address), strict=False)
    )
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isalpha() else c for c in address)

    assert normalised_email(f"{space}{written}{space}") == address
    assert normalised_email(wide) == address


@pytest.mark.parametrize(
    "address",
    [
        "service@example.org",
        "services.team@example.org",
        "o'hara+netra@example.co.uk",
        "josé@example.org",
        "пользователь@пример.рф",
        "用户@例子.广告",
        "उपयोगकर्ता@उदाहरण.भारत",
    ],
)
def test_honest_addresses_are_taken(address: str) -> None:
    """Addresses of every script, and those that merely begin with the word, are accepted."""
    assert normalised_email(address) == unicodedata.normalize("NFKC", address)


@pytest.mark.parametrize(
    "address",
    ["a:b@example.org", "a\u2236b@example.org", 'a"b@example.org', "a(b)@example.org", "a@b/c",
     "a@b:80", "a@[::1]", "\u2603@example.org", "a<b@example.org", "a,b@example.org"],
)  # fmt: skip
def test_characters_that_no_address_has(address: str) -> None:
    """Punctuation and symbols that mail does not allow unquoted are refused."""
    with pytest.raises(EmailUnacceptable):
        normalised_email(address)
