"""`GET /metrics`: who may read it, and what it says."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from fakes.clock import ManualClock
from fakes.running_auth import RunningAuth, bearer
from fakes.service_administration import Administrator, operator, token_answer, toolkit
from netra_auth.metrics.reasons import OTHER, counted_reason


async def scraped(auth: RunningAuth) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Read the metrics as Prometheus does: name and labels to value."""
    token = await auth.service_token("netra-ops")
    answer = await auth.http.get("/metrics", headers=bearer(token))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.headers["cache-control"] == "no-store"
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def labels(**named: str) -> tuple[tuple[str, str], ...]:
    """Write labels as `scraped` has them."""
    return tuple(sorted(named.items()))


def outcome(kind: str, stage: str, reason: str = "") -> tuple[str, tuple[tuple[str, str], ...]]:
    """Name the counter of one kind of authentication."""
    ended = "refused" if reason else "success"
    named = labels(kind=kind, stage=stage, outcome=ended, reason=reason)
    return "netra_auth_authentications_total", named


async def test_only_a_service_with_the_permission_reads_them(auth: RunningAuth) -> None:
    """Anonymous is 401, an operator and another service are 403 (checklist 43, 60)."""
    other = await auth.service_token("netra-backend")
    person = await operator(auth)

    assert (await auth.http.get("/metrics")).status_code == 401
    for token in (other, person.token):
        assert (await auth.http.get("/metrics", headers=bearer(token))).status_code == 403


async def test_authentications_are_counted_by_kind_stage_and_reason(auth: RunningAuth) -> None:
    """Clients, access tokens and logins, each with how it ended."""
    person = await auth.registered_person()
    tokens = await auth.tokens_of(person)
    await token_answer(auth, "netra-backend", "wrong")
    await token_answer(auth, "nobody", "wrong")
    await auth.http.get("/revocations", headers=bearer(tokens["access_token"]))
    await auth.http.get("/revocations", headers=bearer("x.y.z"))
    async with auth.browser() as browser:
        await auth.log_in(browser, type(person)(person.user_id, person.email, "wrong password"))

    counted = await scraped(auth)

    assert counted[outcome("service", "client", "wrong_secret")] == 1
    assert counted[outcome("service", "client", "unknown_service")] == 1
    assert counted[outcome("service", "client")] == 1
    assert counted[outcome("user", "login")] == 1
    assert counted[outcome("user", "login", "wrong_password")] == 1
    assert counted[outcome("user", "access")] == 1
    assert counted[outcome("any", "access", "not_allowed")] == 1
    assert counted[outcome("any", "access", "other")] == 1


async def test_tokens_are_counted_by_grant(auth: RunningAuth) -> None:
    """Only answers that carried tokens count."""
    tokens = await auth.tokens_of(await auth.registered_person())
    await auth.refresh(tokens["refresh_token"])
    await auth.refresh("rt_unknown")
    await auth.service_token("netra-backend")

    counted = await scraped(auth)

    issued = {
        grant: counted["netra_auth_tokens_issued_total", labels(grant=grant)]
        for grant in ("authorization_code", "refresh_token", "client_credentials")
    }
    assert issued == {"authorization_code": 1, "refresh_token": 1, "client_credentials": 2}


async def test_the_use_of_each_valid_secret_is_shown(auth: RunningAuth, clock: ManualClock) -> None:
    """Who still uses the old one: uses and the age of the last, until it ends (checklist 42)."""
    registered = await (await toolkit(auth)).registers("mail-service")
    old = registered["service"]["secrets"][0]["secret_id"]
    new = (await (await toolkit(auth)).rotates("mail-service", 3600))["secret_id"]
    await token_answer(auth, "mail-service", registered["secret"])
    clock.advance(30)

    counted = await scraped(auth)
    clock.advance(3600)
    later = await scraped(auth)

    named = labels(service="mail-service", secret_id=old)
    fresh = labels(service="mail-service", secret_id=new)
    prefix = "netra_auth_service_secret"
    assert counted[f"{prefix}_uses_total", named] == 1
    assert counted[f"{prefix}_last_use_age_seconds", named] == 30
    assert counted[f"{prefix}_remaining_seconds", named] == 3570
    assert counted[f"{prefix}_uses_total", fresh] == 0
    assert (f"{prefix}_last_use_age_seconds", fresh) not in counted
    assert (f"{prefix}_remaining_seconds", fresh) not in counted
    assert (f"{prefix}_uses_total", named) not in later


async def test_acts_are_counted_with_their_rows(auth: RunningAuth) -> None:
    """What is in the audit record is in the counters, by event and outcome."""
    await (await toolkit(auth)).registers("mail-service")

    counted = await scraped(auth)

    named = labels(event="service_registered", outcome="success")
    assert counted["netra_auth_audited_acts_total", named] == 3


async def test_no_caller_chooses_a_label(auth: RunningAuth) -> None:
    """Ids, addresses and reasons from outside never become a time series of their own."""
    for hostile in ("evil-1", 'x"} 1', "a\nb"):
        await token_answer(auth, hostile, hostile)
    administrator = Administrator(auth, await auth.service_token("netra-ops"))
    await administrator.asks("DELETE", "/evil-2/secrets/evil-3")

    names = {str(key) for key in await scraped(auth)}

    assert not [name for name in names if "evil" in name or 'x"' in name]


@pytest.mark.parametrize(
    ("reason", "label"),
    [
        ("wrong secret", "wrong_secret"),
        ("the token is meant for somebody, not for us", "wrong_audience"),
        ("no row grants users:admin to this service by bearer", "not_allowed"),
        ("anything else", OTHER),
        (None, OTHER),
    ],
)
def test_reasons_have_few_names(reason: str | None, label: str) -> None:
    """A reason of the record is counted under a name of ours, or as other."""
    assert counted_reason(reason) == label
