"""What users feel while somebody abuses the backend's port, beside the same without it.

Run with `PYTHONPATH=tests .venv/bin/python benchmarks/abuse.py`, or with the names of attacks to
run only those. The backend, the attackers and the users are processes of their own on the same
machine, so an attack takes processor time from the others besides what it costs the backend.
"""

import asyncio
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeAlias

import uvloop
from chat_turn import Server, Talker

from fakes.backend_process import both_services
from fakes.log_lines import log_lines
from fakes.raw_http import Heard, raw_connection
from netra.wire.chat_protocol import CHAT_SUBPROTOCOL

PEOPLE: Final = 10
SECONDS: Final = 15
PAUSE_SECONDS: Final = 0.6
"""Between two turns of one person; what is faster meets the limit of messages."""
SETTLING_SECONDS: Final = 8
TEN_THOUSAND_A_MINUTE: Final = 167

Attack: TypeAlias = Callable[[str, str, Counter[str]], Coroutine[Any, Any, None]]

GET: Final = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"


def handshake(token: str) -> bytes:
    return (
        "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Protocol: {CHAT_SUBPROTOCOL}, bearer.{token}\r\n\r\n"
    ).encode()


def told(heard: Heard, told_to: Counter[str]) -> None:
    first = str(heard.statuses[0]) if heard.statuses else ""
    end = "reset" if heard.reset else "closed" if heard.ended else "open"
    told_to[first or end] += 1


async def bad_handshakes(url: str, token: str, ends: Counter[str], rate: float = 0) -> None:
    """Present a token whose signature is wrong, again and again; without a rate, by 40 at once."""
    request = handshake(token[:-8] + "AAAAAAAA")

    async def one() -> None:
        async with raw_connection(url, request) as connection:
            told(await connection.rest(), ends)

    async def on_and_on() -> None:
        while True:
            await one()

    if not rate:
        await asyncio.gather(*(on_and_on() for _ in range(40)))
    loop = asyncio.get_running_loop()
    begun, due, now = set(), loop.time(), loop.time()
    while True:
        while due <= now:
            begun.add(task := asyncio.create_task(one()))
            task.add_done_callback(begun.discard)
            due += 1 / rate
        await asyncio.sleep(due - now)
        now = loop.time()


async def ten_thousand_a_minute(url: str, token: str, ends: Counter[str]) -> None:
    await bad_handshakes(url, token, ends, TEN_THOUSAND_A_MINUTE)


async def many(number: int, one: Callable[[], Awaitable[None]]) -> None:
    """Let so many do the same, each again as soon as it is over."""

    async def again_and_again() -> None:
        while True:
            with suppress(OSError):
                await one()

    await asyncio.gather(*(again_and_again() for _ in range(number)))


def holding(number: int, first: bytes, again: bytes = b"") -> Attack:
    """Hold connections open on which little comes."""

    async def attack(url: str, _token: str, ends: Counter[str]) -> None:
        async def one() -> None:
            async with raw_connection(url, first) as connection:
                rest = asyncio.create_task(connection.rest(60))
                while not rest.done():
                    if again:
                        with suppress(OSError):
                            connection.writer.write(again)
                    await asyncio.wait((rest,), timeout=1)
                told(rest.result(), ends)

        await many(number, one)

    return attack


def sending(number: int, first: bytes, again: bytes, times: int, *, reads: bool = True) -> Attack:
    """Send as much as is taken, again and again."""

    async def attack(url: str, _token: str, ends: Counter[str]) -> None:
        async def one() -> None:
            async with raw_connection(url, first) as connection:
                if not reads:
                    connection.writer.transport.pause_reading()  # type: ignore[attr-defined]
                for _ in range(times):
                    if not await connection.write(again):
                        break
                if reads:
                    told(await connection.rest(), ends)
                else:
                    ends["not read"] += 1

        await many(number, one)

    return attack


def frames(number: int, again: bytes, times: int) -> Attack:
    """Open sockets with a good token and send frames as fast as they are taken."""

    async def attack(url: str, token: str, ends: Counter[str]) -> None:
        async def one() -> None:
            async with raw_connection(url, handshake(token)) as connection:
                answer = await connection.until(b"\r\n\r\n")
                if b" 101 " not in answer:
                    ends[answer[9:12].decode()] += 1
                    await asyncio.sleep(0.2)
                    return
                for _ in range(times):
                    if not await connection.write(again):
                        break
                heard = await connection.rest(1)
                closes = [
                    code for code in (1002, 1007, 1009, 4429) if _close(code) in heard.content
                ]
                ends["/".join(map(str, closes)) or "cut off"] += 1

        await many(number, one)

    return attack


