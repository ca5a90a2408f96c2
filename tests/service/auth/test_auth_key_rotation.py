"""Rotating and removing signing keys over the admin API, in either trust mode."""

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update

from fakes.clock import ManualClock
from fakes.log_lines import log_lines
from fakes.running_auth import SHARED_KEY, TRUST, RunningAuth, bearer, running_auth_service
from fakes.timing import UNIT, eventually
from netra.secret import Secret
from netra.tokens import SigningKey
from netra.tokens.jws import read_jws
from netra_auth.keyring.rotation import KEPT_GONE
from netra_auth.settings import TokenTrustMode
from netra_auth.store.tables import signing_keys

PUBLISHED_SECONDS = 330
RETIRING_SECONDS = 390
DAY = 24 * 3600
MISSING = "0" * 43


async def administrator(auth: RunningAuth) -> dict[str, str]:
    """Give the header of a service that holds `keys:admin`."""
    return bearer(await auth.service_token("netra-ops"))


async def listed(auth: RunningAuth) -> list[dict[str, Any]]:
    """List the keys."""
    answer = await auth.http.get("/admin/keys", headers=await administrator(auth))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def states(auth: RunningAuth) -> list[str]:
    """List the keys' states, the newest key first."""
    return [item["state"] for item in await listed(auth)]


async def rotate(auth: RunningAuth) -> httpx2.Response:
    """Ask for a rotation."""
    return await auth.http.post("/admin/keys/rotate", headers=await administrator(auth))


async def remove(auth: RunningAuth, kid: str) -> httpx2.Response:
    """Say that a key is compromised."""
    return await auth.http.delete(
        f"/admin/keys/{kid}?reason=found+in+a+log", headers=await administrator(auth)
    )


async def pass_time(auth: RunningAuth, clock: ManualClock, seconds: float) -> None:
    """Move the clock and do what upkeep does."""
    clock.advance(seconds)
    await auth.state.key_administration.advance()


async def published(auth: RunningAuth) -> set[str]:
    """Give the kids of the published keys."""
    return {key["kid"] for key in (await auth.jwks())["keys"]}


def kid_of(token: str) -> str:
    """Read which key a token says signed it."""
    return read_jws(token, max_token_bytes=8192).header.kid


async def is_taken(auth: RunningAuth, token: str) -> bool:
    """Tell whether the service takes a token on its own API."""
    answer = await auth.http.get("/revocations", headers=bearer(token))
    assert answer.status_code in {200, 401}
    return answer.status_code == 200


async def is_active(auth: RunningAuth, token: str) -> bool:
    """Tell what introspection says of a token."""
    answer = await auth.http.post(
        "/introspect",
        data={"token": token},
        auth=("netra-backend", "Qv3-x9bTzLw0aRk7PfU2mYc8HdNs5GjE1oIq4ZtXnBy"),
    )
    active: bool = answer.json()["active"]
    return active


async def test_a_rotation_walks_through_every_state(auth: RunningAuth, clock: ManualClock) -> None:
    """The next key is published first, then signs, and the old one leaves last (19, 20)."""
    first = next(iter(await published(auth)))
    answer = await rotate(auth)
    assert answer.status_code == 201, answer.text
    second = answer.json()["kid"]
    now = clock.timestamp()
    assert answer.json()["state"] == "published"
    assert answer.json()["next_at"] == now + PUBLISHED_SECONDS
    assert await published(auth) == {first, second}

    await pass_time(auth, clock, PUBLISHED_SECONDS - 1)
    assert kid_of(await auth.service_token("netra-backend")) == first
    await pass_time(auth, clock, 1)
    assert kid_of(await auth.service_token("netra-backend")) == second
    assert await states(auth) == ["active", "retiring"]
    assert await published(auth) == {first, second}

    await pass_time(auth, clock, RETIRING_SECONDS - 1)
    assert await published(auth) == {first, second}
    await pass_time(auth, clock, 1)
    assert await published(auth) == {second}
    _, old = await listed(auth)
    assert (old["kid"], old["state"], old["next_at"]) == (first, "gone", None)
    assert old["created_at"] == old["published_at"] == old["activated_at"] == now
    assert old["retired_at"] == now + PUBLISHED_SECONDS
    assert old["gone_at"] == old["retired_at"] + RETIRING_SECONDS


