"""Tests of `netra_ops.diagnosis.observing.deployed`: losses, renamings, changes, values."""

from pathlib import Path
from typing import Any

import pytest

from fakes.scenes import (
    BAD,
    GOOD,
    ISSUER,
    answered,
    hidden,
    nanoseconds,
    prints,
    revision,
    says,
    scene_in,
    seen,
    silent,
    unseen,
)
from netra_ops.diagnosis.facts import CONFIGURED, Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.deployed import observed
from netra_ops.diagnosis.signs.sign import Sign

KEY = ("jwt-key", "3")
PLAIN = {"JWT_SECRET": KEY, "TOKEN_ISSUER": "https://login.example.org", "LOG_LEVEL": "INFO"}


@pytest.fixture
def after(tmp_path: Path) -> Any:
    """Observe a deployment that made one configuration of another."""

    def observe(
        before: dict[str, Any], now: dict[str, Any], **said: Any
    ) -> tuple[Observation, ...]:
        image = said.pop("image", f"image of {BAD}")
        revisions = [revision(GOOD, -600, before), revision(BAD, -5, now, image=image)]
        documents = {"revisions": revisions + said.pop("more", []), **said}
        return tuple(observed(scene_in(tmp_path / "bundle", **documents)))

    return observe


def without(*names: str) -> dict[str, Any]:
    """Give the configuration without some variables."""
    return {name: value for name, value in PLAIN.items() if name not in names}


def test_a_plain_variable_that_a_deployment_dropped_is_lost(after: Any) -> None:
    """A plain variable of identity that only the good revision has is named with both places."""
    found = seen(after(PLAIN, without("TOKEN_ISSUER")), Fact.VARIABLE_LOST)

    assert found is not None
    assert found.subjects == ("TOKEN_ISSUER",)
    assert found.evidence[0].startswith("revisions.json#/0/spec/containers/0/env/1")
    assert found.time == nanoseconds(-5)


def test_a_lost_secret_reference_is_no_lost_plain_variable(after: Any) -> None:
    """A lost reference is told as one, and that no plain variable was lost is told too."""
    found = after(PLAIN, without("JWT_SECRET"))

    assert seen(found, Fact.SECRET_REFERENCE_LOST) is not None
    assert unseen(found, Fact.VARIABLE_LOST) is not None


def test_a_lost_path_to_a_mounted_secret_is_a_lost_reference(after: Any) -> None:
    """Whatever names a secret's file refers to the secret; a path to something else does not."""
    paths = {"SERVICE_SECRET_FILE": "/secrets/own", "TOKEN_ISSUER_FILE": "/etc/issuer"}

    found = after(PLAIN | paths, PLAIN)

    lost = seen(found, Fact.SECRET_REFERENCE_LOST)
    assert lost is not None
    assert lost.subjects == ("SERVICE_SECRET_FILE",)
    plain = seen(found, Fact.VARIABLE_LOST)
    assert plain is None or "SERVICE_SECRET_FILE" not in plain.subjects


def test_losing_what_has_nothing_to_do_with_identity_is_no_loss(after: Any) -> None:
    """A lost log level is only mentioned as a difference."""
    found = after(PLAIN, without("LOG_LEVEL"))
    lost = unseen(found, Fact.VARIABLE_LOST)
    unchanged = unseen(found, Fact.CONFIGURATION_UNCHANGED)

    assert lost is not None
    assert "LOG_LEVEL" in lost.says
    assert unchanged is not None
    assert "LOG_LEVEL is gone" in unchanged.says


def test_what_the_log_says_is_missing_counts_whatever_it_is(after: Any) -> None:
    """A variable of unknown use is lost once a program says that it is not set."""
    before = {**PLAIN, "PRICE_TABLE": "spring"}
    line = says(Sign.NOT_CONFIGURED, "PRICE_TABLE")
    found = seen(after(before, PLAIN, says=[line]), Fact.VARIABLE_LOST)

    assert found is not None
    assert "logs.ndjson:17" in found.evidence


def test_one_secret_under_a_new_name_is_renamed_and_not_lost(after: Any) -> None:
    """The same reference under another name is a renaming, and nothing is lost."""
    found = after(PLAIN, {**without("JWT_SECRET"), "SESSION_SIGNING_KEY": KEY})
    renamed = seen(found, Fact.VARIABLE_RENAMED)

    assert renamed is not None
    assert renamed.subjects == ("JWT_SECRET", "SESSION_SIGNING_KEY")
    assert unseen(found, Fact.SECRET_REFERENCE_LOST) is not None


