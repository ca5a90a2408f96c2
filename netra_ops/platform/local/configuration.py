"""What the local services are told: env files made once, with their secrets, and kept after.

A person may edit them; only ports, and addresses that name a port that moved, are ever rewritten,
and only what files of before did not have yet is added.
They are read as the services read them; what the values mean is the business of `netra.contract`.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import msgspec

from netra.contract.contract import ENVIRONMENT_VARIABLE
from netra.contract.formats import Origins
from netra.contract.loader import LOCAL
from netra.contract.service_registry import parse_registry
from netra.isolated_environment import ENV_FILE_VARIABLE, IsolatedEnvironment
from netra_ops.findings import Failed
from netra_ops.platform.local.state_directory import StateDirectory, write_whole
from netra_ops.settings import AUTH, BACKEND, LOOPBACK, OPS

PORT: Final = "PORT"
CHAT_ORIGINS: Final = "CHAT_ORIGINS"
SELF_REGISTRATION: Final = "SELF_REGISTRATION"
_REGISTRY: Final = "SERVICE_REGISTRY"
_HIGHEST_PORT: Final = 65535
_ADDRESS_NAMES: Final = (
    "ISSUER_URL",
    "AUTH_SERVICE_URL",
    "TOKEN_ISSUER",
    "BACKEND_URL",
    "ALLOWED_ORIGINS",
    CHAT_ORIGINS,
)
_URL_NAMES: Final = {AUTH: "AUTH_SERVICE_URL", BACKEND: "BACKEND_URL"}
_OWN_ADDRESS: Final = re.compile(r"(?<=://127\.0\.0\.1:)\d+|(?<=://localhost:)\d+")
_ASSIGNMENT: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
_SCOPES: Final = {
    BACKEND: (
        "profile:read",
        "sessions:open",
        "agents:run",
        "service:status",
        "tokens:introspect",
        "tokens:revoke",
        "revocations:read",
    ),
    OPS: (
        "profile:read",
        "sessions:open",
        "service:status",
        "users:admin",
        "services:admin",
        "keys:admin",
        "sessions:admin",
        "audit:read",
        "metrics:read",
    ),
}
_REGISTRATION: Final = "allowed"
"""On a machine of one's own nobody is there from whom it could be kept who has an account."""
_ADMINISTERS_PEOPLE: Final = "users:admin"
_ADMINISTERS_MORE: Final = frozenset(
    {"services:admin", "keys:admin", "sessions:admin", "audit:read", "metrics:read"}
)
_HEADING: Final = (
    "Configuration of {service}: NAME=value, taken literally, without quotes.\n"
    "Made once; edit it and start again (`netra down`, `netra up`). Keep it private."
)


def exists(directory: StateDirectory) -> bool:
    """Tell whether the env files were made.

    Raises:
        Failed: Some of them are gone while a store that needs their secrets is there.
    """
    missing = [s for s in (AUTH, BACKEND, OPS) if not directory.env_file(s).exists()]
    if missing and any(directory.store_file(service).exists() for service in (AUTH, BACKEND)):
        raise Failed(
            f"{directory.env_file(missing[0])} is missing, and the stores in {directory.root} "
            "were made with its secrets. Put it back, or begin anew with another --state."
        )
    return not missing


def read(directory: StateDirectory, service: str) -> IsolatedEnvironment:
    """Read a service's env file exactly as the service does."""
    return IsolatedEnvironment.resolve({ENV_FILE_VARIABLE: str(directory.env_file(service))})


def written_port(environment: IsolatedEnvironment) -> int | None:
    """Give the port an env file names, 0 for any; None if it is none: the service will say so."""
    text = environment.get(PORT) or ""
    port = int(text) if text.isascii() and text.isdigit() else _HIGHEST_PORT + 1
    return port if port <= _HIGHEST_PORT else None


def public_url(directory: StateDirectory, service: str, port: int) -> str:
    """Give the address under which people reach a service, as the toolkit's env file has it."""
    address = read(directory, OPS).get(_URL_NAMES[service])
    return (address or _url(port)).rstrip("/")


def make(directory: StateDirectory, ports: Mapping[str, int]) -> None:
    """Write the three env files with new secrets."""
    service_secrets = {service: secrets.token_urlsafe(32) for service in (BACKEND, OPS)}
    auth_url, url = _url(ports[AUTH]), _url(ports[BACKEND])
    files = {
        AUTH: _common(directory, AUTH, ports)
        | {
            "ISSUER_URL": auth_url,
            "TOKEN_TRUST_MODE": "keyring",
            "KEYRING_ENCRYPTION_KEY": secrets.token_urlsafe(32),
            _REGISTRY: _registry(service_secrets),
            CHAT_ORIGINS: _origins(url),
            SELF_REGISTRATION: _REGISTRATION,
        },
        BACKEND: _common(directory, BACKEND, ports)
        | {
            "SERVICE_SECRET": service_secrets[BACKEND],
            "AUTH_SERVICE_URL": auth_url,
            "TOKEN_TRUST_MODE": "keyring",
            "ALLOWED_ORIGINS": _origins(url),
        },
        OPS: {
            "SERVICE_ID": OPS,
            "SERVICE_SECRET": service_secrets[OPS],
            "AUTH_SERVICE_URL": auth_url,
            "BACKEND_URL": url,
        },
    }
    for service, values in files.items():
        text = _rendered(values, _HEADING.format(service=service))
        write_whole(directory.env_file(service), text)


