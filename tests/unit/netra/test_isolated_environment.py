"""The snapshot of the environment: where values come from, and what is not taken."""

import os
from pathlib import Path
from threading import Thread

import pytest

from netra.isolated_environment import (
    MAX_FILE_BYTES,
    EnvironmentProblem,
    EnvironmentProblemKind,
    IsolatedEnvironment,
    process_environment,
    replaced_environment,
)

KIND = EnvironmentProblemKind


def env_file(tmp_path: Path, content: bytes | str) -> str:
    """Write an env file and give its path."""
    path = tmp_path / "service.env"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def only_problem(environment: IsolatedEnvironment) -> EnvironmentProblem:
    """Give the one problem there is."""
    (problem,) = environment.problems
    return problem


def test_the_process_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """`load` takes the process's own variables and says that they are its own."""
    monkeypatch.setenv("NETRA_SAMPLE", "value")

    environment = IsolatedEnvironment.load()

    assert environment.get("NETRA_SAMPLE") == "value"
    origin = environment.origin("NETRA_SAMPLE")
    assert origin is not None
    assert (origin.kind, origin.location) == ("process", "NETRA_SAMPLE")


def test_what_is_set_later_does_not_appear(monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot does not follow the process."""
    source = {"A": "1"}
    given = IsolatedEnvironment.of(source)
    loaded = IsolatedEnvironment.load()

    source["A"] = "2"
    monkeypatch.setenv("NETRA_SET_LATER", "value")

    assert given.get("A") == "1"
    assert "NETRA_SET_LATER" in os.environ
    assert "NETRA_SET_LATER" not in loaded


def test_a_snapshot_cannot_be_changed() -> None:
    """Neither the object nor what it holds takes an assignment."""
    environment = IsolatedEnvironment.of({"A": "1"})

    with pytest.raises(AttributeError):
        environment.problems = ()  # type: ignore[misc]
    with pytest.raises(TypeError):
        environment.held["A"] = environment.held["A"]  # type: ignore[index]


def test_it_behaves_like_a_mapping_of_names() -> None:
    """Names are sorted; what is not set is None and has no origin."""
    environment = IsolatedEnvironment.of({"B": "2", "A": ""})

    assert environment.names() == tuple(environment) == ("A", "B")
    assert len(environment) == 2
    assert "A" in environment
    assert environment.get("A") == ""
    assert environment.get("C") is None
    assert environment.value("C") is None
    assert environment.origin("C") is None


def test_no_value_is_shown() -> None:
    """No `repr` of a snapshot or of a value in it holds the value (checklist 59)."""
    environment = IsolatedEnvironment.of({"SERVICE_SECRET": "hidden-value"})

    shown = f"{environment!r} {environment} {environment.value('SERVICE_SECRET')!r}"

    assert "hidden-value" not in shown
    assert "1 variables" in shown


def test_an_env_file_is_taken_literally(tmp_path: Path) -> None:
    """Nothing is unquoted, expanded, trimmed or taken for a comment after a value."""
    path = env_file(
        tmp_path, "# comment\n\n  \nA='quoted' # no comment\nB=$A=${A}\nC= spaced \nD=\nE=last"
    )

    environment = IsolatedEnvironment.resolve({"NETRA_ENV_FILE": path})

    assert environment.problems == ()
    assert {name: environment.get(name) for name in "ABCDE"} == {
        "A": "'quoted' # no comment",
        "B": "$A=${A}",
        "C": " spaced ",
        "D": "",
        "E": "last",
    }
    origin = environment.origin("B")
    assert origin is not None
    assert (origin.kind, origin.location) == ("env_file", f"{path}:5")


def test_windows_line_ends_stay_in_the_value(tmp_path: Path) -> None:
    """A carriage return is kept, so that the contract can refuse it by name."""
    environment = IsolatedEnvironment.resolve(
        {"NETRA_ENV_FILE": env_file(tmp_path, "A=1\r\n\r\nB=2\r\n")}
    )

    assert environment.get("A") == "1\r"
    assert environment.get("B") == "2\r"
    assert environment.problems == ()


def test_the_process_wins_over_the_file(tmp_path: Path) -> None:
    """A variable of the process hides the file's, with the origin of the one that counts."""
    path = env_file(tmp_path, "A=file\nB=file\n")

    environment = IsolatedEnvironment.resolve({"NETRA_ENV_FILE": path, "A": "process"})

    assert environment.get("A") == "process"
    assert environment.get("B") == "file"
    origin = environment.origin("A")
    assert origin is not None
    assert origin.kind == "process"


@pytest.mark.parametrize(
    "line", ["export A=1", "A", "A B=1", " A=1", "=1", "1A=1", "\ufeffA=1", "A-B=1", "A: 1"]
)
def test_a_malformed_line_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    """A line that is not NAME=value is a problem that gives the number and no content."""
    path = env_file(tmp_path, f"# first\n{line}-hidden\nB=2\n")

    environment = IsolatedEnvironment.resolve({"NETRA_ENV_FILE": path})

    problem = only_problem(environment)
    assert problem.name == "NETRA_ENV_FILE"
    assert problem.kind is KIND.MALFORMED
    assert "line 2" in problem.says
    assert "hidden" not in problem.says + problem.fix
    assert environment.get("B") == "2"


def test_a_name_twice_in_the_env_file_is_a_conflict(tmp_path: Path) -> None:
    """Two lines for one variable are refused rather than one of them chosen in silence."""
    path = env_file(tmp_path, "A=one\nB=2\nA=two\n")

    problem = only_problem(IsolatedEnvironment.resolve({"NETRA_ENV_FILE": path}))

    assert (problem.name, problem.kind) == ("A", KIND.CONFLICTING)
    assert "line 3" in problem.says


def test_a_conflict_in_the_file_does_not_matter_where_the_process_decides(tmp_path: Path) -> None:
    """What the process sets itself is not spoilt by a fault of the weaker source."""
    path = env_file(tmp_path, "A=one\nA=two\nbroken\n")

    environment = IsolatedEnvironment.resolve({"NETRA_ENV_FILE": path, "A": "process"})

    assert environment.get("A") == "process"
    assert [problem.name for problem in environment.problems] == ["NETRA_ENV_FILE"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [(None, KIND.UNREADABLE), (b"\xff\xfe", KIND.MALFORMED), (b"A" * (MAX_FILE_BYTES + 1), None)],
    ids=["missing", "not UTF-8", "too large"],
)
def test_an_env_file_that_cannot_be_read_is_a_problem(
    tmp_path: Path, content: bytes | None, kind: EnvironmentProblemKind | None
) -> None:
    """A file that gives no text is reported under NETRA_ENV_FILE and nothing is taken from it."""
    path = str(tmp_path / "absent") if content is None else env_file(tmp_path, content)

    environment = IsolatedEnvironment.resolve({"NETRA_ENV_FILE": path})

    problem = only_problem(environment)
    assert problem.name == "NETRA_ENV_FILE"
    assert problem.kind is (kind or KIND.UNREADABLE)
    assert environment.names() == ("NETRA_ENV_FILE",)


def test_an_empty_path_of_the_env_file_is_a_problem() -> None:
    """NETRA_ENV_FILE set to nothing is not the same as not set."""
    problem = only_problem(IsolatedEnvironment.resolve({"NETRA_ENV_FILE": ""}))

    assert (problem.name, problem.kind) == ("NETRA_ENV_FILE", KIND.EMPTY)


def test_a_value_file_is_taken_verbatim(tmp_path: Path) -> None:
    """NAME_FILE gives NAME the content of the file, a line break at the end included."""
    path = tmp_path / "value"
    path.write_bytes(b" content\r\n")

    environment = IsolatedEnvironment.resolve({"SERVICE_SECRET_FILE": str(path)})

    assert environment.get("SERVICE_SECRET") == " content\r\n"
    origin = environment.origin("SERVICE_SECRET")
    assert origin is not None
    assert (origin.kind, origin.location) == ("value_file", str(path))


def test_a_value_file_may_be_named_in_the_env_file(tmp_path: Path) -> None:
    """NAME_FILE works in the env file too, and the process's NAME wins over it."""
    value = tmp_path / "value"
    value.write_text("from file")
    path = env_file(tmp_path, f"A_FILE={value}\nB_FILE={value}\n")

    environment = IsolatedEnvironment.resolve({"NETRA_ENV_FILE": path, "B": "process"})

    assert environment.get("A") == "from file"
    assert environment.get("B") == "process"
    assert environment.problems == ()


def test_a_value_file_of_the_process_wins_over_the_env_file(tmp_path: Path) -> None:
    """The stronger source wins whichever of the two spellings it uses."""
    value = tmp_path / "value"
    value.write_text("strong")
    path = env_file(tmp_path, "A=weak\n")

    environment = IsolatedEnvironment.resolve({"NETRA_ENV_FILE": path, "A_FILE": str(value)})

    assert environment.get("A") == "strong"


def test_a_name_and_its_file_together_are_a_conflict(tmp_path: Path) -> None:
    """Both X and X_FILE in one source: neither is preferred in silence."""
    value = tmp_path / "value"
    value.write_text("from file")

    problem = only_problem(IsolatedEnvironment.resolve({"A": "own", "A_FILE": str(value)}))

    assert (problem.name, problem.kind) == ("A", KIND.CONFLICTING)
    assert "A_FILE" in problem.says


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("", KIND.EMPTY),
        ("/nonexistent/value", KIND.UNREADABLE),
        ("/", KIND.UNREADABLE),
        ("/dev/zero", KIND.UNREADABLE),
        ("a\0b", KIND.UNREADABLE),
        ("x" * 5000, KIND.UNREADABLE),
    ],
    ids=["empty", "absent", "directory", "device", "nul", "too long"],
)
def test_an_unreadable_value_file_is_a_problem(path: str, kind: EnvironmentProblemKind) -> None:
    """A NAME_FILE that gives no text is reported under NAME, which stays unset."""
    environment = IsolatedEnvironment.resolve({"A_FILE": path})

    problem = only_problem(environment)
    assert (problem.name, problem.kind) == ("A", kind)
    assert "A_FILE" in problem.says
    assert "A" not in environment


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A named pipe nobody writes to does not keep the process from starting."""
    os.mkfifo(tmp_path / "pipe")

    problem = only_problem(IsolatedEnvironment.resolve({"A_FILE": str(tmp_path / "pipe")}))

    assert problem.kind is KIND.UNREADABLE


def test_a_secret_pasted_for_its_path_is_not_shown() -> None:
    """Whoever writes the secret itself into NAME_FILE does not find it in the log."""
    problem = only_problem(IsolatedEnvironment.resolve({"SERVICE_SECRET_FILE": "pasted-secret"}))

    assert "pasted-secret" not in f"{problem}"


def test_the_suffix_alone_names_nothing(tmp_path: Path) -> None:
    """A variable called `_FILE` is an ordinary variable."""
    environment = IsolatedEnvironment.resolve({"_FILE": str(tmp_path / "absent")})

    assert environment.problems == ()


def test_given_values_are_held_as_they_are() -> None:
    """`of` reads no file."""
    environment = IsolatedEnvironment.of({"A_FILE": "/nonexistent", "NETRA_ENV_FILE": "/none"})

    assert environment.problems == ()
    assert environment.names() == ("A_FILE", "NETRA_ENV_FILE")


def test_the_process_snapshot_is_taken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody in the process sees one snapshot."""
    first = process_environment()
    monkeypatch.setenv("NETRA_SET_LATER", "value")

    assert process_environment() is first
    assert "NETRA_SET_LATER" not in process_environment()


def test_the_process_snapshot_can_be_replaced_for_a_while() -> None:
    """Inside the block every thread sees the other snapshot; afterwards the one before it."""
    before = process_environment()
    other = IsolatedEnvironment.of({"A": "1"})
    seen: list[IsolatedEnvironment] = []

    with replaced_environment(other) as replaced:
        thread = Thread(target=lambda: seen.append(process_environment()))
        thread.start()
        thread.join()

        assert process_environment() is replaced is other
    assert seen == [other]
    assert process_environment() is before


def test_the_snapshot_comes_back_after_an_error() -> None:
    """A failing block leaves no foreign snapshot behind."""
    before = process_environment()

    with pytest.raises(KeyError), replaced_environment(IsolatedEnvironment.of({})):
        raise KeyError

    assert process_environment() is before
