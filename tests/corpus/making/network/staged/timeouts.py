"""WebSockets that something in between ends after a fixed time."""

from datetime import UTC, datetime

from corpus.making.freezing import Expected, hex_id
from corpus.making.network.cast import ago, around, node, replaced, script, started, web
from corpus.making.network.front import Front
from corpus.making.network.gateway import UPGRADES, Socket, gateway, together
from corpus.making.network.platform import Revision, first_forms, traffic
from corpus.making.network.stage import Stage, Tools, commit
from corpus.making.network.staged.upgrades import pair


async def idle_sockets_cut(tools: Tools) -> None:
    """Nginx ends sockets after 60 s without a byte, as it does by default."""
    start = datetime(2025, 12, 15, 22, 0, tzinfo=UTC)
    async with Stage(tools, start, project="tidal-prod", location="us-west1") as stage:
        edge, inner = await pair(
            stage,
            ("tidal-gw", "https://play.tidal.example"),
            ("tidal-lobby", "https://tidal-lobby-x91-uw.a.run.app"),
        )
        quiet = web(stage, "chat", "--ws-ping-interval", "3600", "--ws-ping-timeout", "3600")
        await started(stage, inner, "00077-oat", quiet, around(stage))
        await gateway(stage, edge, "00005-pan", inner, UPGRADES + "proxy_read_timeout 3600s;")
        token = {"Authorization": "Bearer tk-9"}
        await together(
            *(
                Socket(edge, ip=f"203.0.113.{n}", headers=token).stay(110, every)
                for n, every in ((1, None), (3, 20))
            )
        )
        default = UPGRADES + "proxy_read_timeout 60s;"  # nginx's own default.
        await replaced(stage, edge, await gateway(stage, edge, "00006-ore", inner, default))
        deployed = stage.now()
        await together(
            *(
                Socket(edge, ip=f"203.0.113.{n}", headers=token).stay(150, every)
                for n, every in ((1, None), (2, None), (3, 20), (4, None))
            )
        )
        await together(
            *(
                Socket(edge, ip=f"203.0.113.{n}", headers=token).stay(130, every)
                for n, every in ((1, None), (2, 20), (4, None), (6, None))
            )
        )
        probe = Socket(edge, headers=token, agent="netra-probe/1")
        await probe.stay(90)
        why = (
            "Since tidal-gw-00006-ore sockets without traffic end 60 s after they opened "
            "({open_for=60}), those that talk stay ({open_for=1}); before, silent ones stayed "
            "too; a commit took the socket's read time-out out of the gateway."
        )
        expected = Expected(
            "cause_found",
            "proxy_timeout",
            why,
            "process",
            must_not=["upgrade_stripped", "user_token_rejected", "auth_service_unreachable"],
        )
        stage.freeze(
            "tidal-lobby-minute",
            "tidal-lobby",
            "production",
            expected,
            {
                "probes.json": [probe.record("socket held without a message for 90 s", 101)],
                "traffic.json": traffic(
                    (ago(start, days=12), "tidal-gw-00005-pan", 100),
                    (deployed, "tidal-gw-00006-ore", 100),
                ),
                "commits.json": [
                    commit(
                        ago(deployed, minutes=52),
                        "Sara Lindqvist",
                        "Use one set of proxy time-outs everywhere",
                        "gateway/nginx.conf",
                    ),
                    commit(
                        ago(deployed, hours=4), "Jon Ek", "Show ping in the lobby", "lobby/page.py"
                    ),
                ],
            },
        )


async def platform_limit(tools: Tools) -> None:
    """A deploy put the request limit back to 300 s: every socket ends then, talking or not."""
    start = datetime(2026, 8, 4, 6, 45, tzinfo=UTC)
    async with Stage(tools, start, rate=40, project="veldt-ops", location="africa-south1") as stage:
        front = Front(stage, "veldt-console", "https://console.veldt.example", limit=3600)
        await front.open()
        env = around(stage, LOG_STYLE="keys")
        await started(stage, front, "00140-yam", web(stage, "chat", "--no-access-log"), env)
        token = {"Authorization": "Bearer tk-3"}
        await together(
            *(Socket(front, ip=f"203.0.113.{n}", headers=token).stay(420, 15) for n in (1, 2))
        )
        new = await started(stage, front, "00141-zoo", web(stage, "chat", "--no-access-log"), env)
        await replaced(stage, front, new)
        deployed = stage.now()
        front.limit = 300
        await together(
            *(Socket(front, ip=f"203.0.113.{n}", headers=token).stay(400, 15) for n in (1, 2, 3, 4))
        )
        await together(
            *(Socket(front, ip=f"203.0.113.{n}", headers=token).stay(400, 15) for n in (1, 2, 3, 5))
        )
        revisions = [
            Revision("veldt-console", "00140-yam", ago(start, days=30), timeout=3600),
            Revision("veldt-console", "00141-zoo", deployed, timeout=300),
        ]
        why = (
            "Since 00141-zoo each socket ends after 300 s though messages pass every 15 s "
            "({Truncated response body}, latency of the entry); the revision's timeout went "
            "from 3600 s to 300 s (revisions.json)."
        )
        expected = Expected(
            "cause_found",
            "proxy_timeout",
            why,
            "process",
            must_not=["upgrade_stripped", "user_token_rejected", "code_error"],
        )
        stage.freeze(
            "veldt-console-five-minutes",
            "veldt-console",
            "production",
            expected,
            {
                "revisions.json": first_forms(revisions),
                "traffic.json": traffic(
                    (ago(start, days=30), revisions[0].full, 100),
                    (deployed, revisions[1].full, 100),
                ),
            },
        )


