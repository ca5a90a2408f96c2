"""The requests of the toolkit itself that were refused, as some of them must be. Pure."""

from dataclasses import replace
from typing import Final

import msgspec

from netra_ops.diagnosis.observing.tried.attempt import End, read
from netra_ops.diagnosis.signs.tally import Request, Tally
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
    refused = [one for one in tally.requests if _is_own_refusal(one)]
    if not refused:
        return None
    own = {one.request for one in refused} - {None}
    occurrences = {
        sign: [one for one in lines if one.request not in own]
        for sign, lines in tally.occurrences.items()
    }
    # A proxy's line of the same request may not name it.
    requests = [
        one for one in tally.requests if one.request not in own and not _is_own_refusal(one)
    ]
    audit = tuple(one for one in bundle.audit if one.request_id not in own)
    kept = {sign: lines for sign, lines in occurrences.items() if lines}
    return (
        replace(bundle, audit=audit),
        msgspec.structs.replace(tally, occurrences=kept, requests=requests),
    )


def was_let_in(bundle: Bundle) -> bool:
    """Tell whether a probe that a correct system refuses was let in."""
    tried = [read(one) for one in bundle.probes]
    return any(one.is_negative and one.end is End.ADMITTED for one in tried)


def _is_own_refusal(request: Request) -> bool:
    return request.agent == TOOLKIT and request.status in _REFUSED
