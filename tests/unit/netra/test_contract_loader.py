"""Loading a contract: what is looked at, what is said, and what is never said."""

from pathlib import Path

import pytest

from fakes.environments import backend_environment, strong_secret
from netra.contract import Configuration, Contract, Variable, VariableKind, Violations, load
from netra.contract.declared.netra_backend import CONTRACT
from netra.contract.flaws import ViolationKind
from netra.contract.formats import Matching
from netra.contract.variable import ALWAYS
from netra.isolated_environment import IsolatedEnvironment

KIND = ViolationKind
LETTERS = Matching("[a-z]+", "letters")


def refused(environment: IsolatedEnvironment, contract: Contract = CONTRACT) -> Violations:
    """Load an environment that must be refused."""
    loaded = load(contract, environment)
    assert isinstance(loaded, Violations)
    return loaded


def test_every_violation_is_found_at_once() -> None:
    """The whole list comes in the order of the contract."""
    values = backend_environment(SERVICE_ID=None, SERVICE_SECRET="changeme", LOG_LEVEL="")

    found = refused(IsolatedEnvironment.of(values))

    assert [(v.variable, v.problem) for v in found] == [
        ("SERVICE_ID", KIND.MISSING),
        ("SERVICE_SECRET", KIND.PLACEHOLDER),
        ("LOG_LEVEL", KIND.EMPTY),
    ]
    assert len(found) == 3
    assert [v.problem for v in found.of("LOG_LEVEL")] == [KIND.EMPTY]


def test_a_violation_reads_as_sentences() -> None:
    """The text says which variable, what is wrong and what to do."""
    found = refused(IsolatedEnvironment.of(backend_environment(SERVICE_SECRET=None)))

    assert str(found) == (
        "SERVICE_SECRET is not set. Set it to a random secret of at least 32 printable ASCII"
        " characters without spaces."
    )
    assert found.error().reason == f"netra-backend cannot start. {found}"


def test_what_is_not_declared_is_not_looked_at() -> None:
    """Other variables, however odd, do not matter."""
    values = backend_environment(PATH="", OTHER_SECRET="changeme", ODD="\ud800\n")

    assert isinstance(load(CONTRACT, IsolatedEnvironment.of(values)), Configuration)


def test_a_value_that_is_not_needed_is_checked_all_the_same() -> None:
    """A bad JWT_SECRET_KEY is refused in keyring mode too: nothing bad lies in wait."""
    found = refused(IsolatedEnvironment.of(backend_environment(JWT_SECRET_KEY="short")))

    assert [(v.variable, v.problem) for v in found] == [("JWT_SECRET_KEY", KIND.TOO_SHORT)]


@pytest.mark.parametrize("near", ["SERVICE_SECRETS", "SERVICE_SECRET_1", "BACKEND_SERVICE_SECRET"])
def test_a_half_done_rename_is_pointed_at(near: str) -> None:
    """Where a variable is missing, one of nearly its name is mentioned."""
    values = backend_environment(**{"SERVICE_SECRET": None, near: strong_secret()})

    (violation,) = refused(IsolatedEnvironment.of(values))

    assert near in violation.fix
    assert values[near] not in str(violation)


def test_a_bad_value_under_an_alias_is_reported_with_both_names() -> None:
    """The declared name leads, the name that was set is mentioned."""
    values = backend_environment(REVISION=None, K_REVISION="a b")

    (violation,) = refused(IsolatedEnvironment.of(values))

    assert violation.variable == "REVISION"
    assert "K_REVISION" in violation.says


def test_a_trailing_line_break_in_a_value_file_is_explained(tmp_path: Path) -> None:
    """A file written with `echo` is refused, and the message names the file and the fault."""
    path = tmp_path / "backend-credential"
    secret = strong_secret()
    path.write_text(f"{secret}\n")
    values = backend_environment(SERVICE_SECRET=None, SERVICE_SECRET_FILE=str(path))

    (violation,) = refused(IsolatedEnvironment.resolve(values))

    assert (violation.variable, violation.problem) == ("SERVICE_SECRET", KIND.WHITESPACE)
    assert str(path) in violation.says
    assert "printf" in violation.fix
    assert secret not in str(violation)


