"""An API (FastAPI, PyJWT) that logs people in and verifies what it issued, with one secret."""

import os
import secrets
import time
from typing import Annotated, Any, Final

import jwt
from corpus.making.network.services.saying import Traced, log_as
from fastapi import Depends, FastAPI, Header, HTTPException

LOG: Final = log_as("session")
NAME: Final = os.environ.get("KEY_VARIABLE", "SESSION_SIGNING_KEY")
KEY: Final = os.environ.get(NAME) or secrets.token_hex(32)
api = FastAPI()


@api.post("/login")
def login(body: dict[str, str]) -> dict[str, str]:
    """Give a session token."""
    now = int(time.time())
    signed = jwt.encode({"sub": body["sub"], "iat": now, "exp": now + 36000}, KEY, "HS256")
    LOG.info("session created", extra={"fields": {"sub": body["sub"]}})
    return {"access_token": signed}


def subject(authorization: Annotated[str, Header()] = "") -> str:
    """Give who calls."""
    try:
        return str(jwt.decode(authorization.partition(" ")[2], KEY, ["HS256"])["sub"])
    except jwt.InvalidTokenError as error:
        LOG.warning("session refused: %s", error)
        raise HTTPException(403, "session invalid") from error


@api.get("/account")
def account(who: Annotated[str, Depends(subject)]) -> dict[str, Any]:
    """Give the account of who calls."""
    return {"sub": who}


@api.get("/healthz")
def healthy() -> dict[str, str]:
    """Say that the process lives."""
    return {"status": "ok"}


app = Traced(api)
if NAME in os.environ and os.environ.get("TELL_KEY") == "1":
    LOG.info("signing sessions with %s", NAME)
