"""Tests of `netra_ops.diagnosis.observing.audited`."""

from pathlib import Path
from typing import Any

import pytest

from fakes.scenes import at, nanoseconds, scene_in, seen, silent, unseen
from netra_ops.diagnosis.facts import AUDIT, Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.audited import observed
from netra_ops.diagnosis.signs.tally import Instance, Place


@pytest.fixture
def of(tmp_path: Path) -> Any:
    """Observe audit records."""

    def observe(*records: dict[str, Any], **said: Any) -> tuple[Observation, ...]:
        instances = said.pop("instances", {})
        scene = scene_in(tmp_path / "b", audit=list(records), **said)
        scene.tally.instances.update(instances)
        return tuple(observed(scene))

    return observe


def refused(minutes: float, reason: str, **more: Any) -> dict[str, Any]:
    """Record a refusal as our auth service does."""
    record = {"time": at(minutes), "event": "client_authentication", "outcome": "refused"}
    return {**record, "actor": "anonymous", "client_id": "orders", "reason": reason, **more}


def issued(minutes: float, **more: Any) -> dict[str, Any]:
    """Record a token issued to a service."""
    record = {"time": at(minutes), "event": "token_issued", "outcome": "success"}
    return {**record, "actor": "service:orders", "client_id": "orders", **more}


@pytest.mark.parametrize(
    ("reason", "fact", "other"),
    [
        ("wrong secret", Fact.AUDIT_WRONG_SECRET, Fact.AUDIT_UNKNOWN_CLIENT),
        ("client_secret_mismatch", Fact.AUDIT_WRONG_SECRET, Fact.AUDIT_UNKNOWN_CLIENT),
        ("unknown service", Fact.AUDIT_UNKNOWN_CLIENT, Fact.AUDIT_WRONG_SECRET),
        ("the service is disabled", Fact.AUDIT_UNKNOWN_CLIENT, Fact.AUDIT_WRONG_SECRET),
        ("client not found", Fact.AUDIT_UNKNOWN_CLIENT, Fact.AUDIT_WRONG_SECRET),
    ],
)
def test_the_record_tells_a_wrong_secret_from_an_unknown_client(
    of: Any, reason: str, fact: Fact, other: Fact
) -> None:
    """What callers are told alike the record tells apart, and the other is told as not so."""
    found = of(refused(1, reason), refused(2, reason))
    told = seen(found, fact)

    assert told is not None
    assert told.subjects == ("orders",)
    assert unseen(found, other) is not None
    assert seen(found, Fact.SERVICE_CALLS_FAIL) is not None
    assert unseen(found, Fact.OTHER_SERVICE_CALLS_SUCCEED) is not None


def test_another_services_wrong_secret_is_not_this_ones(of: Any) -> None:
    """A refusal of a service that is known by its own name says nothing of the failing one."""
    others = {Place(service="stock", revision="stock-00001-abc", instance="i"): Instance(first=1)}
    found = of(refused(1, "wrong secret", client_id="stock"), issued(2), instances=others)

    assert unseen(found, Fact.AUDIT_WRONG_SECRET) is not None
    assert seen(found, Fact.OTHER_SERVICE_CALLS_SUCCEED) is not None


def test_what_was_long_before_the_failures_does_not_count(of: Any) -> None:
    """A wrong secret of the day before is none of this incident."""
    assert seen(of(refused(-1400, "wrong secret"), issued(1)), Fact.AUDIT_WRONG_SECRET) is None


def test_users_ordinary_reasons_are_counted_by_subject(of: Any) -> None:
    """Expired and revoked tokens of users are ordinary, and nobody is named."""
    user = {"event": "access_refused", "client_id": None}
    found = seen(
        of(
            refused(1, "the token has expired", subject="usr_1", **user),
            refused(2, "the session has ended", subject="ann@example.org", **user),
        ),
        Fact.AUDIT_USER_REASONS,
    )

    assert found is not None
    assert "ann@" not in found.says
    assert "2 subjects" in found.says


def test_a_reused_refresh_token_is_told(of: Any) -> None:
    """A refresh token that came twice is told by the record."""
    record = refused(1, "a spent token was presented; its family was ended", subject="usr_1",
                     event="refresh_token_reused", client_id="web")  # fmt: skip

    assert seen(of(record), Fact.REFRESH_REUSED) is not None


def test_a_key_that_changed_before_the_failures_is_told(of: Any) -> None:
    """A rotation within the day before is told, and the first key of all is none."""
    rotation = {"time": at(-3), "event": "signing_key_activated", "outcome": "success"}
    found = seen(of(rotation, issued(1)), Fact.AUDIT_KEY_ROTATED)

    assert found is not None
    assert found.time == nanoseconds(-3)


@pytest.mark.parametrize(("event", "is_told"), [("compromised", True), ("gone", False)])
def test_a_key_that_was_withdrawn_is_told(of: Any, event: str, *, is_told: bool) -> None:
    """A compromised key took what it signed along; one that is gone after its time did not."""
    record = {"time": at(-3), "event": f"signing_key_{event}", "outcome": "success"}

    assert (seen(of(record, issued(1)), Fact.AUDIT_KEY_WITHDRAWN) is not None) is is_told


