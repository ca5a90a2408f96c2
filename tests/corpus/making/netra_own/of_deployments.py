"""Incidents of Netra's own deployments, and what only looks like one."""

import json
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from corpus.making.freezing import Expected
from corpus.making.netra_own.installed import BACKEND, Own, installed
from corpus.making.netra_own.operated import deployed, with_change
from corpus.making.platform_documents import commit

from fakes.faulty_code import faulty_code


def module_missing(begins: datetime, name: str) -> None:
    """A build lacks a module of its own that it imports."""
    with installed(begins) as own, tempfile.TemporaryDirectory(prefix="netra-code-") as folder:
        own.people_ask(5)
        code = with_change(
            Path(folder) / "code",
            "netra_backend/app/routes/me.py",
            "from datetime import datetime",
            "from datetime import datetime\n\nfrom netra_backend.app.routes.avatars import avatar_of",
        )
        for _ in range(2):
            deployed(own, code, "--reason", "avatars on the profile")
            own.stage.leap(3)
        own.people_ask(5)
        own.collected()
        documents = own.documents("ledger")
        documents["commits.json"] = [
            commit(
                own.stage.now(),
                "Ana Ruiz",
                "Show avatars on the profile",
                ["netra_backend/app/routes/me.py", ".dockerignore"],
            )
        ]
        own.freeze(
            name,
            BACKEND,
            documents,
            Expected(
                "cause_found",
                "missing_module",
                "The candidate's only output is a traceback that ends in ModuleNotFoundError for netra_backend.app.routes.avatars; it never listened and never had traffic, and the revision before serves on.",
                "process",
                must_not=("startup_failed", "code_error", "env_var_lost"),
                pair="startup_failed",
            ),
            keeps=_no_walk,
        )


def code_fault(begins: datetime, name: str) -> None:
    """A build fails people on one route; the gate takes it back."""
    with installed(begins) as own, tempfile.TemporaryDirectory(prefix="netra-code-") as folder:
        own.people_ask(5)
        code = with_change(
            Path(folder) / "code",
            "netra_backend/app/routes/me.py",
            "    user = principal if isinstance(principal, UserPrincipal) else None\n",
            '    user = principal if isinstance(principal, UserPrincipal) else None\n    if not request.headers.get("x-netra-probe"):\n        assert request.client is not None\n        principal.display_name.strip()  # type: ignore[attr-defined]\n',
        )
        deployed(own, code, "--reason", "names on the profile")
        own.stage.leap(1)
        own.people_ask(5)
        own.collected()
        documents = own.documents("ledger")
        documents["commits.json"] = [
            commit(
                own.began,
                "Ana Ruiz",
                "Trim the display name",
                ["netra_backend/app/routes/me.py"],
                "1 file changed, 3 insertions(+)",
            )
        ]
        own.freeze(
            name,
            BACKEND,
            documents,
            Expected(
                "cause_found",
                "code_error",
                "AttributeError 'display_name' in netra_backend/app/routes/me.py is the only kind of failure, and is on the new revision alone, which was taken back; the commit touches that file.",
                "process",
                must_not=("identity_made_optional", "user_token_rejected", "missing_module"),
            ),
            keeps=_no_walk,
        )


def optional_identity(begins: datetime, name: str) -> None:
    """A build answers people without a token; the gate's probes of the candidate show it."""
    with installed(begins) as own, tempfile.TemporaryDirectory(prefix="netra-code-") as folder:
        own.people_ask(6)
        code = faulty_code(Path(folder) / "code", "identity is optional")
        said = deployed(own, code, "--reason", "public preview", "--json")
        own.stage.leap(1)
        own.people_ask(6)
        own.collected()
        probes = _probes_of_gate(own, said)
        documents = own.documents("ledger") | {"probes.json": probes}
        documents["commits.json"] = [
            commit(
                own.began,
                "Ana Ruiz",
                "Show a preview of the page to visitors",
                ["netra_backend/app/main.py"],
                "1 file changed, 21 insertions(+), 1 deletion(-)",
            )
        ]
        own.freeze(
            name,
            BACKEND,
            documents,
            Expected(
                "cause_found",
                "identity_made_optional",
                "The gate's probes of the candidate without a token, with one in the query alone and with forged identity headers got 200 where 401 is wanted, and those with a good token passed; the commit touches main.py. The revision never had traffic, and there is no error in the log.",
                "process",
                must_not=("variable_half_renamed", "env_var_lost", "user_token_rejected"),
                pair="variable_half_renamed",
            ),
            keeps=_no_walk,
        )


