"""Tests of `netra_ops.diagnosis.observing.between`: what services must have alike."""

import base64
from pathlib import Path
from typing import Any

import pytest

from fakes.scenes import (
    BAD,
    GOOD,
    ISSUER,
    decoded_prints,
    hidden,
    prints,
    revision,
    scene_in,
    seen,
    silent,
    unseen,
)
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.deployed import observed

KEY = "kZ8pQ2vX9mL4nR7tW1yB5cD3"
IN_BASE64 = base64.b64encode(KEY.encode()).decode()
FORMS = (
    Fact.KEYS_AGREE,
    Fact.KEYS_AGREE_STRIPPED,
    Fact.KEYS_AGREE_UNQUOTED,
    Fact.KEYS_AGREE_DECODED,
    Fact.KEYS_DIFFER,
)


@pytest.fixture
def of_prints(tmp_path: Path) -> Any:
    """Observe services' fingerprints."""

    def observe(
        services: dict[str, dict[str, dict[str, str]]], **said: Any
    ) -> tuple[Observation, ...]:
        said = {"first_bad": None, "last_good": None} | said
        return tuple(observed(scene_in(tmp_path / "b", fingerprints=services, **said)))

    return observe


@pytest.mark.parametrize(
    ("issuer", "verifier", "fact", "blemished"),
    [
        (prints(KEY), prints(KEY), Fact.KEYS_AGREE, None),
        (prints(KEY), prints(f"{KEY}\n"), Fact.KEYS_AGREE_STRIPPED, "AUTH_KEY"),
        (prints(f" {KEY}"), prints(KEY), Fact.KEYS_AGREE_STRIPPED, "JWT_SECRET"),
        (prints(KEY), prints(f'"{KEY}"'), Fact.KEYS_AGREE_UNQUOTED, "AUTH_KEY"),
        (prints(KEY), decoded_prints(IN_BASE64, KEY), Fact.KEYS_AGREE_DECODED, "AUTH_KEY"),
        (
            prints(KEY),
            decoded_prints(f"{IN_BASE64}\n", KEY),
            Fact.KEYS_AGREE_DECODED,
            "AUTH_KEY",
        ),
        (prints(KEY), prints("another value of the kind"), Fact.KEYS_DIFFER, None),
    ],
)
def test_the_form_in_which_two_keys_agree_is_the_least(
    of_prints: Any, issuer: Any, verifier: Any, fact: Fact, blemished: str | None
) -> None:
    """Exactly one form is told of two foreign names, with the side that is not in order."""
    found = of_prints({"login": {"JWT_SECRET": issuer}, "orders": {"AUTH_KEY": verifier}})
    told = seen(found, fact)

    assert told is not None
    assert blemished is None or told.subjects == (blemished,)
    assert all(unseen(found, other) is not None for other in FORMS if other is not fact)


def test_a_key_of_its_own_sessions_is_nobody_elses(of_prints: Any) -> None:
    """Two services' different session secrets say nothing where their token keys agree."""
    found = of_prints(
        {
            "login": {"JWT_SECRET": prints(KEY), "SESSION_SECRET": prints("one of its own")},
            "orders": {"JWT_SECRET": prints(KEY), "SESSION_SECRET": prints("another one")},
        }
    )

    assert unseen(found, Fact.KEYS_DIFFER) is not None


def test_halves_of_a_pair_of_keys_are_not_compared(of_prints: Any) -> None:
    """A private and a public key are never equal, and nothing is said of them."""
    found = of_prints(
        {
            "login": {"JWT_PRIVATE_KEY": prints("one half")},
            "orders": {"JWT_PUBLIC_KEY": prints("the other half")},
        }
    )

    assert all(silent(found, fact) for fact in FORMS)


def test_a_fingerprint_alone_does_not_make_two_keys_differ(of_prints: Any) -> None:
    """Where only values as they are can be compared, unequal ones may still be nearly equal."""
    found = of_prints({"login": {"JWT_SECRET": "sha256:aa"}, "orders": {"JWT_SECRET": "sha256:bb"}})

    assert silent(found, Fact.KEYS_DIFFER)


def test_only_the_failing_verifier_is_compared(of_prints: Any) -> None:
    """Another verifier's wrong key is no evidence for this one's failures."""
    found = of_prints(
        {
            "login": {"JWT_SECRET": prints(KEY)},
            "orders": {"JWT_SECRET": prints(KEY)},
            "stock": {"JWT_SECRET": prints("something else")},
        }
    )

    assert unseen(found, Fact.KEYS_DIFFER) is not None


def test_a_difference_from_good_times_is_no_evidence(tmp_path: Path) -> None:
    """Keys whose pinned versions are those of the time when all was well are no pair."""
    env = {"JWT_SECRET": ("orders-key", "2")}
    scene = scene_in(
        tmp_path / "b",
        revisions=[
            revision(GOOD, -600, env),
            revision(BAD, -5, env),
            revision(ISSUER, -900, {"JWT_SECRET": ("login-key", "1")}),
        ],
        fingerprints={
            "login": {"JWT_SECRET": prints(KEY)},
            "orders": {"JWT_SECRET": prints("something else")},
        },
    )

    assert silent(observed(scene), Fact.KEYS_DIFFER)


def test_versions_of_one_secret_stand_for_values_where_there_are_no_fingerprints(
    tmp_path: Path,
) -> None:
    """Two pinned versions of one secret differ; the same version is the same key."""
    for number, version, fact in ((1, "4", Fact.KEYS_DIFFER), (2, "3", Fact.KEYS_AGREE)):
        scene = scene_in(
            tmp_path / str(number),
            revisions=[
                revision(BAD, -5, {"AUTH_KEY": ("jwt-key", version)}),
                revision(ISSUER, -900, {"JWT_SECRET": ("jwt-key", "3")}),
            ],
            last_good=None,
        )
        assert seen(observed(scene), fact) is not None


