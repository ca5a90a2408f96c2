"""Secrets that a revision may not read, or cannot any more."""

from datetime import UTC, datetime, timedelta
from typing import Any

from corpus.making.freezing import Where
from corpus.making.network.platform import Revision, first_forms, second_form, traffic
from corpus.making.network.stage import commit
from corpus.making.platform_texts.desk import AUTOSCALING, Desk, expected, pinned, version

STARTS = "The request failed because the instance could not start successfully."


def _aborts(desk: Desk, where: Where, seconds: float, project: str, reference: tuple[str, int | str, str], state: str) -> None:
    secret, number, variable = reference
    desk.told(where, seconds, AUTOSCALING)
    desk.told(where, seconds + 0.4,
              f'Could not fetch secret "projects/{project}/secrets/{secret}/versions/{number}" for environment variable '
              f'"{variable}". Instance startup will now abort: Secret Version '
              f"[projects/41770/secrets/{secret}/versions/{number}] is in {state} state.", "ERROR")


def accessor_missing_on_new_secret() -> None:
    """A new secret came with a deploy, and nobody let the account read it."""
    desk = Desk(datetime(2026, 5, 4, 9, 14, tzinfo=UTC), "lupin-prod", "europe-west1", 11)
    good, bad = desk.where("lupin-gateway", "00120-cav"), desk.where("lupin-gateway", "00121-mey", "")
    url = "https://gateway.lupin.example/v1/session"
    text = ("spec.template.spec.containers[0].env[7].value_from.secret_key_ref.name: Permission denied on secret: "
            "projects/41770/secrets/lupin-webhook-key/versions/latest for Revision service account "
            "lupin-gateway@lupin-prod.iam.gserviceaccount.com. The service account used must be granted the 'Secret Manager "
            "Secret Accessor' role (roles/secretmanager.secretAccessor) at the secret, project or higher level.")
    desk.ordinary(good, url, 2, 300, 9)
    desk.say(good, 40, "WARN  [pool] slow query 812 ms: select * from routes", "INFO  [cache] 1 key evicted")
    desk.told(bad, 90, f"Ready condition status changed to False for Revision lupin-gateway-00121-mey with message: Revision "
              f"'lupin-gateway-00121-mey' is not ready and cannot serve traffic. {text}", "ERROR")
    desk.told(bad, 90.5, f"Ready condition status changed to False for Service lupin-gateway with message: Revision "
              f"'lupin-gateway-00121-mey' is not ready and cannot serve traffic. {text}", "ERROR")
    references = {"SESSION_KEY": "lupin-session-key:3", "DB_PASSWORD": "lupin-db:latest"}
    revisions = [
        pinned("lupin-gateway", "00120-cav", datetime(2026, 4, 20, 12, 0, tzinfo=UTC), references, account="lupin-gateway@lupin-prod.iam.gserviceaccount.com"),
        pinned("lupin-gateway", "00121-mey", desk.at(88), references | {"WEBHOOK_KEY": "lupin-webhook-key"}, account="lupin-gateway@lupin-prod.iam.gserviceaccount.com",
               ready=("False", "SecretsAccessCheckFailed", text))]
    why = (f"The new revision is not ready: permission denied on lupin-webhook-key for its account ({desk.line('Permission denied on secret')}, "
           "revisions.json#/1/status). The one before serves on.")
    desk.freeze("lupin-gateway-stuck-rollout", "lupin-gateway", "production",
                expected("secret_accessor_missing", why, ["invoker_missing", "secret_reference_lost", "secret_version_unusable", "startup_failed"]),
                {"revisions.json": first_forms(revisions),
                 "commits.json": [commit(datetime(2026, 5, 4, 8, 51, tzinfo=UTC), "Igor Balan", "Sign webhooks", "gateway/webhooks.py", "deploy/service.yaml")]})