def _probes_of_gate(own: Own, said: str) -> list[dict[str, Any]]:
    """Give what a deployment's own probes of its candidate got, the latest revision's."""
    walk = json.loads(own.netra.run("verify", "--json").stdout)
    promised = {step["name"]: step["expect"] for step in walk["steps"]}
    told = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    steps = [one for one in told if one["event"] == "probed"]
    last = steps[-1]["revision"]
    return [
        {
            "time": own.stage.at(one["time"]).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "name": one["step"],
            "target": f"{one['revision']} without traffic",
            "expect": promised.get(one["step"], "this revision answers"),
            "got": {
                "status": _status(one["got"]),
                "body_excerpt": own.stage.moved(one["got"], one["time"]),
            },
            "ok": one["verdict"] == "PASS",
        }
        for one in steps
        if one["revision"] == last and not one["got"].startswith("not taken")
    ]


def _status(got: str) -> int | None:
    return int(got[:3]) if got[:3].isdigit() else None


def walked(begins: datetime, name: str) -> None:
    """The golden path is walked: many refusals within a second, as they should be."""
    with installed(begins) as own:
        own.people_ask(4)
        own.run("verify")
        own.stage.leap(5)
        own.people_ask(5)
        own.collected()
        own.freeze(
            name,
            BACKEND,
            own.documents("revisions"),
            Expected(
                "not_an_incident",
                "test_traffic",
                "All 401 and 403 fall into one second, come from one user agent and are the negative probes of a golden-path walk (bad, tampered, unsigned and foreign tokens, a foreign Origin); people are served before and after.",
                "process",
                must_not=(
                    "env_var_lost",
                    "signing_key_mismatch",
                    "origin_blocked",
                    "caller_without_credential",
                    "wrong_audience",
                ),
            ),
            keeps=lambda e: (
                e["resource"]["labels"]["service_name"] == BACKEND and ("jsonPayload" in e)
            ),
        )


def healthy_deploy(begins: datetime, name: str) -> None:
    """A deployment without a fault."""
    with installed(begins) as own, tempfile.TemporaryDirectory(prefix="netra-code-") as folder:
        own.people_ask(4)
        code = with_change(
            Path(folder) / "code",
            "netra_backend/app/routes/me.py",
            '"""The caller as',
            '"""Whoever calls, as',
        )
        deployed(own, code, "--reason", "words")
        own.stage.leap(1)
        own.people_ask(6)
        own.probed("health of the backend", "/health", "200", (200,))
        own.collected()
        own.freeze(
            name,
            BACKEND,
            own.documents("ledger", "probes"),
            Expected(
                "not_an_incident",
                None,
                "A new revision was made, probed and promoted; people are served 200 throughout, the health probe is 200, and no error is in the log.",
                "process",
                must_not=(
                    "startup_failed",
                    "auth_service_unreachable",
                    "env_var_lost",
                    "code_error",
                ),
            ),
            keeps=_no_walk,
        )


def _no_walk(entry: dict[str, Any]) -> bool:
    """Leave out what the gate's own walks caused, which are judged elsewhere, and what is double."""
    text = json.dumps(entry)
    if "golden-path" in text or '"userAgent": "netra-ops"' in text or "drill" in text:
        return False
    payload, status = entry.get("jsonPayload"), entry.get("httpRequest", {}).get("status", 500)
    if payload is None:
        return "textPayload" in entry or bool(status >= 400)
    of_walk = {"audit_recorded", "authentication_refused", "permission_denied", "run_ended"}
    of_sockets = {"websocket_closed", "origin_refused", "sockets_ended_by_revocation"}
    return payload.get("event") not in of_walk | of_sockets


MAKERS: tuple[Callable[[], None], ...] = (
    lambda: module_missing(datetime(2026, 4, 13, 9, 9, tzinfo=UTC), "own-avatars"),
    lambda: code_fault(datetime(2026, 4, 14, 15, 45, tzinfo=UTC), "own-display-name"),
    lambda: optional_identity(datetime(2026, 4, 15, 12, 12, tzinfo=UTC), "own-public-preview"),
    lambda: walked(datetime(2026, 4, 16, 6, 0, tzinfo=UTC), "own-golden-path-walked"),
    lambda: healthy_deploy(datetime(2026, 4, 17, 11, 30, tzinfo=UTC), "own-words-only"),
)
