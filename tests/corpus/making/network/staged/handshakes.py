"""WebSockets that are refused for their origin or their subprotocol."""

from datetime import UTC, datetime
from typing import Any

from corpus.making.freezing import Expected
from corpus.making.network.cast import ago, around, node, replaced, script, started, web
from corpus.making.network.front import Front
from corpus.making.network.gateway import UPGRADES, Socket, gateway, together
from corpus.making.network.platform import Revision, first_forms, second_form, traffic
from corpus.making.network.stage import Stage, Tools, commit
from corpus.making.network.staged.upgrades import pair


async def unknown_origin(tools: Tools) -> None:
    """A page moved to a new name that the live service's allow-list does not hold."""
    start = datetime(2026, 6, 30, 18, 30, tzinfo=UTC)
    async with Stage(tools, start, project="opal-live", location="us-east1") as stage:
        edge, inner = await pair(
            stage,
            ("opal-gw", "https://live.opal.example"),
            ("opal-live", "https://opal-live-p0xw-ue.a.run.app"),
        )
        env = around(stage, LIVE_ORIGINS="https://app.opal.example,https://admin.opal.example")
        await started(stage, inner, "00008-bat", script(stage, "live"), env, join=True)
        await gateway(stage, edge, "00031-cub", inner, UPGRADES)
        old, new = "https://app.opal.example", "https://my.opal.example"
        for n, origin in enumerate([old, old, new, old, new, new, new, old, new], 60):
            await Socket(edge, origin=origin, ip=f"203.0.113.{n}").stay(12, 4)
            await stage.sleep(5)
        probes = []
        for asked in (old, new, None):
            socket = Socket(edge, origin=asked, agent="netra-probe/1", ip="198.51.100.40")
            await socket.stay(1)
            probes.append(socket.record(f"handshake with Origin {asked}", 101))
        why = (
            "The service itself rejects handshakes with 403 ({rejected (403}); with the old origin "
            "the probe gets 101 (probes.json#/0), with the new one or none 403 and the words "
            "that the Origin header is invalid or missing (/1 and /2)."
        )
        expected = Expected(
            "cause_found",
            "origin_blocked",
            why,
            "process",
            must_not=["upgrade_stripped", "subprotocol_not_negotiated", "user_token_rejected"],
            pair="upgrade_stripped",
        )
        stage.freeze(
            "opal-live-new-home",
            "opal-live",
            "production",
            expected,
            {
                "probes.json": probes,
                "revisions.json": first_forms(
                    [
                        Revision(
                            "opal-live",
                            "00008-bat",
                            ago(start, days=60),
                            {"LIVE_ORIGINS": "https://app.opal.example,https://admin.opal.example"},
                        )
                    ]
                ),
            },
            most=50_000,
        )


async def silent_origin(tools: Tools) -> None:
    """A Node service refuses an origin without a word in its log; only probes tell."""
    start = datetime(2026, 1, 9, 13, 13, tzinfo=UTC)
    async with Stage(tools, start, project="rill-app", location="asia-south1") as stage:
        front = Front(stage, "rill-push", "https://push.rill.example", limit=3600)
        await front.open()
        command, env = node(stage, "socket.mjs")
        good = "https://rill.example"
        await started(
            stage,
            front,
            "00120-gem",
            command,
            env | {"WS_ORIGINS": f"{good},https://www.rill.example"},
        )
        await together(
            *(Socket(front, "/push", origin=good, ip=f"203.0.113.{n}").stay(30, 10) for n in (5, 6))
        )
        new = await started(
            stage, front, "00121-kip", command, env | {"WS_ORIGINS": "https://www.rill.example"}
        )
        await replaced(stage, front, new)
        deployed = stage.now()
        for n in (5, 6, 14, 5, 33, 6, 71, 5):
            await Socket(front, "/push", origin=good, ip=f"203.0.113.{n}").stay(20, 10)
            await stage.sleep(8)
        await Socket(front, "/push", origin="https://www.rill.example", ip="203.0.113.90").stay(
            20, 10
        )
        probes = []
        for origin in (good, None, "https://www.rill.example"):
            socket = Socket(
                front, "/push", origin=origin, agent="netra-probe/1", ip="198.51.100.40"
            )
            await socket.stay(1)
            probes.append(socket.record(f"handshake, Origin: {origin or 'none'}", 101))
        documents: dict[str, Any] = {
            "traffic.json": traffic(
                (ago(start, days=1), "rill-push-00120-gem", 100),
                (deployed, "rill-push-00121-kip", 100),
            ),
            "revisions.json": [
                second_form(
                    Revision("rill-push", name, time, {"WS_ORIGINS": value}),
                    stage.project,
                    stage.location,
                )
                for name, time, value in (
                    ("00120-gem", ago(start, days=1), f"{good},https://www.rill.example"),
                    ("00121-kip", deployed, "https://www.rill.example"),
                )
            ],
        }
        why = (
            "After 00121-kip handshakes get 401 ({/push 401}) with no word in the service's "
            "log; that revision's WS_ORIGINS lost https://rill.example (revisions.json#/1) and "
            "the probes fail with that Origin alone (probes.json#/0)."
        )
        expected = Expected(
            "cause_found",
            "origin_blocked",
            why,
            "process",
            must_not=[
                "upgrade_stripped",
                "env_var_lost",
                "user_token_rejected",
                "subprotocol_not_negotiated",
            ],
            pair="upgrade_stripped",
        )
        stage.freeze(
            "rill-push-quiet-refusals",
            "rill-push",
            "production",
            expected,
            documents | {"probes.json": probes},
        )
        twin = Expected(
            "insufficient_evidence",
            None,
            "Handshakes get 401 after a deploy ({/push 401}); neither probes nor "
            "revisions are here and the service says nothing.",
            "process",
            must_not=["upgrade_stripped", "env_var_lost", "user_token_rejected"],
            acceptable=["origin_blocked"],
            pair="upgrade_stripped",
        )
        del documents["revisions.json"]
        stage.freeze("rill-push-nothing-said", "rill-push", "production", twin, documents)