async def test_every_token_lives_out_its_life(auth: RunningAuth, clock: ManualClock) -> None:
    """A token made a second before its key retires is taken until it expires (checklist 20)."""
    await rotate(auth)
    await pass_time(auth, clock, PUBLISHED_SECONDS - 1)
    token = await auth.service_token("netra-backend")

    await pass_time(auth, clock, 1)
    assert kid_of(await auth.service_token("netra-backend")) != kid_of(token)
    for _ in range(29):
        await pass_time(auth, clock, 10)
        assert await is_taken(auth, token)
        assert await is_active(auth, token)

    await pass_time(auth, clock, 20)
    assert not await is_taken(auth, token)


async def test_only_one_rotation_at_a_time(auth: RunningAuth, clock: ManualClock) -> None:
    """Whoever asks while one is under way gets 409 and is told of it."""
    kid = (await rotate(auth)).json()["kid"]

    refused = await rotate(auth)

    assert refused.status_code == 409
    assert refused.json()["code"] == "conflict"
    assert kid in refused.json()["detail"]
    assert "2027-01-15T08:05:30" in refused.json()["detail"]
    await pass_time(auth, clock, PUBLISHED_SECONDS)
    assert (await rotate(auth)).status_code == 201


async def test_of_many_rotations_at_once_one_makes_a_key(auth: RunningAuth) -> None:
    """Concurrent requests make one key between them."""
    headers = await administrator(auth)

    answers = await asyncio.gather(
        *(auth.http.post("/admin/keys/rotate", headers=headers) for _ in range(8))
    )

    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]
    assert await states(auth) == ["published", "active"]


async def test_the_schedule_rotates(auth: RunningAuth, clock: ManualClock) -> None:
    """After KEY_ROTATION_DAYS the next key is made and takes over by itself."""
    (only,) = await listed(auth)
    assert only["next_at"] == clock.timestamp() + 90 * DAY

    await pass_time(auth, clock, 90 * DAY - 1)
    assert await states(auth) == ["active"]
    await pass_time(auth, clock, 1)
    await pass_time(auth, clock, 5)
    assert await states(auth) == ["published", "active"]
    await pass_time(auth, clock, PUBLISHED_SECONDS)
    assert await states(auth) == ["active", "retiring"]


async def test_without_a_schedule_nothing_rotates(tmp_path: Path, clock: ManualClock) -> None:
    """KEY_ROTATION_DAYS=0 leaves the key in place for ever."""
    never = {"KEY_ROTATION_DAYS": "0"}
    async with running_auth_service(tmp_path, clock=clock, overrides=never) as auth:
        await pass_time(auth, clock, 4000 * DAY)

        (only,) = await listed(auth)
        assert (only["state"], only["next_at"]) == ("active", None)


async def test_upkeep_does_it_without_being_asked(tmp_path: Path, clock: ManualClock) -> None:
    """A running service brings a rotation on by itself, when its clock says so."""
    async with running_auth_service(tmp_path, clock=clock, with_upkeep=True) as auth:
        kid: str = (await rotate(auth)).json()["kid"]
        clock.advance(PUBLISHED_SECONDS)

        async def signs() -> bool:
            return kid_of(await auth.service_token("netra-backend")) == kid

        await eventually(signs, within=10 * UNIT)


