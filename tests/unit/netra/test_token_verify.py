"""Tests of `netra.tokens.verify` and `netra.tokens.claims`: which claims a token must make."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fakes.access_tokens import (
    AUDIENCE,
    ISSUER,
    KEYS,
    NOW,
    RULES,
    SHARED_RULES,
    SHARED_SECRET,
    SIGNING_KEY,
    as_bytes,
    header_of,
    service_claims,
    signed,
    user_claims,
    user_payload,
)
from netra.errors import ConfigurationInvalid, CredentialRejected
from netra.principal import PrincipalKind, Role, ServicePrincipal, UserPrincipal
from netra.tokens import (
    MAX_LIFETIME_SECONDS,
    AccessClaims,
    Algorithm,
    ClaimsInvalid,
    KeySet,
    SigningKey,
    TokenRejected,
    VerificationRules,
    issue_access_token,
    principal_of,
    verify_access_token,
    verify_issued_token,
)
from netra.tokens.claims import claims_of, payload_of, timestamp_of
from netra.wire.auth_api import MAX_ACCESS_TOKEN_SECONDS


def verified(token: str, *, rules: VerificationRules = RULES, now: float = NOW) -> AccessClaims:
    """Verify with the tests' keys."""
    return verify_access_token(token, KEYS, rules, now)


def refusal_of(payload: dict[str, Any] | bytes, **kwargs: Any) -> str:
    """Give the logged reason for which a genuinely signed payload is refused."""
    with pytest.raises(TokenRejected) as refused:
        verified(signed(payload), **kwargs)
    return refused.value.reason


@pytest.mark.parametrize("claims", [user_claims(), service_claims()], ids=["user", "service"])
def test_an_issued_token_verifies_to_the_claims_it_was_issued_with(claims: AccessClaims) -> None:
    """What the auth service signs is what the backend reads."""
    token = issue_access_token(claims, SIGNING_KEY)

    assert verified(token) == claims


def test_a_token_signed_with_the_shared_secret_verifies_by_that_secret() -> None:
    """The shared-key mode round-trips, under a kid derived from the secret."""
    token = issue_access_token(user_claims(), SigningKey.from_shared_secret(SHARED_SECRET))

    keys = KeySet.from_shared_secrets(SHARED_SECRET)

    assert verify_access_token(token, keys, SHARED_RULES, NOW) == user_claims()


def test_a_persons_claims_make_a_user_principal() -> None:
    """Every field of the principal comes from the signed claims."""
    claims = verify_access_token(issue_access_token(user_claims(), SIGNING_KEY), KEYS, RULES, NOW)

    assert principal_of(claims) == UserPrincipal(
        user_id="usr_01k9anna",
        session_id="ses_01k9anna",
        client_id="netra-cli",
        scopes=frozenset({"profile"}),
        roles=frozenset({Role.OPERATOR}),
        token_id="jti-1",
        expires_at=NOW + 300,
    )


def test_a_services_claims_make_a_service_principal() -> None:
    """A service is named by its client id, and reads `service:<id>`."""
    token = issue_access_token(service_claims(), SIGNING_KEY)

    principal = principal_of(verify_access_token(token, KEYS, RULES, NOW))

    assert principal == ServicePrincipal(
        service_id="netra-ops",
        scopes=frozenset({"service:status", "users:admin"}),
        token_id="jti-2",
        expires_at=NOW + 300,
    )
    assert str(principal) == "service:netra-ops"


@pytest.mark.parametrize(
    "claim", ["iss", "sub", "aud", "client_id", "jti", "iat", "exp", "principal_kind", "sid"]
)
def test_a_missing_required_claim_is_refused(claim: str) -> None:
    """Each required claim must be there (checklist 10, 11)."""
    assert refusal_of(user_payload(**{claim: None}))


@pytest.mark.parametrize("claim", ["iss", "sub", "client_id", "jti", "principal_kind", "sid"])
@pytest.mark.parametrize(
    "value", ["", 7, True, [], {}, ["x"], "a\nb", "nul\0", "\ud800", "x" * 513]
)
def test_a_text_claim_of_another_shape_is_refused(claim: str, value: object) -> None:
    """Text claims are short, printable, non-empty texts (checklist 11)."""
    assert refusal_of(user_payload(**{claim: value}))


@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
@pytest.mark.parametrize(
    "value",
    [
        b"true", b"false", b'"1800000000"', b"[]", b"{}", b"null", b"-1", b"-0.5", b"1e400",
        b"-1e400", b"NaN", b"Infinity", b"-Infinity", b"253402300800", b"1" * 400, b"1" * 5000,
    ],
)  # fmt: skip
def test_a_time_that_is_no_plausible_number_is_refused(claim: str, value: bytes) -> None:
    """Booleans, texts, negative, infinite, not-a-number and huge times are refused (11)."""
    whole = as_bytes(user_payload(**{claim: "@"})).replace(b'"@"', value)

    assert refusal_of(whole)


