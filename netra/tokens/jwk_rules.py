"""Which key material is taken at all: one algorithm each, full strength, nothing malformed.

Turns JWK members and secrets into joserfc's key objects; what holds them lives in
`netra.tokens.keys`.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, Protocol, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode

from netra.secret import Secret

Key: TypeAlias = ECKey | OctKey | RSAKey


class Algorithm(StrEnum):
    """The signature algorithms the strict layer knows (RFC 7518 section 3.1)."""

    ES256 = "ES256"
    ES384 = "ES384"
    ES512 = "ES512"
    HS256 = "HS256"
    HS384 = "HS384"
    HS512 = "HS512"
    PS256 = "PS256"
    PS384 = "PS384"
    PS512 = "PS512"
    RS256 = "RS256"
    RS384 = "RS384"
    RS512 = "RS512"


ACCESS_TOKEN_ALGORITHMS: Final = frozenset({Algorithm.ES256, Algorithm.HS256})
"""The only algorithms of access tokens; the others are for keys of foreign issuers."""

FOREIGN_ERRORS: Final = (
    JoseError,
    ValueError,  # Also binascii.Error and UnicodeError.
    TypeError,
    LookupError,
    ArithmeticError,
    UnsupportedAlgorithm,
)
"""What joserfc and cryptography raise on hostile keys and signatures."""

KID_MAX: Final = 256
PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
_EC_CURVES: Final = {
    Algorithm.ES256: ("P-256", 43),
    Algorithm.ES384: ("P-384", 64),
    Algorithm.ES512: ("P-521", 88),
}
"""Algorithm to its curve and the length of a full-size coordinate in base64url."""
HASH_BYTES: Final = {Algorithm.HS256: 32, Algorithm.HS384: 48, Algorithm.HS512: 64}

_RSA_BITS: Final = range(2048, 8193)
_RSA_EXPONENT_LEAST: Final = 65537
_ROCA_PRIMES: Final = (
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157,
)  # fmt: skip

_ROCA_RESIDUES: Final = {
    prime: frozenset(pow(65537, power, prime) for power in range(prime)) for prime in _ROCA_PRIMES
}
"""The primes of ROCA keys are k*M + (65537^a mod M), M a product of small primes: modulo each of
them the modulus is then a power of 65537. A sound key passes all of these by a 2^-27 chance."""


class KeySetInvalid(ValueError):
    """A key or a set of keys breaks a rule of this module; the text names it, never the value."""


class Primitive(Protocol):
    """What this module uses of joserfc's algorithm models."""

    def check_key(self, key: Any) -> None:
        """Refuse a key of another type or curve."""

    def sign(self, msg: bytes, key: Any) -> bytes:
        """Sign."""

    def verify(self, msg: bytes, sig: bytes, key: Any) -> bool:
        """Tell whether a signature is right."""


def private_ec_key(document: Secret) -> ECKey | None:
    """Read a private ES256 JWK. No error leaves with the document in its context."""
    try:
        members = json.loads(document.reveal())
        if not isinstance(members, dict):
            return None
        _check_curve(members, Algorithm.ES256)
        key = ECKey.import_key(_texts(members, "kty", "crv", "x", "y", "d"))
        return key if members["kid"] == key.thumbprint() else None
    except FOREIGN_ERRORS:
        return None


def primitive_for(algorithm: Algorithm, key: Key) -> Primitive:
    """Give the algorithm's implementation, once it has taken the key.

    Raises:
        KeySetInvalid: The key is of another type or curve (checklist 3).
    """
    primitive: Primitive = JWSRegistry(algorithms=[algorithm.value]).get_alg(algorithm.value)
    try:
        primitive.check_key(key)
    except JoseError:
        raise KeySetInvalid(f"a key does not fit {algorithm.value}") from None
    return primitive


