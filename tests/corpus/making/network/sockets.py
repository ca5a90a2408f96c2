"""WebSockets that proxies break, that time out, or that are refused for their origin."""

from datetime import UTC, datetime
from typing import Any

from corpus.making.freezing import Expected
from corpus.making.network.cast import around, node, replaced, script, started, web
from corpus.making.network.front import Front
from corpus.making.network.gateway import UPGRADES, Socket, gateway, together
from corpus.making.network.platform import Revision, first_forms, second_form, traffic
from corpus.making.network.rotation import ago
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
        edge, inner = await pair(stage, ("plume-edge", "https://app.plume.example"),
                                 ("plume-notify", "https://notify-k2h4xq-ew.a.run.app"))
        command, env = node(stage, "socket.mjs")
        await started(stage, inner, "00033-voc", command, env | {"TELL": "1"})
        await gateway(stage, edge, "00210-hat", inner, UPGRADES + "proxy_read_timeout 3600s;")
        await together(*(Socket(edge, origin="https://app.plume.example", ip=f"203.0.113.{n}").stay(40, 10)
                         for n in (20, 31, 44)))
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
        revisions = [Revision("plume-edge", "00210-hat", ago(start, days=20)),
                     Revision("plume-edge", "00211-jug", deployed),
                     Revision("plume-notify", "00033-voc", ago(start, days=5), {"TELL": "1"})]
        why = ("Since plume-edge-00211-jug handshakes through the edge get 426 ({/ws 426}); the "
               "service sees HTTP/1.0 without Upgrade ({plain request on socket path}); directly "
               "it answers 101 (probes.json#/1).")
        expected = Expected("cause_found", "upgrade_stripped", why, "process",
                            must_not=["origin_blocked", "subprotocol_not_negotiated", "proxy_timeout"],
                            pair="origin_blocked")
        documents: dict[str, Any] = {
            "probes.json": probes,
            "revisions.json": [second_form(x, stage.project, stage.location) for x in revisions],
            "traffic.json": traffic((ago(start, days=20), "plume-edge-00210-hat", 100),
                                    (deployed, "plume-edge-00211-jug", 100)),
            "commits.json": [commit(ago(deployed, minutes=44), "Dario Conti",
                                    "Fold repeated proxy settings into one include",
                                    "edge/nginx.conf", "edge/proxy.inc")]}
        stage.freeze("plume-notify-bell-silent", "plume-edge", "production", expected, documents)


async def old_protocol(tools: Tools) -> None:
    """nginx speaks HTTP/1.0 to uvicorn: the socket's path is an unknown page there."""
    start = datetime(2025, 9, 22, 7, 5, tzinfo=UTC)
    async with Stage(tools, start, project="moss-team", location="europe-west4") as stage:
        edge, inner = await pair(stage, ("moss-gw", "https://moss.example"),
                                 ("moss-chat", "https://moss-chat-7d2k-ez.a.run.app"))
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
        why = ("The chat service logs the sockets as plain pages over HTTP/1.0 "
               "({GET /ws HTTP/1.0}) and answers 404; without the gateway the same handshake gets "
               "101 (probes.json#/1).")
        expected = Expected("cause_found", "upgrade_stripped", why, "process", pair="origin_blocked",
                            must_not=["origin_blocked", "subprotocol_not_negotiated", "test_traffic"])
        stage.freeze("moss-chat-not-found", "moss-chat", "production", expected,
                     {"probes.json": probes})
        twin = Expected("insufficient_evidence", None,
                        "Requests for /ws end with 404 ({/ws 404}); only the edge's entries are "
                        "here, so a missing route and a lost upgrade look alike.", "process",
                        acceptable=["upgrade_stripped"], pair="origin_blocked",
                        must_not=["origin_blocked", "subprotocol_not_negotiated"])
        stage.entries = [x for x in stage.entries if "httpRequest" in x]
        stage.freeze("moss-chat-edge-view", "moss-gw", "production", twin, {}, services=["moss-gw"])


