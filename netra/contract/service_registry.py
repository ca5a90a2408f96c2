"""The services that the auth service knows from its configuration (SERVICE_REGISTRY)."""

from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from netra.contract.flaws import is_digest_of_placeholder
from netra.policy import Permission
from netra.principal import is_service_id

_SCOPES: Final = frozenset(permission.value for permission in Permission)


class RegistryInvalid(ValueError):
    """A registry cannot be taken; the message says where and why, and holds no value of it."""


def _service_id(text: str) -> str:
    if not is_service_id(text):
        raise ValueError("must be lower-case letters, digits and single hyphens")
    return text


def _scope(text: str) -> str:
    if text not in _SCOPES:
        raise ValueError("is not a scope that exists")
    return text


def _digest(text: str) -> str:
    if is_digest_of_placeholder(text):
        raise ValueError("is the digest of a placeholder or of nothing")
    return text


_ServiceId = Annotated[str, AfterValidator(_service_id)]
_Scope = Annotated[str, AfterValidator(_scope)]
_Sha256 = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), AfterValidator(_digest), Field(repr=False)
]


class ServiceRegistration(BaseModel):
    """One service: who it is, the SHA-256 of its secret, and what it may ask for."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    service_id: _ServiceId
    secret_sha256: _Sha256
    scopes: Annotated[tuple[_Scope, ...], Field(min_length=1)]
    audiences: Annotated[tuple[_ServiceId, ...], Field(min_length=1)]


_REGISTRY: Final = TypeAdapter(tuple[ServiceRegistration, ...])


def parse_registry(text: str) -> tuple[ServiceRegistration, ...]:
    """Read a registry: a JSON list of registrations, at least one, each service once.

    Raises:
        RegistryInvalid: It is something else; the message says where, never what stands there.
    """
    try:
        registrations = _REGISTRY.validate_json(text)
    except ValidationError as error:
        raise RegistryInvalid(_says(error)) from None
    if not registrations:
        raise RegistryInvalid("lists no service")
    ids = [registration.service_id for registration in registrations]
    if len(set(ids)) != len(ids):
        raise RegistryInvalid("lists a service twice")
    return registrations


def _says(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    if first["type"] in ("json_invalid", "string_unicode"):
        return "is not a JSON document"
    # A member's name is shown only where it is one of ours: the document is a secret as a whole.
    known = ServiceRegistration.model_fields
    place = [
        f"entry {part + 1}" if isinstance(part, int) else part
        for part in first["loc"][:2]
        if isinstance(part, int) or part in known
    ]
    where = ", ".join(place) or "its top level"
    return f"has a fault at {where}: {_reason(first['type'], first['msg'])}"


def _reason(kind: str, message: str) -> str:
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    return _REASONS.get(kind, "it does not have the expected shape")


_REASONS: Final = {
    "missing": "the member is missing",
    "extra_forbidden": "there is a member that is not known",
    "string_pattern_mismatch": "it must be 64 lower-case hexadecimal digits",
    "too_short": "it must not be empty",
    "string_type": "it must be a string",
    "tuple_type": "it must be a list",
    "model_type": "it must be an object",
}
