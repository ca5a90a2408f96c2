"""The services that the auth service knows from its configuration."""

import hashlib
import json
from typing import Any

import pytest

from fakes.environments import service_registry, strong_secret
from netra.contract import RegistryInvalid, parse_registry

DIGEST = hashlib.sha256(strong_secret().encode()).hexdigest()


def entry(**members: Any) -> dict[str, Any]:
    """Give a valid entry, changed."""
    valid = {
        "service_id": "netra-backend",
        "secret_sha256": DIGEST,
        "scopes": ["service:status"],
        "audiences": ["netra-auth"],
    }
    return {name: value for name, value in {**valid, **members}.items() if value is not None}


def test_a_registry_is_read() -> None:
    """A list of entries gives frozen registrations in their order."""
    first, second = parse_registry(service_registry({"netra-backend": "a", "netra-ops": "b"}))

    assert first.service_id == "netra-backend"
    assert first.secret_sha256 == hashlib.sha256(b"a").hexdigest()
    assert "tokens:introspect" in first.scopes
    assert first.audiences == ("netra-auth", "netra-backend")
    assert second.service_id == "netra-ops"
    assert "users:admin" in second.scopes
    with pytest.raises(AttributeError, match="cannot assign"):
        first.service_id = "other"  # type: ignore[misc]  # what must not be possible is tried


def test_a_digest_is_not_shown() -> None:
    """The `repr` of a registration holds no digest."""
    (registration,) = parse_registry(json.dumps([entry()]))

    assert registration.secret_sha256 == DIGEST
    assert DIGEST not in repr(registration)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not a JSON document"),
        ("not json", "is not a JSON document"),
        ("[" * 10_000, "is not a JSON document"),
        ("{}", "has a fault at its top level: it must be a list"),
        ("[]", "lists no service"),
        ("[1]", "has a fault at entry 1: it must be an object"),
        ("\ud800", "is not a JSON document"),
        ([entry(), entry()], "lists a service twice"),
        ([entry(service_id=None)], "entry 1, service_id: the member is missing"),
        ([entry(service_id="Netra")], "entry 1, service_id: must be lower-case"),
        ([entry(service_id="service:netra")], "entry 1, service_id: must be lower-case"),
        ([entry(service_id=7)], "entry 1, service_id: it must be a string"),
        ([entry(secret_sha256="abc")], "secret_sha256: it must be 64 lower-case hexadecimal"),
        ([entry(secret_sha256=DIGEST.upper())], "secret_sha256: it must be 64 lower-case"),
        ([entry(secret_sha256=f"{DIGEST}\n")], "secret_sha256: it must be 64 lower-case"),
        ([entry(secret_sha256=hashlib.sha256(b"changeme").hexdigest())], "of a placeholder"),
        ([entry(secret_sha256=hashlib.sha256(b"").hexdigest())], "of a placeholder or of nothing"),
        ([entry(scopes=[])], "entry 1, scopes: it must not be empty"),
        ([entry(scopes="service:status")], "entry 1, scopes: it must be a list"),
        ([entry(scopes=["everything"])], "entry 1, scopes: is not a scope that exists"),
        ([entry(audiences=[])], "entry 1, audiences: it must not be empty"),
        ([entry(), entry(service_id="b", audiences=["*"])], "entry 2, audiences: must be lower"),
    ],
)
def test_another_document_is_refused(text: str | list[Any], says: str) -> None:
    """The message names the entry and the member (checklist 17, 41)."""
    with pytest.raises(RegistryInvalid) as caught:
        parse_registry(text if isinstance(text, str) else json.dumps(text))

    assert says in str(caught.value)


def test_no_part_of_the_document_is_in_the_message() -> None:
    """A secret pasted as a value or as a member's name is not repeated, nor chained."""
    secret = strong_secret()
    documents: tuple[Any, ...] = (
        [entry(**{secret: "x"})],
        [entry(secret_sha256=secret)],
        [entry(scopes=[secret])],
        {secret: []},
    )
    for document in documents:
        with pytest.raises(RegistryInvalid) as caught:
            parse_registry(json.dumps(document))

        assert secret not in str(caught.value)
        assert caught.value.__context__ is None or caught.value.__suppress_context__
