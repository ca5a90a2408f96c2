"""Incidents of tags and pinned traffic, on the catalogue."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from corpus.making.code_copies import node_copy
from corpus.making.freezing import Expected, Salt, hex_id
from corpus.making.node_services.catalogue_running import (
    KEY,
    bearer,
    browse,
    image,
    serving,
    variables,
)
from corpus.making.node_services.traffic_running import FLAW, HOST, PATHS
from corpus.making.platform_documents import (
    Revision,
    SecretOf,
    probe,
    revisions_v1,
    revisions_v2,
    service_v1,
    shift,
)
from corpus.making.stage import Process, Stage


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


MAKERS: tuple[Callable[[], None], ...] = (
    tag_of_another,
    tag_answered_by_serving,
    pinned_to_a_revision,
    held_on_purpose,
)