async def no_socket_library(tools: Tools) -> None:
    """The image lost the library that speaks WebSocket: uvicorn says so, the proxy is innocent."""
    start = datetime(2026, 5, 6, 11, 11, tzinfo=UTC)
    async with Stage(tools, start, project="moss-team", location="europe-west4") as stage:
        edge, inner = await pair(stage, ("moss-gw", "https://moss.example"),
                                 ("moss-rooms", "https://moss-rooms-7d2k-ez.a.run.app"))
        await started(stage, inner, "00042-paw", web(stage, "chat"), around(stage))
        await gateway(stage, edge, "00015-lug", inner, UPGRADES)
        for n in (7, 8):
            await Socket(edge, ip=f"203.0.113.{n}", headers={"Authorization": "Bearer tk-1"}).stay(12, 4)
        bare = [str(tools.python.parents[2] / "bare/bin/python"), *web(stage, "chat")[1:]]
        await replaced(stage, inner, await started(stage, inner, "00043-sim", bare, around(stage)))
        deployed = stage.now()
        for n in (7, 8, 9, 7, 8, 10):
            await Socket(edge, ip=f"203.0.113.{n}", headers={"Authorization": "Bearer tk-1"}).stay(12, 4)
            await stage.sleep(7)
        probe = Socket(inner, headers={"Authorization": "Bearer tk-1"}, agent="netra-probe/1")
        await probe.stay(1)
        revisions = first_forms([Revision("moss-rooms", "00042-paw", ago(start, days=2)),
                                 Revision("moss-rooms", "00043-sim", deployed)])
        why = ("uvicorn itself says that it has no WebSocket library ({No supported WebSocket}) "
               "since 00043-sim, and the upgrade does reach it ({Unsupported upgrade request}); the "
               "direct probe fails too, so no proxy took anything away.")
        expected = Expected("cause_found", "missing_module", why, "process",
                            must_not=["upgrade_stripped", "origin_blocked"], pair="upgrade_stripped")
        stage.freeze("moss-rooms-slim-image", "moss-rooms", "production", expected, {
            "probes.json": [probe.record("handshake without the gateway", 101)],
            "revisions.json": revisions,
            "commits.json": [commit(ago(deployed, minutes=20), "Noa Berg", "Install uvicorn without extras",
                                    "requirements.txt", "Dockerfile")]})


async def unknown_origin(tools: Tools) -> None:
    """A page moved to a new name that the live service's allow-list does not hold."""
    start = datetime(2026, 6, 30, 18, 30, tzinfo=UTC)
    async with Stage(tools, start, project="opal-live", location="us-east1") as stage:
        edge, inner = await pair(stage, ("opal-gw", "https://live.opal.example"),
                                 ("opal-live", "https://opal-live-p0xw-ue.a.run.app"))
        env = around(stage, LIVE_ORIGINS="https://app.opal.example,https://admin.opal.example")
        await started(stage, inner, "00008-bat", script(stage, "live"), env, join=True)
        await gateway(stage, edge, "00031-cub", inner, UPGRADES)
        old, new = "https://app.opal.example", "https://my.opal.example"
        for n, origin in enumerate([old, old, new, old, new, new, new, old, new], 60):
            await Socket(edge, origin=origin, ip=f"203.0.113.{n}").stay(12, 4)
            await stage.sleep(5)
        probes = []
        for origin in (old, new, None):
            socket = Socket(edge, origin=origin, agent="netra-probe/1", ip="198.51.100.40")
            await socket.stay(1)
            probes.append(socket.record(f"handshake with Origin {origin}", 101))
        why = ("The service itself rejects handshakes with 403 ({rejected (403}); with the old origin "
               "the probe gets 101 (probes.json#/0), with the new one or none 403 and the words "
               "that the Origin header is invalid or missing (/1 and /2).")
        expected = Expected("cause_found", "origin_blocked", why, "process",
                            must_not=["upgrade_stripped", "subprotocol_not_negotiated",
                                      "user_token_rejected"], pair="upgrade_stripped")
        stage.freeze("opal-live-new-home", "opal-live", "production", expected,
                     {"probes.json": probes, "revisions.json": first_forms([
                         Revision("opal-live", "00008-bat", ago(start, days=60),
                                  {"LIVE_ORIGINS": "https://app.opal.example,https://admin.opal.example"})])},
                     most=50_000)


