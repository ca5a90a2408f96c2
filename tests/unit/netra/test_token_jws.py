"""Tests of `netra.tokens.jws`: what a compact JWS must look like, and whose signature counts."""

import base64
import hashlib
import hmac
import socket
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc.jwk import ECKey

from fakes.access_tokens import (
    KEYS,
    NOW,
    RULES,
    SIGNING_KEY,
    as_bytes,
    base64url,
    header_of,
    signed,
    user_payload,
)
from netra.secret import Secret
from netra.tokens import (
    Algorithm,
    KeySet,
    SigningKey,
    TokenRejected,
    UnknownKey,
    VerificationKey,
    json_object,
    verify_access_token,
    verify_jws,
)
from netra.tokens import keys as keys_module

EVERY = frozenset(Algorithm)


def refusal_of(token: str, keys: KeySet = KEYS) -> str:
    """Give the logged reason for which a token is refused."""
    with pytest.raises(TokenRejected) as refused:
        verify_access_token(token, keys, RULES, NOW)
    return refused.value.reason


def test_the_payload_of_a_genuine_jws_is_given_back() -> None:
    """The strict layer itself cares for the signature, not for claims."""
    token = signed(b"foo")

    payload = verify_jws(token, KEYS, algorithms=EVERY, max_token_bytes=1000)

    assert payload == b"foo"


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", "es256", "ES-256", "HS256x"])
def test_no_spelling_of_none_or_of_a_strange_algorithm_is_taken(alg: str) -> None:
    """With a signature, without one and with an empty one (checklist 1)."""
    token = signed(user_payload(), header=header_of(SIGNING_KEY, alg=alg))
    unsigned = token.rsplit(".", 1)[0]

    for attempt in (token, unsigned, unsigned + "."):
        assert refusal_of(attempt)


@pytest.mark.parametrize("alg", sorted(EVERY - {Algorithm.ES256}))
def test_an_algorithm_outside_the_rules_is_refused_before_any_key(alg: Algorithm) -> None:
    """The rules' list is the list, whatever a key could do (checklist 1)."""
    token = signed(user_payload(), header=header_of(SIGNING_KEY, alg=alg.value))

    assert refusal_of(token) == "the token's algorithm is not allowed"


def test_the_strict_layer_takes_only_the_algorithms_its_caller_allows() -> None:
    """A key that could verify is not asked to (checklist 1)."""
    others = EVERY - {Algorithm.ES256}

    with pytest.raises(TokenRejected, match="not allowed"):
        verify_jws(signed(b"x"), KEYS, algorithms=others, max_token_bytes=1000)


def test_a_token_keyed_with_our_public_key_is_refused() -> None:
    """The public key, in any spelling, is nobody's HMAC secret (checklist 2)."""
    jwk = SIGNING_KEY.public_jwk()
    pem = ECKey.import_key({**jwk}).as_pem()
    header = header_of(SIGNING_KEY, alg="HS256")
    signing_input = f"{base64url(as_bytes(header))}.{base64url(as_bytes(user_payload()))}"

    for secret in (pem, pem.strip(), as_bytes(jwk), jwk["x"].encode(), b"", b"\0" * 32):
        mac = hmac.new(secret, signing_input.encode(), hashlib.sha256).digest()
        token = f"{signing_input}.{base64url(mac)}"

        assert refusal_of(token)
        with pytest.raises(TokenRejected, match="not its key's"):
            verify_jws(token, KEYS, algorithms=EVERY, max_token_bytes=8192)


def test_a_key_is_used_with_its_own_algorithm_only() -> None:
    """A token that names another algorithm of the same key type is refused (checklist 3)."""
    token = signed(b"x", header=header_of(SIGNING_KEY, alg="ES384"))

    with pytest.raises(TokenRejected, match="not its key's"):
        verify_jws(token, KEYS, algorithms=EVERY, max_token_bytes=8192)


