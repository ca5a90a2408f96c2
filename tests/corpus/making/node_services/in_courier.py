"""Incidents of the courier, a Node service (express) that asks an identity service of each token.

Its breaker, its settings with a bundled copy, and its habit of answering 401 when it could not ask
are what makes them.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from corpus.making.code_copies import Answer, neighbour, node_copy
from corpus.making.freezing import Entry, Expected, Salt, Where, hex_id
from corpus.making.platform_documents import (
    Revision,
    SecretOf,
    commit,
    probe,
    revisions_v1,
    revisions_v2,
    shift,
)
from corpus.making.stage import PUBLIC_IPS, Process, Stage, free_port, running

DICE = random.Random(11)
IDENTITY = "https://identity.parcelo.example"
SETTINGS = "https://settings.internal.parcelo.example"
AGENT = "parcelo-dispatch/2.14 (linux; x64)"
STUCK = {"breaker.js": ("refused() {}", "refused() { this.openedAt = Date.now(); }")}


@dataclass
class World:
    """What the courier's neighbours do at the moment."""

    identity: str = "well"
    settings: str = "well"
    asked: int = 0
    zones: dict[str, int] = field(
        default_factory=lambda: {"north": 17, "south": 9, "harbour": 6, "airport": 4}
    )
    kids: tuple[str, ...] = ("pk-2025-09", "pk-2026-01")

    def identity_answer(self, _method: str, _path: str, body: str) -> Answer:
        """Answer as the identity service."""
        self.asked += 1
        if self.identity == "hangs up":
            raise ConnectionAbortedError
        if self.identity == "slow":
            time.sleep(2.3)
        token = parse_qs(body).get("token", [""])[0]
        return 200, {"active": token.startswith("live-"), "sub": token.rpartition("-")[2]}

    def settings_answer(self, _method: str, _path: str, _body: str) -> Answer:
        """Answer as the settings service."""
        if self.settings == "down":
            return 503, {"error": "no healthy upstream"}
        return 200, {"written": "now", "zones": self.zones, "partner_kids": list(self.kids)}


@contextmanager
def neighbours(stage: Stage) -> Iterator[tuple[World, dict[str, str]]]:
    """Have the neighbours there, and give the variables that lead to them."""
    world = World()
    with neighbour(world.identity_answer) as identity, neighbour(world.settings_answer) as settings:
        stage.stands_for[f"http://127.0.0.1:{identity}"] = IDENTITY
        stage.stands_for[f"http://127.0.0.1:{settings}"] = SETTINGS
        yield (
            world,
            {
                "IDENTITY_URL": f"http://127.0.0.1:{identity}",
                "SETTINGS_URL": f"http://127.0.0.1:{settings}",
            },
        )


def serve(
    stage: Stage, stack: ExitStack, revision: str, folder: Path, variables: dict[str, str]
) -> Process:
    """Have an instance of a revision serve until the stack ends."""
    where = stage.where("courier", revision)
    process = stack.enter_context(
        running(
            stage,
            where,
            ("node", "index.js"),
            folder,
            {"BUILD": "2026.4", **variables},
            host="courier-4xk2mzq7wa-ez.a.run.app",
        )
    )
    stage.says(
        where,
        'Default STARTUP TCP probe succeeded after 1 attempt for container "courier-1" on port 8080.',
    )
    return process


def plan(
    process: Process,
    times: int,
    minutes: float = 0.5,
    zones: tuple[str, ...] = ("north", "south", "harbour"),
) -> list[int]:
    """Ask for routes as the dispatch does, so many times."""
    got = []
    for _ in range(times):
        token = f"live-{hex_id(16)}-drv{DICE.randint(30, 44)}"
        status, _ = process.ask(
            f"/routes/{DICE.choice(zones)}",
            headers={"Authorization": f"Bearer {token}"},
            agent=AGENT,
            ip=DICE.choice(PUBLIC_IPS),
        )
        got.append(status)
        if DICE.random() < 0.3:
            process.ask("/livez", agent="GoogleHC/1.0", ip="35.191.3.77")
        process.stage.leap(minutes * DICE.uniform(0.4, 1.5))
    return got


def exported(salt: Salt, **more: str | SecretOf) -> dict[str, str | SecretOf]:
    """Give the variables as an export has them."""
    return {
        "IDENTITY_URL": IDENTITY,
        "SETTINGS_URL": SETTINGS,
        "DISPATCH_KEY": SecretOf("dispatch-key", "3"),
        "TZ": salt.plain("Europe/Vienna"),
        **more,
    }


def image() -> str:
    """Name an image."""
    return f"europe-west3-docker.pkg.dev/parcelo-ops/run/courier@sha256:{hex_id(64)}"


