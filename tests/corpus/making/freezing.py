"""Turns what a process printed, and what a platform knew of it, into a bundle of the corpus.

Plain functions, used by every maker of incidents. Nothing here starts a process or stages a fault;
and no value of a secret comes further than `Salt.of`.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

INCIDENTS: Final = Path(__file__).resolve().parents[1] / "incidents"
BUNDLE: Final = "bundle.json"
LOGS: Final = "logs.ndjson"
EXPECTED: Final = "expected.json"
DOCUMENTS: Final = (
    "revisions.json",
    "traffic.json",
    "fingerprints.json",
    "commits.json",
    "probes.json",
    "audit.ndjson",
)
"""What a bundle may hold besides its logs."""

MOST_BYTES: Final = 96_000
"""More than this is no small bundle."""

Entry = dict[str, Any]
Verdict = Literal["cause_found", "insufficient_evidence", "not_an_incident"]
Origin = Literal["process", "written"]

_LIBRARIES: Final = re.compile(r"(?:/[\w.+-]+)+/lib/python3\.\d+/site-packages/")
_STANDARD: Final = re.compile(r"(?:/[\w.+-]+)+/lib/python3\.\d+/(?!site-packages)")
_NODE_MODULES: Final = re.compile(r"(?:/[\w.+-]+)+/node_modules/")
_CONTINUED: Final = re.compile(
    r"\s|Traceback|\w[\w.]*(?:Error|Exception|Refused|Exit)\b|The above|During"
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_QUOTES: Final = "\"'`"


def half_of(name: str) -> str:
    """Give the half of the corpus that a bundle of this name belongs to."""
    first = hashlib.sha256(name.encode()).hexdigest()[0]
    return "tuning" if int(first, 16) % 2 == 0 else "untouched"


def iso(time: datetime) -> str:
    """Write a time as Cloud Logging does: UTC with microseconds and `Z`."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def hex_id(digits: int) -> str:
    """Make an id at random, of so many hexadecimal digits."""
    return secrets.token_hex((digits + 1) // 2)[:digits]


def instance_id() -> str:
    """Make an id as Cloud Run gives its instances."""
    return f"00{hex_id(62)}"


@dataclass(frozen=True, slots=True)
class Where:
    """Which instance of which revision something happened in."""

    project: str
    location: str
    service: str
    revision: str
    instance: str = field(default_factory=instance_id)
    labels: Mapping[str, str] = field(default_factory=dict)

    def resource(self) -> dict[str, Any]:
        """Give the monitored resource of an entry."""
        return {
            "type": "cloud_run_revision",
            "labels": {
                "configuration_name": self.service,
                "location": self.location,
                "project_id": self.project,
                "revision_name": self.revision,
                "service_name": self.service,
            },
        }


@dataclass(frozen=True, slots=True)
class Line:
    """One line that a process wrote, and when it is said to have done so."""

    time: datetime
    text: str
    stream: Literal["stdout", "stderr"] = "stderr"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the platform's front saw it; `latency` is in seconds."""

    time: datetime
    method: str
    url: str
    status: int
    latency: float
    user_agent: str = "python-httpx/0.28.1"
    remote_ip: str = "169.254.169.126"
    response_size: int = 312
    protocol: str = "HTTP/1.1"
    trace: str = field(default_factory=lambda: hex_id(32))


def _entry(where: Where, log: str, time: datetime, severity: str | None) -> Entry:
    delay = timedelta(microseconds=40_000 + secrets.randbelow(260_000))
    made: Entry = {
        "insertId": hex_id(24),
        "labels": {"instanceId": where.instance, **where.labels},
        "logName": f"projects/{where.project}/logs/run.googleapis.com%2F{log}",
        "receiveTimestamp": iso(time + delay),
        "resource": where.resource(),
        "timestamp": iso(time),
    }
    if severity is not None:
        made["severity"] = severity
    return made


def request_entry(where: Where, request: Request) -> Entry:
    """Give the entry of a request as Cloud Run writes it, with the time at which it came in."""
    severities = {2: "INFO", 3: "INFO", 1: "INFO", 4: "WARNING", 5: "ERROR"}
    made = _entry(where, "requests", request.time, severities[request.status // 100])
    made["httpRequest"] = {
        "latency": f"{request.latency:.9f}".rstrip("0") + "s",
        "protocol": request.protocol,
        "remoteIp": request.remote_ip,
        "requestMethod": request.method,
        "requestSize": str(380 + secrets.randbelow(900)),
        "requestUrl": request.url,
        "responseSize": str(request.response_size),
        "serverIp": "216.239.36.53",
        "status": request.status,
        "userAgent": request.user_agent,
    }
    made["spanId"] = hex_id(16)
    made["trace"] = f"projects/{where.project}/traces/{request.trace}"
    return made


def platform_entry(where: Where, time: datetime, text: str, severity: str = "INFO") -> Entry:
    """Give an entry of the platform's own log of a revision (starts, probes, exits)."""
    return _entry(where, "varlog%2Fsystem", time, severity) | {"textPayload": text}


def output_entries(
    lines: Iterable[Line],
    where: Where,
    *,
    join_tracebacks: bool = False,
    plain_severity: str | None = None,
) -> list[Entry]:
    """Give the entries of what a process printed.

    A line that is a JSON object becomes `jsonPayload`, with the special members that Cloud Run
    takes out of it; any other becomes `textPayload`.

    Args:
        lines: What was printed; empty lines are dropped.
        where: The instance that printed it.
        join_tracebacks: Whether the lines of a traceback become one entry.
        plain_severity: The severity of plain lines. An export leaves DEFAULT out, hence None.
    """
    written = [Line(x.time, cleaned(x.text.rstrip()), x.stream) for x in lines if x.text.strip()]
    if join_tracebacks:
        written = _joined(written)
    return [_output_entry(line, where, plain_severity) for line in written]


def _joined(lines: Sequence[Line]) -> list[Line]:
    joined: list[Line] = []
    inside = False
    for line in lines:
        inside = line.text.startswith(("Traceback", "  + Exception")) or (
            inside and bool(_CONTINUED.match(line.text))
        )
        if inside and joined and joined[-1].stream == line.stream:
            before = joined.pop()
            line = Line(before.time, f"{before.text}\n{line.text}", line.stream)  # noqa: PLW2901 - It is what the loop builds.
        joined.append(line)
    return joined


def _output_entry(line: Line, where: Where, plain_severity: str | None) -> Entry:
    payload = _object(line.text)
    if payload is None:
        return _entry(where, line.stream, line.time, plain_severity) | {"textPayload": line.text}
    made = _entry(where, line.stream, line.time, payload.pop("severity", None))
    for member in ("time", "timestamp"):
        payload.pop(member, None)
    trace = payload.pop("logging.googleapis.com/trace", None)
    if trace:
        made["trace"] = trace
    labels = payload.pop("logging.googleapis.com/labels", None)
    made["labels"] |= labels or {}
    if payload.keys() == {"message"}:
        return made | {"textPayload": payload["message"]}
    return made | {"jsonPayload": payload}


def _object(text: str) -> dict[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        read = json.loads(text)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def cleaned(text: str, application: Mapping[str, str] | None = None) -> str:
    """Give a text with paths as a container has them.

    Args:
        text: What was printed.
        application: Folders of the maker's machine, and what stands for each, such as `/app`.
    """
    for folder, stands_for in (application or {}).items():
        text = text.replace(folder, stands_for)
    text = _NODE_MODULES.sub("/app/node_modules/", text)
    text = _LIBRARIES.sub("/usr/local/lib/python3.12/site-packages/", text)
    return _STANDARD.sub("/usr/local/lib/python3.12/", text)


class Salt:
    """Makes the fingerprints of one bundle, under a salt that nobody keeps."""

    def __init__(self) -> None:
        self._salt = secrets.token_bytes(32)

    def of(self, value: str) -> dict[str, str]:
        """Give the fingerprints of a value; `b64decoded` only where it is base64 of a text."""
        bare = value.strip()
        quoted = len(bare) > 1 and bare[0] == bare[-1] and bare[0] in _QUOTES
        prints = {
            "raw": self._one(value),
            "stripped": self._one(bare),
            "unquoted": self._one(bare[1:-1] if quoted else value),
        }
        decoded = _decoded(bare)
        return prints if decoded is None else prints | {"b64decoded": self._one(decoded)}

    def plain(self, value: str) -> str:
        """Give a variable's value as `sha256:…`, equal to the `raw` fingerprint."""
        return f"sha256:{self._one(value)}"

    def _one(self, text: str) -> str:
        return hmac.digest(self._salt, text.encode(), hashlib.sha256).hex()


def _decoded(text: str) -> str | None:
    if not _BASE64.fullmatch(text):
        return None
    try:
        standard = text.rstrip("=").translate(str.maketrans("-_", "+/"))
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


@dataclass(frozen=True, slots=True)
class Expected:
    """What a fair reviewer concludes from a bundle; its members are those of `expected.json`."""

    verdict: Verdict
    cause: str | None
    why: str
    origin: Origin
    acceptable: Sequence[str] = ()
    must_not: Sequence[str] = ()
    pair: str | None = None

    def document(self) -> dict[str, Any]:
        """Give the document."""
        return {
            "verdict": self.verdict,
            "cause": self.cause,
            "acceptable": list(self.acceptable),
            "must_not": list(self.must_not),
            "why": self.why,
            "pair": self.pair,
            "origin": self.origin,
        }


@dataclass(frozen=True, slots=True)
class Subject:
    """What a bundle is about."""

    service: str
    environment: str
    start: datetime
    end: datetime
    project: str | None = None


def ordered(entries: Iterable[Entry]) -> list[Entry]:
    """Give entries by time; those of one moment stay as they came."""
    return sorted(entries, key=lambda entry: str(entry["timestamp"]))


def freeze(
    name: str,
    subject: Subject,
    logs: Sequence[Entry] | str,
    documents: Mapping[str, Any],
    expected: Expected,
    root: Path = INCIDENTS,
) -> Path:
    """Write a bundle and what is expected of it; one of the same name is replaced.

    Args:
        name: The bundle's name, which alone decides its half.
        subject: What it is about.
        logs: Entries, or the text of the file where it is to be damaged or of another form.
        documents: By the names of `DOCUMENTS`; one that ends in `.ndjson` is a list of records, and
            a text is written as it is.
        expected: What a reviewer concludes.
        root: The folder of the two halves.

    Raises:
        ValueError: A document is none of a bundle's, or the bundle is too large.
    """
    if unknown := documents.keys() - set(DOCUMENTS):
        raise ValueError(f"no file of a bundle: {sorted(unknown)}")
    files = {LOGS: logs if isinstance(logs, str) else _lines(ordered(logs))}
    for file, document in documents.items():
        files[file] = document if isinstance(document, str) else _written(file, document)
    if sum(len(text.encode()) for text in files.values()) > MOST_BYTES:
        raise ValueError(f"{name} is larger than {MOST_BYTES} bytes")
    folder = root / half_of(name) / name
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in folder.iterdir():
        leftover.unlink()
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8")
    (folder / BUNDLE).write_text(_written(BUNDLE, _head(subject, files)), encoding="utf-8")
    (folder / EXPECTED).write_text(_written(EXPECTED, expected.document()), encoding="utf-8")
    return folder


def _head(subject: Subject, files: Mapping[str, str]) -> dict[str, Any]:
    head: dict[str, Any] = {
        "version": 1,
        "created": iso(subject.end + timedelta(minutes=7)),
        "window": {"start": iso(subject.start), "end": iso(subject.end)},
        "service": subject.service,
        "environment": subject.environment,
    }
    if subject.project is not None:
        head["project"] = subject.project
    hashes = {file: hashlib.sha256(text.encode()).hexdigest() for file, text in files.items()}
    return head | {"files": hashes}


def _written(file: str, document: Any) -> str:
    if file.endswith(".ndjson"):
        return _lines(document)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _lines(records: Iterable[Any]) -> str:
    return "".join(
        json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n" for record in records
    )
