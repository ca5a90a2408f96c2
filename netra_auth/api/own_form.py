"""Reading the forms of our own pages, and refusing those that another site may have sent."""

from fastapi import Request

from netra.errors import RequestInvalid
from netra_auth.api.pages import FormForged
from netra_auth.api.parameters import Parameters, read_form
from netra_auth.api.state import origin_of, state_of
from netra_auth.audit import Act, AuditEvent, Outcome


async def own_form(request: Request) -> Parameters:
    """Read a form that our own page made for this browser.

    Raises:
        FormForged: Another site may have sent it.
        RequestInvalid: It cannot be read, or a field came twice.
        DatabaseUnavailable: The refusal cannot be recorded.
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