def breaker_stays_open() -> None:
    """One instance's breaker opened in a short outage, and each refused call keeps it open."""
    stage = Stage(datetime(2026, 2, 27, 13, 10, tzinfo=UTC), "parcelo-ops", "europe-west3")
    revision = "courier-00058-xil"
    code = node_copy("courier", STUCK)
    with neighbours(stage) as (world, variables), ExitStack() as stack:
        one = serve(stage, stack, revision, code, variables)
        stage.leap(3)
        two = serve(stage, stack, revision, code, variables)
        plan(one, 4)
        plan(two, 4)
        world.identity = "hangs up"
        plan(one, 5, 0.05)
        world.identity = "well"
        stage.leap(0.5)
        for _ in range(6):
            plan(one, 2, 0.005)
            plan(two, 1, 1.2)
        seen = stage.now()
        plan(one, 3, 0.004)
    documents = {
        "probes.json": [
            probe(
                seen - timedelta(seconds=40),
                "identity health",
                f"{IDENTITY}/healthz",
                "200",
                200,
                ok=True,
                body='{"status":"up"}',
            ),
            probe(
                seen - timedelta(seconds=38),
                "identity introspects",
                f"{IDENTITY}/introspect",
                "200, active false for a bad token",
                200,
                ok=True,
                body='{"active":false}',
            ),
        ],
        "revisions.json": revisions_v2(
            "courier",
            stage.project,
            stage.location,
            [Revision(revision, stage.begins - timedelta(days=9), image(), exported(Salt()))],
        ),
    }
    expected = Expected(
        "cause_found",
        "breaker_stuck_open",
        "One instanceId fails on with \"circuit 'identity' is open\" within milliseconds and never lets a call through, long after five hang-ups; the other instance of the same revision is served by identity all the time, and both probes of identity pass.",
        "process",
        must_not=(
            "auth_service_unreachable",
            "user_token_rejected",
            "random_key_per_process",
            "latest_secret_split",
        ),
        pair="auth_service_unreachable",
    )
    stage.freeze("courier-one-instance-refuses", "courier", "production", documents, expected)
    broken = one.where.instance

    def alone(entry: Entry) -> bool:
        return bool(entry["labels"]["instanceId"] == broken)

    late = [e for e in stage.log() if alone(e)]
    since = max(e["timestamp"] for e in late if "hangs" in str(e) or "open after" in str(e))
    stage.freeze(
        "courier-circuit-open-alone",
        "courier",
        "production",
        {},
        Expected(
            "insufficient_evidence",
            None,
            "The log begins after the breaker opened, on one instance only, and nothing says whether identity could be reached meanwhile: a breaker that is stuck and an identity that is down look alike.",
            "process",
            acceptable=(),
            must_not=("auth_service_unreachable", "user_token_rejected", "env_var_lost"),
            pair="auth_service_unreachable",
        ),
        keeps=lambda e: alone(e) and e["timestamp"] > since,
    )


def trial_is_pending() -> None:
    """A trial call that failed is never given back, so that there is no other; a restart helps."""
    stage = Stage(datetime(2026, 9, 8, 11, 35, tzinfo=UTC), "parcelo-ops", "europe-west3")
    revision = "courier-00082-pov"
    code = node_copy(
        "courier",
        {
            "breaker.js": (
                "      this.say('INFO', `circuit",
                "      if (this.trial) throw new Error(`circuit '${this.name}' is half-open, its trial call is under way`);\n      this.trial = true;\n      this.say('INFO', `circuit",
            )
        },
    )
    with neighbours(stage) as (world, variables), ExitStack() as stack:
        one = serve(stage, stack, revision, code, variables)
        plan(one, 6)
        world.identity = "hangs up"
        plan(one, 4, 0.05)
        time.sleep(0.8)
        plan(one, 1, 0.05)
        world.identity = "well"
        time.sleep(0.8)
        for _ in range(5):
            plan(one, 3, 0.4)
        seen = stage.now()
        fresh = serve(stage, stack, revision, code, variables)
        plan(fresh, 5, 0.3)
        plan(one, 2, 0.2)
    documents = {
        "probes.json": [
            probe(
                seen,
                "identity introspects",
                f"{IDENTITY}/introspect",
                "200, active false for a bad token",
                200,
                ok=True,
                body='{"active":false}',
            )
        ],
    }
    stage.freeze(
        "courier-trial-under-way",
        "courier",
        "production",
        documents,
        Expected(
            "cause_found",
            "breaker_stuck_open",
            "After one trial call that failed the breaker says for good that a trial is under way and calls nobody, within milliseconds, while the probe of identity passes; an instance of the same revision that was started later is served at once.",
            "process",
            must_not=("auth_service_unreachable", "user_token_rejected", "random_key_per_process"),
            pair="auth_service_unreachable",
        ),
    )