def is_for_us(jwk: Mapping[str, Any], algorithms: frozenset[Algorithm]) -> bool:
    """Tell whether a JWK claims to verify with an algorithm that is allowed (checklist 3)."""
    algorithm = jwk.get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        return False
    if jwk.get("use", "sig") != "sig":
        return False
    operations = jwk.get("key_ops", ["verify"])
    return isinstance(operations, list) and "verify" in operations


def key_to_verify(jwk: Mapping[str, Any]) -> Key:
    """Read the key of a JWK that `is_for_us`: public members, or the secret of an `oct` key.

    Raises:
        KeySetInvalid: It is malformed, weak or of another type than its algorithm (checklist 16).
    """
    algorithm = Algorithm(jwk["alg"])
    try:
        if algorithm in _EC_CURVES:
            _check_curve(jwk, algorithm)
            return ECKey.import_key(_texts(jwk, "kty", "crv", "x", "y"))
        if algorithm in HASH_BYTES:
            _check_type(jwk, "oct")
            return shared_key(_decoded(_texts(jwk, "k")["k"]), algorithm)
        _check_type(jwk, "RSA")
        members = _texts(jwk, "kty", "n", "e")
        _check_rsa(
            modulus=int.from_bytes(_decoded(members["n"]), "big"),
            exponent=int.from_bytes(_decoded(members["e"]), "big"),
        )
        return RSAKey.import_key(members)
    except KeySetInvalid:
        raise
    except FOREIGN_ERRORS:
        raise KeySetInvalid(f"a key for {algorithm.value} is malformed") from None


def shared_key(secret: bytes, algorithm: Algorithm) -> OctKey:
    """Take a secret for HMAC.

    Raises:
        KeySetInvalid: It is shorter than the hash (checklist 16, 17), or it is a key file, which
            anybody may hold (checklist 2).
    """
    if len(secret) < HASH_BYTES[algorithm]:
        raise KeySetInvalid(
            f"a shared secret for {algorithm.value} needs {HASH_BYTES[algorithm]} bytes or more"
        )
    if b"-----BEGIN " in secret or secret.startswith((b"ssh-", b"ecdsa-")):
        raise KeySetInvalid("a key file is not a shared secret")
    try:
        return OctKey.import_key(secret)
    except FOREIGN_ERRORS:
        raise KeySetInvalid("a key file is not a shared secret") from None


def _check_type(jwk: Mapping[str, Any], key_type: str) -> None:
    if jwk.get("kty") != key_type:
        raise KeySetInvalid(f"a key's type and algorithm do not fit; {key_type} was expected")


def _check_curve(jwk: Mapping[str, Any], algorithm: Algorithm) -> None:
    _check_type(jwk, "EC")
    curve, length = _EC_CURVES[algorithm]
    if jwk.get("crv") != curve:
        raise KeySetInvalid(f"a key for {algorithm.value} is not on {curve}")
    coordinates = _texts(jwk, "x", "y")
    if any(len(coordinate) != length for coordinate in coordinates.values()):
        raise KeySetInvalid("a coordinate is not of full size (RFC 7518 section 6.2.1.2)")


def _texts(jwk: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Pick the members a key is made of: nothing else of a document reaches the library."""
    members = {name: jwk.get(name) for name in names}
    if not all(isinstance(value, str) for value in members.values()):
        raise KeySetInvalid(f"one of {', '.join(names)} is not a text")
    return members


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text.encode("ascii"))


def _check_rsa(*, modulus: int, exponent: int) -> None:
    if modulus.bit_length() not in _RSA_BITS:
        raise KeySetInvalid("an RSA key has fewer than 2048 or more than 8192 bits")
    if exponent < _RSA_EXPONENT_LEAST or exponent % 2 == 0:
        raise KeySetInvalid("an RSA exponent is even or below 65537")
    if all(modulus % prime in residues for prime, residues in _ROCA_RESIDUES.items()):
        raise KeySetInvalid("an RSA key has the ROCA fingerprint (CVE-2017-15361)")