@pytest.mark.parametrize(
    "extra",
    [
        {"jwk": SIGNING_KEY.public_jwk()},
        {"jku": "https://evil.example/jwks.json"},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["MIIB"]},
        {"x5t": "abc"},
        {"x5t#S256": "abc"},
        {"crit": []},
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
        {"b64": False},
        {"b64": True},
        {"cty": "JWT"},
        {"zip": "DEF"},
        {"enc": "A256GCM"},
        {"unheard-of": 1},
    ],
    ids="+".join,
)
def test_a_header_with_any_other_member_is_refused(
    extra: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys, addresses and demands in a header are refused, and nothing is opened (4, 5)."""

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a token made the verifier open a connection")

    monkeypatch.setattr(socket, "socket", forbidden)
    token = signed(user_payload(), header=header_of(SIGNING_KEY, **extra))

    assert "member" in refusal_of(token)


@pytest.mark.parametrize(
    "header",
    [b"", b"{", b"[]", b"null", b'"x"', b"7", b"\xff\xfe", b"{}", b'{"alg":7,"kid":"k"}',
     b'{"alg":["ES256"],"kid":"k"}', b'{"alg":NaN}', b'{"alg":{"a":' + b"[" * 600],
)  # fmt: skip
def test_a_header_of_another_shape_is_refused(header: bytes) -> None:
    """A header is a JSON object that names an algorithm and a key (checklist 6)."""
    assert refusal_of(signed(user_payload(), header=header))


def test_a_header_member_that_occurs_twice_is_refused() -> None:
    """Whichever of the two a library would pick (checklist 14)."""
    whole = as_bytes(header_of(SIGNING_KEY))

    for doubled in (
        whole.replace(b"{", b'{"alg":"none",', 1),
        whole[:-1] + b',"alg":"none"}',
        whole[:-1] + b',"\\u0061lg":"ES256"}',
        whole[:-1] + f',"kid":"{SIGNING_KEY.kid}"}}'.encode(),
    ):
        assert "twice" in refusal_of(signed(user_payload(), header=doubled))


@pytest.mark.parametrize("typ", [7, True, ["at+jwt"], {"a": "at+jwt"}])
def test_a_type_that_is_no_text_is_refused(typ: object) -> None:
    """`typ` is a text, or the header is no header (checklist 13)."""
    assert refusal_of(signed(user_payload(), header=header_of(SIGNING_KEY, typ=typ)))


@pytest.mark.parametrize(
    "kid",
    ["../../../etc/passwd", "' OR 1=1 --", "%00", "<x>", "https://evil.example/k", "K" * 256],
)
def test_a_strange_kid_is_just_an_unknown_key(kid: str) -> None:
    """A kid is looked up as it is and never interpreted (checklist 15)."""
    token = signed(user_payload(), header=header_of(SIGNING_KEY, kid=kid))

    with pytest.raises(UnknownKey) as refused:
        verify_access_token(token, KEYS, RULES, NOW)

    assert refused.value.kid == kid


@pytest.mark.parametrize("kid", ["", "a\nb", "nul\0", "\ud800", "K" * 257, "K" * 10_000, 7, None])
def test_an_absent_or_unprintable_kid_is_refused(kid: object) -> None:
    """Nothing that could forge a log line or fill a memory is passed on (checklist 15)."""
    token = signed(user_payload(), header=header_of(SIGNING_KEY, kid=kid))

    with pytest.raises(TokenRejected) as refused:
        verify_access_token(token, KEYS, RULES, NOW)

    assert not isinstance(refused.value, UnknownKey)


def test_a_text_that_is_not_compact_is_refused() -> None:
    """Blanks, padding, braces, other alphabets and other counts of parts (checklist 6)."""
    token = signed(user_payload())
    head, body, tail = token.split(".")

    for wrong in (
        "", ".", "..", "...", "a", "a.b", f"{head}.{body}", f"{head}.{body}.", f".{body}.{tail}",
        f"{head}..{tail}", f"{token}.", f"{token}.{tail}", f".{token}", f" {token}", f"{token} ",
        f"{token}\n", f"\n{token}", f"{token}\0", f"{head}. {body}.{tail}",
        f"{head}\n.{body}.{tail}",
        f"{token}=", f"{token}==", f"{head}=.{body}.{tail}", f"{{{token}}}", f'"{token}"',
        f"Bearer {token}", token.replace(".", "%2E"), token.replace(".", "\u2024"), f"{token}é",
        f"{token}?", f"{head}+.{body}.{tail}", f"{head}/.{body}.{tail}", "é" * 100, "\ud800.a.b",
        '{"payload":"e30","signatures":[]}',
    ):  # fmt: skip
        assert refusal_of(wrong)


def test_a_long_text_is_refused_unread() -> None:
    """One character beyond the cap is too many, whatever it says (checklist 7)."""
    token = signed(user_payload(padding="x" * 4000))
    roomy, tight = len(token), len(token) - 1

    assert verify_jws(token, KEYS, algorithms=EVERY, max_token_bytes=roomy)
    with pytest.raises(TokenRejected, match="too long"):
        verify_jws(token, KEYS, algorithms=EVERY, max_token_bytes=tight)
    with pytest.raises(TokenRejected, match="too long"):
        verify_access_token("a" * 10_000_000, KEYS, RULES, NOW)


def test_a_long_header_is_refused_unread() -> None:
    """A header is small; a big one is not parsed (checklist 7)."""
    assert "header" in refusal_of(f"{'e' * 1025}.e30.{'A' * 86}")


def test_a_damaged_signature_is_refused() -> None:
    """Cut, extended, empty, in DER form, all zero, or out of range (checklist 8)."""
    token = signed(user_payload())
    head, body, tail = token.split(".")
    raw = base64.urlsafe_b64decode(tail + "==")
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

    for wrong in (
        raw[:-1], raw[1:], raw + b"\0", b"\0" + raw, raw[:32], b"\0" * 64, raw[32:] + raw[:32],
        encode_dss_signature(r, s), (order + 1).to_bytes(32, "big") + raw[32:], b"\xff" * 64,
        raw[:32] + b"\0" * 32, b"\0" * 32 + raw[32:], raw + raw, b"x",
    ):  # fmt: skip
        assert refusal_of(f"{head}.{body}.{base64url(wrong)}")
    for wrong_text in (tail + "A", tail[:-1], tail[1:], tail + "AA", tail + "AAAA"):
        assert refusal_of(f"{head}.{body}.{wrong_text}")


def test_the_same_bytes_in_a_second_spelling_are_refused() -> None:
    """The unused bits of the last letter are zero, so a token has one text (checklist 6)."""
    token = signed(b"a" * 31 + b"b")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(token[-1])
    twins = [alphabet[last + unused] for unused in range(1, 16)]

    assert last % 16 == 0
    for twin in twins:
        with pytest.raises(TokenRejected, match="canonical"):
            verify_jws(token[:-1] + twin, KEYS, algorithms=EVERY, max_token_bytes=8192)


def test_a_token_of_another_key_under_our_kid_is_refused() -> None:
    """The kid only says which key to try; the signature decides."""
    stranger = SigningKey.generate()
    token = signed(user_payload(), stranger, header=header_of(SIGNING_KEY))

    assert refusal_of(token) == "the signature is not right"


def test_a_token_under_the_previous_shared_secret_verifies_while_both_are_held() -> None:
    """Two secrets overlap; one that is no longer held is unknown (checklist 42)."""
    old, new = (
        Secret("previous-3kV9sQ2xT7mB4nW8zR5y" * 2),
        Secret("current-6hJ1pL8vC3dF9gS2kM7q" * 2),
    )
    token = signed(b"x", SigningKey.from_shared_secret(old))
    both, only_new = KeySet.from_shared_secrets(new, old), KeySet.from_shared_secrets(new)

    assert verify_jws(token, both, algorithms=EVERY, max_token_bytes=8192) == b"x"
    with pytest.raises(UnknownKey):
        verify_jws(token, only_new, algorithms=EVERY, max_token_bytes=8192)


@pytest.mark.parametrize(
    "error", [ValueError, TypeError, KeyError, OverflowError, UnicodeDecodeError]
)
def test_what_the_library_raises_on_a_signature_is_a_refusal(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No error of joserfc or cryptography passes for a fault of ours (checklist 6)."""

    class Stumbling(VerificationKey):
        def verifies(self, signing_input: bytes, signature: bytes) -> bool:  # noqa: ARG002 - it never looks
            raise (
                UnicodeDecodeError("utf-8", b"", 0, 1, "") if error is UnicodeDecodeError else error
            )

    monkeypatch.setattr(keys_module, "VerificationKey", Stumbling)
    keys = KeySet.of(SIGNING_KEY)

    assert "cannot be checked" in refusal_of(signed(user_payload()), keys)


def test_json_objects_are_read_as_they_are() -> None:
    """What is unambiguous comes back whole, other alphabets included."""
    assert json_object('{"a":1,"b":{"a":[1.5,null,"é"]}}'.encode()) == {
        "a": 1,
        "b": {"a": [1.5, None, "é"]},
    }


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "[NaN]"])
def test_javascripts_constants_are_not_json(constant: str) -> None:
    """Python's parser would take them in any place, also where nobody looks (checklist 11)."""
    with pytest.raises(TokenRejected):
        json_object(f'{{"a":{constant}}}'.encode())


def test_a_published_set_verifies_what_the_private_key_signed() -> None:
    """Verifying takes the public half only."""
    published = KeySet.from_jwks({"keys": [SIGNING_KEY.public_jwk()]})

    assert verify_jws(signed(b"x"), published, algorithms=EVERY, max_token_bytes=8192) == b"x"
