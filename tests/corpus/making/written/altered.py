"""Bundles made of others: asked about another time, with less in them, or damaged on their way."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from corpus.making.freezing import (
    BUNDLE,
    EXPECTED,
    INCIDENTS,
    LOGS,
    Entry,
    Expected,
    Subject,
    freeze,
    half_of,
)


def _folder(name: str) -> Path:
    return INCIDENTS / half_of(name) / name


def _head(name: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((_folder(name) / BUNDLE).read_text("utf-8"))
    return made


def _entries(name: str) -> list[Entry]:
    return [json.loads(line) for line in (_folder(name) / LOGS).read_text("utf-8").splitlines()]


def _documents(name: str, without: tuple[str, ...] = ()) -> dict[str, str]:
    kept = (
        f
        for f in sorted(_folder(name).iterdir())
        if f.name not in {BUNDLE, EXPECTED, LOGS, *without}
    )
    return {file.name: file.read_text("utf-8") for file in kept}


def _subject(name: str, start: datetime | None = None, minutes: float = 60) -> Subject:
    head = _head(name)
    if start is None:
        window = head["window"]
        begin, end = (datetime.fromisoformat(window[side]) for side in ("start", "end"))
    else:
        begin, end = start, start + timedelta(minutes=minutes)
    return Subject(head["service"], head["environment"], begin, end, head.get("project"))


def asked_too_late(
    name: str, of: str, start: datetime, why: str, must_not: tuple[str, ...]
) -> None:
    """All that the export holds is from months before the window that was asked for."""
    freeze(
        name,
        _subject(of, start),
        _entries(of),
        _documents(of, ("probes.json",)),
        Expected("not_an_incident", "stale_logs", why, "process", must_not=must_not),
    )


def revision_is_gone() -> None:
    """The failing revision was deleted long ago; within the window another one serves well."""
    old, now = "catalogue-list-tier", "catalogue-deploy-on-tuesday"
    errors = [e for e in _entries(old) if e["resource"]["labels"]["revision_name"].endswith("-pef")]
    freeze(
        "catalogue-errors-of-may",
        _subject(now),
        [*errors[-50:], *_entries(now)[:40]],
        _documents(now, ("commits.json",)),
        Expected(
            "not_an_incident",
            "stale_logs",
            "Every TypeError is of catalogue-00105-pef in May, a revision that revisions.json does not have any more; in the window asked for, in September, the revisions that exist serve 200.",
            "process",
            must_not=("code_error", "missing_module", "user_token_rejected"),
            pair="code_error",
        ),
    )


def cut_to_pieces() -> None:
    """The export broke off in each line; nothing that decides is left."""
    entries = _entries("courier-airport-unknown")
    lines = [
        json.dumps(e, separators=(",", ":"))[: 40 + 13 * (n % 9)]
        for n, e in enumerate(entries[:60])
    ]
    lines[5:5] = ["\u0000" * 60, '{"insertId":"', "\ufffd\ufffd\ufffd PK\u0003\u0004"]
    freeze(
        "courier-export-cut",
        _subject("courier-airport-unknown"),
        "\n".join(lines) + "\n",
        {},
        Expected(
            "insufficient_evidence",
            None,
            "Every line breaks off before its payload; there is no message, no status and no revision to judge by.",
            "process",
            must_not=(
                "stale_fallback_config",
                "env_var_lost",
                "user_token_rejected",
                "signing_key_mismatch",
            ),
        ),
    )


def damaged_but_telling() -> None:
    """Some lines are truncated or wrongly encoded; those that decide are whole."""
    name = "mailroom-weasyprint"
    lines = [json.dumps(e, ensure_ascii=False, separators=(",", ":")) for e in _entries(name)]
    for n in range(0, len(lines), 4):
        if "weasyprint" not in lines[n]:
            lines[n] = lines[n][: len(lines[n]) // 2]
    lines.insert(9, "\u00e2\u0161\u00a0\u00ef\u00b8\u008f export interrupted, 12 entries skipped")
    lines.insert(30, '{"severity":"ERROR"')
    freeze(
        "mailroom-damaged-export",
        _subject(name),
        "\n".join(lines) + "\n",
        _documents(name),
        Expected(
            "cause_found",
            "missing_module",
            "A quarter of the lines is cut off; ModuleNotFoundError: No module named 'weasyprint' and 'Worker failed to boot' are whole, and the commit that brought the import is there.",
            "process",
            must_not=("startup_failed", "code_error"),
            pair="startup_failed",
        ),
    )


def no_logs_at_all() -> None:
    """The logs are an empty file; there are revisions and traffic."""
    name = "catalogue-list-tier"
    freeze(
        "catalogue-nothing-logged",
        _subject(name),
        "",
        _documents(name),
        Expected(
            "insufficient_evidence",
            None,
            "logs.ndjson is empty; a deployment and two commits say that something changed, not that anything fails.",
            "process",
            must_not=("code_error", "env_var_lost", "dependency_upgrade", "missing_module"),
        ),
    )


def plain_text_of_a_terminal() -> None:
    """Somebody pasted the lines of a terminal instead of an export; they still tell."""
    entries = _entries("bookings-room-without-owner")
    lines = [str(e["textPayload"]) for e in entries if "textPayload" in e]
    freeze(
        "bookings-pasted-lines",
        _subject("bookings-room-without-owner"),
        "\n".join(lines) + "\n",
        _documents("bookings-room-without-owner", ("traffic.json",)),
        Expected(
            "cause_found",
            "code_error",
            "The lines are plain text, with uvicorn's tracebacks: AttributeError 'NoneType' object has no attribute 'get' in /app/rates.py, which commits.json/0 touches.",
            "process",
            acceptable=(),
            must_not=("user_token_rejected", "missing_module", "startup_failed"),
        ),
    )


def without(
    name: str, of: str, gone: tuple[str, ...], keeps: Callable[[Entry], bool], expected: Expected
) -> None:
    """Take files and lines away."""
    freeze(
        name, _subject(of), [e for e in _entries(of) if keeps(e)], _documents(of, gone), expected
    )


def _text(entry: Mapping[str, Any]) -> str:
    return str(entry.get("textPayload") or entry.get("jsonPayload"))


def exits_without_a_word() -> None:
    """Of a failed start only the platform's own lines were exported."""
    without(
        "catalogue-start-without-output",
        "catalogue-image-without-jose",
        ("commits.json",),
        lambda e: "httpRequest" in e or "varlog" in str(e.get("logName")),
        Expected(
            "insufficient_evidence",
            None,
            "The platform says that the container exits and its probe fails; what the process printed is not there, so a missing module, a failed check and an exception at the start are level.",
            "process",
            acceptable=("startup_failed",),
            must_not=("missing_module", "env_var_lost", "code_error"),
            pair="startup_failed",
        ),
    )


