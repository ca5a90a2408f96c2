"""Keys that sign and keys that verify: one algorithm each, strict import, nothing shown.

What is done with them lives in `netra.tokens.issue` and `netra.tokens.jws`; where published keys
come from in `netra.tokens.key_source`.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Final

from joserfc.jwk import ECKey

from netra.secret import Secret
from netra.tokens.jwk_rules import (
    ACCESS_TOKEN_ALGORITHMS,
    HASH_BYTES,
    KID_MAX,
    PRIVATE_MEMBERS,
    Algorithm,
    Key,
    KeySetInvalid,
    is_for_us,
    key_to_verify,
    primitive_for,
    private_ec_key,
    shared_key,
)

_FINGERPRINT_INPUT: Final = b"netra.tokens shared secret key id"
_FINGERPRINT_HEX: Final = 24


class VerificationKey:
    """A key that can check signatures of exactly one algorithm (RFC 8725 section 3.1).

    Attributes:
        kid: The `kid`, an opaque text.
        algorithm: The one algorithm it is used with (checklist 3).
    """

    __slots__ = ("_key", "_primitive", "algorithm", "kid")

    def __init__(self, kid: str, algorithm: Algorithm, key: Key) -> None:
        if not 0 < len(kid) <= KID_MAX or not kid.isprintable():
            raise KeySetInvalid("a kid is empty, too long or not printable")
        self.kid = kid
        self.algorithm = algorithm
        self._key = key
        self._primitive = primitive_for(algorithm, key)

    def __repr__(self) -> str:
        return f"VerificationKey(kid={self.kid!r}, algorithm={self.algorithm.value})"

    @property
    def is_symmetric(self) -> bool:
        """Tell whether whoever verifies with it could also sign."""
        return self.algorithm in HASH_BYTES

    def verifies(self, signing_input: bytes, signature: bytes) -> bool:
        """Tell whether the signature over the input is this key's.

        Raises:
            FOREIGN_ERRORS: The library stumbled over the signature, which is a refusal as well.
        """
        return self._primitive.verify(signing_input, signature, self._key)


class SigningKey:
    """A key that signs access tokens: an ES256 key of the keyring, or the shared HS256 secret.

    Attributes:
        kid: The `kid`.
        algorithm: `ES256` or `HS256`.
    """

    __slots__ = ("_key", "_primitive", "algorithm", "kid")

    def __init__(self, kid: str, algorithm: Algorithm, key: Key) -> None:
        self.kid = kid
        self.algorithm = algorithm
        self._key = key
        self._primitive = primitive_for(algorithm, key)

    def __repr__(self) -> str:
        return f"SigningKey(kid={self.kid!r}, algorithm={self.algorithm.value})"

    @classmethod
    def generate(cls) -> "SigningKey":
        """Make a new ES256 key; its `kid` is its RFC 7638 thumbprint, which nobody can foresee.

        It begins with no dash, which commands would take for the beginning of an option.
        """
        key = ECKey.generate_key("P-256")
        while key.thumbprint().startswith("-"):
            key = ECKey.generate_key("P-256")
        return cls(key.thumbprint(), Algorithm.ES256, key)

    @classmethod
    def from_private_jwk(cls, document: Secret) -> "SigningKey":
        """Read back what `private_jwk` wrote.

        Raises:
            KeySetInvalid: The document is not a private ES256 key with its own thumbprint as `kid`.
        """
        key = private_ec_key(document)
        if key is None:
            raise KeySetInvalid("not a private ES256 JWK under its own thumbprint")
        return cls(key.thumbprint(), Algorithm.ES256, key)

    @classmethod
    def from_shared_secret(cls, secret: Secret) -> "SigningKey":
        """Make the HS256 key of the shared-key mode; its `kid` is a keyed fingerprint.

        The `kid` is HMAC-SHA256 of a constant under the secret, cut to 96 bits. Whoever holds it
        can test a guess of the secret, at one HMAC a guess: no more than any signed token lets
        them, and no table made beforehand for other texts helps, since nothing but this function
        computes it. Two processes with different secrets see different kids.

        Raises:
            KeySetInvalid: The secret is shorter than the hash (checklist 16, 17) or is a key file.
        """
        value = secret.reveal().encode()
        key = shared_key(value, Algorithm.HS256)
        fingerprint = hmac.new(value, _FINGERPRINT_INPUT, hashlib.sha256).hexdigest()
        return cls(fingerprint[:_FINGERPRINT_HEX], Algorithm.HS256, key)

    def private_jwk(self) -> Secret:
        """Write the whole ES256 key as JSON.

        Raises:
            KeySetInvalid: This is a shared secret, which lives in configuration only.
        """
        return Secret(
            json.dumps({**self._pair().as_dict(private=True), **self._labels()}, sort_keys=True)
        )

    def public_jwk(self) -> dict[str, str]:
        """Write what may be published of an ES256 key (RFC 7517), with `alg`, `use` and `kid`.

        Raises:
            KeySetInvalid: This is a shared secret: it has no public part (checklist 16).
        """
        public = self._pair().as_dict(private=False)
        return {name: str(public[name]) for name in ("kty", "crv", "x", "y")} | self._labels()

    def verification_key(self) -> VerificationKey:
        """Give the half that checks what this key signs."""
        if isinstance(self._key, ECKey):
            return VerificationKey(self.kid, self.algorithm, ECKey.import_key(self._key.public_key))
        return VerificationKey(self.kid, self.algorithm, self._key)

    def sign(self, signing_input: bytes) -> bytes:
        """Sign; the JWS form of the signature (ES256: r and s, 32 bytes each)."""
        return self._primitive.sign(signing_input, self._key)

    def _pair(self) -> ECKey:
        if not isinstance(self._key, ECKey):
            raise KeySetInvalid("a shared secret has no JWK")
        return self._key

    def _labels(self) -> dict[str, str]:
        return {"alg": self.algorithm.value, "use": "sig", "kid": self.kid}


class KeySet:
    """Keys to verify with, found by `kid`. Never empty, never ambiguous, never mixed.

    Raises:
        KeySetInvalid: No key, one `kid` twice, or shared secrets beside public keys.
    """

    __slots__ = ("_keys",)

    def __init__(self, keys: Iterable[VerificationKey]) -> None:
        listed = tuple(keys)
        self._keys = {key.kid: key for key in listed}
        if not listed:
            raise KeySetInvalid("the set holds no key to verify with")
        if len(self._keys) != len(listed):
            raise KeySetInvalid("one kid names two keys")
        if len({key.is_symmetric for key in listed}) > 1:
            raise KeySetInvalid("the set mixes shared secrets and public keys")

    def __repr__(self) -> str:
        return f"KeySet({', '.join(sorted(self._keys))})"

    @classmethod
    def of(cls, *signing_keys: SigningKey) -> "KeySet":
        """Make the set that verifies what these keys sign."""
        return cls(key.verification_key() for key in signing_keys)

    @classmethod
    def from_shared_secrets(cls, *secrets: Secret) -> "KeySet":
        """Make the HS256 set of the shared-key mode: the current secret, then any previous one.

        Raises:
            KeySetInvalid: A secret is too short, or the same one is given twice.
        """
        return cls.of(*(SigningKey.from_shared_secret(secret) for secret in secrets))

    @classmethod
    def from_jwks(
        cls,
        document: object,
        *,
        algorithms: frozenset[Algorithm] = ACCESS_TOKEN_ALGORITHMS,
        published: bool = True,
    ) -> "KeySet":
        """Read a JWK set (RFC 7517 section 5) strictly (checklist 3, 16).

        A key that is not for verifying, or whose algorithm is not allowed here, is left out. One
        that claims to be for us and breaks a rule makes the whole set invalid.

        Args:
            document: The parsed set.
            algorithms: What the caller allows; each key names one of them as its `alg`.
            published: The set came over the network, so a private member in it is an incident.

        Raises:
            KeySetInvalid: Not a key set; private members in a published set; shared secrets beside
                public keys; a `kid` absent or given twice; a weak or malformed key; no usable key.
        """
        listed = document.get("keys") if isinstance(document, Mapping) else None
        if not isinstance(listed, list) or not all(isinstance(jwk, Mapping) for jwk in listed):
            raise KeySetInvalid("not a JWK set")
        if published and any(PRIVATE_MEMBERS & jwk.keys() for jwk in listed):
            raise KeySetInvalid("a published key set holds private members")
        if len({jwk.get("kty") == "oct" for jwk in listed}) > 1:
            raise KeySetInvalid("the set mixes shared secrets and public keys")
        kids = [jwk.get("kid") for jwk in listed]
        if any(not isinstance(kid, str) for kid in kids):
            raise KeySetInvalid("a key has no kid")
        if len(set(kids)) != len(kids):
            raise KeySetInvalid("one kid names two keys")
        return cls(
            VerificationKey(jwk["kid"], Algorithm(jwk["alg"]), key_to_verify(jwk))
            for jwk in listed
            if is_for_us(jwk, algorithms)
        )

    def find(self, kid: str) -> VerificationKey | None:
        """Look a key up by its `kid`, compared as an opaque text (checklist 15)."""
        return self._keys.get(kid)

    @property
    def kids(self) -> frozenset[str]:
        """The `kid` of every key."""
        return frozenset(self._keys)

    @property
    def algorithms(self) -> frozenset[Algorithm]:
        """The algorithms of the keys."""
        return frozenset(key.algorithm for key in self._keys.values())
