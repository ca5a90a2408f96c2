"""Keys of service accounts, and the clock of one who uses them."""

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path

from corpus.making.freezing import Expected, hex_id
from corpus.making.network.cast import (
    ago,
    around,
    replaced,
    started,
    web,
)
from corpus.making.network.front import Front
from corpus.making.network.platform import Revision, first_forms, second_form, traffic
from corpus.making.network.stage import Stage, Tools, commit
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


async def _exports(
    stage: Stage, name: str, address: str
) -> tuple[Front, Front, dict[str, str], Path]:
    google = Front(stage, "oauth2", "https://oauth2.googleapis.com", silent=True)
    await google.open()
    live = stage.folder / "live.json"
    await started(
        stage,
        google,
        "x",
        web(stage, "token_endpoint", "--no-access-log"),
        around(stage, LIVE_KEYS=str(live)),
    )
    key = generate_private_key(65537, 2048)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    account = f"{name}@{stage.project}.iam.gserviceaccount.com"
    kid = hex_id(40)
    live.write_text(json.dumps([kid]))
    file = stage.folder / "key.json"
    file.write_text(
        json.dumps(
            {
                "type": "service_account",
                "project_id": stage.project,
                "private_key_id": kid,
                "private_key": text,
                "client_email": account,
                "token_uri": f"{google.inside}/token",
            }
        )
    )
    front = Front(stage, name, address)
    await front.open()
    env = around(stage, GOOGLE_APPLICATION_CREDENTIALS=str(file), LOGGER=f"{name}.jobs")
    return google, front, env, live


async def _publish(stage: Stage, front: Front, jobs: int) -> None:
    for n in range(jobs):
        await front.call(
            "POST", f"/exports/batch-{220 + n}", agent="Google-Cloud-Scheduler", ip="198.51.100.77"
        )
        await front.call("GET", "/jobs", ip="203.0.113.5")
        await stage.sleep(14)


async def key_deleted(tools: Tools) -> None:
    """Somebody tidied the keys of service accounts; one of them was in use."""
    start = datetime(2026, 7, 9, 20, 15, tzinfo=UTC)
    async with Stage(tools, start, project="finch-data", location="us-central1") as stage:
        _, front, env, live = await _exports(
            stage, "finch-exports", "https://exports.finch.example"
        )
        await started(
            stage, front, "00066-ivy", web(stage, "exports", "--no-access-log"), env, join=True
        )
        await _publish(stage, front, 3)
        live.write_text("[]")
        await _publish(stage, front, 5)
        why = (
            "Google's token endpoint refuses the service account's assertion with invalid_grant: "
            "Invalid JWT Signature ({Invalid JWT Signature}); the same revision and key passed "
            "minutes before, and work without that account goes on: the key is gone."
        )
        expected = Expected(
            "cause_found",
            "workload_key_deleted",
            why,
            "process",
            must_not=[
                "signing_key_mismatch",
                "clock_skew",
                "user_token_rejected",
                "key_rotated_without_overlap",
            ],
        )
        stage.freeze(
            "finch-exports-spring-clean",
            "finch-exports",
            "production",
            expected,
            {
                "revisions.json": first_forms(
                    [
                        Revision(
                            "finch-exports",
                            "00066-ivy",
                            ago(start, days=21),
                            {"GOOGLE_APPLICATION_CREDENTIALS": "/secrets/exporter.json"},
                        )
                    ]
                ),
                "commits.json": [
                    commit(
                        ago(start, hours=5),
                        "Olga Weiss",
                        "Export empty batches too",
                        "exports/batch.py",
                    )
                ],
            },
            services=["finch-exports"],
            most=44_000,
        )


async def key_deleted_quietly(tools: Tools) -> None:
    """The same without tracebacks, in JSON, after a deploy that is not to blame."""
    start = datetime(2025, 10, 2, 11, 5, tzinfo=UTC)
    async with Stage(tools, start, project="wren-analytics", location="europe-west3") as stage:
        _, front, env, live = await _exports(stage, "wren-loader", "https://loader.wren.example")
        env |= {"LOG_STYLE": "json"}
        command = web(stage, "exports", "--no-access-log")
        await started(stage, front, "00012-pea", command, env)
        await _publish(stage, front, 2)
        await replaced(stage, front, await started(stage, front, "00013-fir", command, env))
        deployed = stage.now()
        await _publish(stage, front, 3)
        live.write_text(json.dumps([hex_id(40)]))
        await _publish(stage, front, 4)
        why = (
            "Invalid JWT Signature from the token endpoint ({invalid_grant}) on all jobs from "
            "one moment on, some time after 00013-fir had worked with the same key file: the "
            "deploy changed nothing, the account's key did."
        )
        expected = Expected(
            "cause_found",
            "workload_key_deleted",
            why,
            "process",
            must_not=[
                "signing_key_mismatch",
                "clock_skew",
                "env_var_lost",
                "secret_reference_lost",
            ],
        )
        revisions = [
            Revision(
                "wren-loader",
                name,
                time,
                {"BATCH": size},
                {"GOOGLE_APPLICATION_CREDENTIALS": "loader-key-file:2"},
            )
            for name, time, size in (
                ("00012-pea", ago(start, days=4), "200"),
                ("00013-fir", deployed, "500"),
            )
        ]
        stage.freeze(
            "wren-loader-noon",
            "wren-loader",
            "production",
            expected,
            {
                "revisions.json": [
                    second_form(x, stage.project, stage.location) for x in revisions
                ],
                "traffic.json": traffic(
                    (ago(start, days=4), revisions[0].full, 100), (deployed, revisions[1].full, 100)
                ),
            },
            services=["wren-loader"],
            most=46_000,
        )


async def grant_out_of_time(tools: Tools) -> None:
    """invalid_grant again, and yet the clock: the assertion's times are not reasonable."""
    start = datetime(2026, 4, 20, 3, 3, tzinfo=UTC)
    async with Stage(tools, start, project="stoat-batch", location="us-east1") as stage:
        _, front, env, _ = await _exports(stage, "stoat-push", "https://push.stoat.example")
        command = web(stage, "exports", "--no-access-log")
        first = await started(stage, front, "00031-oak", command, env, join=True)
        await _publish(stage, front, 2)
        await started(stage, front, "00031-oak", command, env, skew=1500, scaled=True, join=True)
        await _publish(stage, front, 4)
        with contextlib.suppress(ValueError):
            front.instances.remove(first)
        await _publish(stage, front, 2)
        probe = await front.probe("time of the instance", "/jobs", 200)
        why = (
            "The token endpoint finds the assertion's iat and exp unreasonable ({short-lived "
            "token}), at one instance alone, whose Date header is 25 minutes ahead of the "
            "probe's time (probes.json#/0); the key itself passes at the other."
        )
        expected = Expected(
            "cause_found",
            "clock_skew",
            why,
            "process",
            pair="workload_key_deleted",
            must_not=["workload_key_deleted", "signing_key_mismatch"],
        )
        stage.freeze(
            "stoat-push-third-of-jobs",
            "stoat-push",
            "production",
            expected,
            {"probes.json": [probe]},
            services=["stoat-push"],
            most=46_000,
        )
