"""Incidents in which a variable is gone, empty, of another kind, or never was what it should be."""

from corpus.making.documents import Hidden, Setting
from corpus.making.freezing import Expected
from corpus.making.keys_and_claims.cast import api, changed, issuer, kept, key, login
from corpus.making.keys_and_claims.scene import Look, Scene, Troupe

REVISIONS = ("revisions.json", "traffic.json")


def partner_gone(
    name: str, seen: Look, troupe: Troupe, service: str, variable: str, *, bare: bool = False
) -> None:
    """A deploy that sets all variables anew drops a partner's token; the code says what it lacks."""
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
    staged = {"partner_feature": "warehouse push"}
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
    staged = {"static": True, "library": "requests", "paths": {"weekly": "/report/weekly"}}
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
        f"{target} refuses only requests that carry no credential ({{log:no Authorization header}}), "
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
        f"secretKeyRef; the literals are the same. The new one logs {{log:{variable} is not configured}}.",
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
            f"{{log:{variable} is not configured}} since the newest start, and nothing says whether "
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


def emptied(name: str, seen: Look, troupe: Troupe, service: str, variable: str) -> None:
    """A variable is there and holds nothing, so everything signed looks wrongly signed."""
    scene = Scene(name, seen)
    signing = key()
    people = login(scene, troupe, {"SIGNING_KEY": kept("signing-key", signing)}, "SIGNING_KEY")
    env: dict[str, Setting] = {variable: Hidden(signing), "DUNNING": "on", "LOCALE": "de"}
    billing = api(scene, troupe, service, "orders_api", env, {"key": variable})
    scene.day(people, billing, ["/orders", "/me"], 6)
    scene.commit("Pass settings from the pipeline's variables", ["ci/deploy.yml"], ago=11)
    env = changed(env, **{variable: "", "DUNNING": "on"})
    billing = api(scene, troupe, service, "orders_api", env, {"key": variable})
    scene.day(people, billing, ["/orders", "/me"], 8)
    expected = Expected(
        "cause_found",
        "empty_value",
        f"In revisions.json the newest revision has {variable} with the empty string as its value, "
        "where the one before has a real one; every token is refused since then ({log:token rejected}).",
        "process",
        must_not=("signing_key_mismatch", "user_token_rejected", "caller_without_credential"),
        pair="signing_key_mismatch",
    )
    holds = scene.papers(*REVISIONS, "fingerprints.json", "commits.json")
    scene.freeze(expected, about=service, holds=holds, logs_of=[service, seen.login])
    scene.close()


def placeholder(
    name: str,
    seen: Look,
    troupe: Troupe,
    service: str,
    variable: str,
    default: str,
    *,
    logged: bool,
) -> None:
    """The service verifies with the key that stands in its example."""
    scene = Scene(name, seen)
    signing = key()
    people = login(scene, troupe, {"SIGNING_KEY": kept("signing-key", signing)}, "SIGNING_KEY")
    env: dict[str, Setting] = {variable: kept("signing-key", signing), "THEME": "light"}
    staged = {
        "default_key": default,
        "says_default": "%s not set, using the default development key",
    }
    orders = api(scene, troupe, service, "orders_api", env, {"key": variable}, **staged)
    scene.day(people, orders, ["/orders", "/me"], 5)
    scene.commit("Load defaults from the example file", [".env.example", "deploy/run.sh"], ago=8)
    env = changed(env, **{variable: None if logged else default})
    orders = api(scene, troupe, service, "orders_api", env, {"key": variable}, **staged)
    scene.day(people, orders, ["/orders", "/me"], 8)
    where = (
        "{log:using the default development key} since the newest start, whose revision has no "
        f"{variable}; all tokens of {seen.login} are refused"
        if logged
        else f"revisions.json shows {variable} of the newest revision as the literal {default!r}, "
        "an example's value, where the one before refers to a secret; all tokens are refused "
        "({log:Signature verification failed})"
    )
    expected = Expected(
        "cause_found",
        "placeholder_value",
        f"{where}.",
        "process",
        acceptable=("secret_reference_lost", "env_var_lost") if logged else ("kind_switched",),
        must_not=("user_token_rejected", "key_rotated_without_overlap", "random_key_per_process"),
        pair="signing_key_mismatch",
    )
    holds = scene.papers(*REVISIONS, "commits.json", services=[service])
    scene.freeze(expected, about=service, holds=holds, logs_of=[service])
    scene.close()


