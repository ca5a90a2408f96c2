"""Foreign: issues tokens to people and services. FastAPI and PyJWT."""

import base64
import hashlib
import json
import logging
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from settings import name_of, option, required, variable

logging.basicConfig(
    level=logging.INFO,
    format=option("log_format", "%(asctime)s %(levelname)-7s %(name)s: %(message)s"),
)
log = logging.getLogger("login")
app = FastAPI()

ALGORITHM = option("algorithm", "HS256")
KEY: Any = required("key") if "key" in option("variables", {}) else secrets.token_hex(32)
if option("decode_base64"):
    KEY = base64.b64decode(KEY)
if option("strip"):
    KEY = KEY.strip()
ISSUER = variable("issuer", option("issuer", "https://login.example"))
AUDIENCE = variable("audience", option("audience", "api"))
log.info("signing with %s from %s, issuer %s", ALGORITHM, name_of("key"), ISSUER)


def audit(event: str, outcome: str, request: Request, **members: Any) -> None:
    """Append to the audit record."""
    path = option("audit")
    if not path:
        return
    record = {
        "audit_id": "aud_" + secrets.token_hex(10),
        "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "event": event,
        "outcome": outcome,
        "actor": members.get("client_id") or members.get("subject") or "anonymous",
        "client_id": None,
        "subject": None,
        "reason": None,
        "request_id": request.headers.get("x-cloud-trace-context", "").partition("/")[0][:16],
        **members,
    }
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def signed(subject: Any, **claims: Any) -> str:
    """Sign a token."""
    now = int(time.time())
    body = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject,
        "iat": now,
        "exp": now + option("lifetime", 900),
        **claims,
    }
    return jwt.encode(body, KEY, algorithm=ALGORITHM, headers={"kid": option("kid", "k1")})


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """Answer that the process lives."""
    return {"status": "ok"}


@app.post("/login")
async def login(request: Request) -> JSONResponse:
    """Give a person a token."""
    body = await request.json()
    if body.get("password") == "wrong":
        log.info("login refused for %s", body["user"])
        audit("login", "refused", request, subject=body["user"], reason="wrong password")
        return JSONResponse({"error": "invalid_grant"}, 400)
    subject: Any = body["user"]
    if option("integer_subject"):
        subject = int(hashlib.sha256(subject.encode()).hexdigest()[:4], 16)
    log.info("login ok for %s", body["user"])
    audit("login", "success", request, subject=str(subject))
    return JSONResponse(
        {"access_token": signed(subject, name=body["user"]), "token_type": "Bearer"}
    )


def _client(request: Request, form: dict[str, Any]) -> tuple[str, str]:
    header = request.headers.get("authorization", "")
    if header.startswith("Basic "):
        name, _, secret = base64.b64decode(header[6:]).decode("utf-8", "replace").partition(":")
        return name, secret
    return form.get("client_id", ""), form.get("client_secret", "")


@app.post("/oauth/token")
async def token(request: Request) -> JSONResponse:
    """Give a service a token for its secret."""
    form = await request.json()
    name, secret = _client(request, form)
    account = option("clients", {}).get(name)
    reason = None
    if account is None:
        reason = option("says_unknown", "unknown service")
    elif account.get("disabled"):
        reason = option("says_disabled", "the service is disabled")
    elif hashlib.sha256(secret.encode()).hexdigest() != account["secret_sha256"]:
        reason = option("says_wrong", "wrong secret")
    if reason:
        audit("client_authentication", "refused", request, client_id=name, reason=reason)
        log.warning("client authentication failed for %s", name)
        return JSONResponse({"error": "invalid_client"}, 401)
    audit("token_issued", "success", request, client_id=name)
    log.info("token issued to %s", name)
    subject = f"service:{name}"
    return JSONResponse({"access_token": signed(subject), "expires_in": 900})
