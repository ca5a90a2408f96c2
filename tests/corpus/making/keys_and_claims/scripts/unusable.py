"""Incidents in which a variable is there and of no use: empty, another kind, a name, an example."""

from typing import Any

from corpus.making.freezing import Entry, Expected, hex_id, iso
from corpus.making.keys_and_claims.theatre.cast import api, changed, kept, key, login
from corpus.making.keys_and_claims.theatre.documents import Hidden, Setting
from corpus.making.keys_and_claims.theatre.scene import Look, Scene, Troupe

REVISIONS = ("revisions.json", "traffic.json")


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
        "where the one before has a real one; every token is refused since then "
        "({log:token rejected}).",
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
    staged: dict[str, Any] = {
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
        f"revisions.json shows {variable} of the newest revision as {value!r}, which names a "
        "secret "
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
        f"In revisions.json {variable} is a secretKeyRef in the older revision and a literal "
        "in the "
        f"newer; fingerprints.json shows that the literal is not the key of {seen.login}. "
        "Tokens are "
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
    people = login(scene, troupe, {"SIGNING_KEY": kept("signing-key", signing)}, "SIGNING_KEY")
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


def emptied_partner(name: str, seen: Look, troupe: Troupe, service: str, variable: str) -> None:
    """The code says that a variable is not configured; it is, with nothing in it."""
    scene = Scene(name, seen)
    signing = key()
    people = login(scene, troupe, {"SIGNING_KEY": kept("signing-key", signing)}, "SIGNING_KEY")
    env: dict[str, Setting] = {
        "TOKEN_KEY": kept("signing-key", signing),
        variable: Hidden(key()),
        "DEPOT": "north",
    }
    names = {"key": "TOKEN_KEY", "partner": variable}
    orders = api(scene, troupe, service, "orders_api", env, names)
    scene.day(people, orders, ["/orders", "/me"], 4)
    scene.visit(orders, "POST", "/partner/sync", bearer=scene.token(people))
    scene.commit("Hand variables on from the build's own", ["cloudbuild.yaml"], ago=10)
    orders = api(scene, troupe, service, "orders_api", changed(env, **{variable: ""}), names)
    for _ in range(4):
        scene.day(people, orders, ["/orders"], 1, 4)
        scene.visit(orders, "POST", "/partner/sync", bearer=scene.token(people))
    expected = Expected(
        "cause_found",
        "empty_value",
        f"{{log:{variable} not configured}} since the newest revision, which does have "
        f"{variable} in "
        "revisions.json: with the empty string, where the one before has a value.",
        "process",
        acceptable=("unresolved_reference",),
        must_not=("env_var_lost", "secret_reference_lost", "variable_half_renamed", "code_error"),
        pair="env_var_lost",
    )
    holds = scene.papers(*REVISIONS, "fingerprints.json", "commits.json", services=[service])
    scene.freeze(expected, about=service, holds=holds, logs_of=[service])
    scene.close()


def switch_refused(name: str, seen: Look, troupe: Troupe, service: str, variable: str) -> None:
    """The platform refuses to make a literal of a reference; the old revision serves on.

    The service is real; the build's lines are written after what gcloud and Cloud Build print.
    """
    scene = Scene(name, seen)
    signing = key()
    people = login(scene, troupe, {"SIGNING_KEY": kept("signing-key", signing)}, "SIGNING_KEY")
    env: dict[str, Setting] = {variable: kept("signing-key", signing, "6"), "LOCALE": "fi"}
    notes = api(scene, troupe, service, "notes_app", env, {"key": variable})
    scene.day(people, notes, ["/notes", "/notes/recent"], 5)
    builds: list[Entry] = []
    for _ in range(2):
        scene.commit("Pass the key from the pipeline's variables", ["cloudbuild.yaml"], ago=4)
        builds += _refused_build(scene, service, variable)
        scene.day(people, notes, ["/notes", "/notes/recent"], 4)
    expected = Expected(
        "cause_found",
        "kind_switched",
        f"{{log:has already been set with a different type}}: the deploys would make "
        f"{variable}, which "
        "is a secretKeyRef in revisions.json, a literal. No new revision came of them, and the old "
        "one serves without a fault.",
        "written",
        must_not=("env_var_lost", "secret_reference_lost", "startup_failed", "traffic_pinned"),
        pair="secret_reference_lost",
    )
    holds = scene.papers(*REVISIONS, "commits.json", services=[service])
    scene.freeze(expected, about=service, holds=holds, logs_of=[service], besides=builds)
    scene.close()


def _refused_build(scene: Scene, service: str, variable: str) -> list[Entry]:
    build = hex_id(32)
    since = "it has already been set with a different type."
    refused = (
        f"ERROR: (gcloud.run.deploy) Cannot update environment variable [{variable}] to string "
        f"literal because {since}"
    )
    failed = (
        'ERROR: build step 2 "gcr.io/google.com/cloudsdktool/cloud-sdk" failed: step exited with '
        "non-zero status: 1"
    )
    lines = (
        f'starting build "{build}"',
        f'Step #1 - "push": latest: digest: sha256:{hex_id(64)} size: 2204',
        'Finished Step #1 - "push"',
        'Starting Step #2 - "deploy"',
        'Step #2 - "deploy": Deploying...',
        f'Step #2 - "deploy": {refused}',
        'Finished Step #2 - "deploy"',
        "ERROR",
        failed,
    )
    made = []
    for line in lines:
        scene.stage.later(1.5)
        time = iso(scene.stage.now())
        made.append(
            {
                "insertId": hex_id(20),
                "logName": f"projects/{scene.look.project}/logs/cloudbuild",
                "receiveTimestamp": time,
                "timestamp": time,
                "severity": "INFO",
                "labels": {"build_tags": service, "build_step": "MAIN"},
                "resource": {
                    "type": "build",
                    "labels": {
                        "build_id": build,
                        "build_trigger_id": "",
                        "project_id": scene.look.project,
                    },
                },
                "textPayload": line,
            }
        )
    return made
