"""The sweep: what has no more meaning goes, in bounded steps; everything else stays."""

import asyncio
from collections.abc import Mapping

import pytest
from sqlalchemy import Table, delete, func, insert, select, update

from fakes.clock import ManualClock
from fakes.running_auth import SERVICE_SECRETS, Person, RunningAuth, bearer
from netra_auth.store import tables
from netra_auth.store.janitor import BATCH, KEPT_SECONDS, sweep
from netra_auth.store.repositories.outlived import KINDS

_DAY = 24 * 3600


async def rows_of(auth: RunningAuth, table: Table) -> int:
    """Count a table's rows."""
    async with auth.state.database.reading() as connection:
        counted = await connection.execute(select(func.count()).select_from(table))
        return int(counted.scalar_one())


async def swept(auth: RunningAuth) -> Mapping[str, int]:
    """Sweep the store; give what was removed."""
    counts = await sweep(auth.state.database, auth.state.clock)
    return {kind: count for kind, count in counts.items() if count}


async def fill(auth: RunningAuth, person: Person, number: int, past: float) -> None:
    """Put `number` rows into every table that grows, each with its end at a time."""
    at, name = past, [f"{n:05}" for n in range(number)]
    user = {"user_id": person.user_id}
    session = {**user, "created_at": at, "last_seen_at": at, "expires_at": at}
    of_client = {"client_id": "netra-cli", "scope": "profile:read"}
    code = {"redirect_uri": "http://127.0.0.1/", "code_challenge": "x", "expires_at": at}
    token = {"family_id": "fam", "issued_at": at}
    several: list[tuple[Table, list[dict[str, object]]]] = [
        (
            tables.login_sessions,
            [{**session, "session_id": f"ses_{n}", "cookie_hash": n} for n in name]
            + [{**session, "session_id": "ses_live", "cookie_hash": "live", "expires_at": 4e9}],
        ),
        (
            tables.authorization_codes,
            [{**of_client, **code, "code_hash": n, "session_id": "ses_live"} for n in name],
        ),
        (
            tables.refresh_tokens,
            [
                {**of_client, **token, "token_hash": n, "session_id": "ses_live"}
                | {"expires_at": 4e9, "spent_at": at}
                for n in name
            ],
        ),
        (
            tables.pending_logins,
            [
                {**user, "pending_hash": n, "password_hash": "x", "attempts": 0, "expires_at": at}
                for n in name
            ],
        ),
        (
            tables.known_devices,
            [{**user, "device_hash": n, "logins": 1, "last_seen_at": at} for n in name],
        ),
        (tables.used_assertions, [{"assertion_hash": n, "expires_at": at} for n in name]),
        (tables.rate_limits, [{"limit_key": n, "hits": 1, "window_ends_at": at} for n in name]),
        (
            tables.revocations,
            [
                {"seq": 1000 + int(n), "kind": "token", "identifier": n, "revoked_at": at}
                | {"expires_at": at}
                for n in name
            ],
        ),
    ]
    async with auth.state.database.transaction() as transaction:
        # The registration of the person was counted.
        await transaction.connection.execute(delete(tables.rate_limits))
        for table, rows in several:
            await transaction.connection.execute(insert(table), rows)


def test_every_kind_has_a_time() -> None:
    """What can be found is swept, and for what is swept it is said how long it is kept."""
    assert set(KEPT_SECONDS) == set(KINDS)


def test_nothing_of_the_record_is_swept() -> None:
    """No kind of row that is swept belongs to the audit record or its chain."""
    assert not {"audit", "audit_head"} & {kind.key.table.name for kind in KINDS.values()}


async def test_thousands_of_rows_go(auth: RunningAuth, clock: ManualClock) -> None:
    """Tables that are filled are empty again once the time of their rows is over."""
    person = await auth.registered_person()
    many = 2 * BATCH + 7
    await fill(auth, person, many, clock.timestamp())
    audited = len(await auth.audited())
    clock.advance(370 * _DAY)

    removed = await swept(auth)

    assert removed == {
        **dict.fromkeys(
            (
                *("authorization_codes", "spent_refresh_tokens", "login_sessions"),
                *("pending_logins", "known_devices", "used_assertions", "rate_limits"),
                "revocations",
            ),
            many,
        ),
    }
    for table in (
        *(tables.authorization_codes, tables.refresh_tokens, tables.pending_logins),
        *(tables.known_devices, tables.used_assertions, tables.rate_limits, tables.revocations),
    ):
        assert await rows_of(auth, table) == 0, table.name
    assert await rows_of(auth, tables.login_sessions) == 1
    assert len(await auth.audited()) == audited
    assert await swept(auth) == {}


