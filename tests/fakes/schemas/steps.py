"""Real migrations one after the other on a real store, and what each of them breaks."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from fakes.schemas.compared import Finding, broken, complaints
from fakes.schemas.reflected import schema_of
from netra.schema_fit import declared

LetIn = Callable[[Connection], None]


@dataclass(frozen=True)
class Step:
    """A migration, what it declares, and what it breaks.

    Attributes:
        oldest_before: What the store said before it.
    """

    version: str
    oldest: str
    oldest_before: str
    findings: tuple[Finding, ...]

    @property
    def complaints(self) -> list[str]:
        """What is wrong with its declaration."""
        return complaints(self.version, self.oldest, self.oldest_before, self.findings)


def declarations(config: Config, since: str) -> dict[str, str]:
    """Give what each migration from one on declares, by its version.

    Raises:
        ValueError: One declares nothing, or what cannot be.
    """
    found = {}
    for script in ScriptDirectory.from_config(config).walk_revisions():
        oldest = declared(script.revision, vars(script.module), since=since)
        if oldest is not None:
            found[script.revision] = oldest
    return found


def steps(config: Config, connection: Connection, since: str, let_in: LetIn) -> list[Step]:
    """Run every migration after a version on a store that is there, and look what each breaks.

    Args:
        config: Names the migrations.
        connection: To the store, in a transaction.
        since: The version the store is at, or is brought to first.
        let_in: Gives the role of sessions its rights, as each migration does at its end.
    """
    config.attributes["connection"] = connection
    said = declarations(config, since)

    def upgraded(version: str) -> None:
        command.upgrade(config, version)
        let_in(connection)

    upgraded(since)
    before, oldest_before = schema_of(connection), said[since]
    found = []
    for version in sorted(said.keys() - {since}):
        upgraded(version)
        after = schema_of(connection)
        findings = tuple(broken(before, after))
        found.append(Step(version, said[version], oldest_before, findings))
        before, oldest_before = after, said[version]
    return found


def with_planted(config: Config, folder: Path, *modules: str) -> Config:
    """Copy the migrations of a configuration and plant more at their end.

    Args:
        config: Names the migrations that are copied.
        folder: Where the copy goes.
        modules: What `planted` writes, in order.
    """
    original = Path(config.get_main_option("script_location") or "")
    ignored = shutil.ignore_patterns("__pycache__")
    copy = Path(shutil.copytree(original, folder / "migrations", ignore=ignored))
    head = ScriptDirectory.from_config(config).get_current_head()
    for number, module in enumerate(modules, int(str(head)) + 1):
        (copy / "versions" / f"p{number:04}.py").write_text(_named(module, number))
    planted = Config(attributes={})
    planted.set_main_option("script_location", str(copy))
    planted.set_main_option("path_separator", "os")
    return planted


def planted(*lines: str, declares: str = "OLDEST_CODE = '{version}'") -> str:
    """Write a migration of some lines; `{version}` and `{before}` become its own and the last."""
    body = "".join(f"    {line}\n" for line in lines or ("pass",))
    return (
        "import sqlalchemy as sa\nfrom alembic import op\n"
        "revision = '{version}'\ndown_revision = '{before}'\n"
        f"{declares}\n\n\ndef upgrade():\n{body}\n\ndef downgrade():\n    pass\n"
    )


def module_of(version: str, *lines: str, declares: str) -> str:
    """Write a migration of some lines, of a version of its own."""
    return _named(planted(*lines, declares=declares), int(version))


def _named(module: str, number: int) -> str:
    return module.replace("{version}", f"{number:04}").replace("{before}", f"{number - 1:04}")


def nobody(_connection: Any) -> None:
    """Let nobody in: who owns the tables is who comes."""
