"""Incidents that begin with a caller: without a credential, a wrong one, or at the wrong place."""

from collections.abc import Sequence
from typing import Any

from corpus.making.freezing import Expected
from corpus.making.keys_and_claims.scripts.values import PATHS
from corpus.making.keys_and_claims.theatre.cast import api, changed, digest, kept, key, login
from corpus.making.keys_and_claims.theatre.documents import Hidden, Kept, Setting, commit
from corpus.making.keys_and_claims.theatre.scene import Look, Scene, Troupe

CONFIGURED = ("revisions.json", "traffic.json", "commits.json")
SCHEDULER = "Google-Cloud-Scheduler"


def stranger(
    name: str,
    seen: Look,
    troupe: Troupe,
    service: str,
    module: str,
    agent: str,
    *,
    innocent_deploy: bool,
    bare: bool = False,
) -> None:
    """Somebody calls on a schedule and sends no credential, and never did."""
    scene = Scene(name, seen)
    signing = key()
    people = login(scene, troupe, {"SIGNING_KEY": kept("signing-key", signing)}, "SIGNING_KEY")
    env: dict[str, Setting] = {"TOKEN_KEY": kept("signing-key", signing), "TIMEOUT": "30"}
    staged: dict[str, Any] = {"refuses_with": 403} if module == "notes_app" else {}
    served = api(scene, troupe, service, module, env, {"key": "TOKEN_KEY"}, **staged)
    path = PATHS[module][0]

    def turns(count: int) -> None:
        for _ in range(count):
            scene.day(people, served, PATHS[module], 1, 4)
            scene.stage.call(served, "GET", f"{path}?since=1d", agent=agent)

    turns(4)
    if innocent_deploy:
        scene.commit("Wait less for the store", [f"{service}/store.py", "deploy/env"], ago=7)
        env = changed(env, TIMEOUT="10")
        served = api(scene, troupe, service, module, env, {"key": "TOKEN_KEY"}, **staged)
        turns(5)
    else:
        turns(3)
    scene.probe("good-token", served, path, 200, bearer=scene.token(people))
    where = "on both revisions" if innocent_deploy else "for as long as the window is"
    expected = Expected(
        "cause_found",
        "caller_without_credential",
        f"All refusals are one client's ({agent.partition('/')[0]} in httpRequest.userAgent, first "
        f"{{log:{agent}}}), which sends no credential, at even distances and {where}; "
        "everybody with "
        "a token succeeds in between, and the configuration did not lose anything.",
        "process",
        acceptable=("test_traffic",),
        must_not=("env_var_lost", "signing_key_mismatch", "service_secret_mismatch", "code_error"),
        pair="env_var_lost",
    )
    holds = scene.papers(*CONFIGURED, "fingerprints.json", "probes.json")
    if bare:
        holds = {}
    scene.freeze(expected, about=service, holds=holds, logs_of=[service])
    scene.close()


