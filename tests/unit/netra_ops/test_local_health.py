"""How a running service is asked how it is, and what a dying one said."""

import json
from pathlib import Path

from fakes.netra_over_http import Fault, fake_netra
from netra_ops.platform.local.health import (
    SILENT,
    Health,
    HealthQuestion,
    ask,
    last_words,
    length,
    loud_messages,
)


def test_a_well_service_is_ready_and_well() -> None:
    """Both questions are answered with yes."""
    with fake_netra() as netra:
        health = ask(HealthQuestion(netra.url, "netra-backend", "r"), 2)

    assert health == Health(ready=True, well=True)


def test_a_degraded_service_is_ready_and_says_what_is_amiss() -> None:
    """Users can be served; the reason is told (SPEC R14)."""
    with fake_netra(Fault.IS_DEGRADED) as netra:
        health = ask(HealthQuestion(netra.url, "netra-backend", "r"), 2)

    assert health == Health(ready=True, well=False, remarks=("auth: down",))


def test_another_service_or_revision_on_the_port_is_not_ours() -> None:
    """Whoever else answers there does not make our service ready."""
    with fake_netra() as netra:
        assert ask(HealthQuestion(netra.url, "netra-auth", "r"), 2) == SILENT
        assert ask(HealthQuestion(netra.url, "netra-backend", "earlier"), 2) == SILENT


def test_no_answer_and_nonsense_are_silence() -> None:
    """Nobody there, no health report, no address: never an exception."""
    with fake_netra(Fault.ANSWERS_NONSENSE) as netra:
        assert ask(HealthQuestion(netra.url, "netra-backend", "r"), 2) == SILENT
    assert ask(HealthQuestion(netra.url, "netra-backend", "r"), 2) == SILENT
    assert ask(HealthQuestion("not an address", "netra-backend", "r"), 2) == SILENT
    assert ask(HealthQuestion("http://127.0.0.1:port", "netra-backend", "r"), 2) == SILENT


def test_only_what_was_said_since_is_read(tmp_path: Path) -> None:
    """Errors of this start are shown, not those of an earlier one, nor quiet lines or debris."""
    log = tmp_path / "a.ndjson"
    assert (length(log), loud_messages(log, 0)) == (0, ())
    log.write_text(json.dumps({"severity": "ERROR", "message": "before"}) + "\n", "utf-8")
    offset = length(log)
    with log.open("ab") as file:
        for event in (
            {"severity": "INFO", "message": "quiet"},
            {"severity": "ERROR", "message": "SERVICE_SECRET is missing"},
            {"severity": "CRITICAL", "event": "without_message"},
            ["ERROR"],
        ):
            file.write(json.dumps(event).encode() + b"\n")
        file.write(b'{"severity": "ERROR", "mess\xff')

    assert loud_messages(log, offset) == ("SERVICE_SECRET is missing", "without_message")


def test_the_end_of_a_traceback_is_kept(tmp_path: Path) -> None:
    """What a service wrote beside its events is shown from its end."""
    stderr = tmp_path / "a.stderr.log"
    stderr.write_text("\n".join(f"line {n}" for n in range(100)), "utf-8")

    assert last_words(stderr, 0)[-1] == "line 99"
    assert len(last_words(stderr, 0)) == 20
    assert last_words(stderr, length(stderr)) == ()
