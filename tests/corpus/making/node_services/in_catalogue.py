"""Incidents of the catalogue, a Node service (express, pino, jose, pg)."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from corpus.making.code_copies import node_copy, token
from corpus.making.freezing import Expected, Salt, Where, hex_id
from corpus.making.platform_documents import (
    Revision,
    SecretOf,
    commit,
    probe,
    revisions_v1,
    revisions_v2,
    shift,
)
from corpus.making.stage import BROWSERS, PUBLIC_IPS, Process, Stage, free_port, running

KEY = "mQ7yB2cH5tK9wR4xV8zN1pL6sD3fG0jA"
ISSUER = "https://login.hearthandhall.example"
NODE = ("node", "server.js")
DICE = random.Random(7)
PATHS = (
    "/v2/items",
    "/v2/items/oak-table/price",
    "/v2/items/desk-lamp/price?tier=trade",
    "/healthz",
)


def env(**more: str) -> dict[str, str]:
    """Give the variables the process runs with."""
    return {
        "SESSION_SIGNING_KEY": KEY,
        "ISSUER": ISSUER,
        "GIT_SHA": "5be0c91",
        "STORE_DSN": "postgres://catalogue@127.0.0.1:9/catalogue",
        **more,
    }


def bearer(subject: str = "cus_4471", seconds: float = 900, key: str = KEY) -> dict[str, str]:
    """Sign somebody in."""
    return {"Authorization": f"Bearer {token(key, subject, ISSUER, 'catalogue', seconds)}"}


def browse(
    process: Process, times: int, minutes: float = 0.4, paths: tuple[str, ...] = PATHS
) -> None:
    """Ask as customers do, so many times."""
    for _ in range(max(2, round(times * 0.5))):
        path = DICE.choice(paths)
        probing = path == "/healthz"
        process.ask(
            path,
            headers={} if probing else bearer(f"cus_{DICE.randint(4000, 4020)}"),
            agent="GoogleHC/1.0" if probing else DICE.choice(BROWSERS),
            ip="35.191.8.102" if probing else DICE.choice(PUBLIC_IPS),
        )
        process.stage.leap(minutes * DICE.uniform(0.3, 1.6))


@contextmanager
def serving(stage: Stage, revision: str, folder: Path, **variables: str) -> Iterator[Process]:
    """Have an instance of a revision serve."""
    where = stage.where("catalogue", revision)
    stage.says(
        where,
        "Starting new instance. Reason: DEPLOYMENT_ROLLOUT - Instance started due to traffic shifting between revisions due to deployment, traffic split adjustment, or deployment health check.",
    )
    with running(stage, where, NODE, folder, env(K_REVISION=revision, **variables)) as process:
        stage.says(
            where,
            'Default STARTUP TCP probe succeeded after 1 attempt for container "catalogue-1" on port 8080.',
        )
        yield process


def fails_to_start(
    stage: Stage, revision: str, folder: Path, times: int = 2, **variables: str
) -> None:
    """Have a revision that does not start be tried as Cloud Run tries it."""
    for _ in range(times):
        where = stage.where("catalogue", revision)
        stage.says(
            where,
            "Starting new instance. Reason: DEPLOYMENT_ROLLOUT - Instance started due to traffic shifting between revisions due to deployment, traffic split adjustment, or deployment health check.",
        )
        with running(
            stage, where, NODE, folder, env(K_REVISION=revision, **variables), waits=False
        ) as process:
            code = process.ended()
        stage.says(where, f"Container called exit({code}).", "WARNING")
        stage.says(
            where,
            'Default STARTUP TCP probe failed 1 time consecutively for container "catalogue-1" on port 8080. The instance was not started.',
            "ERROR",
        )
        stage.leap(0.35)


def variables(salt: Salt, **more: str | SecretOf) -> dict[str, str | SecretOf]:
    """Give the variables as an export has them."""
    return {
        "SESSION_SIGNING_KEY": SecretOf("session-signing-key", "4"),
        "ISSUER": ISSUER,
        "STORE_DSN": SecretOf("catalogue-store-dsn", "2"),
        "STORE_CONNECT_MS": "4000",
        "NODE_OPTIONS": salt.plain("--enable-source-maps"),
        **more,
    }


def image(digest: str) -> str:
    """Name an image."""
    return f"europe-west1-docker.pkg.dev/hearth-prod/apps/catalogue@sha256:{digest}"


NOT_READY = (
    "The user-provided container failed to start and listen on the port defined provided by the"
    " PORT=8080 environment variable within the allocated timeout. This can happen when the"
    " container port is misconfigured or if the timeout is too short. The health check timeout can"
    " be extended. Logs for this revision might contain more information."
)


def missing_package() -> None:
    """A package was moved to the development dependencies, and the image has none of those."""
    stage = Stage(datetime(2026, 3, 17, 9, 4, tzinfo=UTC), "hearth-prod")
    salt = Salt()
    old, new = "catalogue-00087-lud", "catalogue-00088-faz"
    with serving(stage, old, node_copy("catalogue")) as before:
        browse(before, 14)
        deployed = stage.now()
        fails_to_start(
            stage, new, node_copy("catalogue", gone=("node_modules/jose",)), GIT_SHA="a1407de"
        )
        stage.says(
            Where(stage.project, stage.location, "catalogue", new),
            f"Revision '{new}' is not ready and cannot serve traffic. {NOT_READY}",
            "ERROR",
        )
        browse(before, 12)
    common = variables(salt)
    documents = {
        "revisions.json": revisions_v1(
            "catalogue",
            stage.project,
            stage.location,
            [
                Revision(old, stage.begins - timedelta(days=6), image(hex_id(64)), common),
                Revision(new, deployed, image(hex_id(64)), common, NOT_READY),
            ],
        ),
        "traffic.json": [shift(stage.begins - timedelta(days=6), old, 100)],
        "commits.json": [
            commit(
                deployed - timedelta(hours=20),
                "Ines Duarte",
                "Round trade prices to whole cents",
                ["lib/prices.js", "test/prices.test.js"],
                "2 files changed, 14 insertions(+), 3 deletions(-)",
            ),
            commit(
                deployed - timedelta(minutes=22),
                "Marek Wilk",
                "Sort dependencies and devDependencies",
                ["package.json", "package-lock.json"],
                "2 files changed, 9 insertions(+), 9 deletions(-)",
            ),
        ],
    }
    stage.freeze(
        "catalogue-image-without-jose",
        "catalogue",
        "production",
        documents,
        Expected(
            "cause_found",
            "missing_module",
            f"Each start of {new} prints `Error: Cannot find module 'jose'` with its require stack before the exit and before the platform's probe failure; the probe text and 'not ready' are consequences. {old} goes on serving.",
            "process",
            must_not=("startup_failed", "code_error", "env_var_lost"),
            pair="startup_failed",
        ),
    )


def file_in_other_case() -> None:
    """A file is required under a name that exists on a file system without regard to case only."""
    stage = Stage(datetime(2025, 10, 2, 15, 40, tzinfo=UTC), "hearth-stage", joined=True)
    old, new = "catalogue-00213-mip", "catalogue-00214-qox"
    broken = node_copy(
        "catalogue", {"server.js": ("require('./lib/prices')", "require('./lib/Prices')")}
    )
    with serving(stage, old, node_copy("catalogue")) as before:
        browse(before, 9)
        deployed = stage.now()
        fails_to_start(stage, new, broken, times=3, GIT_SHA="77c12ee")
        browse(before, 8)
    documents = {
        "revisions.json": revisions_v2(
            "catalogue",
            stage.project,
            stage.location,
            [
                Revision(
                    old, stage.begins - timedelta(days=2), image(hex_id(64)), variables(Salt())
                ),
                Revision(
                    new,
                    deployed,
                    image(hex_id(64)),
                    variables(Salt(), PRICE_ROUNDING="half-even"),
                    NOT_READY,
                ),
            ],
        ),
        "commits.json": [
            commit(
                deployed - timedelta(minutes=9),
                "Tobias Lenz",
                "Require modules by their class-like names",
                ["server.js"],
                "1 file changed, 1 insertion(+), 1 deletion(-)",
            ),
            commit(
                deployed - timedelta(minutes=50),
                "Ines Duarte",
                "Add PRICE_ROUNDING to the deployment",
                ["deploy/staging.yaml"],
                "1 file changed, 2 insertions(+)",
            ),
        ],
    }
    stage.freeze(
        "catalogue-prices-not-found",
        "catalogue",
        "staging",
        documents,
        Expected(
            "cause_found",
            "missing_module",
            "The first error of every start is `Cannot find module './lib/Prices'`; commits.json/0 changed that require in server.js. The new variable PRICE_ROUNDING is innocent.",
            "process",
            must_not=("startup_failed", "code_error", "env_var_lost"),
            pair="startup_failed",
        ),
    )


def module_wanted_by_one_route() -> None:
    """Only one route loads the package that is not there; all else is served."""
    stage = Stage(datetime(2026, 1, 22, 7, 15, tzinfo=UTC), "hearth-prod")
    old, new = "catalogue-00091-bek", "catalogue-00092-ruw"
    broken = node_copy(
        "catalogue",
        {
            "lib/prices.js": (
                "exports.quote = (id, tier) => {",
                "exports.quote = (id, tier) => {\n  const Decimal = require('decimal.js');",
            )
        },
    )
    with serving(stage, old, node_copy("catalogue")) as before:
        browse(before, 10)
        deployed = stage.now()
        with serving(stage, new, broken, GIT_SHA="e9d3308") as after:
            browse(before, 3)
            moved = stage.now()
            browse(after, 24)
    documents = {
        "revisions.json": revisions_v1(
            "catalogue",
            stage.project,
            stage.location,
            [
                Revision(
                    old, stage.begins - timedelta(days=1), image(hex_id(64)), variables(Salt())
                ),
                Revision(new, deployed, image(hex_id(64)), variables(Salt())),
            ],
        ),
        "traffic.json": [
            shift(stage.begins - timedelta(days=1), old, 100),
            shift(moved, old, 0),
            shift(moved, new, 100),
        ],
    }
    stage.freeze(
        "catalogue-decimal-on-first-quote",
        "catalogue",
        "production",
        documents,
        Expected(
            "cause_found",
            "missing_module",
            f"On {new} every price request fails with `Cannot find module 'decimal.js'` (require in lib/prices.js); the service starts, and other routes answer 200, as prices did on {old}.",
            "process",
            must_not=("code_error", "startup_failed"),
            pair="code_error",
        ),
    )


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


def rules_do_not_parse() -> None:
    """A file of rules that is read at the start is no JSON."""
    stage = Stage(datetime(2026, 2, 10, 18, 2, tzinfo=UTC), "hearth-prod")
    old, new = "catalogue-00095-hun", "catalogue-00096-lim"
    folder = node_copy(
        "catalogue",
        {
            "lib/prices.js": (
                "const ITEMS = {",
                "const RULES = JSON.parse(require('fs').readFileSync(require('path').join(__dirname, '../rules/tiers.json'), 'utf8'));\nconst ITEMS = {",
            )
        },
    )
    (folder / "rules").mkdir()
    (folder / "rules" / "tiers.json").write_text('{\n  "trade": 0.85,\n  "staff": 0.7,\n}\n')
    with serving(stage, old, node_copy("catalogue")) as before:
        browse(before, 8)
        deployed = stage.now()
        fails_to_start(stage, new, folder, GIT_SHA="b2b2f70")
        browse(before, 10)
    documents = {
        "revisions.json": revisions_v2(
            "catalogue",
            stage.project,
            stage.location,
            [
                Revision(
                    old, stage.begins - timedelta(days=5), image(hex_id(64)), variables(Salt())
                ),
                Revision(new, deployed, image(hex_id(64)), variables(Salt()), NOT_READY),
            ],
        ),
        "commits.json": [
            commit(
                deployed - timedelta(minutes=14),
                "Tobias Lenz",
                "Keep tiers in a file",
                ["lib/prices.js", "rules/tiers.json"],
                "2 files changed, 6 insertions(+)",
            ),
        ],
    }
    stage.freeze(
        "catalogue-tiers-file-unreadable",
        "catalogue",
        "production",
        documents,
        Expected(
            "cause_found",
            "startup_failed",
            "Every start of the new revision ends in a SyntaxError from JSON.parse at module load (lib/prices.js), before it listens; no module is missing and no request was handled.",
            "process",
            must_not=("missing_module",),
            pair="missing_module",
        ),
    )


def other_port() -> None:
    """The service listens on a port of its own, not on the one it is told."""
    stage = Stage(datetime(2026, 6, 24, 10, 11, tzinfo=UTC), "hearth-stage")
    old, new = "catalogue-00230-dax", "catalogue-00231-wog"
    port = free_port()
    folder = node_copy(
        "catalogue",
        {
            "server.js": (
                "Number(process.env.PORT || 8080)",
                f"Number(process.env.HTTP_PORT || {port})",
            )
        },
    )
    with serving(stage, old, node_copy("catalogue")) as before:
        browse(before, 8)
        deployed = stage.now()
        for _ in range(2):
            where = stage.where("catalogue", new)
            with running(stage, where, NODE, folder, env(K_REVISION=new), waits=False) as process:
                stage.stands_for[str(port)] = "3000"
                process.port = port
                process.listens()
                process.port = free_port()
                stage.leap(4)
                stage.says(
                    where,
                    'Default STARTUP TCP probe failed 1 time consecutively for container "catalogue-1" on port 8080. The instance was not started. Connection failed with status DEADLINE_EXCEEDED.',
                    "ERROR",
                )
            stage.leap(0.4)
        browse(before, 8)
    documents = {
        "revisions.json": revisions_v1(
            "catalogue",
            stage.project,
            stage.location,
            [
                Revision(
                    old, stage.begins - timedelta(days=1), image(hex_id(64)), variables(Salt())
                ),
                Revision(new, deployed, image(hex_id(64)), variables(Salt()), NOT_READY),
            ],
        ),
        "commits.json": [
            commit(
                deployed - timedelta(minutes=40),
                "Marek Wilk",
                "Rename PORT to HTTP_PORT in the code",
                ["server.js", "README.md"],
            )
        ],
    }
    stage.freeze(
        "catalogue-listens-elsewhere",
        "catalogue",
        "staging",
        documents,
        Expected(
            "cause_found",
            "startup_failed",
            f"{new} says that it listens on port 3000 and the platform's start-up probe on 8080 fails, twice; the commit makes the code read HTTP_PORT. It never became ready.",
            "process",
            acceptable=("variable_half_renamed",),
            must_not=("missing_module", "code_error"),
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
    missing_package,
    file_in_other_case,
    module_wanted_by_one_route,
    lambda: undefined_tiers("catalogue-list-tier", with_commits=True),
    lambda: undefined_tiers("catalogue-list-tier-no-history", with_commits=False),
    rules_do_not_parse,
    other_port,
    lambda: store_refused("catalogue-baskets-unread", decoy=False),
    lambda: store_refused("catalogue-baskets-after-sampling", decoy=True),
    lambda: scanned("catalogue-night-visitor", hides_a_fault=False),
    lambda: scanned("catalogue-visitor-and-prices", hides_a_fault=True),
    ordinary_day,
)