def booked_on_the_service(
    name: str,
    seen: Look,
    troupe: Troupe,
    service: str,
    detail: str,
    *,
    rich: bool,
    caller: str = "cron-warmup/0.3",
) -> None:
    """A caller's missing credential is reported as the failing of the service's own session."""
    scene = Scene(name, seen)
    signing, own = key(), key()
    people = login(scene, troupe, {"SIGNING_KEY": kept("signing-key", signing)}, "SIGNING_KEY")
    env: dict[str, Setting] = {
        "JWT_KEY": kept("signing-key", signing),
        "OWN_SECRET": kept("workspace-secret", own, "2"),
        "WORKERS": "2",
    }
    names = {"key": "JWT_KEY", "service_secret": "OWN_SECRET"}
    staged: dict[str, Any] = {"service_user": f"service:{service}", "detail": detail, "hints": rich}

    served = api(scene, troupe, service, "workspace_api", env, names, **staged)

    def turns(count: int) -> None:
        for _ in range(count):
            scene.day(people, served, ["/api/threads"], 1, 2)
            scene.stage.call(served, "GET", "/api/threads", agent=caller)
            if scene.look.chance.random() < 0.25:
                scene.stage.later(0.4)
                scene.stage.call(served, "GET", "/api/threads?page=2", agent=caller)
            if scene.look.chance.random() < 0.7:
                scene.stage.call(served, "POST", "/internal/reindex", agent=SCHEDULER)

    turns(2)
    scene.commit(
        "Make the agent factory take its user from the request", ["app/dependencies.py"], ago=15
    )
    env = changed(env, WORKERS="4")
    served = api(scene, troupe, service, "workspace_api", env, names, **staged)
    turns(2)
    scene.probe("reindex-as-service", served, "/internal/reindex", 200, method="POST")
    scene.probe("threads-with-token", served, "/api/threads", 200, bearer=scene.token(people))
    expected = Expected(
        "cause_found",
        "caller_without_credential",
        f"Each refused request first creates the service's session and only then fails with "
        f"{detail!r} ({{log:SERVICE USER SESSION}} and {{log:CRITICAL_AUTH_FAILURE}}), so the "
        f"service's own identity worked; its secret is configured on both revisions, the same "
        f"signature is on the older one, and only {caller} is refused, which sends no token.",
        "process",
        must_not=(
            "env_var_lost",
            "secret_reference_lost",
            "service_secret_mismatch",
            "identity_made_optional",
            "signing_key_mismatch",
            "middleware_order",
        ),
        pair="env_var_lost",
    )
    which = (*CONFIGURED, "fingerprints.json", "probes.json") if rich else ("commits.json",)
    scene.freeze(expected, about=service, holds=scene.papers(*which), logs_of=[service])
    scene.close()


def refused_client(
    name: str,
    seen: Look,
    troupe: Troupe,
    worker: str,
    service: str,
    variable: str,
    how: str,
    *,
    without: Sequence[str] = (),
    onward: bool = False,
) -> None:
    """The login service refuses one service: another secret, not registered, or disabled."""
    scene = Scene(name, seen)
    signing, good, other = key(), key(), key()
    registry: dict[str, Any] = {
        worker: {"secret_sha256": digest(good)},
        "mailer": {"secret_sha256": digest(other)},
    }
    signs: dict[str, Setting] = {"SIGNING_KEY": kept("signing-key", signing)}
    if how == "mismatch":
        signs |= {
            f"CLIENT_{worker.upper().replace('-', '_')}": Kept(f"{worker}-registered", "3", good)
        }
    people = login(scene, troupe, signs, "SIGNING_KEY", clients=registry)
    env: dict[str, Setting] = {"TOKEN_KEY": kept("signing-key", signing)}
    served = api(scene, troupe, service, "orders_api", env, {"key": "TOKEN_KEY"})
    calls: dict[str, Setting] = {
        "ORDERS_URL": served.url,
        "LOGIN_URL": people.url,
        variable: Kept(f"{worker}-secret", "4", good),
    }
    roles = {"target": "ORDERS_URL", "login": "LOGIN_URL", "secret": variable}
    built: dict[str, Any] = {
        "login": True,
        "client_id": worker,
        "httpx_level": "WARNING",
        "goes_on_without": onward,
    }
    courier = api(scene, troupe, worker, "courier", calls, roles, **built)

    def turns(count: int) -> None:
        for _ in range(count):
            scene.day(people, served, ["/orders"], 1, 5)
            scene.stage.call(courier, "POST", "/jobs/pull", agent=SCHEDULER)
            body = {"client_id": "mailer", "client_secret": other}
            scene.stage.call(people, "POST", "/oauth/token", body, agent="mailer/3.2")

    turns(1 if onward else 2)
    if how == "mismatch":
        scene.commit("Rotate the worker's secret", ["runbooks/rotation.md"], ago=12)
        calls = changed(calls, **{variable: Kept(f"{worker}-secret", "5", key())})
        courier = api(scene, troupe, worker, "courier", calls, roles, **built)
    else:
        registry = dict(registry)
        if how == "disabled":
            registry[worker] = {**registry[worker], "disabled": True}
            scene.commit("Disable accounts nobody used for a year", ["ops/accounts.csv"], ago=5)
        else:
            del registry[worker]
            scene.commit("Load clients from the new file", ["login/clients.yaml"], ago=5)
        people = login(scene, troupe, signs, "SIGNING_KEY", clients=registry)
    turns(2 if onward else 4)
    holds = scene.papers(*CONFIGURED, "fingerprints.json", "audit.ndjson")
    holds = {f: d for f, d in holds.items() if f not in without}
    cause = "service_secret_mismatch" if how == "mismatch" else "service_unregistered"
    reason = {"mismatch": "wrong secret", "disabled": "the service is disabled"}.get(
        how, "unknown service"
    )
    if "audit.ndjson" in without:
        expected = Expected(
            "insufficient_evidence",
            None,
            f"{{log:client authentication failed for {worker}}}: only {worker} is refused, and "
            "a wrong "
            "secret and an unknown service look alike from outside without the audit record.",
            "process",
            acceptable=("service_secret_mismatch", "service_unregistered"),
            must_not=("env_var_lost", "auth_service_unreachable", "signing_key_mismatch"),
            pair="service_unregistered" if how == "mismatch" else "service_secret_mismatch",
        )
    else:
        expected = Expected(
            "cause_found",
            cause,
            f"audit.ndjson refuses {worker} with {reason!r} since the change and no other client; "
            f"the outside sees {{log:client authentication failed for {worker}}}. "
            "Its secret is set and people and the other service get their tokens.",
            "process",
            must_not=(
                "env_var_lost",
                "caller_without_credential",
                "signing_key_mismatch",
                "service_unregistered" if how == "mismatch" else "service_secret_mismatch",
            ),
            pair="caller_without_credential"
            if onward
            else "service_unregistered"
            if how == "mismatch"
            else "service_secret_mismatch",
        )
    scene.freeze(
        expected,
        about=worker,
        holds=holds,
        logs_of=[worker, seen.login, *([service] if onward else [])],
    )
    scene.close()


