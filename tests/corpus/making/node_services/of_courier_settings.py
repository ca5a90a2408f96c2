"""Incidents of the courier: its settings with a bundled copy, and corrections that do not serve."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from corpus.making.code_copies import node_copy
from corpus.making.freezing import Expected, Salt, hex_id
from corpus.making.node_services.courier_running import (
    AGENT,
    DICE,
    IDENTITY,
    SETTINGS,
    exported,
    image,
    neighbours,
    plan,
    serve,
)
from corpus.making.platform_documents import (
    Revision,
    commit,
    probe,
    revisions_v1,
    shift,
)
from corpus.making.stage import Process, Stage


def bundled_settings(name: str, *, says_so: bool) -> None:
    """A start fell back to the settings in the image, which lack a zone and a partner's key."""
    stage = Stage(datetime(2026, 4, 22, 4, 30, tzinfo=UTC), "parcelo-ops", "europe-west3")
    old, new = "courier-00066-sal", "courier-00067-nek"
    with neighbours(stage) as (world, variables), ExitStack() as stack:
        one = serve(stage, stack, old, node_copy("courier"), variables)
        plan(one, 4, zones=("north", "airport", "south"))
        _callback(one, "pk-2026-01")
        world.settings = "down"
        deployed = stage.now()
        two = serve(stage, stack, new, node_copy("courier"), variables)
        world.settings = "well"
        stage.leap(1)
        moved = stage.now()
        for _ in range(6):
            plan(two, 2, zones=("north", "airport", "harbour", "south", "airport"))
            _callback(two, DICE.choice(("pk-2026-01", "pk-2026-01", "pk-2025-09")))
        seen = stage.now()
    documents: dict[str, Any] = {
        "revisions.json": revisions_v1(
            "courier",
            stage.project,
            stage.location,
            [
                Revision(old, stage.begins - timedelta(days=8), image(), exported(Salt())),
                Revision(new, deployed, image(), exported(Salt())),
            ],
        ),
        "traffic.json": [
            shift(stage.begins - timedelta(days=8), old, 100),
            shift(moved, old, 0),
            shift(moved, new, 100),
        ],
    }
    if says_so:
        documents["probes.json"] = [
            probe(
                seen,
                "settings of courier",
                f"{SETTINGS}/v1/settings/courier",
                "200 with partner_kids",
                200,
                ok=True,
                body='{"written":"now","zones":{"north":17,"south":9,"harbour":6,"airport":4},"partner_kids":["pk-2025-09","pk-2026-01"]}',
            )
        ]
        expected = Expected(
            "cause_found",
            "stale_fallback_config",
            f"{new} says at its start that it uses ./settings.bundled.json of 2025-11-03 because the settings service answered 503; what fails then is exactly what that file lacks (zone airport, key pk-2026-01), and the settings service has both.",
            "process",
            must_not=(
                "signing_key_mismatch",
                "key_rotated_without_overlap",
                "env_var_lost",
                "stale_jwks",
            ),
        )
    else:
        expected = Expected(
            "insufficient_evidence",
            None,
            "With the lines of the start gone, an unknown key pk-2026-01 and an unknown zone after a deployment can come of a stale file, of changed settings or of the code; nothing tells which.",
            "process",
            acceptable=("stale_fallback_config",),
            must_not=("signing_key_mismatch", "key_rotated_without_overlap", "env_var_lost"),
        )
    stage.freeze(
        name,
        "courier",
        "production",
        documents,
        expected,
        keeps=lambda e: says_so or "settings" not in str(e.get("textPayload")),
    )


def bundled_settings_are_innocent() -> None:
    """The bundled settings are in use and good enough; what fails is the identity service."""
    stage = Stage(datetime(2026, 5, 19, 20, 44, tzinfo=UTC), "parcelo-ops", "europe-west3")
    revision = "courier-00070-wem"
    with neighbours(stage) as (world, variables), ExitStack() as stack:
        world.settings = "down"
        one = serve(stage, stack, revision, node_copy("courier"), variables)
        plan(one, 8)
        world.identity = "hangs up"
        for _ in range(4):
            plan(one, 4, 0.1)
            time.sleep(0.75)
            stage.leap(1.5)
        seen = stage.now()
    documents = {
        "probes.json": [
            probe(
                seen,
                "identity health",
                f"{IDENTITY}/healthz",
                "200",
                502,
                ok=False,
                body="<html><title>502 Server Error</title>",
            ),
            probe(seen, "settings health", f"{SETTINGS}/healthz", "200", 200, ok=True),
        ],
    }
    stage.freeze(
        "courier-bundled-but-served",
        "courier",
        "production",
        documents,
        Expected(
            "cause_found",
            "auth_service_unreachable",
            "The bundled settings were in use when routes were still 200; the 401 begin when calls to identity break, and the probe of identity is 502.",
            "process",
            must_not=("stale_fallback_config", "breaker_stuck_open", "user_token_rejected"),
            pair="stale_fallback_config",
        ),
    )


