"""`netra deploy` and `netra rollback` on this machine: real processes behind a real proxy."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any, Final

import httpx2
import pytest

from fakes.faulty_code import faulty_code
from fakes.installation import SETTLE, Installation
from fakes.next_revision import BACKEND as NEXT_BACKEND
from fakes.next_revision import next_revision
from fakes.requirements import require
from fakes.steady_people import SteadyPeople, steady_people
from fakes.timing import UNIT, eventually_blocking
from netra_ops.platform.local.front import binary

pytestmark = [pytest.mark.live, pytest.mark.long]

BACKEND: Final = "netra-backend"
AUTH: Final = "netra-auth"
PASSWORD: Final = "correct horse battery staple"
SHORT: Final = ("--hold", "1", "--bake", "0.5", "--min-requests", "20")
"""Steps as short as a test can have them; people come often enough."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation behind a front, on which each test leaves a revision that is right."""
    require("haproxy", binary.find().path is not None, binary.find().remark)
    installation = Installation(tmp_path_factory.mktemp("deploy") / "state")
    started = installation.up()
    assert started.returncode == 0, started.stderr
    installation.run("users", "add", "anna@example.com", "--password-stdin", stdin=PASSWORD)
    yield installation
    installation.end()


@pytest.fixture
def people(running: Installation) -> Iterator[SteadyPeople]:
    """Somebody who asks all the time, and is served."""
    token = running.run("token", "--email", "anna@example.com", "--password-stdin", stdin=PASSWORD)
    assert token.returncode == 0, token.stderr
    with steady_people(running.status()["url"], token.stdout.strip()) as asking:
        asking.wait_for_more(5, SETTLE)
        yield asking


def deployed(running: Installation, *options: str) -> tuple[int, list[dict[str, Any]], str]:
    """Deploy, and give the exit code, the events, and all that was said."""
    done = running.run("deploy", BACKEND, *SHORT, *options, "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, events, done.stdout + done.stderr


def failures(events: list[dict[str, Any]]) -> set[str]:
    """Name the checks that were not passed."""
    return {
        outcome["finding"]["check"]
        for event in events
        if event["event"] == "decided"
        for outcome in event["outcomes"]
        if outcome["finding"]["verdict"] != "PASS"
    }


def traffic(running: Installation, service: str = BACKEND) -> dict[str, int]:
    """Say who serves."""
    split: dict[str, int] = running.status()["traffic"][service]
    return split


def test_a_good_change_is_promoted_and_nobody_notices(
    running: Installation, people: SteadyPeople
) -> None:
    """It is probed, gets its shares in steps and stays; every request of people is served."""
    (before,) = traffic(running)

    code, events, said = deployed(running, "--set", "LOG_LEVEL=DEBUG")

    (after,) = traffic(running)
    assert code == 0, said
    assert after != before
    assert [e["split"].get(after) for e in events if e["event"] == "shifted"] == [5, 25, 100]
    assert people.statuses().keys() == {200}
    assert {revision for _, revision, _ in people.since(0)} == {before, after}
    assert running.env(BACKEND)["LOG_LEVEL"] == "DEBUG"
    assert_near_misses_are_named(running, after)


def assert_near_misses_are_named(running: Installation, revision: str) -> None:
    """See that a deployed revision is compared with a file by what its values nearly are."""
    values = running.env(BACKEND)
    values["SERVICE_SECRET"] = f'"{values["SERVICE_SECRET"]}"'
    values["TOKEN_ISSUER_OLD"] = values.pop("AUTH_SERVICE_URL")
    file = running.state / "candidate.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))

    done = running.run("config", "diff", f"{BACKEND}@{revision}", str(file))

    file.unlink()
    assert done.returncode == 1, done.stderr
    assert "SERVICE_SECRET is the same value in quotation marks" in done.stdout
    assert "TOKEN_ISSUER_OLD was called AUTH_SERVICE_URL before" in done.stdout
    assert values["SERVICE_SECRET"].strip('"') not in done.stdout


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--unset", "AUTH_SERVICE_URL"), "AUTH_SERVICE_URL"),
        (("--set", "AUTH_SERVICE_URL="), "AUTH_SERVICE_URL"),
        (("--unset", "SERVICE_SECRET"), "SERVICE_SECRET"),
        (("--set", 'TOKEN_TRUST_MODE="keyring"'), "TOKEN_TRUST_MODE"),
        (("--set", "SERVICE_SECRET=${SERVICE_SECRET}"), "SERVICE_SECRET"),
        (("--set", "TOKEN_TRUST_MODE=shared-key"), "JWT_SECRET_KEY"),
        (("--set", "AUTH_SERVICE_URL=http://127.0.0.1:9"), "AUTH_SERVICE_URL"),
    ],
)
def test_a_wrong_configuration_is_refused_before_anything_is_made(
    running: Installation, people: SteadyPeople, options: tuple[str, ...], named: str
) -> None:
    """The variable is named, no process is started, and nobody notices (checklist 61, 62)."""
    before = running.status()

    code, events, said = deployed(running, *options)

    assert code == 1, said
    assert named in said
    assert "made" not in {event["event"] for event in events}
    assert running.status()["traffic"] == before["traffic"]
    assert people.statuses().keys() == {200}


