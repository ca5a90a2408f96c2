"""Tokens for another address than the one that is called."""

from datetime import UTC, datetime

from corpus.making.network.front import UNVERIFIED
from corpus.making.network.platform import Revision, second_form
from corpus.making.platform_texts.desk import AUTOSCALING, Desk, expected, looked, policy


def audience_of_a_domain() -> None:
    """The caller asks for a token for the custom domain; the front expects the service's own address."""
    desk = Desk(datetime(2026, 2, 24, 18, 40, tzinfo=UTC), "tansy-sys", "us-east1", 4)
    old, new = desk.where("tansy-cron", "00014-hub"), desk.where("tansy-cron", "00015-rug")
    work, front = (
        desk.where("tansy-worker", "00090-pip"),
        desk.where("tansy-worker", "00090-pip", ""),
    )
    inner = "https://tansy-worker-b4cz-ue.a.run.app/run/{}"
    for n in range(6):
        t = 4 + n * 20
        desk.say(
            old,
            t,
            f'{{"level":"info","msg":"job sent","job":"j-{n}","audience":"https://tansy-worker-b4cz-ue.a.run.app"}}',
        )
        desk.hit(
            work,
            t + 0.2,
            inner.format(f"j-{n}"),
            200,
            0.7,
            method="POST",
            user_agent="Go-http-client/2.0",
        )
        desk.say(work, t + 0.6, f"2026/02/24 18:40:{10 + n:02d} job j-{n} done")
    desk.told(new, 124, AUTOSCALING)
    for n in range(6, 18):
        t = 10 + n * 20
        desk.say(
            new,
            t,
            f'{{"level":"error","msg":"job not accepted","job":"j-{n}","audience":"https://worker.tansy.example","status":401,"www_authenticate":"Bearer error=\\"invalid_token\\" error_description=\\"The access token could not be verified\\""}}',
        )
        desk.hit(
            front,
            t + 0.2,
            inner.format(f"j-{n}"),
            401,
            0.002,
            UNVERIFIED,
            method="POST",
            user_agent="Go-http-client/2.0",
        )
    revisions = [
        Revision(
            "tansy-cron",
            "00014-hub",
            datetime(2026, 2, 1, 8, 0, tzinfo=UTC),
            {
                "WORKER_URL": "https://tansy-worker-b4cz-ue.a.run.app",
                "WORKER_AUD": "https://tansy-worker-b4cz-ue.a.run.app",
            },
            account="tansy-cron@tansy-sys.iam.gserviceaccount.com",
        ),
        Revision(
            "tansy-cron",
            "00015-rug",
            desk.at(122),
            {
                "WORKER_URL": "https://tansy-worker-b4cz-ue.a.run.app",
                "WORKER_AUD": "https://worker.tansy.example",
            },
            account="tansy-cron@tansy-sys.iam.gserviceaccount.com",
        ),
    ]
    probes = [
        policy(
            desk.at(380),
            "tansy-worker",
            {"roles/run.invoker": ["serviceAccount:tansy-cron@tansy-sys.iam.gserviceaccount.com"]},
            ok=True,
        )
    ]
    why = (
        f"401 from the front because the token cannot be verified ({desk.line('could not be')}), while the caller is an invoker "
        "(probes.json#/0); since 00015-rug it asks for another audience than the address it calls (revisions.json#/1)."
    )
    desk.freeze(
        "tansy-cron-own-domain",
        "tansy-cron",
        "production",
        expected(
            "wrong_audience",
            why,
            ["invoker_missing", "caller_without_credential", "signing_key_mismatch"],
            pair="invoker_missing",
            acceptable=["custom_audience_reset"],
        ),
        {
            "probes.json": probes,
            "revisions.json": [second_form(x, desk.project, desk.location) for x in revisions],
        },
    )


def audience_of_an_old_address() -> None:
    """A service was made anew in another region; callers' tokens are still for the old address."""
    desk = Desk(datetime(2026, 9, 3, 5, 10, tzinfo=UTC), "yew-data", "europe-west4", 5)
    api, front = desk.where("yew-api", "00005-sit", None), desk.where("yew-rank", "00001-abd", "")
    inner = "https://yew-rank-77k2-ez.a.run.app/score"
    for n in range(16):
        t = 3 + n * 15
        desk.say(
            api,
            t + 0.3,
            f"ERROR rank.client google.auth id token aud=https://yew-rank-77k2-ew.a.run.app target={inner} -> 401 (request {8800 + n})",
            f"WARNING rank.client scores unavailable for request {8800 + n}, serving unranked",
        )
        desk.hit(
            front,
            t + 0.2,
            inner,
            401,
            0.002,
            UNVERIFIED,
            method="POST",
            user_agent="python-requests/2.32.5",
        )
        desk.hit(api, t, "https://api.yew.example/search", 200, 0.3)
    probes = [
        policy(
            desk.at(250),
            "yew-rank",
            {"roles/run.invoker": ["serviceAccount:yew-api@yew-data.iam.gserviceaccount.com"]},
            ok=True,
        ),
        looked(
            desk.at(251),
            "call with a token for the new address",
            inner,
            '{"scores":[]}',
            ok=True,
            content_type="application/json",
        ),
    ]
    why = (
        f"Each refused call shows a token for …-ew.a.run.app sent to …-ez.a.run.app ({desk.line('aud=https')}); with one for the new "
        "address the probe passes (probes.json#/1), and the caller may invoke (/0)."
    )
    desk.freeze(
        "yew-api-unranked",
        "yew-api",
        "production",
        expected(
            "wrong_audience",
            why,
            ["invoker_missing", "service_secret_mismatch", "user_token_rejected"],
            pair="invoker_missing",
        ),
        {"probes.json": probes},
    )
