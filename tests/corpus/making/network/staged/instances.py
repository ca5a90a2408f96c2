"""One revision, several instances that do not agree."""

import json
from datetime import UTC, datetime
from typing import Any

from corpus.making.freezing import Expected, hex_id
from corpus.making.network.cast import (
    Person,
    ago,
    around,
    people,
    replaced,
    started,
    web,
)
from corpus.making.network.front import Front
from corpus.making.network.platform import Revision, first_forms, second_form, traffic
from corpus.making.network.stage import Stage, Tools, commit


async def enter(front: Front, person: Person) -> None:
    """Get a session token at whichever instance answers."""
    headers = {"Content-Type": "application/json"}
    body = json.dumps({"sub": person.name})
    answer = await front.call("POST", "/login", headers, body, ip=person.ip, agent=person.agent)
    person.token = json.loads(answer.body)["access_token"]


async def rounds(stage: Stage, front: Front, crowd: list[Person], times: int, pause: float) -> None:
    """Let everybody call in turn."""
    for _ in range(times):
        for person in crowd:
            await person.get(front, "/account")
            await stage.sleep(pause)


def added(time: datetime, secret: str, version: int) -> dict[str, Any]:
    """Give the record of a new version of a secret, as a probe of Secret Manager shows it."""
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ")
    body = json.dumps(
        {
            "name": f"projects/738/secrets/{secret}/versions/{version}",
            "createTime": when,
            "state": "ENABLED",
        }
    )
    got: dict[str, Any] = {"status": 200, "close_code": None, "headers": {}, "body_excerpt": body}
    return {
        "time": when,
        "name": f"secret {secret}: newest version",
        "target": f"secretmanager.googleapis.com/v1/projects/738/secrets/{secret}/versions/latest",
        "expect": {"status": 200},
        "got": got,
        "ok": True,
    }


async def latest_split(tools: Tools) -> None:
    """A secret got a new version; instances that started since read it, older ones have the old."""
    start = datetime(2026, 2, 18, 14, 25, tzinfo=UTC)
    async with Stage(tools, start, project="iris-prod-738", location="europe-west4") as stage:
        front = Front(stage, "iris-portal", "https://portal.iris.example")
        await front.open()
        old, new = hex_id(64), hex_id(64)
        style = {"LOG_STYLE": "json", "LOGGER": "portal.session", "TELL_KEY": "1"}
        command = web(stage, "split", "--no-access-log")
        await started(
            stage, front, "00090-elk", command, around(stage, SESSION_SIGNING_KEY=old, **style)
        )
        await started(
            stage,
            front,
            "00090-elk",
            command,
            around(stage, SESSION_SIGNING_KEY=old, **style),
            scaled=True,
        )
        early = people("carl dora ed", 71)
        for person in early:
            await enter(front, person)
        await rounds(stage, front, early, 3, 6)
        changed = stage.now()
        await stage.sleep(60)
        await started(
            stage,
            front,
            "00090-elk",
            command,
            around(stage, SESSION_SIGNING_KEY=new, **style),
            scaled=True,
        )
        late = people("fay gus", 72)
        for person in late:
            await enter(front, person)
        await rounds(stage, front, [*early, *late], 5, 4)
        record = added(changed, "portal-session-key", 4)
        record["time"] = stage.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        documents: dict[str, Any] = {
            "revisions.json": first_forms(
                [
                    Revision(
                        "iris-portal",
                        "00090-elk",
                        ago(start, days=5),
                        {"LOG_STYLE": "json"},
                        {"SESSION_SIGNING_KEY": "portal-session-key:latest"},
                    )
                ]
            ),
            "probes.json": [record],
        }
        why = (
            "On one revision of five days tokens fail depending on the instance "
            "({Signature verification failed}): two that started before and one that started "
            "after the newest version of the secret (probes.json#/0) that the revision takes as "
            "latest (revisions.json)."
        )
        expected = Expected(
            "cause_found",
            "latest_secret_split",
            why,
            "process",
            pair="random_key_per_process",
            must_not=[
                "random_key_per_process",
                "key_rotated_without_overlap",
                "signing_key_mismatch",
            ],
        )
        stage.freeze("iris-portal-coin-toss", "iris-portal", "production", expected, documents)
        del documents["probes.json"]
        twin = Expected(
            "insufficient_evidence",
            None,
            "Instances of one revision disagree ({Signature verification failed}) and "
            "the variable is a reference to latest; whether that secret ever changed is "
            "not here, so a split of latest is likely but not shown.",
            "process",
            acceptable=["latest_secret_split"],
            pair="random_key_per_process",
            must_not=["key_rotated_without_overlap", "signing_key_mismatch"],
        )
        stage.freeze("iris-portal-no-secret-history", "iris-portal", "production", twin, documents)


