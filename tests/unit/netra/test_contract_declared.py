"""The contracts of both services: valid samples load, every variable is refused by name."""

from collections.abc import Callable, Mapping

import pytest

from fakes.environments import auth_environment, backend_environment, strong_secret
from netra.contract import Configuration, Contract, VariableKind, Violation, ViolationKind, load
from netra.contract.declared import netra_auth, netra_backend
from netra.contract.formats import StrongSecret, WholeNumber
from netra.contract.variable import Variable
from netra.isolated_environment import IsolatedEnvironment
from netra.telemetry.redaction import redact_text
from netra.wire.auth_api import AUTH_AUDIENCE, MAX_ACCESS_TOKEN_SECONDS

Sample = Callable[..., dict[str, str]]
KIND = ViolationKind

SAMPLES: tuple[tuple[Contract, Sample], ...] = (
    (netra_auth.CONTRACT, auth_environment),
    (netra_backend.CONTRACT, backend_environment),
)
VARIABLES = [
    pytest.param(contract, sample, variable, id=f"{contract.service}-{variable.name}")
    for contract, sample in SAMPLES
    for variable in contract.variables
]
SECRETS = [
    pytest.param(contract, sample, variable, id=f"{contract.service}-{variable.name}")
    for contract, sample in SAMPLES
    for variable in contract.variables
    if isinstance(variable.format, StrongSecret)
]
OTHER_VALUES: Mapping[str, str] = {
    "TOKEN_ISSUER": "https://issuer.example.org",
    "TOKEN_AUDIENCE": "netra-backend",
    "USER_AUDIENCE": "netra-backend",
    "ACCESS_TOKEN_SECONDS": "60",
    "KEY_ROTATION_DAYS": "30",
    "SELF_REGISTRATION": "closed",
    "MAIL_URL": "smtp://netra:Zk3vTq9mXs2Rb7Nf@mail.example.org",
    "MAIL_FROM": "accounts@example.org",
    "DATABASE_OWNER_URL": "postgresql+asyncpg://owner:Zk3vTq9mXs2Rb7Nf@db.example.org/netra",
    "LIMITS_REDIS_URL": "rediss://:Zk3vTq9mXs2Rb7Nf@redis.example.org:6379/1",
    "REQUEST_LIMIT_FACTOR": "3",
    "TOKEN_TRUST_MODE": "keyring",
    "LOG_LEVEL": "WARNING",
    "ALLOWED_ORIGINS": "https://chat.example.org,http://127.0.0.1:8000",
    "CHAT_ORIGINS": "https://chat.example.org,http://127.0.0.1:8000",
    "TRUSTED_PROXIES": "10.0.0.0/8,::1",
    "TLS_CERTIFICATE_PATH": "/etc/netra/tls.crt",
    "TLS_PRIVATE_KEY_PATH": "/etc/netra/tls.key",
    "AUTH_CA_PATH": "/etc/netra/ca.pem",
    "RETENTION_CONVERSATION_DAYS": "400",
    "RETENTION_EVENT_DAYS": "30",
    "RETENTION_USAGE_DAYS": "1000",
    "RETENTION_ERASED_PEOPLE": "delete",
    "OPERATIONS_STATE": "/var/lib/netra",
    "OPERATIONS_BUNDLE": "/var/lib/incident",
    "RETENTION_SWEEP": "off",
    "STANDBY_UNTIL_TRAFFIC": "true",
    "NETRA_MODEL": "openai:gpt-5",
    "NETRA_MODEL_BASE_URL": "http://127.0.0.1:11434/v1",
}


def full(contract: Contract, sample: Sample) -> dict[str, str]:
    """Give an environment in which every declared variable is set."""
    # Registering at once, as the sample has it, is good in one environment alone.
    values = sample(SELF_REGISTRATION=None)
    for variable in contract.variables:
        if variable.name not in values:
            values[variable.name] = OTHER_VALUES.get(variable.name) or strong_secret()
    return values


def violations(contract: Contract, values: Mapping[str, str]) -> list[Violation]:
    """Give the violations of an environment, none where it is valid."""
    loaded = load(contract, IsolatedEnvironment.of(values))
    return [] if isinstance(loaded, Configuration) else list(loaded)


