"""Incidents of who serves: rollbacks, pins and tags, on the catalogue and beside it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from corpus.making.code_copies import node_copy
from corpus.making.freezing import Expected, Salt, Where, hex_id
from corpus.making.node_services.in_catalogue import (
    KEY,
    bearer,
    browse,
    image,
    serving,
    variables,
)
from corpus.making.platform_documents import (
    Revision,
    SecretOf,
    commit,
    probe,
    revisions_v1,
    revisions_v2,
    service_v1,
    shift,
)
from corpus.making.stage import Process, Stage

PATHS = ("/v2/items", "/v2/items/wall-clock/price", "/v2/items/oak-table/price")
FLAW = {
    "lib/prices.js": (
        "tier && item.tiers ? item.tiers[tier] || 1 : 1",
        "item.tiers[tier || 'list'] || 1",
    )
}
HOST = "catalogue-k7c2nq5xla-ew.a.run.app"


def _version(process: Process, name: str, host: str, wanted: str) -> dict[str, Any]:
    """Ask for the version as a probe does."""
    status, text = process.ask("/version", agent="hearth-probe/1.2", noted=False)
    return probe(
        process.stage.now(),
        name,
        f"https://{host}/version",
        f"sha {wanted}",
        status,
        ok=wanted in text,
        body=text,
    )


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


def tag_of_another() -> None:
    """The candidate's tag was not moved: the probes walked the revision of before."""
    stage = Stage(datetime(2026, 3, 24, 10, 45, tzinfo=UTC), "hearth-prod", joined=True)
    old, new = "catalogue-00099-hot", "catalogue-00100-nal"
    with serving(stage, old, node_copy("catalogue"), GIT_SHA="aa90c1d") as before:
        browse(before, 8, paths=PATHS)
        deployed = stage.now()
        first = _version(before, "candidate's version", f"candidate---{HOST}", "fe7719b")
        status, text = before.ask(
            "/v2/items/wall-clock/price", headers=bearer(), agent="hearth-probe/1.2"
        )
        second = probe(
            stage.now(),
            "candidate quotes",
            f"https://candidate---{HOST}/v2/items/wall-clock/price",
            "200",
            status,
            ok=True,
            body=text,
        )
        stage.leap(5)
        with serving(stage, new, node_copy("catalogue", FLAW), GIT_SHA="fe7719b") as after:
            moved = stage.now()
            browse(after, 18, paths=PATHS)
            third = _version(after, "version that serves", HOST, "fe7719b")
    env = variables(Salt())
    made = [
        Revision(old, stage.begins - timedelta(days=3), image(hex_id(64)), env),
        Revision(new, deployed, image(hex_id(64)), env),
    ]
    traffic = [
        {"revisionName": new, "percent": 100},
        {"revisionName": old, "percent": 0, "tag": "candidate"},
    ]
    stage.freeze(
        "catalogue-candidate-was-old",
        "catalogue",
        "production",
        {
            "revisions.json": [
                *revisions_v1("catalogue", stage.project, stage.location, made),
                service_v1("catalogue", stage.project, made[1], traffic),
            ],
            "traffic.json": [
                shift(stage.begins - timedelta(days=3), old, 100),
                shift(moved, old, 0),
                shift(moved, new, 100),
            ],
            "probes.json": [first, second, third],
        },
        Expected(
            "cause_found",
            "wrong_revision_answered",
            f"probes.json/0: under the tag candidate the version was aa90c1d of {old}, not fe7719b, so the passing probe said nothing of {new}; the service's traffic still has the tag on {old}. What {new} then does, a TypeError, is what a probe of it would have shown.",
            "process",
            acceptable=("code_error",),
            must_not=("traffic_pinned", "user_token_rejected"),
            pair="code_error",
        ),
    )


def tag_answered_by_serving() -> None:
    """The candidate's address leads to what serves, before anybody is hit."""
    stage = Stage(datetime(2026, 8, 27, 16, 5, tzinfo=UTC), "hearth-stage")
    old, new = "catalogue-00250-lop", "catalogue-00251-faw"
    with serving(stage, old, node_copy("catalogue"), GIT_SHA="5517e0b") as before:
        browse(before, 12, paths=PATHS)
        deployed = stage.now()
        with serving(stage, new, node_copy("catalogue"), GIT_SHA="e0a4d92") as after:
            stage.leap(1)
            found = [
                _version(before, f"candidate's version, try {n}", f"c-e0a4d92---{HOST}", "e0a4d92")
                for n in (1, 2, 3)
            ]
            found.append(
                _version(
                    after, "candidate's version, on its own instance", "10.1.0.9:8080", "e0a4d92"
                )
            )
            browse(before, 6, paths=PATHS)
    env = variables(Salt())
    stage.freeze(
        "catalogue-tag-answers-for-another",
        "catalogue",
        "staging",
        {
            "revisions.json": revisions_v2(
                "catalogue",
                stage.project,
                stage.location,
                [
                    Revision(old, stage.begins - timedelta(days=1), image(hex_id(64)), env),
                    Revision(new, deployed, image(hex_id(64)), env),
                ],
            ),
            "traffic.json": [shift(stage.begins - timedelta(days=1), old, 100)],
            "probes.json": found,
        },
        Expected(
            "cause_found",
            "wrong_revision_answered",
            f"Three probes of the tag's address got the sha and the name of {old}, while the new instance itself says e0a4d92: whatever was proven under the tag was proven of another revision. Traffic is not pinned wrongly: nobody has promoted {new} yet.",
            "process",
            acceptable=(),
            must_not=("traffic_pinned", "code_error", "startup_failed"),
            pair="traffic_pinned",
        ),
    )


