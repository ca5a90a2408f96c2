"""An authenticator app: it knows a secret and the time, and shows codes."""

import html
import re
from dataclasses import dataclass

import httpx2

from fakes.running_auth import Person, RunningAuth, csrf_token_of
from netra.clock import Clock
from netra.secret import Secret
from netra_auth.identities.second_factor.totp import code_at, step_at

_SECRET = re.compile(r'name="secret" value="([A-Z2-7]{32})"')
_RECOVERY_CODE = re.compile(r"<code>([0-9a-z-]{19})</code>")
SECOND_FACTOR = "/account/second-factor"


@dataclass(frozen=True)
class Authenticator:
    """What a person holds in their hand once it is set up."""

    secret: Secret
    clock: Clock
    recovery_codes: tuple[str, ...] = ()

    def code(self, steps: int = 0) -> str:
        """Show the code of now, or of some steps away."""
        return code_at(self.secret, step_at(self.clock.timestamp()) + steps)

    def wrong_code(self) -> str:
        """Give six digits that are no code of these minutes."""
        near = {self.code(steps) for steps in range(-3, 4)}
        return next(f"{n:06}" for n in range(10) if f"{n:06}" not in near)


def secret_of(page: httpx2.Response) -> Secret:
    """Read the secret that a set-up page shows."""
    found = _SECRET.search(page.text)
    assert found is not None, page.text
    return Secret(found.group(1))


def recovery_codes_of(page: httpx2.Response) -> tuple[str, ...]:
    """Read the recovery codes that a page shows."""
    return tuple(_RECOVERY_CODE.findall(html.unescape(page.text)))


async def send(browser: httpx2.AsyncClient, path: str, **fields: str) -> httpx2.Response:
    """Send one of the service's own forms, as the browser's pages do."""
    csrf = csrf_token_of(await browser.get("/login"))
    return await browser.post(path, data={"csrf_token": csrf, **fields})


async def set_up(auth: RunningAuth, browser: httpx2.AsyncClient, person: Person) -> Authenticator:
    """Set up the second factor of whoever is logged in with this browser."""
    page = await send(browser, SECOND_FACTOR, password=person.password)
    assert page.status_code == 200, page.text
    fresh = Authenticator(secret_of(page), auth.state.clock)
    done = await send(
        browser, SECOND_FACTOR + "/confirm", secret=fresh.secret.reveal(), code=fresh.code()
    )
    assert done.status_code == 200, done.text
    return Authenticator(fresh.secret, fresh.clock, recovery_codes_of(done))