def broken(contract: Contract, sample: Sample, name: str, value: str) -> Violation:
    """Set one variable of a full environment and give the violation, which must be of it alone."""
    (violation,) = violations(contract, {**full(contract, sample), name: value})
    assert violation.variable == name
    return violation


@pytest.mark.parametrize(("contract", "sample"), SAMPLES)
def test_the_sample_is_valid(contract: Contract, sample: Sample) -> None:
    """What the other tests start from honours the contract, in every environment and mode."""
    assert violations(contract, sample()) == []
    assert violations(contract, full(contract, sample)) == []
    assert violations(contract, sample(ENVIRONMENT="production")) == []
    key = strong_secret()
    shared = sample(TOKEN_TRUST_MODE="shared-key", JWT_SECRET_KEY=key, KEYRING_ENCRYPTION_KEY=None)
    assert violations(contract, shared) == []


@pytest.mark.parametrize(("contract", "sample", "variable"), VARIABLES)
def test_removing_a_variable(contract: Contract, sample: Sample, variable: Variable) -> None:
    """A required variable that is missing is named; another may be left out (checklist 61)."""
    values = full(contract, sample)
    del values[variable.name]

    found = violations(contract, values)

    if variable.required.always or variable.name == "KEYRING_ENCRYPTION_KEY":
        assert [(v.variable, v.problem) for v in found] == [(variable.name, KIND.MISSING)]
    elif variable.required.together_with:
        assert [(v.variable, v.problem) for v in found] == [(variable.name, KIND.CONFLICTING)]
    else:
        assert found == []


@pytest.mark.parametrize(("contract", "sample", "variable"), VARIABLES)
def test_emptying_a_variable(contract: Contract, sample: Sample, variable: Variable) -> None:
    """A variable that is set to nothing is refused, required or not."""
    assert broken(contract, sample, variable.name, "").problem is KIND.EMPTY
    assert broken(contract, sample, variable.name, " \t").problem is KIND.EMPTY


@pytest.mark.parametrize(("contract", "sample", "variable"), VARIABLES)
@pytest.mark.parametrize("quote", ['"', "'", "`"])
def test_quoting_a_variable(
    contract: Contract, sample: Sample, variable: Variable, quote: str
) -> None:
    """Quotation marks around a value are part of it and refused."""
    value = full(contract, sample)[variable.name]

    violation = broken(contract, sample, variable.name, f"{quote}{value}{quote}")

    assert violation.problem is KIND.QUOTED


@pytest.mark.parametrize(("contract", "sample", "variable"), VARIABLES)
@pytest.mark.parametrize(
    "changed", ["{}\n", "{}\r\n", "{}\r", "{} ", " {}", "\t{}", "{}\x00", "\ufeff{}", "{}\\n"]
)
def test_white_space_around_a_variable(
    contract: Contract, sample: Sample, variable: Variable, changed: str
) -> None:
    """White space, line ends and control characters at the ends are refused, never trimmed."""
    value = full(contract, sample)[variable.name]

    violation = broken(contract, sample, variable.name, changed.replace("{}", value))

    assert violation.problem is KIND.WHITESPACE


@pytest.mark.parametrize(("contract", "sample", "variable"), VARIABLES)
@pytest.mark.parametrize("reference", ["${NAME}", "$(command)", "{{name}}", "$NAME", "<value>"])
def test_an_unresolved_variable(
    contract: Contract, sample: Sample, variable: Variable, reference: str
) -> None:
    """A reference that nothing replaced is refused."""
    assert broken(contract, sample, variable.name, reference).problem is KIND.UNRESOLVED


@pytest.mark.parametrize(("contract", "sample", "variable"), SECRETS)
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("changeme", KIND.PLACEHOLDER),
        ("dev-service-secret-not-for-production", KIND.PLACEHOLDER),
        ("x" * 40, KIND.PLACEHOLDER),
        ("kQ3vN8-xT0pLw", KIND.TOO_SHORT),
        ("netra-jwt-signing-key", KIND.UNRESOLVED),
        ("kQ3vN8-xT0pLw_7RzYb2Hf5JmCs9DgUe1AaXiVo4En\u00e9", KIND.MALFORMED),
    ],
)
def test_a_weak_secret(
    contract: Contract, sample: Sample, variable: Variable, value: str, problem: ViolationKind
) -> None:
    """Every secret refuses defaults, patterns and what is too short (checklist 17, 61)."""
    violation = broken(contract, sample, variable.name, value)

    assert violation.problem is problem
    assert value not in str(violation)


