"""Loading is total, says nothing of a secret, refuses placeholders and accepts what is valid."""

import base64
import hashlib
import string
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given
from hypothesis import strategies as st

from fakes.environments import auth_environment, backend_environment, strong_secret
from netra.contract import Configuration, Contract, VariableKind, ViolationKind, Violations, load
from netra.contract.declared import netra_auth, netra_backend
from netra.contract.flaws import secret_flaw, text_flaw
from netra.contract.service_registry import RegistryInvalid, parse_registry
from netra.isolated_environment import IsolatedEnvironment

CONTRACTS = (netra_auth.CONTRACT, netra_backend.CONTRACT)
NAMES = sorted({name for c in CONTRACTS for v in c.variables for name in v.names})
SECRET_NAMES = sorted(
    {v.name for c in CONTRACTS for v in c.variables if v.kind is VariableKind.SECRET}
)
MARK = "Qz7#"
"""In no sentence of ours, so that finding it in one means that a value leaked."""

any_text = st.text(st.characters(), max_size=60)  # Lone surrogates included, as in os.environ.
random_text = st.text(string.ascii_letters + string.digits + "-_", min_size=43, max_size=80)
shapes = st.sampled_from(
    [
        *("{}", '"{}"', "'{}'", " {}", "{}\n", "{}\r\n", "${{{}}}", "$({})", "<{}>", "{}\\n"),
        *("https://{}", "http://{}/", "https://user:{}@host", "postgresql+asyncpg://u:{}@h/d"),
        *("sqlite+aiosqlite:///{}", '[{{"service_id":"{}"}}]', '[{{"{}":1}}]', "changeme{}"),
    ]
)
odd_values = st.builds(lambda shape, text: shape.format(text), shapes, any_text)
environments = st.dictionaries(
    st.sampled_from(NAMES) | any_text, any_text | odd_values | st.just(""), max_size=12
)
overrides = st.dictionaries(st.sampled_from(NAMES), any_text | odd_values, max_size=6)
lines = st.lists(
    st.builds("{}={}".format, st.sampled_from(NAMES), any_text) | any_text, max_size=12
)


def samples() -> tuple[tuple[Contract, dict[str, str]], ...]:
    """Give each contract with a valid environment of its own."""
    return (
        (netra_auth.CONTRACT, auth_environment()),
        (netra_backend.CONTRACT, backend_environment()),
    )


def assert_settled(contract: Contract, loaded: Configuration | Violations) -> None:
    """Check that loading ended in exactly one of its two ways, and usably."""
    if isinstance(loaded, Violations):
        assert len(loaded) > 0
        assert all(v.variable and v.says and v.fix for v in loaded)
        return
    for variable in contract.variables:
        if variable.kind is VariableKind.SECRET:
            loaded.optional_secret(variable.name)
        else:
            loaded.optional_text(variable.name)


@given(values=environments)
@example(values={"ENVIRONMENT": "\ud800", "PORT": "9" * 5000, "DATABASE_URL": "a://[::1"})
@example(values={"SERVICE_REGISTRY": "[" * 60_000, "AUTH_SERVICE_URL": "https://\u2100.example"})
def test_loading_is_total(values: Mapping[str, str]) -> None:
    """Whatever an environment holds, loading gives a configuration or violations."""
    for contract in CONTRACTS:
        assert_settled(contract, load(contract, IsolatedEnvironment.of(values)))


@given(changed=overrides)
def test_loading_is_total_near_a_valid_environment(changed: Mapping[str, str]) -> None:
    """The same, where most of the environment is right."""
    for contract, values in samples():
        assert_settled(contract, load(contract, IsolatedEnvironment.of({**values, **changed})))


@given(content=lines, raw=st.binary(max_size=200))
def test_reading_an_env_file_is_total(content: list[str], raw: bytes) -> None:
    """Whatever the file holds, the snapshot is taken and the contract gives its answer."""
    text = "\n".join(content).encode("utf-8", "surrogatepass")
    with TemporaryDirectory() as directory:
        path = Path(directory, "service.env")
        for data in (text, raw, text + raw):
            path.write_bytes(data)
            environment = IsolatedEnvironment.resolve({"NETRA_ENV_FILE": str(path)})
            for contract in CONTRACTS:
                assert_settled(contract, load(contract, environment))


@given(name=st.sampled_from(SECRET_NAMES), shape=shapes, text=any_text, deployed=st.booleans())
@example(name="SERVICE_REGISTRY", shape='[{{"service_id":"{}"}}]', text="x", deployed=True)
@example(name="SERVICE_SECRET", shape="{}", text="", deployed=True)
def test_no_violation_holds_a_part_of_a_secret(
    name: str,
    shape: str,
    text: str,
    deployed: bool,  # noqa: FBT001 - a generated argument
) -> None:
    """Neither the value nor a piece of it is in any text of any violation (checklist 59, 61)."""
    value = shape.format(f"{MARK}{text}{MARK}")
    environment = "production" if deployed else "local"
    for contract, values in samples():
        given_values = {**values, "ENVIRONMENT": environment, name: value}

        loaded = load(contract, IsolatedEnvironment.of(given_values))

        assert MARK not in f"{loaded} {loaded!r}"
        if isinstance(loaded, Violations):
            assert all(MARK not in f"{v} {v!r}" for v in loaded)
            assert MARK not in loaded.error().reason