@pytest.mark.parametrize(
    "audience",
    [[], "", {}, 7, True, ["netra-auth"], "netra-auth", ["netra-backend", 7], [["netra-backend"]],
     "netra-backend2", "NETRA-BACKEND", "netra-auth netra-backend", ["netra-backend", ""]],
)  # fmt: skip
def test_a_token_not_meant_for_us_is_refused(audience: object) -> None:
    """Our own name must be one of the audiences, exactly (checklist 10)."""
    assert refusal_of(user_payload(aud=audience))


def test_a_single_audience_may_be_a_plain_text() -> None:
    """RFC 7519 section 4.1.3 allows one audience without a list."""
    assert verified(signed(user_payload(aud=AUDIENCE))).audience == (AUDIENCE,)


def test_the_issuer_judges_its_own_tokens_whoever_they_are_meant_for() -> None:
    """Introspection and revocation look at every rule but the audience (checklist 39)."""
    elsewhere = signed(user_payload(aud=["netra-other"]))

    assert verify_issued_token(elsewhere, KEYS, RULES, NOW).audience == ("netra-other",)
    for wrong in (
        signed(user_payload(aud=["netra-other"], exp=1_700_000_000)),
        signed(user_payload(aud=["netra-other"], iss="https://evil.example")),
        signed(user_payload(aud=["netra-other"]), SigningKey.generate()),
        signed(user_payload(aud=[])),
        signed(user_payload(), header=header_of(SIGNING_KEY, typ="JWT")),
    ):
        with pytest.raises(TokenRejected):
            verify_issued_token(wrong, KEYS, RULES, NOW)


def test_the_verifiers_bound_is_the_one_of_the_wire() -> None:
    """The auth service and the verifier agree on how long an access token may live."""
    assert MAX_LIFETIME_SECONDS == MAX_ACCESS_TOKEN_SECONDS


@pytest.mark.parametrize(
    "issuer",
    [ISSUER + "/", ISSUER.upper(), "http://auth.example", "https://auth.example.evil", "evil"],
)
def test_another_issuers_token_is_refused(issuer: str) -> None:
    """The issuer is compared as text, to the letter (checklist 9)."""
    assert "issuer" in refusal_of(user_payload(iss=issuer))


@pytest.mark.parametrize(
    "typ",
    ["JWT", "at+jws", "jwt", "", "application/jwt", "text/at+jwt", "at+jwt;v=1", "id+jwt",
     "logout+jwt", "dpop+jwt", "client-authentication+jwt", "rt+jwt", None],
)  # fmt: skip
def test_only_an_access_token_is_taken_for_one(typ: str | None) -> None:
    """Id tokens, assertions, proofs and untyped tokens of the same key are refused (13)."""
    token = signed(user_payload(), header=header_of(SIGNING_KEY, typ=typ))

    with pytest.raises(TokenRejected, match="not an access token"):
        verified(token)


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"])
def test_the_access_token_type_is_taken_in_any_case_and_in_full(typ: str) -> None:
    """RFC 9068 section 4: `at+jwt` or `application/at+jwt`, without regard to case (13)."""
    token = signed(user_payload(), header=header_of(SIGNING_KEY, typ=typ))

    assert verified(token) == user_claims()


@pytest.mark.parametrize(
    ("changes", "now", "taken"),
    [
        ({}, NOW + 299, True),
        ({}, NOW + 309, True),
        ({}, NOW + 310, False),
        ({}, NOW + 311, False),
        ({"iat": 1_800_000_008}, NOW, True),
        ({"iat": 1_800_000_010}, NOW, True),
        ({"iat": 1_800_000_011}, NOW, False),
        ({"iat": 1_800_000_061, "exp": 1_800_000_361}, NOW, False),
        ({"nbf": 1_800_000_008}, NOW, True),
        ({"nbf": 1_800_000_011}, NOW, False),
        ({"nbf": 1_800_000_061}, NOW, False),
        ({"nbf": 0}, NOW, True),
    ],
)
def test_the_leeway_is_ten_seconds_either_way(
    changes: dict[str, int], now: float, *, taken: bool
) -> None:
    """Eight seconds of clock difference pass, eleven do not, at either end (checklist 12)."""
    token = signed(user_payload(**changes))

    if taken:
        verified(token, now=now)
    else:
        with pytest.raises(TokenRejected):
            verified(token, now=now)


