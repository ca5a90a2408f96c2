"""Incidents of the catalogue's requests: code, store and visitors."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from corpus.making.code_copies import node_copy
from corpus.making.freezing import Expected, Salt, hex_id
from corpus.making.node_services.catalogue_running import (
    DICE,
    ISSUER,
    bearer,
    browse,
    image,
    serving,
    variables,
)
from corpus.making.platform_documents import (
    Revision,
    commit,
    probe,
    revisions_v1,
    shift,
)
from corpus.making.stage import PUBLIC_IPS, Process, Stage


def undefined_tiers(name: str, *, with_commits: bool) -> None:
    """A change reads a member that one item does not have."""
    stage = Stage(datetime(2026, 5, 6, 12, 30, tzinfo=UTC), "hearth-prod")
    old, new = "catalogue-00104-sij", "catalogue-00105-pef"
    broken = node_copy(
        "catalogue",
        {
            "lib/prices.js": (
                "tier && item.tiers ? item.tiers[tier] || 1 : 1",
                "item.tiers[tier || 'list'] || 1",
            )
        },
    )
    paths = (
        "/v2/items",
        "/v2/items/wall-clock/price",
        "/v2/items/oak-table/price",
        "/v2/items/desk-lamp/price?tier=trade",
    )
    with serving(stage, old, node_copy("catalogue")) as before:
        browse(before, 14, paths=paths)
        before.ask("/v2/items", headers=bearer(seconds=-400), ip=PUBLIC_IPS[3])
        deployed = stage.now()
        with serving(stage, new, broken, GIT_SHA="0c55aa1") as after:
            browse(before, 2)
            moved = stage.now()
            browse(after, 26, paths=paths)
            after.ask("/v2/items", headers=bearer(seconds=-90), ip=PUBLIC_IPS[1])
            browse(after, 4, paths=paths)
    documents: dict[str, Any] = {
        "revisions.json": revisions_v1(
            "catalogue",
            stage.project,
            stage.location,
            [
                Revision(
                    old, stage.begins - timedelta(days=3), image(hex_id(64)), variables(Salt())
                ),
                Revision(new, deployed, image(hex_id(64)), variables(Salt())),
            ],
        ),
        "traffic.json": [
            shift(stage.begins - timedelta(days=3), old, 100),
            shift(moved, old, 0),
            shift(moved, new, 100),
        ],
    }
    if with_commits:
        documents["commits.json"] = [
            commit(
                deployed - timedelta(hours=2),
                "Marek Wilk",
                "Update pg to 8.13.1",
                ["package.json", "package-lock.json"],
            ),
            commit(
                deployed - timedelta(minutes=31),
                "Ines Duarte",
                "Quote the list tier when none is asked for",
                ["lib/prices.js"],
                "1 file changed, 1 insertion(+), 1 deletion(-)",
            ),
        ]
    stage.freeze(
        name,
        "catalogue",
        "production",
        documents,
        Expected(
            "cause_found",
            "code_error",
            f"TypeError `Cannot read properties of undefined (reading 'list')` in /app/lib/prices.js begins with {new}, for one item only; the two 401 are users' expired tokens, on both revisions.",
            "process",
            must_not=("user_token_rejected", "missing_module", "dependency_upgrade"),
        ),
    )


def store_refused(name: str, *, decoy: bool) -> None:
    """The database refuses connections from a moment on, without any deployment."""
    stage = Stage(
        datetime(2026, 4, 14, 22, 5, tzinfo=UTC),
        "hearth-prod",
        joined=decoy,
        stands_for={"127.0.0.1:9": "10.44.0.5:5432"},
    )
    stage.stands_for['"address":"127.0.0.1","port":9'] = '"address":"10.44.0.5","port":5432'
    new = "catalogue-00101-veh"
    with serving(stage, new, node_copy("catalogue")) as process:
        browse(process, 12)
        for _ in range(8):
            process.ask(
                f"/v2/baskets/b-{DICE.randint(100, 160)}",
                headers=bearer(f"cus_{DICE.randint(4000, 4020)}"),
                ip=DICE.choice(PUBLIC_IPS),
            )
            browse(process, 1)
        seen = stage.now()
    documents: dict[str, Any] = {
        "probes.json": [
            probe(
                seen,
                "catalogue alive",
                "https://catalogue-k7c2nq5xla-ew.a.run.app/healthz",
                "200",
                200,
                ok=True,
                body="ok",
            ),
            probe(
                seen,
                "login issuer",
                f"{ISSUER}/.well-known/openid-configuration",
                "200",
                200,
                ok=True,
            ),
            probe(
                seen,
                "store tcp",
                "tcp://10.44.0.5:5432",
                "connects",
                None,
                ok=False,
                error="connection refused",
            ),
        ],
    }
    if decoy:
        documents["revisions.json"] = revisions_v1(
            "catalogue",
            stage.project,
            stage.location,
            [
                Revision(
                    "catalogue-00100-nal",
                    stage.begins - timedelta(days=2),
                    image(hex_id(64)),
                    variables(Salt()),
                ),
                Revision(
                    new,
                    stage.begins - timedelta(minutes=9),
                    image(hex_id(64)),
                    variables(Salt(), LOG_SAMPLING="0.5"),
                ),
            ],
        )
        documents["commits.json"] = [
            commit(
                stage.begins - timedelta(minutes=31),
                "Ines Duarte",
                "Log a share of ordinary requests",
                ["lib/log.js"],
            )
        ]
    stage.freeze(
        name,
        "catalogue",
        "production",
        documents,
        Expected(
            "cause_found",
            "database_unreachable",
            "Every basket request is 503 with ECONNREFUSED of 10.44.0.5:5432 from pg, while requests without the store are 200; the probe of that address is refused too, the issuer's is not.",
            "process",
            must_not=("auth_service_unreachable", "pool_exhausted", "env_var_lost"),
            pair="auth_service_unreachable",
        ),
    )


def scanned(name: str, *, hides_a_fault: bool) -> None:
    """Somebody looks for holes; with `hides_a_fault` a route is broken at the same time."""
    stage = Stage(datetime(2026, 7, 8, 3, 12, tzinfo=UTC), "hearth-prod")
    revision = "catalogue-00112-zok"
    old = "catalogue-00111-kap"
    broken = {"lib/prices.js": ("item.cents * factor", "item.price.cents * factor")}
    paths = (
        "/.env",
        "/wp-login.php",
        "/admin/config.php",
        "/.git/config",
        "/v2/items",
        "/phpmyadmin/",
        "/api/v1/users",
        "/v2/baskets/1",
        "/actuator/env",
        "/v2/items/..%2f..%2fetc/price",
        "/owa/auth/logon.aspx",
        "/v1/items",
        "/server-status",
    )
    with serving(stage, old if hides_a_fault else revision, node_copy("catalogue")) as before:
        browse(before, 12)
        _scan(before, paths[:8] if hides_a_fault else paths)
        browse(before, 6)
        if not hides_a_fault:
            _scan(before, paths[4:])
            browse(before, 6)
        deployed = stage.now()
        if hides_a_fault:
            with serving(
                stage, revision, node_copy("catalogue", broken), GIT_SHA="f10be4d"
            ) as after:
                browse(after, 10)
                _scan(after, paths[7:])
                browse(after, 14)
    documents: dict[str, Any] = {
        "revisions.json": revisions_v1(
            "catalogue",
            stage.project,
            stage.location,
            [
                Revision(
                    old, stage.begins - timedelta(days=3), image(hex_id(64)), variables(Salt())
                ),
                Revision(
                    revision,
                    deployed if hides_a_fault else stage.begins - timedelta(days=1),
                    image(hex_id(64)),
                    variables(Salt()),
                ),
            ],
        ),
    }
    if hides_a_fault:
        documents["traffic.json"] = [
            shift(stage.begins - timedelta(days=3), old, 100),
            shift(deployed, old, 0),
            shift(deployed, revision, 100),
        ]
        expected = Expected(
            "cause_found",
            "code_error",
            f"The scanner's 404, 405 and 401 are on both revisions; what begins with {revision} is TypeError `Cannot read properties of undefined (reading 'cents')` in /app/lib/prices.js for customers.",
            "process",
            must_not=("test_traffic", "user_token_rejected", "caller_without_credential"),
            pair="test_traffic",
        )
    else:
        expected = Expected(
            "not_an_incident",
            "test_traffic",
            "All 401 and 404 come from one address and one scanner's user agent, over paths that do not exist, within two short spells; customers are served 200 before, between and after.",
            "process",
            must_not=(
                "env_var_lost",
                "caller_without_credential",
                "user_token_rejected",
                "signing_key_mismatch",
            ),
        )
    stage.freeze(name, "catalogue", "production", documents, expected)


def _scan(process: Process, paths: tuple[str, ...]) -> None:
    for path in paths:
        method = DICE.choice(("GET", "GET", "POST", "HEAD"))
        process.ask(
            path,
            method,
            headers={"Authorization": "Bearer x"}
            if path.startswith("/v2") and DICE.random() < 0.5
            else {},
            agent="Mozilla/5.0 zgrab/0.x",
            ip="192.0.2.211",
        )
        process.stage.leap(0.01)


def ordinary_day() -> None:
    """Nothing is wrong: a deployment without a fault, a few expired tokens, a 404."""
    stage = Stage(datetime(2026, 9, 1, 8, 30, tzinfo=UTC), "hearth-prod")
    old, new = "catalogue-00120-pum", "catalogue-00121-rij"
    with serving(stage, old, node_copy("catalogue")) as before:
        browse(before, 14)
        before.ask("/v2/items", headers=bearer(seconds=-30), ip=PUBLIC_IPS[2])
        deployed = stage.now()
        with serving(stage, new, node_copy("catalogue"), GIT_SHA="93c1d0a") as after:
            browse(before, 2)
            browse(after, 18)
            after.ask("/v2/item", headers=bearer(), ip=PUBLIC_IPS[0])
            after.ask("/v2/items", headers=bearer(seconds=-700), ip=PUBLIC_IPS[4])
            browse(after, 6)
    documents = {
        "revisions.json": revisions_v1(
            "catalogue",
            stage.project,
            stage.location,
            [
                Revision(
                    old, stage.begins - timedelta(days=7), image(hex_id(64)), variables(Salt())
                ),
                Revision(new, deployed, image(hex_id(64)), variables(Salt())),
            ],
        ),
        "traffic.json": [
            shift(stage.begins - timedelta(days=7), old, 100),
            shift(deployed, old, 0),
            shift(deployed, new, 100),
        ],
        "commits.json": [
            commit(
                deployed - timedelta(minutes=30),
                "Ines Duarte",
                "Say the version at the start",
                ["server.js"],
            )
        ],
    }
    stage.freeze(
        "catalogue-deploy-on-tuesday",
        "catalogue",
        "production",
        documents,
        Expected(
            "not_an_incident",
            None,
            "The new revision starts and serves; one expired token on each side of the deployment and one 404 of a mistyped path are the usual.",
            "process",
            acceptable=("user_token_rejected",),
            must_not=("code_error", "startup_failed", "signing_key_mismatch", "env_var_lost"),
        ),
    )


MAKERS: tuple[Callable[[], None], ...] = (
    lambda: undefined_tiers("catalogue-list-tier", with_commits=True),
    lambda: undefined_tiers("catalogue-list-tier-no-history", with_commits=False),
    lambda: store_refused("catalogue-baskets-unread", decoy=False),
    lambda: store_refused("catalogue-baskets-after-sampling", decoy=True),
    lambda: scanned("catalogue-night-visitor", hides_a_fault=False),
    lambda: scanned("catalogue-visitor-and-prices", hides_a_fault=True),
    ordinary_day,
)
