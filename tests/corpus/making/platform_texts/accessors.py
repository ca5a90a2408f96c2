"""Secrets that a revision may not read."""

from datetime import UTC, datetime, timedelta

from corpus.making.network.platform import Revision, first_forms, second_form
from corpus.making.network.stage import commit
from corpus.making.platform_texts.desk import Desk, expected, pinned


def accessor_missing_on_new_secret() -> None:
    """A new secret came with a deploy, and nobody let the account read it."""
    desk = Desk(datetime(2026, 5, 4, 9, 14, tzinfo=UTC), "lupin-prod", "europe-west1", 11)
    good, bad = (
        desk.where("lupin-gateway", "00120-cav"),
        desk.where("lupin-gateway", "00121-mey", ""),
    )
    url = "https://gateway.lupin.example/v1/session"
    text = (
        "spec.template.spec.containers[0].env[7].value_from.secret_key_ref.name: Permission denied on secret: "
        "projects/41770/secrets/lupin-webhook-key/versions/latest for Revision service account "
        "lupin-gateway@lupin-prod.iam.gserviceaccount.com. The service account used must be granted the 'Secret Manager "
        "Secret Accessor' role (roles/secretmanager.secretAccessor) at the secret, project or higher level."
    )
    desk.ordinary(good, url, 2, 300, 9)
    desk.say(
        good,
        40,
        "WARN  [pool] slow query 812 ms: select * from routes",
        "INFO  [cache] 1 key evicted",
    )
    desk.told(
        bad,
        90,
        f"Ready condition status changed to False for Revision lupin-gateway-00121-mey with message: Revision "
        f"'lupin-gateway-00121-mey' is not ready and cannot serve traffic. {text}",
        "ERROR",
    )
    desk.told(
        bad,
        90.5,
        f"Ready condition status changed to False for Service lupin-gateway with message: Revision "
        f"'lupin-gateway-00121-mey' is not ready and cannot serve traffic. {text}",
        "ERROR",
    )
    references = {"SESSION_KEY": "lupin-session-key:3", "DB_PASSWORD": "lupin-db:latest"}
    revisions = [
        pinned(
            "lupin-gateway",
            "00120-cav",
            datetime(2026, 4, 20, 12, 0, tzinfo=UTC),
            references,
            account="lupin-gateway@lupin-prod.iam.gserviceaccount.com",
        ),
        pinned(
            "lupin-gateway",
            "00121-mey",
            desk.at(88),
            references | {"WEBHOOK_KEY": "lupin-webhook-key"},
            account="lupin-gateway@lupin-prod.iam.gserviceaccount.com",
            ready=("False", "SecretsAccessCheckFailed", text),
        ),
    ]
    why = (
        f"The new revision is not ready: permission denied on lupin-webhook-key for its account ({desk.line('Permission denied on secret')}, "
        "revisions.json#/1/status). The one before serves on."
    )
    desk.freeze(
        "lupin-gateway-stuck-rollout",
        "lupin-gateway",
        "production",
        expected(
            "secret_accessor_missing",
            why,
            [
                "invoker_missing",
                "secret_reference_lost",
                "secret_version_unusable",
                "startup_failed",
            ],
        ),
        {
            "revisions.json": first_forms(revisions),
            "commits.json": [
                commit(
                    datetime(2026, 5, 4, 8, 51, tzinfo=UTC),
                    "Igor Balan",
                    "Sign webhooks",
                    "gateway/webhooks.py",
                    "deploy/service.yaml",
                )
            ],
        },
    )


def accessor_missing_for_new_account() -> None:
    """A service moved to an account of its own, which may read none of its secrets."""
    desk = Desk(datetime(2026, 8, 11, 15, 30, tzinfo=UTC), "gorse-stg", "us-west1", 12)
    good, bad = desk.where("gorse-mail", "00032-tip"), desk.where("gorse-mail", "00033-bog", "")
    desk.ordinary(
        good,
        "https://mail.staging.gorse.example/outbox",
        2,
        240,
        10,
        user_agent="PostmanRuntime/7.49.0",
    )
    text = (
        "spec.template.spec.containers[0].env[2].value_from.secret_key_ref.name: Permission denied on secret: "
        "projects/88123/secrets/mail-smtp-password/versions/9 for Revision service account gorse-mail-run@gorse-stg.iam.gserviceaccount.com. "
        "The service account used must be granted the 'Secret Manager Secret Accessor' role (roles/secretmanager.secretAccessor) "
        "at the secret, project or higher level."
    )
    for n in range(3):
        desk.told(
            bad,
            60 + n * 70,
            f"Revision 'gorse-mail-00033-bog' is not ready and cannot serve traffic. {text}",
            "ERROR",
        )
    references = {"SMTP_PASSWORD": "mail-smtp-password:9", "TOKEN_KEY": "mail-token-key:2"}
    forms = [
        second_form(x, desk.project, desk.location)
        for x in (
            pinned(
                "gorse-mail",
                "00032-tip",
                datetime(2026, 7, 1, 8, 0, tzinfo=UTC),
                references,
                account="88123-compute@developer.gserviceaccount.com",
            ),
            pinned(
                "gorse-mail",
                "00033-bog",
                desk.at(58),
                references,
                account="gorse-mail-run@gorse-stg.iam.gserviceaccount.com",
                ready=("False", "SECRETS_ACCESS_CHECK_FAILED", text),
            ),
        )
    ]
    why = (
        f"The references are those of the revision before (revisions.json), the service account is new, and it is refused "
        f"on the secret ({desk.line('Permission denied on secret')})."
    )
    desk.freeze(
        "gorse-mail-own-account",
        "gorse-mail",
        "staging",
        expected(
            "secret_accessor_missing",
            why,
            ["invoker_missing", "secret_version_unusable", "kind_switched", "startup_failed"],
        ),
        {"revisions.json": forms},
    )
    bare = "The front of the log is gone: only that the service still answers is left, and a revision that is not ready, without a reason."
    desk.entries = [x for x in desk.entries if "httpRequest" in x]
    for form in forms[1:]:
        form["conditions"] = [{"type": "Ready", "state": "CONDITION_FAILED"}]
    desk.freeze(
        "gorse-mail-without-reason",
        "gorse-mail",
        "staging",
        expected(
            None,
            bare,
            ["invoker_missing", "secret_version_unusable", "startup_failed", "missing_module"],
            acceptable=["secret_accessor_missing"],
        ),
        {"revisions.json": forms},
    )


