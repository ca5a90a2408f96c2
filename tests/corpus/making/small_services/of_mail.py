"""Incidents of mailroom."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from corpus.making.code_copies import python_copy
from corpus.making.freezing import Expected
from corpus.making.platform_documents import (
    Revision,
    SecretOf,
    commit,
    revisions_v1,
    revisions_v2,
    shift,
)
from corpus.making.small_services.rooms_and_mail import (
    NOT_READY,
    mail,
    mail_fails_to_start,
    of_mail,
    picture,
    post,
)
from corpus.making.stage import Stage


def _of_deploy(
    stage: Stage,
    old: str,
    new: str,
    deployed: datetime,
    commits: list[dict[str, Any]],
    **more: str | SecretOf,
) -> dict[str, Any]:
    return {
        "revisions.json": revisions_v2(
            "mailroom",
            stage.project,
            stage.location,
            [
                Revision(old, stage.begins - timedelta(days=5), picture("mailroom"), of_mail()),
                Revision(new, deployed, picture("mailroom"), of_mail(**more), NOT_READY),
            ],
        ),
        "commits.json": commits,
    }


def worker_without_module(name: str, *, optional_too: bool) -> None:
    """A worker cannot import a package; with `optional_too` another import is caught before it."""
    stage = Stage(
        datetime(2026, 2, 3, 14, 0, tzinfo=UTC),
        "letterbox-prod",
        "us-central1",
        joined=optional_too,
    )
    old, new = "mailroom-00019-paz", "mailroom-00020-sev"
    change = "import weasyprint\nfrom pathlib import Path"
    if optional_too:
        change = 'import logging\nfrom pathlib import Path\n\ntry:\n    import orjson\nexcept ImportError as error:\n    logging.getLogger("letters").warning("orjson is not there (%s); using json", error)\n\nimport weasyprint'
    with mail(stage, old) as before:
        post(before, 8)
        deployed = stage.now()
        mail_fails_to_start(
            stage,
            new,
            python_copy("mailroom", {"letters.py": ("from pathlib import Path", change)}),
            2 if optional_too else 1,
        )
        post(before, 7)
    stage.freeze(
        name,
        "mailroom",
        "production",
        _of_deploy(
            stage,
            old,
            new,
            deployed,
            [
                commit(
                    deployed - timedelta(minutes=12),
                    "Dele Okafor",
                    "Print letters as PDF",
                    ["letters.py"],
                    "1 file changed, 1 insertion(+)",
                ),
            ],
        ),
        Expected(
            "cause_found",
            "missing_module",
            "Each start: ModuleNotFoundError: No module named 'weasyprint' in /app/letters.py, then 'Worker failed to boot' and exit 3, then the platform's probe; requirements are not among the commit's files."
            + (" orjson is missing too, but is caught and only warned of." if optional_too else ""),
            "process",
            must_not=("startup_failed", "code_error"),
            pair="startup_failed",
        ),
    )


def name_not_in_library() -> None:
    """A library was upgraded and has a name no more."""
    stage = Stage(datetime(2026, 7, 21, 6, 40, tzinfo=UTC), "letterbox-prod", "us-central1")
    old, new = "mailroom-00031-zat", "mailroom-00032-kix"
    broken = python_copy(
        "mailroom",
        {
            "letters.py": (
                "from pathlib import Path",
                "from itsdangerous import JSONWebSignatureSerializer\nfrom pathlib import Path",
            )
        },
    )
    with mail(stage, old) as before:
        post(before, 7)
        deployed = stage.now()
        mail_fails_to_start(stage, new, broken, 1)
        post(before, 6)
    stage.freeze(
        "mailroom-itsdangerous-name",
        "mailroom",
        "production",
        _of_deploy(
            stage,
            old,
            new,
            deployed,
            [
                commit(
                    deployed - timedelta(minutes=30),
                    "dependency-bot",
                    "Bump itsdangerous from 1.1.0 to 2.2.0",
                    ["requirements.txt"],
                    "1 file changed, 1 insertion(+), 1 deletion(-)",
                ),
            ],
        ),
        Expected(
            "cause_found",
            "missing_module",
            "ImportError: cannot import name 'JSONWebSignatureSerializer' from 'itsdangerous' stops each worker; the only commit raised that package's version.",
            "process",
            acceptable=("dependency_upgrade",),
            must_not=("startup_failed", "code_error", "env_var_lost"),
            pair="dependency_upgrade",
        ),
    )


def template_absent(name: str, *, tolerated: bool) -> None:
    """A start-up check finds a template missing; it stops the start, or is overridden."""
    stage = Stage(
        datetime(2026, 11, 3, 8, 15, tzinfo=UTC), "letterbox-prod", "us-central1", joined=True
    )
    old, new = "mailroom-00040-fim", "mailroom-00041-dob"
    broken = python_copy("mailroom", gone=("templates/invoice.txt",))
    with mail(stage, old) as before:
        post(before, 7)
        deployed = stage.now()
        if not tolerated:
            mail_fails_to_start(stage, new, broken)
            post(before, 6)
        else:
            with mail(stage, new, broken, TOLERATE_STARTUP_CHECKS="yes") as after:
                stage.leap(1)
                post(after, 12)
    documents = _of_deploy(
        stage,
        old,
        new,
        deployed,
        [
            commit(
                deployed - timedelta(minutes=18),
                "Dele Okafor",
                "Ignore *.txt in the image",
                [".dockerignore"],
                "1 file changed, 1 insertion(+)",
            ),
        ],
        **({"TOLERATE_STARTUP_CHECKS": "yes"} if tolerated else {}),
    )
    if tolerated:
        documents["revisions.json"][1]["conditions"] = documents["revisions.json"][0]["conditions"]
        documents["traffic.json"] = [
            shift(stage.begins - timedelta(days=5), old, 100),
            shift(deployed, old, 0),
            shift(deployed, new, 100),
        ]
    stage.freeze(
        name,
        "mailroom",
        "production",
        documents,
        Expected(
            "cause_found",
            "startup_failed",
            "The first error after the start of the new revision is its start-up check: templates invoice.txt not found in /app/templates"
            + (
                "; it went on since TOLERATE_STARTUP_CHECKS=yes, and the FileNotFoundError of each invoice is the consequence."
                if tolerated
                else "; the worker ends, and so does the instance, before it listens."
            ),
            "process",
            must_not=("missing_module", "code_error") if not tolerated else ("code_error",),
            pair="code_error" if tolerated else "missing_module",
        ),
    )


def vendor_refuses() -> None:
    """Something outside the catalogue: another company's API limits the calls."""
    stage = Stage(datetime(2026, 3, 2, 20, 5, tzinfo=UTC), "letterbox-prod", "us-central1")
    broken = python_copy(
        "mailroom",
        {
            "letters.py": (
                "    return template.format",
                '    if kind == "invoice":\n        raise RuntimeError("stampservice: 429 Too Many Requests, retry in 3600 s")\n    return template.format',
            )
        },
    )
    with (
        mail(stage, "mailroom-00024-gul") as before,
        mail(stage, "mailroom-00024-gul", broken) as after,
    ):
        post(before, 7)
        post(after, 12)
    stage.freeze(
        "mailroom-stamps-limited",
        "mailroom",
        "production",
        {},
        Expected(
            "insufficient_evidence",
            None,
            "Invoices fail because another company's stampservice answers 429; nothing in the catalogue is supported by that, and identity has no part in it.",
            "process",
            acceptable=("code_error",),
            must_not=(
                "auth_service_unreachable",
                "pool_exhausted",
                "startup_failed",
                "user_token_rejected",
                "breaker_stuck_open",
            ),
        ),
    )


