"""Foreign: work that a schedule starts, done by calling other services."""

import logging
import secrets
from typing import Any

import aiohttp
import httpx
import jwt
import requests
from fastapi import FastAPI, HTTPException
from settings import name_of, option, required, variable

logging.basicConfig(
    level=logging.INFO, format=option("log_format", "%(levelname)s:%(name)s:%(message)s")
)
logging.getLogger("httpx").setLevel(option("httpx_level", "INFO"))
log = logging.getLogger(option("logger", "courier"))
app = FastAPI()
KEY = secrets.token_hex(32)


def _credential() -> str | None:
    """Give the header's value, or None where nothing is to be sent."""
    if option("login"):
        got = requests.post(
            f"{required('login')}/oauth/token",
            json={"grant_type": "client_credentials"},
            auth=(option("client_id", "courier"), required("secret")),
            timeout=10,
        )
        if got.status_code != 200:
            log.error("token request failed: %s %s", got.status_code, got.text.strip()[:120])
            if option("goes_on_without"):
                return None
            raise HTTPException(502, "no token")
        return f"Bearer {got.json()['access_token']}"
    if option("identity"):
        audience = variable("audience") or required("target")
        log.info("identity token for audience %s", audience)
        # It stands for what the metadata server signs: the front reads its audience.
        return f"Bearer {jwt.encode({'aud': audience, 'sub': '1078'}, KEY, algorithm='HS256')}"
    if option("static"):
        value = variable("secret")
        if value is None:
            if option("says_missing"):
                log.warning(option("says_missing"), name_of("secret"))
            return None
        return f"Bearer {value}"
    return None


async def _called(url: str, headers: dict[str, str]) -> tuple[int, str]:
    library = option("library", "httpx")
    if library == "requests":
        got = requests.get(url, headers=headers, timeout=10)
        return got.status_code, got.text
    if library == "aiohttp":
        async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
            return answer.status, await answer.text()
    async with httpx.AsyncClient(timeout=10) as client:
        response = await client.get(url, headers=headers)
        return response.status_code, response.text


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """Answer that the process lives."""
    return {"status": "ok"}


@app.post("/jobs/{job}")
async def run(job: str) -> dict[str, Any]:
    """Do a job: one call of another service, a second time if the first is refused."""
    log.info("job %s started", job)
    anonymous = option("anonymous_jobs", [])
    credential = None if job in anonymous else _credential()
    headers = {} if credential is None else {"Authorization": credential}
    url = required("target") + option("paths", {}).get(job, "/orders")
    status, text = 0, ""
    for attempt in range(1 + option("retries", 0)):
        status, text = await _called(url, headers)
        if status == option("refused_is"):
            log.info("job %s: signing in again (attempt %d)", job, attempt + 1)
            credential = _credential()
            headers = {} if credential is None else {"Authorization": credential}
            status, text = await _called(url, headers)
        if status < 400:
            break
    if status >= 400:
        log.error("job %s failed: %s answered %d %s", job, url, status, text.strip()[:200])
        raise HTTPException(502, "upstream refused")
    log.info("job %s done", job)
    return {"status": status}
