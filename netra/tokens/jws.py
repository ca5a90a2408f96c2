"""The strict layer: what a compact JWS must look like, and whether a key we hold signed it.

RFC 7515 as narrowed by RFC 8725. Which claims a token must make is judged in
`netra.tokens.verify`.
"""

import base64
import json
import re
from functools import lru_cache
from typing import Final, NamedTuple, NoReturn

from netra.errors import CredentialRejected
from netra.tokens.jwk_rules import FOREIGN_ERRORS, KID_MAX, Algorithm
from netra.tokens.keys import KeySet

_COMPACT: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]+)")
_HEADER_MEMBERS: Final = frozenset({"alg", "kid", "typ"})
_HEADER_MAX: Final = 1024
_LAST_LETTER: Final = {1: frozenset("AEIMQUYcgkosw048"), 2: frozenset("AQgw")}
"""By missing letters: the last letters whose unused bits are zero (RFC 4648 section 3.5)."""
_ALGORITHMS: Final = {algorithm.value: algorithm for algorithm in Algorithm}


class TokenRejected(CredentialRejected):
    """A token was looked at and refused. The answer never says why (checklist 18)."""


class UnknownKey(TokenRejected):
    """A token names a key that its issuer does not publish.

    Attributes:
        kid: The `kid` of the token.
    """

    def __init__(self, kid: str) -> None:
        super().__init__("the token names a key that the issuer does not publish")
        self.kid = kid


class JoseHeader(NamedTuple):
    """The three header members a token may have; `media_type` is `typ` in lower case."""

    algorithm: Algorithm
    kid: str
    media_type: str | None


class UnverifiedJws(NamedTuple):
    """A token taken apart; nothing in it is proven."""

    header: JoseHeader
    signing_input: bytes
    payload: bytes
    signature: bytes


def read_jws(unverified_token: str, *, max_token_bytes: int) -> UnverifiedJws:
    """Take a token apart by form alone, before any key is looked at.

    Args:
        unverified_token: Any text.
        max_token_bytes: The longest text looked at (checklist 7).

    Raises:
        TokenRejected: The text is not a compact JWS in canonical base64url (checklist 6), a JSON
            member occurs twice in the header (checklist 14), or the header has a member besides
            `alg`, `kid` and `typ`: `crit`, `b64`, `jwk`, `jku`, `x5u`, `x5c` (checklist 4, 5).
    """
    if len(unverified_token) > max_token_bytes:
        raise TokenRejected("the token is too long")
    match = _COMPACT.fullmatch(unverified_token)
    if match is None:
        raise TokenRejected("the token is not in compact form")
    header, payload, signature = match.groups()
    return UnverifiedJws(
        header=_read_header(header),
        signing_input=unverified_token[: match.end(2)].encode("ascii"),
        payload=_decoded(payload),
        signature=_decoded(signature),
    )


def check_jws(jws: UnverifiedJws, keys: KeySet, algorithms: frozenset[Algorithm]) -> bytes:
    """Give the payload of a token that one of our keys signed.

    Raises:
        UnknownKey: No key has the token's `kid`.
        TokenRejected: The algorithm is not allowed or not the key's (checklist 1, 2, 3), or the
            signature is not right (checklist 8).
    """
    if jws.header.algorithm not in algorithms:
        raise TokenRejected("the token's algorithm is not allowed")
    key = keys.find(jws.header.kid)
    if key is None:
        raise UnknownKey(jws.header.kid)
    if key.algorithm is not jws.header.algorithm:
        raise TokenRejected("the token's algorithm is not its key's")
    try:
        genuine = key.verifies(jws.signing_input, jws.signature)
    except FOREIGN_ERRORS as error:
        raise TokenRejected(f"the signature cannot be checked ({type(error).__name__})") from None
    if not genuine:
        raise TokenRejected("the signature is not right")
    return jws.payload


def verify_jws(
    unverified_token: str,
    keys: KeySet,
    *,
    algorithms: frozenset[Algorithm],
    max_token_bytes: int,
) -> bytes:
    """Verify any strict compact JWS and give its payload.

    Raises:
        TokenRejected: As `read_jws` and `check_jws`.
    """
    return check_jws(read_jws(unverified_token, max_token_bytes=max_token_bytes), keys, algorithms)


def json_object(text: bytes) -> dict[str, object]:
    """Parse a JSON object in which no member occurs twice, at any depth (RFC 8725 section 2.4).

    Raises:
        TokenRejected: It is not UTF-8, not JSON (NaN and Infinity are not), not an object, nested
            beyond reason, or ambiguous (checklist 14).
    """
    try:
        parsed = json.loads(
            text.decode("utf-8"), object_pairs_hook=_unambiguous, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError):
        raise TokenRejected("not JSON, or a member occurs twice") from None
    if not isinstance(parsed, dict):
        raise TokenRejected("not a JSON object")
    return parsed


@lru_cache(maxsize=64)
def _read_header(segment: str) -> JoseHeader:
    """Read a header. The same few headers come with every token, so they are read once.

    A refusal is not remembered, and forged headers can only push out honest ones.
    """
    if len(segment) > _HEADER_MAX:
        raise TokenRejected("the header is too long")
    members = json_object(_decoded(segment))
    if not members.keys() <= _HEADER_MEMBERS:
        raise TokenRejected("the header has a member that no token of ours has")
    algorithm, kid, media_type = members.get("alg"), members.get("kid"), members.get("typ")
    if not isinstance(algorithm, str) or algorithm not in _ALGORITHMS:
        raise TokenRejected("the header names no known algorithm")
    if not isinstance(kid, str) or not 0 < len(kid) <= KID_MAX:
        raise TokenRejected("the header names no key")
    if not kid.isprintable():
        raise TokenRejected("the header's kid is not printable")
    if media_type is not None and not isinstance(media_type, str):
        raise TokenRejected("the header's typ is not a text")
    lowered = None if media_type is None else media_type.lower()
    return JoseHeader(_ALGORITHMS[algorithm], kid, lowered)


def _decoded(segment: str) -> bytes:
    """Decode base64url without padding, refusing a second spelling of the same bytes."""
    missing = -len(segment) % 4
    if missing and segment[-1:] not in _LAST_LETTER.get(missing, ()):
        raise TokenRejected("a part of the token is not canonical base64url")
    return base64.urlsafe_b64decode(segment + "=" * missing)


def _unambiguous(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError
    return members


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError
