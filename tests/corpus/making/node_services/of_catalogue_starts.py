"""Incidents of the catalogue that begin with a start: modules, files and ports."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from corpus.making.code_copies import node_copy
from corpus.making.freezing import Expected, Salt, Where, hex_id
from corpus.making.node_services.catalogue_running import (
    NODE,
    NOT_READY,
    browse,
    env,
    fails_to_start,
    image,
    serving,
    variables,
)
from corpus.making.platform_documents import (
    Revision,
    commit,
    revisions_v1,
    revisions_v2,
    shift,
)
from corpus.making.stage import Stage, free_port, running


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


MAKERS: tuple[Callable[[], None], ...] = (
    missing_package,
    file_in_other_case,
    module_wanted_by_one_route,
    rules_do_not_parse,
    other_port,
)