@pytest.mark.parametrize(
    ("fault", "check", "exit_codes"),
    [
        ("identity is optional", "caller_wrongly_admitted", {1}),
        ("always 200", None, {1}),
        ("says another revision", None, {1}),
        ("ends", None, {1}),
        # What does not answer in time has not said that it is wrong; its health may have.
        ("hangs", None, {1, 3}),
    ],
)
def test_a_wrong_build_is_refused_before_it_has_traffic(
    running: Installation,
    people: SteadyPeople,
    tmp_path: Path,
    fault: str,
    check: str | None,
    exit_codes: set[int],
) -> None:
    """It fails its golden path, or does not start; nobody is served by it (checklist 64)."""
    before = traffic(running)

    code, events, said = deployed(
        running, "--code", str(faulty_code(tmp_path / "code", fault)), "--set", "LOG_LEVEL=INFO"
    )

    assert code in exit_codes, said
    assert check is None or check in failures(events), said
    assert "shifted" not in {event["event"] for event in events}
    assert traffic(running) == before
    assert people.statuses().keys() == {200}
    assert {revision for _, revision, _ in people.since(0)} == set(before)


def test_a_build_that_fails_people_is_taken_back(
    running: Installation, people: SteadyPeople, tmp_path: Path
) -> None:
    """Its probes pass; a step shows it, and only what was its share then fails."""
    before = traffic(running)
    code_folder = faulty_code(tmp_path / "code", "fails people")

    code, events, said = deployed(running, "--code", str(code_folder), "--steps", "25,100")

    assert code == 1, said
    assert "server_errors" in failures(events)
    assert traffic(running) == before
    place = people.place
    people.wait_for_more(20, SETTLE)
    assert people.statuses(place).keys() == {200}
    failed = [moment for moment, _, status in people.since(0) if status != 200]
    during = [one for one in people.since(0) if failed[0] <= one[0] <= failed[-1]]
    # Turns are mixed: a piece of a hundred may hold some more than its share.
    assert len(failed) <= len(during) * 0.25 + 5
    ended = events[-1]
    assert (ended["ending"], ended["serving"]) == ("rolled_back", before)
    assert ended["golden_path"] == "PASS"
    # From the sample that shows it to everybody's being with the revision of before.
    shown = next(e for e in events if e["event"] == "sampled" and e["verdict"] == "FAIL")
    back = next(e for e in events if e["event"] == "shifted" and e["split"] == before)
    assert 0 < back["time"] - shown["time"] < 2 * UNIT