def identity_is_down(name: str, *, slow: bool) -> None:
    """The identity service is down or too slow; the breaker opens, tries and opens again."""
    stage = Stage(datetime(2026, 3, 30, 6, 50, tzinfo=UTC), "parcelo-ops", "europe-west3")
    revision = "courier-00061-tab"
    with neighbours(stage) as (world, variables), ExitStack() as stack:
        one = serve(stage, stack, revision, node_copy("courier"), variables)
        two = serve(stage, stack, revision, node_copy("courier"), variables)
        plan(one, 4)
        plan(two, 4)
        world.identity = "slow" if slow else "hangs up"
        for _ in range(3):
            plan(one, 4, 0.01)
            plan(two, 4, 0.01)
            time.sleep(0.8)
            stage.leap(2)
        seen = stage.now()
    failed = "timeout after 10 s" if slow else "connection reset by peer"
    documents: dict[str, Any] = {
        "probes.json": [
            probe(
                seen, "identity health", f"{IDENTITY}/healthz", "200", None, ok=False, error=failed
            ),
            probe(seen, "settings health", f"{SETTINGS}/healthz", "200", 200, ok=True),
        ],
        "revisions.json": revisions_v1(
            "courier",
            stage.project,
            stage.location,
            [Revision(revision, stage.begins - timedelta(days=2), image(), exported(Salt()))],
        ),
    }
    stage.freeze(
        name,
        "courier",
        "production",
        documents,
        Expected(
            "cause_found",
            "auth_service_unreachable",
            f"Both instances fail alike; each time the breaker lets one call through it fails again ({'the timeout of 2 s' if slow else 'the connection breaks'}), and the probe of identity fails too. The 401 are misreported, the open circuit a consequence.",
            "process",
            must_not=("breaker_stuck_open", "user_token_rejected", "env_var_lost"),
            pair="breaker_stuck_open",
        ),
    )


def identity_refuses_connections() -> None:
    """A deployment points at nothing that listens, though the address is the same as before."""
    stage = Stage(datetime(2025, 12, 19, 16, 20, tzinfo=UTC), "parcelo-stage", "europe-west3")
    revision = "courier-00149-gus"
    dead = free_port()
    stage.stands_for[f"http://127.0.0.1:{dead}"] = "http://identity.svc.cluster.local:8443"
    with neighbours(stage) as (_world, variables), ExitStack() as stack:
        early = serve(stage, stack, revision, node_copy("courier"), variables)
        plan(early, 8)
        late = serve(
            stage,
            stack,
            revision,
            node_copy("courier"),
            variables | {"IDENTITY_URL": f"http://127.0.0.1:{dead}"},
        )
        plan(late, 14, 0.3)
    stage.stands_for[IDENTITY] = "http://identity.svc.cluster.local:8443"
    documents = {
        "revisions.json": revisions_v1(
            "courier",
            stage.project,
            stage.location,
            [
                Revision(
                    "courier-00148-hob",
                    stage.begins - timedelta(days=4),
                    image(),
                    exported(Salt(), IDENTITY_URL="http://identity.svc.cluster.local:8443"),
                ),
                Revision(
                    revision,
                    stage.begins - timedelta(minutes=20),
                    image(),
                    exported(Salt(), IDENTITY_URL="http://identity.svc.cluster.local:8443"),
                ),
            ],
        ),
        "commits.json": [
            commit(
                stage.begins - timedelta(minutes=34),
                "Lea Brandl",
                "Answer /livez without a token",
                ["index.js"],
            )
        ],
    }
    stage.freeze(
        "courier-econnrefused-as-401",
        "courier",
        "staging",
        documents,
        Expected(
            "cause_found",
            "auth_service_unreachable",
            "All 401 say `fetch failed (ECONNREFUSED)` of the identity call, from 16:2x on, on a revision that was served by the same IDENTITY_URL for its first requests; the deployment before changed nothing of it.",
            "process",
            must_not=(
                "user_token_rejected",
                "caller_without_credential",
                "wrong_auth_service_url",
                "env_var_lost",
            ),
            pair="user_token_rejected",
        ),
    )


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


def _where(stage: Stage, revision: str) -> Where:
    return Where(stage.project, stage.location, "courier", revision)


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
    breaker_stays_open,
    trial_is_pending,
    lambda: identity_is_down("courier-identity-hangs-up", slow=False),
    lambda: identity_is_down("courier-identity-too-slow", slow=True),
    identity_refuses_connections,
    lambda: bundled_settings("courier-airport-unknown", says_so=True),
    lambda: bundled_settings("courier-airport-unknown-no-start", says_so=False),
    bundled_settings_are_innocent,
    lambda: pinned("courier-fix-without-traffic", serves=False),
    lambda: pinned("courier-fix-that-serves", serves=True),
)
