"""Incidents in which a variable or a reference is gone with a deploy."""

from dataclasses import replace
from typing import Any

from corpus.making.freezing import Expected
from corpus.making.keys_and_claims.theatre.cast import api, changed, digest, kept, key, login
from corpus.making.keys_and_claims.theatre.documents import Hidden, Setting
from corpus.making.keys_and_claims.theatre.scene import Look, Scene, Troupe

REVISIONS = ("revisions.json", "traffic.json")


def partner_gone(
    name: str, seen: Look, troupe: Troupe, service: str, variable: str, *, bare: bool = False
) -> None:
    """A deploy sets all variables anew and drops a partner's token; the code says what it lacks."""
    scene = Scene(name, seen)
    signing = key()
    people = login(scene, troupe, {"SIGNING_KEY": kept("signing-key", signing)}, "SIGNING_KEY")
    env: dict[str, Setting] = {
        "TOKEN_KEY": kept("signing-key", signing),
        "CURRENCY": "EUR",
        variable: Hidden(key()),
    }
    names = {"key": "TOKEN_KEY", "partner": variable}
    orders = api(scene, troupe, service, "orders_api", env, names)
    scene.day(people, orders, ["/orders", "/me"], 5)
    for _ in range(2):
        scene.visit(orders, "POST", "/partner/sync", bearer=scene.token(people))
        scene.wait(8)
    scene.commit("Show amounts with two decimals", ["orders/views.py", "orders/money.py"])
    scene.commit("Set log level in the deploy step", [".github/workflows/deploy.yml"], ago=6)
    orders = api(
        scene,
        troupe,
        service,
        "orders_api",
        changed(env, **{variable: None, "CURRENCY": None, "LOG_LEVEL": "INFO"}),
        names,
    )
    for _ in range(4):
        scene.day(people, orders, ["/orders"], 1, 4)
        scene.visit(orders, "POST", "/partner/sync", bearer=scene.token(people))
    expected = Expected(
        "cause_found",
        "env_var_lost",
        f"The newest revision in revisions.json lacks {variable}, a literal that the one before "
        f"has, and from its first request on it logs {{log:{variable} not configured}}; "
        "requests that do not need it go on being answered.",
        "process",
        must_not=("code_error", "caller_without_credential", "secret_reference_lost"),
    )
    holds = scene.papers(*REVISIONS, "commits.json", services=[service])
    if bare:
        expected = Expected(
            "insufficient_evidence",
            None,
            f"{{log:{variable} not configured}} says that the variable is missing and that this "
            "began with a revision, but no configuration is here: lost, renamed, a lost reference "
            "and a first use are all possible.",
            "process",
            acceptable=("env_var_lost", "secret_reference_lost", "variable_half_renamed"),
            must_not=("caller_without_credential", "signing_key_mismatch"),
        )
        holds = {}
    scene.freeze(expected, about=service, holds=holds, logs_of=[service])
    scene.close()


def feature_off(name: str, seen: Look, troupe: Troupe, service: str, variable: str) -> None:
    """The variable is gone and nothing fails: a feature is silently off."""
    scene = Scene(name, seen)
    signing = key()
    people = login(scene, troupe, {"SIGNING_KEY": kept("login-signing", signing)}, "SIGNING_KEY")
    env: dict[str, Setting] = {
        "JWT_KEY": kept("login-signing", signing),
        variable: Hidden(key()),
        "REGION": "eu",
        "PAGE_SIZE": "50",
    }
    names = {"key": "JWT_KEY", "partner": variable}
    staged: dict[str, Any] = {"partner_feature": "warehouse push"}
    orders = api(scene, troupe, service, "orders_api", env, names, **staged)
    scene.day(people, orders, ["/orders", "/me"], 4)
    scene.visit(orders, "POST", "/partner/sync", bearer=scene.token(people))
    scene.wait(30)
    env = changed(env, PAGE_SIZE="100")
    orders = api(scene, troupe, service, "orders_api", env, names, **staged)
    scene.visit(orders, "POST", "/partner/sync", bearer=scene.token(people))
    scene.day(people, orders, ["/orders"], 3)
    env = changed(env, **{variable: None}, REGION="eu-west")
    scene.commit("Move to region eu-west", ["deploy/service.sh"], ago=12)
    orders = api(scene, troupe, service, "orders_api", env, names, **staged)
    for _ in range(4):
        scene.day(people, orders, ["/orders", "/me"], 1)
        scene.visit(orders, "POST", "/partner/sync", bearer=scene.token(people))
    scene.probe(
        "push-is-on", orders, "/partner/sync", 200, method="POST", bearer=scene.token(people)
    )
    scene.probes[-1] |= {"expect": "200 and synced > 0", "ok": False}
    expected = Expected(
        "cause_found",
        "env_var_lost",
        f"{variable} is in the first two revisions of revisions.json and not in the third; the "
        "third starts with {log:warehouse push: disabled} and the probe's answer says skipped.",
        "process",
        must_not=("user_token_rejected", "code_error", "signing_key_mismatch"),
    )
    holds = scene.papers(*REVISIONS, "commits.json", "probes.json", services=[service])
    scene.freeze(expected, about=service, holds=holds, logs_of=[service])
    scene.close()


