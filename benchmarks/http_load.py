"""A client that costs little: one request, written once, sent over and over."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import quantiles
from typing import Final

_LENGTH: Final = b"content-length: "


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it: answers per second, and their times in milliseconds."""

    per_second: float
    median: float
    p99: float


def post(path: str, body: str, headers: Mapping[str, str]) -> bytes:
    """Write a form request."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


async def answer_to(port: int, request: bytes) -> bytes:
    """Send one request on a connection of its own and give the body of its answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await _exchange(reader, writer, request)
    finally:
        writer.close()


async def load(port: int, request: bytes, *, connections: int, seconds: float) -> Load:
    """Send a request as fast as the answers come.

    Raises:
        RuntimeError: An answer is not 200.
    """
    until = time.perf_counter() + seconds
    begun = time.perf_counter()
    found = await asyncio.gather(*(_worker(port, request, until) for _ in range(connections)))
    took = time.perf_counter() - begun
    times = [one for worker in found for one in worker]
    cuts = quantiles(times, n=100)
    return Load(len(times) / took, cuts[49] * 1000, cuts[98] * 1000)


async def _worker(port: int, request: bytes, until: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times: list[float] = []
    try:
        while time.perf_counter() < until:
            begun = time.perf_counter()
            await _exchange(reader, writer, request)
            times.append(time.perf_counter() - begun)
    finally:
        writer.close()
    return times


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> bytes:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    at = head.lower().index(_LENGTH) + len(_LENGTH)
    body = await reader.readexactly(int(head[at : head.index(b"\r\n", at)]))
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"unexpected answer: {head.splitlines()[0].decode()} {body.decode()}")
    return body
