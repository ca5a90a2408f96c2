"""WebSockets whose upgrade a proxy loses, or whose image cannot speak them."""

from datetime import UTC, datetime
from typing import Any

from corpus.making.freezing import Expected
from corpus.making.network.cast import ago, around, node, replaced, script, started, web
from corpus.making.network.front import Front
from corpus.making.network.gateway import UPGRADES, Socket, gateway, together
from corpus.making.network.platform import Revision, first_forms, second_form, traffic
from corpus.making.network.stage import Stage, Tools, commit


async def pair(stage: Stage, outer: tuple[str, str], inner: tuple[str, str]) -> tuple[Front, Front]:
    """Open the fronts of a gateway and of the service behind it."""
    fronts = Front(stage, *outer, limit=3600), Front(stage, *inner, limit=3600)
    for front in fronts:
        await front.open()
    return fronts


async def headers_lost(tools: Tools) -> None:
    """A tidied nginx configuration no longer passes Upgrade on; the Node service answers 426."""
    start = datetime(2026, 3, 3, 16, 20, tzinfo=UTC)
    async with Stage(tools, start, project="plume-prod", location="europe-west1") as stage:
        edge, inner = await pair(
            stage,
            ("plume-edge", "https://app.plume.example"),
            ("plume-notify", "https://notify-k2h4xq-ew.a.run.app"),
        )
        command, env = node(stage, "socket.mjs")
        await started(stage, inner, "00033-voc", command, env | {"TELL": "1"})
        await gateway(stage, edge, "00210-hat", inner, UPGRADES + "proxy_read_timeout 3600s;")
        await together(
            *(
                Socket(edge, origin="https://app.plume.example", ip=f"203.0.113.{n}").stay(40, 10)
                for n in (20, 31, 44)
            )
        )
        new = await gateway(stage, edge, "00211-jug", inner, "proxy_read_timeout 3600s;")
        await replaced(stage, edge, new)
        deployed = stage.now()
        probes = []
        for n in (20, 31, 44, 20, 52, 31, 44):
            socket = Socket(edge, origin="https://app.plume.example", ip=f"203.0.113.{n}")
            await socket.stay(20, 5)
            await edge.call("GET", "/health", ip=f"203.0.113.{n}")
            await stage.sleep(6)
        socket = Socket(edge, ip="198.51.100.40", agent="netra-probe/1")
        await socket.stay(1)
        probes.append(socket.record("handshake at the edge", 101))
        socket = Socket(inner, ip="198.51.100.40", agent="netra-probe/1")
        await socket.stay(1)
        probes.append(socket.record("handshake at the service itself", 101))
        probes.append(await edge.probe("plain request through the edge", "/health", 200))
        revisions = [
            Revision("plume-edge", "00210-hat", ago(start, days=20)),
            Revision("plume-edge", "00211-jug", deployed),
            Revision("plume-notify", "00033-voc", ago(start, days=5), {"TELL": "1"}),
        ]
        why = (
            "Since plume-edge-00211-jug handshakes through the edge get 426 ({/ws 426}); the "
            "service sees HTTP/1.0 without Upgrade ({plain request on socket path}); directly "
            "it answers 101 (probes.json#/1)."
        )
        expected = Expected(
            "cause_found",
            "upgrade_stripped",
            why,
            "process",
            must_not=["origin_blocked", "subprotocol_not_negotiated", "proxy_timeout"],
            pair="origin_blocked",
        )
        documents: dict[str, Any] = {
            "probes.json": probes,
            "revisions.json": [second_form(x, stage.project, stage.location) for x in revisions],
            "traffic.json": traffic(
                (ago(start, days=20), "plume-edge-00210-hat", 100),
                (deployed, "plume-edge-00211-jug", 100),
            ),
            "commits.json": [
                commit(
                    ago(deployed, minutes=44),
                    "Dario Conti",
                    "Fold repeated proxy settings into one include",
                    "edge/nginx.conf",
                    "edge/proxy.inc",
                )
            ],
        }
        stage.freeze("plume-notify-bell-silent", "plume-edge", "production", expected, documents)


async def old_protocol(tools: Tools) -> None:
    """Nginx speaks HTTP/1.0 to uvicorn: the socket's path is an unknown page there."""
    start = datetime(2025, 9, 22, 7, 5, tzinfo=UTC)
    async with Stage(tools, start, project="moss-team", location="europe-west4") as stage:
        edge, inner = await pair(
            stage,
            ("moss-gw", "https://moss.example"),
            ("moss-chat", "https://moss-chat-7d2k-ez.a.run.app"),
        )
        await started(stage, inner, "00019-pup", web(stage, "chat"), around(stage))
        await gateway(stage, edge, "00007-roe", inner, "")
        for n in (7, 8, 9, 7, 8, 10, 11):
            socket = Socket(edge, ip=f"203.0.113.{n}", headers={"Authorization": "Bearer tk-1"})
            await socket.stay(10, 5)
            await edge.call("GET", "/healthz", ip=f"203.0.113.{n}")
            await stage.sleep(9)
        probes = []
        for front, name in ((edge, "through the gateway"), (inner, "without the gateway")):
            socket = Socket(front, headers={"Authorization": "Bearer tk-1"}, agent="netra-probe/1")
            await socket.stay(1)
            probes.append(socket.record(f"handshake {name}", 101))
        why = (
            "The chat service logs the sockets as plain pages over HTTP/1.0 "
            "({GET /ws HTTP/1.0}) and answers 404; without the gateway the same handshake gets "
            "101 (probes.json#/1)."
        )
        expected = Expected(
            "cause_found",
            "upgrade_stripped",
            why,
            "process",
            pair="origin_blocked",
            must_not=["origin_blocked", "subprotocol_not_negotiated", "test_traffic"],
        )
        stage.freeze(
            "moss-chat-not-found", "moss-chat", "production", expected, {"probes.json": probes}
        )
        twin = Expected(
            "insufficient_evidence",
            None,
            "Requests for /ws end with 404 ({/ws 404}); only the edge's entries are "
            "here, so a missing route and a lost upgrade look alike.",
            "process",
            acceptable=["upgrade_stripped"],
            pair="origin_blocked",
            must_not=["origin_blocked", "subprotocol_not_negotiated"],
        )
        stage.entries = [x for x in stage.entries if "httpRequest" in x]
        stage.freeze("moss-chat-edge-view", "moss-gw", "production", twin, {}, services=["moss-gw"])


