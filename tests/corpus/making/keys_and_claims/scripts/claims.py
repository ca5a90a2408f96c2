"""Incidents of issuers, names and meanings: renamed variables, optional identity, upgrades."""

from collections.abc import Sequence
from typing import Any

from corpus.making.freezing import Expected
from corpus.making.keys_and_claims.scripts.values import PATHS, REFUSED
from corpus.making.keys_and_claims.theatre.cast import api, changed, digest, kept, key, login
from corpus.making.keys_and_claims.theatre.documents import Setting
from corpus.making.keys_and_claims.theatre.scene import Look, Scene, Troupe

CONFIGURED = ("revisions.json", "traffic.json", "commits.json")


def issuer_changed(
    name: str,
    seen: Look,
    troupe: Troupe,
    service: str,
    module: str,
    variable: str,
    whose: str,
    *,
    bare: bool = False,
) -> None:
    """One side's idea of the issuer's name changes: by a slash, or by a new domain."""
    scene = Scene(name, seen)
    signing = key()
    host = scene.stage.public_url(seen.login)
    signs: dict[str, Setting] = {"SIGNING_KEY": kept("signing-key", signing), "ISSUER": host}
    variables = {"key": "SIGNING_KEY", "issuer": "ISSUER"}
    people = login(scene, troupe, signs, "SIGNING_KEY", variables=variables)
    env: dict[str, Setting] = {"TOKEN_KEY": kept("signing-key", signing), variable: host}
    names = {"key": "TOKEN_KEY", "issuer": variable}
    served = api(scene, troupe, service, module, env, names)
    scene.day(people, served, PATHS[module], 5)
    if whose == "verifier":
        scene.commit("Read addresses from the shared map", ["deploy/map.yaml"], ago=9)
        served = api(scene, troupe, service, module, changed(env, **{variable: f"{host}/"}), names)
        told = (
            f"revisions.json: {variable} of {service}'s newest revision ends in a slash, "
            f"the issuer of {seen.login} does not"
        )
    else:
        scene.commit("Reword a button", [f"{service}/templates/index.html"], ago=40)
        served = api(scene, troupe, service, module, env, names)
        scene.day(people, served, PATHS[module], 3)
        scene.commit("Move to the new domain", ["login/settings.py", "login/deploy.yaml"], ago=4)
        domain = f"https://auth.{seen.project.partition('-')[0]}.example"
        people = login(
            scene, troupe, changed(signs, ISSUER=domain), "SIGNING_KEY", variables=variables
        )
        told = (
            f"revisions.json: ISSUER of {seen.login}'s newest revision is another address than "
            f"{service}'s {variable}; {service}'s own deploy before was followed by successes"
        )
    scene.day(people, served, PATHS[module], 8)
    holds = scene.papers(*CONFIGURED)
    logs_of = [service, seen.login]
    if bare:
        holds, logs_of = scene.papers("commits.json"), [service]
        told = (
            "the library itself says that the issuer is not the one expected, and "
            "signatures are right"
        )
    expected = Expected(
        "cause_found",
        "wrong_issuer",
        f"{told}; tokens are refused for their issuer alone ({{log:{REFUSED[module]}}}).",
        "process",
        acceptable=("wrong_auth_service_url",) if bare else (),
        must_not=("signing_key_mismatch", "wrong_audience", "user_token_rejected"),
        pair="wrong_auth_service_url" if bare else "wrong_audience",
    )
    scene.freeze(expected, about=service, holds=holds, logs_of=logs_of)
    scene.close()