def test_a_value_file_without_fault_is_taken(tmp_path: Path) -> None:
    """NAME_FILE satisfies the requirement of NAME."""
    path = tmp_path / "backend-credential"
    path.write_text(strong_secret())
    values = backend_environment(SERVICE_SECRET=None, SERVICE_SECRET_FILE=str(path))

    loaded = load(CONTRACT, IsolatedEnvironment.resolve(values))

    assert isinstance(loaded, Configuration)
    assert loaded.secret("SERVICE_SECRET").reveal() == path.read_text()
    origin = loaded.origin("SERVICE_SECRET")
    assert origin is not None
    assert origin.kind == "value_file"


def test_a_name_and_its_file_together_are_refused(tmp_path: Path) -> None:
    """Both X and X_FILE: one conflict, not a choice."""
    values = backend_environment(SERVICE_SECRET_FILE=str(tmp_path / "any"))

    (violation,) = refused(IsolatedEnvironment.resolve(values))

    assert (violation.variable, violation.problem) == ("SERVICE_SECRET", KIND.CONFLICTING)


def test_an_unreadable_value_file_is_the_cause_and_not_a_missing_variable() -> None:
    """The fault of the file is reported, once, and its path is not."""
    values = backend_environment(SERVICE_SECRET=None, SERVICE_SECRET_FILE="/nonexistent/x")

    (violation,) = refused(IsolatedEnvironment.resolve(values))

    assert (violation.variable, violation.problem) == ("SERVICE_SECRET", KIND.UNRESOLVED)
    assert "/nonexistent" not in str(violation)


def test_a_file_of_an_undeclared_variable_does_not_matter() -> None:
    """SSL_CERT_FILE and the like are no concern of the contract."""
    values = backend_environment(SSL_CERT_FILE="/nonexistent/ca.pem")

    assert isinstance(load(CONTRACT, IsolatedEnvironment.resolve(values)), Configuration)


def test_a_fault_of_the_env_file_comes_first(tmp_path: Path) -> None:
    """Where the file is missing, that is said before what is missing for want of it."""
    environment = IsolatedEnvironment.resolve({"NETRA_ENV_FILE": str(tmp_path / "absent")})

    first, *rest = refused(environment)

    assert (first.variable, first.problem) == ("NETRA_ENV_FILE", KIND.UNRESOLVED)
    assert {violation.problem for violation in rest} == {KIND.MISSING}


def test_windows_line_ends_of_an_env_file_are_refused_line_by_line(tmp_path: Path) -> None:
    """Each variable is named, with the file and line it stands in."""
    path = tmp_path / "backend.env"
    lines = [f"{name}={value}\r\n" for name, value in backend_environment().items()]
    path.write_bytes("".join(lines).encode())

    found = refused(IsolatedEnvironment.resolve({"NETRA_ENV_FILE": str(path)}))

    assert {violation.problem for violation in found} == {KIND.WHITESPACE}
    assert len(found) == len(lines)
    assert f"{path}:1)" in found.of("ENVIRONMENT")[0].says


def test_a_contract_must_not_contradict_itself() -> None:
    """A name declared twice or a reference to nothing is found when the data are written."""
    one = Variable("A", "A.", VariableKind.PLAIN, LETTERS, ALWAYS, aliases=("B",))
    other = Variable("B", "B.", VariableKind.PLAIN, LETTERS)
    stray = Variable("C", "C.", VariableKind.PLAIN, LETTERS, default_of="D")

    with pytest.raises(ValueError, match="declares B twice"):
        Contract("sample", (one, other))
    with pytest.raises(ValueError, match="C refers to D"):
        Contract("sample", (stray,))
    with pytest.raises(KeyError, match="declares no variable Z"):
        Contract("sample", (one,)).variable("Z")
