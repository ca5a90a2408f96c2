"""Versions of secrets that are destroyed, disabled, or several at once."""

from datetime import UTC, datetime
from typing import Any

from corpus.making.freezing import Where
from corpus.making.network.platform import first_forms, second_form, traffic
from corpus.making.platform_texts.desk import AUTOSCALING, Desk, expected, pinned, version

STARTS = "The request failed because the instance could not start successfully."


def _aborts(
    desk: Desk,
    where: Where,
    seconds: float,
    project: str,
    reference: tuple[str, int | str, str],
    state: str,
) -> None:
    secret, number, variable = reference
    desk.told(where, seconds, AUTOSCALING)
    desk.told(
        where,
        seconds + 0.4,
        f'Could not fetch secret "projects/{project}/secrets/{secret}/versions/{number}" for environment variable '
        f'"{variable}". Instance startup will now abort: Secret Version '
        f"[projects/41770/secrets/{secret}/versions/{number}] is in {state} state.",
        "ERROR",
    )


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
            desk.hit(
                new,
                t - 0.2 + m,
                url,
                500,
                0.0,
                STARTS,
                method="POST",
                remote_ip=f"203.0.113.{n * 9 + m + 4}",
                outside=False,
            )
    probes = [
        version(desk.at(430), "pay-signing", 4, "DESTROYED"),
        version(desk.at(430), "pay-signing", 5, "ENABLED"),
    ]
    documents: dict[str, Any] = {
        "probes.json": probes,
        "revisions.json": first_forms(
            [
                pinned(
                    "rowan-sales",
                    "00340-dig",
                    datetime(2026, 3, 2, 7, 0, tzinfo=UTC),
                    {"PAY_SIGNING": "pay-signing:4"},
                )
            ]
        ),
    }
    why = (
        f"Instances that start for load abort as the pinned version is destroyed ({desk.line('DESTROYED state')}, probes.json#/0) "
        "and their requests get 500, while two older instances of the same revision serve on."
    )
    desk.freeze(
        "rowan-sales-evening-rush",
        "rowan-sales",
        "production",
        expected(
            "secret_version_unusable",
            why,
            ["latest_secret_split", "startup_failed", "pool_exhausted", "secret_accessor_missing"],
        ),
        documents,
    )


def rollback_without_secret() -> None:
    """A rollback goes to a revision whose version of a secret is destroyed."""
    desk = Desk(datetime(2025, 12, 11, 10, 45, tzinfo=UTC), "sedge-core", "asia-southeast1", 14)
    now, old = (
        desk.where("sedge-accounts", "00058-key"),
        desk.where("sedge-accounts", "00051-fax", ""),
    )
    url = "https://accounts.sedge.example/profile"
    desk.ordinary(now, url, 1, 120, 8)
    for n in range(8):
        desk.hit(now, 30 + n * 12, url, 500, 0.05)
        desk.say(
            now,
            30.1 + n * 12,
            "Traceback (most recent call last):",
            '  File "/app/profile.py", line 88, in show',
            "    return card(user.addresses[0])",
            "IndexError: list index out of range",
            joined=n % 2 == 0,
        )
    for n in range(5):
        start = desk.where("sedge-accounts", "00051-fax")
        _aborts(
            desk,
            start,
            150 + n * 20,
            "sedge-core",
            ("accounts-cookie", 2, "COOKIE_SECRET"),
            "DESTROYED",
        )
        desk.hit(old, 150.2 + n * 20, url, 500, 0.0, STARTS, remote_ip="203.0.113.70")
        desk.hit(old, 155.2 + n * 20, url, 500, 0.0, STARTS, remote_ip="203.0.113.71")
    desk.ordinary(now, url, 262, 330, 8)
    steps = traffic(
        (datetime(2025, 12, 10, 16, 0, tzinfo=UTC), "sedge-accounts-00058-key", 100),
        (desk.at(145), "sedge-accounts-00051-fax", 100),
        (desk.at(260), "sedge-accounts-00058-key", 100),
    )
    revisions = [
        pinned(
            "sedge-accounts",
            "00051-fax",
            datetime(2025, 9, 30, 9, 0, tzinfo=UTC),
            {"COOKIE_SECRET": "accounts-cookie:2"},
        ),
        pinned(
            "sedge-accounts",
            "00058-key",
            datetime(2025, 12, 10, 16, 0, tzinfo=UTC),
            {"COOKIE_SECRET": "accounts-cookie:3"},
        ),
    ]
    why = (
        f"The total outage begins when traffic goes back to 00051-fax (traffic.json#/1), whose instances abort on version 2 of a secret that is "
        f"destroyed ({desk.line('DESTROYED state')}); the IndexError before it, for which the rollback was made, hit some requests only."
    )
    desk.freeze(
        "sedge-accounts-way-back",
        "sedge-accounts",
        "production",
        expected(
            "secret_version_unusable",
            why,
            ["secret_reference_lost", "startup_failed", "signing_key_mismatch"],
            acceptable=["rollback_target_broken"],
        ),
        {
            "traffic.json": steps,
            "revisions.json": first_forms(revisions),
            "probes.json": [version(desk.at(332), "accounts-cookie", 2, "DESTROYED")],
        },
    )