async def no_socket_library(tools: Tools) -> None:
    """The image lost the library that speaks WebSocket: uvicorn says so, the proxy is innocent."""
    start = datetime(2026, 5, 6, 11, 11, tzinfo=UTC)
    async with Stage(tools, start, project="moss-team", location="europe-west4") as stage:
        edge, inner = await pair(
            stage,
            ("moss-gw", "https://moss.example"),
            ("moss-rooms", "https://moss-rooms-7d2k-ez.a.run.app"),
        )
        await started(stage, inner, "00042-paw", web(stage, "chat"), around(stage))
        await gateway(stage, edge, "00015-lug", inner, UPGRADES)
        for n in (7, 8):
            await Socket(edge, ip=f"203.0.113.{n}", headers={"Authorization": "Bearer tk-1"}).stay(
                12, 4
            )
        bare = [str(tools.bare), *web(stage, "chat")[1:]]
        await replaced(stage, inner, await started(stage, inner, "00043-sim", bare, around(stage)))
        deployed = stage.now()
        for n in (7, 8, 9, 7, 8, 10):
            await Socket(edge, ip=f"203.0.113.{n}", headers={"Authorization": "Bearer tk-1"}).stay(
                12, 4
            )
            await stage.sleep(7)
        probe = Socket(inner, headers={"Authorization": "Bearer tk-1"}, agent="netra-probe/1")
        await probe.stay(1)
        revisions = first_forms(
            [
                Revision("moss-rooms", "00042-paw", ago(start, days=2)),
                Revision("moss-rooms", "00043-sim", deployed),
            ]
        )
        why = (
            "uvicorn itself says that it has no WebSocket library ({No supported WebSocket}) "
            "since 00043-sim, and the upgrade does reach it ({Unsupported upgrade request}); the "
            "direct probe fails too, so no proxy took anything away."
        )
        expected = Expected(
            "cause_found",
            "missing_module",
            why,
            "process",
            must_not=["upgrade_stripped", "origin_blocked"],
            pair="upgrade_stripped",
        )
        stage.freeze(
            "moss-rooms-slim-image",
            "moss-rooms",
            "production",
            expected,
            {
                "probes.json": [probe.record("handshake without the gateway", 101)],
                "revisions.json": revisions,
                "commits.json": [
                    commit(
                        ago(deployed, minutes=20),
                        "Noa Berg",
                        "Install uvicorn without extras",
                        "requirements.txt",
                        "Dockerfile",
                    )
                ],
            },
        )


async def bare_library_upgrade(tools: Tools) -> None:
    """A server on the library websockets alone gets plain requests from its gateway."""
    start = datetime(2026, 5, 21, 12, 35, tzinfo=UTC)
    async with Stage(tools, start, project="egret-feeds", location="us-east1") as stage:
        edge, inner = await pair(
            stage,
            ("egret-gw", "https://ticks.egret.example"),
            ("egret-ticks", "https://egret-ticks-t1-ue.a.run.app"),
        )
        await started(stage, inner, "00012-lob", script(stage, "live"), around(stage))
        await gateway(stage, edge, "00045-mew", inner, UPGRADES)
        await together(*(Socket(edge, ip=f"203.0.113.{n}").stay(20, 5) for n in (3, 4)))
        half = 'proxy_http_version 1.1; proxy_set_header Connection "";'
        await replaced(stage, edge, await gateway(stage, edge, "00046-nib", inner, half))
        deployed = stage.now()
        for n in (3, 4, 5, 3, 6, 4):
            await Socket(edge, ip=f"203.0.113.{n}").stay(15, 5)
            await edge.call("GET", "/healthz", ip=f"203.0.113.{n}")
            await stage.sleep(8)
        probes = []
        for front, name in (
            (edge, "at the gateway"),
            (inner, "at the tagged address of the server"),
        ):
            socket = Socket(front, agent="netra-probe/1", ip="198.51.100.40")
            await socket.stay(1)
            probes.append(socket.record(f"handshake {name}", 101))
        why = (
            "Since egret-gw-00046-nib handshakes get 426 ({/ws 426}) and the answer says that the "
            "Upgrade or Connection header is missing (probes.json#/0), which the client did send; "
            "the server answers 101 when it is called directly (/1)."
        )
        expected = Expected(
            "cause_found",
            "upgrade_stripped",
            why,
            "process",
            must_not=["origin_blocked", "subprotocol_not_negotiated", "proxy_timeout"],
            pair="subprotocol_not_negotiated",
        )
        stage.freeze(
            "egret-ticks-keepalive",
            "egret-ticks",
            "production",
            expected,
            {
                "probes.json": probes,
                "traffic.json": traffic(
                    (ago(start, days=15), "egret-gw-00045-mew", 100),
                    (deployed, "egret-gw-00046-nib", 100),
                ),
                "commits.json": [
                    commit(
                        ago(deployed, minutes=12),
                        "Otto Brandt",
                        "Keep upstream connections alive",
                        "gw/nginx.conf",
                    )
                ],
            },
        )
