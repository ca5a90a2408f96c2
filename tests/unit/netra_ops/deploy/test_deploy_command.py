"""`netra deploy` and `netra rollback`: what is read, what is shown, and how they end."""

import json
import os
import signal
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes.configurations import AUTH, BACKEND, shown_parts
from fakes.deploying import FakeProber, good_steps, people, steady, step
from fakes.fake_platform import FakePlatform, fake_platform
from fakes.netra_command import Run
from fakes.timing import UNIT
from netra.clock import SystemClock
from netra.secret import Secret
from netra_ops.candidates.candidate import Reference
from netra_ops.cli.deployment import deploy, rollback
from netra_ops.cli.deployment.change_options import change_of
from netra_ops.cli.deployment.composition import Composition
from netra_ops.deploy.course.pace import Pace
from netra_ops.deploy.one_at_a_time import alone, alone_at_all
from netra_ops.deploy.surroundings import Probed
from netra_ops.findings import CouldNotTell, ExitCode, UsageRefused, Verdict
from netra_ops.ledger import queries
from netra_ops.ledger.ledger_file import Ledger
from netra_ops.platform.local.state_directory import StateDirectory
from netra_ops.platform.port import Change, Observed

OLD, NEW = f"{BACKEND}-00001-aaa", f"{BACKEND}-00002-bbb"
ORIGINS = Change(values={"ALLOWED_ORIGINS": Secret("https://a-long-and-telling-name.example")})
QUICK = Pace(hold=0.3, bake=0.05)


@pytest.fixture
def platform() -> FakePlatform:
    """A platform where people ask a lot and all is well."""
    made = fake_platform()
    made.traffic = steady({OLD: people(s200=400)}, people(s200=40))
    return made


@pytest.fixture
def prober() -> FakeProber:
    """A prober to whom all is well."""
    return FakeProber()


@pytest.fixture
def request_(state: StateDirectory) -> deploy.Request:
    """What is asked in most of these tests."""
    return deploy.Request(BACKEND, ORIGINS, QUICK, state=state.root)


@pytest.fixture
def composition(platform: FakePlatform, prober: FakeProber) -> Composition:
    """The commands on the fake platform."""
    return Composition(lambda _state: platform, lambda _state, _platform: prober)


def documents(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Read what was told to a program."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_people_read_what_happens(
    request_: deploy.Request, composition: Composition, capsys: pytest.CaptureFixture[str]
) -> None:
    """The plan by names, each stage with its verdict and counts, and who serves in the end."""
    code = deploy.run(request_, composition)

    out = capsys.readouterr().out
    assert code is ExitCode.PASS
    for line in (
        f"{BACKEND}: {NEW} is to run code:first.",
        "  ALLOWED_ORIGINS was not set before",
        "Its share: 5 %, 25 %, 100 %.",
        "rules: PASS",
        "probes: PASS",
        "traffic at 25 %: PASS",
        "bake at 100 %: PASS",
        "  40 requests of people, 0 of probes (needs 20)",
        f"{NEW} is promoted.",
        f"{BACKEND}: {NEW} serves",
    ):
        assert line in out