async def random_keys(tools: Tools) -> None:
    """No key is configured: each instance made one at random when it started."""
    start = datetime(2026, 5, 27, 8, 50, tzinfo=UTC)
    async with Stage(tools, start, project="dune-eu", location="europe-north1") as stage:
        front = Front(stage, "dune-checkout", "https://checkout.dune.example")
        await front.open()
        command = web(stage, "split")
        one = hex_id(64)
        await started(
            stage, front, "00011-fig", command, around(stage, AUTH_KEY=one, KEY_VARIABLE="AUTH_KEY")
        )
        crowd = people("m10 m11 m12 m13", 73)
        for person in crowd:
            await enter(front, person)
        await rounds(stage, front, crowd, 2, 6)
        env = around(stage, KEY_VARIABLE="AUTH_KEY")
        new = await started(stage, front, "00012-asp", command, env)
        await replaced(stage, front, new)
        deployed = stage.now()
        for _ in range(2):
            await started(stage, front, "00012-asp", command, env, scaled=True)
        for person in crowd:
            await enter(front, person)
        await rounds(stage, front, crowd, 5, 5)
        revisions = [
            Revision(
                "dune-checkout",
                "00011-fig",
                ago(start, days=9),
                {},
                {"AUTH_KEY": "checkout-auth-key:2"},
            ),
            Revision("dune-checkout", "00012-asp", deployed, {}, {}),
        ]
        why = (
            "Since 00012-asp, which has no AUTH_KEY any more (revisions.json), tokens pass at "
            "the instance that issued them and fail at the others "
            "({Signature verification failed}), two in three: each makes a key of its own."
        )
        expected = Expected(
            "cause_found",
            "random_key_per_process",
            why,
            "process",
            acceptable=["secret_reference_lost", "env_var_lost"],
            pair="latest_secret_split",
            must_not=["latest_secret_split", "key_rotated_without_overlap"],
        )
        stage.freeze(
            "dune-checkout-two-in-three",
            "dune-checkout",
            "production",
            expected,
            {
                "revisions.json": [
                    second_form(x, stage.project, stage.location) for x in revisions
                ],
                "traffic.json": traffic(
                    (ago(start, days=9), revisions[0].full, 100), (deployed, revisions[1].full, 100)
                ),
            },
        )


async def random_from_start(tools: Tools) -> None:
    """A prototype never had a key: two instances, and a commit that says how keys are made."""
    start = datetime(2025, 10, 30, 15, 15, tzinfo=UTC)
    async with Stage(tools, start, project="proto-lab", location="us-west1") as stage:
        front = Front(stage, "proto-desk", "https://desk.proto.example")
        await front.open()
        command, env = web(stage, "split", "--no-access-log"), around(stage, LOG_STYLE="keys")
        await started(stage, front, "00003-hay", command, env)
        await started(stage, front, "00003-hay", command, env, scaled=True)
        crowd = people("ana ben cle", 74)
        for person in crowd:
            await enter(front, person)
        await rounds(stage, front, crowd, 6, 5)
        keep = front.instances
        front.instances = keep[1:]
        await stage.stop(keep[0], said=True)
        await started(stage, front, "00003-hay", command, env, scaled=True)
        await rounds(stage, front, crowd, 3, 5)
        why = (
            "Every other call of one token fails ({session refused}), by instance and from the "
            "first minute; the revision refers to no key or secret at all (revisions.json), so "
            "no version of one can have split; each start brings a new key."
        )
        expected = Expected(
            "cause_found",
            "random_key_per_process",
            why,
            "process",
            pair="latest_secret_split",
            must_not=["latest_secret_split", "key_rotated_without_overlap", "stale_jwks"],
        )
        stage.freeze(
            "proto-desk-second-instance",
            "proto-desk",
            "development",
            expected,
            {
                "revisions.json": first_forms(
                    [
                        Revision(
                            "proto-desk", "00003-hay", ago(start, hours=20), {"LOG_STYLE": "keys"}
                        )
                    ]
                ),
                "commits.json": [
                    commit(
                        ago(start, hours=21),
                        "Ana Prado",
                        "Make a signing key when none is configured",
                        "desk/session.py",
                    )
                ],
            },
        )


async def key_of_each_worker(tools: Tools) -> None:
    """One instance with three workers, each of which made a key for itself."""
    start = datetime(2026, 1, 26, 19, 12, tzinfo=UTC)
    async with Stage(tools, start, project="quail-stg", location="us-central1") as stage:
        front = Front(stage, "quail-club", "https://club.staging.quail.example")
        await front.open()
        env = around(stage, LOG_STYLE="keys", LOGGER="club.login")
        one = web(stage, "split", "--no-access-log")
        first = await started(stage, front, "00020-cab", one, env)
        crowd = people("una vic wes", 101)
        for person in crowd:
            await enter(front, person)
        await rounds(stage, front, crowd, 3, 6)
        three = web(stage, "split", "--no-access-log", "--workers", "3")
        await replaced(stage, front, await started(stage, front, "00021-dam", three, env))
        deployed = stage.now()
        await stage.sleep(60)
        for person in crowd:
            await enter(front, person)
        await rounds(stage, front, crowd, 9, 4)
        del first
        command = {"WEB_CONCURRENCY": "3"}
        revisions = first_forms(
            [
                Revision("quail-club", "00020-cab", ago(start, days=1), {"WEB_CONCURRENCY": "1"}),
                Revision("quail-club", "00021-dam", deployed, command),
            ]
        )
        why = (
            "All entries of 00021-dam are of one instance, and yet the same token is refused "
            "({session refused}) and accepted in turn since it has three workers "
            "(revisions.json#/1); no key is configured, so each worker has one of its own."
        )
        expected = Expected(
            "cause_found",
            "random_key_per_process",
            why,
            "process",
            must_not=["latest_secret_split", "key_rotated_without_overlap", "user_token_rejected"],
            pair="latest_secret_split",
        )
        stage.freeze(
            "quail-club-three-workers",
            "quail-club",
            "staging",
            expected,
            {
                "revisions.json": revisions,
                "commits.json": [
                    commit(
                        ago(deployed, minutes=9), "Vera Lund", "Use the cores", "deploy/club.yaml"
                    )
                ],
            },
        )