async def silent_origin(tools: Tools) -> None:
    """A Node service refuses an origin without a word in its log; only probes tell."""
    start = datetime(2026, 1, 9, 13, 13, tzinfo=UTC)
    async with Stage(tools, start, project="rill-app", location="asia-south1") as stage:
        front = Front(stage, "rill-push", "https://push.rill.example", limit=3600)
        await front.open()
        command, env = node(stage, "socket.mjs")
        good = "https://rill.example"
        await started(stage, front, "00120-gem", command, env | {"WS_ORIGINS": f"{good},https://www.rill.example"})
        await together(*(Socket(front, "/push", origin=good, ip=f"203.0.113.{n}").stay(30, 10) for n in (5, 6)))
        new = await started(stage, front, "00121-kip", command, env | {"WS_ORIGINS": "https://www.rill.example"})
        await replaced(stage, front, new)
        deployed = stage.now()
        for n in (5, 6, 14, 5, 33, 6, 71, 5):
            await Socket(front, "/push", origin=good, ip=f"203.0.113.{n}").stay(20, 10)
            await stage.sleep(8)
        await Socket(front, "/push", origin="https://www.rill.example", ip="203.0.113.90").stay(20, 10)
        probes = []
        for origin in (good, None, "https://www.rill.example"):
            socket = Socket(front, "/push", origin=origin, agent="netra-probe/1", ip="198.51.100.40")
            await socket.stay(1)
            probes.append(socket.record(f"handshake, Origin: {origin or 'none'}", 101))
        documents: dict[str, Any] = {
            "traffic.json": traffic((ago(start, days=1), "rill-push-00120-gem", 100),
                                    (deployed, "rill-push-00121-kip", 100)),
            "revisions.json": [
                second_form(Revision("rill-push", name, time, {"WS_ORIGINS": value}), stage.project, stage.location)
                for name, time, value in (
                    ("00120-gem", ago(start, days=1), f"{good},https://www.rill.example"),
                    ("00121-kip", deployed, "https://www.rill.example"))]}
        why = ("After 00121-kip handshakes get 401 ({/push 401}) with no word in the service's "
               "log; that revision's WS_ORIGINS lost https://rill.example (revisions.json#/1) and "
               "the probes fail with that Origin alone (probes.json#/0).")
        expected = Expected("cause_found", "origin_blocked", why, "process",
                            must_not=["upgrade_stripped", "env_var_lost", "user_token_rejected",
                                      "subprotocol_not_negotiated"], pair="upgrade_stripped")
        stage.freeze("rill-push-quiet-refusals", "rill-push", "production", expected,
                     documents | {"probes.json": probes})
        twin = Expected("insufficient_evidence", None,
                        "Handshakes get 401 after a deploy ({/push 401}); neither probes nor "
                        "revisions are here and the service says nothing.", "process",
                        must_not=["upgrade_stripped", "env_var_lost", "user_token_rejected"],
                        acceptable=["origin_blocked"], pair="upgrade_stripped")
        del documents["revisions.json"]
        stage.freeze("rill-push-nothing-said", "rill-push", "production", twin, documents)


async def subprotocol_unknown(tools: Tools) -> None:
    """The page offers a new subprotocol that the live service does not speak."""
    start = datetime(2026, 7, 21, 20, 2, tzinfo=UTC)
    async with Stage(tools, start, project="gale-media", location="us-central1") as stage:
        edge, inner = await pair(stage, ("gale-edge", "https://feed.gale.example"),
                                 ("gale-feed", "https://gale-feed-aa31-uc.a.run.app"))
        env = around(stage, LIVE_SUBPROTOCOLS="feed.v1")
        await started(stage, inner, "00052-tip", script(stage, "live"), env)
        await gateway(stage, edge, "00018-mud", inner, UPGRADES)
        page = "https://gale.example"
        for n, offer in enumerate(["feed.v1", "feed.v1", "feed.v2", "feed.v2", "feed.v1", "feed.v2", "feed.v2"], 80):
            await Socket(edge, origin=page, offers=[offer], ip=f"203.0.113.{n}").stay(15, 5)
            await stage.sleep(6)
        probes = []
        for offers in (["feed.v1"], ["feed.v2"]):
            socket = Socket(edge, origin=page, offers=offers, agent="netra-probe/1")
            await socket.stay(1)
            probes.append(socket.record(f"handshake offering {offers[0]}", 101))
        why = ("The handshake reaches the service, which rejects it with 400 ({rejected (400}); with "
               "feed.v1 and the same Origin it succeeds (probes.json#/0), with feed.v2 the answer "
               "speaks of no supported subprotocol (/1).")
        expected = Expected("cause_found", "subprotocol_not_negotiated", why, "process",
                            must_not=["upgrade_stripped", "origin_blocked"], pair="origin_blocked")
        stage.freeze("gale-feed-second-version", "gale-feed", "production", expected,
                     {"probes.json": probes,
                      "commits.json": [commit(ago(start, hours=3), "Lucia Ferri", "Offer feed.v2 from the page",
                                              "web/feed.ts"),
                                       commit(ago(start, hours=7), "Tom Adeyemi", "Raise nginx body size",
                                              "edge/nginx.conf")]}, most=48_000)


