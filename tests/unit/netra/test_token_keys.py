"""Tests of `netra.tokens.keys` and `netra.tokens.jwk_rules`: which keys are taken at all."""

import base64
import json
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from fakes.access_tokens import SHARED_SECRET, SIGNING_KEY, base64url
from netra.secret import Secret
from netra.tokens import Algorithm, KeySet, KeySetInvalid, SigningKey, VerificationKey

EVERY = frozenset(Algorithm)
OTHER_KEY = SigningKey.generate()


def ec_jwk(**changes: Any) -> dict[str, Any]:
    """Give our public key as a JWK; a change to None takes the member out."""
    members = {**SIGNING_KEY.public_jwk(), **changes}
    return {name: value for name, value in members.items() if value is not None}


def oct_jwk(**changes: Any) -> dict[str, Any]:
    """Give a shared secret as a JWK."""
    return {"kty": "oct", "alg": "HS256", "kid": "o", "k": base64url(bytes(range(32))), **changes}


def rsa_jwk(bits: int = 2048, **changes: Any) -> dict[str, Any]:
    """Give a public RSA key as a JWK; its modulus is any number of that size."""
    modulus = (1 << (bits - 1)) + 0x1F0F1
    return {
        "kty": "RSA", "alg": "RS256", "kid": "r", "e": "AQAB",
        "n": base64url(modulus.to_bytes((bits + 7) // 8, "big")), **changes,
    }  # fmt: skip


def test_a_private_key_is_written_and_read_back() -> None:
    """The keyring stores what `private_jwk` writes and gets the same key."""
    again = SigningKey.from_private_jwk(SIGNING_KEY.private_jwk())

    assert again.kid == SIGNING_KEY.kid
    assert again.public_jwk() == SIGNING_KEY.public_jwk()
    assert again.private_jwk() == SIGNING_KEY.private_jwk()


def test_a_public_jwk_holds_no_private_member() -> None:
    """What is published is the point and three labels (checklist 16)."""
    assert SIGNING_KEY.public_jwk().keys() == {"kty", "crv", "x", "y", "alg", "use", "kid"}


def test_two_generated_keys_differ() -> None:
    """The kid is the key's thumbprint, so it differs as the keys do."""
    assert SIGNING_KEY.kid != OTHER_KEY.kid
    assert SIGNING_KEY.kid == ECKey.import_key({**SIGNING_KEY.public_jwk()}).thumbprint()


def test_a_generated_keys_name_can_be_given_to_a_command() -> None:
    """One thumbprint in sixty-four begins with a dash, which is how options begin."""
    kids = [SigningKey.generate().kid for _ in range(300)]

    assert [kid for kid in kids if kid.startswith("-")] == []


def test_no_key_shows_its_value() -> None:
    """Neither repr nor str nor formatting gives a secret away (checklist 59)."""
    shared = SigningKey.from_shared_secret(SHARED_SECRET)
    members = json.loads(SIGNING_KEY.private_jwk().reveal())

    for shown in (
        repr(SIGNING_KEY), str(SIGNING_KEY), f"{shared}", repr(KeySet.of(shared)),
        repr(shared.verification_key()), repr(KeySet.of(SIGNING_KEY, OTHER_KEY)),
    ):  # fmt: skip
        assert members["d"] not in shown
        assert SHARED_SECRET.reveal() not in shown


@pytest.mark.parametrize(
    "key", [SIGNING_KEY, SIGNING_KEY.verification_key()], ids=["sign", "verify"]
)
def test_a_key_cannot_be_pickled(key: object) -> None:
    """A key does not leave the process by accident."""
    with pytest.raises(TypeError):
        pickle.dumps(key)


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: {},
        lambda _: [],
        lambda _: "text",
        lambda jwk: {**jwk, "d": None},
        lambda jwk: {**jwk, "d": "AA"},
        lambda jwk: {**jwk, "d": jwk["x"]},
        lambda jwk: {**jwk, "x": jwk["y"]},
        lambda jwk: {**jwk, "crv": "P-384"},
        lambda jwk: {**jwk, "kty": "RSA"},
        lambda jwk: {**jwk, "kid": "another"},
        lambda jwk: {name: value for name, value in jwk.items() if name != "kid"},
        lambda jwk: {name: value for name, value in jwk.items() if name != "d"},
    ],
)
def test_a_damaged_private_key_is_refused_without_being_shown(
    damage: Callable[[Any], object],
) -> None:
    """The error names no member, and no traceback quotes the document (checklist 59)."""
    jwk = json.loads(SIGNING_KEY.private_jwk().reveal())

    with pytest.raises(KeySetInvalid) as refused:
        SigningKey.from_private_jwk(Secret(json.dumps(damage(jwk))))

    assert refused.value.__context__ is None
    assert jwk["d"] not in "".join(traceback.format_exception(refused.value))