async def test_what_still_means_something_stays(auth: RunningAuth, clock: ManualClock) -> None:
    """A row is there until the stated time after its end has passed, and gone right after."""
    person = await auth.registered_person()
    await fill(auth, person, 1, clock.timestamp())
    times = sorted(
        (KEPT_SECONDS[kind], kind)
        for kind in (
            *("authorization_codes", "spent_refresh_tokens", "login_sessions", "pending_logins"),
            *("known_devices", "used_assertions", "rate_limits", "revocations"),
        )
    )
    passed = 0
    gone: set[str] = set()
    for seconds in sorted({seconds for seconds, _ in times}):
        clock.advance(seconds - passed)
        assert await swept(auth) == {}, gone
        clock.advance(0.001)
        expected = {kind: 1 for kept, kind in times if kept == seconds}
        assert await swept(auth) == expected
        clock.jump(-0.001)
        gone |= set(expected)
        passed = seconds


async def test_people_and_services_do_not_notice(auth: RunningAuth, clock: ManualClock) -> None:
    """Live sessions, tokens, secrets and keys outlive every sweep."""
    person = await auth.registered_person()
    tokens = await auth.tokens_of(person)
    for _ in range(20):
        clock.advance(_DAY)
        await swept(auth)
        tokens = (await auth.refresh(tokens["refresh_token"])).json()

    assert tokens["access_token"]
    assert await auth.service_token("netra-backend")


async def test_a_spent_token_is_remembered_for_a_week(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """Within a week a thief's use of a spent token ends the family; later it is refused (35)."""
    first = await auth.tokens_of(await auth.registered_person())
    second = (await auth.refresh(first["refresh_token"])).json()
    clock.advance(6 * _DAY)
    await swept(auth)

    assert (await auth.refresh(first["refresh_token"])).status_code == 400
    assert (await auth.refresh(second["refresh_token"])).status_code == 400

    first = await auth.tokens_of(await auth.registered_person())
    second = (await auth.refresh(first["refresh_token"])).json()
    clock.advance(8 * _DAY)
    await swept(auth)

    assert (await auth.refresh(first["refresh_token"])).status_code == 400
    assert (await auth.refresh(second["refresh_token"])).status_code == 200


async def test_a_follower_that_was_away_misses_nothing(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """Whatever is gone from the feed concerned tokens that have expired long before (SPEC R11)."""
    tokens = await auth.tokens_of(await auth.registered_person())
    headers = bearer(await auth.service_token("netra-backend"))
    revoked = {"token": tokens["refresh_token"], "client_id": "netra-cli"}
    await auth.http.post("/revoke", data=revoked)
    clock.advance(299)
    await swept(auth)
    page = (await auth.http.get("/revocations?after=0", headers=headers)).json()
    assert [entry["seq"] for entry in page["items"]] == [1]

    clock.advance(2 * 3600)
    await swept(auth)
    headers = bearer(await auth.service_token("netra-backend"))
    page = (await auth.http.get("/revocations?after=0", headers=headers)).json()
    assert page == {"items": [], "next_after": 0}
    asked = {"token": tokens["access_token"]}
    backend = ("netra-backend", SERVICE_SECRETS["netra-backend"])
    answer = await auth.http.post("/introspect", data=asked, auth=backend)
    assert answer.json() == {"active": False}
    # Numbers go on behind the highest that was ever given.
    async with auth.state.database.transaction() as transaction:
        await auth.state.revocations.revoke_token(transaction, "tok_next")
    page = (await auth.http.get("/revocations?after=1", headers=headers)).json()
    assert [entry["seq"] for entry in page["items"]] == [2]


async def test_ended_secrets_and_keys_go_when_nobody_asks_any_more(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """A secret's use can be asked for a quarter of a year; the key that signs is never swept."""
    ended = {"valid_until": clock.timestamp()}
    secrets = tables.service_secrets
    async with auth.state.database.transaction() as transaction:
        of_ops = secrets.c.service_id == "netra-ops"
        await transaction.connection.execute(update(secrets).where(of_ops).values(**ended))
        await transaction.connection.execute(
            update(tables.signing_keys).values(gone_at=clock.timestamp())
        )
    clock.advance(90 * _DAY)
    assert await swept(auth) == {}

    clock.advance(1)
    assert await swept(auth) == {"service_secrets": 1}
    clock.advance(400 * _DAY)
    assert await swept(auth) == {}


async def test_two_may_sweep_at_once(auth: RunningAuth, clock: ManualClock) -> None:
    """Sweeps at the same time remove each row once, and none of them fails."""
    await fill(auth, await auth.registered_person(), BATCH, clock.timestamp())
    clock.advance(200 * _DAY)

    several = await asyncio.gather(*(swept(auth) for _ in range(3)))
    last = await swept(auth)

    for kind in ("login_sessions", "rate_limits", "revocations"):
        assert sum(counts.get(kind, 0) for counts in (*several, last)) == BATCH


async def test_a_sweep_tells_what_it_removed(
    auth: RunningAuth, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """One event says how many rows of which kind went; a sweep without any says nothing."""
    await fill(auth, await auth.registered_person(), 3, clock.timestamp())
    clock.advance(200 * _DAY)
    capsys.readouterr()

    await swept(auth)
    told = capsys.readouterr().out
    await swept(auth)

    assert told.count('"event":"store_swept"') == 1
    assert '"rate_limits":3' in told
    assert capsys.readouterr().out == ""
