"""`netra evidence` on this machine: of services that run, and of services that are down."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from fakes.installation import SETTLE, Installation
from fakes.requirements import require
from fakes.timing import UNIT, eventually_blocking
from netra_ops.evidence.bundle import Bundle, read_bundle
from netra_ops.platform.local.front import binary

pytestmark = [pytest.mark.live, pytest.mark.long]

BACKEND: Final = "netra-backend"
AUTH: Final = "netra-auth"
SHORT: Final = ("--hold", "1", "--bake", "0.5", "--min-requests", "1")
SECRETS: Final = ("SERVICE_SECRET", "KEYRING_ENCRYPTION_KEY")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation behind a front, with a second revision of the backend."""
    require("haproxy", binary.find().path is not None, binary.find().remark)
    installation = Installation(tmp_path_factory.mktemp("evidence") / "state")
    started = installation.up()
    assert started.returncode == 0, started.stderr
    deployed = installation.run("deploy", BACKEND, *SHORT, "--set", "LOG_LEVEL=DEBUG")
    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    yield installation
    installation.end()


def collected(running: Installation, place: Path, *options: str) -> tuple[Bundle, Any]:
    """Collect a bundle, see that it is right, and give it and what was said."""
    done = running.run("evidence", "collect", "--out", str(place), "--json", *options)
    assert done.returncode == 0, done.stderr
    checked = Installation.run(_Stateless(running.state), "evidence", "check", str(place))
    assert (checked.returncode, checked.stdout.split()[:4]) == (
        0,
        ["The", "bundle", "is", "whole,"],
    )
    return read_bundle(place, hash_logs=True), json.loads(done.stdout)


class _Stateless(Installation):
    """The command, for what needs no state directory."""

    def _command(self, *arguments: str) -> list[str]:
        return super()._command(*arguments)[:-2]


def secrets_of(running: Installation) -> list[bytes]:
    """Give the secrets of this installation."""
    found = [running.env(service) for service in (AUTH, BACKEND, "netra-ops")]
    return [env[name].encode() for env in found for name in SECRETS if name in env]


def test_a_bundle_of_services_that_run(running: Installation, tmp_path: Path) -> None:
    """All kinds of evidence are in it, tied to each other, and no secret is."""
    bundle, said = collected(running, tmp_path / "bundle", "--probe", "--service", BACKEND)

    old, new = (one for one in bundle.revisions if one.service == BACKEND)
    assert (old.variable("LOG_LEVEL"), new.variable("LOG_LEVEL").value) == (None, "DEBUG")  # type: ignore[union-attr]
    last = {one.service: one for one in bundle.traffic if one.percent == 100}
    assert last[BACKEND].revision == new.name
    assert last[AUTH].percent == 100
    secret = new.variable("SERVICE_SECRET")
    assert secret is not None
    assert secret.fingerprint == bundle.fingerprints[BACKEND, "SERVICE_SECRET"].raw
    assert {one.ok for one in bundle.probes} == {True}
    assert {"service_registered", "token_issued"} <= {one.event for one in bundle.audit}
    assert said["records"]["audit.ndjson"] == len(bundle.audit)
    log = (tmp_path / "bundle" / "logs.ndjson").read_text(encoding="utf-8")
    logs = [json.loads(line) for line in log.splitlines()]
    by_revision = {one["resource"]["labels"].get("revision_name") for one in logs}
    assert {old.name, new.name} <= by_revision
    assert any("httpRequest" in one and "jsonPayload" not in one for one in logs)
    times = [one["timestamp"] for one in logs]
    assert times == sorted(times)
    content = b"".join(one.read_bytes() for one in (tmp_path / "bundle").iterdir())
    assert not [one for one in secrets_of(running) if one in content]


def test_the_gardener_reads_it(running: Installation, tmp_path: Path) -> None:
    """What changed between the revisions is told by the bundle alone."""
    place = tmp_path / "bundle"
    bundle, _ = collected(running, place)

    done = Installation.run(
        _Stateless(running.state),
        *("logs", "garden", str(place / "logs.ndjson"), "--evidence", str(place), "--json"),
    )

    assert done.returncode == 0, done.stderr
    worklog = json.loads(done.stdout)
    changes = [(one["name"], one["what"]) for one in worklog["configuration_changes"]]
    assert ("LOG_LEVEL", "added") in changes
    assert {one.name for one in bundle.revisions} <= {
        one["revision"] for one in worklog["revisions"]
    }


def test_a_collection_that_is_broken_off_leaves_nothing(
    running: Installation, tmp_path: Path
) -> None:
    """Whoever stops it by a signal finds no bundle, and nothing of one."""
    child = running.start("evidence", "collect", "--out", str(tmp_path / "bundle"), "--probe")
    eventually_blocking(lambda: list(tmp_path.glob(".bundle.*")), within=30 * UNIT)

    child.send_signal(signal.SIGTERM)

    assert child.wait(SETTLE) != 0
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_of_services_that_are_down(running: Installation, tmp_path: Path) -> None:
    """What is on the disk is in it, and what could not be had is said."""
    assert running.run("down").returncode == 0
    try:
        bundle, said = collected(running, tmp_path / "bundle")
    finally:
        # On the ports of before, or it would be another revision.
        assert running.run("up", "--detach").returncode == 0

    assert len(bundle.revisions) == 3
    assert bundle.logs is not None
    assert "audit.ndjson" not in bundle.present
    assert any(note.startswith("There is no audit.ndjson") for note in said["notes"])
    assert bundle.manifest.notes == tuple(said["notes"])


def test_an_auth_service_that_hangs_keeps_nobody_waiting(
    running: Installation, tmp_path: Path
) -> None:
    """It may be the incident itself: the bundle is there without its audit record, and says so."""
    services = json.loads((running.state / "state.json").read_text("utf-8"))["services"]
    records = services[AUTH]["revisions"].values()
    pids = [one["process"]["pid"] for one in records if one.get("process")]
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        bundle, said = collected(running, tmp_path / "bundle")
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)

    assert bundle.logs is not None
    assert "audit.ndjson" not in bundle.present
    assert any("did not answer" in note for note in said["notes"])
