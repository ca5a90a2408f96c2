"""What is looked for, and what was found, as the service and its worker tell each other. Pure."""

from typing import Any

import msgspec


class Look(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing to look for.

    Attributes:
        what: `diagnosis`, `logs` or `serving`.
        state: The state directory that is looked into.
        bundle: The bundle that is read instead.
        minutes: Of how much time, up to now; a bundle has its own.
        again: Whether the evidence that was collected last is looked at again.
    """

    what: str
    state: str | None = None
    bundle: str | None = None
    minutes: int = 0
    again: bool = False


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: a result, or why there is none."""

    result: dict[str, Any] | None = None
    refused: str = ""