def accessor_missing_for_new_account() -> None:
    """A service moved to an account of its own, which may read none of its secrets."""
    desk = Desk(datetime(2026, 8, 11, 15, 30, tzinfo=UTC), "gorse-stg", "us-west1", 12)
    good, bad = desk.where("gorse-mail", "00032-tip"), desk.where("gorse-mail", "00033-bog", "")
    desk.ordinary(good, "https://mail.staging.gorse.example/outbox", 2, 240, 10, user_agent="PostmanRuntime/7.49.0")
    text = ("spec.template.spec.containers[0].env[2].value_from.secret_key_ref.name: Permission denied on secret: "
            "projects/88123/secrets/mail-smtp-password/versions/9 for Revision service account gorse-mail-run@gorse-stg.iam.gserviceaccount.com. "
            "The service account used must be granted the 'Secret Manager Secret Accessor' role (roles/secretmanager.secretAccessor) "
            "at the secret, project or higher level.")
    for n in range(3):
        desk.told(bad, 60 + n * 70, f"Revision 'gorse-mail-00033-bog' is not ready and cannot serve traffic. {text}", "ERROR")
    references = {"SMTP_PASSWORD": "mail-smtp-password:9", "TOKEN_KEY": "mail-token-key:2"}
    forms = [second_form(x, desk.project, desk.location) for x in (
        pinned("gorse-mail", "00032-tip", datetime(2026, 7, 1, 8, 0, tzinfo=UTC), references, account="88123-compute@developer.gserviceaccount.com"),
        pinned("gorse-mail", "00033-bog", desk.at(58), references, account="gorse-mail-run@gorse-stg.iam.gserviceaccount.com",
               ready=("False", "SECRETS_ACCESS_CHECK_FAILED", text)))]
    why = (f"The references are those of the revision before (revisions.json), the service account is new, and it is refused "
           f"on the secret ({desk.line('Permission denied on secret')}).")
    desk.freeze("gorse-mail-own-account", "gorse-mail", "staging",
                expected("secret_accessor_missing", why, ["invoker_missing", "secret_version_unusable", "kind_switched", "startup_failed"]),
                {"revisions.json": forms})
    bare = "The front of the log is gone: only that the service still answers is left, and a revision that is not ready, without a reason."
    desk.entries = [x for x in desk.entries if "httpRequest" in x]
    for form in forms[1:]:
        form["conditions"] = [{"type": "Ready", "state": "CONDITION_FAILED"}]
    desk.freeze("gorse-mail-without-reason", "gorse-mail", "staging",
                expected(None, bare, ["invoker_missing", "secret_version_unusable", "startup_failed", "missing_module"],
                         acceptable=["secret_accessor_missing"]), {"revisions.json": forms})


def destroyed_under_load() -> None:
    """A pinned version was destroyed; what runs goes on, what starts aborts."""
    desk = Desk(datetime(2026, 3, 19, 18, 0, tzinfo=UTC), "rowan-tickets", "europe-west2", 13)
    a, b = desk.where("rowan-sales", "00340-dig"), desk.where("rowan-sales", "00340-dig")
    url = "https://sales.rowan.example/checkout"
    desk.ordinary(a, url, 1, 420, 21, method="POST")
    desk.ordinary(b, url, 3, 420, 25, method="POST")
    desk.say(a, 100, '{"severity":"INFO","message":"order placed","order":"o-1177"}')
    for n in range(6):
        new, t = desk.where("rowan-sales", "00340-dig"), 190 + n * 34
        _aborts(desk, new, t, "rowan-tickets", ("pay-signing", 4, "PAY_SIGNING"), "DESTROYED")
        for m in range(3):
            desk.hit(new, t - 0.2 + m, url, 500, 0.0, STARTS, method="POST", remote_ip=f"203.0.113.{n * 9 + m + 4}", outside=False)
    probes = [version(desk.at(430), "pay-signing", 4, "DESTROYED"), version(desk.at(430), "pay-signing", 5, "ENABLED")]
    documents: dict[str, Any] = {
        "probes.json": probes,
        "revisions.json": first_forms([pinned("rowan-sales", "00340-dig", datetime(2026, 3, 2, 7, 0, tzinfo=UTC), {"PAY_SIGNING": "pay-signing:4"})])}
    why = (f"Instances that start for load abort as the pinned version is destroyed ({desk.line('DESTROYED state')}, probes.json#/0) "
           "and their requests get 500, while two older instances of the same revision serve on.")
    desk.freeze("rowan-sales-evening-rush", "rowan-sales", "production",
                expected("secret_version_unusable", why, ["latest_secret_split", "startup_failed", "pool_exhausted", "secret_accessor_missing"]), documents)