@pytest.mark.parametrize(
    ("contract", "sample", "name", "value"),
    [
        *((c, s, "ENVIRONMENT", "prod") for c, s in SAMPLES),
        *((c, s, "SERVICE_ID", "service:netra-backend") for c, s in SAMPLES),
        *((c, s, "REVISION", "a/b") for c, s in SAMPLES),
        *((c, s, "HOST", "127.0.0.1:80") for c, s in SAMPLES),
        *((c, s, "PORT", "65536") for c, s in SAMPLES),
        *((c, s, "DATABASE_URL", "postgres://u:p@h/d") for c, s in SAMPLES),
        *((c, s, "TOKEN_TRUST_MODE", "any") for c, s in SAMPLES),
        *((c, s, "TRUSTED_PROXIES", "0.0.0.0/0") for c, s in SAMPLES),
        *((c, s, "LOG_LEVEL", "debug") for c, s in SAMPLES),
        *((c, s, "STANDBY_UNTIL_TRAFFIC", "on") for c, s in SAMPLES),
        (*SAMPLES[0], "ISSUER_URL", "http://auth.example.org"),
        (*SAMPLES[0], "ISSUER_URL", "https://auth.example.org/"),
        (*SAMPLES[0], "ACCESS_TOKEN_SECONDS", "301"),
        (*SAMPLES[0], "ACCESS_TOKEN_SECONDS", "29"),
        (*SAMPLES[0], "KEY_ROTATION_DAYS", "-1"),
        (*SAMPLES[0], "KEY_ROTATION_DAYS", "3651"),
        (*SAMPLES[0], "KEY_ROTATION_DAYS", "1.5"),
        (*SAMPLES[0], "USER_AUDIENCE", "a,b"),
        (*SAMPLES[0], "SELF_REGISTRATION", "yes"),
        (*SAMPLES[0], "MAIL_URL", "http://mail.example.org"),
        (*SAMPLES[0], "MAIL_URL", "smtp://mail.example.org?starttls=no"),
        (*SAMPLES[0], "MAIL_FROM", "Netra <accounts@example.org>"),
        (*SAMPLES[0], "MAIL_FROM", "a@example.org,b@example.org"),
        (*SAMPLES[0], "MAIL_FROM", "a@example.org\nBcc:b@example.org"),
        (*SAMPLES[0], "MAIL_FROM", "accounts"),
        (*SAMPLES[0], "LIMITS_REDIS_URL", "http://redis.example.org:6379"),
        (*SAMPLES[0], "REQUEST_LIMIT_FACTOR", "0"),
        (*SAMPLES[0], "REQUEST_LIMIT_FACTOR", "101"),
        (*SAMPLES[0], "REQUEST_LIMIT_FACTOR", "off"),
        (*SAMPLES[0], "SERVICE_REGISTRY", "[]"),
        (*SAMPLES[0], "CHAT_ORIGINS", "*"),
        (*SAMPLES[0], "CHAT_ORIGINS", "null"),
        (*SAMPLES[0], "CHAT_ORIGINS", "http://chat.example.org"),
        (*SAMPLES[0], "CHAT_ORIGINS", "https://chat.example.org/"),
        (*SAMPLES[0], "CHAT_ORIGINS", "https://chat.example.org/chat"),
        (*SAMPLES[0], "CHAT_ORIGINS", "https://a.example, https://b.example"),
        (
            *SAMPLES[0],
            "KEYRING_ENCRYPTION_KEY",
            "Zk3vQ9xL7mT2pW8rYb5HsKd1NfGj6Uc0Ae4ViOoXqJtRlMzBwA",
        ),
        (*SAMPLES[1], "AUTH_SERVICE_URL", "http://auth.example.org"),
        (*SAMPLES[1], "TOKEN_ISSUER", "https://issuer.example.org/"),
        (*SAMPLES[1], "ALLOWED_ORIGINS", "*"),
        (*SAMPLES[1], "ALLOWED_ORIGINS", "https://a.example, https://b.example"),
    ],
)
def test_a_malformed_variable(contract: Contract, sample: Sample, name: str, value: str) -> None:
    """A value of another form is refused by name, and is not repeated."""
    violation = broken(contract, sample, name, value)

    assert violation.problem in (KIND.MALFORMED, KIND.WHITESPACE)
    assert value not in violation.says


