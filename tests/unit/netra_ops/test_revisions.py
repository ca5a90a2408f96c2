"""When a service becomes another revision, and its name."""

import re
from pathlib import Path

import pytest

from netra.isolated_environment import ENV_FILE_VARIABLE, IsolatedEnvironment
from netra_ops.platform.local.revisions import code_digest, fingerprint, next_name
from netra_ops.settings import Program

PROGRAM = Program("netra-auth", "auth.main", "auth.schema", ("ground", "auth"), 8001)
ENVIRONMENT = IsolatedEnvironment.of({"PORT": "8001", "SERVICE_ID": "netra-auth"})


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """Two packages of code and one that is not the service's."""
    for name in ("ground/a.py", "auth/pages/login.html", "backend/b.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    return tmp_path


def test_names_count_up() -> None:
    """The number is one more, and five digits are not the end."""
    first = next_name("netra-backend", None)

    assert re.fullmatch(r"netra-backend-00001-[a-z0-9]{3}", first)
    assert re.fullmatch(r"netra-backend-00002-[a-z0-9]{3}", next_name("netra-backend", first))
    assert next_name("netra-auth", "netra-auth-99999-abc").startswith("netra-auth-100000-")
    assert next_name("netra-auth", "netra-auth-100000-abc").startswith("netra-auth-100001-")


def test_the_same_code_and_configuration_are_the_same(code: Path) -> None:
    """Starting again is no new revision, whatever the interpreter cached meanwhile."""
    before = fingerprint(code_digest(PROGRAM, code), ENVIRONMENT)
    (code / "ground" / "__pycache__").mkdir()
    (code / "ground" / "__pycache__" / "a.pyc").write_bytes(b"cached")
    (code / "backend" / "b.py").write_text("changed", encoding="utf-8")

    assert fingerprint(code_digest(PROGRAM, code), ENVIRONMENT) == before


def test_where_a_configuration_was_read_from_is_no_part_of_it(tmp_path: Path) -> None:
    """What a deployment made is the same when the next start reads it from the env file."""
    read = []
    for name in ("planned.env", "kept.env"):
        (tmp_path / name).write_text("PORT=8001\n", encoding="utf-8")
        read.append(IsolatedEnvironment.resolve({ENV_FILE_VARIABLE: str(tmp_path / name)}))

    assert fingerprint("", read[0]) == fingerprint("", read[1])


def test_a_change_of_code_or_configuration_is_another(code: Path) -> None:
    """Content, names and pages count, and so does each value."""
    seen = {fingerprint(code_digest(PROGRAM, code), ENVIRONMENT)}
    (code / "auth" / "pages" / "login.html").write_text("changed", encoding="utf-8")
    seen.add(fingerprint(code_digest(PROGRAM, code), ENVIRONMENT))
    (code / "ground" / "a.py").rename(code / "ground" / "c.py")
    seen.add(fingerprint(code_digest(PROGRAM, code), ENVIRONMENT))
    for values in ({"PORT": "8001"}, {"PORT": "800", "X": "1"}, {"PORT": "8001X", "": "1"}):
        seen.add(fingerprint(code_digest(PROGRAM, code), IsolatedEnvironment.of(values)))

    assert len(seen) == 6