def test_a_text_that_is_no_json_is_no_private_key() -> None:
    """Neither is a truncated document, and it is not quoted either."""
    with pytest.raises(KeySetInvalid) as refused:
        SigningKey.from_private_jwk(Secret(SIGNING_KEY.private_jwk().reveal()[:-1]))

    assert refused.value.__context__ is None


@pytest.mark.parametrize(
    "secret",
    [
        "", "short", "x" * 31, "é" * 15,
        ECKey.import_key({**SIGNING_KEY.public_jwk()}).as_pem().decode(),
        "leading text\n" + ECKey.import_key({**SIGNING_KEY.public_jwk()}).as_pem().decode(),
        "-----BEGIN PUBLIC KEY----- and no more of it",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL8fwF3vgZn1sLc9wIr2vYQ comment",
    ],
)  # fmt: skip
def test_a_weak_or_public_shared_secret_is_refused(secret: str) -> None:
    """A secret is at least as long as the hash, and no key file (checklist 2, 16, 17)."""
    with pytest.raises(KeySetInvalid) as refused:
        SigningKey.from_shared_secret(Secret(secret))

    assert not secret or secret not in str(refused.value)


def test_a_shared_secrets_kid_follows_from_the_secret_alone() -> None:
    """Processes with the same secret agree on the kid; others do not; it is not the secret."""
    kid = SigningKey.from_shared_secret(SHARED_SECRET).kid

    assert SigningKey.from_shared_secret(Secret(SHARED_SECRET.reveal())).kid == kid
    assert SigningKey.from_shared_secret(Secret(SHARED_SECRET.reveal() + "x")).kid != kid
    assert len(kid) == 24
    assert kid not in SHARED_SECRET.reveal()


def test_a_shared_secret_has_no_jwk() -> None:
    """A shared secret is never written into a key set (checklist 16)."""
    shared = SigningKey.from_shared_secret(SHARED_SECRET)

    for write in (shared.public_jwk, shared.private_jwk):
        with pytest.raises(KeySetInvalid):
            write()


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [ec_jwk(), ec_jwk()],
        [ec_jwk(), {**OTHER_KEY.public_jwk(), "kid": SIGNING_KEY.kid}],
        [ec_jwk(), oct_jwk()],
        [oct_jwk(), rsa_jwk()],
        [oct_jwk()],
        [ec_jwk(d="AAAA")],
        [ec_jwk(d=None), ec_jwk(kid="x", k="AAAA")],
        [json.loads(SIGNING_KEY.private_jwk().reveal())],
        [ec_jwk(), {**rsa_jwk(), "p": "AQAB"}],
        [ec_jwk(kid=None)],
        [ec_jwk(kid="")],
        [ec_jwk(kid=7)],
        [ec_jwk(kid="a\nb")],
        [ec_jwk(kid="k" * 257)],
        [ec_jwk(x=SIGNING_KEY.public_jwk()["y"])],
        [ec_jwk(x=7)],
        [ec_jwk(x=None)],
        [ec_jwk(x="")],
        [ec_jwk(x="!" * 43)],
        [ec_jwk(y="é" * 43)],
        [ec_jwk(x="AAAA" + SIGNING_KEY.public_jwk()["x"])],
        [ec_jwk(x="A" + SIGNING_KEY.public_jwk()["x"])],
        [ec_jwk(crv="P-384")],
        [ec_jwk(crv="secp256k1")],
        [ec_jwk(crv=["P-256"])],
        [ec_jwk(kty="RSA")],
        [ec_jwk(kty="OKP")],
        [ec_jwk(kty=None)],
        [OTHER_KEY.public_jwk(), ec_jwk(x="A" * 43)],
        ["text"],
        [None],
        [[]],
    ],
)
def test_a_published_set_that_breaks_a_rule_is_refused_whole(keys: list[Any]) -> None:
    """Private members, doubled kids, mixed kinds, bad points: no key of it is used (16)."""
    with pytest.raises(KeySetInvalid):
        KeySet.from_jwks({"keys": keys})


@pytest.mark.parametrize("document", [None, 7, "x", [], {}, {"keys": None}, {"keys": {}}])
def test_a_document_that_is_no_key_set_is_refused(document: object) -> None:
    """Whatever came over the network, the outcome is a set or `KeySetInvalid`."""
    with pytest.raises(KeySetInvalid):
        KeySet.from_jwks(document)


