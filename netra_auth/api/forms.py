"""What every page with a form does: take only its own form, and lead on by a redirect."""

from typing import Final

from fastapi import Request
from fastapi.responses import RedirectResponse

from netra.errors import RequestInvalid
from netra_auth.api.pages import FormForged
from netra_auth.api.parameters import Parameters, read_form
from netra_auth.api.state import origin_of, state_of
from netra_auth.audit import Act, AuditEvent, Outcome

FORM_CHALLENGE: Final = {"WWW-Authenticate": 'Form realm="netra"'}
"""RFC 9110 section 15.5.2 wants a challenge with every 401; browsers ignore schemes like this."""


async def own_form(request: Request) -> Parameters:
    """Read a form that this service's own page made for this browser.

    Raises:
        FormForged: It did not.
        RequestInvalid: It cannot be read, or gives a field twice.
    """
    form = await read_form(request)
    if form.repeated:
        raise RequestInvalid(detail="A field was given twice.")
    state = state_of(request)
    try:
        state.pages.require_own_form(request, form.values.get("csrf_token"))
    except FormForged as error:
        act = Act(
            event=AuditEvent.ACCESS_REFUSED,
            outcome=Outcome.REFUSED,
            origin=origin_of(request),
            reason=error.reason,
        )
        await state.audit.note_alone(act)
        raise
    return form


def see_other(location: str) -> RedirectResponse:
    """Lead on to another page of this service."""
    return RedirectResponse(location, status_code=303, headers={"Cache-Control": "no-store"})
