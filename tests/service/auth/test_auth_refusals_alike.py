"""Refused clients: one answer and one work for every cause, and a record that tells them apart."""

import hmac
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from joserfc.jws import JWSRegistry
from sqlalchemy import event
from sqlalchemy.engine import Engine

from fakes.client_assertions import ClientKey, assertion_form, claims, jwks
from fakes.running_auth import RunningAuth
from fakes.service_administration import Administrator, operator, token_answer

KEY = ClientKey("key-1")
STRANGER = ClientKey("key-1")

Attempt = Callable[[], Awaitable[httpx2.Response]]


@contextmanager
def statements() -> Iterator[list[str]]:
    """Note every statement that any store is sent."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def prepared(auth: RunningAuth) -> tuple[Administrator, dict[str, str]]:
    """Register a service of each kind, and disable one of them; give their secrets."""
    administrator = await operator(auth)
    secrets = {}
    for service_id in ("good-service", "disabled-service"):
        registered = await administrator.registers(service_id, public_jwks=jwks(KEY))
        secrets[service_id] = registered["secret"]
    await administrator.registers("keyed-service", public_jwks=jwks(KEY), with_secret=False)
    await administrator.registers("plain-service")
    await administrator.rotates("good-service", 3600)
    await administrator.asks("POST", "/disabled-service/disable")
    return administrator, secrets


def with_secret(auth: RunningAuth, service_id: str, secret: str) -> Attempt:
    """Give the attempt of a service with a secret."""
    return lambda: token_answer(auth, service_id, secret)


def with_assertion(auth: RunningAuth, service_id: str, key: ClientKey, **changed: Any) -> Attempt:
    """Give the attempt of a service with an assertion."""

    def attempt() -> Awaitable[httpx2.Response]:
        text = key.signed(claims(service_id, auth.url, auth.state.clock.timestamp(), **changed))
        return auth.http.post("/token", data=assertion_form(text, grant_type="client_credentials"))

    return attempt


def shown(answer: httpx2.Response) -> tuple[int, bytes, dict[str, str]]:
    """Give everything of an answer that a stranger can compare."""
    varying = ("date", "x-request-id")
    headers = {name: value for name, value in answer.headers.items() if name not in varying}
    return answer.status_code, answer.content, headers


async def test_unknown_wrong_and_disabled_are_one_answer_and_one_work(
    auth: RunningAuth, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status, body, headers, statements and digest comparisons are the same (checklist 28)."""
    _, secrets = await prepared(auth)
    attempts = {
        "unknown service": with_secret(auth, "nobody", "nsec_wrong"),
        "wrong secret": with_secret(auth, "good-service", "nsec_wrong"),
        "the service is disabled": with_secret(
            auth, "disabled-service", secrets["disabled-service"]
        ),
    }
    more = {
        "unknown service": with_secret(auth, "No Service Id", "nsec_wrong"),
        "wrong secret": with_secret(auth, "keyed-service", "nsec_wrong"),
    }
    compared: list[int] = []
    compare = hmac.compare_digest

    def counting(one: Any, other: Any) -> bool:
        compared.append(1)
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    seen = []
    for reason, attempt in [*attempts.items(), *more.items()]:
        compared.clear()
        with statements() as sent:
            answer = await attempt()
        assert (await auth.audited("client_authentication"))[-1].reason == reason
        seen.append((shown(answer), sorted(sent), len(compared)))

    assert seen[0][0][0] == 401
    assert seen[0][2] == 5
    assert all(each == seen[0] for each in seen)


async def test_refused_assertions_are_one_answer_and_one_work(
    auth: RunningAuth, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signature is checked also where there is no service, no key, or no such key (28)."""
    await prepared(auth)
    attempts = [
        ("unknown service", with_assertion(auth, "nobody", KEY)),
        ("unknown service", with_assertion(auth, "No Service Id", KEY)),
        ("the client has no such key", with_assertion(auth, "plain-service", KEY)),
        ("the client has no such key", with_assertion(auth, "good-service", ClientKey("key-2"))),
        ("the signature is not right", with_assertion(auth, "good-service", STRANGER)),
        ("the assertion has expired", with_assertion(auth, "good-service", KEY, exp=1, iat=0)),
        ("the service is disabled", with_assertion(auth, "disabled-service", KEY)),
    ]
    checked: list[int] = []
    model = type(JWSRegistry(algorithms=["ES256"]).get_alg("ES256"))
    verify = model.verify

    def counting(self: Any, msg: bytes, sig: bytes, key: Any) -> bool:
        checked.append(1)
        return bool(verify(self, msg, sig, key))

    monkeypatch.setattr(model, "verify", counting)
    seen = []
    for reason, attempt in attempts:
        checked.clear()
        with statements() as sent:
            answer = await attempt()
        assert (await auth.audited("client_authentication"))[-1].reason == reason
        seen.append((shown(answer), sorted(sent), len(checked)))

    assert seen[0][0][0] == 401
    assert seen[0][2] == 1
    assert all(each == seen[0] for each in seen)


async def test_a_replayed_assertion_is_answered_like_any_other(auth: RunningAuth) -> None:
    """Whoever caught one in flight does not learn that it was good."""
    await prepared(auth)
    replayed = with_assertion(auth, "good-service", KEY, jti="same")
    first = await replayed()

    assert first.status_code == 200
    assert shown(await replayed()) == shown(await with_assertion(auth, "nobody", KEY)())


@pytest.mark.sqlite_only
async def test_a_token_costs_one_read_and_one_write(auth: RunningAuth) -> None:
    """The grant reads the service and its secrets once, and writes once (the hot path)."""
    _, secrets = await prepared(auth)

    with statements() as sent:
        answer = await token_answer(auth, "good-service", secrets["good-service"])

    assert answer.status_code == 200
    read = [text for text in sent if "FROM services" in text]
    counted = [text for text in sent if text.startswith("UPDATE service_secrets")]
    recorded = [text for text in sent if text.startswith("INSERT INTO audit")]
    assert (len(read), len(counted), len(recorded)) == (1, 1, 1)