def wrong_address(
    name: str, seen: Look, troupe: Troupe, worker: str, service: str, variable: str, *, html: bool
) -> None:
    """A worker is pointed at another environment's login service, or at a page."""
    scene = Scene(name, seen)
    signing, theirs, secret = key(), key(), key()
    clients = {worker: {"secret_sha256": digest(secret)}}
    people = login(
        scene, troupe, {"SIGNING_KEY": kept("signing-key", signing)}, "SIGNING_KEY", clients=clients
    )
    other_name = f"{seen.login}-sandbox"
    foreign = login(
        scene,
        troupe,
        {"SIGNING_KEY": kept("signing-key", theirs)},
        "SIGNING_KEY",
        service=other_name,
        clients=clients,
        issuer=scene.stage.public_url(other_name),
    )
    env: dict[str, Setting] = {"TOKEN_KEY": kept("signing-key", signing)}
    served = api(scene, troupe, service, "orders_api", env, {"key": "TOKEN_KEY"})
    calls: dict[str, Setting] = {
        "ORDERS_URL": served.url,
        variable: people.url,
        "CLIENT_SECRET": Kept("worker-secret", "1", secret),
    }
    roles = {"target": "ORDERS_URL", "login": variable, "secret": "CLIENT_SECRET"}
    built: dict[str, Any] = {"login": True, "client_id": worker}
    courier = api(scene, troupe, worker, "courier", calls, roles, **built)

    def turns(count: int) -> None:
        for _ in range(count):
            scene.day(people, served, ["/orders"], 1, 6)
            scene.stage.call(courier, "POST", "/jobs/pull", agent=SCHEDULER)

    turns(3)
    scene.commit("One file of settings for all environments", ["deploy/common.env"], ago=9)
    calls = changed(calls, **{variable: served.url if html else foreign.url})
    courier = api(scene, troupe, worker, "courier", calls, roles, **built)
    turns(4)
    if html:
        says = (
            f"revisions.json: {variable} of {worker}'s newest revision is the address of "
            f"{service}, "
            "which has no token endpoint ({log:token request failed: 404})"
        )
    else:
        says = (
            f"revisions.json: {variable} of {worker}'s newest revision is {other_name}'s "
            "address; its "
            f"tokens are well made and {service} refuses them ({{log:token rejected}})"
        )
    expected = Expected(
        "cause_found",
        "wrong_auth_service_url",
        f"{says}; people's tokens go on being accepted and nothing else changed.",
        "process",
        must_not=("signing_key_mismatch", "service_secret_mismatch", "env_var_lost", "wrong_issuer")
        if html
        else ("service_secret_mismatch", "env_var_lost", "caller_without_credential"),
        acceptable=() if html else ("wrong_issuer",),
        pair="service_secret_mismatch" if html else "signing_key_mismatch",
    )
    scene.freeze(expected, about=worker, holds=scene.papers(*CONFIGURED), logs_of=[worker, service])
    scene.close()