def test_a_store_is_migrated_as_a_step_of_its_own(running: Installation, tmp_path: Path) -> None:
    """By the code that is named, while people are served; code that cannot says why."""
    done = running.run("migrate", BACKEND)
    assert (done.returncode, done.stderr) == (0, "")
    assert "has the schema of this code" in done.stdout
    assert running.status()["ready"] is True

    broken = running.run("migrate", BACKEND, "--code", str(faulty_code(tmp_path / "c", "ends")))
    assert broken.returncode == 1
    assert "exit code 9" in broken.stderr
    assert running.run("migrate", BACKEND, "--code", str(tmp_path)).returncode == 2
    assert running.run("migrate", "nobody").returncode == 2


def test_code_that_the_schema_left_behind_is_refused_by_name(tmp_path: Path) -> None:
    """Code that needs a migration is not deployed, and code that is too old not gone back to."""
    require("haproxy", binary.find().path is not None, binary.find().remark)
    installation = Installation(tmp_path / "state")
    adds = "op.add_column('t_threads', sa.Column('colour', sa.String(16)))"
    newer = next_revision(tmp_path, NEXT_BACKEND, adds, declares="OLDEST_CODE = '{version}'")
    try:
        assert installation.up().returncode == 0
        (first,) = traffic(installation)
        code, events, said = deployed(installation, "--code", str(newer.folder))
        assert code == 1, said
        assert f"this revision needs {newer.head}" in said
        assert "made" not in {event["event"] for event in events}

        migrated = installation.run("migrate", BACKEND, "--code", str(newer.folder))
        assert migrated.returncode == 0, migrated.stderr
        code, _, said = deployed(installation, "--code", str(newer.folder))
        assert code == 0, said
        (second,) = traffic(installation)

        refused = installation.run("rollback", BACKEND, "--json")

        told = [json.loads(line) for line in refused.stdout.splitlines()]
        assert refused.returncode == 1, refused.stdout + refused.stderr
        assert (told[-1]["ending"], told[-1]["revision"]) == ("refused", first)
        assert failures(told) == {"schema_fits"}
        assert f"is at version {newer.head}" in told[-1]["reasons"][0]
        assert "shifted" not in {event["event"] for event in told}
        assert traffic(installation) == {second: 100}
        assert installation.status()["ready"] is True
    finally:
        installation.end()


def test_a_rollback_goes_back_to_what_was_proven(running: Installation) -> None:
    """By default to the last revision that passed its probes besides the one that serves."""
    (first,) = traffic(running)
    assert deployed(running, "--set", "LOG_LEVEL=WARNING")[0] == 0
    assert running.env(BACKEND)["LOG_LEVEL"] == "WARNING"

    done = running.run("rollback", BACKEND)

    assert done.returncode == 0, done.stdout + done.stderr
    assert traffic(running) == {first: 100}
    assert running.env(BACKEND).get("LOG_LEVEL") != "WARNING"


def test_the_auth_service_is_deployed_too(running: Installation, people: SteadyPeople) -> None:
    """Tokens of either revision open the backend, from before to after (checklist 66)."""
    (before,) = traffic(running, AUTH)

    done = running.run("deploy", AUTH, *SHORT, "--set", "LOG_LEVEL=DEBUG", "--json")

    assert done.returncode == 0, done.stdout + done.stderr
    assert before not in traffic(running, AUTH)
    # Somebody has a token of the revision of before, and is served by it after the last shift, too.
    people.wait_for_more(20, SETTLE)
    assert people.statuses().keys() == {200}
    token = running.run("token", "--email", "anna@example.com", "--password-stdin", stdin=PASSWORD)
    assert token.returncode == 0, token.stderr
    with steady_people(running.status()["url"], token.stdout.strip()) as newer:
        newer.wait_for_more(20, SETTLE)
    assert newer.statuses().keys() == {200}


