"""Tests of `netra.tokens.assertions`: what proves a client, and what does not."""

from typing import Any

import pytest

from fakes.access_tokens import SIGNING_KEY, base64url, signed, user_payload
from fakes.client_assertions import ClientKey, claims, jwks
from netra.errors import ConfigurationInvalid
from netra.tokens import KeySetInvalid, SigningKey, TokenRejected
from netra.tokens.assertions import (
    AssertionRules,
    AssertionVerifier,
    ClientAssertion,
    client_keys,
    public_document,
)

ISSUER = "https://auth.example"
NOW = 1_800_000_000.0
CLIENT = "mail-service"
KEY = ClientKey("key-1")
KEYS = client_keys(jwks(KEY))
VERIFIER = AssertionVerifier(AssertionRules(ISSUER))


def proven(assertion: str, now: float = NOW) -> ClientAssertion:
    """Judge an assertion by the client's keys."""
    return VERIFIER.accept(VERIFIER.read(assertion), KEYS, now)


def good(**changed: Any) -> dict[str, Any]:
    """Give good claims, changed where asked."""
    return claims(CLIENT, ISSUER, NOW, **changed)


def test_a_good_assertion_names_its_client_and_how_long_it_is_good() -> None:
    """Issuer and subject are the client; until `exp` and the leeway its id is to be remembered."""
    found = proven(KEY.signed(good(jti="one", exp=NOW + 30)))

    assert found == ClientAssertion(CLIENT, "one", NOW + 40, "key-1")


@pytest.mark.parametrize("algorithm", ["PS256", "RS256"])
def test_rsa_keys_are_taken_with_their_own_algorithm_alone(algorithm: str) -> None:
    """A key is registered for PS256 or RS256 and checks nothing of the other (checklist 3)."""
    key = ClientKey.rsa("rsa-1", algorithm)
    keys = client_keys(jwks(key))
    other = {"PS256": "RS256", "RS256": "PS256"}[algorithm]

    accepted = VERIFIER.accept(VERIFIER.read(key.signed(good())), keys, NOW)
    crossed = VERIFIER.read(key.signed(good(), alg=other))

    assert accepted.client_id == CLIENT
    with pytest.raises(TokenRejected, match="no such key"):
        VERIFIER.accept(crossed, keys, NOW)


@pytest.mark.parametrize(
    "typ", [None, "client-authentication+jwt", "application/Client-Authentication+JWT"]
)
def test_the_type_may_be_left_out_or_is_the_assertions_own(typ: str | None) -> None:
    """An untyped assertion and a rightly typed one are taken (checklist 29)."""
    assert proven(KEY.signed(good(), typ=typ)).client_id == CLIENT


@pytest.mark.parametrize("typ", ["JWT", "at+jwt", "logout+jwt", "dpop+jwt", "id_token+jwt", ""])
def test_another_type_is_refused(typ: str) -> None:
    """What is typed as something else is something else (checklist 13, 29)."""
    with pytest.raises(TokenRejected, match="not a client assertion"):
        proven(KEY.signed(good(), typ=typ))


def test_an_access_token_is_no_assertion() -> None:
    """A token that we signed ourselves proves no client (checklist 13)."""
    with pytest.raises(TokenRejected):
        proven(signed(user_payload(iss=CLIENT, sub=CLIENT), SIGNING_KEY))


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": None},
        {"sub": None},
        {"iss": "other-service"},
        {"sub": "other-service"},
        {"iss": ["mail-service"], "sub": ["mail-service"]},
        {"iss": "", "sub": ""},
        {"iss": 7, "sub": 7},
        {"iss": "a\nb", "sub": "a\nb"},
        {"aud": None},
        {"aud": [ISSUER]},
        {"aud": [ISSUER, "https://other.example"]},
        {"aud": f"{ISSUER}/"},
        {"aud": f"{ISSUER}/token"},
        {"aud": ISSUER.upper()},
        {"aud": ""},
        {"aud": {"value": ISSUER}},
        {"jti": None},
        {"jti": ""},
        {"jti": 12},
        {"jti": "x" * 513},
        {"jti": "a\x00b"},
        {"exp": None},
        {"exp": "1800000060"},
        {"exp": True},
        {"exp": float("nan")},
        {"exp": -1},
        {"exp": NOW - 11},
        {"exp": NOW + 3600 + 11},
        {"exp": 253_402_300_799},
        {"exp": NOW + 1000, "iat": NOW - 3000},
        {"iat": NOW + 61},
        {"iat": "now"},
        {"nbf": NOW + 61},
        {"nbf": None, "iat": float("inf")},
    ],
    ids=str,
)
def test_claims_that_are_not_as_demanded_are_refused(changed: dict[str, Any]) -> None:
    """Issuer, subject, audience, id, life and times each stand by themselves (29, 11, 12)."""
    with pytest.raises(TokenRejected):
        proven(KEY.signed(good(**changed)))


@pytest.mark.parametrize(
    "changed",
    [
        {"iat": NOW + 8},
        {"nbf": NOW + 8},
        {"iat": None},
        {"exp": NOW - 8},
        {"exp": NOW + 3600},
        {"iat": NOW - 5, "exp": NOW + 3595},
        {"exp": NOW + 0.5},
        {"jti": "x" * 512},
        {"more": {"a": [1, 2]}},
    ],
    ids=str,
)
def test_what_is_within_the_rules_is_taken(changed: dict[str, Any]) -> None:
    """Eight seconds of skew, an hour of life and unknown members are no fault (checklist 12)."""
    assert proven(KEY.signed(good(**changed))).client_id == CLIENT