def half_renamed(
    name: str,
    seen: Look,
    troupe: Troupe,
    service: str,
    module: str,
    old: str,
    new: str,
    *,
    side: str = "code",
    without: Sequence[str] = (),
) -> None:
    """Code or configuration has the new name of a variable, the other the old one."""
    scene = Scene(name, seen)
    signing = key()
    people = login(scene, troupe, {"SIGNING_KEY": kept("signing-key", signing)}, "SIGNING_KEY")
    env: dict[str, Setting] = {old: kept("signing-key", signing), "REGION": "north"}
    staged: dict[str, Any] = {"key_optional": module == "orders_api"}
    served = api(scene, troupe, service, module, env, {"key": old}, **staged)
    scene.day(people, served, PATHS[module], 5)
    if side == "code":
        files = [f"{service}/config.py", f"{service}/auth.py", "tests/test_auth.py"]
        scene.commit(
            f"Rename {old} to {new}", files, "3 files changed, 9 insertions(+), 9 deletions(-)"
        )
        served = api(scene, troupe, service, module, env, {"key": new}, **staged)
        reads, has = new, old
    else:
        scene.commit("Give all services' variables their prefix", ["deploy/prod.yaml"], ago=12)
        renamed = {new if n == old else n: s for n, s in env.items()}
        served = api(scene, troupe, service, module, renamed, {"key": old}, **staged)
        reads, has = old, new
    scene.day(people, served, PATHS[module], 8)
    bearer = scene.token(people)
    if module == "orders_api":
        scene.probe("me-with-good-token", served, "/me", 200, bearer=bearer)
        scene.probes[-1] |= {"expect": "200 and user_id is the caller", "ok": False}
        scene.probe("me-without-token", served, "/me", 401)
    holds = {
        f: d
        for f, d in scene.papers(*CONFIGURED, "fingerprints.json", "probes.json").items()
        if f not in without and d
    }
    expected = Expected(
        "cause_found",
        "variable_half_renamed",
        f"The service says that it misses {reads} ({{log:{reads}}}), revisions.json shows that it "
        f"has {has} with the issuer's key, and commits.json that one was renamed to the other.",
        "process",
        acceptable=("env_var_lost", "secret_reference_lost") if side == "settings" else (),
        must_not=("identity_made_optional", "user_token_rejected", "signing_key_mismatch"),
        pair="identity_made_optional",
    )
    if "revisions.json" in without:
        expected = Expected(
            "insufficient_evidence",
            None,
            f"{{log:{reads}}} says that a variable is missing since the newest start; without "
            "revisions and commits a lost, a renamed and a never given one look alike.",
            "process",
            acceptable=("variable_half_renamed", "env_var_lost", "secret_reference_lost"),
            must_not=(
                "identity_made_optional",
                "signing_key_mismatch",
                "caller_without_credential",
            ),
            pair="identity_made_optional",
        )
    scene.freeze(expected, about=service, holds=holds, logs_of=[service, seen.login])
    scene.close()


def made_optional(
    name: str,
    seen: Look,
    troupe: Troupe,
    service: str,
    module: str,
    *,
    without: Sequence[str] = (),
) -> None:
    """A change lets requests in whose identity is missing or wrong, as nobody."""
    scene = Scene(name, seen)
    signing = key()
    people = login(scene, troupe, {"SIGNING_KEY": kept("signing-key", signing)}, "SIGNING_KEY")
    env: dict[str, Setting] = {"TOKEN_KEY": kept("signing-key", signing), "LIMIT": "20"}
    served = api(scene, troupe, service, module, env, {"key": "TOKEN_KEY"})
    path = PATHS[module][0]
    scene.day(people, served, PATHS[module], 3)
    scene.visit(served, "GET", path)
    scene.probe("no-token-is-refused", served, path, 401)
    scene.probe("bad-token-is-refused", served, path, 401, bearer="a.b.c")
    told = "probes.json" not in without
    scene.commit(
        "Let the start page load before log-in: user is optional in the dependency"
        if told
        else "Show the start page to visitors",
        [f"{service}/dependencies.py", f"{service}/routes.py"],
        "2 files changed, 14 insertions(+), 6 deletions(-)",
    )
    scene.commit("Upgrade linters", ["pyproject.toml"], ago=5)
    loose: dict[str, Any] = (
        {"identity_optional": True} if module == "orders_api" else {"swallows": True}
    )
    served = api(scene, troupe, service, module, env, {"key": "TOKEN_KEY"}, **loose)
    for _ in range(4):
        scene.day(people, served, PATHS[module], 1, 5)
        scene.visit(served, "GET", path)
    scene.visit(served, "GET", path, bearer="e30.e30.c2ln")
    scene.probe("no-token-is-refused", served, path, 401)
    scene.probe("bad-token-is-refused", served, path, 401, bearer="a.b.c")
    scene.probe("good-token", served, path, 200, bearer=scene.token(people))
    held = scene.papers(*CONFIGURED, "fingerprints.json", "probes.json")
    holds = {f: d for f, d in held.items() if f not in without}
    nobody = '\\"user_id\\": null' if module == "notes_app" else "user_id=None"
    nobody = "null" if module == "notes_app" else nobody
    if not told:
        why = (
            "Since the newest revision the same path answers 200 where it answered 401, with "
            "nobody "
            f"as the user ({{log:{nobody}}}), while people with tokens are known; a commit "
            "before it "
            "touches the dependencies. The configuration is unchanged."
        )
    else:
        why = (
            "probes.json: no token and a bad token were refused on the revision before and get 200 "
            f"on the newest; a good token is known. {{log:{nobody}}} is such a request; "
            "the configuration is unchanged and commits.json names the change."
        )
    expected = Expected(
        "cause_found",
        "identity_made_optional",
        why,
        "process",
        must_not=("variable_half_renamed", "env_var_lost", "signing_key_mismatch"),
        pair="variable_half_renamed",
    )
    scene.freeze(expected, about=service, holds=holds, logs_of=[service, seen.login])
    scene.close()


