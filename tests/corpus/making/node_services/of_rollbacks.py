"""Incidents of rollbacks, on the catalogue."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from corpus.making.code_copies import node_copy
from corpus.making.freezing import Expected, Salt, Where, hex_id
from corpus.making.node_services.catalogue_running import (
    KEY,
    browse,
    image,
    serving,
    variables,
)
from corpus.making.node_services.traffic_running import FLAW, PATHS
from corpus.making.platform_documents import (
    Revision,
    SecretOf,
    commit,
    revisions_v1,
    revisions_v2,
    shift,
)
from corpus.making.stage import Stage


def back_to_a_rotated_key() -> None:
    """Traffic goes back to a revision whose pinned key nobody signs with any more."""
    stage = Stage(datetime(2026, 1, 28, 21, 0, tzinfo=UTC), "hearth-prod", joined=True)
    target, bad = "catalogue-00093-gic", "catalogue-00098-tul"
    with serving(stage, bad, node_copy("catalogue", FLAW), GIT_SHA="dd01f3e") as left:
        browse(left, 16, paths=PATHS)
        rolled = stage.now()
        with serving(
            stage, target, node_copy("catalogue"), GIT_SHA="13aa9c0", SESSION_SIGNING_KEY="x" + KEY
        ) as again:
            stage.leap(0.5)
            browse(again, 18, paths=PATHS)
    salt = Salt()
    stage.freeze(
        "catalogue-back-to-93",
        "catalogue",
        "production",
        {
            "revisions.json": revisions_v1(
                "catalogue",
                stage.project,
                stage.location,
                [
                    Revision(
                        target,
                        stage.begins - timedelta(days=34),
                        image(hex_id(64)),
                        variables(salt, SESSION_SIGNING_KEY=SecretOf("session-signing-key", "3")),
                    ),
                    Revision(
                        "catalogue-00097-sob",
                        stage.begins - timedelta(days=3),
                        image(hex_id(64)),
                        variables(salt),
                    ),
                    Revision(
                        bad, stage.begins - timedelta(hours=1), image(hex_id(64)), variables(salt)
                    ),
                ],
            ),
            "traffic.json": [
                shift(stage.begins - timedelta(days=3), "catalogue-00097-sob", 100),
                shift(stage.begins - timedelta(hours=1), "catalogue-00097-sob", 0),
                shift(stage.begins - timedelta(hours=1), bad, 100),
                shift(rolled, bad, 0),
                shift(rolled, target, 100),
            ],
        },
        Expected(
            "cause_found",
            "rollback_target_broken",
            f"The TypeErrors of {bad} end with the rollback; since then {target} refuses every token for its signature. It is 34 days old and pins version 3 of session-signing-key, while 00097 and 00098 have version 4: 00097 was the target to take.",
            "process",
            acceptable=("signing_key_mismatch", "key_rotated_without_overlap"),
            must_not=("user_token_rejected", "caller_without_credential"),
            pair="key_rotated_without_overlap",
        ),
    )


def rolled_back(name: str, *, target_too: bool) -> None:
    """A rollback helps, or the revision it leads to has the same fault."""
    stage = Stage(
        datetime(2026, 5, 13, 14, 20, tzinfo=UTC) + timedelta(days=40 * target_too),
        "hearth-prod",
        joined=True,
    )
    target, bad = "catalogue-00106-foq", "catalogue-00107-yam"
    with serving(
        stage, target, node_copy("catalogue", FLAW if target_too else {}), GIT_SHA="7ee20bd"
    ) as again:
        browse(again, 7, paths=PATHS[:1] + PATHS[2:] if target_too else PATHS)
        deployed = stage.now()
        with serving(stage, bad, node_copy("catalogue", FLAW), GIT_SHA="c901aa4") as left:
            browse(left, 14, paths=PATHS)
            rolled = stage.now()
            browse(again, 16, paths=PATHS)
    env = variables(Salt())
    documents = {
        "revisions.json": revisions_v2(
            "catalogue",
            stage.project,
            stage.location,
            [
                Revision(target, stage.begins - timedelta(days=2), image(hex_id(64)), env),
                Revision(bad, deployed, image(hex_id(64)), env),
            ],
        ),
        "traffic.json": [
            shift(stage.begins - timedelta(days=2), target, 100),
            shift(deployed, target, 0),
            shift(deployed, bad, 100),
            shift(rolled, bad, 0),
            shift(rolled, target, 100),
        ],
        "commits.json": [
            commit(
                (stage.begins if target_too else deployed)
                - timedelta(days=2 if target_too else 0, minutes=25),
                "Ines Duarte",
                "Quote the list tier when none is asked for",
                ["lib/prices.js"],
            )
        ],
    }
    expected = (
        Expected(
            "cause_found",
            "rollback_target_broken",
            f"After traffic went back to {target} the same TypeError goes on there: the commit that made it was in that revision already, two days before. The rollback led to a revision with the same fault.",
            "process",
            acceptable=("code_error",),
            must_not=("traffic_pinned", "user_token_rejected"),
            pair="code_error",
        )
        if target_too
        else Expected(
            "cause_found",
            "code_error",
            f"The TypeError in /app/lib/prices.js begins with {bad} and ends when traffic is back on {target}, which serves the same requests.",
            "process",
            must_not=("rollback_target_broken", "traffic_pinned", "user_token_rejected"),
            pair="rollback_target_broken",
        )
    )
    stage.freeze(name, "catalogue", "production", documents, expected)


def target_with_destroyed_secret() -> None:
    """The rollback's target cannot start instances: its secret's version is destroyed."""
    stage = Stage(datetime(2026, 7, 1, 17, 30, tzinfo=UTC), "hearth-prod", joined=True)
    target, bad = "catalogue-00108-ups", "catalogue-00110-gev"
    text = f"Revision '{target}' is not ready and cannot serve traffic. spec.template.spec.containers[0].env[1].value_from.secret_key_ref.name: Secret projects/480912/secrets/catalogue-store-dsn/versions/1 is in DESTROYED state"
    with serving(stage, bad, node_copy("catalogue", FLAW), GIT_SHA="5f00de1") as left:
        browse(left, 14, paths=PATHS)
        rolled = stage.now()
        where = Where(stage.project, stage.location, "catalogue", target)
        for _ in range(3):
            stage.says(where, text, "ERROR")
            stage.leap(0.6)
            browse(left, 4, paths=PATHS)
    salt = Salt()
    stage.freeze(
        "catalogue-108-cannot-come-back",
        "catalogue",
        "production",
        {
            "revisions.json": revisions_v1(
                "catalogue",
                stage.project,
                stage.location,
                [
                    Revision(
                        target,
                        stage.begins - timedelta(days=11),
                        image(hex_id(64)),
                        variables(salt, STORE_DSN=SecretOf("catalogue-store-dsn", "1")),
                        text,
                        "SecretsAccessCheckFailed",
                    ),
                    Revision(
                        bad, stage.begins - timedelta(hours=1), image(hex_id(64)), variables(salt)
                    ),
                ],
            ),
            "traffic.json": [
                shift(stage.begins - timedelta(hours=1), bad, 100),
                shift(rolled, target, 100),
                shift(rolled, bad, 0),
            ],
        },
        Expected(
            "cause_found",
            "rollback_target_broken",
            f"The rollback to {target} cannot take effect: it refers to version 1 of catalogue-store-dsn, which is destroyed, so {bad} with its TypeError goes on serving; nobody looked at the target's secrets before.",
            "process",
            acceptable=("secret_version_unusable", "code_error"),
            must_not=("secret_accessor_missing", "traffic_pinned"),
            pair="secret_version_unusable",
        ),
    )


MAKERS: tuple[Callable[[], None], ...] = (
    back_to_a_rotated_key,
    lambda: rolled_back("catalogue-rollback-helps", target_too=False),
    lambda: rolled_back("catalogue-rollback-to-the-same", target_too=True),
    target_with_destroyed_secret,
)
