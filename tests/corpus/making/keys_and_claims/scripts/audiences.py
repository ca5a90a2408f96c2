"""Incidents of audiences, where the service refuses and where the platform's front does."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from corpus.making.freezing import Expected, iso
from corpus.making.keys_and_claims.scripts.values import PATHS, REFUSED
from corpus.making.keys_and_claims.theatre.cast import api, changed, digest, kept, key, login
from corpus.making.keys_and_claims.theatre.documents import Setting
from corpus.making.keys_and_claims.theatre.scene import Look, Scene, Troupe
from corpus.making.keys_and_claims.theatre.stage import Guard

CONFIGURED = ("revisions.json", "traffic.json", "commits.json")


_HTML = (
    "\n<html><head>\n"
    '<meta http-equiv="content-type" content="text/html;charset=utf-8">\n'
    "<title>401 Unauthorized</title>\n</head>\n<body text=#000000 bgcolor=#ffffff>\n"
    "<h1>Error: Unauthorized</h1>\n<h2>Your client does not have permission to the requested URL "
    "<code>/orders</code>.</h2>\n<h2></h2>\n</body></html>\n"
)


_SAID = (
    "The request was not authorized to invoke this service. The access token could not be "
    "verified. "
    "Additional troubleshooting documentation can be found at: "
    "https://cloud.google.com/run/docs/troubleshooting#401"
)


_UNSAID = (
    "The request was not authenticated. Either allow unauthenticated invocations or set the proper "
    "Authorization header. Read more at "
    "https://cloud.google.com/run/docs/securing/authenticating Additional troubleshooting "
    "documentation can be found at: "
    "https://cloud.google.com/run/docs/troubleshooting#unauthorized-client"
)


def audience_changed(
    name: str, seen: Look, troupe: Troupe, service: str, module: str, variable: str, new: str
) -> None:
    """The verifier expects another audience than the issuer writes."""
    scene = Scene(name, seen)
    signing = key()
    people = login(scene, troupe, {"SIGNING_KEY": kept("signing-key", signing)}, "SIGNING_KEY")
    env: dict[str, Setting] = {"TOKEN_KEY": kept("signing-key", signing), variable: "api"}
    names = {"key": "TOKEN_KEY", "audience": variable}
    served = api(scene, troupe, service, module, env, names)
    scene.day(people, served, PATHS[module], 6)
    scene.commit("Name the audience after the service", ["deploy/env.yaml"], ago=13)
    served = api(scene, troupe, service, module, changed(env, **{variable: new}), names)
    scene.day(people, served, PATHS[module], 8)
    expected = Expected(
        "cause_found",
        "wrong_audience",
        f"revisions.json: {variable} went from 'api' to {new!r} with the newest revision, and the "
        f"library refuses tokens for their audience since ({{log:{REFUSED[module]}}}).",
        "process",
        must_not=("signing_key_mismatch", "wrong_issuer", "user_token_rejected", "invoker_missing"),
        pair="wrong_issuer",
    )
    scene.freeze(
        expected, about=service, holds=scene.papers(*CONFIGURED), logs_of=[service, seen.login]
    )
    scene.close()


def _front(accepted: list[str]) -> Guard:
    """Let in whose identity token is for one of these audiences."""

    def guard(headers: Mapping[str, str]) -> tuple[int, str, str] | None:
        if "Authorization" not in headers:
            page = _HTML.replace("401 Unauthorized", "403 Forbidden").replace(
                "Error: Unauthorized", "Error: Forbidden"
            )
            return 403, page, _UNSAID
        sent = headers["Authorization"].partition(" ")[2].split(".")
        if len(sent) == 3:
            claims = json.loads(base64.urlsafe_b64decode(sent[1] + "=="))
            if claims.get("aud") in accepted:
                return None
        return 401, _HTML, _SAID

    return guard


def _service(
    scene: Scene, name: str, generation: int, audiences: list[str], when: str
) -> dict[str, object]:
    annotations = {"run.googleapis.com/ingress": "all", "serving.knative.dev/lastModifier": "ci"}
    if audiences:
        annotations["run.googleapis.com/custom-audiences"] = json.dumps(audiences)
    newest = [r for r in scene.revisions if r.service == name][generation - 40]
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "generation": generation,
            "annotations": annotations,
            "uid": digest(name)[:32],
        },
        "status": {
            "latestReadyRevisionName": newest.name,
            "url": scene.stage.public_url(name),
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": when}],
        },
    }


def front_audience(
    name: str,
    seen: Look,
    troupe: Troupe,
    worker: str,
    service: str,
    variable: str,
    *,
    reset: bool,
    bare: bool = False,
) -> None:
    """The platform's front refuses identity tokens for their audience; no container sees them."""
    scene = Scene(name, seen)
    custom = f"https://{service}.{seen.project}.internal"
    accepted = [scene.stage.public_url(service)] + ([custom] if reset else [])
    guard = _front(accepted)
    env: dict[str, Setting] = {"PAGE": "50"}
    served = api(
        scene,
        troupe,
        service,
        "orders_api",
        env,
        {},
        guard=guard,
        identity_optional=True,
        random_key=True,
    )
    before_doc = _service(scene, service, 40, [custom] if reset else [], iso(scene.stage.now()))
    calls: dict[str, Setting] = {
        "ORDERS_URL": served.url,
        variable: custom if reset else accepted[0],
    }
    names = {"target": "ORDERS_URL", "audience": variable}
    built: dict[str, Any] = {"identity": True, "library": "httpx", "httpx_level": "WARNING"}
    courier = api(scene, troupe, worker, "courier", calls, names, **built)
    for _ in range(3):
        scene.wait(6)
        scene.stage.call(courier, "POST", "/jobs/collect", agent="Google-Cloud-Scheduler")
    if reset:
        accepted.remove(custom)
        scene.commit("Deploy from the service file", ["infra/orders.service.yaml"], ago=3)
        served = api(
            scene,
            troupe,
            service,
            "orders_api",
            changed(env, PAGE="100"),
            {},
            guard=guard,
            identity_optional=True,
            random_key=True,
        )
    else:
        scene.commit("Address services by their short names", ["worker/deploy.env"], ago=3)
        calls = changed(calls, **{variable: service})
        courier = api(scene, troupe, worker, "courier", calls, names, **built)
    for _ in range(4):
        scene.wait(6)
        scene.stage.call(courier, "POST", "/jobs/collect", agent="Google-Cloud-Scheduler")
    scene.probe("without-token", served, "/orders", 403)
    holds = scene.papers(*CONFIGURED, "probes.json")
    if reset:
        holds["revisions.json"] = [
            before_doc,
            _service(scene, service, 41, [], iso(scene.serving[service][1].created)),
            *holds["revisions.json"],
        ]
        expected = Expected(
            "cause_found",
            "custom_audience_reset",
            "The service's two descriptions in revisions.json: generation 40 has the custom "
            "audience "
            f"that {worker}'s {variable} names, generation 41 has none. The front refuses with an "
            "HTML page and {log:The access token could not be verified}; the container says "
            "nothing.",
            "process",
            acceptable=("wrong_audience",),
            must_not=("invoker_missing", "signing_key_mismatch", "caller_without_credential"),
            pair="wrong_audience",
        )
    else:
        expected = Expected(
            "cause_found",
            "wrong_audience",
            f"revisions.json: {worker}'s newest revision asks for tokens whose audience "
            f"({variable}) "
            f"is {service!r} instead of its address; the front refuses since with "
            "{log:The access token could not be verified} and the container sees nothing.",
            "process",
            must_not=("invoker_missing", "signing_key_mismatch", "caller_without_credential"),
            pair="invoker_missing",
        )
    if bare:
        expected = Expected(
            "insufficient_evidence",
            None,
            "{log:The access token could not be verified} is the front's, so the container "
            "has no part "
            "in it; whether the caller's audience, the service's audiences or the key is "
            "wrong cannot "
            "be seen without both configurations.",
            "process",
            acceptable=("wrong_audience", "custom_audience_reset", "invoker_missing"),
            must_not=("signing_key_mismatch", "caller_without_credential", "env_var_lost"),
            pair="wrong_audience",
        )
        holds = {"probes.json": holds["probes.json"]}
    logs_of = [service] if bare else [service, worker]
    scene.freeze(expected, about=service, holds=holds, logs_of=logs_of)
    scene.close()
