"""Both real services with TLS ended in the processes themselves, and a CA file to trust."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fakes.certificates import Certificate, self_signed
from fakes.running_auth import SERVICE_SECRETS, auth_settings, provide_store
from fakes.running_backend import backend_settings
from fakes.serving import listening_socket
from fakes.timing import UNIT, eventually
from netra.clock import SystemClock
from netra_auth.bootstrap import opened_state
from netra_auth.main import server_for
from netra_backend.app.bootstrap import create_app


@asynccontextmanager
async def _auth_over_tls(folder: Path, files: Certificate) -> AsyncIterator[str]:
    """Run the auth service with a certificate; give its address."""
    listener = listening_socket()
    port = listener.getsockname()[1]
    url = f"https://127.0.0.1:{port}"
    settings = auth_settings(
        folder,
        port,
        ISSUER_URL=url,
        TLS_CERTIFICATE_PATH=str(files.certificate),
        TLS_PRIVATE_KEY_PATH=str(files.key),
    )
    await provide_store(settings)
    async with opened_state(settings, SystemClock()) as state:
        server = server_for(settings, state)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await eventually(lambda: server.started or serving.done(), within=10 * UNIT)
            yield url
        finally:
            server.should_exit = True
            await serving


async def _validated(folder: Path, url: str, ca_path: str | None) -> tuple[bool, str]:
    """Have a backend prove its credential; give whether it could, and what it says if not."""
    settings = backend_settings(
        folder / "netra-backend.db",
        AUTH_SERVICE_URL=url,
        SERVICE_SECRET=SERVICE_SECRETS["netra-backend"],
        AUTH_CA_PATH=ca_path,
    )
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        answer = await app.state.netra.auth_client.validate_service_user_context(
            "netra-backend", "database_session_creation"
        )
    return bool(answer["valid"]), str(answer.get("details", ""))


async def test_a_trusted_certificate_carries_the_proof(tmp_path: Path) -> None:
    """With the CA file configured the backend reaches the auth service over TLS."""
    files = self_signed(tmp_path)
    async with _auth_over_tls(tmp_path, files) as url:
        reached = await _validated(tmp_path, url, str(files.certificate))
        unreached = await _validated(tmp_path, url, None)

    assert reached == (True, "")
    assert not unreached[0]
    assert "certificate refused" in unreached[1]
