"""What the backend relies on at the auth service: one contract, for the fake and the real one."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from fakes.auth_service import BACKEND_SECRET, FakeAuthService
from fakes.issuer import Issuer
from fakes.running_auth import SERVICE_SECRETS, bearer, running_auth_service
from fakes.timing import UNIT
from fakes.wired_client import OPERATION, Wired, assert_not_validated, wired
from netra.clock import SystemClock
from netra.errors import OwnCredentialUnproven
from netra.principal import ServicePrincipal, UserPrincipal
from netra.secret import Secret
from netra.tokens import Algorithm, UnknownKey, VerificationRules, principal_of
from netra.wire.auth_api import RevocationKind, SubjectStanding
from netra_auth.store.tables import users

OPS_SECRET = Secret("another-secret-of-the-operations-toolkit-4711")


@dataclass
class Auth:
    """An auth service that keeps the contract, as seen by who uses it."""

    url: str
    secrets: dict[str, Secret]
    new_user_token: Callable[[], Awaitable[str]]
    erase_user: Callable[[str], Awaitable[str]]
    """Erases the user of a token and gives the user's id."""
    disable_user: Callable[[str], Awaitable[str]]
    """Disables the user of a token and gives the user's id."""

    def rules(self) -> VerificationRules:
        """Give the rules a backend of this auth service has."""
        return VerificationRules(
            issuer=self.url,
            audience="netra-backend",
            algorithms=frozenset({Algorithm.ES256}),
        )

    def wired(
        self, service_id: str = "netra-backend", **more: Any
    ) -> AbstractAsyncContextManager[Wired]:
        """Wire the backend's half to it."""
        more.setdefault("secret", self.secrets.get(service_id))
        return wired(self.url, self, service_id=service_id, **more)


@asynccontextmanager
async def _fake(_folder: Path) -> AsyncIterator[Auth]:
    service = FakeAuthService()
    service.secrets["netra-ops"] = OPS_SECRET

    async def new_user_token() -> str:
        return service.issuer.user_token("usr_erased")

    async def erase_user(_token: str) -> str:
        await service.revoke(RevocationKind.SUBJECT, "usr_erased")
        service.standings["usr_erased"] = SubjectStanding.GONE
        return "usr_erased"

    async def disable_user(_token: str) -> str:
        service.standings["usr_erased"] = SubjectStanding.DISABLED
        return "usr_erased"

    async with service.running() as served:
        yield Auth(
            served.url,
            {"netra-backend": BACKEND_SECRET, "netra-ops": OPS_SECRET},
            new_user_token,
            erase_user,
            disable_user,
        )


@asynccontextmanager
async def _real(folder: Path) -> AsyncIterator[Auth]:
    async with running_auth_service(folder) as service:

        async def new_user_token() -> str:
            tokens = await service.tokens_of(await service.registered_person())
            return str(tokens["access_token"])

        async def erase_user(token: str) -> str:
            answer = await service.http.delete("/users/me", headers=bearer(token))
            assert answer.status_code == 204, answer.text
            return user_of(token)

        async def disable_user(token: str) -> str:
            async with service.state.database.transaction() as transaction:
                await transaction.connection.execute(update(users).values(disabled_at=1.0))
            return user_of(token)

        secrets = {name: Secret(value) for name, value in SERVICE_SECRETS.items()}
        yield Auth(service.url, secrets, new_user_token, erase_user, disable_user)


def user_of(token: str) -> str:
    """Read whose a token is."""
    _, claims, _ = token.split(".")
    return str(_json_of(claims)["sub"])


def _json_of(part: str) -> dict[str, Any]:
    decoded = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    document: dict[str, Any] = json.loads(decoded)
    return document


@pytest.fixture(params=[_fake, _real], ids=["fake", "real"])
async def auth(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Auth]:
    """Run each of the two auth services in turn."""
    async with request.param(tmp_path) as running:
        yield running


async def test_a_service_proves_itself(auth: Auth) -> None:
    """The registered secret gives a token that the strict verifier takes, with its scopes."""
    async with auth.wired() as backend:
        answer = await backend.validate()
        principal = await backend.client.service_principal(OPERATION)

    assert answer["valid"] is True
    assert answer["user_id"] == "service:netra-backend"
    assert {"sessions:open", "revocations:read"} <= set(answer["permissions"])
    assert isinstance(principal, ServicePrincipal)
    assert 0 < principal.expires_at - SystemClock().timestamp() <= 300


