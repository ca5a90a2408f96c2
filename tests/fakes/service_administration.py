"""Administering services over the API, as the operations toolkit and operators do."""

from dataclasses import dataclass
from typing import Any

import httpx2

from fakes.running_auth import Person, RunningAuth, bearer

PATH = "/admin/services"
PASSWORD = "correct horse battery"


@dataclass
class Administrator:
    """Somebody with an access token, and what they do with it."""

    auth: RunningAuth
    token: str

    async def asks(self, method: str, path: str = "", body: Any = None) -> httpx2.Response:
        """Send a request below `/admin/services`."""
        return await self.auth.http.request(
            method, PATH + path, json=body, headers=bearer(self.token)
        )

    async def registers(self, service_id: str, **changed: Any) -> dict[str, Any]:
        """Register a service with one harmless scope, unless told otherwise."""
        answer = await self.asks("POST", body=new_service(service_id, **changed))
        assert answer.status_code == 201, answer.text
        registered: dict[str, Any] = answer.json()
        return registered

    async def rotates(self, service_id: str, overlap: int) -> dict[str, Any]:
        """Make another secret for a service."""
        answer = await self.asks("POST", f"/{service_id}/secrets", {"overlap_seconds": overlap})
        assert answer.status_code == 201, answer.text
        rotated: dict[str, Any] = answer.json()
        return rotated

    async def sees(self, service_id: str) -> dict[str, Any]:
        """Show a service."""
        answer = await self.asks("GET", f"/{service_id}")
        assert answer.status_code == 200, answer.text
        record: dict[str, Any] = answer.json()
        return record


def new_service(service_id: str, **changed: Any) -> dict[str, Any]:
    """Write a registration of a service with one harmless scope."""
    return {
        "service_id": service_id,
        "scopes": ["profile:read"],
        "audiences": ["netra-auth"],
        **changed,
    }


async def toolkit(auth: RunningAuth) -> Administrator:
    """Administer as the service `netra-ops`."""
    return Administrator(auth, await auth.service_token("netra-ops"))


async def operator(auth: RunningAuth) -> Administrator:
    """Administer as a person who is an operator."""
    new = {"email": "ops@example.org", "password": PASSWORD, "role": "operator"}
    token = await auth.service_token("netra-ops")
    answer = await auth.http.post("/admin/users", json=new, headers=bearer(token))
    assert answer.status_code == 201, answer.text
    person = Person(answer.json()["user_id"], new["email"], PASSWORD)
    return Administrator(auth, (await auth.tokens_of(person))["access_token"])


async def token_answer(
    auth: RunningAuth, service_id: str, secret: str, **changed: str
) -> httpx2.Response:
    """Ask for a service's own token with a secret."""
    form = {"grant_type": "client_credentials", **changed}
    return await auth.http.post("/token", data=form, auth=(service_id, secret))
