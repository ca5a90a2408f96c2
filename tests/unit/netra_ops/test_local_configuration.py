"""The env files: what is in new ones, and what a change leaves alone."""

import hashlib
from pathlib import Path

import msgspec
import pytest

from netra.contract.configuration import Configuration
from netra.contract.declared import netra_auth, netra_backend
from netra.contract.loader import load
from netra_ops.findings import Failed
from netra_ops.platform.local import configuration
from netra_ops.platform.local.configuration import with_values
from netra_ops.platform.local.state_directory import StateDirectory, created

PORTS = {"netra-auth": 8001, "netra-backend": 8000}


@pytest.fixture
def directory(tmp_path: Path) -> StateDirectory:
    """A state directory with new env files."""
    directory = created(tmp_path / "state")
    configuration.make(directory, PORTS)
    return directory


def _text(directory: StateDirectory, service: str) -> str:
    return directory.env_file(service).read_text(encoding="utf-8")


def test_new_files_honour_both_contracts(directory: StateDirectory) -> None:
    """What is generated starts, as it stands."""
    for contract in (netra_auth.CONTRACT, netra_backend.CONTRACT):
        loaded = load(contract, configuration.read(directory, contract.service))
        assert isinstance(loaded, Configuration), loaded


@pytest.mark.parametrize("name", ["with space", "per%20cent", "question?mark#hash", "ümlaut"])
def test_a_state_directory_may_have_any_name(tmp_path: Path, name: str) -> None:
    """The store's address survives letters that mean something in an address."""
    directory = created(tmp_path / name)
    configuration.make(directory, PORTS)

    loaded = load(netra_auth.CONTRACT, configuration.read(directory, "netra-auth"))

    assert isinstance(loaded, Configuration), loaded


def test_the_registry_holds_digests_of_the_two_secrets(directory: StateDirectory) -> None:
    """The auth service's file never holds another service's secret."""
    registry = configuration.read(directory, "netra-auth").get("SERVICE_REGISTRY") or ""
    digests = {e["service_id"]: e["secret_sha256"] for e in msgspec.json.decode(registry)}

    for service in ("netra-backend", "netra-ops"):
        secret = configuration.read(directory, service).get("SERVICE_SECRET") or ""
        assert digests[service] == hashlib.sha256(secret.encode()).hexdigest()
        assert secret not in _text(directory, "netra-auth")


def test_every_secret_is_another(tmp_path: Path) -> None:
    """Two installations share nothing, and no two secrets of one are equal."""
    seen: list[str | None] = []
    for name in ("one", "two"):
        directory = created(tmp_path / name)
        configuration.make(directory, PORTS)
        seen.append(configuration.read(directory, "netra-auth").get("KEYRING_ENCRYPTION_KEY"))
        seen += [
            configuration.read(directory, service).get("SERVICE_SECRET")
            for service in ("netra-backend", "netra-ops")
        ]

    assert len(set(seen)) == 6


def test_a_moved_port_takes_its_addresses_along(directory: StateDirectory) -> None:
    """Whoever is told where the auth service is, is told anew; edits and comments stay."""
    file = directory.env_file("netra-backend")
    file.write_text(_text(directory, "netra-backend") + "# mine\nLOG_LEVEL=DEBUG\n", "utf-8")
    secret = configuration.read(directory, "netra-backend").get("SERVICE_SECRET")

    configuration.move_ports(
        directory, {"netra-auth": 9001, "netra-backend": 8001}, {8001: 9001, 8000: 8001}
    )

    auth, backend, ops = (
        configuration.read(directory, s) for s in ("netra-auth", "netra-backend", "netra-ops")
    )
    assert (auth.get("PORT"), auth.get("ISSUER_URL")) == ("9001", "http://127.0.0.1:9001")
    assert (backend.get("PORT"), backend.get("AUTH_SERVICE_URL")) == (
        "8001",
        "http://127.0.0.1:9001",
    )
    assert backend.get("ALLOWED_ORIGINS") == "http://127.0.0.1:8001,http://localhost:8001"
    assert auth.get("CHAT_ORIGINS") == "http://127.0.0.1:8001,http://localhost:8001"
    assert (ops.get("BACKEND_URL"), ops.get("AUTH_SERVICE_URL")) == (
        "http://127.0.0.1:8001",
        "http://127.0.0.1:9001",
    )
    assert (backend.get("SERVICE_SECRET"), backend.get("LOG_LEVEL")) == (secret, "DEBUG")
    assert "# mine\n" in _text(directory, "netra-backend")


def test_an_address_of_another_machine_is_left_alone(directory: StateDirectory) -> None:
    """Only addresses of this machine with the old port follow it."""
    file = directory.env_file("netra-auth")
    file.write_text(
        with_values(_text(directory, "netra-auth"), {"ISSUER_URL": "https://id.example:8001"}),
        "utf-8",
    )

    configuration.move_ports(directory, {"netra-auth": 9001}, {8001: 9001})

    auth = configuration.read(directory, "netra-auth")
    assert (auth.get("PORT"), auth.get("ISSUER_URL")) == ("9001", "https://id.example:8001")