def ordinary_refusals(
    name: str, seen: Look, troupe: Troupe, service: str, module: str, *, deploy: bool
) -> None:
    """Some people's tokens have run out, as they do, before a deploy and after it."""
    scene = Scene(name, seen)
    signing = key()
    signs: dict[str, Setting] = {"SIGNING_KEY": Hidden(signing)}
    people = login(scene, troupe, signs, "SIGNING_KEY")
    env: dict[str, Setting] = {"TOKEN_KEY": Hidden(signing), "BATCH": "10"}
    served = api(scene, troupe, service, module, env, {"key": "TOKEN_KEY"})
    late = login(scene, troupe, signs, "SIGNING_KEY", lifetime=-120, service="late")
    scene.revisions.pop()
    scene.traffic.pop()
    old = [scene.token(late, user) for user in ("noor12", "otto71")]

    def turns(count: int) -> None:
        for turn in range(count):
            scene.day(people, served, PATHS[module], 2, 3)
            if turn % 2 == 0:
                scene.visit(served, "GET", PATHS[module][0], bearer=old[turn // 2 % 2])
                scene.visit(people, "POST", "/login", {"user": "noor12", "password": "wrong"})

    turns(2)
    if deploy:
        scene.commit("Bigger batches", ["deploy/env", f"{service}/batch.py"], ago=8)
        served = api(scene, troupe, service, module, changed(env, BATCH="20"), {"key": "TOKEN_KEY"})
    turns(3)
    expected = Expected(
        "not_an_incident",
        None,
        "A few requests are refused because {log:xpired} and now and then a wrong password, at the "
        "same rate over the whole window"
        + (" and on both revisions" if deploy else "")
        + "; audit.ndjson has nothing of services, and everybody else succeeds.",
        "process",
        acceptable=("user_token_rejected",),
        must_not=(
            "signing_key_mismatch",
            "env_var_lost",
            "clock_skew",
            "key_rotated_without_overlap",
        ),
        pair="clock_skew",
    )
    holds = scene.papers(*CONFIGURED, "audit.ndjson", "fingerprints.json")
    scene.freeze(expected, about=service, holds=holds, logs_of=[service, seen.login])
    scene.close()


def two_level(name: str, seen: Look, troupe: Troupe, service: str) -> None:
    """Nothing but refusals without a reason, and a key and an upgrade that changed together."""
    scene = Scene(name, seen)
    signing = key()
    people = login(scene, troupe, {"SIGNING_KEY": kept("signing-key", signing)}, "SIGNING_KEY")
    env: dict[str, Setting] = {"TOKEN_KEY": Kept("signing-key", "3", signing), "AUD": "api"}
    names = {"key": "TOKEN_KEY", "audience": "AUD"}
    staged: dict[str, Any] = {"says_reason": False, "detail": "Not authenticated"}
    served = api(scene, troupe, service, "orders_api", env, names, **staged)
    scene.day(people, served, ["/orders", "/me"], 5)
    env = changed(env, TOKEN_KEY=Kept(f"{service}-key", "1", key()), AUD="orders")
    scene.commits.append(
        commit(
            scene.stage.now(),
            "release-bot",
            "Release 44: own key, audience per service, pyjwt 2.15.1",
            ["requirements.txt", "deploy/env.yaml"],
        )
    )
    served = api(scene, troupe, service, "orders_api", env, names, **staged)
    scene.day(people, served, ["/orders", "/me"], 7)
    expected = Expected(
        "insufficient_evidence",
        None,
        "The release changed the key's reference, the audience and a library at once, and the log "
        "says only {log:unauthorized request}; which of the three refuses first nobody can see.",
        "process",
        acceptable=("signing_key_mismatch", "wrong_audience", "dependency_upgrade"),
        must_not=("user_token_rejected", "env_var_lost", "caller_without_credential"),
        pair="signing_key_mismatch",
    )
    scene.freeze(expected, about=service, holds=scene.papers(*CONFIGURED), logs_of=[service])
    scene.close()
