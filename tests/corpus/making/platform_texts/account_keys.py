"""Keys of service accounts that are gone, as Java's and Go's libraries tell it."""

from datetime import UTC, datetime

from corpus.making.platform_texts.desk import Desk, expected, looked


def java_account_key() -> None:
    """A Java job whose service account's key was deleted an hour before."""
    desk = Desk(datetime(2026, 2, 6, 4, 0, tzinfo=UTC), "privet-dw", "europe-west4", 25)
    app = desk.where("privet-sync", "00019-jib")
    trace = [
        "java.io.IOException: Error getting access token for service account: 400 Bad Request",
        "POST https://oauth2.googleapis.com/token",
        '{"error":"invalid_grant","error_description":"Invalid JWT Signature."}, iss: sync@privet-dw.iam.gserviceaccount.com',
        "\tat com.google.auth.oauth2.ServiceAccountCredentials.refreshAccessToken(ServiceAccountCredentials.java:633)",
        "\tat com.google.auth.oauth2.OAuth2Credentials$1.call(OAuth2Credentials.java:270)",
        "\tat eu.privet.sync.Tables.copy(Tables.java:118)",
    ]
    for n in range(9):
        t = 5 + n * 30
        failed = n > 2
        desk.hit(
            app,
            t,
            f"https://privet-sync-8ww-ez.a.run.app/tables/{('orders', 'people', 'visits')[n % 3]}",
            500 if failed else 200,
            2.1,
            method="POST",
            user_agent="Google-Cloud-Scheduler",
        )
        if failed:
            desk.say(
                app,
                t + 2,
                "SEVERE: copy failed for table " + ("orders", "people", "visits")[n % 3],
                *trace,
            )
        else:
            desk.say(app, t + 2, f"INFO: copied {n * 412 + 90} rows")
    time = desk.at(60)
    probes = [
        looked(
            desk.at(280),
            "keys of the account",
            "iam.googleapis.com/v1/projects/privet-dw/serviceAccounts/sync@privet-dw.iam.gserviceaccount.com/keys",
            '{"keys": [{"keyType": "SYSTEM_MANAGED", "validAfterTime": "2026-01-30T11:00:02Z"}]}',
            ok=False,
        ),
        looked(
            desk.at(281),
            "activity of the account",
            "cloudaudit.googleapis.com/activity",
            f'{{"methodName": "google.iam.admin.v1.DeleteServiceAccountKey", "principalEmail": "key-janitor@privet-dw.iam.gserviceaccount.com", "timestamp": "{time:%Y-%m-%dT%H:%M:%SZ}"}}',
            ok=False,
        ),
    ]
    why = (
        f"invalid_grant, Invalid JWT Signature ({desk.line('Invalid JWT Signature')}) begins when the account's user-managed key was deleted (probes.json#/1); "
        "none is left (#/0)."
    )
    desk.freeze(
        "privet-sync-no-more-rows",
        "privet-sync",
        "production",
        expected(
            "workload_key_deleted",
            why,
            ["signing_key_mismatch", "clock_skew", "key_rotated_without_overlap"],
        ),
        {"probes.json": probes},
    )


def go_account_key() -> None:
    """A Go worker whose service account's key has ended, as an organisation's policy wants it."""
    desk = Desk(datetime(2026, 1, 5, 0, 0, tzinfo=UTC), "alder-etl", "us-west4", 33)
    app = desk.where("alder-push", "00027-sty")
    for n in range(10):
        at = 4 + n * 30
        desk.hit(
            app,
            at,
            "https://alder-push-3kk-wn.a.run.app/tick",
            200 if n < 3 else 500,
            1.4,
            method="POST",
            user_agent="Google-Cloud-Scheduler",
        )
        if n < 3:
            desk.say(app, at + 1, f'{{"severity":"INFO","message":"pushed","messages":{410 + n}}}')
        else:
            desk.say(
                app,
                at + 1,
                '{"severity":"ERROR","message":"publish failed","error":"rpc error: code = Unauthenticated desc = transport: per-RPC creds failed due to error: '
                'oauth2: cannot fetch token: 400 Bad Request\\nResponse: {\\"error\\":\\"invalid_grant\\",\\"error_description\\":\\"Invalid JWT Signature.\\"}","topic":"alder-events"}',
            )
    probes = [
        looked(
            desk.at(310),
            "keys of the account",
            "iam.googleapis.com/v1/projects/alder-etl/serviceAccounts/push@alder-etl.iam.gserviceaccount.com/keys",
            '{"keys": [{"name": "…/keys/77aa01", "keyType": "USER_MANAGED", "validAfterTime": "2025-10-07T00:01:20Z", "validBeforeTime": "2026-01-05T00:01:20Z"}]}',
            ok=False,
        )
    ]
    why = (
        f"The token endpoint refuses the assertion, Invalid JWT Signature ({desk.line('Invalid JWT Signature')}), since the account's only key ended at 00:01:20 "
        "(probes.json#/0); nothing was deployed."
    )
    desk.freeze(
        "alder-push-ninety-days",
        "alder-push",
        "production",
        expected(
            "workload_key_deleted",
            why,
            ["signing_key_mismatch", "clock_skew", "certificate_expired"],
        ),
        {"probes.json": probes},
    )
