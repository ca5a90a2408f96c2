"""Foreign: people's orders. FastAPI and PyJWT, plain log lines."""

import base64
import logging
import secrets
from typing import Any

import jwt
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from settings import name_of, option, required, variable

logging.basicConfig(
    level=logging.INFO,
    format=option("log_format", "%(asctime)s - %(name)s - %(levelname)s - %(message)s"),
)
log = logging.getLogger(option("logger", "orders"))
app = FastAPI(title="orders")
bearer = HTTPBearer(auto_error=not option("identity_optional"))


def _key() -> Any:
    if option("default_key") is not None:
        found = variable("key")
        if found is None:
            log.warning(option("says_default"), name_of("key"))
            found = option("default_key")
    elif option("random_key"):
        found = variable("key") or secrets.token_urlsafe(32)
    elif option("key_optional"):
        found = variable("key")
        if found is None:
            log.warning("%s is not set, requests will be anonymous", name_of("key"))
    else:
        found = required("key")
    if found is not None and option("decode_base64"):
        return base64.b64decode(found)
    return found


KEY = _key()
ALGORITHMS = option("algorithms", ["HS256"])
AUDIENCE = variable("audience", option("audience", "api"))
ISSUER = variable("issuer", option("issuer", "https://login.example"))
PARTNER = variable("partner")
if "partner" in option("variables", {}) and option("partner_feature"):
    log.info("%s: %s", option("partner_feature"), "enabled" if PARTNER else "disabled")


def _claims(token: str) -> dict[str, Any]:
    return jwt.decode(
        token,
        KEY,
        algorithms=ALGORITHMS,
        audience=AUDIENCE,
        issuer=ISSUER,
        options={"require": ["exp", "iss", "aud"]},
    )


def caller(
    request: Request, sent: HTTPAuthorizationCredentials | None = Depends(bearer)
) -> dict[str, Any] | None:
    """Give who calls."""
    if option("identity_optional"):
        try:
            return _claims(sent.credentials) if sent else None
        except Exception as error:
            log.debug("no identity: %s", error)
            return None
    if KEY is None:
        return None
    assert sent is not None
    try:
        return _claims(sent.credentials)
    except jwt.PyJWTError as error:
        if option("says_reason", True):
            log.warning("token rejected on %s: %s", request.url.path, error)
        else:
            log.warning("unauthorized request to %s", request.url.path)
        status = option("refuses_with", 401)
        raise HTTPException(status, option("detail", "Could not validate credentials")) from None


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """Answer that the process lives."""
    return {"status": "ok"}


@app.get("/orders")
def orders(who: dict[str, Any] | None = Depends(caller)) -> dict[str, Any]:
    """List a person's orders."""
    name = who["sub"] if who else None
    log.info("listing orders user_id=%s", name)
    return {"user_id": name, "orders": [] if name is None else [{"id": 1041}, {"id": 1077}]}


@app.get("/me")
def me(who: dict[str, Any] | None = Depends(caller)) -> dict[str, Any]:
    """Say who calls."""
    return {"user_id": who["sub"] if who else None}


@app.post("/partner/sync")
def sync(who: dict[str, Any] | None = Depends(caller)) -> dict[str, Any]:
    """Hand orders to the partner."""
    if not PARTNER:
        if option("partner_feature"):
            return {"synced": 0, "skipped": True}
        log.error("partner sync failed: %s not configured", name_of("partner"))
        raise HTTPException(option("partner_status", 503), "partner credentials missing")
    log.info("partner sync done for user_id=%s", who["sub"] if who else None)
    return {"synced": 2}
