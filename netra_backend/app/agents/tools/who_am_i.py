"""The tool that says who the asker is and what the asker may do."""

from typing import Any, Final

import msgspec

from netra.agent_api import Tool, ToolContext
from netra.clock import as_iso
from netra.policy import Permission
from netra.principal import UserPrincipal


class NoParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """It needs none."""


async def _who_am_i(_parameters: NoParameters, context: ToolContext) -> dict[str, Any]:
    principal = context.principal
    user = principal if isinstance(principal, UserPrincipal) else None
    return {
        "principal": str(principal),
        "kind": principal.kind.value,
        "roles": [] if user is None else sorted(role.value for role in user.roles),
        "client": None if user is None else user.client_id,
        "permissions": [p.value for p in Permission if p in context.permissions],
        "credential_expires_at": as_iso(principal.expires_at),
    }


WHO_AM_I: Final = Tool(
    name="who_am_i",
    description="Say who the person is here, and what the credential they came with permits.",
    permission=Permission.AGENTS_RUN,
    parameters=NoParameters,
    call=_who_am_i,
)