def test_code_that_reads_a_name_that_was_never_there_is_a_renaming(after: Any) -> None:
    """A program misses JWT_SECRET_KEY, which never was, and has JWT_SECRET: half a renaming."""
    line = says(Sign.NOT_CONFIGURED, "JWT_SECRET_KEY")
    found = after(PLAIN, PLAIN, says=[line])

    assert seen(found, Fact.VARIABLE_RENAMED) is not None
    assert unseen(found, Fact.SECRET_REFERENCE_LOST) is not None


def test_a_name_that_only_says_less_of_a_key_is_near(after: Any) -> None:
    """A program misses ROOMS_KEY, and ROOMS_HMAC is there: the same key, half renamed."""
    line = says(Sign.NOT_CONFIGURED, "ROOMS_KEY")
    held = {**without("JWT_SECRET"), "ROOMS_HMAC": KEY}

    assert seen(after(held, held, says=[line]), Fact.VARIABLE_RENAMED) is not None


def test_fingerprints_show_what_a_commit_renamed(tmp_path: Path) -> None:
    """Without revisions the prints tell the old name, the commit both, and the log what lacks."""
    documents = {
        "fingerprints": {"orders": {"JWT_SECRET": prints("k" * 40)}},
        "commits": [{"sha": "c1", "subject": "Rename JWT_SECRET to TOKEN_KEY", "files": []}],
        "says": [says(Sign.NOT_CONFIGURED, "TOKEN_KEY")],
    }
    found = seen(tuple(observed(scene_in(tmp_path / "b", **documents))), Fact.VARIABLE_RENAMED)

    assert found is not None
    assert found.subjects == ("TOKEN_KEY", "JWT_SECRET")


def test_a_variable_that_merely_resembles_a_missing_one_is_no_renaming(after: Any) -> None:
    """The key for refresh tokens is another than that for access tokens."""
    line = says(Sign.NOT_CONFIGURED, "JWT_REFRESH_SECRET")

    assert seen(after(PLAIN, PLAIN, says=[line]), Fact.VARIABLE_RENAMED) is None


def test_a_commit_that_renames_what_the_configuration_does_not_is_a_renaming(after: Any) -> None:
    """Code that reads a new name where the revision has the old one shows in the commit."""
    commit = {
        "sha": "c1",
        "time": "2026-03-04T11:00:00Z",
        "subject": "Rename JWT_SECRET to TOKEN_KEY",
        "files": ["app/settings.py"],
    }
    found = seen(after(PLAIN, PLAIN, commits=[commit]), Fact.VARIABLE_RENAMED)

    assert found is not None
    assert found.subjects == ("TOKEN_KEY", "JWT_SECRET")
    assert found.evidence[0] == "commits.json#/0"


def test_a_name_that_became_plain_is_switched(after: Any) -> None:
    """A secret that is a plain value now is a switch of kind, and no loss."""
    found = after(PLAIN, {**PLAIN, "JWT_SECRET": hidden("x" * 20)})

    assert seen(found, Fact.KIND_SWITCHED) is not None
    assert unseen(found, Fact.SECRET_REFERENCE_LOST) is not None


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        ({"JWT_SECRET": ("jwt-key", "4")}, Fact.KEY_CHANGED),
        ({"TOKEN_ISSUER": "https://login.example.org/"}, Fact.ISSUER_CHANGED),
    ],
)
def test_a_changed_value_is_told_for_its_role(after: Any, change: Any, fact: Fact) -> None:
    """A key's version and an issuer's value are compared, each for its own fact."""
    found = after(PLAIN, PLAIN | change)
    others = {Fact.KEY_CHANGED, Fact.ISSUER_CHANGED} - {fact}

    assert seen(found, fact) is not None
    assert all(unseen(found, other) is not None for other in others)


def test_a_secret_by_latest_is_not_called_unchanged(after: Any) -> None:
    """What `latest` gives changes without the configuration: of the key nothing is said."""
    loose = {**PLAIN, "JWT_SECRET": ("jwt-key", "latest")}
    found = after(loose, loose)

    assert silent(found, Fact.KEY_CHANGED)
    assert seen(found, Fact.LATEST_REFERENCED) is not None
    assert seen(found, Fact.CONFIGURATION_UNCHANGED) is not None