def caller_lost_its_secret(
    name: str, seen: Look, troupe: Troupe, worker: str, target: str, variable: str
) -> None:
    """A worker loses its credential on a deploy and goes on without; the service gets the blame."""
    scene = Scene(name, seen)
    token_key, static = key(), key()
    people = login(scene, troupe, {"AUTH_KEY": kept("auth-key", token_key)}, "AUTH_KEY")
    static = scene.token(people, "nightly")
    reports_env: dict[str, Setting] = {"AUTH_KEY": kept("auth-key", token_key)}
    reports = api(scene, troupe, target, "reports_app", reports_env, {"key": "AUTH_KEY"})
    env: dict[str, Setting] = {
        "REPORTS_URL": reports.url,
        "BATCH": "20",
        variable: Hidden(static),
    }
    names = {"target": "REPORTS_URL", "secret": variable}
    staged: dict[str, Any] = {
        "static": True,
        "library": "requests",
        "paths": {"weekly": "/report/weekly"},
    }
    courier = api(scene, troupe, worker, "courier", env, names, **staged)
    for _ in range(3):
        scene.day(people, reports, ["/report/sales"], 1, 6)
        scene.stage.call(courier, "POST", "/jobs/weekly", agent="Google-Cloud-Scheduler")
    scene.commit(
        "Bigger batches", ["deploy/worker.env"], "1 file changed, 1 insertion(+), 2 deletions(-)"
    )
    env = changed(env, **{variable: None}, BATCH="100")
    courier = api(scene, troupe, worker, "courier", env, names, **staged)
    for _ in range(4):
        scene.day(people, reports, ["/report/sales", "/report/stock"], 1, 6)
        scene.stage.call(courier, "POST", "/jobs/weekly", agent="Google-Cloud-Scheduler")
    expected = Expected(
        "cause_found",
        "env_var_lost",
        f"{target} refuses only requests that carry no credential "
        f"({{log:no Authorization header}}), "
        f"all of them {worker}'s; revisions.json shows that {worker}'s newest revision lost "
        f"{variable}. People's requests go on succeeding.",
        "process",
        acceptable=("caller_without_credential",),
        must_not=("signing_key_mismatch", "service_secret_mismatch", "identity_made_optional"),
        pair="caller_without_credential",
    )
    holds = scene.papers(*REVISIONS, "commits.json", services=[worker, target])
    scene.freeze(expected, about=target, holds=holds, logs_of=[worker, target])
    scene.close()


