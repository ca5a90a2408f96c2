"""Who may invoke a service: the front's refusals, which no container sees."""

from datetime import UTC, datetime
from typing import Any

from corpus.making.network.front import UNAUTHENTICATED, UNAUTHORIZED
from corpus.making.network.platform import Revision, first_forms, traffic
from corpus.making.network.stage import commit
from corpus.making.platform_texts.desk import AUTOSCALING, Desk, expected, looked, policy

PAGE = (
    '<html><head>\n<meta http-equiv="content-type" content="text/html;charset=utf-8">\n<title>{0} {1}'
    "</title>\n</head>\n<body text=#000000 bgcolor=#ffffff>\n<h1>Error: {1}</h1>\n<h2>Your client does "
    "not have permission to get URL <code>{2}</code> from this server.</h2>\n<h2></h2>\n</body></html>"
)


def binding_removed() -> None:
    """A caller's binding was removed with others: 403 from the front, no line of the container."""
    desk = Desk(datetime(2026, 4, 8, 13, 20, tzinfo=UTC), "kelp-prod", "europe-west1", 1)
    shop, stock = desk.where("kelp-shop", "00071-vep"), desk.where("kelp-stock", "00033-gac")
    front = desk.where("kelp-stock", "00033-gac", "")
    url, inner = (
        "https://shop.kelp.example/products/{}",
        "https://kelp-stock-5f2qa-ew.a.run.app/levels/{}",
    )
    desk.told(stock, 2, AUTOSCALING)
    for n in range(7):
        t = 10 + n * 14
        desk.hit(stock, t + 0.1, inner.format(n), 200, 0.04, user_agent="python-requests/2.32.5")
        desk.say(stock, t + 0.13, f'{{"severity":"INFO","message":"levels read","sku":{1200 + n}}}')
        desk.hit(shop, t, url.format(n), 200, 0.2)
    for n in range(14):
        t = 130 + n * 13
        desk.hit(
            front,
            t + 0.1,
            inner.format(n),
            403,
            0.003,
            UNAUTHORIZED.format(status=403),
            user_agent="python-requests/2.32.5",
        )
        desk.say(
            shop,
            t + 0.2,
            f'{{"severity":"ERROR","message":"stock service answered 403 Forbidden","sku":{1200 + n},'
            f'"content_type":"text/html; charset=UTF-8","body":"<html><head> <title>403 Forbidden</title> Error: Forbidden"}}',
        )
        desk.hit(shop, t, url.format(n), 502, 0.12)
        if n % 4 == 1:
            desk.hit(
                shop,
                t + 5,
                "https://shop.kelp.example/healthz",
                200,
                0.01,
                user_agent="GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)",
            )
    probes = [
        policy(
            desk.at(330),
            "kelp-stock",
            {"roles/run.invoker": ["serviceAccount:kelp-admin@kelp-prod.iam.gserviceaccount.com"]},
            ok=False,
        ),
        looked(
            desk.at(331),
            "call without a credential",
            inner.format(1),
            PAGE.format(403, "Forbidden", "/levels/1"),
            ok=False,
            status=403,
            content_type="text/html; charset=UTF-8",
            server="Google Frontend",
        ),
    ]
    documents = {
        "probes.json": probes,
        "revisions.json": first_forms(
            [
                Revision(
                    "kelp-shop",
                    "00071-vep",
                    datetime(2026, 4, 8, 12, 58, tzinfo=UTC),
                    {"STOCK_URL": "https://kelp-stock-5f2qa-ew.a.run.app"},
                    account="kelp-shop@kelp-prod.iam.gserviceaccount.com",
                ),
                Revision(
                    "kelp-stock",
                    "00033-gac",
                    datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
                    account="kelp-stock@kelp-prod.iam.gserviceaccount.com",
                ),
            ]
        ),
        "commits.json": [
            commit(
                datetime(2026, 4, 8, 12, 40, tzinfo=UTC),
                "Pia Holm",
                "Show stock on product cards",
                "shop/cards.py",
            )
        ],
    }
    why = (
        f"The front refuses the calls before the container ({desk.line('not authorized to invoke')}), "
        "the stock service logs nothing more, and its policy names no service account of the shop "
        "(probes.json#/0), as which the shop runs. Its deploy of 12:58 worked for half an hour."
    )
    desk.freeze(
        "kelp-shop-stock-unknown",
        "kelp-shop",
        "production",
        expected(
            "invoker_missing",
            why,
            ["wrong_audience", "caller_without_credential", "env_var_lost", "signing_key_mismatch"],
            pair="wrong_audience",
        ),
        documents,
    )