@pytest.mark.parametrize(("contract", "sample"), SAMPLES)
def test_the_shared_key_is_required_in_its_mode_only(contract: Contract, sample: Sample) -> None:
    """JWT_SECRET_KEY is missing only where TOKEN_TRUST_MODE asks for it."""
    (violation,) = violations(contract, sample(TOKEN_TRUST_MODE="shared-key"))

    assert (violation.variable, violation.problem) == ("JWT_SECRET_KEY", KIND.MISSING)
    assert "TOKEN_TRUST_MODE is shared-key" in violation.says


@pytest.mark.parametrize(("contract", "sample"), SAMPLES)
def test_one_value_does_not_serve_two_secrets(contract: Contract, sample: Sample) -> None:
    """The previous key must not be the present one, nor a key any other secret."""
    key = strong_secret()

    (violation,) = violations(contract, sample(JWT_SECRET_KEY=key, JWT_SECRET_KEY_PREVIOUS=key))
    assert (violation.variable, violation.problem) == ("JWT_SECRET_KEY_PREVIOUS", KIND.CONFLICTING)

    other = "SERVICE_SECRET" if contract is netra_backend.CONTRACT else "KEYRING_ENCRYPTION_KEY"
    (violation,) = violations(contract, sample(**{"JWT_SECRET_KEY": key, other: key}))
    assert violation.problem is KIND.CONFLICTING


@pytest.mark.parametrize(("contract", "sample"), SAMPLES)
def test_a_default_database_password_is_refused_outside_local(
    contract: Contract, sample: Sample
) -> None:
    """What a container image starts with is for `local` alone."""
    url = "postgresql+asyncpg://postgres:postgres@db/netra"

    assert violations(contract, sample(DATABASE_URL=url)) == []
    for environment in ("staging", "production"):
        (violation,) = violations(contract, sample(DATABASE_URL=url, ENVIRONMENT=environment))
        assert (violation.variable, violation.problem) == ("DATABASE_URL", KIND.PLACEHOLDER)


@pytest.mark.parametrize(("contract", "sample"), SAMPLES)
def test_the_platform_may_name_the_revision(contract: Contract, sample: Sample) -> None:
    """K_REVISION is REVISION by another name; two different values are a conflict."""
    for values in (
        sample(REVISION=None, K_REVISION="rev-00001"),
        sample(REVISION="rev-00001", K_REVISION="rev-00001"),
    ):
        loaded = load(contract, IsolatedEnvironment.of(values))
        assert isinstance(loaded, Configuration)
        assert loaded.text("REVISION") == "rev-00001"

    (violation,) = violations(contract, sample(REVISION="rev-00001", K_REVISION="rev-00002"))
    assert (violation.variable, violation.problem) == ("REVISION", KIND.CONFLICTING)


def test_the_issuer_is_the_auth_service_unless_said_otherwise() -> None:
    """TOKEN_ISSUER takes the value of AUTH_SERVICE_URL where it is not set."""
    values = backend_environment()
    loaded = load(netra_backend.CONTRACT, IsolatedEnvironment.of(values))
    named = load(
        netra_backend.CONTRACT,
        IsolatedEnvironment.of({**values, "TOKEN_ISSUER": "https://issuer.example.org"}),
    )

    assert isinstance(loaded, Configuration)
    assert isinstance(named, Configuration)
    assert loaded.text("TOKEN_ISSUER") == values["AUTH_SERVICE_URL"]
    assert loaded.origin("TOKEN_ISSUER") is None
    assert named.text("TOKEN_ISSUER") == "https://issuer.example.org"


