"""The public keys a client may register to sign its assertions with.

A published key set of strangers may hold keys that are not for us. This one is registered here, so
every key in it must be one that an assertion can be checked with.
"""

from collections.abc import Mapping
from typing import Any, Final

from netra.tokens.jwk_rules import Algorithm, KeySetInvalid, is_for_us
from netra.tokens.keys import KeySet

CLIENT_ALGORITHMS: Final = frozenset({Algorithm.ES256, Algorithm.PS256, Algorithm.RS256})
"""What assertions may be signed with; none of them lets a verifier sign."""
MAX_KEYS: Final = 8
_KEPT: Final = ("kty", "crv", "x", "y", "n", "e", "kid", "alg", "use")


def client_keys(document: Mapping[str, Any]) -> KeySet:
    """Read a client's JWK set (RFC 7517 section 5): one algorithm a key (checklist 3, 16).

    Raises:
        KeySetInvalid: Not a set of public keys for ES256, PS256 or RS256, each with a `kid` of its
            own and an `alg`; or a private member, a weak or a malformed key is among them.
    """
    keys = KeySet.from_jwks(document, algorithms=CLIENT_ALGORITHMS)
    listed = document["keys"]
    if not all(is_for_us(jwk, CLIENT_ALGORITHMS) for jwk in listed):
        allowed = ", ".join(sorted(CLIENT_ALGORITHMS))
        raise KeySetInvalid(f"a key has no alg of {allowed}, or is not for verifying")
    if len(listed) > MAX_KEYS:
        raise KeySetInvalid(f"a client has more than {MAX_KEYS} keys")
    return keys


def public_document(document: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Cut a set that `client_keys` took down to what its keys are made of."""
    return {
        "keys": [{name: jwk[name] for name in _KEPT if name in jwk} for jwk in document["keys"]]
    }