async def test_a_compromised_key_is_out_of_use_at_once(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """Its tokens are refused, another key signs, and its private half is destroyed."""
    token = await auth.service_token("netra-backend")
    person = await auth.registered_person()
    tokens = await auth.tokens_of(person)
    kid = kid_of(token)
    assert await is_active(auth, token)

    answer = await remove(auth, kid)

    assert answer.status_code == 200
    assert answer.json()["items"] == await listed(auth)
    assert (await auth.audited("signing_key_compromised"))[0].reason == "found in a log"
    assert not await is_taken(auth, token)
    assert not await is_active(auth, token)
    assert not await is_active(auth, tokens["access_token"])
    refreshed = await auth.refresh(tokens["refresh_token"])
    assert refreshed.status_code == 200
    assert await is_active(auth, refreshed.json()["access_token"])
    fresh, gone = await listed(auth)
    assert fresh["state"] == "active"
    assert fresh["activated_at"] == fresh["published_at"] == clock.timestamp()
    assert (gone["kid"], gone["state"], gone["gone_at"]) == (kid, "gone", clock.timestamp())
    assert await published(auth) == {fresh["kid"]}
    async with auth.state.database.reading() as connection:
        column = signing_keys.c.sealed_private_jwk
        sealed = await connection.scalar(select(column).where(signing_keys.c.kid == kid))
    assert sealed == ""


async def test_a_key_in_any_state_can_be_removed(auth: RunningAuth, clock: ManualClock) -> None:
    """One that waits or retires goes as well, without touching the one that signs."""
    first = next(iter(await published(auth)))
    second = (await rotate(auth)).json()["kid"]
    assert (await remove(auth, second)).status_code == 200
    assert await published(auth) == {first}
    await pass_time(auth, clock, PUBLISHED_SECONDS)
    assert kid_of(await auth.service_token("netra-backend")) == first

    third = (await rotate(auth)).json()["kid"]
    await pass_time(auth, clock, PUBLISHED_SECONDS)
    assert (await remove(auth, first)).status_code == 200
    assert await published(auth) == {third}
    assert await states(auth) == ["active", "gone", "gone"]


@pytest.mark.parametrize(
    "kid", [MISSING, "..%2f..%2fetc", "'%20OR%201=1--", "%00", "x" * 128, "%F0%9F%94%91"]
)
async def test_a_key_that_is_not_there_cannot_be_removed(auth: RunningAuth, kid: str) -> None:
    """An unknown kid is 404, whatever it looks like (checklist 15)."""
    answer = await remove(auth, kid)

    assert answer.status_code == 404
    assert await states(auth) == ["active"]


async def test_hostile_removals_are_refused(auth: RunningAuth) -> None:
    """A kid that no key can have is 422, and one that is gone already 409."""
    assert (await remove(auth, "x" * 129)).status_code == 422
    kid = next(iter(await published(auth)))
    await remove(auth, kid)

    again = await remove(auth, kid)

    assert again.status_code == 409
    assert again.json()["detail"] == "This key is gone already."


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/admin/keys"), ("POST", "/admin/keys/rotate"), ("DELETE", f"/admin/keys/{MISSING}")],
)
@pytest.mark.parametrize("trust_mode", list(TokenTrustMode), ids=lambda mode: mode.value)
async def test_only_administrators_may(auth: RunningAuth, method: str, path: str) -> None:
    """Nobody is 401; a person and a service without `keys:admin` are 403 (checklist 44, 46)."""
    person = await auth.tokens_of(await auth.registered_person())
    backend = await auth.service_token("netra-backend")

    assert (await auth.http.request(method, path)).status_code == 401
    for token in (person["access_token"], backend):
        answer = await auth.http.request(method, path, headers=bearer(token))
        assert answer.status_code == 403
    assert len(await states(auth)) == 1


async def test_what_befalls_a_key_is_recorded(auth: RunningAuth, clock: ManualClock) -> None:
    """Each state, refusal and compromise is a row: who, and the hash of the kid (checklist 59)."""
    first = next(iter(await published(auth)))
    second = (await rotate(auth)).json()["kid"]
    await rotate(auth)
    await pass_time(auth, clock, PUBLISHED_SECONDS)
    await pass_time(auth, clock, RETIRING_SECONDS)
    await remove(auth, second)
    await remove(auth, second)
    await remove(auth, MISSING)
    third = next(iter(await published(auth)))

    names = {sha256(kid.encode()).hexdigest(): kid for kid in (first, second, third, MISSING)}
    rows = [
        (
            row.event.removeprefix("signing_key_"),
            names[row.token_hash or ""],
            row.actor,
            row.outcome,
        )
        for row in await auth.audited()
        if row.event.startswith("signing_key_")
    ]
    itself, ops = "service:netra-auth", "service:netra-ops"
    expected = [
        ("created", first, itself, "success"),
        ("created", second, ops, "success"),
        ("published", second, itself, "success"),
        ("created", second, ops, "refused"),
        ("retired", first, itself, "success"),
        ("activated", second, itself, "success"),
        ("gone", first, itself, "success"),
        ("compromised", second, ops, "success"),
        ("gone", second, ops, "success"),
        ("created", third, ops, "success"),
        ("published", third, ops, "success"),
        ("activated", third, ops, "success"),
        ("compromised", second, ops, "refused"),
        ("compromised", MISSING, ops, "refused"),
    ]
    # The clock stands still, so rows of one moment have no order of their own.
    assert sorted(rows) == sorted(expected)


