"""Incidents of the courier: its breaker, and the identity service it asks."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from corpus.making.code_copies import node_copy
from corpus.making.freezing import Entry, Expected, Salt
from corpus.making.node_services.courier_running import (
    IDENTITY,
    SETTINGS,
    STUCK,
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
    revisions_v2,
)
from corpus.making.stage import Stage, free_port


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


MAKERS: tuple[Callable[[], None], ...] = (
    breaker_stays_open,
    trial_is_pending,
    lambda: identity_is_down("courier-identity-hangs-up", slow=False),
    lambda: identity_is_down("courier-identity-too-slow", slow=True),
    identity_refuses_connections,
)