def pinned_to_a_revision() -> None:
    """The correction of a key was deployed; the service's traffic names an older revision."""
    stage = Stage(datetime(2026, 4, 3, 11, 11, tzinfo=UTC), "hearth-prod")
    held, fix = "catalogue-00100-zed", "catalogue-00101-abo"
    with serving(
        stage, held, node_copy("catalogue"), SESSION_SIGNING_KEY="z" + KEY, GIT_SHA="3300fe1"
    ) as one:
        browse(one, 8, paths=PATHS)
        deployed = stage.now()
        with serving(stage, fix, node_copy("catalogue"), GIT_SHA="3300fe1") as two:
            tagged = two.ask("/v2/items", headers=bearer(), agent="hearth-probe/1.2")
            stage.leap(2)
            browse(one, 14, paths=PATHS)
            plain = one.ask("/v2/items", headers=bearer(), agent="hearth-probe/1.2")
            seen = stage.now()
    salt = Salt()
    made = [
        Revision(
            "catalogue-00099-hot",
            stage.begins - timedelta(days=9),
            image(hex_id(64)),
            variables(salt),
        ),
        Revision(
            held,
            stage.begins - timedelta(hours=2),
            image(hex_id(64)),
            variables(salt, SESSION_SIGNING_KEY=SecretOf("session-signing-key-stage", "1")),
        ),
        Revision(fix, deployed, image(hex_id(64)), variables(salt)),
    ]
    traffic = [
        {"revisionName": held, "percent": 100, "latestRevision": False},
        {"revisionName": fix, "percent": 0, "tag": "fix"},
    ]
    stage.freeze(
        "catalogue-fix-behind-a-pin",
        "catalogue",
        "production",
        {
            "revisions.json": [
                *revisions_v1("catalogue", stage.project, stage.location, made),
                service_v1("catalogue", stage.project, made[2], traffic),
            ],
            "traffic.json": [
                shift(stage.begins - timedelta(days=9), "catalogue-00099-hot", 100),
                shift(stage.begins - timedelta(hours=2), "catalogue-00099-hot", 0),
                shift(stage.begins - timedelta(hours=2), held, 100),
            ],
            "probes.json": [
                probe(
                    seen,
                    "items under the tag",
                    f"https://fix---{HOST}/v2/items",
                    "200",
                    tagged[0],
                    ok=True,
                    body=tagged[1],
                ),
                probe(
                    seen,
                    "items as people ask",
                    f"https://{HOST}/v2/items",
                    "200",
                    plain[0],
                    ok=False,
                    body=plain[1],
                ),
            ],
        },
        Expected(
            "cause_found",
            "traffic_pinned",
            f"{fix} has the right secret and answers 200 under its tag, but the service's traffic names {held} with 100 % (latestRevision false), which took its key from session-signing-key-stage; people still get 401 there.",
            "process",
            acceptable=("signing_key_mismatch",),
            must_not=("user_token_rejected", "key_rotated_without_overlap", "env_var_lost"),
            pair="signing_key_mismatch",
        ),
    )


def held_on_purpose() -> None:
    """A newer revision waits without traffic, and nothing is wrong."""
    stage = Stage(datetime(2026, 10, 14, 9, 9, tzinfo=UTC), "hearth-prod")
    held, waiting = "catalogue-00125-kub", "catalogue-00126-rem"
    with serving(stage, held, node_copy("catalogue"), GIT_SHA="61bb02c") as one:
        browse(one, 12, paths=PATHS)
        deployed = stage.now()
        with serving(stage, waiting, node_copy("catalogue"), GIT_SHA="9d3ff41") as two:
            found = _version(two, "candidate's version", f"candidate---{HOST}", "9d3ff41")
            browse(one, 10, paths=PATHS)
    env = variables(Salt())
    stage.freeze(
        "catalogue-candidate-waits",
        "catalogue",
        "production",
        {
            "revisions.json": revisions_v2(
                "catalogue",
                stage.project,
                stage.location,
                [
                    Revision(held, stage.begins - timedelta(days=5), image(hex_id(64)), env),
                    Revision(waiting, deployed, image(hex_id(64)), env),
                ],
            ),
            "traffic.json": [shift(stage.begins - timedelta(days=5), held, 100)],
            "probes.json": [found],
        },
        Expected(
            "not_an_incident",
            None,
            "Everybody is served 200 by 00125; 00126 is ready under its tag, answers its own version and waits for traffic, minutes after it was made.",
            "process",
            must_not=("traffic_pinned", "wrong_revision_answered", "startup_failed"),
        ),
    )


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
    tag_of_another,
    tag_answered_by_serving,
    pinned_to_a_revision,
    held_on_purpose,
    target_with_destroyed_secret,
)
