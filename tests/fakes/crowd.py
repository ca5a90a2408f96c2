"""A crowd of users and services at one store, with sessions that are held open side by side.

`rows` is what must be stored. Every step is compared with it, and is counted when it has run.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from fakes.owned_rows import ENTITIES, NAMES, Row, Rows, as_row, compare
from fakes.owner_actions import READING, WRITING, Action, Place, Spoiled, refused
from fakes.run_engines import person
from fakes.stores import Plain
from netra.errors import InternalError
from netra.policy import CredentialMethod
from netra.principal import AuthenticatedPrincipal, ServicePrincipal, UserPrincipal
from netra_backend.app.db.isolation.journal_transaction import JournalTransaction, NewEventRow
from netra_backend.app.db.session import Database, PrincipalSession
from netra_backend.app.db.tables import Owned, Thread

BEARER: Final = CredentialMethod.BEARER
SECRET: Final = CredentialMethod.CLIENT_SECRET
USERS: Final = tuple(person(name) for name in ("anna", "berta", "carla", "dora", "emma", "frida"))
OWNERS: Final = tuple(user.user_id for user in USERS)
SERVICE: Final = ServicePrincipal("netra-backend", frozenset({"sessions:open"}), "tok_1", 9e9)
MAINTAINER: Final = ServicePrincipal(
    "netra-backend", frozenset({"sessions:open", "data:maintain"}), "tok_2", 9e9
)
EVERYBODY: Final[tuple[AuthenticatedPrincipal, ...]] = (*USERS, SERVICE, MAINTAINER)

_KEPT: Final = 6
"""How many ended sessions and loaded objects are kept, to be misused."""

_LOOKS: Final = 3
_LOOKING: Final = tuple(kind for kind in READING if kind != "steal")


@dataclass(frozen=True)
class Step:
    """What is done, by whom, and which of the ways to do it: numbers that mean something to it."""

    kind: str
    who: int
    pick: int


@dataclass
class Held:
    """A session that is open from one step to another."""

    opening: AbstractAsyncContextManager[PrincipalSession]
    raw: AsyncSession
    principal: AuthenticatedPrincipal
    place: Place


class Crowd:
    """Everybody, at a database with a pool of some size."""

    def __init__(self, database: Database, pool_size: int, *, is_postgres: bool) -> None:
        self.rows: Rows = {}
        self.done: Counter[str] = Counter()
        self._database = database
        self._pool_size = pool_size
        self._is_postgres = is_postgres
        self._held: list[Held] = []
        self._ended: list[Held] = []
        self._loaded: list[tuple[str, Owned]] = []
        self._number = 0

    async def take(self, step: Step) -> None:
        """Take a step.

        Raises:
            Leak: Somebody saw or changed what is not theirs.
            Loss: Somebody lacks what is theirs.
        """
        self._number += 1
        principal = EVERYBODY[step.who % len(EVERYBODY)]
        special = _SPECIAL.get(step.kind)
        if special is not None:
            await special(self, principal, step.pick)
        else:
            await self._act(principal, step)
        if step.kind not in _COUNTED:
            self.done[step.kind] += 1

    def look(self, plain: Plain) -> None:
        """Compare all that is stored, read past everything, with what must be.

        Raises:
            Leak: There is more, or it is another's.
            Loss: There is less.
        """
        compare(_stored(plain).values(), self.rows.values(), "stored")

    async def leave(self) -> None:
        """End every session, with nothing kept of what was written."""
        for held in tuple(self._held):
            with suppress(Exception):
                await self._break(held)

    async def _act(self, principal: AuthenticatedPrincipal, step: Step) -> None:
        action = {**READING, **WRITING}[step.kind]
        own = [held for held in self._held if held.principal is principal]
        if not own and len(self._held) == self._pool_size and step.pick % 4:
            own = [self._held[step.who % len(self._held)]]
        if not own:
            await self._at_once(principal, action, step.pick, writes=step.kind in WRITING)
            return
        held = own[-1]
        if self._sees_what_is_committed(held):
            held.place.rows = self._seen(held.principal)
        held.place.others = self._unseen(held.principal)
        held.place.pick, held.place.number = step.pick, self._number
        held.place.stolen = self._stolen_from_others(held.principal)
        try:
            await self._do(action, held.place)
        except Spoiled:
            await self._break(held)

    async def _do(self, action: Action, place: Place) -> None:
        """Do one action, and look at what its session sees then in some other ways."""
        await action(place)
        for turn in range(1, _LOOKS + 1):
            kind = _LOOKING[(place.pick + turn) % len(_LOOKING)]
            place.pick += turn
            await READING[kind](place)
            self.done[kind] += 1

    async def _at_once(
        self, principal: AuthenticatedPrincipal, action: Action, pick: int, *, writes: bool
    ) -> None:
        """Do one action in a session of its own."""
        if writes:
            await self._make_way(principal)
        is_whole = pick % 2 == 1
        if self._is_postgres or not is_whole:
            await self._make_room()
        place = partial(self._place, principal, pick, writes=writes)
        acted: list[Place] = []

        async def work(session: PrincipalSession) -> None:
            acted.append(place(session))
            await self._do(action, acted[0])

        open_for = (principal, _method(principal))
        with suppress(Spoiled):
            if is_whole:
                await self._database.work_for(*open_for, work, writes=writes)
            else:
                async with self._database.session_for(*open_for, writes=writes) as session:
                    await work(session)
            self._commit(principal, acted[0])

    async def _open(self, principal: AuthenticatedPrincipal, pick: int) -> None:
        """Open a session that stays open."""
        writes = pick % 3 > 0
        if writes:
            await self._make_way(principal)
        await self._make_room()
        opening = self._database.session_for(principal, _method(principal), writes=writes)
        session = await opening.__aenter__()
        raw = session._open
        assert isinstance(raw, AsyncSession)
        held = Held(opening, raw, principal, self._place(principal, pick, session, writes=writes))
        self._held.append(held)
        # On SQLite the first statement decides what is seen until the end.
        await READING["list"](held.place)
        held.place.is_stale = self._sees_what_is_committed(held)

    async def _end(self, held: Held) -> None:
        """End a session as if its block had ended."""
        self._held.remove(held)
        await held.opening.__aexit__(None, None, None)
        self._commit(held.principal, held.place)
        self._ended = [*self._ended, held][-_KEPT:]
        self.done["end"] += 1

    async def _break(self, held: Held) -> None:
        """End a session as if its block had raised."""
        self._held.remove(held)
        error = RuntimeError("the work failed")
        await held.opening.__aexit__(type(error), error, None)
        self._ended = [*self._ended, held][-_KEPT:]

    async def _end_one(self, principal: AuthenticatedPrincipal, pick: int) -> None:
        if not self._held:
            await self._at_once(principal, READING["list"], pick, writes=False)
            self.done["list"] += 1
        else:
            await self._end(self._held[pick % len(self._held)])

    async def _break_one(self, principal: AuthenticatedPrincipal, pick: int) -> None:
        if not self._held:
            await self._at_once(principal, READING["count"], pick, writes=False)
        else:
            await self._break(self._held[pick % len(self._held)])

    async def _cancel(self, principal: AuthenticatedPrincipal, pick: int) -> None:
        """Cancel work that has written, while it waits for something else."""
        await self._make_way(principal)
        await self._make_room()
        reached = asyncio.Event()

        async def work() -> None:
            async with self._database.session_for(principal, _method(principal)) as session:
                try:
                    await WRITING["add"](self._place(principal, pick, session, writes=True))
                finally:
                    reached.set()
                await asyncio.Event().wait()

        task = asyncio.ensure_future(work())
        await reached.wait()
        task.cancel()
        with suppress(asyncio.CancelledError, Spoiled):
            await task

    async def _together(self, _principal: AuthenticatedPrincipal, pick: int) -> None:
        """Let three users act at once, as far as the pool lets them."""
        chosen = [USERS[(pick + n) % len(USERS)] for n in range(3)]
        for user in chosen:
            await self._make_way(user)
        await self._make_room()
        actions = [WRITING["add"], READING["join"], WRITING["change"]]
        places: list[tuple[UserPrincipal, Place]] = []

        async def act(user: UserPrincipal, action: Action) -> None:
            self._number += 1
            place = partial(self._place, user, pick, writes=True)
            async with self._database.session_for(user, BEARER) as session:
                places.append((user, mine := place(session)))
                await READING["list"](mine)
                await action(mine)
            self.done["together"] += 1

        await asyncio.gather(*map(act, chosen, actions))
        for owner, place in places:
            self._commit(owner, place)

    async def _append(self, _principal: AuthenticatedPrincipal, pick: int) -> None:
        """Append to two journals in one transaction, as the event writer does."""
        chosen = (USERS[pick % len(USERS)], USERS[(pick + 1) % len(USERS)])
        for user in chosen:
            await self._make_way(user)
        await self._make_room()
        new = {u: NewEventRow(f"{u}_{self._number}", "r", "t", "a", "n", "0", "{}") for u in chosen}

        def work(journal: JournalTransaction) -> None:
            journal.append({journal.under(u, BEARER): [event] for u, event in new.items()})

        await self._database.journal_transaction(work)
        for user, event in new.items():
            row = Row("events", event.key, user.user_id, event.thread_id, event.payload)
            self.rows[row.table, row.id] = row

    async def _after_the_end(self, principal: AuthenticatedPrincipal, pick: int) -> None:
        """Use a session after its end: itself it refuses, and beneath it is nobody's."""
        if not self._ended:
            await self._at_once(principal, READING["load"], pick, writes=False)
            return
        held = self._ended[pick % len(self._ended)]
        session, raw = held.place.session, held.raw
        for use in (
            lambda: session.get(Thread, "thr_nothing"),
            lambda: session.scalars(select(Thread)),
            lambda: session.run_constant(select(Thread.id), {}),
            session.flush,
        ):
            with refused(InternalError, spoils=False):
                await use()
        await self._make_room()
        try:
            compare((await raw.execute(select(Thread.id, Thread.owner_id))).all(), (), "after")
            found = await (await raw.connection()).exec_driver_sql("SELECT * FROM messages")
            compare(found.all(), (), "after the end")
        finally:
            await raw.close()

    async def _make_way(self, principal: AuthenticatedPrincipal) -> None:
        """End the sessions whose changes somebody who writes would wait for."""
        for held in tuple(self._held):
            touches_same = principal is held.principal or MAINTAINER in {principal, held.principal}
            if held.place.writes and (touches_same or not self._is_postgres):
                await self._end(held)

    async def _make_room(self) -> None:
        """End the oldest session if the pool has no connection left."""
        if len(self._held) >= self._pool_size:
            await self._end(self._held[0])

    def _place(
        self,
        principal: AuthenticatedPrincipal,
        pick: int,
        session: PrincipalSession,
        *,
        writes: bool,
    ) -> Place:
        return Place(
            session,
            principal.user_id if isinstance(principal, UserPrincipal) else None,
            principal is MAINTAINER,
            writes,
            self._is_postgres,
            self._seen(principal),
            self._unseen(principal),
            pick,
            self._number,
            OWNERS,
            stolen=self._stolen_from_others(principal),
        )

    def _seen(self, principal: AuthenticatedPrincipal) -> Rows:
        if principal is MAINTAINER:
            return dict(self.rows)
        owner = str(principal)
        return {key: row for key, row in self.rows.items() if row.owner == owner}

    def _unseen(self, principal: AuthenticatedPrincipal) -> Rows:
        writing = {str(held.principal) for held in self._held if held.place.writes}
        if principal is MAINTAINER or str(MAINTAINER) in writing:
            return {}
        besides = {*writing, str(principal)}
        return {key: row for key, row in self.rows.items() if row.owner not in besides}

    def _sees_what_is_committed(self, held: Held) -> bool:
        return self._is_postgres and not held.place.writes

    def _stolen_from_others(self, principal: AuthenticatedPrincipal) -> Owned | None:
        for at, (owner, _) in enumerate(self._loaded):
            if owner != str(principal):
                return self._loaded.pop(at)[1]
        return None

    def _commit(self, principal: AuthenticatedPrincipal, place: Place) -> None:
        if place.owner is not None:
            fresh = [(place.owner, item) for item in place.loaded]
            self._loaded = [*self._loaded, *fresh][-_KEPT:]
        if not place.writes:
            return
        replaced = self._seen(principal)
        kept = {key: row for key, row in self.rows.items() if key not in replaced}
        self.rows = {**kept, **place.rows}


def _method(principal: AuthenticatedPrincipal) -> CredentialMethod:
    return BEARER if isinstance(principal, UserPrincipal) else SECRET


def _stored(plain: Plain) -> Rows:
    found: Rows = {}
    for table in ENTITIES:
        columns = ", ".join(NAMES[table])
        for values in plain.execute(f"SELECT {columns} FROM t_{table}"):  # noqa: S608 - names of ours
            row = as_row(table, values)
            found[table, row.id] = row
    return found


_Special: TypeAlias = Callable[[Crowd, AuthenticatedPrincipal, int], Awaitable[None]]
_SPECIAL: Final[Mapping[str, _Special]] = {
    "open": Crowd._open,
    "end": Crowd._end_one,
    "break": Crowd._break_one,
    "cancel": Crowd._cancel,
    "together": Crowd._together,
    "append": Crowd._append,
    "after the end": Crowd._after_the_end,
}
_COUNTED: Final = frozenset({"end", "together"})
"""Kinds that count themselves: each session that ends, each of those who act at once."""

KINDS: Final = (*READING, *WRITING, *_SPECIAL)
