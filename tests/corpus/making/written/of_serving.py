"""More incidents of who serves, of breakers and of fallbacks, in services in Go; by hand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from corpus.making.freezing import Expected, Where, hex_id
from corpus.making.platform_documents import (
    Revision,
    SecretOf,
    commit,
    probe,
    revisions_v1,
    revisions_v2,
    service_v1,
    shift,
)
from corpus.making.written.script import Script

HOST = "ferry-x8d2kq4mpa-lz.a.run.app"
ENV: dict[str, str | SecretOf] = {
    "ACCOUNTS_URL": "https://accounts.ferryline.example",
    "TICKET_KEY": SecretOf("ticket-key", "9"),
}


def _sailing(
    s: Script,
    w: Where,
    status: int = 200,
    error: str = "",
    latency: float = 0.02,
    path: str | None = None,
) -> None:
    where = path or s.dice.choice(("/sailings", "/sailings/41/seats", "/tickets/mine"))
    s.ask(w, HOST, where, status, latency)
    level = "INFO" if status < 400 else "ERROR"
    text = f'level={level} ts={{t}} msg="{error or "served"}" path={where} status={status}'
    s.say(
        w,
        text if status < 400 else f"{text} err_at=internal/api/api.go:88",
        stream="stderr" if status >= 500 else "stdout",
    )
    s.wait(14)


def _image() -> str:
    return f"europe-north1-docker.pkg.dev/ferryline/run/ferry@sha256:{hex_id(64)}"


def breaker_without_clock() -> None:
    """A breaker compares its rest with a clock that went back; it never lets a call through."""
    s = Script("ferryline", "europe-north1", datetime(2026, 5, 29, 15, 0, tzinfo=UTC), 31)
    revision = "ferry-00064-nid"
    bad, good = s.where("ferry", revision), s.where("ferry", revision)
    for _ in range(4):
        _sailing(s, bad)
        _sailing(s, good)
    for _ in range(3):
        _sailing(
            s,
            bad,
            503,
            "accounts: Post https://accounts.ferryline.example/verify: context deadline exceeded",
            3.0,
        )
    s.say(
        bad,
        'level=WARN ts={t} msg="breaker accounts: closed -> open" failures=3 rest=20s until=2026-05-29T19:03:11Z',
    )
    for turn in range(14):
        _sailing(s, bad, 503, "accounts: breaker is open", 0.001)
        if turn % 2 == 0:
            _sailing(s, good)
    s.freeze(
        "ferry-breaker-until-evening",
        "ferry",
        "production",
        {
            "probes.json": [
                probe(
                    s.now,
                    "accounts verify",
                    "https://accounts.ferryline.example/verify",
                    "401 without a token",
                    401,
                    ok=True,
                    body='{"error":"token_missing"}',
                )
            ],
            "revisions.json": revisions_v1(
                "ferry",
                s.project,
                s.location,
                [Revision(revision, s.began - timedelta(days=1), _image(), ENV)],
            ),
        },
        Expected(
            "cause_found",
            "breaker_stuck_open",
            "After three time-outs one instance's breaker is open until four hours later though its rest is 20 s, and no half-open is seen in minutes; its refusals take a millisecond, the other instance's calls to accounts succeed, and accounts answers the probe.",
            "written",
            must_not=("auth_service_unreachable", "clock_skew", "user_token_rejected"),
            pair="auth_service_unreachable",
        ),
    )


def breaker_and_accounts_unknown() -> None:
    """Every instance says that its breaker is open; whether accounts is well nobody looked."""
    s = Script("ferryline", "europe-north1", datetime(2026, 5, 30, 9, 0, tzinfo=UTC), 32)
    one, two = s.where("ferry", "ferry-00064-nid"), s.where("ferry", "ferry-00064-nid")
    for _ in range(10):
        _sailing(s, one, 503, "accounts: breaker is open", 0.001)
        _sailing(s, two, 503, "accounts: breaker is open", 0.001)
    s.freeze(
        "ferry-both-breakers-open",
        "ferry",
        "production",
        {},
        Expected(
            "insufficient_evidence",
            None,
            "All lines of the window are refusals of open breakers, on both instances; no call of accounts, no change of state and no probe says whether accounts is down or the breakers are stuck.",
            "written",
            acceptable=("auth_service_unreachable",),
            must_not=("breaker_stuck_open", "user_token_rejected", "env_var_lost"),
            pair="breaker_stuck_open",
        ),
    )


def canary_never_promoted() -> None:
    """The correction has ten percent of the traffic for a day; the rest meets the fault."""
    s = Script("ferryline", "europe-north1", datetime(2026, 8, 4, 6, 0, tzinfo=UTC), 33)
    old, fix = s.where("ferry", "ferry-00071-huk"), s.where("ferry", "ferry-00072-bol")
    for turn in range(26):
        if turn % 9 == 4:
            _sailing(s, fix, path="/tickets/mine")
        elif turn % 2:
            _sailing(
                s,
                old,
                500,
                "runtime error: index out of range [0] with length 0",
                0.003,
                "/tickets/mine",
            )
        else:
            _sailing(s, old, path="/sailings")
    day = s.began - timedelta(days=1)
    s.freeze(
        "ferry-ten-percent-for-a-day",
        "ferry",
        "production",
        {
            "revisions.json": revisions_v2(
                "ferry",
                s.project,
                s.location,
                [
                    Revision("ferry-00071-huk", day - timedelta(hours=5), _image(), ENV),
                    Revision("ferry-00072-bol", day, _image(), ENV),
                ],
            ),
            "traffic.json": [
                shift(day - timedelta(hours=5), "ferry-00071-huk", 100),
                shift(day, "ferry-00071-huk", 90),
                shift(day, "ferry-00072-bol", 10),
            ],
            "commits.json": [
                commit(
                    day - timedelta(minutes=20),
                    "Liis Tamm",
                    "Do not index an empty list of tickets",
                    ["internal/tickets/mine.go"],
                )
            ],
        },
        Expected(
            "cause_found",
            "traffic_pinned",
            "ferry-00072 with the correction serves /tickets/mine without a failure, but has 10 % since yesterday and nothing since; all errors are on ferry-00071, which keeps 90 %.",
            "written",
            acceptable=("code_error",),
            must_not=("rollback_target_broken", "user_token_rejected"),
            pair="code_error",
        ),
    )


def pinned_by_name() -> None:
    """A deploy by a script leaves traffic where it is: the service names a revision."""
    s = Script("ferryline", "europe-north1", datetime(2026, 11, 19, 12, 0, tzinfo=UTC), 34)
    old = s.where("ferry", "ferry-00080-gox")
    for turn in range(20):
        if turn % 2:
            _sailing(s, old, 500, "tickets: unknown currency SEK", 0.003, "/tickets/mine")
        else:
            _sailing(s, old)
    made = [
        Revision("ferry-00080-gox", s.began - timedelta(days=2), _image(), ENV),
        Revision("ferry-00081-lem", s.began - timedelta(hours=3), _image(), ENV),
        Revision("ferry-00082-tay", s.began - timedelta(hours=1), _image(), ENV),
    ]
    for one in made[1:]:
        s.platform(
            s.where("ferry", one.name),
            "Ready condition status changed to True for Revision "
            + one.name
            + " with message: Deploying revision succeeded in 8.41s.",
        )
    s.freeze(
        "ferry-eighty-for-ever",
        "ferry",
        "production",
        {
            "revisions.json": [
                *revisions_v1("ferry", s.project, s.location, made),
                service_v1(
                    "ferry",
                    s.project,
                    made[2],
                    [{"revisionName": "ferry-00080-gox", "percent": 100}],
                ),
            ],
            "traffic.json": [shift(s.began - timedelta(days=2), "ferry-00080-gox", 100)],
            "commits.json": [
                commit(
                    s.began - timedelta(hours=3, minutes=9),
                    "Liis Tamm",
                    "Know SEK",
                    ["internal/tickets/currency.go"],
                ),
                commit(
                    s.began - timedelta(hours=1, minutes=4),
                    "Liis Tamm",
                    "Know NOK and SEK for real",
                    ["internal/tickets/currency.go"],
                ),
            ],
            "probes.json": [
                probe(
                    s.now,
                    "version",
                    f"https://{HOST}/version",
                    "ferry-00082-tay",
                    200,
                    ok=False,
                    body='{"revision":"ferry-00080-gox"}',
                )
            ],
        },
        Expected(
            "cause_found",
            "traffic_pinned",
            "Two corrections were deployed and are ready, but the service's traffic names ferry-00080-gox with 100 %; the version probe and all errors are of that revision.",
            "written",
            acceptable=("code_error",),
            must_not=("wrong_revision_answered", "startup_failed"),
            pair="wrong_revision_answered",
        ),
    )


def blue_was_green() -> None:
    """The validation under the tag green was answered by another revision throughout."""
    s = Script("ferryline", "europe-north1", datetime(2026, 12, 8, 17, 0, tzinfo=UTC), 35)
    old, new = s.where("ferry", "ferry-00084-rus"), s.where("ferry", "ferry-00085-mig")
    for _ in range(8):
        _sailing(s, old)
    probes: list[dict[str, Any]] = []
    for name, path in (
        ("version", "/version"),
        ("sailings", "/sailings"),
        ("tickets", "/tickets/mine"),
    ):
        s.ask(old, f"green---{HOST}", path, 200, 0.02, agent="ferry-validate/3")
        probes.append(
            probe(
                s.now,
                f"{name} of the candidate",
                f"https://green---{HOST}{path}",
                "200 from ferry-00085-mig",
                200,
                ok=name != "version",
                headers={"x-revision": "ferry-00084-rus"},
                body='{"revision":"ferry-00084-rus"}' if name == "version" else "[]",
            )
        )
        s.wait(2)
    s.say(new, 'level=INFO ts={t} msg="ferry listens" addr=:8080 revision=ferry-00085-mig')
    for _ in range(6):
        _sailing(s, old)
    s.freeze(
        "ferry-green-was-old",
        "ferry",
        "production",
        {
            "revisions.json": revisions_v1(
                "ferry",
                s.project,
                s.location,
                [
                    Revision("ferry-00084-rus", s.began - timedelta(days=4), _image(), ENV),
                    Revision("ferry-00085-mig", s.began + timedelta(minutes=1), _image(), ENV),
                ],
            ),
            "traffic.json": [shift(s.began - timedelta(days=4), "ferry-00084-rus", 100)],
            "probes.json": probes,
        },
        Expected(
            "cause_found",
            "wrong_revision_answered",
            "All three probes under green were answered with x-revision: ferry-00084-rus, two of them counted as passed; the request log has them on ferry-00084-rus as well, so nothing was shown of ferry-00085-mig.",
            "written",
            must_not=("traffic_pinned", "code_error", "startup_failed"),
            pair="traffic_pinned",
        ),
    )


def fallback_that_is_told_only_once() -> None:
    """A fallback to an old file of keys, told once at the start, and refusals an hour later."""
    s = Script("ferryline", "europe-north1", datetime(2027, 1, 20, 5, 0, tzinfo=UTC), 36)
    w = s.where("ferry", "ferry-00088-woz")
    s.say(
        w,
        'level=WARN ts={t} msg="partner list: GET https://settings.ferryline.example/partners: 403 Forbidden; reading ./fallback/partners.json (2026-02-11) instead" partners=12',
        'level=INFO ts={t} msg="ferry listens" addr=:8080 revision=ferry-00088-woz',
    )
    for _ in range(7):
        _sailing(s, w)
    s.wait(2500)
    for turn in range(14):
        if turn % 2:
            _sailing(
                s, w, 403, "partner nordic-rail is not on the list", 0.002, "/partner/bookings"
            )
        else:
            _sailing(s, w)
    s.freeze(
        "ferry-partners-of-february",
        "ferry",
        "production",
        {
            "revisions.json": revisions_v2(
                "ferry",
                s.project,
                s.location,
                [
                    Revision("ferry-00087-cab", s.began - timedelta(days=30), _image(), ENV),
                    Revision("ferry-00088-woz", s.began - timedelta(minutes=2), _image(), ENV),
                ],
            ),
            "probes.json": [
                probe(
                    s.now,
                    "partners in the settings",
                    "https://settings.ferryline.example/partners",
                    "nordic-rail listed",
                    200,
                    ok=True,
                    body='{"count":14,"has":["nordic-rail","baltic-bus"]}',
                )
            ],
        },
        Expected(
            "cause_found",
            "stale_fallback_config",
            "At its start the instance read ./fallback/partners.json of 2026-02-11 with 12 partners, since the settings answered 403; it refuses nordic-rail, which the settings list among 14.",
            "written",
            must_not=(
                "user_token_rejected",
                "invoker_missing",
                "env_var_lost",
                "caller_without_credential",
            ),
        ),
    )


MAKERS: tuple[Callable[[], None], ...] = (
    breaker_without_clock,
    breaker_and_accounts_unknown,
    canary_never_promoted,
    pinned_by_name,
    blue_was_green,
    fallback_that_is_told_only_once,
)
