"""Whether code may serve on its store, told by that code on this machine, as a process of its own.

Nothing has to run for it: only a store, and the code of a revision.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from fakes import next_revision as next_code
from fakes.configurations import AUTH, BACKEND
from fakes.netra_command import set_values
from fakes.next_revision import next_revision
from netra.clock import SystemClock
from netra.schema_fit import SchemaFit
from netra.secret import Secret
from netra_ops.platform.local import configuration, record
from netra_ops.platform.local.deployments import migration, revision_files
from netra_ops.platform.local.deployments.local_platform import LocalPlatform, program_of
from netra_ops.platform.local.record import Record, RevisionRecord, ServiceRecord
from netra_ops.platform.local.state_directory import StateDirectory, created
from netra_ops.platform.port import Change

pytestmark = [pytest.mark.live, pytest.mark.long]

ADDS: Final = {
    AUTH: "op.add_column('users', sa.Column('nickname', sa.String(64)))",
    BACKEND: "op.add_column('t_threads', sa.Column('colour', sa.String(16)))",
}
SECONDS: Final = 60.0


@dataclass(frozen=True)
class Machine:
    """A service's state directory, its platform, and the revision that serves by the record."""

    service: str
    directory: StateDirectory
    platform: LocalPlatform
    said: list[str]

    def migrate(self, code: Path | None = None) -> None:
        """Bring the store to the schema of some code."""
        folder = str(code) if code else None
        migration.migrate(self.directory, program_of(self.service), folder, SECONDS)

    def made(self, name: str, code: Path | None = None) -> str:
        """Record a revision of some code, and give what that code is called."""
        program = program_of(self.service)
        folder = str(code) if code else None
        digest = revision_files.code_digest(program, folder)
        text = self.directory.env_file(self.service).read_text("utf-8")
        revision_files.keep(self.directory, self.service, name, text)
        known = record.load(self.directory)
        mine = known.services.get(self.service, ServiceRecord(8000))
        mine = mine.with_new(name, RevisionRecord(8000, "f" * 64, digest, folder))
        record.save(self.directory, known.with_service(self.service, mine.split_as({name: 100})))
        revision = self.platform.state(self.service).revision(name)
        assert revision is not None
        return revision.code

    def next(self, folder: Path, declares: str) -> Path:
        """Write the code of the next revision, which adds to the schema."""
        its = next_code.AUTH if self.service == AUTH else next_code.BACKEND
        return next_revision(folder, its, ADDS[self.service], declares=declares).folder


@pytest.fixture(params=[AUTH, BACKEND])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    """A state directory in which one of the services was never started."""
    directory = created(tmp_path / "state")
    configuration.make(directory, {AUTH: 8001, BACKEND: 8000})
    record.save(directory, Record())
    said: list[str] = []
    platform = LocalPlatform(directory, SystemClock(), said.append)
    return Machine(request.param, directory, platform, said)


def test_code_tells_how_its_store_is(machine: Machine, tmp_path: Path) -> None:
    """Its own schema, one that newer code added to, and one that newer code left it behind."""
    machine.migrate()
    ours = machine.made("one")
    judged = machine.platform.schema_fit(machine.service, ours)
    assert judged is not None
    assert judged.fit is SchemaFit.EQUAL

    newer = machine.next(tmp_path / "expands", "OLDEST_CODE = '{before}'")
    theirs = machine.made("two", newer)
    behind = machine.platform.schema_fit(machine.service, theirs)
    assert behind is not None
    assert (behind.fit, behind.version) == (SchemaFit.BEHIND, judged.head)
    machine.migrate(newer)
    after = machine.platform.schema_fit(machine.service, ours)
    assert after is not None
    assert (after.fit, after.serves, after.version) == (SchemaFit.NEWER, True, behind.head)
    assert machine.said == []


def test_code_that_the_schema_left_behind_says_so(machine: Machine, tmp_path: Path) -> None:
    """Also by the plan of a revision that is not made yet; both versions are named."""
    machine.migrate()
    ours = machine.made("one")
    machine.migrate(machine.next(tmp_path / "contracts", "OLDEST_CODE = '{version}'"))

    plan = machine.platform.planned(machine.service, Change(values={"LOG_LEVEL": Secret("DEBUG")}))
    for code in (ours, plan.code):
        judged = machine.platform.schema_fit(machine.service, code)

        assert judged is not None
        assert judged.fit is SchemaFit.TOO_NEW
        assert f"newer than version {judged.head} of this revision" in judged.refusal


def test_what_cannot_be_asked_is_not_guessed(machine: Machine, tmp_path: Path) -> None:
    """Code that is unknown, was changed, or cannot be asked, and a store that does not answer."""
    machine.migrate()
    newer = machine.next(tmp_path / "code", "OLDEST_CODE = '{before}'")
    theirs = machine.made("two", newer)
    (newer / "netra" / "more.py").write_text("MORE = 1\n", "utf-8")
    assert machine.platform.schema_fit(machine.service, theirs) is None
    assert machine.platform.schema_fit(machine.service, "local-unknown") is None
    assert machine.said == []

    room = "netra_auth/store/schema_version.py"
    asked = newer / (room if machine.service == AUTH else "netra_backend/app/db/readiness.py")
    text = asked.read_text("utf-8")
    assert 'if __name__ == "__main__":' in text
    asked.write_text(text.partition('if __name__ == "__main__":')[0], "utf-8")
    assert machine.platform.schema_fit(machine.service, machine.made("three", newer)) is None
    assert "The code cannot be asked." in machine.said[-1]

    nowhere = f"sqlite+aiosqlite:///{tmp_path / 'nowhere' / 'no.sqlite'}"
    set_values(machine.directory, machine.service, DATABASE_URL=nowhere)
    ours = machine.platform.planned(machine.service, Change(code=_root())).code
    assert machine.platform.schema_fit(machine.service, ours) is None
    assert "The store cannot be asked" in machine.said[-1]
    assert not (tmp_path / "nowhere").exists()


def _root() -> Path:
    return Path(configuration.__file__).parents[3]
