"""Properties of `netra.tokens` that hold for all tokens and all texts."""

import json
import string
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fakes.access_tokens import (
    AUDIENCE,
    ISSUER,
    KEYS,
    NOW,
    RULES,
    SHARED_RULES,
    SHARED_SECRET,
    SIGNING_KEY,
    base64url,
    signed,
    user_claims,
)
from netra.principal import PrincipalKind, Role
from netra.tokens import (
    AccessClaims,
    KeySet,
    KeySetInvalid,
    SigningKey,
    TokenRejected,
    VerificationRules,
    issue_access_token,
    json_object,
    verify_access_token,
)

SHARED_KEY = SigningKey.from_shared_secret(SHARED_SECRET)
SHARED_KEYS = KeySet.of(SHARED_KEY)

printable = st.text(min_size=1, max_size=60).filter(str.isprintable)
scope_letters = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"\\')
scopes = st.frozensets(st.text(scope_letters, min_size=1, max_size=20), max_size=5)
id_letters = string.ascii_letters + string.digits + "_-"
words = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8)
service_ids = st.builds(
    lambda first, rest: "-".join([f"s{first}", *rest]), words, st.lists(words, max_size=3)
)
moments = st.floats(min_value=NOW - 5, max_value=NOW + 5) | st.integers(int(NOW) - 5, int(NOW) + 5)
lifetimes = st.floats(min_value=30, max_value=300) | st.integers(30, 300)
audiences = st.lists(printable, max_size=3).map(lambda others: (*others, AUDIENCE))

user_tokens = st.builds(
    lambda subject, issued_at, lifetime, **rest: user_claims(
        subject=f"usr_{subject}", issued_at=issued_at, expires_at=issued_at + lifetime, **rest
    ),
    st.text(id_letters, min_size=1, max_size=64),
    issued_at=moments,
    lifetime=lifetimes,
    audience=audiences,
    client_id=printable,
    token_id=printable,
    scopes=scopes,
    roles=st.frozensets(st.sampled_from(Role)),
    session_id=printable,
)
service_tokens = st.builds(
    lambda service, issued_at, lifetime, **rest: user_claims(
        subject=f"service:{service}", client_id=service, principal_kind=PrincipalKind.SERVICE,
        roles=frozenset(), session_id=None, issued_at=issued_at, expires_at=issued_at + lifetime,
        **rest,
    ),
    service_ids,
    issued_at=moments,
    lifetime=lifetimes,
    audience=audiences,
    token_id=printable,
    scopes=scopes,
)  # fmt: skip
EVERY_LETTER = "".join(map(chr, range(128))) + "é"
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
claim_names = st.sampled_from(
    ["iss", "sub", "aud", "client_id", "jti", "iat", "exp", "nbf", "scope", "principal_kind",
     "roles", "sid", "act"]
)  # fmt: skip


@given(user_tokens | service_tokens)
def test_every_token_the_auth_service_can_sign_verifies_to_its_claims(claims: AccessClaims) -> None:
    """Round trip, by the keyring's key and by the shared secret."""
    by_keyring = issue_access_token(claims, SIGNING_KEY)
    by_secret = issue_access_token(claims, SHARED_KEY)

    assert verify_access_token(by_keyring, KEYS, RULES, NOW) == claims
    assert verify_access_token(by_secret, SHARED_KEYS, SHARED_RULES, NOW) == claims


@pytest.mark.parametrize(
    ("key", "keys", "rules", "letters"),
    [
        pytest.param(SHARED_KEY, SHARED_KEYS, SHARED_RULES, EVERY_LETTER, id="HS256"),
        pytest.param(SIGNING_KEY, KEYS, RULES, "AQgwz9_", id="ES256"),
        pytest.param(SIGNING_KEY, KEYS, RULES, EVERY_LETTER, id="all", marks=pytest.mark.long),
    ],
)
def test_every_one_character_change_of_a_token_is_refused(
    key: SigningKey, keys: KeySet, rules: VerificationRules, letters: str
) -> None:
    """Each character replaced by any other, taken out, or doubled (checklist 6, 8).

    At the ends of the parts, where a letter has spare bits, every letter is tried in any case.
    """
    token = issue_access_token(user_claims(), key)
    verify_access_token(token, keys, rules, NOW)
    ends = [place for place, letter in enumerate(token) if letter == "."] + [len(token)]

    for place, here in enumerate(token):
        others = EVERY_LETTER if any(0 <= end - place <= 2 for end in ends) else letters
        changes = [token[:place] + other + token[place + 1 :] for other in others if other != here]
        changes += [token[:place] + token[place + 1 :], token[:place] + here + token[place:]]
        for changed in changes:
            with pytest.raises(TokenRejected):
                verify_access_token(changed, keys, rules, NOW)


