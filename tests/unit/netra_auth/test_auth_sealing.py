"""How private keys are kept at rest."""

import pytest

from fakes.environments import strong_secret
from netra.secret import Secret
from netra_auth.keyring.sealing import SealBroken, seal, unseal

KEY = Secret(strong_secret())
PLAIN = Secret('{"kty":"EC","d":"the-private-part"}')


def test_a_sealed_key_opens_with_its_own_key_and_kid() -> None:
    """What was sealed comes back, and does not show in the sealed text."""
    sealed = seal(PLAIN, KEY, "kid-1")

    assert unseal(sealed, KEY, "kid-1") == PLAIN
    assert "private" not in sealed


def test_sealing_twice_gives_two_texts() -> None:
    """Every sealing has a nonce of its own."""
    assert seal(PLAIN, KEY, "kid-1") != seal(PLAIN, KEY, "kid-1")


def test_another_key_or_kid_opens_nothing() -> None:
    """A wrong encryption key and a swapped kid are noticed."""
    sealed = seal(PLAIN, KEY, "kid-1")

    for key, kid in ((Secret(strong_secret()), "kid-1"), (KEY, "kid-2")):
        with pytest.raises(SealBroken):
            unseal(sealed, key, kid)


def test_every_changed_character_is_noticed() -> None:
    """No character of a sealed text can be changed to another of the alphabet unnoticed."""
    sealed = seal(PLAIN, KEY, "kid-1")

    for place, character in enumerate(sealed.rstrip("=")[:-1]):
        changed = sealed[:place] + ("A" if character != "A" else "B") + sealed[place + 1 :]
        with pytest.raises(SealBroken):
            unseal(changed, KEY, "kid-1")


@pytest.mark.parametrize("sealed", ["", "a256gcm.1.", "a256gcm.1.AAAA", "plain.1.AAAA", "é.1.é"])
def test_what_was_never_sealed_opens_nothing(sealed: str) -> None:
    """Foreign texts are refused."""
    with pytest.raises(SealBroken):
        unseal(sealed, KEY, "kid-1")