@given(
    name=st.sampled_from(SECRET_NAMES), one=random_text, other=random_text, cut=st.integers(1, 6)
)
def test_the_text_does_not_depend_on_the_secret(name: str, one: str, other: str, cut: int) -> None:
    """Two values with the same fault, whatever their lengths, are answered in the same words."""
    for contract, values in samples():
        if name not in {variable.name for variable in contract.variables}:
            continue
        texts = set()
        for value in (one, other[: -4 * cut]):
            spoilt = {**values, name: f"{value}\n"}
            texts.add(str(load(contract, IsolatedEnvironment.of(spoilt))))

        assert len(texts) == 1


@given(
    word=st.sampled_from(
        ["changeme", "change-me", "your-secret", "placeholder", "not-for-production", "replace_me"]
    ),
    before=st.text(string.ascii_letters + string.digits, max_size=20),
    after=st.text(string.ascii_letters + string.digits, max_size=20),
    upper=st.booleans(),
)
def test_placeholder_words_are_refused_wherever_they_stand(
    word: str,
    before: str,
    after: str,
    upper: bool,  # noqa: FBT001 - a generated argument
) -> None:
    """A stopgap with something around it, in either case, is a stopgap."""
    value = f"{before}{word.upper() if upper else word}{after}"

    flaw = secret_flaw(value)

    assert flaw is not None
    assert flaw.problem is ViolationKind.PLACEHOLDER


@given(unit=st.text(string.ascii_letters + string.digits, min_size=1, max_size=16))
def test_repetitions_are_refused(unit: str) -> None:
    """Something short, written again and again, is never a secret."""
    assert secret_flaw(unit * (64 // len(unit) + 2)) is not None


@given(seed=st.binary())
def test_random_bytes_are_accepted_in_every_usual_spelling(seed: bytes) -> None:
    """Hexadecimal and both base64 alphabets of random bytes are secrets."""
    data = hashlib.sha256(seed).digest()
    spellings = (
        data.hex(),
        data.hex().upper(),
        base64.b64encode(data).decode(),
        base64.urlsafe_b64encode(data).decode().rstrip("="),
    )

    assert [text_flaw(text) or secret_flaw(text) for text in spellings] == [None] * 4


hosts = st.sampled_from(["auth.example.org", "10.0.0.7", "[2001:db8::7]", "a.b-c.example"])
ports = st.integers(1, 65535).filter(lambda port: port != 443)
urls = st.builds("https://{}:{}".format, hosts, ports) | st.builds("https://{}".format, hosts)
common = st.fixed_dictionaries(
    {
        "ENVIRONMENT": st.sampled_from(["local", "staging", "production"]),
        "DATABASE_URL": st.sampled_from(
            ["sqlite+aiosqlite:////var/lib/netra.db", "postgresql+asyncpg://netra:wB7-tq@db/netra"]
        ),
    },
    optional={
        "REVISION": st.from_regex(r"[a-z0-9][a-z0-9.-]{0,40}", fullmatch=True),
        "HOST": st.sampled_from(["127.0.0.1", "::", "localhost"]),
        "PORT": st.integers(0, 65535).map(str),
        "LOG_LEVEL": st.sampled_from(["DEBUG", "INFO", "WARNING", "ERROR"]),
        "TRUSTED_PROXIES": st.lists(st.ip_addresses().map(str), min_size=1).map(",".join),
        "JWT_SECRET_KEY": st.builds(strong_secret),
        "ACCESS_TOKEN_SECONDS": st.integers(30, 300).map(str),
        "ALLOWED_ORIGINS": st.lists(urls, min_size=1).map(",".join),
        "CHAT_ORIGINS": st.lists(urls, min_size=1).map(",".join),
    },
)


@given(chosen=common, url=urls, shared=st.booleans())
def test_a_valid_environment_loads(
    chosen: dict[str, str],
    url: str,
    shared: bool,  # noqa: FBT001 - a generated argument
) -> None:
    """Any combination of valid values loads, and each comes back as it was given."""
    mode = {"TOKEN_TRUST_MODE": "shared-key", "JWT_SECRET_KEY": strong_secret()} if shared else {}
    for contract, values in samples():
        whole = {**values, **chosen, "ISSUER_URL": url, "AUTH_SERVICE_URL": url, **mode}
        # Registering at once, as the sample has it, is good in one environment alone.
        if whole.get("SELF_REGISTRATION") == "allowed" and whole["ENVIRONMENT"] != "local":
            whole["SELF_REGISTRATION"] = "closed"

        loaded = load(contract, IsolatedEnvironment.of(whole))

        assert isinstance(loaded, Configuration), str(loaded)
        for variable in contract.variables:
            if variable.name in whole and variable.kind is VariableKind.PLAIN:
                assert loaded.text(variable.name) == whole[variable.name]
            elif variable.name in whole:
                assert loaded.secret(variable.name).reveal() == whole[variable.name]


@given(text=any_text | odd_values)
def test_parsing_a_registry_raises_nothing_else(text: str) -> None:
    """A registry is read or refused, and a refusal holds nothing of it."""
    said = ""
    try:
        registrations = parse_registry(text.replace("x", MARK))
    except RegistryInvalid as error:
        said = str(error)
    else:
        assert registrations

    assert MARK not in said