def unavailable_without_reason() -> None:
    """503 of one route, and not a line that says why."""
    without(
        "catalogue-503-without-reason",
        "catalogue-baskets-unread",
        ("probes.json",),
        lambda e: "httpRequest" in e,
        Expected(
            "insufficient_evidence",
            None,
            "Only requests: /v2/baskets is 503 within milliseconds and all else 200. A store, another dependency or the code can be the reason; none is shown.",
            "process",
            must_not=(
                "database_unreachable",
                "auth_service_unreachable",
                "pool_exhausted",
                "breaker_stuck_open",
            ),
            pair="database_unreachable",
        ),
    )


def refusals_without_reason() -> None:
    """401 on one of two instances, and the lines of the process are not there."""
    without(
        "courier-401-without-lines",
        "courier-one-instance-refuses",
        ("probes.json",),
        lambda e: "httpRequest" in e and "/livez" not in e["httpRequest"]["requestUrl"],
        Expected(
            "insufficient_evidence",
            None,
            "One instance answers 401 and the other 200, on one revision; without a line of either, a random key, two versions of a secret and a breaker explain that alike.",
            "process",
            acceptable=("breaker_stuck_open",),
            must_not=(
                "random_key_per_process",
                "latest_secret_split",
                "user_token_rejected",
                "auth_service_unreachable",
            ),
            pair="latest_secret_split",
        ),
    )


MAKERS: tuple[Callable[[], None], ...] = (
    lambda: asked_too_late(
        "mailroom-templates-asked-in-june",
        "mailroom-checks-tolerated",
        datetime(2027, 6, 14, 8, 0, tzinfo=UTC),
        "All entries are of November 2026, seven months before the window that was asked for; nothing is known of the window.",
        ("startup_failed", "code_error", "missing_module"),
    ),
    lambda: asked_too_late(
        "courier-hang-ups-asked-in-autumn",
        "courier-identity-hangs-up",
        datetime(2026, 9, 30, 6, 0, tzinfo=UTC),
        "All entries are of 30 March 2026; the window asked for is in September.",
        ("auth_service_unreachable", "breaker_stuck_open", "user_token_rejected"),
    ),
    revision_is_gone,
    cut_to_pieces,
    damaged_but_telling,
    no_logs_at_all,
    plain_text_of_a_terminal,
    exits_without_a_word,
    unavailable_without_reason,
    refusals_without_reason,
)
