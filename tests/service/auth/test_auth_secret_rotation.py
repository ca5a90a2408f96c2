"""Secrets of services: rotated with an overlap, seen in use, ended one by one."""

import asyncio
from pathlib import Path

from fakes.clock import ManualClock
from fakes.running_auth import SERVICE_SECRETS, RunningAuth, bearer, running_auth_service
from fakes.service_administration import operator, token_answer, toolkit


async def works(auth: RunningAuth, secret: str, service_id: str = "mail-service") -> bool:
    """Tell whether a secret gets a token."""
    answer = await token_answer(auth, service_id, secret)
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


async def test_both_secrets_work_until_the_stated_end(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """During the overlap either opens; at its end the old one stops, with no restart (42)."""
    administrator = await toolkit(auth)
    old = (await administrator.registers("mail-service"))["secret"]

    rotated = await administrator.rotates("mail-service", 3600)
    new = rotated["secret"]

    assert rotated["others_valid_until"] == clock.timestamp() + 3600
    assert [await works(auth, each) for each in (old, new)] == [True, True]
    clock.advance(3599)
    assert [await works(auth, each) for each in (old, new)] == [True, True]
    clock.advance(1)
    assert [await works(auth, each) for each in (old, new)] == [False, True]


async def test_without_an_overlap_the_old_one_stops_at_once(auth: RunningAuth) -> None:
    """An overlap of nothing is for a secret that leaked (checklist 42)."""
    administrator = await toolkit(auth)
    old = (await administrator.registers("mail-service"))["secret"]

    new = (await administrator.rotates("mail-service", 0))["secret"]

    assert [await works(auth, each) for each in (old, new)] == [False, True]


async def test_each_use_tells_which_secret_it_was(auth: RunningAuth, clock: ManualClock) -> None:
    """The record counts uses per secret, and the audit row of the act names the secret (42)."""
    administrator = await toolkit(auth)
    registered = await administrator.registers("mail-service", scopes=["profile:read"])
    rotated = await administrator.rotates("mail-service", 3600)
    await works(auth, registered["secret"])
    clock.advance(5)
    await works(auth, rotated["secret"])
    await works(auth, rotated["secret"])
    await works(auth, "nsec_wrong")

    old, new = (await administrator.sees("mail-service"))["secrets"]

    assert old["secret_id"] == registered["service"]["secrets"][0]["secret_id"]
    assert new["secret_id"] == rotated["secret_id"]
    assert (old["uses"], new["uses"]) == (1, 2)
    assert (old["last_used_at"], new["last_used_at"]) == (
        clock.timestamp() - 5,
        clock.timestamp(),
    )
    issued = [row for row in await auth.audited("token_issued") if row.client_id == "mail-service"]
    assert [row.reason for row in issued] == [
        f"secret {each['secret_id']}" for each in (old, new, new)
    ]


async def test_every_endpoint_that_takes_a_secret_counts_its_use(auth: RunningAuth) -> None:
    """Introspection, revocation and refused requests are uses as well; each counts once."""
    who = ("netra-backend", SERVICE_SECRETS["netra-backend"])
    await auth.http.post("/introspect", data={"token": "x"}, auth=who)
    await auth.http.post("/revoke", data={"token": "x"}, auth=who)
    await auth.http.post("/revoke", data={"token": "rt_x"}, auth=who)
    form = {"grant_type": "client_credentials", "scope": "keys:admin"}
    assert (await auth.http.post("/token", data=form, auth=who)).status_code == 400
    await auth.http.post("/token", data={"grant_type": "refresh_token"}, auth=who)
    await auth.http.post("/token", data={"scope": "no-grant"}, auth=who)

    (secret,) = (await (await toolkit(auth)).sees("netra-backend"))["secrets"]

    assert secret["uses"] == 6
    named = [row for row in await auth.audited() if secret["secret_id"] in (row.reason or "")]
    assert len(named) == 6
    assert named[0].reason == f"introspection; secret {secret['secret_id']}"


async def test_no_use_is_lost_between_two_instances(tmp_path: Path, clock: ManualClock) -> None:
    """Uses are counted in the store, so that concurrent ones of two processes all count."""
    issuer = {"ISSUER_URL": "http://127.0.0.1:8001"}
    async with (
        running_auth_service(tmp_path, clock=clock, overrides=issuer) as first,
        running_auth_service(tmp_path, clock=clock, overrides=issuer) as second,
    ):
        administrator = await toolkit(first)
        secret = (await administrator.registers("mail-service"))["secret"]
        worked = await asyncio.gather(*(works(each, secret) for each in (first, second) * 8))
        (record,) = (await administrator.sees("mail-service"))["secrets"]
        rotated = await administrator.rotates("mail-service", 0)
        at_once = [await works(second, secret), await works(second, rotated["secret"])]

    assert all(worked)
    assert record["uses"] == 16
    assert at_once == [False, True]


async def test_one_secret_can_be_deleted_at_once(auth: RunningAuth) -> None:
    """It stops and is shown no more; tokens that were had with it live on (checklist 42)."""
    administrator = await toolkit(auth)
    registered = await administrator.registers("mail-service")
    secret_id = registered["service"]["secrets"][0]["secret_id"]
    new = (await administrator.rotates("mail-service", 3600))["secret"]
    token = (await token_answer(auth, "mail-service", registered["secret"])).json()["access_token"]

    deleted = await administrator.asks("DELETE", f"/mail-service/secrets/{secret_id}")

    assert deleted.status_code == 204
    assert [await works(auth, each) for each in (registered["secret"], new)] == [False, True]
    assert len((await administrator.sees("mail-service"))["secrets"]) == 1
    who = ("netra-backend", SERVICE_SECRETS["netra-backend"])
    told = await auth.http.post("/introspect", data={"token": token}, auth=who)
    assert told.json()["active"] is True
    (row,) = await auth.audited("service_secret_deleted")
    assert (row.actor, row.reason) == ("service:netra-ops", f"deleted secret {secret_id}")


async def test_only_a_services_own_secret_is_deleted(auth: RunningAuth) -> None:
    """The id of another service's secret, of none, or of nonsense is 404, and nothing ends."""
    administrator = await toolkit(auth)
    await administrator.registers("mail-service")
    (foreign,) = (await administrator.sees("netra-backend"))["secrets"]

    for secret_id in (foreign["secret_id"], "sec_01m8hjd7zx3ks9yzn02kd2nxdq", "x", "%00", "x" * 64):
        answer = await administrator.asks("DELETE", f"/mail-service/secrets/{secret_id}")
        assert answer.status_code == 404

    assert (await auth.service_answer("netra-backend")).status_code == 200


async def test_an_administrator_cannot_delete_its_last_secret(auth: RunningAuth) -> None:
    """It could not come back; with another secret it may."""
    administrator = await toolkit(auth)
    (first,) = (await administrator.sees("netra-ops"))["secrets"]
    path = f"/netra-ops/secrets/{first['secret_id']}"

    refused = await administrator.asks("DELETE", path)
    await administrator.rotates("netra-ops", 3600)
    allowed = await administrator.asks("DELETE", path)

    assert (refused.status_code, allowed.status_code) == (409, 204)


async def test_an_earlier_end_is_never_put_off(auth: RunningAuth, clock: ManualClock) -> None:
    """A second rotation shortens the life of what is there, and lengthens none."""
    administrator = await toolkit(auth)
    oldest = (await administrator.registers("mail-service"))["secret"]
    await administrator.rotates("mail-service", 60)
    await administrator.rotates("mail-service", 86_400)

    ends = [s["valid_until"] for s in (await administrator.sees("mail-service"))["secrets"]]
    clock.advance(61)

    now = clock.timestamp() - 61
    assert ends == [now + 60, now + 86_400, None]
    assert await works(auth, oldest) is False


async def test_there_are_few_valid_secrets_at_a_time(auth: RunningAuth) -> None:
    """The sixth must wait until one ends; one that ends the others at once need not."""
    administrator = await toolkit(auth)
    await administrator.registers("mail-service")
    for _ in range(4):
        await administrator.rotates("mail-service", 600)

    refused = await administrator.asks("POST", "/mail-service/secrets", {"overlap_seconds": 60})
    at_once = await administrator.asks("POST", "/mail-service/secrets", {"overlap_seconds": 0})

    assert refused.status_code == 409
    assert refused.json()["code"] == "too_many_secrets"
    assert at_once.status_code == 201


async def test_rotations_at_once_leave_one_without_an_end(auth: RunningAuth) -> None:
    """Two administrators who rotate together do not leave two secrets that never end."""
    administrator = await toolkit(auth)
    await administrator.registers("mail-service")

    await asyncio.gather(*(administrator.rotates("mail-service", 60) for _ in range(3)))

    secrets = (await administrator.sees("mail-service"))["secrets"]
    assert [secret["valid_until"] is None for secret in secrets].count(True) == 1


async def test_ended_secrets_are_forgotten_in_the_end(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """Ninety days after its end the next rotation drops it: the table does not grow."""
    await (await toolkit(auth)).registers("mail-service")
    await (await toolkit(auth)).rotates("mail-service", 0)
    clock.advance(91 * 24 * 3600)

    await (await toolkit(auth)).rotates("mail-service", 0)

    assert len((await (await toolkit(auth)).sees("mail-service"))["secrets"]) == 2


async def test_an_overlap_has_bounds(auth: RunningAuth) -> None:
    """Neither negative nor endless."""
    administrator = await toolkit(auth)

    for overlap in (-1, 90 * 24 * 3600 + 1, "soon", None, 1.5):
        body = {"overlap_seconds": overlap}
        answer = await administrator.asks("POST", "/netra-ops/secrets", body)
        assert answer.status_code == 422


async def test_the_registry_does_not_bring_back_what_was_rotated_out(
    tmp_path: Path, clock: ManualClock
) -> None:
    """A restart with the old secret in the configuration leaves the store's in force."""
    async with running_auth_service(tmp_path, clock=clock) as auth:
        new = (await (await operator(auth)).rotates("netra-backend", 0))["secret"]
    async with running_auth_service(tmp_path, clock=clock) as auth:
        assert (await auth.service_answer("netra-backend")).status_code == 401
        assert await works(auth, new, "netra-backend")


async def test_who_is_refused_a_rotation_learns_nothing(auth: RunningAuth) -> None:
    """The answer to a caller without the permission is the same for any service (43)."""
    headers = bearer(await auth.service_token("netra-backend"))
    bodies = []
    for service_id in ("netra-ops", "nobody"):
        path = f"/admin/services/{service_id}/secrets"
        answer = await auth.http.post(path, json={}, headers=headers)
        assert answer.status_code == 403
        bodies.append({**answer.json(), "request_id": ""})

    assert bodies[0] == bodies[1]
