"""Pages whose middleware stands in the wrong order, or is not there."""

from datetime import UTC, datetime
from typing import Any

from corpus.making.freezing import Expected
from corpus.making.network.cast import ago, around, replaced, started, web
from corpus.making.network.front import Front
from corpus.making.network.platform import Revision, first_forms, traffic
from corpus.making.network.stage import Stage, Tools, commit


async def _browse(stage: Stage, front: Front, origin: str, times: int, ip: str) -> None:
    ask = {
        "Origin": origin,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    for _ in range(times):
        answer = await front.call("OPTIONS", "/items?q=tea", ask, ip=ip)
        if answer.status == 200:
            await front.call(
                "GET", "/items?q=tea", {"Origin": origin, "Authorization": "Bearer tk-7"}, ip=ip
            )
        await stage.sleep(7)


async def guard_before_cors(tools: Tools) -> None:
    """The guard came to stand outside CORS: browsers' preflights get 401."""
    start = datetime(2026, 8, 26, 13, 5, tzinfo=UTC)
    async with Stage(tools, start, project="heron-web", location="europe-west2") as stage:
        front = Front(stage, "heron-search", "https://search.heron.example")
        await front.open()
        page = "https://heron.example"
        env = around(stage, CORS_ORIGINS=page, VARIANT="cors-first")
        await started(stage, front, "00133-elm", web(stage, "pages"), env)
        await _browse(stage, front, page, 4, "203.0.113.12")
        await front.call(
            "GET",
            "/items",
            {"Authorization": "Bearer tk-job"},
            agent="curl/8.5.0",
            ip="198.51.100.9",
        )
        new = await started(
            stage, front, "00134-ash", web(stage, "pages"), env | {"VARIANT": "auth-first"}
        )
        await replaced(stage, front, new)
        deployed = stage.now()
        for n in (12, 15, 19, 12, 44):
            await _browse(stage, front, page, 2, f"203.0.113.{n}")
            await front.call(
                "GET",
                "/items",
                {"Authorization": "Bearer tk-job"},
                agent="curl/8.5.0",
                ip="198.51.100.9",
            )
        ask = {
            "Origin": page,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
        }
        answer = await front.call("OPTIONS", "/items", ask, agent="netra-probe/1")
        good = await front.probe(
            "call with a token", "/items", 200, {"Authorization": "Bearer tk-probe", "Origin": page}
        )
        probe = {
            "time": stage.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "name": "preflight",
            "target": front.url + "/items",
            "expect": {"status": 200},
            "got": {
                "status": answer.status,
                "close_code": None,
                "headers": {k: v for k, v in answer.headers.items() if k != "connection"},
                "body_excerpt": answer.body,
            },
            "ok": False,
        }
        why = (
            "Since 00134-ash preflights get 401 ({rejected OPTIONS /items}) and carry no "
            "Access-Control header (probes.json#/0), while calls with a token pass; the commit "
            "before moved the middleware."
        )
        expected = Expected(
            "cause_found",
            "middleware_order",
            why,
            "process",
            must_not=[
                "origin_blocked",
                "caller_without_credential",
                "env_var_lost",
                "user_token_rejected",
            ],
        )
        documents: dict[str, Any] = {
            "probes.json": [probe, good],
            "traffic.json": traffic(
                (ago(start, days=3), "heron-search-00133-elm", 100),
                (deployed, "heron-search-00134-ash", 100),
            ),
            "commits.json": [
                commit(
                    ago(deployed, minutes=18),
                    "Wanda Kruk",
                    "Add middleware in one list",
                    "search/app.py",
                    "search/middleware.py",
                ),
                commit(
                    ago(deployed, minutes=95),
                    "Luc Petit",
                    "Rank exact matches first",
                    "search/rank.py",
                ),
            ],
        }
        stage.freeze("heron-search-browser-only", "heron-search", "production", expected, documents)


async def session_off(tools: Tools) -> None:
    """The session middleware was dropped with the variable it depended on."""
    start = datetime(2026, 3, 12, 17, 17, tzinfo=UTC)
    async with Stage(tools, start, project="yarrow-prd", location="us-central1") as stage:
        front = Front(stage, "yarrow-portal", "https://portal.yarrow.example")
        await front.open()
        env = around(stage, VARIANT="no-session", LOG_STYLE="plain")
        await started(stage, front, "00025-ant", web(stage, "pages"), env, join=True)
        for n in (3, 5, 8, 3, 9, 11):
            await front.call("GET", "/login", ip=f"203.0.113.{n}")
            await front.call("GET", "/items", {"Authorization": "Bearer tk-1"}, ip=f"203.0.113.{n}")
            await stage.sleep(12)
        await front.call("GET", "/callback?code=x1&state=y1", ip="203.0.113.3")
        why = (
            "Signing in ends in an assertion of the framework itself, that the session "
            "middleware must be installed ({SessionMiddleware must be installed}); calls that "
            "use no session pass."
        )
        expected = Expected(
            "cause_found",
            "session_middleware_missing",
            why,
            "process",
            must_not=["code_error", "user_token_rejected", "startup_failed"],
        )
        stage.freeze(
            "yarrow-portal-sign-in-500", "yarrow-portal", "production", expected, {}, most=50_000
        )


async def session_secret_unset(tools: Tools) -> None:
    """A start line warns that sessions are off, since the key's reference went with a deploy."""
    start = datetime(2026, 9, 15, 9, 30, tzinfo=UTC)
    async with Stage(tools, start, project="mint-hub-stg", location="europe-west3") as stage:
        front = Front(stage, "mint-hub", "https://hub.staging.mint.example")
        await front.open()
        env = around(stage, VARIANT="no-session", LOG_STYLE="json", TELL_SESSION="1")
        await started(
            stage, front, "00052-bee", web(stage, "pages", "--no-access-log"), env, join=True
        )
        deployed = stage.now()
        for n in (33, 35, 38, 33):
            await front.call("GET", "/login", ip=f"203.0.113.{n}")
            await front.call(
                "GET",
                "/healthz",
                ip="198.51.100.4",
                agent="GoogleStackdriverMonitoring-UptimeChecks",
            )
            await stage.sleep(15)
        revisions = first_forms(
            [
                Revision(
                    "mint-hub",
                    "00051-cat",
                    ago(start, days=2),
                    {"LOG_STYLE": "json"},
                    {"COOKIE_SIGNING_KEY": "hub-cookie:1"},
                ),
                Revision("mint-hub", "00052-bee", deployed, {"LOG_STYLE": "json"}, {}),
            ]
        )
        why = (
            "The middleware is off because its key is unset ({sessions are off}) and each "
            "sign-in fails for want of it ({SessionMiddleware must be installed}); 00051-cat "
            "still referred to the key, 00052-bee does not (revisions.json)."
        )
        expected = Expected(
            "cause_found",
            "secret_reference_lost",
            why,
            "process",
            acceptable=["session_middleware_missing"],
            must_not=["code_error", "user_token_rejected", "signing_key_mismatch"],
        )
        stage.freeze(
            "mint-hub-cookie-key",
            "mint-hub",
            "staging",
            expected,
            {"revisions.json": revisions},
            most=50_000,
        )


async def page_of_another_origin(tools: Tools) -> None:
    """A preview of the page calls from an origin that CORS does not allow."""
    start = datetime(2026, 10, 12, 9, 50, tzinfo=UTC)
    async with Stage(tools, start, project="crane-web", location="europe-west1") as stage:
        front = Front(stage, "crane-api", "https://api.crane.example")
        await front.open()
        good, other = "https://www.crane.example", "https://next.crane.example"
        env = around(stage, CORS_ORIGINS=good)
        await started(stage, front, "00080-elf", web(stage, "pages"), env)
        for n, origin in enumerate([good, good, other, good, other, other, good, other, other], 3):
            ask = {
                "Origin": origin,
                "Access-Control-Request-Method": "GET",
                "Access-Control-Request-Headers": "authorization",
            }
            ip = f"203.0.113.{n * 4}"
            answer = await front.call("OPTIONS", "/items", ask, ip=ip)
            if answer.status == 200:
                token = {"Origin": origin, "Authorization": "Bearer tk-4"}
                await front.call("GET", "/items", token, ip=ip)
            await stage.sleep(11)
        ask = {"Origin": other, "Access-Control-Request-Method": "GET"}
        answer = await front.call("OPTIONS", "/items", ask, agent="netra-probe/1")
        record = {
            "time": stage.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "name": f"preflight from {other}",
            "target": front.url + "/items",
            "expect": {"status": 200},
            "got": {
                "status": answer.status,
                "close_code": None,
                "headers": {k: v for k, v in answer.headers.items() if k.startswith("access")},
                "body_excerpt": answer.body,
            },
            "ok": False,
        }
        good_probe = await front.probe(
            "call from the known page",
            "/items",
            200,
            {"Origin": good, "Authorization": "Bearer tk-9"},
        )
        why = (
            "Preflights from next.crane.example get 400 ({OPTIONS /items HTTP/1.1}) with the words "
            "Disallowed CORS origin (probes.json#/0); those from www.crane.example pass in the "
            "same minutes on the same revision, whose CORS_ORIGINS has it alone."
        ).replace("({OPTIONS /items HTTP/1.1})", "({400 Bad Request})")
        expected = Expected(
            "cause_found",
            "origin_blocked",
            why,
            "process",
            must_not=["middleware_order", "caller_without_credential", "user_token_rejected"],
            pair="middleware_order",
        )
        stage.freeze(
            "crane-api-preview-page",
            "crane-api",
            "production",
            expected,
            {
                "probes.json": [record, good_probe],
                "revisions.json": first_forms(
                    [
                        Revision(
                            "crane-api", "00080-elf", ago(start, days=30), {"CORS_ORIGINS": good}
                        )
                    ]
                ),
            },
        )


async def session_left_out(tools: Tools) -> None:
    """A deploy left the session middleware out of its list."""
    start = datetime(2026, 4, 27, 18, 8, tzinfo=UTC)
    async with Stage(tools, start, project="linnet-app", location="asia-northeast1") as stage:
        front = Front(stage, "linnet-forum", "https://forum.linnet.example")
        await front.open()
        env = around(stage, VARIANT="no-session")
        await started(
            stage, front, "00208-kip", web(stage, "pages", "--no-access-log"), env, join=True
        )
        for n in (3, 5, 8, 3, 9):
            await front.call("GET", f"/callback?code=c{n}&state=s{n}", ip=f"203.0.113.{n}")
            await front.call("GET", "/items", {"Authorization": "Bearer tk-1"}, ip=f"203.0.113.{n}")
            await stage.sleep(10)
        why = (
            "The way back from signing in ends in the framework's own words, SessionMiddleware "
            "must be installed to access request.session "
            "({SessionMiddleware must be installed}); the last commit before took "
            "middleware out of the list."
        )
        expected = Expected(
            "cause_found",
            "session_middleware_missing",
            why,
            "process",
            must_not=["code_error", "user_token_rejected", "origin_blocked"],
        )
        stage.freeze(
            "linnet-forum-way-back",
            "linnet-forum",
            "production",
            expected,
            {
                "commits.json": [
                    commit(
                        ago(start, minutes=22),
                        "Kei Mori",
                        "Drop middleware that we do not use",
                        "forum/app.py",
                    )
                ]
            },
            most=46_000,
        )