def test_programs_read_one_document_a_line(
    request_: deploy.Request, composition: Composition, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every event has its kind, its service and its time; the last one says how it ended."""
    deploy.run(replace(request_, as_json=True), composition)

    told = documents(capsys)
    kinds = [one["event"] for one in told]
    assert kinds[0] == "planned"
    assert kinds[-1] == "ended"
    assert {"decided", "making", "made", "probed", "shifted", "sampled"} < set(kinds)
    assert all(one["service"] == BACKEND and one["time"] > 0 for one in told)
    assert (told[-1]["ending"], told[-1]["exit_code"], told[-1]["serving"]) == (
        "promoted",
        0,
        {NEW: 100},
    )


def test_no_value_is_shown_or_kept(
    request_: deploy.Request,
    composition: Composition,
    platform: FakePlatform,
    state: StateDirectory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Neither in words, nor in JSON, nor in the ledger, whatever becomes of the deployment."""
    secret = "b4d-S3cret-that-is-told-to-nobody-0x7f"
    bad = Change(values={"JWT_SECRET_KEY": Secret(secret), "SERVICE_SECRET": Secret(f"'{secret}'")})
    for as_json in (False, True):
        deploy.run(replace(request_, change=bad, as_json=as_json), composition)
        deploy.run(replace(request_, as_json=as_json), composition)

    kept = (state.ledger_folder / "records.ndjson").read_text(encoding="utf-8")
    values = [
        setting.value.reveal()
        for made in platform.made_with.values()
        for setting in made.settings
        if setting.value is not None and len(setting.value.reveal()) > 16
    ]
    assert shown_parts([secret, *values], *capsys.readouterr(), kept) == []


@pytest.mark.parametrize(
    ("verdict", "code"), [(Verdict.FAIL, ExitCode.FAIL), (Verdict.UNKNOWN, ExitCode.UNKNOWN)]
)
def test_what_is_refused_says_why(
    request_: deploy.Request,
    composition: Composition,
    prober: FakeProber,
    verdict: Verdict,
    code: ExitCode,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The exit code tells a refusal from what could not be decided."""
    prober.steps[NEW] = (*good_steps(), step("me as user", verdict))

    assert deploy.run(request_, composition) is code
    out = capsys.readouterr().out
    assert f"{NEW} is refused; nothing of it serves." in out
    assert "golden_path: me as user: wanted what is right" in out


def test_a_gate_that_cannot_run_tells_programs_too(
    request_: deploy.Request,
    composition: Composition,
    state: StateDirectory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A damaged ledger stops it with exit code 3, and nothing is changed (checklist 65)."""
    deploy.run(request_, composition)
    file = state.ledger_folder / "records.ndjson"
    file.write_bytes(file.read_bytes().replace(b'"promotion"', b'"demotion!"'))
    capsys.readouterr()

    with pytest.raises(CouldNotTell, match="is not what was recorded"):
        deploy.run(replace(request_, as_json=True), composition)

    (ended,) = documents(capsys)
    assert (ended["event"], ended["ending"], ended["exit_code"]) == (
        "ended",
        "could_not_decide",
        3,
    )


def test_two_at_once_do_not_meet(
    request_: deploy.Request, composition: Composition, state: StateDirectory
) -> None:
    """The second stops at once and says who goes on."""
    with (
        alone(state.root, BACKEND, "ana, process 7, since 10:00"),
        pytest.raises(CouldNotTell, match=r"goes on \(ana, process 7, since 10:00\)"),
    ):
        deploy.run(request_, composition)

    assert deploy.run(request_, composition) is ExitCode.PASS


@pytest.mark.parametrize("goes_on", [alone, alone_at_all])
def test_beside_another_services_rollout_or_rollback_nothing_is_rolled_out(
    request_: deploy.Request,
    composition: Composition,
    platform: FakePlatform,
    state: StateDirectory,
    goes_on: Callable[[Path, str, str], AbstractContextManager[None]],
) -> None:
    """The golden path would walk a mixture: the other one is named, and nothing is changed."""
    with (
        goes_on(state.root, AUTH, "ana, process 7"),
        pytest.raises(CouldNotTell, match=r"goes on \(netra-auth: ana, process 7\).*a mixture"),
    ):
        deploy.run(request_, composition)

    assert "create" not in platform.calls
    assert deploy.run(request_, composition) is ExitCode.PASS


def test_a_rollback_waits_for_no_rollout_of_another_service(
    request_: deploy.Request,
    composition: Composition,
    platform: FakePlatform,
    state: StateDirectory,
) -> None:
    """People may be waiting for it, whatever else goes on."""
    deploy.run(request_, composition)
    with alone_at_all(state.root, AUTH, "ana"), alone(state.root, AUTH + "-2", "bo"):
        code = rollback.run(rollback.Request(BACKEND, state=state.root), composition)

    assert code is ExitCode.PASS
    assert platform.split(BACKEND) == {OLD: 100}


def test_rollbacks_of_two_services_go_on_at_once(state: StateDirectory) -> None:
    """And no rollout begins before the last of them is over."""
    with alone(state.root, AUTH, "ana"):
        with alone(state.root, BACKEND, "bo"):
            pass
        with (
            pytest.raises(CouldNotTell, match="goes on"),
            alone_at_all(state.root, "netra-third", "cy"),
        ):
            pass

    with alone_at_all(state.root, "netra-third", "cy"):
        pass


@pytest.mark.parametrize("dry_run", [False, True])
def test_beside_a_rollout_that_nobody_ended_nothing_is_rolled_out(
    request_: deploy.Request,
    composition: Composition,
    platform: FakePlatform,
    dry_run: bool,  # noqa: FBT001 - a case
) -> None:
    """Its gate died: who shares the other service's traffic is named, and what ends it."""
    known = platform.revisions[AUTH]
    (name,) = known
    known[name] = replace(known[name], percent=95)
    known["other"] = replace(known[name], name="other", percent=5)

    with pytest.raises(CouldNotTell, match=f"5 % other: .*`netra rollback {AUTH}`"):
        deploy.run(replace(request_, dry_run=dry_run), composition)

    assert "create" not in platform.calls


def test_a_holder_that_died_blocks_nobody(state: StateDirectory) -> None:
    """The lock ends with the process that holds it, however that ends."""
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        with alone(state.root, BACKEND, "a process that dies"):
            os.write(write, b"x")
            os.kill(os.getpid(), signal.SIGKILL)
    os.read(read, 1)
    os.waitpid(child, 0)

    with alone(state.root, BACKEND, "the next"):
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_brings_traffic_back(
    request_: deploy.Request,
    composition: Composition,
    platform: FakePlatform,
    state: StateDirectory,
    number: signal.Signals,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Also where a second signal comes while traffic is being brought back."""
    before = signal.getsignal(number)

    def at_call(name: str) -> None:
        moved = platform.calls.count("shift")
        if (name == "observed" and moved) or (name == "shift" and moved > 1) or name == "retire":
            os.kill(os.getpid(), number)

    platform.at_call = at_call
    code = deploy.run(request_, composition)

    assert code is ExitCode.FAIL
    assert platform.split(BACKEND) == {OLD: 100}
    entries = Ledger(state.ledger_folder, SystemClock()).read().trusted()
    assert queries.serving(entries)[BACKEND] == {OLD: 100}
    assert queries.unfinished(entries) == ()
    assert f"Stopped ({number.name})." in capsys.readouterr().err
    assert signal.getsignal(number) is before


def test_a_fault_is_acted_on_while_a_probe_hangs(
    request_: deploy.Request,
    composition: Composition,
    platform: FakePlatform,
    prober: FakeProber,
) -> None:
    """The golden path is walked beside the samples: people do not wait for it."""
    hangs, goes_on = threading.Event(), threading.Event()
    was_back: list[bool] = []

    def at_walk(probed: Probed) -> None:
        if probed.revision == NEW and prober.walked.count(NEW) > 1:
            hangs.set()
            was_back.append(goes_on.wait(20 * UNIT))

    def traffic(_service: str, _since: float, _until: float) -> dict[str, Observed]:
        return {OLD: people(s200=400), NEW: people(s500=5) if hangs.is_set() else people()}

    def after_call(name: str) -> None:
        if name == "shift" and platform.split(BACKEND) == {OLD: 100}:
            goes_on.set()

    prober.at_walk, platform.traffic, platform.after_call = at_walk, traffic, after_call
    code = deploy.run(replace(request_, pace=Pace(hold=0, bake=0)), composition)

    assert code is ExitCode.FAIL
    assert platform.split(BACKEND) == {OLD: 100}
    assert was_back == [True]


def test_a_rehearsal_makes_no_file(
    request_: deploy.Request, composition: Composition, state: StateDirectory
) -> None:
    """Neither a record nor a key nor a lock is there afterwards that was not before."""
    before = sorted(path.name for path in state.root.rglob("*"))

    assert deploy.run(replace(request_, dry_run=True), composition) is ExitCode.PASS

    assert sorted(path.name for path in state.root.rglob("*")) == before


def test_a_rollback_goes_back_to_what_was_deployed_last(
    request_: deploy.Request,
    composition: Composition,
    platform: FakePlatform,
    state: StateDirectory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without a service it is the one that was deployed last."""
    deploy.run(request_, composition)
    deploy.run(
        replace(request_, change=Change(removed=frozenset({"ALLOWED_ORIGINS"}))), composition
    )
    capsys.readouterr()

    code = rollback.run(rollback.Request(state=state.root), composition)

    assert code is ExitCode.PASS
    assert platform.split(BACKEND) == {NEW: 100}
    assert f"{NEW} serves again, and is proven." in capsys.readouterr().out


def test_a_rollback_of_nothing_is_a_mistake(
    composition: Composition, state: StateDirectory
) -> None:
    """Where nothing was deployed there is nothing to go back from."""
    with pytest.raises(UsageRefused, match="Nothing was deployed yet"):
        rollback.run(rollback.Request(state=state.root), composition)


@pytest.mark.parametrize("command", ["deploy", "rollback"])
def test_nothing_is_deployed_where_nothing_was_started(
    run: Run, state: StateDirectory, command: str
) -> None:
    """Nothing is changed, and what to do instead is said."""
    done = run(command, BACKEND)

    assert (done.code, done.out) == (2, "")
    assert "was never started here" in done.err
    assert not state.ledger_folder.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("deploy", "../etc"),
        ("deploy", BACKEND, "--steps", "5,5,100"),
        ("deploy", BACKEND, "--steps", "50"),
        ("deploy", BACKEND, "--set", "TOKEN"),
        ("deploy", BACKEND, "--set", "A=1", "--set", "A=2"),
        ("deploy", BACKEND, "--set", "A=-", "--set", "B=-"),
        ("deploy", BACKEND, "--set", "A=1", "--unset", "A"),
        ("deploy", BACKEND, "--set", "A=1", "--secret", "A=a:1"),
        ("deploy", BACKEND, "--secret", "A=a:newest"),
        ("deploy", BACKEND, "--secret", "A=file:"),
        ("deploy", BACKEND, "--secret", "A=file:/run/a\nB=1"),
        ("deploy", BACKEND, "--replace"),
        ("deploy", BACKEND, "--code", "no-such-folder"),
        ("deploy", BACKEND, "--file", "no-such-file"),
        ("deploy", BACKEND, "--set", "A=@no-such-file"),
        ("deploy", BACKEND, "--waivers", "no-such-file"),
        ("deploy", BACKEND, "--override", " "),
        ("deploy", BACKEND, "--reason", "two\nlines"),
        ("rollback", "../etc"),
    ],
)
def test_a_mistake_is_told_as_one(run: Run, words: tuple[str, ...]) -> None:
    """Exit code 2, and nothing is done."""
    assert run(*words).code == 2


@pytest.mark.parametrize("given", ["sup3rsecret=", "=sup3rsecret", "sup3r secret=x", "sup3rsecret"])
def test_a_mistaken_option_does_not_show_what_it_holds(run: Run, given: str) -> None:
    """What stands in the wrong place may be a value."""
    done = run("deploy", BACKEND, "--set", given, "--unset", "a=sup3rsecret")

    assert "sup3r" not in done.out + done.err


def read(values: list[str], **more: Any) -> Change:
    """Read a change."""
    given: dict[str, Any] = {
        "removed": (),
        "references": (),
        "file": None,
        "replaces": False,
        "code": None,
    }
    return change_of(values=values, **(given | more))


@pytest.mark.parametrize(
    ("written", "value"),
    [("plain\n", "plain"), ("plain\r\n", "plain"), ("two\nlines\n", "two\nlines"), (" x ", " x ")],
)
def test_a_value_may_stand_in_a_file(tmp_path: Path, written: str, value: str) -> None:
    """Its last line break is the editor's; everything else is the value's."""
    (tmp_path / "value").write_bytes(written.encode())

    change = read([f"KEY=@{tmp_path / 'value'}"])

    assert change.values == {"KEY": Secret(value)}


def test_a_value_may_come_from_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it need not stand on a command line, which every process can read."""
    seen: list[Change] = []

    def taken(request: deploy.Request, _composition: Composition) -> ExitCode:
        seen.append(request.change)
        return ExitCode.PASS

    monkeypatch.setattr(deploy, "run", taken)
    done = run("deploy", BACKEND, "--set", "KEY=-", "--set", "A=b=c", stdin="from stdin\n")

    assert done.code == 0
    assert seen[0].values == {"KEY": Secret("from stdin"), "A": Secret("b=c")}


def test_references_name_a_secret_and_its_version() -> None:
    """Without a version it is the newest, as the platform calls it."""
    change = read([], references=["A=jwt-key:7", "B=projects/p-1/secrets/k:latest", "C=k"])

    assert change.references == {
        "A": Reference("secret", "jwt-key", "7"),
        "B": Reference("secret", "projects/p-1/secrets/k", "latest"),
        "C": Reference("secret", "k", "latest"),
    }


def test_a_reference_to_a_file_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who names it from where they stand means that file, wherever the service runs."""
    monkeypatch.chdir(tmp_path)

    change = read([], references=["A=file:/run/secrets/a", "B=file:b"])

    assert change.references == {
        "A": Reference("file", "/run/secrets/a"),
        "B": Reference("file", str(tmp_path / "b")),
    }


def test_a_reader_that_left_ends_no_deployment(
    request_: deploy.Request,
    composition: Composition,
    platform: FakePlatform,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The deployment goes on to its end, only nobody reads of it."""
    kept: Callable[[int, int], int] = os.dup2
    monkeypatch.setattr(os, "dup2", lambda _one, other: other)
    file = (tmp_path / "nobody").open("w")
    file.close()
    monkeypatch.setattr("sys.stdout", _Gone(file))
    code = deploy.run(replace(request_, as_json=True), composition)
    monkeypatch.setattr(os, "dup2", kept)

    assert code is ExitCode.PASS
    assert platform.split(BACKEND) == {NEW: 100}


class _Gone:
    """Standard output whose reader left."""

    encoding = "utf-8"

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, _text: str) -> int:
        """Fail as a pipe does."""
        raise BrokenPipeError

    def flush(self) -> None:
        """Fail as a pipe does."""
        raise BrokenPipeError

    def isatty(self) -> bool:
        """Say no."""
        return False

    def fileno(self) -> int:
        """Give a number that stands for nothing."""
        return 1