def test_equal_configurations_are_unchanged_and_lost_nothing(after: Any) -> None:
    """Two equal configurations are told as equal, with the absence of every loss."""
    found = after(PLAIN, PLAIN, image=f"image of {GOOD}")

    assert seen(found, Fact.CONFIGURATION_UNCHANGED) is not None
    for fact in (
        Fact.VARIABLE_LOST,
        Fact.SECRET_REFERENCE_LOST,
        Fact.VARIABLE_RENAMED,
        Fact.KIND_SWITCHED,
        Fact.KEY_CHANGED,
        Fact.LATEST_REFERENCED,
        Fact.INGRESS_OR_ACCOUNT_CHANGED,
    ):
        assert unseen(found, fact) is not None, fact


def test_values_that_cannot_be_compared_make_no_unchanged_configuration(after: Any) -> None:
    """A value that is shown once and hidden once is neither equal nor different."""
    found = after(PLAIN, {**PLAIN, "TOKEN_ISSUER": hidden("https://login.example.org")})

    assert silent(found, Fact.CONFIGURATION_UNCHANGED)
    assert silent(found, Fact.ISSUER_CHANGED)


def test_without_the_good_revision_nothing_is_said_of_losses(tmp_path: Path) -> None:
    """Of one revision alone no difference can be known."""
    scene = scene_in(tmp_path / "b", revisions=[revision(BAD, -5, PLAIN)])
    found = list(observed(scene))

    assert silent(found, Fact.VARIABLE_LOST)
    assert silent(found, Fact.CONFIGURATION_UNCHANGED)


def test_a_revision_that_had_served_well_lost_nothing_that_matters(tmp_path: Path) -> None:
    """What an old deployment changed is no evidence if it served well before the onset."""
    scene = scene_in(
        tmp_path / "b",
        revisions=[revision(GOOD, -900, PLAIN), revision(BAD, -600, without("JWT_SECRET"))],
        last_good=None,
        since_deploy=None,
        requests=[answered(200, -30 + one) for one in range(6)],
    )

    assert silent(observed(scene), Fact.SECRET_REFERENCE_LOST)


def test_a_change_of_the_issuer_at_the_onset_is_told_of_the_issuer(tmp_path: Path) -> None:
    """The peer that began to sign with another key minutes before the failures is named."""
    scene = scene_in(
        tmp_path / "b",
        revisions=[
            revision(BAD, -600, PLAIN),
            revision("login-00006-xyz", -900, {"JWT_SECRET": ("jwt-key", "3")}),
            revision(ISSUER, -3, {"JWT_SECRET": ("jwt-key", "4")}),
        ],
        last_good=None,
        since_deploy=None,
        requests=[answered(200, -30 + one) for one in range(6)],
    )
    found = seen(observed(scene), Fact.KEY_CHANGED)

    assert found is not None
    assert found.service == "login"


@pytest.mark.parametrize(
    ("value", "fact"),
    [
        ("", Fact.VALUE_EMPTY),
        ("${JWT_SECRET}", Fact.VALUE_IS_REFERENCE_TEXT),
        ("projects/1/secrets/jwt-key", Fact.VALUE_IS_REFERENCE_TEXT),
        ("jwt-key", Fact.VALUE_IS_REFERENCE_TEXT),
        ("jwt-signing-staging", Fact.VALUE_IS_REFERENCE_TEXT),
        ("changeme", Fact.VALUE_IS_PLACEHOLDER),
        ("dev-secret-do-not-use", Fact.VALUE_IS_PLACEHOLDER),
        ("'kZ8pQ2vX9mL4nR7tW1yB'", Fact.VALUE_CARRIES_QUOTES),
        ("kZ8pQ2vX9mL4nR7tW1yB\n", Fact.VALUE_CARRIES_BLANKS),
    ],
)
def test_what_a_shown_value_is_instead_of_a_key_is_told(after: Any, value: str, fact: Fact) -> None:
    """A value that is empty, a reference, a default or blemished is told, and never shown."""
    found = seen(after(PLAIN, {**PLAIN, "JWT_SECRET": value}), fact)

    assert found is not None
    assert found.subjects == ("JWT_SECRET",)
    assert not value or value not in found.says