def test_a_service_secret_is_compared_with_its_own_registration(of_prints: Any) -> None:
    """Of several registered secrets the one that names the service is meant."""
    registry = {
        "ORDERS_CLIENT_SECRET": prints("registered for orders"),
        "STOCK_CLIENT_SECRET": prints("registered for stock"),
    }
    wrong = of_prints({"login": registry, "orders": {"CLIENT_SECRET": prints("another")}})
    told = seen(wrong, Fact.SERVICE_SECRETS_DIFFER)

    assert told is not None
    assert told.subjects == ("CLIENT_SECRET", "ORDERS_CLIENT_SECRET")


def test_a_service_secret_with_a_line_break_is_the_registered_one_without(of_prints: Any) -> None:
    """A line break at a service secret's end is told as one, and not as another secret."""
    found = of_prints(
        {
            "login": {"ORDERS_CLIENT_SECRET": prints(KEY)},
            "orders": {"CLIENT_SECRET": prints(f"{KEY}\n")},
        }
    )

    assert seen(found, Fact.KEYS_AGREE_STRIPPED) is not None
    assert unseen(found, Fact.SERVICE_SECRETS_DIFFER) is not None


def test_issuers_differ_by_one_slash(tmp_path: Path) -> None:
    """Issuers are compared letter by letter, and shown."""
    scene = scene_in(
        tmp_path / "b",
        revisions=[
            revision(BAD, -5, {"TOKEN_ISSUER": "https://login.example.org"}),
            revision(ISSUER, -900, {"ISSUER": "https://login.example.org/"}),
        ],
        last_good=None,
    )
    found = seen(observed(scene), Fact.ISSUERS_DIFFER)

    assert found is not None
    assert "https://login.example.org/" in found.says


def test_two_callees_may_have_an_audience_each(tmp_path: Path) -> None:
    """Different audiences of two services that verify are nothing to wonder at."""
    scene = scene_in(
        tmp_path / "b",
        revisions=[
            revision(BAD, -5, {"JWT_AUDIENCE": "orders"}),
            revision("stock-00003-abc", -900, {"JWT_AUDIENCE": "stock"}),
        ],
        last_good=None,
    )

    assert silent(observed(scene), Fact.AUDIENCES_DIFFER)


def test_an_issuer_that_names_other_audiences_differs(tmp_path: Path) -> None:
    """A verifier whose audience is in the issuer's list agrees with it, another differs."""
    for number, audience, differs in ((1, "orders", False), (2, "order-api", True)):
        scene = scene_in(
            tmp_path / str(number),
            revisions=[
                revision(BAD, -5, {"JWT_AUDIENCE": audience}),
                revision(ISSUER, -900, {"TOKEN_AUDIENCE": "stock,orders"}),
            ],
            last_good=None,
        )
        found = list(observed(scene))
        assert (seen(found, Fact.AUDIENCES_DIFFER) is not None) is differs
        assert (unseen(found, Fact.AUDIENCES_DIFFER) is None) is differs


def test_a_key_called_like_its_service_is_compared_with_the_issuers(of_prints: Any) -> None:
    """A service's key that has only its own name is the one it verifies with."""
    found = of_prints(
        {"login": {"SIGNING_KEY": prints(KEY)}, "orders": {"ORDERS_KEY": prints("something else")}}
    )

    assert seen(found, Fact.KEYS_DIFFER) is not None


def test_keys_of_others_than_the_failing_service_say_nothing(of_prints: Any) -> None:
    """Where the failing service has no key, the agreement of others is not told."""
    found = of_prints({"login": {"SIGNING_KEY": prints(KEY)}, "stock": {"JWT_SECRET": prints(KEY)}})

    assert all(silent(found, fact) for fact in FORMS)


def test_a_value_that_is_what_it_was_without_its_line_break_is_told(tmp_path: Path) -> None:
    """A credential that has no peer is compared with what it was on the good revision."""
    scene = scene_in(
        tmp_path / "b",
        revisions=[
            revision(GOOD, -600, {"STOCK_TOKEN": hidden(KEY)}),
            revision(BAD, -5, {"STOCK_TOKEN": hidden(f"{KEY}\n")}),
        ],
        fingerprints={"orders": {"STOCK_TOKEN": prints(f"{KEY}\n")}},
    )
    found = list(observed(scene))
    told = seen(found, Fact.KEYS_AGREE_STRIPPED)

    assert told is not None
    assert told.subjects == ("STOCK_TOKEN",)
    assert seen(found, Fact.VALUE_CARRIES_BLANKS) is not None


def test_one_key_under_a_name_of_no_purpose_is_no_placeholder(of_prints: Any) -> None:
    """A key that two services share is no default, whatever one of them calls it."""
    found = of_prints(
        {"login": {"SIGNING_KEY": prints(KEY)}, "orders": {"PASSPORT_KEY": prints(KEY)}}
    )

    assert seen(found, Fact.VALUE_IS_PLACEHOLDER) is None


def test_a_secret_called_like_its_service_is_no_key_of_tokens(of_prints: Any) -> None:
    """A service's own secret is compared with its registration, and with no signing key."""
    found = of_prints(
        {"login": {"SIGNING_KEY": prints(KEY)}, "orders": {"ORDERS_SECRET": prints("its own")}}
    )

    assert all(silent(found, fact) for fact in FORMS)