def test_a_lost_file_of_an_installation_in_use_is_not_made_anew(directory: StateDirectory) -> None:
    """New secrets would not open the store that the old ones made."""
    assert configuration.exists(directory)
    directory.store_file("netra-auth").touch()
    directory.env_file("netra-backend").unlink()

    with pytest.raises(Failed, match=r"netra-backend\.env is missing"):
        configuration.exists(directory)


def test_an_unfinished_first_start_begins_again(directory: StateDirectory) -> None:
    """Without a store nothing depends on the secrets yet."""
    directory.env_file("netra-backend").unlink()

    assert not configuration.exists(directory)


def _without_chat(directory: StateDirectory, **ops: str) -> str:
    """Make the files as an earlier version did, edited by hand since; give the auth service's."""
    lines = _text(directory, "netra-auth").splitlines(keepends=True)
    text = "# mine\n" + "".join(x for x in lines if "CHAT_ORIGINS" not in x) + "LOG_LEVEL=DEBUG"
    directory.env_file("netra-auth").write_text(text, "utf-8")
    toolkit = directory.env_file("netra-ops")
    toolkit.write_text(with_values(_text(directory, "netra-ops"), ops), "utf-8")
    return text


@pytest.mark.parametrize(
    ("url", "origins"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000,http://localhost:8000"),
        ("http://127.0.0.1:9000/", "http://127.0.0.1:9000,http://localhost:9000"),
        ("https://127.0.0.1:8000", "https://127.0.0.1:8000,https://localhost:8000"),
        ("https://netra.example.org", "https://netra.example.org"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_files_of_before_the_chat_page_get_its_address(
    directory: StateDirectory, url: str, origins: str
) -> None:
    """An installation made earlier learns where its chat page is, and nothing else changes."""
    before = _without_chat(directory, BACKEND_URL=url)
    others = [_text(directory, service) for service in ("netra-backend", "netra-ops")]

    (said,) = configuration.bring_up_to_date(directory)

    assert "CHAT_ORIGINS" in said
    assert _text(directory, "netra-auth") == f"{before}\nCHAT_ORIGINS={origins}\n"
    assert [_text(directory, service) for service in ("netra-backend", "netra-ops")] == others
    assert directory.env_file("netra-auth").stat().st_mode & 0o777 == 0o600
    loaded = load(netra_auth.CONTRACT, configuration.read(directory, "netra-auth"))
    assert isinstance(loaded, Configuration), loaded


@pytest.mark.parametrize("line", ["CHAT_ORIGINS=https://mine.example", "CHAT_ORIGINS="])
def test_an_address_that_is_there_is_left_alone(directory: StateDirectory, line: str) -> None:
    """Who wrote it, even empty, meant it."""
    text = _without_chat(directory) + f"\n{line}\n"
    directory.env_file("netra-auth").write_text(text, "utf-8")

    assert configuration.bring_up_to_date(directory) == ()
    assert _text(directory, "netra-auth") == text


def test_new_files_lack_nothing(directory: StateDirectory) -> None:
    """What was just made is up to date, and stays so however often it is looked at."""
    before = _text(directory, "netra-auth")

    assert configuration.bring_up_to_date(directory) == ()
    assert _text(directory, "netra-auth") == before


@pytest.mark.parametrize(
    "url", ["", "netra.example.org", "http://netra.example.org", "https://a/b"]
)
def test_no_address_is_made_up_from_a_strange_one(directory: StateDirectory, url: str) -> None:
    """Where the backend's address is no origin, a person is asked instead of guessing."""
    before = _without_chat(directory, BACKEND_URL=url)

    (said,) = configuration.bring_up_to_date(directory)

    assert "add them" in said
    assert _text(directory, "netra-auth") == before


def _without_registration(directory: StateDirectory, **values: str) -> str:
    """Make the auth service's file as an earlier version did; give it."""
    lines = _text(directory, "netra-auth").splitlines(keepends=True)
    text = "# mine\n" + "".join(x for x in lines if "SELF_REGISTRATION" not in x)
    text = with_values(text, values)
    directory.env_file("netra-auth").write_text(text, "utf-8")
    return text


def test_files_of_before_go_on_letting_people_register(directory: StateDirectory) -> None:
    """An installation made when that went without saying says it now, and nothing else changes."""
    before = _without_registration(directory)

    (said,) = configuration.bring_up_to_date(directory)

    assert "SELF_REGISTRATION" in said
    assert _text(directory, "netra-auth") == before + "SELF_REGISTRATION=allowed\n"
    assert configuration.bring_up_to_date(directory) == ()
    loaded = load(netra_auth.CONTRACT, configuration.read(directory, "netra-auth"))
    assert isinstance(loaded, Configuration), loaded


@pytest.mark.parametrize(
    "values",
    [
        {"SELF_REGISTRATION": "closed"},
        {"SELF_REGISTRATION": "by-mail"},
        {"SELF_REGISTRATION": ""},
        {"ENVIRONMENT": "staging"},
    ],
)
def test_registration_is_opened_for_nobody_who_said_otherwise(
    directory: StateDirectory, values: dict[str, str]
) -> None:
    """What was chosen stays, and elsewhere than on a machine of one's own nothing is added."""
    before = _without_registration(directory, **values)

    assert configuration.bring_up_to_date(directory) == ()
    assert _text(directory, "netra-auth") == before


_BEFORE = ["profile:read", "sessions:open", "service:status", "users:admin"]
_NOW = ["services:admin", "keys:admin", "sessions:admin", "audit:read", "metrics:read"]


def _with_registry(directory: StateDirectory, **scopes: list[str]) -> str:
    """Give services other scopes, as a person or an earlier version did; give the file's text."""
    registry = configuration.read(directory, "netra-auth").get("SERVICE_REGISTRY") or ""
    entries = msgspec.json.decode(registry)
    for entry in entries:
        entry["scopes"] = scopes.get(entry["service_id"].replace("-", "_"), entry["scopes"])
    text = "# mine\n" + with_values(
        _text(directory, "netra-auth"), {"SERVICE_REGISTRY": msgspec.json.encode(entries).decode()}
    )
    directory.env_file("netra-auth").write_text(text, "utf-8")
    return text


def test_files_of_before_give_the_toolkit_its_new_scopes(directory: StateDirectory) -> None:
    """The toolkit administers all there is now; nothing else in the file changes, and only once."""
    before = _with_registry(directory, netra_ops=_BEFORE)

    (said,) = configuration.bring_up_to_date(directory)

    after = _text(directory, "netra-auth")
    assert "SERVICE_REGISTRY" in said
    assert "\n" not in said
    assert after == before.replace(
        msgspec.json.encode(_BEFORE).decode(), msgspec.json.encode(_BEFORE + _NOW).decode()
    )
    assert directory.env_file("netra-auth").stat().st_mode & 0o777 == 0o600
    assert configuration.bring_up_to_date(directory) == ()
    loaded = load(netra_auth.CONTRACT, configuration.read(directory, "netra-auth"))
    assert isinstance(loaded, Configuration), loaded


@pytest.mark.parametrize(
    "scopes", [["profile:read"], [*_BEFORE, "audit:read"], [*_BEFORE, *_NOW], ["no:such"]]
)
def test_scopes_that_somebody_chose_are_left_alone(
    directory: StateDirectory, scopes: list[str]
) -> None:
    """No administrator, some of the new scopes, all of them, or a registry with a fault."""
    before = _with_registry(directory, netra_ops=scopes)

    assert configuration.bring_up_to_date(directory) == ()
    assert _text(directory, "netra-auth") == before


def test_a_registry_in_a_file_of_its_own_is_not_ours_to_write(
    directory: StateDirectory, tmp_path: Path
) -> None:
    """Only what stands in the env file itself is brought up to date."""
    _with_registry(directory, netra_ops=_BEFORE)
    other = tmp_path / "registry.json"
    other.write_text(
        configuration.read(directory, "netra-auth").get("SERVICE_REGISTRY") or "", "utf-8"
    )
    lines = _text(directory, "netra-auth").splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith("SERVICE_REGISTRY="))
    text += f"SERVICE_REGISTRY_FILE={other}\n"
    directory.env_file("netra-auth").write_text(text, "utf-8")
    assert configuration.read(directory, "netra-auth").get("SERVICE_REGISTRY")
    kept = other.read_text("utf-8")

    assert configuration.bring_up_to_date(directory) == ()
    assert (other.read_text("utf-8"), _text(directory, "netra-auth")) == (kept, text)


@pytest.mark.parametrize(
    ("text", "port"),
    [("8000", 8000), ("0", 0), ("65536", None), ("eight", None), ("", None), ("-1", None)],
)
def test_a_port_is_taken_only_if_it_is_one(
    directory: StateDirectory, text: str, port: int | None
) -> None:
    """What else stands there is for the service's contract to name."""
    file = directory.env_file("netra-auth")
    file.write_text(with_values(_text(directory, "netra-auth"), {"PORT": text}), "utf-8")

    assert configuration.written_port(configuration.read(directory, "netra-auth")) == port


def test_setting_values_keeps_every_other_line() -> None:
    """Comments, blank lines, unknown lines and line ends stay as they are."""
    text = "# PORT=1\n\nPORT=1\r\nX=PORT=1\nnot an assignment"

    assert with_values(text, {"PORT": "2", "NEW": "a=b"}) == (
        "# PORT=1\n\nPORT=2\nX=PORT=1\nnot an assignment\nNEW=a=b\n"
    )
    assert with_values("", {"A": "1"}) == "A=1\n"