@pytest.mark.parametrize(
    "changes",
    [
        {"use": "enc"}, {"key_ops": ["encrypt"]}, {"key_ops": []}, {"key_ops": "verify"},
        {"alg": "ES384"}, {"alg": "ECDH-ES"}, {"alg": None}, {"alg": ["ES256"]}, {"alg": 7},
    ],
)  # fmt: skip
def test_a_key_that_is_not_for_us_is_left_out(changes: dict[str, Any]) -> None:
    """A key for another use or algorithm verifies nothing, and does not end the set (3)."""
    stranger = ec_jwk(kid="stranger", **changes)

    keys = KeySet.from_jwks({"keys": [stranger, OTHER_KEY.public_jwk()]})

    assert keys.kids == {OTHER_KEY.kid}
    with pytest.raises(KeySetInvalid, match="no key"):
        KeySet.from_jwks({"keys": [stranger]})


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ([ec_jwk(), oct_jwk(alg="HS384")], "mixes"),
        ([ec_jwk(), ec_jwk(use="enc")], "two keys"),
        ([ec_jwk(), ec_jwk(alg="ES384")], "two keys"),
    ],
)
def test_a_key_that_is_left_out_still_counts_for_the_rules(
    keys: list[dict[str, Any]], why: str
) -> None:
    """The rules hold for the whole document, not for the part we would use (checklist 16)."""
    with pytest.raises(KeySetInvalid, match=why):
        KeySet.from_jwks({"keys": keys}, published=False)


def test_a_published_set_is_found_by_kid() -> None:
    """A set gives each key under its own kid and nothing for another."""
    keys = KeySet.from_jwks({"keys": [SIGNING_KEY.public_jwk(), OTHER_KEY.public_jwk()]})

    found = keys.find(OTHER_KEY.kid)

    assert keys.kids == {SIGNING_KEY.kid, OTHER_KEY.kid}
    assert keys.algorithms == {Algorithm.ES256}
    assert isinstance(found, VerificationKey)
    assert found.kid == OTHER_KEY.kid
    assert keys.find("another") is None


@pytest.mark.parametrize(
    ("jwk", "why"),
    [
        (rsa_jwk(1024), "2048"),
        (rsa_jwk(2047), "2048"),
        (rsa_jwk(8200), "8192"),
        (rsa_jwk(e="AQ"), "exponent"),
        (rsa_jwk(e="Aw"), "exponent"),
        (rsa_jwk(e=base64url((65538).to_bytes(3, "big"))), "exponent"),
        (rsa_jwk(n=7), "not a text"),
        (rsa_jwk(n="=="), "malformed"),
        (rsa_jwk(kty="EC"), "RSA was expected"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_weak_rsa_key_is_refused(jwk: dict[str, Any], why: str) -> None:
    """Under 2048 bits, with a small or even exponent, or malformed (checklist 16)."""
    with pytest.raises(KeySetInvalid, match=why):
        KeySet.from_jwks({"keys": [jwk]}, algorithms=EVERY)


def test_a_sound_rsa_key_is_no_roca_key() -> None:
    """The fingerprint test lets ordinary keys through."""
    jwk = {**RSAKey.generate_key(2048).as_dict(private=False), "alg": "PS256", "kid": "r"}

    assert KeySet.from_jwks({"keys": [jwk]}, algorithms=EVERY).kids == {"r"}


@pytest.mark.parametrize(("algorithm", "size"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_an_hmac_key_is_as_long_as_its_hash(algorithm: str, size: int) -> None:
    """One byte fewer is refused, whatever the hash (RFC 7518 section 3.2; checklist 16)."""
    enough, short = base64url(bytes(range(size))), base64url(bytes(range(size - 1)))
    document = {"keys": [oct_jwk(alg=algorithm, k=enough)]}

    assert KeySet.from_jwks(document, algorithms=EVERY, published=False).kids == {"o"}
    with pytest.raises(KeySetInvalid, match="bytes or more"):
        KeySet.from_jwks(
            {"keys": [oct_jwk(alg=algorithm, k=short)]}, algorithms=EVERY, published=False
        )


@pytest.mark.parametrize("kty", ["RSA", "EC", "OCT", "", None])
def test_an_hmac_key_is_of_the_type_oct(kty: str | None) -> None:
    """A secret under another type is malformed (checklist 3)."""
    with pytest.raises(KeySetInvalid, match="oct was expected"):
        KeySet.from_jwks({"keys": [oct_jwk(kty=kty)]}, published=False)


def test_a_key_set_mixes_no_secrets_with_public_keys() -> None:
    """However a set is made (checklist 16)."""
    shared = SigningKey.from_shared_secret(SHARED_SECRET)

    with pytest.raises(KeySetInvalid, match="mixes"):
        KeySet.of(SIGNING_KEY, shared)
    with pytest.raises(KeySetInvalid, match="two keys"):
        KeySet.from_shared_secrets(SHARED_SECRET, SHARED_SECRET)
    with pytest.raises(KeySetInvalid, match="no key"):
        KeySet.from_shared_secrets()
    with pytest.raises(KeySetInvalid, match="no key"):
        KeySet.of()


def test_a_key_is_not_made_for_another_algorithm_than_its_own() -> None:
    """A key object and an algorithm that do not fit make no verification key (checklist 3)."""
    point = ECKey.generate_key("P-384")
    secret = OctKey.import_key(base64.b64encode(bytes(range(48))))

    for key in (point, secret):
        with pytest.raises(KeySetInvalid):
            VerificationKey("k", Algorithm.ES256, key)