def _callback(process: Process, kid: str) -> None:
    process.ask(
        "/partner/callbacks",
        "POST",
        headers={"Authorization": "Bearer live-partner-p12", "X-Partner-Kid": kid},
        body="{}",
        agent="swiftship-webhooks/5",
        ip="198.51.100.40",
    )
    process.stage.leap(0.2)


def pinned(name: str, *, serves: bool) -> None:
    """A correction is deployed; it serves nobody, or it serves and does not help."""
    stage = Stage(
        datetime(2026, 6, 11, 9, 0, tzinfo=UTC), "parcelo-ops", "europe-west3", joined=True
    )
    first, fix = "courier-00073-mod", "courier-00074-zuv"
    flaw = {
        "index.js": (
            "const zone = known.zones[req.params.zone];",
            "const zone = known.zones[req.query.depot.toLowerCase()] || known.zones[req.params.zone];",
        )
    }
    wrong_fix = {
        "index.js": (
            "const zone = known.zones[req.params.zone];",
            "const zone = known.zones[req.query.depot.trim()] || known.zones[req.params.zone];",
        )
    }
    with neighbours(stage) as (_world, variables), ExitStack() as stack:
        one = serve(
            stage,
            stack,
            first,
            node_copy("courier", flaw),
            variables | {"BUILD": "2026.5 (3f9ac1e)"},
        )
        _with_depot(one, 4)
        plan(one, 4)
        deployed = stage.now()
        two = serve(
            stage,
            stack,
            fix,
            node_copy("courier", wrong_fix if serves else {}),
            variables | {"BUILD": "2026.6 (81d7c40)"},
        )
        two.ask("/livez", agent="GoogleHC/1.0", ip="35.191.3.77")
        stage.leap(3)
        now_serving = two if serves else one
        plan(now_serving, 5)
        _with_depot(now_serving, 4)
        plan(now_serving, 3)
        now_serving.ask("/livez", agent="parcelo-probe/1")
        seen = stage.now()
    common = exported(Salt())
    made = [
        Revision(first, stage.begins - timedelta(hours=3), image(), common),
        Revision(fix, deployed, image(), common),
    ]
    serving_build = "2026.6 (81d7c40)" if serves else "2026.5 (3f9ac1e)"
    traffic = [shift(stage.begins - timedelta(hours=3), first, 100)]
    if serves:
        traffic += [shift(deployed, first, 0), shift(deployed, fix, 100)]
    documents = {
        "revisions.json": revisions_v1("courier", stage.project, stage.location, made),
        "traffic.json": traffic,
        "commits.json": [
            commit(
                stage.begins - timedelta(hours=4),
                "Jonas Reiter",
                "Look a depot up in any case",
                ["index.js"],
            ),
            commit(
                deployed - timedelta(minutes=6),
                "Lea Brandl",
                "Do not read a depot that is not given",
                ["index.js"],
            ),
        ],
        "probes.json": [
            probe(
                seen,
                "build that serves",
                "https://courier-4xk2mzq7wa-ez.a.run.app/livez",
                "x-build: 2026.6 (81d7c40)",
                200,
                ok=serves,
                headers={"x-build": serving_build},
                body="alive",
            )
        ],
    }
    if serves:
        expected = Expected(
            "cause_found",
            "code_error",
            f"{fix} has all of the traffic and answers the probe with the new build, and still throws `Cannot read properties of undefined (reading 'trim')` in index.js: the correction is wrong, not absent.",
            "process",
            must_not=("traffic_pinned", "wrong_revision_answered"),
            pair="traffic_pinned",
        )
    else:
        expected = Expected(
            "cause_found",
            "traffic_pinned",
            f"{fix} with the correction is ready since its deployment, but traffic.json has 100 % on {first} still, every request and every TypeError is on {first}, and the probe sees the old build.",
            "process",
            acceptable=("code_error",),
            must_not=("user_token_rejected", "auth_service_unreachable"),
            pair="code_error",
        )
    stage.freeze(name, "courier", "production", documents, expected)


def _with_depot(process: Process, times: int) -> None:
    for _ in range(times):
        process.ask(
            f"/routes/{DICE.choice(('north', 'south'))}?depot=",
            headers={"Authorization": f"Bearer live-{hex_id(8)}-drv12"},
            agent=AGENT,
        )
        process.stage.leap(0.4)
        process.ask(
            "/routes/harbour",
            headers={"Authorization": f"Bearer live-{hex_id(8)}-drv19"},
            agent=AGENT,
        )
        process.stage.leap(0.6)


MAKERS: tuple[Callable[[], None], ...] = (
    lambda: bundled_settings("courier-airport-unknown", says_so=True),
    lambda: bundled_settings("courier-airport-unknown-no-start", says_so=False),
    bundled_settings_are_innocent,
    lambda: pinned("courier-fix-without-traffic", serves=False),
    lambda: pinned("courier-fix-that-serves", serves=True),
)