@pytest.mark.parametrize("service_id", ["netra-backend", "netra-nobody"])
async def test_a_wrong_secret_and_an_unknown_service_are_alike(auth: Auth, service_id: str) -> None:
    """Both are refused credentials, told as `invalid_client`."""
    wrong = Secret("wrong-secret-of-the-right-length-0123456789ab")
    async with auth.wired(service_id, secret=wrong) as backend:
        answer = await backend.validate(service_id)

    assert_not_validated(answer, "service_credential_refused")
    assert "invalid_client" in answer["details"]


async def test_an_audience_that_is_not_registered_is_refused(auth: Auth) -> None:
    """No token is given for a service the asking one has no business with."""
    async with auth.wired(audience="netra-elsewhere") as backend:
        answer = await backend.validate()

    assert_not_validated(answer, "service_credential_refused")
    assert "invalid_client" not in answer["details"]


async def test_a_persons_token_verifies_by_the_published_keys(auth: Auth) -> None:
    """The key set has the key the auth service signs with."""
    async with auth.wired() as backend:
        claims = await backend.verifier.verify(await auth.new_user_token())

    assert isinstance(principal_of(claims), UserPrincipal)


async def test_a_foreign_key_is_unknown(auth: Auth) -> None:
    """The key set answers for keys it does not have: 401, not 503."""
    async with auth.wired() as backend:
        with pytest.raises(UnknownKey):
            await backend.verifier.verify(Issuer(SystemClock(), auth.url).user_token())


async def test_an_empty_feed_is_answered_at_once(auth: Auth) -> None:
    """Without a wish to wait there is an empty page that keeps the cursor."""
    async with auth.wired() as backend:
        page = await asyncio.wait_for(backend.client.revocations_after(0, 0), 5 * UNIT)

    assert (page.items, page.next_after) == ((), 0)


async def test_the_feed_is_held_and_answers_within_a_second(auth: Auth) -> None:
    """A reader that waits learns of an erased user at once, and the cursor goes on."""
    async with auth.wired() as backend:
        token = await auth.new_user_token()
        waiting = asyncio.create_task(backend.client.revocations_after(0, 20))
        await asyncio.wait((waiting,), timeout=0.3)
        assert not waiting.done()

        erased = await auth.erase_user(token)
        page = await asyncio.wait_for(waiting, 1 * UNIT)
        entry = next(item for item in page.items if item.kind is RevocationKind.SUBJECT)
        after = await backend.client.revocations_after(page.next_after, 0)

    assert entry.identifier == erased
    assert entry.expires_at > SystemClock().timestamp()
    assert [item.seq for item in page.items] == sorted(item.seq for item in page.items)
    assert page.next_after == page.items[-1].seq
    assert (after.items, after.next_after) == ((), page.next_after)


async def test_a_cursor_beyond_the_end_is_told(auth: Auth) -> None:
    """A reader whose cursor is of another feed gets a smaller one back, without being held."""
    async with auth.wired() as backend:
        page = await asyncio.wait_for(backend.client.revocations_after(10_000, 20), 5 * UNIT)

    assert page.items == ()
    assert page.next_after < 10_000


async def test_the_feed_is_for_services_with_its_scope(auth: Auth) -> None:
    """A proven service without the scope is denied, and says which scope it is."""
    async with auth.wired("netra-ops") as backend:
        assert (await backend.validate("netra-ops"))["valid"] is True
        with pytest.raises(OwnCredentialUnproven, match=r"answered 403.*revocations:read"):
            await backend.client.revocations_after(0, 0)


async def test_how_a_person_stands(auth: Auth) -> None:
    """A person is active until they are disabled, and gone once they are erased (checklist 48)."""
    async with auth.wired() as backend:
        token = await auth.new_user_token()
        active = await backend.client.subject_standing(user_of(token))
        disabled = await backend.client.subject_standing(await auth.disable_user(token))
        gone = await backend.client.subject_standing(await auth.erase_user(token))

    assert active is SubjectStanding.ACTIVE
    assert disabled is SubjectStanding.DISABLED
    assert gone is SubjectStanding.GONE


async def test_standing_is_told_to_services_with_its_scope(auth: Auth) -> None:
    """A proven service without the scope learns nothing about anybody, and says what it needs."""
    async with auth.wired("netra-ops") as backend:
        with pytest.raises(OwnCredentialUnproven, match=r"answered 403.*tokens:introspect"):
            await backend.client.subject_standing(user_of(await auth.new_user_token()))
