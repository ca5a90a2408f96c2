"""The successor of a refresh token is sealed under the token it follows."""

from hypothesis import given
from hypothesis import strategies as st

from netra_auth.grants.successors import seal_successor, sealed_successor_of

TOKENS = st.text(min_size=1, max_size=80)


@given(TOKENS, TOKENS)
def test_who_holds_the_token_reads_its_successor(token: str, successor: str) -> None:
    """What was sealed under a token is read back with it, and is not in the seal."""
    sealed = seal_successor(successor, token)

    assert sealed_successor_of(sealed, token) == successor
    assert seal_successor(successor, token) != sealed


@given(TOKENS, TOKENS)
def test_no_other_token_reads_it(token: str, other: str) -> None:
    """With another token, or once it was changed, a seal says nothing (checklist 50)."""
    sealed = seal_successor("rt_successor", token)

    if other != token:
        assert sealed_successor_of(sealed, other) is None
    assert sealed_successor_of(sealed[:-8] + "AAAAAAAA", token) is None
    for garbage in (None, "", "a256gcm.1.", "a256gcm.1.%%%", other):
        assert sealed_successor_of(garbage, token) is None
