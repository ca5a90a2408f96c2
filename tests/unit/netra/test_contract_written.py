"""Contracts as documents: what is read, what is refused, and that our own can be written so."""

import json
from typing import Any

import pytest

from fakes.environments import strong_secret
from netra.contract import Configuration, Contract, Variable, VariableKind, Violations, load
from netra.contract.general_formats import Pem, RandomSecret, Text, Url
from netra.contract.reference import CONTRACTS, as_markdown
from netra.contract.variable import ALWAYS, Source, required_when
from netra.contract.written.documents import ContractInvalid, contract_of, document_of, schema
from netra.contract.written.formats import format_of
from netra.isolated_environment import IsolatedEnvironment

PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----"


def document(**variable: Any) -> dict[str, Any]:
    """Give a contract of one variable besides ENVIRONMENT."""
    environment = {"name": "ENVIRONMENT", "meaning": "Where.", "kind": "plain", "format": "text"}
    one = {"name": "A", "meaning": "For A.", "kind": "plain", "format": "text", **variable}
    return {"netra_contract": 1, "service": "shop", "variables": [environment, one]}


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.service)
def test_our_own_contracts_can_be_written(contract: Contract) -> None:
    """Through JSON and back, each of them is equal to itself, its formats included."""
    assert contract_of(json.loads(json.dumps(document_of(contract)))) == contract


def test_every_part_of_a_variable_can_be_written() -> None:
    """What our own contracts do not use is read back equal as well."""
    contract = Contract(
        "shop",
        (
            Variable("ENVIRONMENT", "Where.", VariableKind.PLAIN, Text(), ALWAYS),
            Variable(
                "URL",
                "An address.",
                VariableKind.PLAIN,
                Url(("https", "http")),
                required_when("ENVIRONMENT", "staging", "production"),
                aliases=("ADDRESS",),
                equality_group="address",
                leads=True,
                source=Source.PLATFORM,
                hosts=(("production", ("*.example.org", "example.org")),),
                of_its_environment=True,
            ),
            Variable("KEY", "A key.", VariableKind.SECRET, Pem(("PRIVATE KEY",))),
            Variable("SECRET", "A secret.", VariableKind.SECRET, RandomSecret(20, 80, 90)),
            Variable("TEXT", "A text.", VariableKind.PLAIN, Text(2, 9, ""), default="text"),
            Variable("OLD_URL", "Before.", VariableKind.PLAIN, Url(), accepted_as="URL"),
        ),
    )

    assert contract_of(json.loads(json.dumps(document_of(contract)))) == contract


@pytest.mark.parametrize(
    ("given", "says", "path"),
    [
        ([], "Expected object, got array", ()),
        ({"netra_contract": 1, "service": "shop"}, "missing required field variables", ()),
        ({**document(), "netra_contract": 2}, "Invalid enum value 2", ("netra_contract",)),
        ({**document(), "service": "Shop"}, "matching regex", ("service",)),
        ({**document(), "variables": []}, "length >= 1", ("variables",)),
        ({**document(), "more": 1}, "unknown field more", ()),
        (document(name="A B"), "matching regex", ("variables", 1, "name")),
        (document(name="A\n"), "ends in a line break", ("variables",)),
        (document(kind="hidden"), "Invalid enum value", ("variables", 1, "kind")),
        (document(format="word"), "Invalid enum value", ("variables", 1, "format")),
        (document(format={"type": "word"}), "Invalid value", ("variables", 1, "format", "type")),
        (document(format={"type": "one-of"}), "missing required", ("variables", 1, "format")),
        (
            document(format={"type": "matching", "pattern": "(", "text": "x"}),
            "its pattern has a `(` without its `)`",
            ("variables", 1, "format"),
        ),
        (
            document(format={"type": "text", "least": 9, "most": 2}),
            "`most` is smaller",
            ("variables", 1, "format"),
        ),
        (document(kind="secret", default="x"), "has no default", ("variables", 1, "default")),
        (document(required={}), "no condition is given", ("variables", 1, "required")),
        (
            document(required={"together_with": "ENVIRONMENT", "unless": "A"}),
            "`unless` needs",
            ("variables", 1, "required", "unless"),
        ),
        (document(required={"together_with": "B"}), "A refers to B", ("variables",)),
        (document(aliases=["ENVIRONMENT"]), "declares ENVIRONMENT twice", ("variables",)),
        (document(hosts={"production": []}), "length >= 1", ("variables", 1, "hosts")),
        (document(meaning=""), "length >= 1", ("variables", 1, "meaning")),
    ],
)
def test_another_document_is_refused(given: Any, says: str, path: tuple[str | int, ...]) -> None:
    """The error says what is wrong, and where."""
    with pytest.raises(ContractInvalid) as caught:
        contract_of(given)

    assert says in caught.value.says
    assert caught.value.path[: len(path)] == path


def test_hosts_need_an_environment() -> None:
    """Hosts by environment mean nothing where none is declared."""
    given = document(hosts={"production": ["example.org"]})
    del given["variables"][0]

    with pytest.raises(ContractInvalid, match="ENVIRONMENT is not declared"):
        contract_of(given)


