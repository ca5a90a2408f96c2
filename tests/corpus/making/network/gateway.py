"""nginx as a gateway on the stage, and people with sockets who come through it."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any, Final

from corpus.making.network.cast import started
from corpus.making.network.front import Front
from corpus.making.network.stage import Process, Stage
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, InvalidMessage, WebSocketException
from websockets.typing import Origin, Subprotocol

UPGRADES: Final = (
    "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; "
    'proxy_set_header Connection "upgrade"; '
)
_FILE: Final = """
daemon off; worker_processes 1; env LD_PRELOAD; env FAKETIME; env TZ;
 pid {folder}/nginx-{port}.pid; error_log stderr {level};
events {{ worker_connections 64; }}
http {{
  access_log /dev/stdout combined;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    {extra}
    location / {{ proxy_pass {upstream}; proxy_set_header Host {host}; proxy_read_timeout 75s; }}
    location {path} {{ proxy_pass {upstream}; proxy_set_header Host {host};
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; {lines} }}
  }}
}}
"""


async def gateway(
    stage: Stage,
    front: Front,
    revision: str,
    upstream: Front,
    lines: str,
    *,
    path: str = "/ws",
    extra: str = "",
) -> Process:
    """Start nginx as an instance before another service; `lines` are of the socket's location."""
    made = stage.folder / f"nginx-{revision}.conf"
    text = _FILE.format(
        folder=stage.folder,
        port="@PORT@",
        level="warn",
        extra=extra,
        upstream=upstream.inside,
        host=upstream.url.partition("://")[2],
        path=path,
        lines=lines,
    )
    made.write_text(text)
    command = [
        "/bin/sh",
        "-c",
        (
            f"sed s/@PORT@/{{port}}/ {made} > {made}.{{port}}; "
            f"exec nginx -p {stage.folder} -c {made}.{{port}} -e stderr"
        ),
    ]
    return await started(stage, front, revision, command, {})


class Socket:
    """Somebody's socket: connects through a front, talks, and tells how it ended."""

    def __init__(self, front: Front, path: str = "/ws", **how: Any) -> None:
        self.front = front
        self.path = path
        self.how = how
        self.status: int | None = None
        self.code: int | None = None
        self.body = ""
        self.headers: dict[str, str] = {}

    async def stay(self, seconds: float, every: float | None = None) -> None:
        """Connect and stay for so long at most, with a message every so many seconds or none."""
        stage = self.front.stage
        uri = f"ws://127.0.0.1:{self.front.port}{self.path}"
        origin = self.how.get("origin")
        offered = [Subprotocol(one) for one in self.how.get("offers", ())]
        headers = {"X-Note-Ip": self.how.get("ip", "203.0.113.20")} | self.how.get("headers", {})
        try:
            async with connect(
                uri,
                origin=Origin(origin) if origin else None,
                subprotocols=offered or None,
                additional_headers=headers,
                user_agent_header=self.how.get("agent", "Mozilla/5.0 Chrome/141.0.0.0"),
                ping_interval=None,
                open_timeout=20,
                compression=None,
                proxy=None,
            ) as socket:
                self.status = 101
                answer = socket.response
                self.headers = {
                    k.lower(): v for k, v in (answer.headers.raw_items() if answer else ())
                }
                left = seconds
                while left > 0:
                    if every:
                        await socket.send("hello")
                    step = min(every or seconds, left)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(step / stage.rate):
                            while True:
                                await socket.recv()
                    left -= step
            self.code = socket.close_code
        except InvalidMessage:
            self.status = None
        except InvalidHandshake as refused:
            answer = getattr(refused, "response", None)
            self.status = answer.status_code if answer else None
            if answer:
                self.body = bytes(answer.body or b"").decode(errors="replace")
                self.headers = {k.lower(): v for k, v in answer.headers.raw_items()}
        except (WebSocketException, OSError) as gone:
            received = getattr(gone, "rcvd", None)
            self.code = received.code if received else 1006

    def record(self, name: str, expect: int) -> dict[str, Any]:
        """Give the record of `probes.json` of what became of it."""
        stage = self.front.stage
        wanted = (
            "content-type",
            "server",
            "upgrade",
            "connection",
            "sec-websocket-protocol",
            "date",
        )
        got = {
            "status": self.status,
            "close_code": self.code,
            "headers": {k: v for k, v in self.headers.items() if k in wanted},
            "body_excerpt": stage.rewritten(self.body)[:300],
        }
        return {
            "time": stage.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "name": name,
            "target": f"wss://{self.front.url.partition('://')[2]}{self.path}",
            "expect": {"status": expect},
            "got": got,
            "ok": self.status == expect,
        }


async def together(*sockets: Any) -> None:
    """Let many be there at once."""
    await asyncio.gather(*sockets)


def written(folder: Path, name: str, text: str) -> Path:
    """Write a file of the stage."""
    made = folder / name
    made.write_text(text)
    return made
