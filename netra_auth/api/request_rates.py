"""Who a request is counted for: whoever proved who they are by name, everybody else by address."""

from fastapi import Request

from netra.errors import TooManyRequests
from netra.secret import Secret
from netra_auth.api.state import origin_of, state_of
from netra_auth.audit import Origin
from netra_auth.grants.clients import Client, client_id_of
from netra_auth.grants.errors import ClientSlowedDown
from netra_auth.grants.public_clients import PublicClient
from netra_auth.identities.sessions import LiveSession
from netra_auth.limits import table
from netra_auth.limits.known_devices import device_hash
from netra_auth.limits.refusals import Caller
from netra_auth.limits.request_rates import at_address
from netra_auth.limits.table import Limit


async def admit_client(request: Request, client: Client, origin: Origin, of_service: Limit) -> None:
    """Count a request of an OAuth client: a service's by its id, a public client's by address.

    Raises:
        ClientSlowedDown: It is one too many.
    """
    caller = Caller(origin=origin, client_id=client_id_of(client))
    rates = state_of(request).limits.rates
    try:
        if isinstance(client, PublicClient):
            await rates.admit(table.PUBLIC_CLIENT, at_address(origin), caller)
        else:
            await rates.admit(of_service, client_id_of(client), caller)
    except TooManyRequests as limit:
        raise ClientSlowedDown(limit) from None


async def admit_browser(request: Request, session: LiveSession | None) -> None:
    """Count a request of a browser: by the person who is logged in, by the browser, by address.

    Raises:
        TooManyRequests: It is one too many.
        DatabaseUnavailable: Whether the browser is known cannot be looked up.
    """
    origin, limits = origin_of(request), state_of(request).limits
    if session is not None:
        caller = Caller(origin=origin, subject=session.user.user_id)
        await limits.rates.admit(table.AUTHORIZATION, session.user.user_id, caller)
        return
    device = device_of(request)
    if device is not None and await limits.devices.is_anyones(device):
        await limits.rates.admit(table.PAGES_DEVICE, device_hash(device), Caller(origin=origin))
    else:
        await limits.rates.admit(table.PAGES_ADDRESS, at_address(origin), Caller(origin=origin))


async def page_rate(request: Request) -> None:
    """Count a request for a page that everybody may see.

    Raises:
        TooManyRequests: It is one too many.
        DatabaseUnavailable: Whether the browser is known cannot be looked up.
    """
    await admit_browser(request, None)


def device_of(request: Request) -> Secret | None:
    """Read the cookie by which a browser is known, if it has one."""
    cookie = request.cookies.get(state_of(request).pages.cookies.device)
    return Secret(cookie) if cookie else None
