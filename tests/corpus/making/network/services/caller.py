"""A service (Starlette) that calls another with requests, and says how it went."""

import os
from typing import Final

import anyio.to_thread
import requests
from corpus.making.network.services.saying import Traced, log_as
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

LOG: Final = log_as("billing.client")
BASE: Final = os.environ["LEDGER_BASE_URL"]


def _token() -> str:
    answer = requests.post(os.environ["TOKEN_URL"], json={"sub": "svc-billing"}, timeout=20)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def _fetch(path: str) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {_token()}"}
    answer = requests.get(f"{BASE}{path}", headers=headers, timeout=20)
    hops = [f"{one.status_code} {one.url}" for one in [*answer.history, answer]]
    if answer.status_code != 200:
        kept = "Authorization" in answer.request.headers
        fields = {"hops": hops} | ({"sent_authorization": kept} if _wordy() else {})
        told = fields if _wordy() else {}
        LOG.error(
            "ledger answered %s %s", answer.status_code, answer.reason, extra={"fields": told}
        )
    else:
        LOG.info("ledger answered %s", answer.status_code)
    return answer.status_code, answer.text


def _wordy() -> bool:
    return os.environ.get("DESCRIBE", "yes") == "yes"


async def invoice(request: Request) -> Response:
    """Make an invoice of what the ledger says."""
    try:
        path = os.environ.get("LEDGER_PATH", "/v1/orders")
        status, _ = await anyio.to_thread.run_sync(_fetch, path)
    except requests.RequestException:
        LOG.exception("ledger call failed")
        return JSONResponse({"error": "ledger unavailable"}, 502)
    answer = {"invoice": request.path_params["number"]}
    if status != 200:
        return JSONResponse({"error": f"ledger answered {status}"}, 502)
    return JSONResponse(answer)


async def healthy(request: Request) -> Response:
    """Say that the process lives."""
    del request
    return JSONResponse({"status": "ok"})


app = Traced(Starlette(routes=[Route("/invoices/{number}", invoice), Route("/healthz", healthy)]))