@pytest.mark.parametrize(
    ("leeway", "seconds", "taken"), [(0, 0, False), (60, 59, True), (60, 60, False)]
)
def test_the_leeway_is_what_the_rules_say(leeway: float, seconds: float, *, taken: bool) -> None:
    """The end is exclusive and moves with the leeway, which is one setting (checklist 12)."""
    token, rules = signed(user_payload()), replace(RULES, leeway_seconds=leeway)

    if taken:
        verified(token, rules=rules, now=NOW + 300 + seconds)
    else:
        with pytest.raises(TokenRejected, match="expired"):
            verified(token, rules=rules, now=NOW + 300 + seconds)


@pytest.mark.parametrize(
    ("issued", "expires", "taken"),
    [
        (0, 300, True),
        (0, 301, False),
        (0, 86400, False),
        (0, 0, False),
        (5, 4, False),
        (0.123456, 300.123456, True),
    ],
)
def test_a_lifetime_beyond_five_minutes_or_backwards_is_refused(
    issued: float, expires: float, *, taken: bool
) -> None:
    """No signature makes a token live longer than the rules allow; fractions may round."""
    payload = user_payload(iat=NOW + issued, exp=NOW + expires)

    if taken:
        verified(signed(payload))
    else:
        assert "lifetime" in refusal_of(payload)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"sub": "service:netra-backend"}, "a person in the services' namespace"),
        ({"sub": "Service:netra-backend"}, "the same in another spelling"),
        ({"sub": "anna"}, "a person outside the persons' namespace"),
        ({"sub": "usr_"}, "no name at all"),
        ({"sub": "usr_a b"}, "a blank in the id"),
        ({"sub": "usr_service:x"}, "a colon in the id"),
        ({"principal_kind": "service"}, "a person called a service"),
        ({"principal_kind": "anonymous"}, "nobody"),
        ({"principal_kind": "USER"}, "a kind in another spelling"),
        ({"sub": "service:netra-ops", "client_id": "netra-ops"}, "a service called a person"),
    ],
)
def test_a_subject_outside_its_kinds_namespace_is_refused(
    changes: dict[str, str], why: str
) -> None:
    """Kind and subject agree, or nobody gets in (checklist 41)."""
    assert refusal_of(user_payload(**changes)), why


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "netra-backend"},
        {"sub": "service:netra-backend"},
        {"sub": "service:"},
        {"sub": "netra-ops"},
        {"sub": "service:Netra Ops", "client_id": "Netra Ops"},
        {"sid": "ses_1"},
        {"roles": ["operator"]},
    ],
)
def test_a_services_token_names_the_client_that_got_it_and_nothing_personal(
    changes: dict[str, Any],
) -> None:
    """A service cannot speak for another, nor carry a session or a role (checklist 41)."""
    service = {
        "sub": "service:netra-ops", "client_id": "netra-ops", "principal_kind": "service",
        "sid": None, "roles": None,
    }  # fmt: skip
    verified(signed(user_payload(**service)))

    assert refusal_of(user_payload(**{**service, **changes}))


@pytest.mark.parametrize("scope", [7, ["a"], " a", "a ", "a  b", "a\tb", 'a"b', "a\\b", "é"])
def test_a_scope_that_is_not_space_separated_is_refused(scope: object) -> None:
    """RFC 6749 section 3.3 names the characters of a scope."""
    assert "scope" in refusal_of(user_payload(scope=scope))


@pytest.mark.parametrize("scope", [None, ""])
def test_no_scope_is_no_scope(scope: str | None) -> None:
    """A token without scopes is a token that was granted none."""
    assert verified(signed(user_payload(scope=scope))).scopes == frozenset()


@pytest.mark.parametrize("roles", ["operator", {"operator": 1}, [7], [["operator"]], 7, True])
def test_roles_of_another_shape_are_refused(roles: object) -> None:
    """Roles are a list of texts."""
    assert "roles" in refusal_of(user_payload(roles=roles))


def test_a_role_this_revision_does_not_know_grants_nothing() -> None:
    """A newer auth service may know more roles; an older verifier ignores them (checklist 66)."""
    claims = verified(signed(user_payload(roles=["emperor", "operator", "Operator"])))

    assert claims.roles == {Role.OPERATOR}


def test_a_claim_no_rule_names_changes_nothing() -> None:
    """Members that nobody asks for do not become identity (checklist 47)."""
    payload = user_payload(user_id="usr_other", service_id="netra-backend", admin=True)

    assert verified(signed(payload)) == user_claims()


@pytest.mark.parametrize(
    "whole",
    [b"", b"null", b"[]", b'"x"', b"7", b"{", b"{}x", b"\xff", b"\xef\xbb\xbf{}", b"{'a':1}"],
)
def test_a_payload_that_is_no_json_object_is_refused(whole: bytes) -> None:
    """Whatever was signed, only a JSON object is looked at."""
    assert refusal_of(whole)