def subject_must_be_text(
    name: str, seen: Look, troupe: Troupe, service: str, *, named: bool
) -> None:
    """A newer PyJWT refuses numbers as subjects, which the login service always wrote."""
    scene = Scene(name, seen)
    signing = key()
    people = login(
        scene,
        troupe,
        {"SIGNING_KEY": kept("signing-key", signing)},
        "SIGNING_KEY",
        old=True,
        integer_subject=True,
    )
    env: dict[str, Setting] = {"TOKEN_KEY": kept("signing-key", signing), "SORT": "newest"}
    names = {"key": "TOKEN_KEY"}
    served = api(scene, troupe, service, "orders_api", env, names, old=True)
    scene.day(people, served, ["/orders", "/me"], 6)
    subject = "Bump pyjwt from 2.9.0 to 2.15.1" if named else "Weekly update of dependencies"
    scene.commit(subject, ["requirements.txt"], "1 file changed, 1 insertion(+), 1 deletion(-)")
    scene.commit("Sort by date by default", ["orders/listing.py"], ago=6)
    served = api(scene, troupe, service, "orders_api", env, names)
    scene.day(people, served, ["/orders", "/me"], 8)
    expected = Expected(
        "cause_found",
        "dependency_upgrade",
        "Every token is refused since the newest revision because {log:Subject must be a string}, "
        "which PyJWT asks since 2.10; configuration and keys are the same, and commits.json has an "
        "upgrade in it.",
        "process",
        must_not=("signing_key_mismatch", "user_token_rejected", "wrong_issuer", "code_error"),
        pair="user_token_rejected",
    )
    holds = scene.papers(*CONFIGURED, "fingerprints.json")
    scene.freeze(expected, about=service, holds=holds, logs_of=[service, seen.login])
    scene.close()


def refused_otherwise(name: str, seen: Look, troupe: Troupe, worker: str, service: str) -> None:
    """A newer framework says 401 where it said 403, and a caller waits for 403 to sign in."""
    scene = Scene(name, seen)
    signing, secret = key(), key()
    clients = {"courier": {"secret_sha256": digest(secret)}}
    people = login(
        scene, troupe, {"SIGNING_KEY": kept("signing-key", signing)}, "SIGNING_KEY", clients=clients
    )
    env: dict[str, Setting] = {"TOKEN_KEY": kept("signing-key", signing)}
    names = {"key": "TOKEN_KEY"}
    served = api(scene, troupe, service, "orders_api", env, names, old=True)
    calls: dict[str, Setting] = {
        "ORDERS_URL": served.url,
        "LOGIN_URL": people.url,
        "CLIENT_SECRET": kept("courier-secret", secret),
    }
    built: dict[str, Any] = {
        "login": True,
        "anonymous_jobs": ["pull"],
        "refused_is": 403,
    }
    roles = {"target": "ORDERS_URL", "login": "LOGIN_URL", "secret": "CLIENT_SECRET"}
    courier = api(scene, troupe, worker, "courier", calls, roles, **built)
    for _ in range(3):
        scene.day(people, served, ["/orders"], 1, 5)
        scene.stage.call(courier, "POST", "/jobs/pull", agent="Google-Cloud-Scheduler")
    scene.commit(
        "Bump fastapi from 0.115.6 to 0.165.0", ["requirements.txt"], "1 file changed", ago=30
    )
    served = api(scene, troupe, service, "orders_api", env, names)
    for _ in range(5):
        scene.day(people, served, ["/orders", "/me"], 1, 5)
        scene.stage.call(courier, "POST", "/jobs/pull", agent="Google-Cloud-Scheduler")
    expected = Expected(
        "cause_found",
        "dependency_upgrade",
        f"Before the newest revision of {service} the job is refused with 403, signs in and "
        "succeeds "
        "({log:signing in again}); since then it is refused with 401, does not sign in and fails "
        "({log:answered 401}). commits.json: fastapi was upgraded, which changed that answer; "
        "nothing "
        "else did.",
        "process",
        acceptable=("caller_without_credential",),
        must_not=("env_var_lost", "service_secret_mismatch", "signing_key_mismatch"),
        pair="caller_without_credential",
    )
    holds = scene.papers(*CONFIGURED)
    scene.freeze(expected, about=worker, holds=holds, logs_of=[service, worker])
    scene.close()