@pytest.mark.parametrize(
    "record",
    [
        {"time": at(-200), "event": "signing_key_created", "outcome": "success",
         "reason": "the first key"},
        {"time": at(4), "event": "signing_key_activated", "outcome": "success"},
    ],
)  # fmt: skip
def test_the_first_key_and_a_later_change_are_no_rotation_before(of: Any, record: Any) -> None:
    """What made the first key, or came after the failures, explains none of them."""
    found = of(issued(-120), record, issued(1))

    assert unseen(found, Fact.AUDIT_KEY_ROTATED) is not None


def test_a_record_that_begins_with_the_failures_knows_of_no_rotation(of: Any) -> None:
    """Where the record does not reach back, nothing is said of what was before."""
    assert silent(of(issued(1)), Fact.AUDIT_KEY_ROTATED)


@pytest.mark.parametrize(
    ("bad", "good", "fact"),
    [
        ((-60, -50, -40), (-5, -4, -3), Fact.OLD_TOKENS_REFUSED),
        ((-5, -4, -3), (-60, -50, -40), Fact.NEW_TOKENS_REFUSED),
    ],
)
def test_a_moment_that_parts_refused_tokens_from_good_ones_is_told(
    of: Any, bad: Any, good: Any, fact: Fact
) -> None:
    """By when they were issued, all refused tokens are on one side of a moment."""
    records = [
        {"time": at(5 + n), "event": "introspection", "outcome": outcome, "iat": at(minutes)}
        for outcome, times in (("refused", bad), ("success", good))
        for n, minutes in enumerate(times)
    ]
    found = of(*records)
    other = {Fact.OLD_TOKENS_REFUSED, Fact.NEW_TOKENS_REFUSED} - {fact}

    assert seen(found, fact) is not None
    assert unseen(found, other.pop()) is not None


def test_tokens_that_fail_and_pass_mixed_are_parted_by_no_moment(of: Any) -> None:
    """Refused and good tokens issued in turns are neither old nor new."""
    records = [
        {"time": at(5), "event": "introspection", "outcome": outcome, "iat": at(minutes)}
        for minutes, outcome in enumerate(["refused", "success"] * 4)
    ]
    found = of(*records)

    assert unseen(found, Fact.OLD_TOKENS_REFUSED) is not None
    assert unseen(found, Fact.NEW_TOKENS_REFUSED) is not None


@pytest.mark.parametrize(("started", "is_seen"), [(-600, True), (-5, False)])
def test_a_secret_changed_under_instances_that_ran_on_is_told(
    of: Any, started: int, *, is_seen: bool
) -> None:
    """Instances from before the change that are refused after it read the old secret."""
    place = Place(service="orders", revision="orders-00001-abc", instance="i1")
    rotation = {"time": at(-10), "event": "service_secret_rotated", "outcome": "success",
                "subject": "service:orders"}  # fmt: skip
    found = of(
        rotation,
        refused(1, "wrong secret"),
        instances={place: Instance(first=nanoseconds(started), number=4)},
    )

    assert (seen(found, Fact.SECRET_NEWER_THAN_INSTANCES) is not None) is is_seen
    assert (unseen(found, Fact.SECRET_NEWER_THAN_INSTANCES) is not None) is not is_seen


def test_who_could_not_end_a_token_was_not_refused_one(of: Any) -> None:
    """That there is no such token to revoke is no refusal of a token, and no user's."""
    nothing = "no such token, or not this client's to revoke"
    record = {"time": at(1), "event": "token_revoked", "outcome": "refused", "reason": nothing}
    found = of({**record, "client_id": "netra-cli"}, issued(2))

    assert seen(found, Fact.TOKEN_REVOKED) is None
    assert seen(found, Fact.AUDIT_USER_REASONS) is None


def test_every_observation_is_of_a_fact_that_the_record_shows(of: Any) -> None:
    """No observer of the record says what only other files could show."""
    found = of(refused(1, "wrong secret"), issued(2))

    assert found
    assert all(one.fact.shown_by & AUDIT for one in found)


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        ({"why": "token withdrawn by tenant administrator"}, Fact.TOKEN_REVOKED),
        ({"reason": "session was terminated by its owner"}, Fact.TOKEN_REVOKED),
        ({"reason": "signed out everywhere"}, Fact.TOKEN_REVOKED),
        ({"error": "invalid_token", "details": {"reason": "refresh token reuse exceeded"}},
         Fact.REFRESH_REUSED),
        ({"reason": "refresh token already redeemed"}, Fact.REFRESH_REUSED),
        ({"error": {"reason": "The refresh token was already used, the chain was invalidated"}},
         Fact.TOKEN_REVOKED),
    ],
)  # fmt: skip
def test_a_token_that_was_ended_or_spent_is_told_in_many_words(
    of: Any, said: dict[str, Any], fact: Fact
) -> None:
    """Whoever ended it, and wherever in the record the reason stands."""
    record = {"time": at(1), "event": "token_refused", "outcome": "denied", "user_id": "u-7"}
    found = of({**record, **said})

    assert seen(found, fact) is not None
    assert seen(found, Fact.AUDIT_USER_REASONS) is not None


def test_terse_records_are_read(of: Any) -> None:
    """A record without a word for its event is one of its grant; members may be one letter."""
    record = {"grant": "refresh_token", "who": "u-7"}
    found = of(
        {"t": at(1), "verdict": "yes", **record},
        {"t": at(2), "verdict": "no", "because": "signed out", **record},
    )

    assert seen(found, Fact.TOKEN_REVOKED) is not None
