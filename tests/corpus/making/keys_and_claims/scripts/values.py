"""Incidents in which both sides have a key, and the two are not the same, each for a reason."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from corpus.making.freezing import Expected
from corpus.making.keys_and_claims.theatre.cast import api, changed, kept, key, login
from corpus.making.keys_and_claims.theatre.documents import Hidden, Kept, Setting, commit
from corpus.making.keys_and_claims.theatre.scene import Look, Scene, Troupe
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

ALL = ("revisions.json", "traffic.json", "fingerprints.json", "commits.json")
UNDECIDED = (
    "signing_key_mismatch",
    "whitespace_in_value",
    "encoding_mismatch",
    "quotes_in_value",
    "key_rotated_without_overlap",
)
PATHS = {
    "orders_api": ["/orders", "/me"],
    "billing_app": ["/invoices", "/usage"],
    "notes_app": ["/notes", "/notes/recent"],
    "reports_app": ["/report/sales", "/report/churn"],
}
REFUSED = {
    "orders_api": "token rejected",
    "billing_app": "token refused",
    "notes_app": "auth_failed",
    "reports_app": "rejected token",
}


def spoilt(value: str, how: str) -> str:
    """Give a value as it becomes when it is handed on carelessly."""
    return {
        "newline": value + "\n",
        "crlf": value + "\r\n",
        "space": " " + value,
        "quotes": f'"{value}"',
        "single": f"'{value}'",
        "other": key(),
    }[how]


WORDS = {
    "newline": ("whitespace_in_value", "stripped"),
    "crlf": ("whitespace_in_value", "stripped"),
    "space": ("whitespace_in_value", "stripped"),
    "quotes": ("quotes_in_value", "unquoted"),
    "single": ("quotes_in_value", "unquoted"),
    "other": ("signing_key_mismatch", ""),
}


def spoilt_key(
    name: str,
    seen: Look,
    troupe: Troupe,
    service: str,
    module: str,
    variable: str,
    how: str,
    signs_with: str = "SIGNING_KEY",
    *,
    without: Sequence[str] = (),
    as_reference: bool = True,
) -> None:
    """A deploy brings the verifier the issuer's key with something around it, or another key."""
    scene = Scene(name, seen)
    good = key()
    people = login(scene, troupe, {signs_with: kept("token-signing", good, "3")}, signs_with)
    env: dict[str, Setting] = {variable: kept("token-signing", good, "3"), "WORKERS": "2"}
    paths = PATHS[module]
    served = api(scene, troupe, service, module, env, {"key": variable})
    scene.day(people, served, paths, 5)
    scene.commit("Read the key from the service's own secret", ["deploy/secrets.sh"], ago=25)
    scene.commit("Upgrade base image", ["Dockerfile"], "1 file changed, 1 insertion(+)", ago=7)
    bad = spoilt(good, how)
    moved = kept(f"{service}-key", bad, "1") if as_reference else Hidden(bad)
    env = changed(env, **{variable: moved})
    served = api(scene, troupe, service, module, env, {"key": variable})
    scene.day(people, served, paths, 8)
    cause, form = WORDS[how]
    holds = scene.papers(*[d for d in ALL if d not in without])
    if "fingerprints.json" in without:
        expected = Expected(
            "insufficient_evidence",
            None,
            f"Signatures are refused from the first request of the newest revision "
            f"({{log:{REFUSED[module]}}}), so the keys differ; without fingerprints nobody can say "
            "whether by white space, quotes, encoding or altogether.",
            "process",
            acceptable=UNDECIDED[:4],
            must_not=("user_token_rejected", "caller_without_credential", "wrong_issuer"),
            pair="signing_key_mismatch",
        )
    elif how == "other":
        expected = Expected(
            "cause_found",
            cause,
            f"fingerprints.json: {variable} of {service} equals {signs_with} of {seen.login} "
            "in none "
            f"of its forms; every signature is refused since the newest revision "
            f"({{log:{REFUSED[module]}}}) and {seen.login}'s log-ins go on.",
            "process",
            must_not=("whitespace_in_value", "encoding_mismatch", "quotes_in_value", "stale_jwks"),
            pair="whitespace_in_value",
        )
    else:
        expected = Expected(
            "cause_found",
            cause,
            f"fingerprints.json: {variable} of {service} differs from {signs_with} of {seen.login} "
            f"as it is, and its form `{form}` equals it; signatures are refused since the newest "
            f"revision ({{log:{REFUSED[module]}}}).",
            "process",
            must_not=("signing_key_mismatch", "encoding_mismatch", "key_rotated_without_overlap"),
            pair="signing_key_mismatch",
        )
    scene.freeze(expected, about=service, holds=holds, logs_of=[service, seen.login])
    scene.close()