async def subprotocol_not_echoed(tools: Tools) -> None:
    """The token comes by subprotocol, and the service accepts without naming one: browsers leave."""
    start = datetime(2026, 4, 2, 9, 9, tzinfo=UTC)
    async with Stage(tools, start, project="juno-stg", location="europe-west1") as stage:
        front = Front(stage, "juno-chat", "https://chat.staging.juno.example", limit=3600)
        await front.open()
        env = around(stage, LOG_STYLE="json", ALLOWED_ORIGINS="https://staging.juno.example")
        await started(stage, front, "00064-lob", web(stage, "chat"), env)
        page = "https://staging.juno.example"
        offers = ["juno.chat.v1", "tk-5d1"]
        await Socket(front, origin=page, offers=offers, ip="203.0.113.2").stay(40, 8)
        new = await started(stage, front, "00065-ace", web(stage, "chat"), env | {"ECHO_SUBPROTOCOL": "no"})
        await replaced(stage, front, new)
        deployed = stage.now()
        said = ('{"page":"/rooms","message":"WebSocket connection to \'wss://chat.staging.juno.example/ws\' '
                "failed: Error during WebSocket handshake: Sent non-empty 'Sec-WebSocket-Protocol' "
                'header but no response was received"}')
        for n in (2, 3, 4, 2, 3):
            await Socket(front, origin=page, offers=offers, ip=f"203.0.113.{n}").stay(0.4)
            await front.call("POST", "/client-errors", {"Content-Type": "application/json"}, said,
                             ip=f"203.0.113.{n}")
            await stage.sleep(9)
        probe = Socket(front, origin=page, offers=offers, agent="netra-probe/1")
        await probe.stay(1)
        why = ("The service accepts ({WebSocket /ws}) and browsers leave at once because their "
               "subprotocol was not answered ({Sent non-empty}); the probe got 101 without "
               "Sec-WebSocket-Protocol (probes.json#/0).")
        expected = Expected("cause_found", "subprotocol_not_negotiated", why, "process",
                            must_not=["upgrade_stripped", "origin_blocked", "proxy_timeout"],
                            pair="upgrade_stripped")
        stage.freeze("juno-chat-blink", "juno-chat", "staging", expected, {
            "probes.json": [probe.record("handshake with subprotocol and token", 101)],
            "traffic.json": traffic((ago(start, days=2), "juno-chat-00064-lob", 100),
                                    (deployed, "juno-chat-00065-ace", 100)),
            "commits.json": [commit(ago(deployed, minutes=31), "Kofi Mensah", "Read the token in one place",
                                    "chat/socket.py")]})


async def idle_sockets_cut(tools: Tools) -> None:
    """nginx ends sockets after 60 s without a byte, as it does by default."""
    start = datetime(2025, 12, 15, 22, 0, tzinfo=UTC)
    async with Stage(tools, start, project="tidal-prod", location="us-west1") as stage:
        edge, inner = await pair(stage, ("tidal-gw", "https://play.tidal.example"),
                                 ("tidal-lobby", "https://tidal-lobby-x91-uw.a.run.app"))
        quiet = web(stage, "chat", "--ws-ping-interval", "3600", "--ws-ping-timeout", "3600")
        await started(stage, inner, "00077-oat", quiet, around(stage))
        await gateway(stage, edge, "00005-pan", inner, UPGRADES + "proxy_read_timeout 3600s;")
        token = {"Authorization": "Bearer tk-9"}
        await together(*(Socket(edge, ip=f"203.0.113.{n}", headers=token).stay(110, every)
                         for n, every in ((1, None), (3, 20))))
        default = UPGRADES + "proxy_read_timeout 60s;"  # nginx's own default.
        await replaced(stage, edge, await gateway(stage, edge, "00006-ore", inner, default))
        deployed = stage.now()
        await together(*(Socket(edge, ip=f"203.0.113.{n}", headers=token).stay(150, every)
                         for n, every in ((1, None), (2, None), (3, 20), (4, None))))
        await together(*(Socket(edge, ip=f"203.0.113.{n}", headers=token).stay(130, every)
                         for n, every in ((1, None), (2, 20), (4, None), (6, None))))
        probe = Socket(edge, headers=token, agent="netra-probe/1")
        await probe.stay(90)
        why = ("Since tidal-gw-00006-ore sockets without traffic end 60 s after they opened "
               "({open_for=60}), those that talk stay ({open_for=1}); before, silent ones stayed "
               "too; a commit took the socket's read time-out out of the gateway.")
        expected = Expected("cause_found", "proxy_timeout", why, "process",
                            must_not=["upgrade_stripped", "user_token_rejected", "auth_service_unreachable"])
        stage.freeze("tidal-lobby-minute", "tidal-lobby", "production", expected,
                     {"probes.json": [probe.record("socket held without a message for 90 s", 101)],
                      "traffic.json": traffic((ago(start, days=12), "tidal-gw-00005-pan", 100),
                                              (deployed, "tidal-gw-00006-ore", 100)),
                      "commits.json": [commit(ago(deployed, minutes=52), "Sara Lindqvist",
                                              "Use one set of proxy time-outs everywhere", "gateway/nginx.conf"),
                                       commit(ago(deployed, hours=4), "Jon Ek", "Show ping in the lobby",
                                              "lobby/page.py")]})