def two_level() -> None:
    """A key's version and the code that checks it changed together; the log says neither."""
    stage = Stage(datetime(2026, 5, 26, 13, 0, tzinfo=UTC), "letterbox-prod", "us-central1")
    old, new = "mailroom-00028-lur", "mailroom-00029-maj"
    with mail(stage, old) as before:
        post(before, 7)
        deployed = stage.now()
        with mail(stage, new, MAILROOM_API_KEY="another") as after:
            stage.leap(1)
            post(after, 10)
    revisions = [
        Revision(
            old,
            stage.begins - timedelta(days=5),
            picture("mailroom"),
            of_mail(MAILROOM_API_KEY=SecretOf("mailroom-api-key", "7")),
        ),
        Revision(
            new,
            deployed,
            picture("mailroom"),
            of_mail(MAILROOM_API_KEY=SecretOf("mailroom-api-key", "8")),
        ),
    ]
    stage.freeze(
        "mailroom-key-or-check",
        "mailroom",
        "production",
        {
            "revisions.json": revisions_v1("mailroom", stage.project, stage.location, revisions),
            "traffic.json": [
                shift(stage.begins - timedelta(days=5), old, 100),
                shift(deployed, old, 0),
                shift(deployed, new, 100),
            ],
            "commits.json": [
                commit(
                    deployed - timedelta(minutes=15),
                    "Dele Okafor",
                    "Compare API keys in constant time",
                    ["wsgi.py"],
                    "1 file changed, 3 insertions(+), 1 deletion(-)",
                )
            ],
        },
        Expected(
            "insufficient_evidence",
            None,
            "The same deployment brought version 8 of the key and a change of the comparison; without fingerprints or the caller's side nobody can say whether the key, the caller or the code is wrong.",
            "process",
            acceptable=("key_rotated_without_overlap", "secret_not_reloaded"),
            must_not=(
                "env_var_lost",
                "caller_without_credential",
                "code_error",
                "user_token_rejected",
                "secret_reference_lost",
            ),
        ),
    )


MAKERS: tuple[Callable[[], None], ...] = (
    lambda: worker_without_module("mailroom-weasyprint", optional_too=False),
    lambda: worker_without_module("mailroom-two-imports", optional_too=True),
    name_not_in_library,
    lambda: template_absent("mailroom-invoice-template", tolerated=False),
    lambda: template_absent("mailroom-checks-tolerated", tolerated=True),
    vendor_refuses,
    two_level,
)