def encoded_key(
    name: str, seen: Look, troupe: Troupe, service: str, module: str, variable: str
) -> None:
    """The verifier gets the key in base64 and takes that text for the key itself."""
    scene = Scene(name, seen)
    raw = secrets.token_urlsafe(33)
    wrapped = base64.b64encode(raw.encode()).decode()
    signs_with = "TOKEN_SIGNING_KEY"
    people = login(scene, troupe, {signs_with: kept("token-signing", raw, "2")}, signs_with)
    good: dict[str, Setting] = {variable: Hidden(raw), "CACHE_SECONDS": "30"}
    served = api(scene, troupe, service, module, good, {"key": variable})
    scene.day(people, served, PATHS[module], 5)
    scene.commit("Take the key from the secret store", ["deploy/env.sh", "README.md"], ago=10)
    env = changed(good, **{variable: Hidden(wrapped)})
    served = api(scene, troupe, service, module, env, {"key": variable})
    scene.day(people, served, PATHS[module], 7)
    expected = Expected(
        "cause_found",
        "encoding_mismatch",
        f"fingerprints.json: the form `b64decoded` of {service}'s {variable} equals "
        f"{signs_with} of "
        f"{seen.login}, and `raw` and `stripped` do not; every signature is refused since the "
        "newest "
        f"revision ({{log:{REFUSED[module]}}}).",
        "process",
        must_not=("signing_key_mismatch", "whitespace_in_value", "quotes_in_value"),
        pair="signing_key_mismatch",
    )
    scene.freeze(expected, about=service, holds=scene.papers(*ALL), logs_of=[service, seen.login])
    scene.close()


def header_value(
    name: str, seen: Look, troupe: Troupe, worker: str, target: str, variable: str, library: str
) -> None:
    """A worker's credential ends in a line break, and its HTTP library refuses to send it."""
    scene = Scene(name, replace(seen, join=True))
    token_key = key()
    people = login(scene, troupe, {"AUTH_KEY": kept("auth-key", token_key)}, "AUTH_KEY")
    static = scene.token(people, "batch")
    served = api(
        scene,
        troupe,
        target,
        "orders_api",
        {"AUTH_KEY": kept("auth-key", token_key)},
        {"key": "AUTH_KEY"},
    )
    env: dict[str, Setting] = {"ORDERS_URL": served.url, variable: kept("batch-token", static, "5")}
    names = {"target": "ORDERS_URL", "secret": variable}
    staged: dict[str, Any] = {"static": True, "library": library}
    courier = api(scene, troupe, worker, "courier", env, names, **staged)
    for _ in range(3):
        scene.day(people, served, ["/orders"], 1, 5)
        scene.stage.call(courier, "POST", "/jobs/export", agent="Google-Cloud-Scheduler")
    scene.commit("Rotate the batch token", ["runbooks/rotate-batch-token.md"], ago=30)
    env = changed(env, **{variable: kept("batch-token", static + "\n", "6")})
    courier = api(scene, troupe, worker, "courier", env, names, **staged)
    for _ in range(3):
        scene.day(people, served, ["/orders", "/me"], 1, 5)
        scene.stage.call(courier, "POST", "/jobs/export", agent="Google-Cloud-Scheduler")
    said = {"httpx": "Illegal header value", "requests": "Invalid leading whitespace"}
    words = said.get(library, "haracter")
    expected = Expected(
        "cause_found",
        "whitespace_in_value",
        f"The library refuses to send the header because of white space in it ({{log:{words}}}); "
        f"fingerprints.json shows that {variable} is not what it is without it. No request "
        f"reaches {target}, whose own callers succeed.",
        "process",
        must_not=("code_error", "caller_without_credential", "service_secret_mismatch"),
        pair="caller_without_credential",
    )
    holds = scene.papers(*ALL)
    scene.freeze(expected, about=worker, holds=holds, logs_of=[worker, target])
    scene.close()


