"""What a service may be registered with, as options; and the key sets that services prove by."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import msgspec
import typer
from pydantic import ValidationError

from netra.wire.auth_api import WireModel
from netra_ops.findings import UsageRefused

Model = TypeVar("Model", bound=WireModel)

_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""The members of a JWK that must never leave its owner (RFC 7518 section 6)."""
_LARGEST_KEY_SET: Final = 65_536


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the options say of a service; what was not given is not in it."""

    members: dict[str, Any]

    def as_model(self, model: type[Model], **more: Any) -> Model:
        """Give the request that it makes.

        Raises:
            UsageRefused: It makes none; says which option is at fault.
        """
        try:
            return model.model_validate(self.members | more)
        except ValidationError as error:
            fault = error.errors(include_input=False, include_url=False)[0]
            place = str(fault["loc"][0]) if fault["loc"] else ""
            name = _OPTIONS.get(place, place.upper())
            raise UsageRefused(f"{name} is refused: {fault['msg']}.") from None


_OPTIONS: Final = {
    "service_id": "SERVICE",
    "name": "--name",
    "scopes": "--scope",
    "audiences": "--audience",
    "grants": "--grant",
    "redirect_uris": "--redirect-uri",
    "public_jwks": "--jwks",
}


def wanted(
    *,
    name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may ask for; once for each. '' for nothing.")
    ] = None,
    audience: Annotated[
        list[str] | None,
        typer.Option(help="Whom its tokens are for; once for each. '' for nobody."),
    ] = None,
    grant: Annotated[
        list[str] | None,
        typer.Option(
            help="client_credentials (the default), authorization_code or refresh_token; "
            "once for each."
        ),
    ] = None,
    redirect_uri: Annotated[
        list[str] | None,
        typer.Option(help="Where its logins come back; once for each. '' for nowhere."),
    ] = None,
    jwks: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The public keys it signs assertions with (a JWKS)."),
    ] = None,
) -> Wanted:
    """Collect the options; a list that was given takes the place of the one there is."""
    lists = {"scopes": scope, "audiences": audience, "grants": grant, "redirect_uris": redirect_uri}
    members: dict[str, Any] = {
        member: [] if values == [""] else values for member, values in lists.items() if values
    }
    if name is not None:
        members["name"] = name
    if jwks is not None:
        members["public_jwks"] = key_set_in(jwks)
    return Wanted(members)


def key_set_in(path: Path) -> dict[str, Any]:
    """Read a set of public keys (RFC 7517 section 5).

    Raises:
        UsageRefused: It is none, or holds what must never leave its owner.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_KEY_SET + 1)
    except OSError as error:
        raise UsageRefused(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > _LARGEST_KEY_SET:
        raise UsageRefused(f"{path} is larger than 64 KiB, too large for a set of keys.")
    try:
        document = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        document = None
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(keys, list) or not keys:
        raise UsageRefused(f"{path} is not a JWKS: a JSON object with a list of `keys`.")
    if not all(isinstance(key, dict) for key in keys):
        raise UsageRefused(f"{path} lists something that is not a key.")
    if any(_PRIVATE & key.keys() for key in keys) or _PRIVATE & document.keys():
        raise UsageRefused(
            f"{path} holds a private or symmetric key, which must stay with its owner. "
            "It was not sent. Give the public keys alone."
        )
    return document