async def subprotocol_unknown(tools: Tools) -> None:
    """The page offers a new subprotocol that the live service does not speak."""
    start = datetime(2026, 7, 21, 20, 2, tzinfo=UTC)
    async with Stage(tools, start, project="gale-media", location="us-central1") as stage:
        edge, inner = await pair(
            stage,
            ("gale-edge", "https://feed.gale.example"),
            ("gale-feed", "https://gale-feed-aa31-uc.a.run.app"),
        )
        env = around(stage, LIVE_SUBPROTOCOLS="feed.v1")
        await started(stage, inner, "00052-tip", script(stage, "live"), env)
        await gateway(stage, edge, "00018-mud", inner, UPGRADES)
        page = "https://gale.example"
        for n, offer in enumerate(
            ["feed.v1", "feed.v1", "feed.v2", "feed.v2", "feed.v1", "feed.v2", "feed.v2"], 80
        ):
            await Socket(edge, origin=page, offers=[offer], ip=f"203.0.113.{n}").stay(15, 5)
            await stage.sleep(6)
        probes = []
        for offers in (["feed.v1"], ["feed.v2"]):
            socket = Socket(edge, origin=page, offers=offers, agent="netra-probe/1")
            await socket.stay(1)
            probes.append(socket.record(f"handshake offering {offers[0]}", 101))
        why = (
            "The handshake reaches the service, which rejects it with 400 ({rejected (400}); with "
            "feed.v1 and the same Origin it succeeds (probes.json#/0), with feed.v2 the answer "
            "speaks of no supported subprotocol (/1)."
        )
        expected = Expected(
            "cause_found",
            "subprotocol_not_negotiated",
            why,
            "process",
            must_not=["upgrade_stripped", "origin_blocked"],
            pair="origin_blocked",
        )
        stage.freeze(
            "gale-feed-second-version",
            "gale-feed",
            "production",
            expected,
            {
                "probes.json": probes,
                "commits.json": [
                    commit(
                        ago(start, hours=3),
                        "Lucia Ferri",
                        "Offer feed.v2 from the page",
                        "web/feed.ts",
                    ),
                    commit(
                        ago(start, hours=7),
                        "Tom Adeyemi",
                        "Raise nginx body size",
                        "edge/nginx.conf",
                    ),
                ],
            },
            most=48_000,
        )


async def subprotocol_not_echoed(tools: Tools) -> None:
    """The token comes by subprotocol, the service accepts and names none: browsers leave."""
    start = datetime(2026, 4, 2, 9, 9, tzinfo=UTC)
    async with Stage(tools, start, project="juno-stg", location="europe-west1") as stage:
        front = Front(stage, "juno-chat", "https://chat.staging.juno.example", limit=3600)
        await front.open()
        env = around(stage, LOG_STYLE="json", ALLOWED_ORIGINS="https://staging.juno.example")
        await started(stage, front, "00064-lob", web(stage, "chat"), env)
        page = "https://staging.juno.example"
        offers = ["juno.chat.v1", "tk-5d1"]
        await Socket(front, origin=page, offers=offers, ip="203.0.113.2").stay(40, 8)
        new = await started(
            stage, front, "00065-ace", web(stage, "chat"), env | {"ECHO_SUBPROTOCOL": "no"}
        )
        await replaced(stage, front, new)
        deployed = stage.now()
        said = (
            '{"page":"/rooms","message":"WebSocket connection to '
            "'wss://chat.staging.juno.example/ws' "
            "failed: Error during WebSocket handshake: Sent non-empty 'Sec-WebSocket-Protocol' "
            'header but no response was received"}'
        )
        for n in (2, 3, 4, 2, 3):
            await Socket(front, origin=page, offers=offers, ip=f"203.0.113.{n}").stay(0.4)
            await front.call(
                "POST",
                "/client-errors",
                {"Content-Type": "application/json"},
                said,
                ip=f"203.0.113.{n}",
            )
            await stage.sleep(9)
        probe = Socket(front, origin=page, offers=offers, agent="netra-probe/1")
        await probe.stay(1)
        why = (
            "The service accepts ({WebSocket /ws}) and browsers leave at once because their "
            "subprotocol was not answered ({Sent non-empty}); the probe got 101 without "
            "Sec-WebSocket-Protocol (probes.json#/0)."
        )
        expected = Expected(
            "cause_found",
            "subprotocol_not_negotiated",
            why,
            "process",
            must_not=["upgrade_stripped", "origin_blocked", "proxy_timeout"],
            pair="upgrade_stripped",
        )
        stage.freeze(
            "juno-chat-blink",
            "juno-chat",
            "staging",
            expected,
            {
                "probes.json": [probe.record("handshake with subprotocol and token", 101)],
                "traffic.json": traffic(
                    (ago(start, days=2), "juno-chat-00064-lob", 100),
                    (deployed, "juno-chat-00065-ace", 100),
                ),
                "commits.json": [
                    commit(
                        ago(deployed, minutes=31),
                        "Kofi Mensah",
                        "Read the token in one place",
                        "chat/socket.py",
                    )
                ],
            },
        )