def _close(code: int) -> bytes:
    return code.to_bytes(2)


ATTACKS: Final[dict[str, Attack]] = {
    "bad tokens, 10,000 a minute": ten_thousand_a_minute,
    "bad tokens, as fast as they go": bad_handshakes,
    "2,000 connections, nothing sent": holding(2000, b""),
    "1,000 heads by the byte": holding(1000, GET + b"X: ", b"a"),
    "500 bodies withheld": holding(
        500, b"POST /api/threads HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
    ),
    "heads without end": sending(20, GET + b"X: ", 65_536 * b"a", 80),
    "requests without end, answers unread": sending(
        10, b"", 1000 * (GET + b"\r\n"), 400, reads=False
    ),
    "chunks without end": sending(
        20,
        b"POST /api/threads HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        10_000 * b"1\r\na\r\n",
        100,
    ),
    "nonsense": sending(20, b"\x16\x03\x01\x00\xc8" + bytes(200), b"", 0),
    "pings without end": frames(8, 1000 * (b"\x89\x80" + bytes(4)), 100),
    "frames too large": frames(8, b"\x81\xff" + (2**40).to_bytes(8) + bytes(4), 1),
}


async def attacked(name: str, url: str, token: str) -> None:
    """Attack until told to stop, and say how it was answered."""
    ends: Counter[str] = Counter()
    attack = asyncio.create_task(ATTACKS[name](url, token, ends))
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.readline)
    attack.cancel()
    await asyncio.wait((attack,))
    sys.stdout.write(json.dumps(ends))


async def talk(talker: Talker, turns: list[float], over: asyncio.Event) -> None:
    while not over.is_set():
        turns.append(await talker.turn())
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), PAUSE_SECONDS)


async def measured(server: Server, name: str | None, token: str) -> tuple[list[float], int, str]:
    """Give the users' turns in milliseconds, the most memory in MB, and the attack's answers."""
    turns: list[float] = []
    over = asyncio.Event()
    most, answers = 0, "-"
    async with server.talkers() as talkers:
        child = None
        if name is not None:
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, __file__, "--attack", name, server.url, token),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            await asyncio.sleep(1)
        talking = [asyncio.create_task(talk(talker, turns, over)) for talker in talkers]
        for _ in range(SECONDS * 10):
            await asyncio.sleep(0.1)
            most = max(most, server.resident_kilobytes // 1024)
        over.set()
        await asyncio.gather(*talking)
        if child is not None:
            said, _ = await child.communicate(b"\n")
            ends = Counter(json.loads(said))
            answers = ", ".join(f"{number} x {end}" for end, number in ends.most_common(4))
    return turns, most, answers


def _percentile(values: Sequence[float], percent: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]


async def main(names: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as folder, log_lines("ERROR"):
        async with both_services(Path(folder)) as (auth, backend):
            people = [await auth.registered_person() for _ in range(PEOPLE + 1)]
            log = backend.log
            print(
                f"{'attack':<38} {'p50':>6} {'p99':>7} {'alone':>6} {'p99':>7} ms  "
                f"{'before':>6} {'during':>6} {'after':>6} MB  log lines/s  answers"
            )
            for name in names:
                tokens = [(await auth.tokens_of(each))["access_token"] for each in people]
                server = Server(backend.url, backend.pid, tokens[:-1])
                alone, _, _ = await measured(server, None, tokens[-1])
                before, lines = server.resident_kilobytes // 1024, _lines(log)
                turns, during, answers = await measured(server, name, tokens[-1])
                written = (_lines(log) - lines) / SECONDS
                await asyncio.sleep(SETTLING_SECONDS)
                after = server.resident_kilobytes // 1024
                print(
                    f"{name:<38} {median(turns):6.1f} {_percentile(turns, 99):7.1f} "
                    f"{median(alone):6.1f} {_percentile(alone, 99):7.1f}     "
                    f"{before:6} {during:6} {after:6}     {written:11.0f}  {answers}",
                    flush=True,
                )


def _lines(log: Path) -> int:
    return log.read_bytes().count(b"\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--attack"]:
        uvloop.run(attacked(*sys.argv[2:5]))
    else:
        uvloop.run(main(sys.argv[1:] or list(ATTACKS)))
