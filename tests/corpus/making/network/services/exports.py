"""A service (Starlette, google-auth) that acts with a service account's key file."""

import os
from typing import Final

import anyio.to_thread
from corpus.making.network.services.saying import Traced, log_as
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request as Transport
from google.oauth2.service_account import Credentials
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

LOG: Final = log_as("exports")


def _publish() -> None:
    credentials = Credentials.from_service_account_file(  # type: ignore[no-untyped-call, unused-ignore]
        os.environ["GOOGLE_APPLICATION_CREDENTIALS"],
        scopes=["https://www.googleapis.com/auth/pubsub"],
    )
    credentials.refresh(Transport())  # type: ignore[no-untyped-call, unused-ignore]


async def export(request: Request) -> Response:
    """Publish an export."""
    job = request.path_params["job"]
    try:
        await anyio.to_thread.run_sync(_publish)
    except GoogleAuthError:
        LOG.exception("export %s failed", job)
        return JSONResponse({"error": "unauthorized"}, 500)
    LOG.info("export %s published", job)
    return JSONResponse({"job": job})


async def local(request: Request) -> Response:
    """List what needs no other service."""
    del request
    return JSONResponse({"jobs": ["daily", "weekly"]})


app = Traced(
    Starlette(routes=[Route("/exports/{job}", export, methods=["POST"]), Route("/jobs", local)])
)