async def test_a_key_that_cannot_sign_never_takes_over(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """A waiting key whose stored half does not open is told, and the present one goes on."""
    first = next(iter(await published(auth)))
    second = (await rotate(auth)).json()["kid"]
    async with auth.state.database.transaction() as transaction:
        spoilt = update(signing_keys).where(signing_keys.c.kid == second)
        await transaction.connection.execute(spoilt.values(sealed_private_jwk="a256gcm.1.AAAA"))

    with log_lines() as lines:
        await pass_time(auth, clock, PUBLISHED_SECONDS)

    assert lines.only("signing_key_unusable")["kid"] == second
    assert kid_of(await auth.service_token("netra-backend")) == first
    assert (await remove(auth, second)).status_code == 200
    assert (await rotate(auth)).status_code == 201


async def test_keys_that_are_gone_are_a_bounded_history(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """The last ones stay listed without a private half; older ones are forgotten."""
    removed = []
    for _ in range(KEPT_GONE + 3):
        clock.advance(1)
        removed.append(next(iter(await published(auth))))
        await remove(auth, removed[-1])

    listing = await listed(auth)

    assert [item["kid"] for item in listing[1:]] == removed[: -KEPT_GONE - 1 : -1]
    assert {item["state"] for item in listing[1:]} == {"gone"}
    async with auth.state.database.reading() as connection:
        gone = select(signing_keys.c.sealed_private_jwk).where(signing_keys.c.state == "gone")
        assert set((await connection.scalars(gone)).all()) == {""}


async def test_neither_answers_nor_log_show_a_private_half(
    auth: RunningAuth, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rotating and removing tell kids and times, and nothing of a key itself (checklist 16)."""
    first = auth.state.keyring.signing_key.private_jwk().reveal()
    told = [(await rotate(auth)).text]
    await pass_time(auth, clock, PUBLISHED_SECONDS)
    second = auth.state.keyring.signing_key
    told += [(await remove(auth, second.kid)).text, str(await listed(auth))]
    told += [str(await auth.jwks()), capsys.readouterr().out, repr(auth.state)]

    for private in (first, second.private_jwk().reveal()):
        secret_part = private.split('"d": "')[1].split('"')[0]
        assert not any(secret_part in text for text in told)
    assert not any("a256gcm" in text for text in told)


async def test_shared_keys_are_listed_as_they_are(tmp_path: Path, clock: ManualClock) -> None:
    """The configured keys have a fingerprint and a state, and no times anybody could know."""
    previous = "rB7uKx2QnTf9Zs4LdWm6VyPc1Hg8JoEa3Ui5Xt0NkRw"
    mode = {**TRUST[TokenTrustMode.SHARED_KEY], "JWT_SECRET_KEY_PREVIOUS": previous}
    async with running_auth_service(tmp_path, clock=clock, overrides=mode) as auth:
        answer = await auth.http.get("/admin/keys", headers=await administrator(auth))

    expected = [
        (SigningKey.from_shared_secret(Secret(SHARED_KEY)).kid, "active"),
        (SigningKey.from_shared_secret(Secret(previous)).kid, "retiring"),
    ]
    assert answer.json()["trust_mode"] == "shared-key"
    assert [(item["kid"], item["state"]) for item in answer.json()["items"]] == expected
    for item in answer.json()["items"]:
        assert item["algorithm"] == "HS256"
        assert {item[name] for name in item if name.endswith("_at")} == {None}


@pytest.mark.parametrize("trust_mode", [TokenTrustMode.SHARED_KEY])
async def test_shared_keys_are_changed_by_configuration_alone(auth: RunningAuth) -> None:
    """Rotating and removing are 409 and say how it is done there; an unknown kid is 404."""
    (only,) = await listed(auth)

    rotation, removal = await rotate(auth), await remove(auth, only["kid"])

    assert rotation.status_code == removal.status_code == 409
    assert "JWT_SECRET_KEY_PREVIOUS" in rotation.json()["detail"]
    assert "JWT_SECRET_KEY" in removal.json()["detail"]
    assert (await remove(auth, MISSING)).status_code == 404
    assert await states(auth) == ["active"]
    refused = [row for row in await auth.audited() if row.event.startswith("signing_key_")]
    assert [row.outcome for row in refused] == ["refused"] * 3