@pytest.mark.parametrize("value", ["kZ8pQ2vX9mL4nR7tW1yB5cD3", hidden("something")])
def test_a_random_value_is_none_of_it(after: Any, value: str) -> None:
    """A random value is no placeholder and no reference."""
    found = after(PLAIN, {**PLAIN, "JWT_SECRET": value})

    for fact in (Fact.VALUE_EMPTY, Fact.VALUE_IS_REFERENCE_TEXT, Fact.VALUE_IS_PLACEHOLDER):
        assert seen(found, fact) is None, fact


def test_a_default_that_served_well_is_no_evidence(after: Any) -> None:
    """A placeholder that the good revision had too is not told."""
    weak = {**PLAIN, "JWT_SECRET": "changeme"}

    assert seen(after(weak, weak), Fact.VALUE_IS_PLACEHOLDER) is None


def test_fingerprints_of_known_defaults_tell_a_placeholder(after: Any) -> None:
    """A bundle that has fingerprints of known defaults tells whose key is one."""
    known = {
        "known defaults": {"changeme": prints("changeme")},
        "orders": {"JWT_SECRET": prints("changeme")},
    }
    found = seen(
        after(PLAIN, {**PLAIN, "JWT_SECRET": ("jwt-key", "4")}, fingerprints=known),
        Fact.VALUE_IS_PLACEHOLDER,
    )

    assert found is not None


def test_an_address_of_another_environment_is_foreign(after: Any) -> None:
    """A staging service that asks production's auth service is told, by words of hosts."""
    own = {"ENVIRONMENT": "staging", "AUTH_URL": "https://auth.staging.example.org"}
    right = after(own, own)
    assert unseen(right, Fact.FOREIGN_ENVIRONMENT_CALLED) is not None


@pytest.mark.parametrize("host", ["auth.prod.example.org", "auth.example.org"])
def test_a_staging_service_that_calls_production_is_told(after: Any, host: str) -> None:
    """Also where production's host has no word for it, and took the place of staging's."""
    own = {"ENVIRONMENT": "staging", "AUTH_URL": "https://auth.staging.example.org"}
    found = after(own, {**own, "AUTH_URL": f"https://{host}"})

    foreign = seen(found, Fact.FOREIGN_ENVIRONMENT_CALLED)
    assert foreign is not None
    assert foreign.subjects == (host,)
    assert seen(found, Fact.URL_CHANGED) is not None


@pytest.mark.parametrize(
    "url",
    [
        "http://identity.svc.cluster.local",
        "https://auth.sandbox.example.org",
        "https://live.example.org/login",
        "https://auth.example.test",
    ],
)
def test_a_host_that_is_of_no_other_environment_is_not_foreign(after: Any, url: str) -> None:
    """Names of networks, and words that are used for staging too, accuse nobody."""
    own = {"ENVIRONMENT": "staging", "AUTH_URL": "https://a.example.org"}

    assert seen(after(own, {**own, "AUTH_URL": url}), Fact.FOREIGN_ENVIRONMENT_CALLED) is None


def test_a_host_that_only_another_environments_word_was_added_to_is_foreign(after: Any) -> None:
    """Where `login` served well, `login-sandbox` in its place is of another environment."""
    own = {"ENVIRONMENT": "staging", "AUTH_URL": "https://login-4f2-ew.a.run.app"}
    found = after(own, {**own, "AUTH_URL": "https://login-sandbox-4f2-ew.a.run.app"})

    assert seen(found, Fact.FOREIGN_ENVIRONMENT_CALLED) is not None


def test_an_address_is_known_by_its_value(after: Any) -> None:
    """A variable whose name says nothing is an auth service's address by its host."""
    own = {"TOKEN_SERVICE": "https://passport.example.org"}
    found = after(own, {"TOKEN_SERVICE": "https://passport-two.example.org"})

    assert seen(found, Fact.URL_CHANGED) is not None


@pytest.mark.parametrize("name", ["OIDC_KEYS_URL", "JWT_KEYS", "SIGNING_KEY_ENDPOINT"])
def test_where_keys_are_fetched_is_an_address_and_no_key(after: Any, name: str) -> None:
    """A set of keys that is read from another environment is a foreign address."""
    own = {"ENVIRONMENT": "production", name: "https://login.example.org/jwks.json"}
    found = after(own, {**own, name: "https://login.staging.example.org/jwks.json"})

    assert seen(found, Fact.FOREIGN_ENVIRONMENT_CALLED) is not None
    assert silent(found, Fact.KEY_CHANGED)


