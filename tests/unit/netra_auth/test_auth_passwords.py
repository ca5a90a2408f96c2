"""The rules for passwords and the way they are hashed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netra_auth.identities.passwords import (
    PasswordHasher,
    PasswordUnacceptable,
    require_acceptable,
)
from netra_auth.identities.passwords.common_passwords import is_common

EMAIL = "ada@example.org"


@pytest.mark.parametrize(
    "password",
    [
        "tr0mbone",
        "x" * 20 + "y" * 44,
        "correct horse battery staple",
        "ünïcødé pässwörd 密码",
        "no-digits-no-capitals",
        "Zq" * 511 + "!?",
    ],
)
def test_long_enough_passwords_of_any_composition_are_taken(password: str) -> None:
    """From 8 to 1024 characters of any kind are taken (checklist 57)."""
    require_acceptable(password, EMAIL)


@pytest.mark.parametrize("password", ["", "short", "sevench", "y7!k" * 257])
def test_too_short_and_too_long_passwords_are_refused(password: str) -> None:
    """Fewer than 8 and more than 1024 characters are refused (checklist 57)."""
    with pytest.raises(PasswordUnacceptable):
        require_acceptable(password, EMAIL)


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "PassWord1",
        "12345678",
        "qwertyuiop",
        "00000000000000",
        "abcabcabcab",
        "87654321",
    ],
)
def test_common_passwords_are_refused(password: str) -> None:
    """What everybody tries first is refused in any case (checklist 57)."""
    with pytest.raises(PasswordUnacceptable):
        require_acceptable(password, EMAIL)


@pytest.mark.parametrize("password", ["ada@example.org", "ADA@Example.org"])
def test_the_address_itself_is_refused(password: str) -> None:
    """The account's own address is no password (checklist 57)."""
    with pytest.raises(PasswordUnacceptable):
        require_acceptable(password, EMAIL)


@given(st.text(max_size=40))
def test_looking_for_common_passwords_never_fails(password: str) -> None:
    """Any text is either common or not."""
    assert is_common(password) in (True, False)


async def test_the_stored_hash_states_argon2id_and_its_parameters() -> None:
    """The hash is argon2id with m=9216 KiB, t=4, p=1 (checklist 57)."""
    hasher = PasswordHasher()

    stored = await hasher.hash("correct horse battery staple")

    assert stored.startswith("$argon2id$v=19$m=9216,t=4,p=1$")


async def test_a_password_verifies_and_another_does_not() -> None:
    """Only the password that was hashed verifies; nothing is cut off at its end."""
    hasher = PasswordHasher()
    password = "p" * 199 + "q"
    stored = await hasher.hash(password)

    assert await hasher.verify(password, stored)
    assert not await hasher.verify("p" * 200, stored)
    assert not await hasher.verify(password[:-1], stored)


async def test_one_character_may_be_typed_in_two_ways() -> None:
    """Composed and decomposed spellings of one text are one password."""
    hasher = PasswordHasher()
    stored = await hasher.hash("cafe\N{COMBINING ACUTE ACCENT} noir")

    assert await hasher.verify("caf\N{LATIN SMALL LETTER E WITH ACUTE} noir", stored)


async def test_no_account_means_a_refusal_after_the_same_work() -> None:
    """Without a stored hash a decoy of the same kind is verified, and never matches."""
    hasher = PasswordHasher()
    await hasher.prepare()

    assert hasher._decoy is not None
    assert hasher._decoy.startswith("$argon2id$v=19$m=9216,t=4,p=1$")
    assert not await hasher.verify("whatever it is", None)


def test_the_length_comes_before_what_takes_long() -> None:
    """A long run of combining marks is refused unnormalised: ordering it takes quadratic time."""
    with pytest.raises(PasswordUnacceptable):
        require_acceptable("\u0315" * 500_000 + "\u0300" * 500_000, EMAIL)


async def test_a_hash_of_other_parameters_is_outdated() -> None:
    """A hash with weaker parameters, or another salt length, is to be made anew (57)."""
    hasher = PasswordHasher()
    current = await hasher.hash("correct horse battery")
    weaker = current.replace("m=9216", "m=8192")

    assert "$argon2id$v=19$m=9216,t=4,p=1$" in current
    assert not hasher.is_outdated(current)
    assert hasher.is_outdated(weaker)