def rollback_without_secret() -> None:
    """A rollback goes to a revision whose version of a secret is destroyed."""
    desk = Desk(datetime(2025, 12, 11, 10, 45, tzinfo=UTC), "sedge-core", "asia-southeast1", 14)
    now, old = desk.where("sedge-accounts", "00058-key"), desk.where("sedge-accounts", "00051-fax", "")
    url = "https://accounts.sedge.example/profile"
    desk.ordinary(now, url, 1, 120, 8)
    for n in range(8):
        desk.hit(now, 30 + n * 12, url, 500, 0.05)
        desk.say(now, 30.1 + n * 12, "Traceback (most recent call last):", '  File "/app/profile.py", line 88, in show', "    return card(user.addresses[0])",
                 "IndexError: list index out of range", joined=n % 2 == 0)
    for n in range(5):
        start = desk.where("sedge-accounts", "00051-fax")
        _aborts(desk, start, 150 + n * 20, "sedge-core", ("accounts-cookie", 2, "COOKIE_SECRET"), "DESTROYED")
        desk.hit(old, 150.2 + n * 20, url, 500, 0.0, STARTS, remote_ip="203.0.113.70")
        desk.hit(old, 155.2 + n * 20, url, 500, 0.0, STARTS, remote_ip="203.0.113.71")
    desk.ordinary(now, url, 262, 330, 8)
    steps = traffic((datetime(2025, 12, 10, 16, 0, tzinfo=UTC), "sedge-accounts-00058-key", 100), (desk.at(145), "sedge-accounts-00051-fax", 100),
                    (desk.at(260), "sedge-accounts-00058-key", 100))
    revisions = [pinned("sedge-accounts", "00051-fax", datetime(2025, 9, 30, 9, 0, tzinfo=UTC), {"COOKIE_SECRET": "accounts-cookie:2"}),
                 pinned("sedge-accounts", "00058-key", datetime(2025, 12, 10, 16, 0, tzinfo=UTC), {"COOKIE_SECRET": "accounts-cookie:3"})]
    why = (f"The total outage begins when traffic goes back to 00051-fax (traffic.json#/1), whose instances abort on version 2 of a secret that is "
           f"destroyed ({desk.line('DESTROYED state')}); the IndexError before it, for which the rollback was made, hit some requests only.")
    desk.freeze("sedge-accounts-way-back", "sedge-accounts", "production",
                expected("secret_version_unusable", why, ["secret_reference_lost", "startup_failed", "signing_key_mismatch"],
                         acceptable=["rollback_target_broken"]),
                {"traffic.json": steps, "revisions.json": first_forms(revisions), "probes.json": [version(desk.at(332), "accounts-cookie", 2, "DESTROYED")]})


def latest_disabled() -> None:
    """A bad version was disabled; `latest` still names it, so nothing can start."""
    desk = Desk(datetime(2026, 10, 21, 12, 0, tzinfo=UTC), "aster-labs", "us-east4", 15)
    url = "https://notes.aster.example/api/notes"
    a = desk.where("aster-notes", "00077-oar")
    desk.ordinary(a, url, 1, 90, 6)
    desk.told(a, 95, "Shutting down instance. Reason: AUTOSCALING - Instance scaled down due to low traffic.")
    for n in range(8):
        new, t = desk.where("aster-notes", "00077-oar"), 140 + n * 25
        _aborts(desk, new, t, "aster-labs", ("notes-token-key", "latest", "TOKEN_KEY"), "DISABLED")
        desk.hit(new, t - 0.1, url, 500, 0.0, STARTS, remote_ip=f"203.0.113.{40 + n}", outside=False)
    revision = pinned("aster-notes", "00077-oar", datetime(2026, 10, 19, 8, 30, tzinfo=UTC), {"TOKEN_KEY": "notes-token-key:latest"})
    probes = [version(desk.at(340), "notes-token-key", 5, "ENABLED"), version(desk.at(340), "notes-token-key", 6, "DISABLED")]
    why = (f"No instance can start: latest is version 6, which is disabled ({desk.line('DISABLED state')}, probes.json#/1), though version 5 is "
           "enabled; no deploy in two days.")
    desk.freeze("aster-notes-lunch-break", "aster-notes", "production",
                expected("secret_version_unusable", why, ["secret_accessor_missing", "latest_secret_split", "startup_failed", "env_var_lost"]),
                {"revisions.json": [second_form(revision, desk.project, desk.location)], "probes.json": probes})