def move_ports(
    directory: StateDirectory, ports: Mapping[str, int], moved: Mapping[int, int]
) -> None:
    """Write new ports into the env files, and into the addresses that name an old one."""
    for service in (AUTH, BACKEND, OPS):
        file = directory.env_file(service)
        environment = read(directory, service)
        values = {PORT: str(ports[service])} if service in ports else {}
        for name in _ADDRESS_NAMES:
            # A value that comes from a file of its own is not ours to write.
            if (value := environment.value(name)) and value.origin.kind == "env_file":
                values[name] = _moved(value.value.reveal(), moved)
        text = file.read_text(encoding="utf-8")
        if (changed := with_values(text, values)) != text:
            write_whole(file, changed)


def bring_up_to_date(directory: StateDirectory) -> tuple[str, ...]:
    """Add what env files made by an earlier version lack; say, in sentences, what was done.

    A file that has it, with whatever value, is left as it is.
    """
    done = (
        _with_chat_page(directory),
        _with_administration(directory),
        _with_registration(directory),
    )
    return tuple(sentence for sentence in done if sentence is not None)


def _with_chat_page(directory: StateDirectory) -> str | None:
    """Add the address of the chat page, without which nobody could log in there."""
    file = directory.env_file(AUTH)
    if read(directory, AUTH).value(CHAT_ORIGINS) is not None:
        return None
    url = (read(directory, OPS).get("BACKEND_URL") or "").rstrip("/")
    origins = _origins(url)
    if Origins().flaw(origins, deployed=False) is not None:
        return f"{file} has no {CHAT_ORIGINS}, so nobody can log in on the chat page: add them."
    write_whole(file, with_values(file.read_text(encoding="utf-8"), {CHAT_ORIGINS: origins}))
    return f"Added {CHAT_ORIGINS} to {file}: the chat page lets people log in."


def _with_administration(directory: StateDirectory) -> str | None:
    """Register the toolkit, where it may administer people, for all that it administers now.

    The store gives its own entry the same scopes when it is brought to its newest version; so the
    two do not differ. Where the toolkit has some of them, somebody chose them.
    """
    file = directory.env_file(AUTH)
    registry = read(directory, AUTH).value(_REGISTRY)
    if registry is None or registry.origin.kind != "env_file":
        return None
    text = registry.value.reveal()
    try:
        (held,) = (one.scopes for one in parse_registry(text) if one.service_id == OPS)
    except ValueError:
        return None  # The service says what is wrong with it, or the toolkit is not registered.
    if _ADMINISTERS_PEOPLE not in held or not _ADMINISTERS_MORE.isdisjoint(held):
        return None
    entries = msgspec.json.decode(text)
    for entry in entries:
        if entry["service_id"] == OPS:
            entry["scopes"] += [scope for scope in _SCOPES[OPS] if scope in _ADMINISTERS_MORE]
    changed = {_REGISTRY: msgspec.json.encode(entries).decode()}
    write_whole(file, with_values(file.read_text(encoding="utf-8"), changed))
    return f"Gave {OPS} its new scopes in {_REGISTRY} of {file}: it administers all of the service."


def _with_registration(directory: StateDirectory) -> str | None:
    """Go on letting people register themselves: what is not said came to mean that they may not.

    Where somebody made it more than a machine of their own, it is theirs to say.
    """
    file, environment = directory.env_file(AUTH), read(directory, AUTH)
    if environment.value(SELF_REGISTRATION) is not None:
        return None
    if environment.get(ENVIRONMENT_VARIABLE) != LOCAL:
        return None
    values = {SELF_REGISTRATION: _REGISTRATION}
    write_whole(file, with_values(file.read_text(encoding="utf-8"), values))
    return f"Added {SELF_REGISTRATION} to {file}: people go on registering themselves."


def with_values(text: str, values: Mapping[str, str]) -> str:
    """Set variables in a text, leaving every other line as it is; new ones go to the end."""
    left = dict(values)
    lines: list[str] = []
    for line in text.split("\n"):
        match = _ASSIGNMENT.match(line)
        if match and match[1] in values:
            left.pop(match[1], None)
            lines.append(f"{match[1]}={values[match[1]]}")
        else:
            lines.append(line)
    body = "\n".join(lines)
    if left and body and not body.endswith("\n"):
        body += "\n"
    return body + "".join(f"{name}={value}\n" for name, value in left.items())


def _rendered(values: Mapping[str, str], heading: str) -> str:
    """Write variables under a comment."""
    comment = "".join(f"# {line}\n" for line in heading.splitlines())
    return comment + "".join(f"{name}={value}\n" for name, value in values.items())


def _moved(addresses: str, moved: Mapping[int, int]) -> str:
    return _OWN_ADDRESS.sub(lambda port: str(moved.get(int(port[0]), port[0])), addresses)


def _common(directory: StateDirectory, service: str, ports: Mapping[str, int]) -> dict[str, str]:
    return {
        ENVIRONMENT_VARIABLE: LOCAL,
        "SERVICE_ID": service,
        "HOST": LOOPBACK,
        PORT: str(ports[service]),
        "DATABASE_URL": f"sqlite+aiosqlite:///{quote(str(directory.store_file(service)))}",
    }


def _registry(service_secrets: Mapping[str, str]) -> str:
    """Register the services with the digests of their secrets; the secrets stay with them."""
    entries = [
        {
            "service_id": service,
            "secret_sha256": hashlib.sha256(secret.encode()).hexdigest(),
            "scopes": _SCOPES[service],
            "audiences": (AUTH, BACKEND),
        }
        for service, secret in service_secrets.items()
    ]
    return msgspec.json.encode(entries).decode()


def _origins(url: str) -> str:
    """List an address's origins: itself, and on this machine by the machine's other name too."""
    other = url.replace(f"//{LOOPBACK}", "//localhost")
    return url if other == url else f"{url},{other}"


def _url(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"
