"""The token endpoint: who may ask, how, and what a refusal looks like."""

import asyncio
import base64
from collections.abc import Callable
from hashlib import sha256
from urllib.parse import quote_plus

import httpx2
import pytest

from fakes.running_auth import CLI, SERVICE_SECRETS, RunningAuth
from netra.tokens.jws import json_object, read_jws
from netra_auth.store.repositories import services
from netra_auth.store.repositories.service_secrets import ServiceSecretRow
from netra_auth.store.repositories.services import ServiceRow

BACKEND = "netra-backend"
SECRET = SERVICE_SECRETS[BACKEND]
CC = {"grant_type": "client_credentials"}


def claims_in(answer: httpx2.Response) -> dict[str, object]:
    """Read the claims of the access token in an answer, unverified."""
    return json_object(read_jws(answer.json()["access_token"], max_token_bytes=8192).payload)


def assert_refused(answer: httpx2.Response, error: str, status: int = 400) -> None:
    """Check that an answer is OAuth's refusal and nothing else (RFC 6749 section 5.2)."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["error"] == error
    assert set(answer.json()) == {"error", "error_description"}


async def test_a_service_token_says_who_it_is_and_what_it_may(auth: RunningAuth) -> None:
    """Without a wish the token has every registered scope and audience (checklist 41)."""
    answer = await auth.service_answer(BACKEND)

    claims = claims_in(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert "refresh_token" not in answer.json()
    assert claims["sub"] == "service:netra-backend"
    assert claims["client_id"] == BACKEND
    assert claims["principal_kind"] == "service"
    assert claims["aud"] == ["netra-auth", "netra-backend"]
    assert "revocations:read" in str(claims["scope"]).split()
    assert float(str(claims["exp"])) - float(str(claims["iat"])) == 300


async def test_scope_and_audience_can_be_narrowed_only(auth: RunningAuth) -> None:
    """A service gets the part it asks for, and is refused what is not registered (checklist 25)."""
    narrowed = await auth.service_answer(BACKEND, scope="profile:read", audience="netra-backend")

    assert claims_in(narrowed)["scope"] == "profile:read"
    assert claims_in(narrowed)["aud"] == ["netra-backend"]
    assert_refused(await auth.service_answer(BACKEND, scope="users:admin"), "invalid_scope")
    assert_refused(await auth.service_answer(BACKEND, scope="profile:read "), "invalid_scope")
    assert_refused(await auth.service_answer(BACKEND, audience="elsewhere"), "invalid_target")


async def test_a_service_cannot_choose_its_subject(auth: RunningAuth) -> None:
    """Parameters that name another subject or client change nothing (checklist 41, 47)."""
    answer = await auth.http.post(
        "/token",
        data={**CC, "sub": "usr_1", "subject": "service:netra-ops", "username": "root"},
        auth=(BACKEND, SECRET),
        headers={"X-User-Id": "usr_1", "X-Service-Id": "netra-ops", "X-Forwarded-User": "root"},
    )

    assert claims_in(answer)["sub"] == "service:netra-backend"


async def test_the_secret_may_come_in_the_body(auth: RunningAuth) -> None:
    """Client authentication by post works as by header does."""
    answer = await auth.http.post(
        "/token", data={**CC, "client_id": BACKEND, "client_secret": SECRET}
    )

    assert answer.status_code == 200


@pytest.mark.parametrize("grant", ["password", "implicit", "urn:ietf:params:oauth:grant-type:x"])
async def test_other_grants_are_not_supported(auth: RunningAuth, grant: str) -> None:
    """The password grant and all others are absent (checklist 24)."""
    answer = await auth.http.post(
        "/token", data={"grant_type": grant, "username": "a", "password": "b"}
    )

    metadata = (await auth.http.get("/.well-known/oauth-authorization-server")).json()
    assert_refused(answer, "unsupported_grant_type")
    assert grant not in metadata["grant_types_supported"]
    assert metadata["response_types_supported"] == ["code"]


async def test_unknown_wrong_and_disabled_are_one_answer(auth: RunningAuth) -> None:
    """From outside a wrong secret, an unknown and a disabled service are alike (checklist 28)."""
    await disabled_service(auth, "netra-retired", "z" * 40)

    answers = [
        await auth.http.post("/token", data=CC, auth=who)
        for who in (
            (BACKEND, "wrong-" + SECRET),
            ("netra-nobody", SECRET),
            ("netra-retired", "z" * 40),
            ("service:netra-backend", SECRET),
            ("' OR 1=1 --", SECRET),
        )
    ]

    for answer in answers:
        assert_refused(answer, "invalid_client", 401)
        assert answer.headers["www-authenticate"] == 'Basic realm="netra"'
        assert answer.content == answers[0].content
    reasons = [row.reason for row in await auth.audited("client_authentication")]
    assert reasons == [
        "wrong secret",
        "unknown service",
        "the service is disabled",
        "unknown service",
        "unknown service",
    ]


async def test_basic_credentials_are_form_url_decoded(auth: RunningAuth) -> None:
    """A secret with + % : / and spaces works when it is encoded as the RFC says (checklist 27)."""
    secret = "a+b%20c:d/e f=ü-0123456789"
    await added_service(auth, "netra-encoded", secret)
    encoded = base64.b64encode(f"netra-encoded:{quote_plus(secret)}".encode()).decode()
    raw = base64.b64encode(f"netra-encoded:{secret}".encode()).decode()

    good = await auth.http.post("/token", data=CC, headers={"Authorization": f"Basic {encoded}"})
    bad = await auth.http.post("/token", data=CC, headers={"Authorization": f"Basic {raw}"})

    assert good.status_code == 200
    assert_refused(bad, "invalid_client", 401)


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no-colon").decode(),
        "Basic " + base64.b64encode(b":secret").decode(),
        "Basic " + base64.b64encode(b"netra-backend:").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
        "Basic " + base64.b64encode(b"netra-backend:%ff").decode(),
        "Basic " + base64.b64encode(b"netra-backend:a\r\nb").decode(),
        "Bearer abc",
        "Digest username=x",
    ],
)
async def test_malformed_client_credentials_are_a_refusal(auth: RunningAuth, header: str) -> None:
    """Headers that cannot be read are refused as bad credentials are, never a 500."""
    answer = await auth.http.post("/token", data=CC, headers={"Authorization": header})

    assert_refused(answer, "invalid_client", 401)


async def test_two_ways_of_client_authentication_are_refused(auth: RunningAuth) -> None:
    """Header and body, two headers, or two different clients are refused (checklist 26, 45)."""
    basic = httpx2.BasicAuth(BACKEND, SECRET)
    encoded = "Basic " + base64.b64encode(f"{BACKEND}:{SECRET}".encode()).decode()
    both = await auth.http.post(
        "/token", data={**CC, "client_id": BACKEND, "client_secret": SECRET}, auth=basic
    )
    twice = await auth.http.post(
        "/token", data=CC, headers=[("Authorization", encoded), ("Authorization", encoded)]
    )
    different = await auth.http.post("/token", data={**CC, "client_id": "netra-ops"}, auth=basic)
    same = await auth.http.post("/token", data={**CC, "client_id": BACKEND}, auth=basic)

    assert_refused(both, "invalid_request")
    assert_refused(twice, "invalid_request")
    assert_refused(different, "invalid_client", 401)
    assert same.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"grant_type=client_credentials&grant_type=client_credentials",
        b"grant_type=client_credentials&scope=a&scope=a",
        b"grant_type=client_credentials&scope=%00",
        b"grant_type=client_credentials&scope=%ff%fe",
        b"\xff\xfe\x00",
        b"grant_type=client_credentials&audience=%0d%0aX-Injected:%201",
        b"",
        b"scope=profile",
        b"&".join([b"a=1"] * 70),
    ],
)
async def test_bad_forms_are_invalid_requests(auth: RunningAuth, body: bytes) -> None:
    """Repeated parameters, NUL, invalid UTF-8 and emptiness are 400 (checklist 26)."""
    answer = await auth.http.post(
        "/token",
        content=body,
        auth=(BACKEND, SECRET),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert_refused(answer, "invalid_request")
    assert "x-injected" not in answer.headers


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data", "", "x/y"])
async def test_only_forms_are_taken(auth: RunningAuth, content_type: str) -> None:
    """Another content type is an invalid request, whatever the body."""
    answer = await auth.http.post(
        "/token",
        content=b'{"grant_type":"client_credentials"}',
        auth=(BACKEND, SECRET),
        headers={"Content-Type": content_type} if content_type else {},
    )

    assert_refused(answer, "invalid_request")


async def test_a_charset_beside_the_content_type_is_fine(auth: RunningAuth) -> None:
    """A form with a charset parameter is a form."""
    answer = await auth.http.post(
        "/token",
        content=b"grant_type=client_credentials",
        auth=(BACKEND, SECRET),
        headers={"Content-Type": "Application/X-WWW-Form-Urlencoded; charset=UTF-8"},
    )

    assert answer.status_code == 200


@pytest.mark.parametrize("size", [70_000, 2_000_000])
async def test_a_huge_form_is_too_large(auth: RunningAuth, size: int) -> None:
    """More than a form may have is 413, announced or not."""
    answer = await auth.http.post("/token", data={**CC, "scope": "x" * size})

    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


async def test_clients_keep_to_their_grants(auth: RunningAuth) -> None:
    """A service gets no code grant, the public client no client credentials (checklist 25)."""
    code = {"grant_type": "authorization_code", "code": "c", "redirect_uri": "r"}
    refresh = {"grant_type": "refresh_token", "refresh_token": "rt_x"}

    for form in (code, refresh):
        answer = await auth.http.post(
            "/token", data={**form, "code_verifier": "v" * 43}, auth=(BACKEND, SECRET)
        )
        assert_refused(answer, "unauthorized_client")
    public = await auth.http.post("/token", data={**CC, "client_id": CLI})
    assert_refused(public, "unauthorized_client")


@pytest.mark.parametrize(
    "form",
    [
        CC,
        {**CC, "client_id": "netra-nobody"},
        {**CC, "client_id": BACKEND},
        {**CC, "client_id": CLI, "client_secret": "guess"},
        {**CC, "client_secret": SECRET},
    ],
)
async def test_who_proves_nothing_is_no_client(auth: RunningAuth, form: dict[str, str]) -> None:
    """A missing client, a missing secret, or a secret of a public client is invalid_client."""
    assert_refused(await auth.http.post("/token", data=form), "invalid_client", 401)


async def test_the_secret_is_not_stored_nor_told(
    auth: RunningAuth, stored_bytes: Callable[[RunningAuth], bytes]
) -> None:
    """The store and the audit record hold no secret, only its SHA-256 (checklist 50, 59)."""
    await auth.service_answer(BACKEND)
    await auth.http.post("/token", data=CC, auth=(BACKEND, "wrong-" + SECRET))

    await auth.state.database.close()

    content = stored_bytes(auth)
    assert b"netra-backend" in content
    assert SECRET.encode() not in content


async def test_many_services_at_once_are_all_served(auth: RunningAuth) -> None:
    """Fifty concurrent requests all get a token and an audit row each."""
    answers = await asyncio.gather(*(auth.service_answer(BACKEND) for _ in range(50)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({claims_in(answer)["jti"] for answer in answers}) == 50
    assert len(await auth.audited("token_issued")) == 50


async def added_service(auth: RunningAuth, service_id: str, secret: str) -> None:
    """Put a service into the store."""
    await disabled_service(auth, service_id, secret, disabled_at=None)


async def disabled_service(
    auth: RunningAuth, service_id: str, secret: str, disabled_at: float | None = 1.0
) -> None:
    """Put a service into the store, disabled unless told otherwise."""
    row = ServiceRow(
        service_id=service_id,
        scopes="profile:read",
        audiences="netra-backend",
        created_at=0,
        disabled_at=disabled_at,
    )
    stored = ServiceSecretRow(
        secret_id=f"sec_{service_id}",
        service_id=service_id,
        secret_sha256=sha256(secret.encode()).hexdigest(),
        created_at=0,
    )
    async with auth.state.database.transaction() as transaction:
        await services.add(transaction.connection, row, stored)
