"""The requests of the toolkit itself that were refused, as some of them must be. Pure."""

from dataclasses import replace
from typing import Final

import msgspec

from netra_ops.diagnosis.signs.tally import Tally
from netra_ops.evidence.bundle import Bundle

TOOLKIT: Final = "netra-ops"
"""What the toolkit calls itself; it sorts requests and proves nothing."""
_REFUSED: Final = range(400, 500)


def without_own_probes(bundle: Bundle, tally: Tally) -> tuple[Bundle, Tally] | None:
    """Leave out what the golden path was refused, in the log and in the audit record.

    It sends wrong secrets, foreign tokens and origins on purpose. What it was not answered, or by a
    fault of the server, stays.

    Returns:
        None if there is nothing of it.
    """
    own = {
        one.request
        for one in tally.requests
        if one.agent == TOOLKIT and one.status in _REFUSED and one.request is not None
    }
    if not own:
        return None
    occurrences = {
        sign: [one for one in lines if one.request not in own]
        for sign, lines in tally.occurrences.items()
    }
    requests = [one for one in tally.requests if one.request not in own]
    audit = tuple(one for one in bundle.audit if one.request_id not in own)
    kept = {sign: lines for sign, lines in occurrences.items() if lines}
    return (
        replace(bundle, audit=audit),
        msgspec.structs.replace(tally, occurrences=kept, requests=requests),
    )
