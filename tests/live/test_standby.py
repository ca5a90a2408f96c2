"""Two revisions of the backend on one SQLite file, one of them without traffic."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from fakes import slow_agent
from fakes.backend_process import BackendProcess, both_services
from fakes.chat_socket import ChatSocket, chat_socket
from fakes.run_engines import Journal
from fakes.running_auth import RunningAuth
from fakes.timing import UNIT, eventually

pytestmark = [pytest.mark.live, pytest.mark.long]

SERVING, CANDIDATE, THIRD = "netra-backend-00001-old", "netra-backend-00002-new", "netra-backend-x"
TAGGED: Final = "candidate---netra-backend.localhost"
SERVICE: Final = "netra-backend.localhost"
WALKED: Final = 6


@asynccontextmanager
async def another(
    beside: BackendProcess, auth: RunningAuth, packages: list[Path], revision: str, **told: str
) -> AsyncIterator[BackendProcess]:
    """Run another revision on the store of one that is there, without migrating."""
    folder = beside.log.parent
    process = BackendProcess(
        folder, auth.url, packages, store=beside.store, REVISION=revision, **told
    )
    try:
        await process.start(())
        yield process
    finally:
        await process.kill()


@asynccontextmanager
async def socket_at(process: BackendProcess, host: str, token: str) -> AsyncIterator[ChatSocket]:
    """Open a socket as a browser does that was told a host name."""
    url = f"http://{host}:{process.port}"
    async with chat_socket(url, token, host="127.0.0.1", port=process.port) as socket:
        await socket.resume(0)
        yield socket


async def says_standby(process: BackendProcess) -> bool:
    """Read what the process says of itself, as a gate does."""
    async with httpx2.AsyncClient(base_url=process.url, trust_env=False) as http:
        answer = await http.get("/health/ready", headers={"Host": TAGGED})
        return bool(answer.json()["standby"])


def ended_in(process: BackendProcess, run_id: str) -> list[dict[str, Any]]:
    """Read from a process's log that it brought a run to its end."""
    lines = [json.loads(line) for line in process.events("run_ended")]
    return [line for line in lines if line["run_id"] == run_id]


async def brought_to_its_end(process: BackendProcess, run_id: str, revision: str) -> None:
    """See that a process ended a run, once: it says so a moment after it has."""
    await eventually(lambda: ended_in(process, run_id), within=20 * UNIT)
    assert [line["revision"] for line in ended_in(process, run_id)] == [revision]


async def token_of(auth: RunningAuth) -> str:
    """Log a new person in."""
    tokens = await auth.tokens_of(await auth.registered_person())
    token: str = tokens["access_token"]
    return token


async def test_a_candidate_does_its_own_runs_and_no_others(tmp_path: Path) -> None:
    """What is asked of it under its tag it answers, what others left waits for its traffic.

    A socket at the serving revision sees the candidate's events too, and the reverse.
    """
    packages = [slow_agent.installed(tmp_path / "packages")]
    stamps = tmp_path / "stamps.jsonl"
    async with (
        both_services(tmp_path, packages, REVISION=SERVING) as (auth, serving),
        another(serving, auth, packages, CANDIDATE, STANDBY_UNTIL_TRAFFIC="true") as candidate,
    ):
        journal, token = Journal(serving.store), await token_of(auth)
        assert await says_standby(candidate)
        assert not await says_standby(serving)

        async with (
            socket_at(candidate, TAGGED, token) as walker,
            socket_at(serving, SERVICE, token) as user,
        ):
            walked = [await walker.say("who am I") for _ in range(WALKED)]
            used = await user.say("who am I")
            for accepted in (*walked, used):
                await walker.hear_end(accepted.run_id)
                await user.hear_end(accepted.run_id)
        assert walker.events == user.events
        for one in walked:
            await brought_to_its_end(candidate, one.run_id, CANDIDATE)
        await brought_to_its_end(serving, used.run_id, SERVING)
        assert not any(ended_in(serving, one.run_id) for one in walked)
        assert await serving.stop() == 0

        async with another(serving, auth, packages, THIRD) as third:
            async with socket_at(third, SERVICE, await token_of(auth)) as user:
                left = await user.say(
                    slow_agent.question("left", stamps, calls=3, seconds=0.2), agent=slow_agent.NAME
                )
                await eventually(stamps.exists, within=20 * UNIT)
            await third.kill()

        lease = "SELECT holder, epoch, slot FROM t_run_leases"
        held = journal.rows(lease)
        assert len(held) == 1
        async with socket_at(candidate, TAGGED, token) as walker:
            # Meanwhile the candidate looks several times, since it has a run of its own.
            mine = await walker.say(
                slow_agent.question("mine", tmp_path / "mine.jsonl", calls=6, seconds=0.5),
                agent=slow_agent.NAME,
            )
            await walker.hear_end(mine.run_id)
        assert journal.rows(lease) == held
        assert await says_standby(candidate)

        async with httpx2.AsyncClient(base_url=candidate.url, trust_env=False) as http:
            assert (await http.get("/api/me", headers={"Host": SERVICE})).status_code == 401
        assert not await says_standby(candidate)
        await journal.ended(left.run_id)
        await brought_to_its_end(candidate, left.run_id, CANDIDATE)
        assert len(candidate.events("duties_taken_up")) == 1
        journal.check()