async def platform_limit(tools: Tools) -> None:
    """A deploy put the request limit back to 300 s: every socket ends then, talking or not."""
    start = datetime(2026, 8, 4, 6, 45, tzinfo=UTC)
    async with Stage(tools, start, rate=40, project="veldt-ops", location="africa-south1") as stage:
        front = Front(stage, "veldt-console", "https://console.veldt.example", limit=3600)
        await front.open()
        env = around(stage, LOG_STYLE="keys")
        await started(stage, front, "00140-yam", web(stage, "chat", "--no-access-log"), env)
        token = {"Authorization": "Bearer tk-3"}
        await together(*(Socket(front, ip=f"203.0.113.{n}", headers=token).stay(420, 15) for n in (1, 2)))
        new = await started(stage, front, "00141-zoo", web(stage, "chat", "--no-access-log"), env)
        await replaced(stage, front, new)
        deployed = stage.now()
        front.limit = 300
        await together(*(Socket(front, ip=f"203.0.113.{n}", headers=token).stay(400, 15) for n in (1, 2, 3, 4)))
        await together(*(Socket(front, ip=f"203.0.113.{n}", headers=token).stay(400, 15) for n in (1, 2, 3, 5)))
        revisions = [Revision("veldt-console", "00140-yam", ago(start, days=30), timeout=3600),
                     Revision("veldt-console", "00141-zoo", deployed, timeout=300)]
        why = ("Since 00141-zoo each socket ends after 300 s though messages pass every 15 s "
               "({Truncated response body}, latency of the entry); the revision's timeout went "
               "from 3600 s to 300 s (revisions.json).")
        expected = Expected("cause_found", "proxy_timeout", why, "process",
                            must_not=["upgrade_stripped", "user_token_rejected", "code_error"])
        stage.freeze("veldt-console-five-minutes", "veldt-console", "production", expected,
                     {"revisions.json": first_forms(revisions),
                      "traffic.json": traffic((ago(start, days=30), revisions[0].full, 100),
                                              (deployed, revisions[1].full, 100))})


async def balancer_limit(tools: Tools) -> None:
    """A load balancer's backend timeout of 30 s cuts every socket, whatever passes over it."""
    start = datetime(2026, 2, 2, 12, 30, tzinfo=UTC)
    async with Stage(tools, start, project="sorrel-eu", location="europe-west9") as stage:
        front = Front(stage, "sorrel-events", "https://events.sorrel.example", limit=30)
        await front.open()
        command, env = node(stage, "socket.mjs")
        await started(stage, front, "00009-fry", command, env)
        for _ in range(3):
            await together(*(Socket(front, "/stream", origin="https://sorrel.example", ip=f"203.0.113.{n}").stay(60, every)
                             for n, every in ((1, 5), (2, 10), (3, None))))
        direct = Socket(front, "/stream", agent="netra-probe/1")
        await direct.stay(60, 5)
        for entry in stage.entries:
            if "httpRequest" in entry and entry.get("textPayload"):
                del entry["textPayload"]
        why = ("Sockets open ({socket open}) and end after 30 s with 1006 each time, those with a "
               "message every 5 s like the silent ones ({30}); a token or an origin would have "
               "been refused at the handshake.")
        why = why.replace("({30})", "({socket closed})")
        expected = Expected("cause_found", "proxy_timeout", why, "process",
                            must_not=["upgrade_stripped", "origin_blocked", "user_token_rejected"])
        stage.freeze("sorrel-events-half-minute", "sorrel-events", "production", expected,
                     {"probes.json": [direct.record("socket with a message every 5 s, 60 s long", 101)]})