def test_a_claim_that_occurs_twice_is_refused() -> None:
    """Two values for one claim are no value, in whichever order (checklist 14)."""
    whole = as_bytes(user_payload())

    for doubled in (b'{"sub":"usr_evil",', b'{"s\\u0075b":"usr_evil",'):
        assert "twice" in refusal_of(whole.replace(b"{", doubled, 1))
    assert "twice" in refusal_of(whole[:-1] + b',"sub":"usr_evil"}')
    assert "twice" in refusal_of(whole[:-1] + b',"act":{"a":{"sub":"x","sub":"y"}}}')


def test_a_payload_nested_beyond_reason_is_refused() -> None:
    """Depth cannot exhaust the stack."""
    assert refusal_of(
        b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}", rules=replace(RULES, max_token_bytes=65536)
    )


def test_every_refusal_says_the_same_to_the_caller() -> None:
    """Why a token was refused is for the log; the caller's answer is one (checklist 15, 18)."""
    refusals = []
    for token in (
        "", "a.b.c", signed(user_payload(exp=1)), signed(user_payload(), SigningKey.generate()),
        signed(user_payload(), header=header_of(SIGNING_KEY, kid="../../etc/passwd")),
    ):  # fmt: skip
        with pytest.raises(CredentialRejected) as refused:
            verified(token)
        refusals.append(refused.value)

    assert len({refusal.reason for refusal in refusals}) > 1
    assert {(r.status, r.code, r.public_text, r.detail) for r in refusals} == {
        (401, "invalid_token", "The credential was refused.", None)
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": ""},
        {"audience": ""},
        {"algorithms": frozenset()},
        {"algorithms": frozenset({Algorithm.RS256})},
        {"algorithms": frozenset({Algorithm.ES256, Algorithm.ES384})},
        {"leeway_seconds": 61},
        {"leeway_seconds": -1},
        {"leeway_seconds": float("nan")},
        {"leeway_seconds": float("inf")},
        {"max_lifetime_seconds": 0},
        {"max_lifetime_seconds": 301},
        {"max_lifetime_seconds": float("nan")},
        {"max_token_bytes": 0},
        {"max_token_bytes": 10**6},
    ],
)
def test_rules_that_are_empty_or_unsafe_cannot_be_made(changes: dict[str, Any]) -> None:
    """An empty rule is an error, and so is a leeway above a minute (checklist 12)."""
    with pytest.raises(ConfigurationInvalid):
        replace(RULES, **changes)


@pytest.mark.parametrize(
    "claims",
    [
        user_claims(issuer=""),
        user_claims(audience=()),
        user_claims(audience=[AUDIENCE]),
        user_claims(subject="service:netra-backend"),
        user_claims(session_id=None),
        user_claims(scopes=frozenset({"two words"})),
        user_claims(scopes=frozenset({""})),
        user_claims(expires_at=NOW + 301),
        user_claims(expires_at=NOW),
        user_claims(issued_at=float("nan")),
        user_claims(expires_at=float("inf")),
        user_claims(principal_kind=PrincipalKind.SERVICE),
        service_claims(principal_kind=PrincipalKind.USER),
        service_claims(client_id="netra-backend"),
        service_claims(roles=frozenset({Role.OPERATOR})),
    ],
)
def test_claims_that_no_verifier_takes_are_not_signed(claims: AccessClaims) -> None:
    """A mistake of the auth service stops at the auth service."""
    with pytest.raises(ClaimsInvalid):
        issue_access_token(claims, SIGNING_KEY)


def test_whole_seconds_are_written_without_a_fraction() -> None:
    """A NumericDate that is whole is written as an integer, which every other library reads."""
    payload = payload_of(user_claims(expires_at=NOW + 0.5))

    assert repr(payload["iat"]) == "1800000000"
    assert repr(payload["exp"]) == "1800000000.5"


@pytest.mark.parametrize(
    "value", [-1, 253_402_300_800, float("inf"), float("nan"), True, "1", None, 10**400]
)
def test_a_time_is_a_plausible_number(value: object) -> None:
    """Read alone, before any comparison with another time (checklist 11)."""
    assert timestamp_of({"exp": 253_402_300_799}, "exp") == 253_402_300_799
    assert timestamp_of({"exp": 0.5}, "exp") == 0.5
    with pytest.raises(ClaimsInvalid):
        timestamp_of({"exp": value}, "exp")


def test_what_is_written_is_read_back() -> None:
    """The payload of either kind reads back as the same claims."""
    made: tuple[Callable[..., AccessClaims], ...] = (user_claims, service_claims)
    for claims in (make() for make in made):
        assert claims_of(payload_of(claims)) == claims