def test_what_a_revision_had_while_it_served_well_is_no_evidence(tmp_path: Path) -> None:
    """A foreign address and a default key that worked before the onset explain nothing."""
    env = {"ENV": "staging", "AUTH_URL": "https://auth.prod.example.org", "JWT_SECRET": "changeme"}
    scene = scene_in(
        tmp_path / "b",
        revisions=[revision(BAD, -600, env)],
        last_good=None,
        since_deploy=None,
        requests=[answered(200, -30 + one) for one in range(6)],
    )
    found = list(observed(scene))

    assert silent(found, Fact.FOREIGN_ENVIRONMENT_CALLED)
    assert silent(found, Fact.VALUE_IS_PLACEHOLDER)


def test_a_reference_is_known_by_what_it_names(after: Any) -> None:
    """A variable whose name says little holds the reference to a key instead of the key."""
    found = after({"NOTES": hidden("x" * 20)}, {"NOTES": "$(NOTES_SIGNING_KEY)"})

    assert seen(found, Fact.VALUE_IS_REFERENCE_TEXT) is not None


def test_a_reference_is_no_placeholder(after: Any) -> None:
    """What was not replaced by its value is told as that alone."""
    found = after(PLAIN, {**PLAIN, "JWT_SECRET": "${JWT_SECRET}"})

    assert seen(found, Fact.VALUE_IS_PLACEHOLDER) is None


def test_custom_audiences_that_a_deployment_dropped_are_lost(tmp_path: Path) -> None:
    """Audiences in the annotations of one revision that the next lacks are lost."""
    notes = {
        "run.googleapis.com/custom-audiences": '["https://a.example"]',
        "run.googleapis.com/client-name": "gcloud",
    }
    later = {"run.googleapis.com/client-name": "gcloud"}
    scene = scene_in(
        tmp_path / "b",
        revisions=[
            revision(GOOD, -600, PLAIN, annotations=notes),
            revision(BAD, -5, PLAIN, annotations=later),
        ],
    )
    found = seen(observed(scene), Fact.CUSTOM_AUDIENCES_LOST)

    assert found is not None
    assert found.subjects == ("https://a.example",)


@pytest.mark.parametrize(
    ("message", "fact", "other"),
    [
        (
            "Permission denied on secret: projects/1/secrets/jwt-key for runner@p.example.org.",
            Fact.SECRET_PERMISSION_SAID,
            Fact.SECRET_VERSION_SAID,
        ),
        (
            "Secret Version [projects/1/secrets/jwt-key/versions/3] is in DESTROYED state.",
            Fact.SECRET_VERSION_SAID,
            Fact.SECRET_PERMISSION_SAID,
        ),
        (
            "Secret projects/1/secrets/jwt-key/versions/9 was not found",
            Fact.SECRET_VERSION_SAID,
            Fact.SECRET_PERMISSION_SAID,
        ),
    ],
)
def test_why_a_revision_did_not_become_ready_is_read(
    tmp_path: Path, message: str, fact: Fact, other: Fact
) -> None:
    """The platform's own sentence is one of a right or one of a version, and names no account."""
    ready = {"type": "Ready", "status": "False", "reason": "SecretsAccess", "message": message}
    scene = scene_in(
        tmp_path / "b",
        revisions=[revision(GOOD, -600, PLAIN), revision(BAD, -5, PLAIN, ready=ready)],
    )
    found = list(observed(scene))
    told = seen(found, fact)
    not_ready = seen(found, Fact.REVISION_NOT_READY)

    assert told is not None
    assert told.subjects == ("jwt-key",)
    assert unseen(found, other) is not None
    assert not_ready is not None
    assert "runner@p" not in not_ready.says


def test_every_observation_is_of_a_fact_that_configurations_show(after: Any) -> None:
    """No observer of configurations says what only logs could show."""
    found = after(PLAIN, without("JWT_SECRET"), fingerprints={"orders": {"JWT_SECRET": prints("")}})

    assert found
    assert all(one.fact.shown_by & CONFIGURED for one in found)
    assert all(one.evidence for one in found)
