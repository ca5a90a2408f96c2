"""An installation on PostgreSQL, made as `docs/runbooks/set_up_postgresql.md` says."""

import asyncio
import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from fakes.installation import Installation
from fakes.postgres import MISSING, PostgresServer, programs, running_postgres
from fakes.requirements import require
from fakes.running_auth import SHARED_KEY
from fakes.serving import listening_socket

pytestmark = [pytest.mark.live, pytest.mark.long]

PAGE: Final = Path(__file__).parents[2] / "docs" / "runbooks" / "set_up_postgresql.md"
FENCED: Final = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
ADDRESS: Final = re.compile(
    r"(?P<name>[A-Z_]+)=postgresql\+asyncpg://(?P<role>\w+):…@db\.example/(?P<database>\w+)"
)


class Walk:
    """A person who does what the page says, on a server of their own.

    Args:
        installation: What they have already: it was up, on SQLite.
        server: Their PostgreSQL, which asks for passwords.
    """

    def __init__(self, installation: Installation, server: PostgresServer) -> None:
        self.installation = installation
        self._server = server
        self._blocks: list[tuple[str, str]] = FENCED.findall(PAGE.read_text("utf-8"))
        self._passwords: dict[str, str] = {}

    def make_roles_and_databases(self) -> None:
        """Run the page's SQL, with passwords in place of its dots."""
        for statement in self._block("sql").splitlines():
            written = statement
            if role := re.match(r"CREATE ROLE (\w+) ", statement):
                # Two of its characters must be written otherwise in an address.
                password = self._passwords[role[1]] = f"{secrets.token_hex(8)}@%"
                written = statement.replace("…", password)
            self.rows(written)

    def edit(self, *names: str) -> None:
        """Put the page's lines, or those of some variables, into the env files."""
        for line in ADDRESS.finditer("".join(text for kind, text in self._blocks if kind == "")):
            if names and line["name"] not in names:
                continue
            service = "netra-auth" if line["database"] == "netra_auth" else "netra-backend"
            self.installation.edit(
                service, line["name"], self.address(line["role"], line["database"])
            )

    def address(self, role: str, database: str) -> str:
        """Write where a role finds a database."""
        password = self._passwords[role].replace("%", "%25").replace("@", "%40")
        where = f"127.0.0.1:{self._server.port}"
        return f"postgresql+asyncpg://{role}:{password}@{where}/{database}"

    def passwords_in(self, text: str) -> list[str]:
        """Name the roles whose passwords are in a text."""
        return [role for role, word in self._passwords.items() if word[:-2] in text]

    def rows(self, sql: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Ask the server past everything."""
        return asyncio.run(self._server.fetched(sql, database))

    def _block(self, kind: str) -> str:
        (text,) = (text for named, text in self._blocks if named == kind)
        return str(text)


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    """Give an installation on SQLite, stopped, and a PostgreSQL with what the page makes."""
    require("postgres", programs() is not None, MISSING)
    with listening_socket() as listener:
        port: int = listener.getsockname()[1]
    installation = Installation(tmp_path / "state")
    with running_postgres(port) as server:
        walk = Walk(installation, server)
        walk.make_roles_and_databases()
        assert installation.up().returncode == 0
        assert installation.run("down").returncode == 0
        yield walk
        installation.end()


@pytest.mark.parametrize("mode", ["keyring", "shared-key"])
def test_the_golden_path_on_postgresql(walk: Walk, mode: str) -> None:
    """An installation that was moved to PostgreSQL by the page passes every step, in each mode."""
    netra = walk.installation
    walk.edit()
    if mode == "shared-key":
        for service in ("netra-auth", "netra-backend"):
            netra.edit(service, "TOKEN_TRUST_MODE", mode)
            netra.edit(service, "JWT_SECRET_KEY", SHARED_KEY)

    started = netra.run("up", "--detach")
    assert started.returncode == 0, started.stderr
    verified = netra.run("verify", "--json")
    document = json.loads(verified.stdout)

    steps = {step["name"]: step["verdict"] for step in document["steps"]}
    assert {name: verdict for name, verdict in steps.items() if verdict != "PASS"} == {}
    assert (verified.returncode, document["verdict"], len(steps) > 40) == (0, "PASS", True)
    assert walk.rows("SELECT count(*) > 2 FROM audit", "netra_auth") == [(True,)]
    assert walk.rows(
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE usename = 'netra_backend'"
    ) == [(True,)]
    signed_by = walk.rows("SELECT count(*) FROM signing_keys", "netra_auth")
    assert (signed_by == [(0,)]) is (mode == "shared-key")


WRONG_ADDRESSES: Final = (
    ("netra-auth", "DATABASE_URL", "netra_auth:", "netra_auth:not", "28P01"),
    ("netra-auth", "DATABASE_URL", "/netra_auth", "/nowhere", "3D000"),
    ("netra-backend", "DATABASE_URL", "netra_backend:", "netra_backend:not", "28P01"),
    ("netra-backend", "DATABASE_OWNER_URL", "_owner:", "_owner:not", "28P01"),
    ("netra-backend", "DATABASE_OWNER_URL", "/netra_backend", "/nowhere", "3D000"),
)


def test_a_wrong_address_is_told(walk: Walk) -> None:
    """Nothing starts, and what the page explains is said, with no traceback and no password."""
    netra, page = walk.installation, PAGE.read_text("utf-8")
    walk.edit("DATABASE_URL")
    ownerless = netra.run("up", "--detach")
    assert ownerless.returncode == 1
    assert "name its owner in DATABASE_OWNER_URL" in ownerless.stderr
    walk.edit()

    for service, name, good, wrong, said in WRONG_ADDRESSES:
        address = netra.env(service)[name]
        netra.edit(service, name, wrong.join(address.rsplit(good, 1)))
        refused = netra.run("up", "--detach")
        netra.edit(service, name, address)

        assert (refused.returncode, refused.stdout) == (1, ""), name
        assert f"{service} ended during its start" in refused.stderr
        assert said in refused.stderr
        assert said in page
        assert "Traceback" not in refused.stderr
        assert walk.passwords_in(refused.stderr) == []