def found(value: str, kind: str = "plain", environment: str = "production", **more: Any) -> str:
    """Say what is wrong with a value, in a contract with one variable for it."""
    contract = contract_of(document(kind=kind, **more))
    loaded = load(contract, IsolatedEnvironment.of({"ENVIRONMENT": environment, "A": value}))
    return "" if isinstance(loaded, Configuration) else str(loaded)


def test_hosts_are_held_to_their_environment() -> None:
    """A host must be one of those of its environment, and must not name another one."""
    hosts = {"production": ["*.example.org", "example.com"], "staging": ["a.example.net"]}

    for good in ("https://a.example.org", "https://b.a.example.org/x", "https://example.com"):
        assert found(good, format="url", hosts=hosts) == ""
    for bad in (
        *("https://example.org", "https://a.example.org.evil.net", "https://aexample.org"),
        *("https://a.example.net", "https://x@evil.net", "https://example.com.", "https://[::1]"),
    ):
        says = found(bad, format="url", hosts=hosts)
        assert ("does not belong to production" in says) == (bad != "https://example.com.")
    assert found("https://x.net", environment="elsewhere", format="url", hosts=hosts) == ""
    for host, environment, is_good in (
        ("auth.staging.example.org", "production", False),
        ("auth-prod.example.org", "staging", False),
        ("auth-stg.example.org", "prod", False),
        ("auth.staging.example.org", "staging", True),
        ("productions.example.org", "staging", True),
        ("auth.staging.example.org", "local", True),
        ("127.0.0.1", "production", True),
    ):
        says = found(
            f"https://{host}", environment=environment, format="url", of_its_environment=True
        )
        assert (says == "") == is_good, (host, environment)


def test_pem_is_recognised() -> None:
    """Blocks of the named kinds, with a line break at the end or without, and nothing else."""
    form = {"type": "pem", "labels": ["PRIVATE KEY"]}
    for good in (PEM, f"{PEM}\n", f"{PEM}\n{PEM}\n"):
        assert found(good, format=form) == ""
    for bad, says in (
        (PEM.replace("\n", "\\n"), "backslashes with the letter n"),
        (PEM.replace("PRIVATE KEY", "CERTIFICATE"), "does not have the declared form"),
        (f"x\n{PEM}", "does not have the declared form"),
        (PEM.replace("MII", "!!!"), "does not have the declared form"),
        (f"{PEM}\n\n", "ends in a line break"),
        (f'"{PEM}"', "quotation marks"),
        (PEM.replace("\n", "\r\n"), "carriage return"),
    ):
        assert says in found(bad, format=form)


def test_a_secret_has_length_and_entropy() -> None:
    """Both bounds hold, and no known default passes."""
    form = {"type": "secret", "least": 16, "most": 64, "bits": 100}

    assert found(strong_secret(), "secret", format=form) == ""
    for bad, says in (
        ("Xk3mP9", "is too short"),
        (strong_secret() * 2, "repeated"),
        (f"{strong_secret()}{strong_secret()}", "is too long"),
        ("abkwpzqmabkwpzqn", "has too little entropy"),
        ("changeme-changeme", "placeholder"),
        ("${SECRET_FROM_BUILD}", "nothing has replaced"),
    ):
        assert says in found(bad, "secret", format=form)


def test_any_text_may_be_declared() -> None:
    """A text without bounds is still never empty, quoted or unresolved, and is said to be any."""
    assert found("one two") == ""
    assert "is set but empty" in found("")
    assert "quotation marks" in found('"x"')
    contract = contract_of(document(required="always"))
    missing = load(contract, IsolatedEnvironment.of({"ENVIRONMENT": "x"}))
    assert isinstance(missing, Violations)
    assert str(missing) == "A is not set. Set it to a text."
    assert "- Format: any text." in as_markdown([contract])


def test_a_format_with_parameters_refuses_what_a_word_does() -> None:
    """A URL needs a scheme of the list and a host."""
    assert found("https://a.example", format={"type": "url", "schemes": ["https"]}) == ""
    for bad in ("http://a.example", "https://", "a.example", "https://a:0", "https://[x"):
        assert "declared form" in found(bad, format={"type": "url", "schemes": ["https"]})
    with pytest.raises(ValueError, match="no name for object"):
        from_nothing()


def from_nothing() -> None:
    """Ask for the name of a format that contract files do not have."""
    variable = Variable("A", "A.", VariableKind.PLAIN, object(), ALWAYS)  # type: ignore[arg-type]  # no format
    document_of(Contract("shop", (variable,)))


def test_the_schema_knows_every_word() -> None:
    """The published schema lists what can be written, so that editors can complete it."""
    text = json.dumps(schema())

    for word in ("service-registry", "one-of", "whole-number", "pem", "equality_group", "hosts"):
        assert f'"{word}"' in text
    assert schema()["$defs"]["WrittenVariable"]["additionalProperties"] is False
    assert format_of("secret") == RandomSecret()
