"""Tests of `netra.tokens.revocation_set`: what counts as revoked, and for how long."""

import pytest

from fakes.access_tokens import KEYS, NOW, RULES, SIGNING_KEY, service_claims, user_claims
from netra.tokens import (
    AccessClaims,
    RevocationSet,
    SignedClaims,
    issue_access_token,
    principal_of,
    verify_access_token,
)
from netra.wire.auth_api import RevocationKind


def proven(claims: AccessClaims) -> SignedClaims:
    """Sign and verify claims."""
    return verify_access_token(issue_access_token(claims, SIGNING_KEY), KEYS, RULES, NOW)


USER, SERVICE = proven(user_claims()), proven(service_claims())


def test_an_empty_set_revokes_nothing() -> None:
    """Nothing is revoked until somebody says so."""
    assert not RevocationSet().is_revoked(USER)
    assert not RevocationSet().concerns(principal_of(USER))
    assert len(RevocationSet()) == 0


@pytest.mark.parametrize(
    ("kind", "identifier", "user_ends", "service_ends"),
    [
        (RevocationKind.TOKEN, "jti-1", True, False),
        (RevocationKind.TOKEN, "jti-2", False, True),
        (RevocationKind.SESSION, "ses_01k9anna", True, False),
        (RevocationKind.SUBJECT, "usr_01k9anna", True, False),
        (RevocationKind.SUBJECT, "service:netra-ops", False, True),
        (RevocationKind.SUBJECT, "netra-ops", False, False),
        (RevocationKind.SUBJECT, "jti-1", False, False),
        (RevocationKind.TOKEN, "usr_01k9anna", False, False),
        (RevocationKind.SESSION, "jti-1", False, False),
    ],
)
def test_an_entry_ends_what_its_kind_names(
    kind: RevocationKind, identifier: str, *, user_ends: bool, service_ends: bool
) -> None:
    """A token by jti, a session by sid, a subject by sub, and nothing else (checklist 48)."""
    revoked = RevocationSet()

    revoked.apply([(kind, identifier, NOW, NOW + 300)])

    assert revoked.is_revoked(USER) is user_ends
    assert revoked.is_revoked(SERVICE) is service_ends
    assert revoked.concerns(principal_of(USER)) is user_ends
    assert revoked.concerns(principal_of(SERVICE)) is service_ends


@pytest.mark.parametrize(("after", "is_concerned"), [(-1, True), (0, True), (5, True), (6, False)])
def test_a_subject_let_in_again_gets_good_tokens(after: float, *, is_concerned: bool) -> None:
    """What was issued later than another process's clock may be ahead is not concerned."""
    revoked = RevocationSet()
    revoked.apply([("subject", USER.subject, USER.issued_at - after, NOW + 300)])

    assert revoked.is_revoked(USER) is is_concerned
    assert revoked.concerns(principal_of(USER)) is is_concerned


def test_the_last_time_a_subject_was_revoked_counts() -> None:
    """The feed may repeat itself in any order without letting in what was revoked."""
    revoked = RevocationSet()
    revoked.apply([("subject", USER.subject, USER.issued_at, NOW + 300)])
    revoked.apply([("subject", USER.subject, USER.issued_at - 100, NOW + 200)])

    assert revoked.is_revoked(USER)


def test_of_a_principal_the_earliest_possible_issue_counts() -> None:
    """Its token may have lived as long as any may: what could have been issued before is ended."""
    brief = proven(user_claims(issued_at=NOW, expires_at=NOW + 30))
    revoked = RevocationSet()
    revoked.apply([("subject", brief.subject, NOW - 100, NOW + 300)])

    assert not revoked.is_revoked(brief)
    assert revoked.concerns(principal_of(brief))


def test_an_entry_is_kept_until_no_verifier_could_take_the_token() -> None:
    """An entry outlives its end by the largest leeway; then the set shrinks again."""
    revoked = RevocationSet()
    revoked.apply([("token", "jti-1", NOW, NOW + 300), ("session", "other", NOW, NOW + 100)])

    assert revoked.purge(NOW + 159.9) == 0
    assert revoked.purge(NOW + 160) == 1
    assert revoked.purge(NOW + 359.9) == 0
    assert revoked.is_revoked(USER)
    assert revoked.purge(NOW + 360) == 1
    assert not revoked.is_revoked(USER)
    assert len(revoked) == 0


def test_the_later_end_of_a_repeated_entry_counts() -> None:
    """The feed may repeat itself in any order without shortening a revocation."""
    revoked = RevocationSet()
    revoked.apply([("token", "jti-1", NOW, NOW + 300), ("token", "jti-1", NOW, NOW)])
    revoked.apply([("token", "jti-1", NOW, NOW + 100)])

    revoked.purge(NOW + 300)

    assert len(revoked) == 1
    assert revoked.is_revoked(USER)


def test_an_unknown_kind_is_an_error_and_nothing_of_its_page_is_applied() -> None:
    """Ignoring an entry would let pass what was revoked, so it is never ignored."""
    revoked = RevocationSet()

    with pytest.raises(ValueError, match="family"):
        revoked.apply([("token", "jti-1", NOW, NOW + 300), ("family", "fam_1", NOW, NOW + 300)])

    assert len(revoked) == 0


def test_the_set_is_bounded_by_what_was_revoked_within_a_tokens_life() -> None:
    """A steady stream of revocations does not grow the set without end."""
    revoked = RevocationSet()

    for second in range(10_000):
        revoked.apply([("token", f"jti-{second}", NOW, NOW + second + 300)])
        revoked.purge(NOW + second)

    assert len(revoked) <= 300 + 60 + 1