def no_such_version() -> None:
    """A deploy names a version that was never made."""
    desk = Desk(datetime(2026, 1, 15, 8, 20, tzinfo=UTC), "broom-qa", "europe-north1", 16)
    good, bad = desk.where("broom-search", "00006-ugh"), desk.where("broom-search", "00007-vat", "")
    desk.ordinary(good, "https://search.qa.broom.example/q", 2, 200, 8, user_agent="k6/1.3.0")
    text = ("spec.template.spec.containers[0].env[3].value_from.secret_key_ref.name: Secret projects/66310/secrets/search-hmac/versions/12 was not found")
    for n in range(2):
        desk.told(bad, 61 + n, f"Ready condition status changed to False for {('Revision broom-search-00007-vat', 'Service broom-search')[n]} with message: "
                  f"Revision 'broom-search-00007-vat' is not ready and cannot serve traffic. {text}", "ERROR")
    created = desk.at(0) - timedelta(days=6)
    revisions = [pinned("broom-search", "00006-ugh", created, {"SEARCH_HMAC": "search-hmac:2"}),
                 pinned("broom-search", "00007-vat", desk.at(60), {"SEARCH_HMAC": "search-hmac:12"}, ready=("False", "SecretsAccessCheckFailed", text))]
    why = f"Version 12 of search-hmac was not found ({desk.line('was not found')}); the revision before refers to 2 (revisions.json#/0): the reference is to a version that does not exist."
    desk.freeze("broom-search-one-two", "broom-search", "qa",
                expected("secret_version_unusable", why, ["secret_accessor_missing", "secret_reference_lost", "startup_failed"]),
                {"revisions.json": first_forms(revisions)})


def split_in_java() -> None:
    """`latest` again, in a Spring service: which instance answers decides."""
    desk = Desk(datetime(2026, 6, 23, 20, 0, tzinfo=UTC), "cumin-prod", "europe-west6", 17)
    old, new = desk.where("cumin-portal", "00201-bay"), desk.where("cumin-portal", "00201-bay")
    url = "https://portal.cumin.example/api/cart"
    text = ("2026-06-23T20:{0:02d}:{1:02d}.{2:03d}Z  WARN 1 --- [cumin-portal] [nio-8080-exec-{3}] c.c.portal.security.RememberedSession    : "
            "session cookie rejected: MAC does not verify")
    desk.ordinary(old, url, 1, 100, 5)
    desk.told(new, 120, AUTOSCALING)
    desk.say(new, 131, "2026-06-23T20:02:11.402Z  INFO 1 --- [cumin-portal] [           main] c.c.portal.PortalApplication             : Started PortalApplication in 8.913 seconds (process running for 9.871)")
    for n in range(22):
        t = 140 + n * 9
        minute, second = divmod(int(t), 60)
        where = (old, new)[n % 2]
        user = n // 2 % 3
        refused = where is new and user < 2 or where is old and user == 2
        desk.hit(where, t, url, 403 if refused else 200, 0.04, remote_ip=f"203.0.113.{80 + user}")
        if refused:
            desk.say(where, t + 0.02, text.format(minute, second, n * 37 % 1000, n % 9 + 1))
    documents = {"revisions.json": first_forms([pinned("cumin-portal", "00201-bay", datetime(2026, 6, 20, 6, 0, tzinfo=UTC), {"SESSION_MAC_KEY": "portal-mac:latest"})]),
                 "probes.json": [version(desk.at(340), "portal-mac", 8, "ENABLED")]}
    documents["probes.json"][0]["got"]["body_excerpt"] = '{"name": "projects/41770/secrets/portal-mac/versions/8", "createTime": "2026-06-23T20:01:30Z", "state": "ENABLED"}'
    why = (f"Cookies fail at one of two instances of one revision ({desk.line('MAC does not verify')}); the newer one started ({desk.line('Starting new instance')}) "
           "just after version 8 of the secret was made (probes.json#/0), and the revision reads latest.")
    desk.freeze("cumin-portal-evening", "cumin-portal", "production",
                expected("latest_secret_split", why, ["random_key_per_process", "key_rotated_without_overlap", "user_token_rejected"], pair="random_key_per_process"), documents)