def _pems() -> tuple[str, str]:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def escaped_pem(
    name: str, seen: Look, troupe: Troupe, service: str, module: str, variable: str, how: str
) -> None:
    """A PEM key comes with its line breaks written out, or loses all lines but the first."""
    scene = Scene(name, replace(seen, join=seen.join or module == "notes_app"))
    private, public = _pems()
    people = login(
        scene,
        troupe,
        {"RSA_PRIVATE": kept("login-rsa", private, "1")},
        "RSA_PRIVATE",
        algorithm="RS256",
    )
    env: dict[str, Setting] = {variable: kept("login-rsa-public", public, "1"), "TZ": "UTC"}
    staged: dict[str, Any] = {"algorithm": "RS256", "algorithms": ["RS256"]}
    served = api(scene, troupe, service, module, env, {"key": variable}, **staged)
    scene.day(people, served, PATHS[module], 5)
    scene.commit("Set variables from the pipeline's file", ["ci/vars.env", "ci/deploy.sh"], ago=9)
    bad = public.replace("\n", "\\n") if how == "written" else public.partition("\n")[0]
    env = changed(env, **{variable: Hidden(bad)})
    starts = module != "notes_app"
    after = api(scene, troupe, service, module, env, {"key": variable}, comes_up=starts, **staged)
    for _ in range(2):
        if not starts:
            scene.wait(1)
            scene.fail_again()
    scene.day(people, after if starts else served, PATHS[module], 6)
    scene.stage.settle()
    told = {
        "orders_api": "{log:token rejected}",
        "notes_app": "{log:Container called exit}",
    }[module]
    expected = Expected(
        "cause_found",
        "escaped_value",
        f"The newest revision's {variable} became a literal and cannot be read as a key ({told}); "
        "the text of the error is the PEM parser's, and the public key of the revision before "
        "could "
        "be read.",
        "process",
        acceptable=("startup_failed", "kind_switched") if not starts else ("kind_switched",),
        must_not=("missing_module", "signing_key_mismatch", "code_error", "user_token_rejected"),
        pair="startup_failed" if not starts else "code_error",
    )
    scene.freeze(expected, about=service, holds=scene.papers(*ALL), logs_of=[service])
    scene.close()


