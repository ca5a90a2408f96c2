"""Several processes on one store: they agree on the keys, whoever changes them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, update

from fakes.clock import ManualClock
from fakes.issuer import Issuer
from fakes.running_auth import RunningAuth, bearer, running_auth_service, store_path
from netra.errors import DatabaseUnavailable
from netra.tokens.jws import read_jws
from netra_auth.api.state import AuthState
from netra_auth.bootstrap import opened_state
from netra_auth.keyring.keyring import KeysUnreadable
from netra_auth.keyring.life_cycle import LATEST_VIEW_SECONDS
from netra_auth.store.tables import signing_keys

PUBLISHED_SECONDS = 330
RETIRING_SECONDS = 390

Two = tuple[RunningAuth, RunningAuth]


@pytest.fixture
async def two(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Two]:
    """Run the service twice on one store, with one issuer and one clock."""
    async with running_auth_service(tmp_path, clock=clock) as one:
        same = {"ISSUER_URL": one.url}
        async with running_auth_service(tmp_path, clock=clock, overrides=same) as other:
            yield one, other


async def rotate(auth: RunningAuth) -> int:
    """Ask a process for a rotation; give the status of its answer."""
    headers = bearer(await auth.service_token("netra-ops"))
    answer = await auth.http.post("/admin/keys/rotate", headers=headers)
    return answer.status_code


async def remove(auth: RunningAuth, kid: str) -> None:
    """Tell a process that a key is compromised."""
    headers = bearer(await auth.service_token("netra-ops"))
    answer = await auth.http.delete(f"/admin/keys/{kid}", headers=headers)
    assert answer.status_code == 200, answer.text


async def status_of(auth: RunningAuth, token: str) -> int:
    """Show a process a token."""
    return (await auth.http.get("/revocations", headers=bearer(token))).status_code


async def published(auth: RunningAuth) -> list[str]:
    """Give the kids that a process publishes."""
    return sorted(key["kid"] for key in (await auth.jwks())["keys"])


def kid_of(token: str) -> str:
    """Read which key a token says signed it."""
    return read_jws(token, max_token_bytes=8192).header.kid


@contextmanager
def counted_reads() -> Iterator[list[str]]:
    """Record every statement about signing keys."""
    seen: list[str] = []

    def record(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "signing_keys" in statement:
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", record)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", record)


async def test_what_one_does_the_other_goes_by(two: Two, clock: ManualClock) -> None:
    """A rotation brought on by one process is at once the other's (checklist 19, 20)."""
    one, other = two
    before = await one.service_token("netra-backend")
    assert await rotate(one) == 201
    assert await published(one) == await published(other)
    assert len(await published(other)) == 2

    clock.advance(PUBLISHED_SECONDS - 200)
    late = await other.service_token("netra-backend")
    clock.advance(200)
    await one.state.key_administration.advance()

    token = await other.service_token("netra-backend")
    assert kid_of(token) != kid_of(before)
    assert kid_of(await one.service_token("netra-backend")) == kid_of(token)
    for process in two:
        assert await status_of(process, token) == 200
        assert await status_of(process, late) == 200
    clock.advance(RETIRING_SECONDS)
    await other.state.key_administration.advance()
    assert await published(one) == await published(other) == [kid_of(token)]


async def test_a_key_removed_by_one_is_refused_by_the_other_at_once(two: Two) -> None:
    """No process takes a compromised key's token or signs with it, from the same moment on."""
    one, other = two
    token = await other.service_token("netra-backend")
    assert await status_of(one, token) == await status_of(other, token) == 200

    await remove(one, kid_of(token))

    assert await status_of(other, token) == await status_of(one, token) == 401
    fresh = await other.service_token("netra-backend")
    assert kid_of(fresh) != kid_of(token)
    assert await status_of(one, fresh) == await status_of(other, fresh) == 200
    assert await published(one) == await published(other) == [kid_of(fresh)]


async def test_of_rotations_in_both_one_makes_a_key(two: Two) -> None:
    """Exactly one of concurrent rotations succeeds, wherever they are asked for."""
    answers = await asyncio.gather(*(rotate(process) for process in two * 4))

    assert sorted(answers) == [201, *[409] * 7]
    assert len(await published(two[0])) == 2


async def test_of_two_upkeeps_one_makes_each_change(two: Two, clock: ManualClock) -> None:
    """However many processes look, each change is made and recorded once."""
    for seconds in (90 * 24 * 3600, 5, PUBLISHED_SECONDS, RETIRING_SECONDS):
        clock.advance(seconds)
        await asyncio.gather(*(each.state.key_administration.advance() for each in two * 3))

    acts = Counter(row.event for row in await two[0].audited())
    changes = {name: number for name, number in acts.items() if name.startswith("signing_key_")}
    assert changes == {
        "signing_key_created": 2,
        "signing_key_published": 1,
        "signing_key_activated": 1,
        "signing_key_retired": 1,
        "signing_key_gone": 1,
    }