@given(st.text())
@example("")
@example("..")
@example("e30.e30.e30")
@example("\ud800.\ud800.\ud800")
@example("1" * 9000)
def test_any_text_is_claims_or_a_refusal(text: str) -> None:
    """Verification is total: no text makes it raise anything else (checklist 6)."""
    with pytest.raises(TokenRejected):
        verify_access_token(text, KEYS, RULES, NOW)


@given(st.binary(max_size=200), st.binary(max_size=200), st.binary(max_size=80))
def test_any_three_parts_are_a_refusal(header: bytes, payload: bytes, signature: bytes) -> None:
    """Well-formed base64url around any bytes is refused, never a fault (checklist 6)."""
    token = ".".join(base64url(part) for part in (header, payload, signature))

    with pytest.raises(TokenRejected):
        verify_access_token(token, KEYS, RULES, NOW)


@given(st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk"]), json_values))
def test_any_json_header_is_a_refusal(header: dict[str, object]) -> None:
    """Whatever a header says, genuinely signed, it is judged and never a fault (checklist 4, 5)."""
    with pytest.raises(TokenRejected):
        verify_access_token(
            signed({}, header=json.dumps(header).encode("utf-8", "surrogatepass")), KEYS, RULES, NOW
        )


@given(claim_names, json_values)
def test_any_value_of_any_claim_is_claims_or_a_refusal(name: str, value: object) -> None:
    """A genuinely signed payload with any value in any place is judged, never a fault (11)."""
    payload = {
        "iss": ISSUER, "sub": "usr_1", "aud": [AUDIENCE], "client_id": "c", "jti": "j",
        "iat": NOW, "exp": NOW + 300, "principal_kind": "user", "sid": "s", name: value,
    }  # fmt: skip
    try:
        claims = verify_access_token(signed(payload), KEYS, RULES, NOW)
    except TokenRejected:
        return

    assert claims.issuer == ISSUER
    assert AUDIENCE in claims.audience
    assert 0 < claims.expires_at - claims.issued_at <= 300.001
    assert claims.subject.startswith("usr_")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_json_object_or_a_refusal(text: bytes) -> None:
    """Parsing is total as well."""
    try:
        json_object(text)
    except TokenRejected:
        return


@given(st.dictionaries(st.text(max_size=10), json_values, min_size=1), st.data())
def test_a_member_given_twice_is_never_read(
    members: dict[str, object], data: st.DataObject
) -> None:
    """Wherever the second one stands (checklist 14)."""
    name = data.draw(st.sampled_from(sorted(members)))
    pairs = list(members.items())
    pairs.insert(data.draw(st.integers(0, len(pairs))), (name, data.draw(json_values)))
    text = "{" + ",".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in pairs) + "}"

    with pytest.raises(TokenRejected):
        json_object(text.encode())


@given(json_values | st.fixed_dictionaries({"keys": st.lists(json_values)}))
def test_any_json_is_a_key_set_or_invalid(document: object) -> None:
    """Whatever an issuer answers, reading it raises nothing but `KeySetInvalid` (checklist 16)."""
    with pytest.raises(KeySetInvalid):
        KeySet.from_jwks(document)


@given(st.sampled_from(["kty", "crv", "x", "y", "alg", "use", "kid", "key_ops", "d"]), json_values)
def test_any_value_in_a_jwk_is_a_key_set_or_invalid(name: str, value: object) -> None:
    """One member of a good key replaced by anything (checklist 16)."""
    try:
        keys = KeySet.from_jwks({"keys": [{**SIGNING_KEY.public_jwk(), name: value}]})
    except KeySetInvalid:
        return

    assert len(keys.kids) == 1
    assert name in {"kid", "use", "key_ops"} or value == SIGNING_KEY.public_jwk().get(name)


@given(
    st.floats(0, 60),
    st.floats(min_value=NOW - 1000, max_value=NOW + 1000),
)
def test_a_token_is_taken_exactly_between_its_ends(leeway: float, now: float) -> None:
    """From `iat` less the leeway up to, not including, `exp` plus the leeway (checklist 12)."""
    rules = replace(RULES, leeway_seconds=leeway)
    try:
        verify_access_token(TOKEN, KEYS, rules, now)
        taken = True
    except TokenRejected:
        taken = False

    assert taken is (now + leeway >= NOW and now < NOW + 300 + leeway)


TOKEN = issue_access_token(user_claims(), SIGNING_KEY)