def no_such_version() -> None:
    """A deploy names a version that was never made."""
    desk = Desk(datetime(2026, 1, 15, 8, 20, tzinfo=UTC), "broom-qa", "europe-north1", 16)
    good, bad = desk.where("broom-search", "00006-ugh"), desk.where("broom-search", "00007-vat", "")
    desk.ordinary(good, "https://search.qa.broom.example/q", 2, 200, 8, user_agent="k6/1.3.0")
    text = "spec.template.spec.containers[0].env[3].value_from.secret_key_ref.name: Secret projects/66310/secrets/search-hmac/versions/12 was not found"
    for n in range(2):
        desk.told(
            bad,
            61 + n,
            f"Ready condition status changed to False for {('Revision broom-search-00007-vat', 'Service broom-search')[n]} with message: "
            f"Revision 'broom-search-00007-vat' is not ready and cannot serve traffic. {text}",
            "ERROR",
        )
    created = desk.at(0) - timedelta(days=6)
    revisions = [
        pinned("broom-search", "00006-ugh", created, {"SEARCH_HMAC": "search-hmac:2"}),
        pinned(
            "broom-search",
            "00007-vat",
            desk.at(60),
            {"SEARCH_HMAC": "search-hmac:12"},
            ready=("False", "SecretsAccessCheckFailed", text),
        ),
    ]
    why = f"Version 12 of search-hmac was not found ({desk.line('was not found')}); the revision before refers to 2 (revisions.json#/0): the reference is to a version that does not exist."
    desk.freeze(
        "broom-search-one-two",
        "broom-search",
        "qa",
        expected(
            "secret_version_unusable",
            why,
            ["secret_accessor_missing", "secret_reference_lost", "startup_failed"],
        ),
        {"revisions.json": first_forms(revisions)},
    )


def accessor_missing_on_volume() -> None:
    """A secret that is mounted as a file, and an account whose grant was taken back."""
    desk = Desk(datetime(2025, 9, 17, 9, 5, tzinfo=UTC), "hazel-pay", "europe-west9", 35)
    good, bad = desk.where("hazel-rates", "00018-bud"), desk.where("hazel-rates", "00019-pod", "")
    desk.ordinary(good, "https://rates.hazel.example/today", 2, 260, 9)
    desk.say(good, 50, '{"level":40,"msg":"upstream slow","ms":1840}')
    text = (
        "spec.template.spec.volumes[0].secret.items[0].key: Permission denied on secret: projects/30917/secrets/rates-client-cert/versions/latest for Revision "
        "service account hazel-rates@hazel-pay.iam.gserviceaccount.com. The service account used must be granted the 'Secret Manager Secret Accessor' role "
        "(roles/secretmanager.secretAccessor) at the secret, project or higher level."
    )
    desk.told(
        bad,
        120,
        f"Ready condition status changed to False for Revision hazel-rates-00019-pod with message: Revision 'hazel-rates-00019-pod' is not ready and cannot serve traffic. {text}",
        "ERROR",
    )
    desk.told(
        bad,
        120.4,
        f"Ready condition status changed to False for Service hazel-rates with message: Revision 'hazel-rates-00019-pod' is not ready and cannot serve traffic. {text}",
        "ERROR",
    )
    account = "hazel-rates@hazel-pay.iam.gserviceaccount.com"
    revisions = [
        Revision(
            "hazel-rates",
            "00018-bud",
            datetime(2025, 8, 1, 7, 0, tzinfo=UTC),
            {"CERT_FILE": "/etc/rates/client.pem"},
            account=account,
        ),
        Revision(
            "hazel-rates",
            "00019-pod",
            desk.at(118),
            {"CERT_FILE": "/etc/rates/client.pem"},
            account=account,
            ready=("False", "SecretsAccessCheckFailed", text),
        ),
    ]
    why = (
        f"The new revision does not become ready because its account may not read rates-client-cert ({desk.line('Permission denied on secret')}); account and "
        "configuration are those of the revision before, so the grant was taken back in between."
    )
    desk.freeze(
        "hazel-rates-mounted-file",
        "hazel-rates",
        "production",
        expected(
            "secret_accessor_missing",
            why,
            ["invoker_missing", "secret_reference_lost", "startup_failed", "certificate_expired"],
        ),
        {"revisions.json": first_forms(revisions)},
    )