def random_per_process(
    name: str, seen: Look, troupe: Troupe, service: str, variable: str, *, workers: int
) -> None:
    """Each process makes a key of its own, so a session holds only where it began."""
    scene = Scene(name, seen)
    env: dict[str, Setting] = {"PUBLIC_NAME": service, "CURRENCY": "SEK"}
    if workers == 1:
        env = {**env, "MIN_INSTANCES": "2"}
    variables = {"key": variable}
    staged: dict[str, Any] = {"random_key": True}
    served = api(scene, troupe, service, "billing_app", env, variables, workers=workers, **staged)
    where = [served] if workers > 1 else [served, scene.instance(service)]
    probe_token = ""
    for turn in range(7):
        scene.wait(4)
        began = where[turn % len(where)]
        held = scene.visit(began, "POST", "/session", {"user": scene.person()}).json()["token"]
        probe_token = probe_token or held
        for visit in range(3):
            scene.wait(0.5)
            scene.visit(where[(turn + visit) % len(where)], "GET", "/invoices", bearer=held)
    for number, process in enumerate(where * (6 // len(where)), start=1):
        mark = f"#instance-{process.where.instance[-6:]}" if workers == 1 else f"#try-{number}"
        scene.probe("same-session-again", process, "/usage", 200, bearer=probe_token, instance=mark)
    others = (
        "two processes of one instance" if workers > 1 else "the two instances (labels.instanceId)"
    )
    expected = Expected(
        "cause_found",
        "random_key_per_process",
        "{log:generated a key for signing sessions} once per process, no variable with a key in "
        "revisions.json; one and the same session is accepted and refused in probes.json, by "
        f"{others}.",
        "process",
        must_not=("user_token_rejected", "latest_secret_split", "signing_key_mismatch"),
        pair="latest_secret_split",
    )
    holds = scene.papers("revisions.json", "traffic.json", "probes.json", services=[service])
    scene.freeze(expected, about=service, holds=holds, logs_of=[service])
    scene.close()


def not_reloaded(
    name: str, seen: Look, troupe: Troupe, service: str, module: str, variable: str, *, told: bool
) -> None:
    """The secret got a new version and its issuer a restart; the verifier still has the old one."""
    scene = Scene(name, seen)
    old, new = key(), key()
    signs_with = "SIGNING_KEY"
    people = login(scene, troupe, {signs_with: Kept("token-signing", "latest", old)}, signs_with)
    env: dict[str, Setting] = {variable: Kept("token-signing", "latest", old), "FEATURES": "a,b"}
    served = api(scene, troupe, service, module, env, {"key": variable})
    scene.day(people, served, PATHS[module], 5)
    rotated_at = scene.stage.now()
    scene.commits.append(
        commit(
            rotated_at - timedelta(minutes=1),
            "ops-bot",
            "Rotate token-signing: version 12 added, version 11 kept enabled",
            ["rotation/token-signing.log"],
        )
    )
    scene.wait(2)
    people = login(scene, troupe, {signs_with: Kept("token-signing", "latest", new)}, signs_with)
    scene.day(people, served, PATHS[module], 7)
    replaced = {**env, variable: Kept("token-signing", "latest", new)}
    if told:
        fresh = scene.instance(service, replaced)
        scene.day(people, fresh, PATHS[module], 3)
    made = scene.revisions[1]
    scene.revisions[1] = type(made)(
        made.service, made.name, made.created, replaced, made.tag, made.annotations
    )
    holds = scene.papers(*ALL)
    if told:
        expected = Expected(
            "cause_found",
            "secret_not_reloaded",
            "Both services refer to token-signing:latest and fingerprints.json shows one "
            "value for "
            f"both today; {seen.login} was restarted after the rotation in commits.json, "
            f"{service}'s "
            "instance was not and refuses everything signed since "
            f"({{log:{REFUSED[module]}}}), while "
            "an instance started later accepts it.",
            "process",
            acceptable=("latest_secret_split",),
            must_not=("signing_key_mismatch", "user_token_rejected", "stale_jwks"),
            pair="signing_key_mismatch",
        )
    else:
        holds = {f: d for f, d in holds.items() if f in {"fingerprints.json", "commits.json"}}
        expected = Expected(
            "cause_found",
            "secret_not_reloaded",
            f"fingerprints.json shows equal keys, commits.json a rotation, and {seen.login} "
            "started "
            f"after it; {service} last started before it and refuses everything signed since "
            f"({{log:{REFUSED[module]}}}).",
            "process",
            acceptable=("key_rotated_without_overlap",),
            must_not=("signing_key_mismatch", "user_token_rejected", "whitespace_in_value"),
            pair="key_rotated_without_overlap",
        )
    scene.freeze(expected, about=service, holds=holds, logs_of=[service, seen.login])
    scene.close()
