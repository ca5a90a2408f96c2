"""Words of Cloud Run that both forms of its documents use, and what is written inside texts. Pure.

Which form a document has is known beside this module.
"""

from typing import Final

import msgspec

AUDIENCES: Final = "run.googleapis.com/custom-audiences"
INGRESS: Final = "run.googleapis.com/ingress"
INVOKER_OFF: Final = "run.googleapis.com/invoker-iam-disabled"
ALIASES: Final = "run.googleapis.com/secrets"

INGRESS_OF: Final = {
    "INGRESS_TRAFFIC_ALL": "all",
    "INGRESS_TRAFFIC_INTERNAL_ONLY": "internal",
    "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER": "internal-and-cloud-load-balancing",
    "INGRESS_TRAFFIC_UNSPECIFIED": "all",
}
"""The words of form v1 for those of v2, so that the two can be compared."""


def audiences_in(text: str | None) -> tuple[str, ...]:
    """Read the annotation of form v1; a text that is no list is one audience."""
    if not text:
        return ()
    try:
        return tuple(sorted(msgspec.json.decode(text, type=list[str])))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return (text,)


def aliases_in(text: str | None) -> dict[str, str]:
    """Read `alias:projects/NUMBER/secrets/NAME,...`, by which other projects' secrets are named."""
    pairs = (entry.strip().partition(":") for entry in (text or "").split(","))
    return {alias: target for alias, colon, target in pairs if colon and target}
