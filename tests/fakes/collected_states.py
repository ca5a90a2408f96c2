"""State directories as services leave them: logs, revisions, a front's request log."""

import json
from pathlib import Path
from typing import Any, Final

from netra_ops.platform.local import record
from netra_ops.platform.local.front.request_file import CURRENT
from netra_ops.platform.local.record import Record, RevisionRecord, ServiceRecord
from netra_ops.platform.local.state_directory import StateDirectory, made_directory, write_whole

AUTH: Final = "netra-auth"
BACKEND: Final = "netra-backend"
REVISION: Final = "netra-backend-00001-abc"
HEAD: Final = (
    '{"severity":"INFO","message":"The request log begins here.","labels":{"netra/position":"0"}}\n'
)


def event(moment: str, message: str, **fields: Any) -> str:
    """A line as a service writes it."""
    return json.dumps(
        {
            "severity": "INFO",
            "timestamp": f"2026-11-05T10:{moment}Z",
            "message": message,
            "event": message.replace(" ", "_"),
            "service": BACKEND,
            "revision": REVISION,
            "logging.googleapis.com/labels": {"service": BACKEND, "revision": REVISION},
            **fields,
        }
    )


def request(moment: str, revision: str = REVISION) -> str:
    """A line as the front writes it."""
    return json.dumps(
        {
            "timestamp": f"2026-11-05T10:{moment}Z",
            "severity": "INFO",
            "httpRequest": {"requestMethod": "GET", "requestUrl": "/ws", "status": 401},
            "resource": {
                "type": "cloud_run_revision",
                "labels": {"service_name": BACKEND, "revision_name": revision},
            },
            "labels": {"netra/termination": "--", "netra/via": "split"},
        }
    )


def log(state: StateDirectory, *lines: str, revision: str = REVISION) -> Path:
    """Have a revision write lines."""
    file = state.log_file(BACKEND, revision)
    made_directory(file.parent)
    with file.open("a", encoding="utf-8") as out:
        out.writelines(f"{line}\n" for line in lines)
    return file


def requests(state: StateDirectory, *lines: str, name: str = CURRENT, head: str = HEAD) -> None:
    """Have the front write lines."""
    made_directory(state.front_folder)
    (state.front_folder / name).write_text(head + "".join(f"{line}\n" for line in lines))


def revision(
    state: StateDirectory, name: str = REVISION, service: str = BACKEND, **values: str
) -> None:
    """Keep a configuration, and have the revision serve everything."""
    file = state.revision_env_file(service, name)
    made_directory(file.parent)
    write_whole(file, "".join(f"{variable}={value}\n" for variable, value in values.items()))
    known = record.load(state)
    before = known.services.get(service, ServiceRecord(8000))
    made = before.with_new(name, RevisionRecord(8001, "f" * 64, "d" * 64)).split_as({name: 100})
    record.save(state, known.with_service(service, made))


def services(state: StateDirectory) -> Record:
    """Give what is recorded."""
    return record.load(state)