def test_a_bare_environment_names_every_required_variable() -> None:
    """Nothing set: everything needed is named at once, not one at a time."""
    missing = [v.variable for v in violations(netra_backend.CONTRACT, {})]

    assert missing == [
        "ENVIRONMENT",
        "SERVICE_ID",
        "SERVICE_SECRET",
        "AUTH_SERVICE_URL",
        "DATABASE_URL",
    ]


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_registering_at_once_is_for_this_machine(environment: str) -> None:
    """Elsewhere it is refused and said why: strangers would learn which addresses have accounts."""
    sample = auth_environment(ENVIRONMENT=environment, SELF_REGISTRATION="allowed")
    (violation,) = violations(netra_auth.CONTRACT, sample)

    assert (violation.variable, violation.problem) == ("SELF_REGISTRATION", KIND.CONFLICTING)
    assert "strangers are told which addresses have accounts" in violation.says
    assert "by-mail" in violation.fix
    assert "closed" in violation.fix
    for value in ("closed", None):
        changed = auth_environment(ENVIRONMENT=environment, SELF_REGISTRATION=value)
        assert violations(netra_auth.CONTRACT, changed) == []


def test_registration_by_mail_needs_a_server_and_a_sender() -> None:
    """Both are missed where mails are needed; elsewhere both or neither is set."""

    def found(**values: str) -> list[tuple[str, ViolationKind]]:
        sample = auth_environment(**values)
        return [(v.variable, v.problem) for v in violations(netra_auth.CONTRACT, sample)]

    url, sender = OTHER_VALUES["MAIL_URL"], OTHER_VALUES["MAIL_FROM"]
    by_mail = {"SELF_REGISTRATION": "by-mail"}

    assert found(**by_mail) == [("MAIL_URL", KIND.MISSING), ("MAIL_FROM", KIND.MISSING)]
    assert found(**by_mail, MAIL_URL=url) == [("MAIL_FROM", KIND.CONFLICTING)]
    assert found(MAIL_FROM=sender) == [("MAIL_URL", KIND.CONFLICTING)]
    assert found(**by_mail, MAIL_URL=url, MAIL_FROM=sender) == []
    assert found(SELF_REGISTRATION="closed", MAIL_URL=url, MAIL_FROM=sender) == []


def test_equality_groups_pair_the_services() -> None:
    """Each group that one service declares is declared by the other, once (checklist 62)."""

    def groups(contract: Contract) -> list[str]:
        return sorted(v.equality_group for v in contract.variables if v.equality_group)

    assert groups(netra_auth.CONTRACT) == groups(netra_backend.CONTRACT)
    assert len(set(groups(netra_auth.CONTRACT))) == len(groups(netra_auth.CONTRACT))


def test_the_contract_agrees_with_the_wire() -> None:
    """The longest token life and the auth service's audience are stated in one sense."""
    lifetime = netra_auth.CONTRACT.variable("ACCESS_TOKEN_SECONDS").format

    assert isinstance(lifetime, WholeNumber)
    assert lifetime.most == MAX_ACCESS_TOKEN_SECONDS
    assert netra_auth.CONTRACT.service == AUTH_AUDIENCE


@pytest.mark.parametrize(("contract", "sample", "variable"), VARIABLES)
def test_the_log_keeps_the_sentences_whole(
    contract: Contract, sample: Sample, variable: Variable
) -> None:
    """Redaction finds nothing to hide in what a violation says (SPEC R16)."""
    values = full(contract, sample)
    for value in ("", " x", "changeme", "'x'", "${X}", "kQ3vN8", "[]"):
        for violation in violations(contract, {**values, variable.name: value}):
            assert redact_text(str(violation)) == str(violation)
    for violation in violations(contract, {"TOKEN_TRUST_MODE": "shared-key"}):
        assert redact_text(str(violation)) == str(violation)


@pytest.mark.parametrize(("contract", "sample", "variable"), VARIABLES)
def test_a_variable_is_fully_declared(
    contract: Contract, sample: Sample, variable: Variable
) -> None:
    """A meaning is a sentence, a default honours its own format, a secret has no default."""
    assert contract.variable(variable.name) is variable
    assert variable.meaning.endswith(".")
    if variable.default:
        assert variable.format.flaw(variable.default, deployed=True) is None
        assert variable.kind is VariableKind.PLAIN
    assert variable.name in full(contract, sample)