def test_somebody_elses_signature_is_refused() -> None:
    """Another key under the same `kid`, an unknown `kid`, no keys at all: all are refused."""
    with pytest.raises(TokenRejected, match="signature"):
        proven(ClientKey("key-1").signed(good()))
    with pytest.raises(TokenRejected, match="no such key"):
        proven(ClientKey("key-2").signed(good()))
    with pytest.raises(TokenRejected, match="no such key"):
        VERIFIER.accept(VERIFIER.read(KEY.signed(good())), None, NOW)


@pytest.mark.parametrize("length", [1, 63, 64, 65, 256])
def test_without_a_key_any_signature_is_refused(length: int) -> None:
    """Whatever stands in the signature's place, nobody's key takes it (checklist 8, 28)."""
    unsigned = KEY.signed(good()).rpartition(".")[0]
    forged = f"{unsigned}.{base64url(bytes(length))}"

    with pytest.raises(TokenRejected):
        VERIFIER.accept(VERIFIER.read(forged), None, NOW)


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "ES384", "RS512", "EdDSA", ""])
def test_other_algorithms_are_refused(algorithm: str) -> None:
    """Only ES256, PS256 and RS256 prove a client, whatever the header says (checklist 1, 2)."""
    header = base64url(f'{{"alg":"{algorithm}","kid":"key-1"}}'.encode())
    _, payload, signature = KEY.signed(good()).split(".")

    with pytest.raises(TokenRejected):
        proven(f"{header}.{payload}.{signature}")


@pytest.mark.parametrize(
    "header",
    [
        {"kid": None},
        {"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}},
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example/cert"},
        {"crit": ["exp"], "exp": 1},
    ],
    ids=str,
)
def test_a_header_may_only_name_a_key_that_is_registered(header: dict[str, Any]) -> None:
    """No key comes with an assertion, and none is fetched because of it (checklist 4, 5)."""
    members = {"alg": "ES256", "kid": "key-1", **header}
    kept = {name: value for name, value in members.items() if value is not None}

    with pytest.raises(TokenRejected):
        proven(signed(good(), SigningKey.generate(), header=kept))


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a.b.c", "x" * 9000, "ey.\x00.", "é.é.é", "{}", "null", "\ud800"]
)
def test_any_other_text_is_refused(text: str) -> None:
    """The verifier is total: a refusal and nothing else (checklist 6, 7)."""
    with pytest.raises(TokenRejected):
        proven(text)


def test_a_member_that_comes_twice_is_refused() -> None:
    """A payload that can be read in two ways is not read (checklist 14)."""
    twice = b'{"iss":"mail-service","sub":"mail-service","sub":"other"}'

    with pytest.raises(TokenRejected):
        VERIFIER.read(signed(twice, header={"alg": "ES256", "kid": "key-1"}))


@pytest.mark.parametrize(
    "rules", [{"issuer": ""}, {"leeway_seconds": 61}, {"max_lifetime_seconds": 3601}]
)
def test_rules_beyond_what_is_safe_are_refused(rules: dict[str, Any]) -> None:
    """A verifier cannot be made lax (checklist 12)."""
    with pytest.raises(ConfigurationInvalid):
        AssertionRules(**{"issuer": ISSUER, **rules})


def changed_key(**changed: Any) -> dict[str, Any]:
    """Give the document of one key, changed where asked; None takes a member out."""
    members = {**KEY.public_jwk, **changed}
    return {"keys": [{name: value for name, value in members.items() if value is not None}]}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"keys": []},
        {"keys": {}},
        {"keys": ["text"]},
        {"keys": [KEY.private_jwk]},
        {"keys": [KEY.public_jwk, KEY.public_jwk]},
        {"keys": [{"kty": "oct", "k": "A" * 64, "alg": "HS256", "kid": "s"}]},
        {"keys": [KEY.public_jwk, {"kty": "oct", "k": "A" * 64, "alg": "HS256", "kid": "s"}]},
        changed_key(kid=None),
        changed_key(kid=""),
        changed_key(kid=7),
        changed_key(kid="a\nb"),
        changed_key(kid="x" * 257),
        changed_key(alg=None),
        changed_key(alg="ES384"),
        changed_key(alg="RS256"),
        changed_key(alg="none"),
        changed_key(use="enc"),
        changed_key(key_ops=["sign"]),
        changed_key(crv="P-384"),
        changed_key(x="AAAA"),
        changed_key(y=KEY.public_jwk["x"]),
        {"keys": [{"kty": "RSA", "n": "w" * 170, "e": "AQAB", "alg": "RS256", "kid": "weak"}]},
        jwks(*(ClientKey(f"key-{number}") for number in range(9))),
        {"keys": [KEY.public_jwk, {**ClientKey("other").public_jwk, "use": "enc"}]},
    ],
)
def test_keys_that_cannot_be_registered_are_refused(document: dict[str, Any]) -> None:
    """Private, weak, malformed, ambiguous and unfit keys are each refused (checklist 3, 16)."""
    with pytest.raises(KeySetInvalid):
        client_keys(document)


def test_only_what_a_key_is_made_of_is_kept() -> None:
    """Certificates, addresses and whatever else stands in a document are dropped (checklist 4)."""
    cluttered = {**KEY.public_jwk, "x5u": "https://evil.example", "note": "hello"}

    kept = public_document({"keys": [cluttered], "more": 1})

    assert kept == {"keys": [KEY.public_jwk]}
    assert client_keys(kept).kids == {"key-1"}


def test_an_unverified_assertion_shows_nothing_of_itself() -> None:
    """Its text form names the client it claims and nothing more."""
    assert repr(VERIFIER.read(KEY.signed(good()))) == "UnverifiedAssertion('mail-service')"
