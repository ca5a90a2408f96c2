"""Strict issue and verification of access tokens, one way for every process. Pure."""

from netra.tokens.claims import (
    MAX_LIFETIME_SECONDS,
    AccessClaims,
    ClaimsInvalid,
    SignedClaims,
    principal_of,
)
from netra.tokens.issue import IdClaims, issue_access_token, issue_id_token
from netra.tokens.jwk_rules import ACCESS_TOKEN_ALGORITHMS, Algorithm, KeySetInvalid
from netra.tokens.jws import TokenRejected, UnknownKey, json_object, verify_jws
from netra.tokens.key_source import Fetch, FixedKeySource, KeySource, RemoteKeySource
from netra.tokens.keys import KeySet, SigningKey, VerificationKey
from netra.tokens.revocation_set import ISSUER_SKEW_SECONDS, RevocationSet
from netra.tokens.verifier import AccessTokenVerifier, RevocationLookup
from netra.tokens.verify import (
    MAX_LEEWAY_SECONDS,
    VerificationRules,
    verify_access_token,
    verify_issued_token,
)

__all__ = [
    "ACCESS_TOKEN_ALGORITHMS",
    "ISSUER_SKEW_SECONDS",
    "MAX_LEEWAY_SECONDS",
    "MAX_LIFETIME_SECONDS",
    "AccessClaims",
    "AccessTokenVerifier",
    "Algorithm",
    "ClaimsInvalid",
    "Fetch",
    "FixedKeySource",
    "IdClaims",
    "KeySet",
    "KeySetInvalid",
    "KeySource",
    "RemoteKeySource",
    "RevocationLookup",
    "RevocationSet",
    "SignedClaims",
    "SigningKey",
    "TokenRejected",
    "UnknownKey",
    "VerificationKey",
    "VerificationRules",
    "issue_access_token",
    "issue_id_token",
    "json_object",
    "principal_of",
    "verify_access_token",
    "verify_issued_token",
    "verify_jws",
]
