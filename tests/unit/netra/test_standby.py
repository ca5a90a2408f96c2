"""When a process has traffic, and what it does until then."""

import asyncio
from typing import Any

import pytest

from fakes.log_lines import log_lines
from fakes.timing import UNIT
from netra.serving import Standby, TrafficWatch
from netra.serving.traffic import is_traffic, names_tag

SERVICE = "netra-backend-abc123-ew.a.run.app"
CANDIDATE = f"candidate---{SERVICE}"


@pytest.mark.parametrize(
    "host",
    [
        CANDIDATE,
        f"{CANDIDATE}:443",
        "candidate---netra-backend.localhost:8000",
        "CANDIDATE---NETRA-BACKEND.localhost",
        "rev-7---x",
        f"a---b---{SERVICE}",
        f"{CANDIDATE}.",
        f" {CANDIDATE}",
        "---.example.org",
    ],
)
def test_a_tags_host_is_known(host: str) -> None:
    """Whatever follows the first label, three hyphens in it name a tag, and no request counts."""
    assert names_tag(host)
    assert not any(is_traffic(host, path) for path in ("/", "/ws", "/api/me", "/token", "/nope"))


@pytest.mark.parametrize(
    "host",
    [
        SERVICE,
        "netra-backend.localhost:8000",
        "127.0.0.1:8000",
        "[::1]:8000",
        "a--b.example.org",
        "www.candidate---x.example.org",
        "xn--nxasmq6b.example.org",
    ],
)
def test_other_hosts_name_none(host: str) -> None:
    """A host whose first label has no three hyphens has traffic, as far as it can be told."""
    assert not names_tag(host)
    assert all(is_traffic(host, path) for path in ("/", "/ws", "/api/me", "/token", "/nope"))


@pytest.mark.parametrize(
    "path", ["/health", "/health/live", "/health/ready", "/health/x", "/metrics"]
)
def test_who_looks_after_a_process_is_no_traffic(path: str) -> None:
    """Platforms and proxies ask for health and metrics whether there is traffic or not."""
    assert not is_traffic(SERVICE, path)


@pytest.mark.parametrize("path", ["/healthy", "/metrics/x", "/api/health", "//health", "", "*"])
def test_paths_that_only_look_alike_are_traffic(path: str) -> None:
    """Nothing but the paths of health and metrics is left out."""
    assert is_traffic(SERVICE, path)


@pytest.mark.parametrize("host", [None, ""])
def test_without_one_host_nothing_is_known(host: str | None) -> None:
    """A request that does not say once what it wants is not taken for traffic."""
    assert not is_traffic(host, "/api/me")


async def test_the_first_request_of_traffic_ends_it_for_good() -> None:
    """Everybody who waits goes on, who asked to be told is told once, and it is logged once."""
    told: list[str] = []
    with log_lines() as logged:
        standby = Standby(begins=True)
        standby.when_over(lambda: told.append("early"))
        waiting = asyncio.create_task(standby.over())
        standby.asked(CANDIDATE, "/api/me")
        standby.asked(SERVICE, "/health")
        await asyncio.sleep(0)
        assert (standby.is_on, waiting.done(), told) == (True, False, [])

        standby.asked(SERVICE, "/api/me")
        standby.asked(SERVICE, "/api/threads")
        standby.asked(CANDIDATE, "/api/me")
        await asyncio.wait_for(waiting, UNIT)
        standby.when_over(lambda: told.append("late"))

    assert (standby.is_on, told) == (False, ["early", "late"])
    line = logged.only("duties_taken_up")
    assert (line["host"], line["path"]) == (SERVICE, "/api/me")
    assert logged.only("standby_begun")


async def test_who_does_not_begin_on_standby_never_is() -> None:
    """Without the variable a process has its duties from its start, and nothing is logged of it."""
    with log_lines() as logged:
        standby = Standby(begins=False)
        await asyncio.wait_for(standby.over(), UNIT)
        standby.asked(SERVICE, "/api/me")

    assert not standby.is_on
    assert logged.of("duties_taken_up") == []


async def passed(
    standby: Standby, kind: str, *headers: tuple[bytes, bytes], path: str = "/ws"
) -> bool:
    """Have a watch serve a scope; say whether the app beneath it saw the very same one."""
    seen: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope)

    async def nothing(*_: Any) -> Any:
        raise AssertionError("the watch neither receives nor sends")

    scope = {"type": kind, "path": path, "headers": list(headers)}
    await TrafficWatch(app, standby=standby)(scope, nothing, nothing)
    return seen == [scope]


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_requests_and_handshakes_are_looked_at(kind: str) -> None:
    """Either ends the standby if its Host header names no tag, and is served as it is."""
    standby = Standby(begins=True)
    seen = []
    for host in (CANDIDATE, SERVICE, CANDIDATE):
        assert await passed(standby, kind, (b"Host", host.encode()))
        seen.append(standby.is_on)

    assert seen == [True, False, False]


@pytest.mark.parametrize(
    "headers",
    [
        [(b"x-forwarded-host", SERVICE.encode())],
        [(b"forwarded", f"host={SERVICE}".encode())],
        [(b"x-original-host", SERVICE.encode())],
        [(b"x-host", SERVICE.encode())],
        [(b":authority", SERVICE.encode())],
        [(b"host", SERVICE.encode())],
        [(b"origin", f"https://{SERVICE}".encode())],
        [(b"referer", f"https://{SERVICE}/".encode())],
    ],
)
async def test_nothing_else_in_a_request_to_a_tag_ends_it(
    headers: list[tuple[bytes, bytes]],
) -> None:
    """Whatever a request under a tag's host carries besides, a second Host too, changes nothing."""
    standby = Standby(begins=True)

    for kind in ("http", "websocket"):
        assert await passed(standby, kind, (b"host", CANDIDATE.encode()), *headers)
        assert await passed(standby, kind, *headers, (b"host", CANDIDATE.encode()))

    assert standby.is_on


async def test_the_start_of_an_app_is_no_request() -> None:
    """The server's own scope has no host and ends nothing."""
    standby = Standby(begins=True)

    assert await passed(standby, "lifespan", (b"host", SERVICE.encode()))

    assert standby.is_on