def latest_disabled() -> None:
    """A bad version was disabled; `latest` still names it, so nothing can start."""
    desk = Desk(datetime(2026, 10, 21, 12, 0, tzinfo=UTC), "aster-labs", "us-east4", 15)
    url = "https://notes.aster.example/api/notes"
    a = desk.where("aster-notes", "00077-oar")
    desk.ordinary(a, url, 1, 90, 6)
    desk.told(
        a,
        95,
        "Shutting down instance. Reason: AUTOSCALING - Instance scaled down due to low traffic.",
    )
    for n in range(8):
        new, t = desk.where("aster-notes", "00077-oar"), 140 + n * 25
        _aborts(desk, new, t, "aster-labs", ("notes-token-key", "latest", "TOKEN_KEY"), "DISABLED")
        desk.hit(
            new, t - 0.1, url, 500, 0.0, STARTS, remote_ip=f"203.0.113.{40 + n}", outside=False
        )
    revision = pinned(
        "aster-notes",
        "00077-oar",
        datetime(2026, 10, 19, 8, 30, tzinfo=UTC),
        {"TOKEN_KEY": "notes-token-key:latest"},
    )
    probes = [
        version(desk.at(340), "notes-token-key", 5, "ENABLED"),
        version(desk.at(340), "notes-token-key", 6, "DISABLED"),
    ]
    why = (
        f"No instance can start: latest is version 6, which is disabled ({desk.line('DISABLED state')}, probes.json#/1), though version 5 is "
        "enabled; no deploy in two days."
    )
    desk.freeze(
        "aster-notes-lunch-break",
        "aster-notes",
        "production",
        expected(
            "secret_version_unusable",
            why,
            ["secret_accessor_missing", "latest_secret_split", "startup_failed", "env_var_lost"],
        ),
        {
            "revisions.json": [second_form(revision, desk.project, desk.location)],
            "probes.json": probes,
        },
    )


def split_in_java() -> None:
    """`latest` again, in a Spring service: which instance answers decides."""
    desk = Desk(datetime(2026, 6, 23, 20, 0, tzinfo=UTC), "cumin-prod", "europe-west6", 17)
    old, new = desk.where("cumin-portal", "00201-bay"), desk.where("cumin-portal", "00201-bay")
    url = "https://portal.cumin.example/api/cart"
    text = (
        "2026-06-23T20:{0:02d}:{1:02d}.{2:03d}Z  WARN 1 --- [cumin-portal] [nio-8080-exec-{3}] c.c.portal.security.RememberedSession    : "
        "session cookie rejected: MAC does not verify"
    )
    desk.ordinary(old, url, 1, 100, 5)
    desk.told(new, 120, AUTOSCALING)
    desk.say(
        new,
        131,
        "2026-06-23T20:02:11.402Z  INFO 1 --- [cumin-portal] [           main] c.c.portal.PortalApplication             : Started PortalApplication in 8.913 seconds (process running for 9.871)",
    )
    for n in range(22):
        t = 140 + n * 9
        minute, second = divmod(int(t), 60)
        where = (old, new)[n % 2]
        user = n // 2 % 3
        refused = (where is new and user < 2) or (where is old and user == 2)
        desk.hit(where, t, url, 403 if refused else 200, 0.04, remote_ip=f"203.0.113.{80 + user}")
        if refused:
            desk.say(where, t + 0.02, text.format(minute, second, n * 37 % 1000, n % 9 + 1))
    documents = {
        "revisions.json": first_forms(
            [
                pinned(
                    "cumin-portal",
                    "00201-bay",
                    datetime(2026, 6, 20, 6, 0, tzinfo=UTC),
                    {"SESSION_MAC_KEY": "portal-mac:latest"},
                )
            ]
        ),
        "probes.json": [version(desk.at(340), "portal-mac", 8, "ENABLED")],
    }
    documents["probes.json"][0]["got"]["body_excerpt"] = (
        '{"name": "projects/41770/secrets/portal-mac/versions/8", "createTime": "2026-06-23T20:01:30Z", "state": "ENABLED"}'
    )
    why = (
        f"Cookies fail at one of two instances of one revision ({desk.line('MAC does not verify')}); the newer one started ({desk.line('Starting new instance')}) "
        "just after version 8 of the secret was made (probes.json#/0), and the revision reads latest."
    )
    desk.freeze(
        "cumin-portal-evening",
        "cumin-portal",
        "production",
        expected(
            "latest_secret_split",
            why,
            ["random_key_per_process", "key_rotated_without_overlap", "user_token_rejected"],
            pair="random_key_per_process",
        ),
        documents,
    )