async def balancer_limit(tools: Tools) -> None:
    """A load balancer's backend timeout of 30 s cuts every socket, whatever passes over it."""
    start = datetime(2026, 2, 2, 12, 30, tzinfo=UTC)
    async with Stage(tools, start, project="sorrel-eu", location="europe-west9") as stage:
        front = Front(stage, "sorrel-events", "https://events.sorrel.example", limit=30)
        await front.open()
        command, env = node(stage, "socket.mjs")
        await started(stage, front, "00009-fry", command, env)
        for _ in range(3):
            await together(
                *(
                    Socket(
                        front, "/stream", origin="https://sorrel.example", ip=f"203.0.113.{n}"
                    ).stay(60, every)
                    for n, every in ((1, 5), (2, 10), (3, None))
                )
            )
        direct = Socket(front, "/stream", agent="netra-probe/1")
        await direct.stay(60, 5)
        for entry in stage.entries:
            if "httpRequest" in entry and entry.get("textPayload"):
                del entry["textPayload"]
        why = (
            "Sockets open ({socket open}) and end after 30 s with 1006 each time, those with a "
            "message every 5 s like the silent ones ({30}); a token or an origin would have "
            "been refused at the handshake."
        )
        why = why.replace("({30})", "({socket closed})")
        expected = Expected(
            "cause_found",
            "proxy_timeout",
            why,
            "process",
            must_not=["upgrade_stripped", "origin_blocked", "user_token_rejected"],
        )
        stage.freeze(
            "sorrel-events-half-minute",
            "sorrel-events",
            "production",
            expected,
            {"probes.json": [direct.record("socket with a message every 5 s, 60 s long", 101)]},
        )


async def hundred_seconds(tools: Tools) -> None:
    """A proxy ends sockets that were silent for 100 s."""
    start = datetime(2026, 10, 27, 21, 0, tzinfo=UTC)
    async with Stage(tools, start, project="avocet-tv", location="europe-west2") as stage:
        edge, inner = await pair(
            stage,
            ("avocet-edge", "https://tv.avocet.example"),
            ("avocet-remote", "https://avocet-remote-q8-nw.a.run.app"),
        )
        command, env = node(stage, "socket.mjs")
        await started(stage, inner, "00031-pal", command, env)
        limit = UPGRADES + "proxy_read_timeout 100s; proxy_send_timeout 100s;"
        await gateway(stage, edge, "00009-roc", inner, limit)
        token = hex_id(8)
        for _ in range(2):
            await together(
                *(
                    Socket(edge, f"/ws?d={token}{n}", ip=f"203.0.113.{n}").stay(230, every)
                    for n, every in ((5, None), (6, 30), (7, None), (8, 45))
                )
            )
        why = (
            "Silent sockets end after 100 s with 1006 ({1006}) and talking ones stay as long as "
            "their owners want; nothing restarts, nothing is refused: something between ends what "
            "is idle."
        )
        expected = Expected(
            "cause_found",
            "proxy_timeout",
            why,
            "process",
            must_not=["upgrade_stripped", "user_token_rejected", "code_error"],
        )
        stage.freeze("avocet-remote-goes-quiet", "avocet-remote", "production", expected, {})


async def minute_of_the_platform(tools: Tools) -> None:
    """A new service took over with a request limit of a minute, which ends followers too."""
    start = datetime(2026, 9, 18, 17, 30, tzinfo=UTC)
    async with Stage(tools, start, project="dunlin-sport", location="europe-west1") as stage:
        front = Front(stage, "dunlin-live", "https://live.dunlin.example", limit=60)
        await front.open()
        env = around(stage, LIVE_ORIGINS="https://dunlin.example")
        await started(stage, front, "00002-bee", script(stage, "live"), env, join=True)
        page = "https://dunlin.example"
        for _ in range(2):
            await together(
                *(
                    Socket(front, origin=page, ip=f"203.0.113.{n}").stay(80, every)
                    for n, every in ((11, 4), (12, 9), (13, None), (14, 4))
                )
            )
        why = (
            "Followers join ({follower joined}) and each is lost after 60 s, with messages every "
            "4 s as without; the entries of the sockets have a latency of 60 s and the platform's "
            "word for a request that timed out ({Truncated response body}); timeoutSeconds is 60."
        )
        expected = Expected(
            "cause_found",
            "proxy_timeout",
            why,
            "process",
            must_not=["origin_blocked", "upgrade_stripped", "user_token_rejected"],
        )
        made = Revision(
            "dunlin-live",
            "00002-bee",
            ago(start, hours=3),
            {"LIVE_ORIGINS": "https://dunlin.example"},
            timeout=60,
        )
        stage.freeze(
            "dunlin-live-second-half",
            "dunlin-live",
            "production",
            expected,
            {"revisions.json": first_forms([made])},
        )