def reference_lost(
    name: str, seen: Look, troupe: Troupe, service: str, variable: str, *, bare: bool = False
) -> None:
    """A replaced service file keeps every literal and drops the reference to a secret."""
    scene = Scene(name, seen)
    signing = key()
    people = login(
        scene, troupe, {"SIGNING_SECRET": kept("idp-signing", signing)}, "SIGNING_SECRET"
    )
    env: dict[str, Setting] = {
        variable: kept("idp-signing", signing, "4"),
        "REPORT_TTL": "3600",
        "BUCKET": "reports-cache",
    }
    reports = api(scene, troupe, service, "reports_app", env, {"key": variable})
    scene.day(people, reports, ["/report/sales", "/report/churn"], 6)
    scene.commit("Describe the service in a file and replace it", ["infra/service.yaml"], ago=9)
    env = changed(env, **{variable: None})
    reports = api(scene, troupe, service, "reports_app", env, {"key": variable})
    scene.day(people, reports, ["/report/sales", "/report/churn"], 7)
    scene.visit(reports, "GET", "/report/sales")
    expected = Expected(
        "cause_found",
        "secret_reference_lost",
        f"Between the two revisions of revisions.json only {variable} is gone, and it was a "
        "secretKeyRef; the literals are the same. The new one logs "
        f"{{log:{variable} is not configured}}.",
        "process",
        acceptable=("env_var_lost",),
        must_not=("caller_without_credential", "secret_accessor_missing", "code_error"),
        pair="env_var_lost",
    )
    holds = scene.papers(*REVISIONS, "commits.json", services=[service])
    if bare:
        expected = Expected(
            "insufficient_evidence",
            None,
            f"{{log:{variable} is not configured}} since the newest start, and nothing says "
            "whether "
            "a variable or a reference was lost, renamed, or never there.",
            "process",
            acceptable=("env_var_lost", "secret_reference_lost", "variable_half_renamed"),
            must_not=(
                "caller_without_credential",
                "signing_key_mismatch",
                "secret_accessor_missing",
            ),
        )
        holds = scene.papers("commits.json")
    scene.freeze(expected, about=service, holds=holds, logs_of=[service])
    scene.close()


def worker_secret_gone(
    name: str, seen: Look, troupe: Troupe, worker: str, variable: str, *, reference: bool
) -> None:
    """A worker's own secret is gone, so it never gets as far as asking for a token."""
    scene = Scene(name, replace(seen, join=True))
    signing, secret = key(), key()
    clients = {worker: {"secret_sha256": digest(secret)}}
    people = login(
        scene,
        troupe,
        {"SIGNING_KEY": kept("signing-key", signing)},
        "SIGNING_KEY",
        clients=clients,
    )
    env: dict[str, Setting] = {"TOKEN_KEY": kept("signing-key", signing)}
    served = api(scene, troupe, "catalogue", "orders_api", env, {"key": "TOKEN_KEY"})
    calls: dict[str, Setting] = {
        "CATALOGUE_URL": served.url,
        "LOGIN_URL": people.url,
        "PARALLEL": "4",
        variable: kept(f"{worker}-secret", secret, "2") if reference else Hidden(secret),
    }
    roles = {"target": "CATALOGUE_URL", "login": "LOGIN_URL", "secret": variable}
    built: dict[str, Any] = {"login": True, "client_id": worker, "httpx_level": "WARNING"}
    courier = api(scene, troupe, worker, "courier", calls, roles, **built)
    for _ in range(2):
        scene.day(people, served, ["/orders"], 1, 6)
        scene.stage.call(courier, "POST", "/jobs/index", agent="Google-Cloud-Scheduler")
    scene.commit("Work on eight at once", ["deploy/worker.sh"], ago=7)
    calls = changed(calls, **{variable: None}, PARALLEL="8")
    courier = api(scene, troupe, worker, "courier", calls, roles, **built)
    for _ in range(2):
        scene.day(people, served, ["/orders"], 1, 6)
        scene.stage.call(courier, "POST", "/jobs/index", agent="Google-Cloud-Scheduler")
    expected = Expected(
        "cause_found",
        "secret_reference_lost" if reference else "env_var_lost",
        f"{worker}'s newest revision in revisions.json lacks {variable}, "
        f"{'a reference to a secret' if reference else 'a literal'} of the one before; each "
        "job ends "
        f"in {{log:{variable} is not configured}} before anything is called.",
        "process",
        acceptable=("env_var_lost",) if reference else (),
        must_not=(
            "service_secret_mismatch",
            "caller_without_credential",
            "wrong_auth_service_url",
            "code_error",
        ),
        pair="service_secret_mismatch",
    )
    holds = scene.papers(*REVISIONS, "commits.json", services=[worker])
    scene.freeze(expected, about=worker, holds=holds, logs_of=[worker])
    scene.close()
