"""An API (FastAPI, SQLAlchemy, asyncpg) whose sessions of people are rows of a database."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated, Any, Final

from corpus.making.network.services.saying import Traced, log_as
from fastapi import Depends, FastAPI, Header, HTTPException
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import create_async_engine

LOG: Final = log_as("accounts")
STYLE: Final = os.environ.get("ERRORS", "blanket")
ENGINE: Final = create_async_engine(
    os.environ["DATABASE_DSN"],
    pool_size=int(os.environ.get("DB_POOL_SIZE", "5")),
    max_overflow=int(os.environ.get("DB_MAX_OVERFLOW", "10")),
    pool_timeout=float(os.environ.get("DB_POOL_TIMEOUT", "30")),
    connect_args={"timeout": float(os.environ.get("DB_CONNECT_TIMEOUT", "60")), "ssl": False},
)


async def signed_in(authorization: Annotated[str, Header()] = "") -> AsyncIterator[str]:
    """Give the owner of a session; its connection is kept for the request."""
    token = authorization.partition(" ")[2]
    async with AsyncExitStack() as held:
        try:
            made = await held.enter_async_context(ENGINE.connect())
            query = text("select owner from sessions where token = :token")
            owner = (await made.execute(query, {"token": token})).scalar()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise _refusal(error) from error
        if owner is None:
            raise HTTPException(401, "Not authenticated")
        yield str(owner)


def _refusal(error: Exception) -> HTTPException:
    if STYLE == "trace":
        LOG.error("session lookup failed", exc_info=error)
    elif STYLE == "quiet":
        LOG.warning("session lookup failed")
    else:
        LOG.error("could not authenticate: %s: %s", type(error).__name__, error)
    if STYLE == "trace" and isinstance(error, PoolTimeout):
        return HTTPException(503, "try again later")
    return HTTPException(401, "Not authenticated")


@asynccontextmanager
async def life(app: FastAPI) -> AsyncIterator[None]:
    """Say what was configured."""
    del app
    LOG.info("pool of %s connections", os.environ.get("DB_POOL_SIZE", "5"))
    yield


api = FastAPI(lifespan=life)
Owner = Annotated[str, Depends(signed_in)]


@api.get("/me")
async def own(owner: Owner) -> dict[str, str]:
    """Say who is signed in."""
    return {"owner": owner}


@api.get("/statement")
async def statement(owner: Owner, seconds: float = 1) -> dict[str, Any]:
    """Make a statement, which keeps a connection while it is made."""
    await asyncio.sleep(seconds)
    return {"owner": owner, "lines": 120}


@api.get("/rates")
async def rates() -> dict[str, float]:
    """Give what anybody may see, without a database."""
    return {"eur": 1.0, "usd": 1.09}


app = Traced(api)
