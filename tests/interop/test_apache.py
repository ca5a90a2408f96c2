"""Apache with mod_auth_openidc, a certified relying party, logging a person in at our pages."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import httpx2
import pytest

from fakes.log_in_pages import walked
from fakes.registered_services import registered
from fakes.requirements import require
from fakes.running_auth import RunningAuth, running_auth_service
from fakes.serving import listening_socket
from fakes.timing import UNIT

pytestmark = pytest.mark.long

MODULES: Final = Path("/usr/lib/apache2/modules")
LOADED: Final = (
    "mpm_event",
    "authn_core",
    "authz_core",
    "authz_user",
    "dir",
    "headers",
    "auth_openidc",
)
CONFIGURATION: Final = """
ServerRoot {folder}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {folder}/httpd.pid
ErrorLog {folder}/error.log
{modules}
{user}
DocumentRoot {folder}/htdocs
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID shop
OIDCClientSecret {secret}
OIDCRedirectURI {url}/private/callback
OIDCCryptoPassphrase {secret}
OIDCPKCEMethod S256
OIDCScope "openid profile email"
OIDCRemoteUserClaim email
<Location /private>
AuthType openid-connect
Require valid-user
Header always set X-Remote-User "expr=%{{REMOTE_USER}}"
</Location>
"""


@contextmanager
def _folder() -> Iterator[Path]:
    """Give a folder that Apache's own user can read, as pytest's cannot be."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "htdocs" / "private").mkdir(parents=True)
        (folder / "htdocs" / "private" / "index.html").write_text("the private page")
        yield folder


@asynccontextmanager
async def _apache(configuration: Path) -> AsyncIterator[None]:
    program = shutil.which("apache2", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    here = program is not None and (MODULES / "mod_auth_openidc.so").exists()
    require("apache", here, "install Debian's libapache2-mod-auth-openidc")
    assert program is not None
    child = await asyncio.create_subprocess_exec(
        program,
        "-f",
        str(configuration),
        "-DFOREGROUND",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        child.terminate()
        await child.wait()


async def _answering(http: httpx2.AsyncClient, url: str) -> httpx2.Response:
    """Ask until somebody answers."""
    async with asyncio.timeout(20 * UNIT):
        while True:
            try:
                return await http.get(url)
            except httpx2.TransportError:
                await asyncio.sleep(0.05)


def _configuration(folder: Path, port: int, auth: RunningAuth, secret: str) -> Path:
    modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in LOADED)
    user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
    file = folder / "httpd.conf"
    text = CONFIGURATION.format(
        folder=folder,
        port=port,
        url=f"http://127.0.0.1:{port}",
        modules=modules,
        user=user,
        issuer=auth.url,
        secret=secret,
    )
    file.write_text(text)
    return file


async def test_apache_logs_a_person_in(tmp_path: Path) -> None:
    """From the protected page over log-in and consent back to it, as the person who logged in."""
    with listening_socket() as taken:
        port = int(taken.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    async with running_auth_service(tmp_path) as auth:
        person = await auth.registered_person()
        secret = await registered(
            auth,
            "shop",
            name="The shop",
            scopes=["openid", "profile", "email"],
            grants=["authorization_code"],
            redirect_uris=[f"{url}/private/callback"],
        )
        with _folder() as folder:
            log = folder / "error.log"
            async with (
                _apache(_configuration(folder, port, auth, secret)),
                httpx2.AsyncClient(trust_env=False, timeout=20 * UNIT) as browser,
            ):
                answer = await _answering(browser, f"{url}/private/")
                assert answer.status_code == 302, log.read_text()
                assert answer.headers["location"].startswith(f"{auth.url}/authorize?")
                page = await walked(browser, answer, person)

                assert page.status_code == 200, (page.text, log.read_text())
                assert page.text == "the private page"
                assert page.headers["x-remote-user"] == person.email