async def test_no_token_is_refused_while_keys_rotate(two: Two, clock: ManualClock) -> None:
    """Both sign and verify through three rotations, and every token is taken until it expires."""
    seen: Counter[int] = Counter()
    signers: set[str] = set()
    recent: list[tuple[float, str]] = []
    is_over = asyncio.Event()

    async def use(issuer: RunningAuth, verifier: RunningAuth) -> None:
        while not is_over.is_set():
            made_at, token = clock.timestamp(), await issuer.service_token("netra-backend")
            recent.append((made_at, token))
            signers.add(kid_of(token))
            seen[await status_of(verifier, token)] += 1

    async def turn(process: RunningAuth) -> None:
        assert await rotate(process) == 201
        for _ in range(24):
            clock.advance(14)
            await asyncio.gather(*(each.state.key_administration.advance() for each in two))
            young = [token for made_at, token in recent if clock.timestamp() - made_at < 300]
            for each in two:
                seen[await status_of(each, young[0])] += 1

    one, other = two
    async with asyncio.TaskGroup() as group:
        group.create_task(use(one, other))
        group.create_task(use(other, one))
        for process in (one, other, one):
            await turn(process)
        is_over.set()

    assert set(seen) == {200}
    assert len(signers) == 4
    assert len(await published(one)) == 3


async def test_a_restart_in_the_midst_changes_nothing(tmp_path: Path, clock: ManualClock) -> None:
    """Restarts leave the active kid alone, and a rotation goes on where it was (checklist 23)."""
    kids, signers = [], []
    port = 0
    for step in range(4):
        async with running_auth_service(tmp_path, clock=clock, port=port) as auth:
            port = auth.port
            if step == 0:
                assert await rotate(auth) == 201
            await auth.state.key_administration.advance()
            kids.append(await published(auth))
            signers.append(kid_of(await auth.service_token("netra-backend")))
        clock.advance(PUBLISHED_SECONDS / 3)

    assert kids[0] == kids[1] == kids[2] == kids[3]
    assert signers[0] == signers[1] == signers[2] != signers[3]


async def test_forged_kids_cost_few_reads(auth: RunningAuth) -> None:
    """A kid nobody has is refused; requests that come together share one read (checklist 21)."""
    forged = Issuer(auth.state.clock, auth.url).service_token()

    assert await status_of(auth, forged) == 401
    with counted_reads() as reads:
        keys = await asyncio.gather(*(auth.state.keyring.current() for _ in range(1000)))

    assert len(set(map(id, keys))) == 1
    assert len(reads) <= 2


async def test_a_look_serves_those_who_wait_though_its_asker_leaves(auth: RunningAuth) -> None:
    """A request that is given up takes nobody else's answer with it."""
    asking = [auth.state.keyring.current() for _ in range(5)]
    asking[0].cancel()
    asking[2].cancel()

    answers = await asyncio.gather(*asking, return_exceptions=True)

    cancelled = [isinstance(answer, asyncio.CancelledError) for answer in answers]
    assert cancelled == [True, False, True, False, False]


@pytest.mark.sqlite_only
async def test_a_process_that_cannot_see_the_store_soon_gives_no_key(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """An outdated view signs and publishes nothing: others may have changed keys (19, 20)."""
    keyring, path = auth.state.keyring, store_path(auth.settings)
    kid = keyring.signing_key.kid
    await auth.state.database.close()
    hidden = path.with_suffix(".hidden")
    path.rename(hidden)
    path.mkdir()

    for _ in range(2):
        with pytest.raises(DatabaseUnavailable):
            await keyring.current()
    clock.advance(LATEST_VIEW_SECONDS)
    assert keyring.signing_key.kid == kid
    assert await published(auth) == [kid]
    clock.advance(1)
    with pytest.raises(DatabaseUnavailable, match="too long ago"):
        _ = keyring.signing_key
    answers = [await auth.http.get("/.well-known/jwks.json"), await auth.http.get("/health/ready")]

    path.rmdir()
    hidden.rename(path)
    assert [answer.status_code for answer in answers] == [503, 503]
    assert "retry-after" in answers[0].headers
    assert (await keyring.current()).signing_key.kid == kid
    assert keyring.signing_key.kid == kid


async def test_keys_that_cannot_be_used_stop_everything(auth: RunningAuth) -> None:
    """A store that has lost its active key gives 503, never a new key, until it is restored."""
    token = await auth.service_token("netra-backend")
    await _set_active(auth.state, kid_of(token), state="nonsense")

    with pytest.raises(KeysUnreadable):
        await auth.state.keyring.current()
    assert (await auth.service_answer("netra-backend")).status_code == 503
    assert await status_of(auth, token) == 503
    health = await auth.http.get("/health/ready")
    assert health.status_code == 503
    assert health.json()["checks"]["signing_key"]["status"] == "down"
    assert health.json()["checks"]["store"]["status"] == "ok"

    await _set_active(auth.state, kid_of(token), state="active")
    assert await status_of(auth, token) == 200


async def test_the_parts_alone_agree_as_well(auth: RunningAuth) -> None:
    """A process without a server, such as one that is just starting, finds the same keys."""
    async with opened_state(auth.settings, auth.state.clock) as state:
        assert state.keyring.signing_key.kid == auth.state.keyring.signing_key.kid
        await remove(auth, state.keyring.signing_key.kid)

        in_force = await state.keyring.current()

    assert in_force.signing_key.kid == auth.state.keyring.signing_key.kid
    assert in_force.published == await auth.jwks()


async def _set_active(process: AuthState, kid: str, *, state: str) -> None:
    async with process.database.transaction() as transaction:
        statement = update(signing_keys).where(signing_keys.c.kid == kid)
        await transaction.connection.execute(statement.values(state=state))