def test_a_killed_gate_leaves_traffic_with_the_proven_revision(
    running: Installation, people: SteadyPeople
) -> None:
    """What it began is brought back, recorded and walked by whoever watches over it."""
    before = traffic(running)
    gate = running.start(
        *("deploy", BACKEND, "--set", "LOG_LEVEL=ERROR", "--steps", "50,100", "--json"),
        *("--hold", "600", "--min-requests", "1000000"),
    )
    assert gate.stdout is not None
    while json.loads(gate.stdout.readline())["event"] != "shifted":
        pass

    os.kill(gate.pid, signal.SIGKILL)

    eventually_blocking(lambda: traffic(running) == before, within=30 * UNIT)
    assert people.statuses().keys() == {200}
    entries = eventually_blocking(lambda: _ending_in(running, "end", "judgement"), within=60 * UNIT)
    assert (entries[-2]["ending"], entries[-1]["verdict"]) == ("abandoned", "PASS")
    assert {entries[-1]["revision"]} == before.keys()
    assert "deploy, its guard" in entries[-1]["actor"]["origin"]
    assert running.json("revisions", BACKEND)["now"]["unfinished_rollouts"] == []


def _ending_in(running: Installation, *kinds: str) -> list[dict[str, Any]]:
    """Give the records once they end with some of these kinds; else nothing."""
    entries: list[dict[str, Any]] = running.json("revisions", BACKEND)["entries"]
    return entries if [one["kind"] for one in entries[-len(kinds) :]] == [*kinds] else []


def test_a_killed_front_is_back(running: Installation) -> None:
    """Within a second, with the traffic as it was."""
    kept = json.loads((running.state / "front" / "kept.json").read_text("utf-8"))
    url = running.status()["url"]

    os.kill(kept["haproxy"]["pid"], signal.SIGKILL)
    killed_at = monotonic()

    def answers() -> bool:
        try:
            return httpx2.get(f"{url}/health/live", timeout=1).status_code < 500
        except httpx2.TransportError:
            return False

    eventually_blocking(answers, within=5 * UNIT)
    assert monotonic() - killed_at < UNIT
    assert running.status()["ready"] is True


def test_without_a_front_it_runs_and_deploy_explains(tmp_path: Path) -> None:
    """Services that listen under a name are reached directly, and nothing of them is deployed."""
    installation = Installation(tmp_path / "state")
    try:
        assert installation.up().returncode == 0
        installation.run("down")
        for service in (AUTH, BACKEND):
            installation.edit(service, "HOST", "localhost")

        started = installation.run("up", "--detach")
        refused = installation.run("deploy", BACKEND, "--set", "LOG_LEVEL=DEBUG")

        assert started.returncode == 0, started.stderr
        assert installation.run("verify").returncode == 0
        assert refused.returncode == 1
        assert "HOST of netra-backend is no IP address" in refused.stdout + refused.stderr
        assert installation.status()["ready"] is True
    finally:
        installation.end()


def test_nothing_is_left_when_it_is_taken_down(tmp_path: Path) -> None:
    """No process of a revision, of a candidate or of the front stays, and no socket."""
    require("haproxy", binary.find().path is not None, binary.find().remark)
    installation = Installation(tmp_path / "state")
    try:
        assert installation.up().returncode == 0
        options = (*SHORT, "--min-requests", "1", "--set", "LOG_LEVEL=DEBUG")
        assert installation.run("deploy", BACKEND, *options).returncode == 0
        assert len(_at_work_in(tmp_path)) >= len((AUTH, BACKEND, "before", "keeper", "front"))
    finally:
        installation.end()

    assert _at_work_in(tmp_path) == []
    assert not list((tmp_path / "state").rglob("*.sock"))


def _at_work_in(folder: Path) -> list[str]:
    """Name the processes whose working directory is below a folder."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink().is_relative_to(folder):
                found.append((process / "cmdline").read_text("utf-8").replace("\0", " "))
    return found