def public_no_more() -> None:
    """A public page is deployed without `allow unauthenticated`: browsers get 403."""
    desk = Desk(datetime(2026, 7, 14, 7, 55, tzinfo=UTC), "mallow-web", "us-central1", 2)
    page, front = desk.where("mallow-site", "00210-tez"), desk.where("mallow-site", "00210-tez", "")
    url = "https://mallow-site-n3vdbl-uc.a.run.app"
    desk.told(page, 1, AUTOSCALING)
    desk.say(
        page,
        3,
        "10.0.0.1 - - nginx/1.29.1 started",
        "2026/07/14 07:55:03 [notice] 1#1: start worker processes",
    )
    desk.ordinary(page, f"{url}/", 5, 120, 9)
    desk.ordinary(page, f"{url}/assets/site.css", 6, 120, 15)
    for n in range(28):
        t = 125 + n * 7
        desk.hit(
            front,
            t,
            f"{url}/{('', 'pricing', 'favicon.ico')[n % 3]}",
            403,
            0.002,
            UNAUTHENTICATED,
            remote_ip=f"203.0.113.{7 + n * 5}",
            response_size=272,
        )
    probes = [
        policy(
            desk.at(380),
            "mallow-site",
            {"roles/run.invoker": ["group:web-team@mallow.example"]},
            ok=False,
        )
    ]
    why = (
        f"Browsers are refused by the front as not authenticated ({desk.line('was not authenticated')}), no container entry follows, "
        "and the policy has no allUsers (probes.json#/0): a public site lost its public invoker."
    )
    desk.freeze(
        "mallow-site-closed-doors",
        "mallow-site",
        "production",
        expected(
            "invoker_missing",
            why,
            ["wrong_audience", "user_token_rejected", "env_var_lost", "origin_blocked"],
            pair="wrong_audience",
            acceptable=[],
        ),
        {"probes.json": probes},
    )
    bare = (
        "The front refuses requests without a credential "
        f"({desk.line('was not authenticated')}); whether the service ought to be public, or its callers forgot a token, is not here."
    )
    desk.freeze(
        "mallow-site-texts-only",
        "mallow-site",
        "production",
        expected(
            None,
            bare,
            ["wrong_audience", "user_token_rejected", "env_var_lost", "signing_key_mismatch"],
            acceptable=["invoker_missing", "caller_without_credential"],
            pair="wrong_audience",
        ),
    )


def inside_only() -> None:
    """Ingress was set to internal; callers from the internet get 404 of the front."""
    desk = Desk(datetime(2025, 11, 25, 16, 2, tzinfo=UTC), "burr-api", "europe-west3", 3)
    api, front = desk.where("burr-public", "00088-nox"), desk.where("burr-public", "00089-lim", "")
    new = desk.where("burr-public", "00089-lim")
    url = "https://burr-public-xz71-ey.a.run.app/v2/quotes"
    desk.ordinary(api, url, 2, 110, 8, user_agent="okhttp/5.1.0")
    desk.say(new, 121, "Starting server", "Listening on :8080")
    desk.told(
        new,
        122,
        'Default STARTUP TCP probe succeeded after 1 attempt for container "burr-public-1" on port 8080.',
    )
    for n in range(26):
        desk.hit(
            front,
            128 + n * 8,
            url,
            404,
            0.001,
            outside=True,
            remote_ip=f"203.0.113.{n * 7 + 3}",
            user_agent="okhttp/5.1.0",
            response_size=1580,
        )
        if n % 6 == 0:
            desk.hit(
                new,
                130 + n * 8,
                url,
                200,
                0.05,
                remote_ip="10.132.0.4",
                user_agent="Go-http-client/2.0",
            )
    service: dict[str, Any] = {"apiVersion": "serving.knative.dev/v1", "kind": "Service"}
    forms = first_forms(
        [
            Revision("burr-public", "00088-nox", datetime(2025, 11, 3, 10, 0, tzinfo=UTC)),
            Revision(
                "burr-public",
                "00089-lim",
                desk.at(118),
                creator="terraform@burr-api.iam.gserviceaccount.com",
            ),
        ]
    )
    service |= {
        "metadata": {
            "name": "burr-public",
            "generation": 91,
            "annotations": {
                "run.googleapis.com/ingress": "internal",
                "run.googleapis.com/ingress-status": "internal",
                "serving.knative.dev/lastModifier": "terraform@burr-api.iam.gserviceaccount.com",
            },
        },
        "spec": {"traffic": [{"percent": 100, "latestRevision": True}]},
    }
    probes = [
        looked(
            desk.at(345),
            "from outside",
            url,
            "<html><head><title>404 Page not found</title></head><body><h1>Error: Page not found</h1><h2>The requested URL was not found on this server.</h2></body></html>",
            ok=False,
            status=404,
            server="Google Frontend",
            content_type="text/html; charset=UTF-8",
        ),
        looked(
            desk.at(346),
            "from a machine of the network",
            url,
            '{"quotes":[]}',
            ok=True,
            content_type="application/json",
        ),
    ]
    why = (
        "Since 00089-lim requests from outside get the front's 404 page (probes.json#/0, no container entry), those "
        f"from 10.132.0.4 pass ({desk.line('10.132.0.4')}); the service's ingress is internal (revisions.json#/2)."
    )
    desk.freeze(
        "burr-public-not-found",
        "burr-public",
        "production",
        expected(
            "invoker_missing",
            why,
            ["test_traffic", "wrong_audience", "code_error", "traffic_pinned"],
        ),
        {
            "probes.json": probes,
            "revisions.json": [*forms, service],
            "traffic.json": traffic(
                (datetime(2025, 11, 3, 10, 0, tzinfo=UTC), "burr-public-00088-nox", 100),
                (desk.at(119), "burr-public-00089-lim", 100),
            ),
        },
    )
