"""Foreign: workspaces of people, with a session of the database for each request. FastAPI.

An error thrown anywhere in a request passes through the session's dependency, which books it on the
service's own name: that is this service's fault, and not the one its log speaks of.
"""

import json
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from settings import name_of, option, required, variable

ME = option("service_user", "service:workspace-api")
app = FastAPI()
bearer = HTTPBearer(auto_error=False)
KEY = required("key")
DETAIL = option("detail", "Not authenticated")
_count = iter(range(700, 10_000_000, 5))


def say(severity: str, message: str, **members: Any) -> None:
    """Write a structured line."""
    now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    line = {"severity": severity, "timestamp": now, "message": message, **members}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if variable("service_secret"):
    say("INFO", f"Loaded {name_of('service_secret')} from environment")
say(
    "INFO",
    f"auth client initialized - Service ID: {ME.partition(':')[2]}, "
    f"Service Secret configured: {bool(variable('service_secret'))}",
    revision=os.environ.get("K_REVISION"),
)


async def session() -> AsyncIterator[dict[str, Any]]:
    """Open a session of the database, whoever asks."""
    request = f"req_{int(time.time() * 1000)}_{next(_count)}_{secrets.token_hex(4)}"
    say("INFO", f"Creating session for service user '{ME}'", request_id=request)
    say(
        "INFO",
        f"SERVICE USER SESSION: Created session for service user_id='{ME}'",
        request_id=request,
    )
    try:
        yield {"request_id": request}
    except HTTPException as error:
        if error.status_code in {401, 403}:
            _booked(request, error)
        raise


def _booked(request: str, error: HTTPException) -> None:
    detail = f"{error.status_code}: {error.detail}"
    correlation = f"debug_corr_{int(time.time() * 1000)}_{next(_count)}_{secrets.token_hex(4)}"
    say(
        "ERROR",
        f"CRITICAL_AUTH_FAILURE: {error.status_code} '{error.detail}' error detected! | User: "
        f"'{ME}' "
        "| Operation: 'create_request_scoped_db_session'",
        request_id=request,
        correlation_id=correlation,
        error_context={
            "user_id": ME,
            "error_type": type(error).__name__,
            "error_message": detail,
            "auth_failure_stage": "session_factory_call",
            "likely_cause": "authentication_middleware_blocked_service_user",
            "debugging_priority": "CRITICAL",
        },
        auth_state={"current_state": "failed", "user_type": "regular", "is_service_call": False},
    )
    say(
        "ERROR",
        f"Failed to create request-scoped session {request} for user '{ME}': {detail}",
        request_id=request,
    )
    if option("hints", True):
        say(
            "ERROR",
            f"session creation failed at stage session_factory_call for {ME}",
            correlation_id=correlation,
            debug_hints=[
                f"{error.status_code} '{error.detail}' suggests JWT validation failed",
                "Check authentication middleware configuration",
                "Verify the service secret across services",
            ],
        )


def person(
    sent: HTTPAuthorizationCredentials | None = Depends(bearer),
    held: dict[str, Any] = Depends(session),
) -> str:
    """Give who asks."""
    if sent is None:
        raise HTTPException(option("refuses_with", 403), DETAIL)
    try:
        claims = jwt.decode(
            sent.credentials,
            KEY,
            algorithms=["HS256"],
            audience=option("audience", "api"),
            issuer=option("issuer"),
        )
    except jwt.PyJWTError as error:
        say("WARNING", f"user token rejected: {error}", request_id=held["request_id"])
        raise HTTPException(401, "Invalid token") from None
    return str(claims["sub"])


@app.get("/health")
def health() -> dict[str, str]:
    """Answer that the process lives."""
    return {"status": "healthy"}


@app.get("/api/threads")
def threads(who: str = Depends(person)) -> dict[str, Any]:
    """List a person's threads."""
    say("INFO", "threads listed", user_id=who)
    return {"threads": [1, 2, 3]}


@app.post("/internal/reindex")
async def reindex(held: dict[str, Any] = Depends(session)) -> dict[str, Any]:
    """Do work of the service's own."""
    say("INFO", f"reindex done as {ME}", request_id=held["request_id"])
    return {"indexed": 41}