def unresolved(
    name: str, seen: Look, troupe: Troupe, service: str, variable: str, value: str
) -> None:
    """The name of a secret, or a reference nobody resolved, is used as the key itself."""
    scene = Scene(name, seen)
    signing = key()
    people = login(scene, troupe, {"SIGNING_KEY": kept("signing-key", signing)}, "SIGNING_KEY")
    env: dict[str, Setting] = {variable: Hidden(signing), "NOTES_MAX": "500"}
    notes = api(scene, troupe, service, "notes_app", env, {"key": variable})
    scene.day(people, notes, ["/notes", "/notes/recent"], 5)
    scene.commit(
        "Template the service file", ["deploy/service.tmpl.yaml", "deploy/render.sh"], ago=14
    )
    scene.commit("Typo in help text", ["app/static/help.html"], ago=5)
    env = changed(env, **{variable: value})
    notes = api(scene, troupe, service, "notes_app", env, {"key": variable})
    scene.day(people, notes, ["/notes", "/notes/recent"], 8)
    expected = Expected(
        "cause_found",
        "unresolved_reference",
        f"revisions.json shows {variable} of the newest revision as {value!r}, which names a secret "
        "instead of being one; signatures are refused from its first request ({log:auth_failed}).",
        "process",
        must_not=("user_token_rejected", "key_rotated_without_overlap", "whitespace_in_value"),
        pair="signing_key_mismatch",
    )
    holds = scene.papers(*REVISIONS, "commits.json", services=[service])
    scene.freeze(expected, about=service, holds=holds, logs_of=[service, seen.login])
    scene.close()


def kind_switched(name: str, seen: Look, troupe: Troupe, service: str, variable: str) -> None:
    """A replaced service turns a secret's reference into a literal, of an older value."""
    scene = Scene(name, seen)
    signing, older = key(), key()
    people = login(scene, troupe, {"JWT_SIGNING": kept("jwt-signing", signing, "7")}, "JWT_SIGNING")
    env: dict[str, Setting] = {variable: kept("jwt-signing", signing, "7"), "MODE": "full"}
    variables = {"key": variable}
    service_api = api(scene, troupe, service, "billing_app", env, variables, workers=1)
    scene.day(people, service_api, ["/invoices", "/usage"], 5)
    scene.commit("Export the service's description and apply it", ["ops/billing.yaml"], ago=10)
    env = changed(env, **{variable: Hidden(older)})
    service_api = api(scene, troupe, service, "billing_app", env, variables, workers=1)
    scene.day(people, service_api, ["/invoices", "/usage"], 7)
    expected = Expected(
        "cause_found",
        "kind_switched",
        f"In revisions.json {variable} is a secretKeyRef in the older revision and a literal in the "
        f"newer; fingerprints.json shows that the literal is not the key of {seen.login}. Tokens are "
        "refused since the switch ({log:token refused}).",
        "process",
        acceptable=("signing_key_mismatch",),
        must_not=("whitespace_in_value", "key_rotated_without_overlap", "user_token_rejected"),
        pair="signing_key_mismatch",
    )
    holds = scene.papers(*REVISIONS, "fingerprints.json", "commits.json")
    scene.freeze(expected, about=service, holds=holds, logs_of=[service])
    scene.close()


def harmless_deploy(name: str, seen: Look, troupe: Troupe, service: str) -> None:
    """A variable is dropped that nothing reads; what fails is one person's old token."""
    scene = Scene(name, seen)
    signing = key()
    people = login(
        scene, troupe, {"SIGNING_KEY": kept("signing-key", signing)}, "SIGNING_KEY", audit_name="x"
    )
    env: dict[str, Setting] = {
        "TOKEN_KEY": kept("signing-key", signing),
        "OLD_FLAG": "1",
        "AUDIENCE": "api",
    }
    names = {"key": "TOKEN_KEY", "audience": "AUDIENCE"}
    orders = api(scene, troupe, service, "orders_api", env, names)
    scene.day(people, orders, ["/orders", "/me"], 6)
    scene.visit(orders, "GET", "/orders", bearer="abc")
    scene.commit("Remove a flag nothing reads", ["orders/flags.py", "deploy/env.yaml"], ago=15)
    orders = api(scene, troupe, service, "orders_api", changed(env, OLD_FLAG=None), names)
    scene.day(people, orders, ["/orders", "/me"], 7)
    scene.visit(orders, "GET", "/orders", bearer="abc")
    scene.day(people, orders, ["/orders", "/me"], 2)
    expected = Expected(
        "not_an_incident",
        None,
        "The deploy dropped OLD_FLAG, and nothing changed with it: requests succeed before and "
        "after, and the two refusals ({log:token rejected}) are of something that is no token, one "
        "on each revision.",
        "process",
        acceptable=("user_token_rejected", "test_traffic"),
        must_not=("env_var_lost", "signing_key_mismatch", "code_error"),
        pair="env_var_lost",
    )
    holds = scene.papers(*REVISIONS, "commits.json", services=[service])
    scene.freeze(expected, about=service, holds=holds, logs_of=[service])
    scene.close()


def named_by_issuer(scene: Scene) -> str:
    """Give the issuer's address, as configuration would hold it."""
    return issuer(scene)
