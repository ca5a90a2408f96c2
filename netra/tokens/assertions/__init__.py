"""Strict verification of the assertions by which clients prove themselves (RFC 7523). Pure."""

from netra.tokens.assertions.client_keys import CLIENT_ALGORITHMS, client_keys, public_document
from netra.tokens.assertions.verify import (
    MAX_ASSERTION_SECONDS,
    AssertionRules,
    AssertionVerifier,
    ClientAssertion,
    UnverifiedAssertion,
)

__all__ = [
    "CLIENT_ALGORITHMS",
    "MAX_ASSERTION_SECONDS",
    "AssertionRules",
    "AssertionVerifier",
    "ClientAssertion",
    "UnverifiedAssertion",
    "client_keys",
    "public_document",
]
