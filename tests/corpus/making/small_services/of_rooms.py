"""Incidents of bookings."""

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from corpus.making.code_copies import python_copy
from corpus.making.freezing import Entry, Expected, Salt
from corpus.making.platform_documents import (
    Revision,
    SecretOf,
    commit,
    probe,
    revisions_v1,
    revisions_v2,
    shift,
)
from corpus.making.small_services.rooms_and_mail import DICE, of_rooms, picture, rooms, visit
from corpus.making.stage import Stage


def store_silent(name: str, *, as_pool: bool) -> None:
    """The store takes connections and says nothing: each session look-up ends at its limit."""
    stage = Stage(
        datetime(2026, 1, 13, 17, 25, tzinfo=UTC), "roomly-prod", "europe-north1", joined=as_pool
    )
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        port = silent.getsockname()[1]
        stage.stands_for[f"127.0.0.1:{port}"] = "10.30.4.8:5432"
        store = f"postgresql://bookings@127.0.0.1:{port}/bookings?sslmode=disable"
        with rooms(
            stage, "bookings-00044-rac", BOOKINGS_STORE=store, STORE_TIMEOUT_SECONDS="3"
        ) as process:
            for _ in range(4 if as_pool else 3):
                visit(process, 1, 0.2, ("/rooms", "/rooms/atlas/quote"))
                visit(process, 1, 0.2, ("/health",))
            seen = stage.now()
    documents: dict[str, Any] = {
        "revisions.json": revisions_v1(
            "bookings",
            stage.project,
            stage.location,
            [
                Revision(
                    "bookings-00043-lox",
                    stage.begins - timedelta(days=12),
                    picture("bookings"),
                    of_rooms(Salt()),
                ),
                Revision(
                    "bookings-00044-rac",
                    stage.begins - timedelta(days=4),
                    picture("bookings"),
                    of_rooms(Salt()),
                ),
            ],
        ),
        "probes.json": [
            probe(
                seen,
                "bookings health",
                "https://bookings-t5k3ujw2oa-lz.a.run.app/health",
                "200",
                200,
                ok=True,
                body='{"status":"ok"}',
            ),
            probe(
                seen,
                "store answers",
                "postgresql://10.30.4.8:5432/bookings",
                "ready for a query",
                None,
                ok=False,
                error="no answer to the start-up message within 10 s",
            ),
        ],
    }
    stage.freeze(
        name,
        "bookings",
        "production",
        documents,
        Expected(
            "cause_found",
            "database_unreachable",
            "Each 401 comes after 3.0 s, which is STORE_TIMEOUT_SECONDS, with a TimeoutError out of asyncpg.connect while the session is loaded; /health is 200 at once, and the probe of the store gets no answer. There is no pool.",
            "process",
            must_not=(
                "user_token_rejected",
                "pool_exhausted",
                "auth_service_unreachable",
                "signing_key_mismatch",
            ),
            pair="pool_exhausted",
        ),
    )


def owner_of_none(name: str, *, with_decoy: bool) -> None:
    """A change reads a member of something that is None for one room."""
    stage = Stage(
        datetime(2026, 8, 18, 9, 50, tzinfo=UTC), "roomly-prod", "europe-north1", joined=True
    )
    old, new = "bookings-00051-wik", "bookings-00052-jun"
    broken = python_copy(
        "bookings",
        {
            "rates.py": (
                "    return seats",
                '    if room["owner"].get("name") == "Sales":\n        return 0\n    return seats',
            )
        },
    )
    paths = ("/rooms", "/rooms/atlas/quote", "/rooms/cedar/quote", "/rooms/borea/quote?hours=2")
    with rooms(stage, old) as before:
        visit(before, 6, paths=paths)
        deployed = stage.now()
        with rooms(stage, new, broken) as after:
            visit(before, 1, paths=paths)
            moved = stage.now()
            visit(after, 11 if with_decoy else 5, paths=paths)
            after.ask("/rooms", headers={"Authorization": "Bearer tok-old"})
            visit(after, 3, paths=("/rooms/cedar/quote", "/rooms"))
    env = of_rooms(Salt())
    documents: dict[str, Any] = {
        "revisions.json": revisions_v1(
            "bookings",
            stage.project,
            stage.location,
            [
                Revision(old, stage.begins - timedelta(days=2), picture("bookings"), env),
                Revision(
                    new,
                    deployed,
                    picture("bookings"),
                    {**env, "AUTH_KEY": SecretOf("rooms-auth-key", "3")} if with_decoy else env,
                ),
            ],
        ),
        "traffic.json": [
            shift(stage.begins - timedelta(days=2), old, 100),
            shift(moved, old, 0),
            shift(moved, new, 100),
        ],
        "commits.json": [
            commit(
                deployed - timedelta(minutes=20),
                "Aino Salo",
                "Sales pays nothing for its own room",
                ["rates.py"],
                "1 file changed, 2 insertions(+)",
            ),
            commit(
                deployed - timedelta(minutes=65),
                "Juho Laine",
                "Log in English",
                ["main.py"],
                "1 file changed, 3 insertions(+), 3 deletions(-)",
            ),
        ],
    }
    stage.freeze(
        name,
        "bookings",
        "production",
        documents,
        Expected(
            "cause_found",
            "code_error",
            f"AttributeError: 'NoneType' object has no attribute 'get' in /app/rates.py on {new} alone and for the room cedar alone; commits.json/0 touches rates.py. Signed-in callers are known on both revisions"
            + (", so the new version of AUTH_KEY is innocent." if with_decoy else "."),
            "process",
            must_not=(
                "user_token_rejected",
                "key_rotated_without_overlap",
                "missing_module",
                "env_var_lost",
            ),
        ),
    )


def only_refusals(name: str, *, with_revisions: bool) -> None:
    """All there is are lines that say 403 Not authenticated."""
    stage = Stage(datetime(2025, 9, 19, 17, 58, tzinfo=UTC), "roomly-stage", "europe-north1")
    revision = "bookings-00139-g4t"
    with rooms(stage, revision) as process:
        stage.leap(3)
        since = stage.now().strftime("%Y-%m-%dT%H:%M:%S")
        for _ in range(14):
            process.ask(
                DICE.choice(("/rooms", "/bookings")),
                DICE.choice(("GET", "POST")),
                agent="python-httpx/0.28.1",
                ip="169.254.169.126",
            )
            stage.leap(DICE.uniform(0.2, 2))
        until = stage.now().strftime("%Y-%m-%dT%H:%M:%S")
    documents = (
        {}
        if not with_revisions
        else {
            "revisions.json": revisions_v2(
                "bookings",
                stage.project,
                stage.location,
                [
                    Revision(
                        "bookings-00111-cr2",
                        stage.begins - timedelta(days=3),
                        picture("bookings"),
                        of_rooms(Salt()),
                    ),
                    Revision(
                        revision,
                        stage.begins - timedelta(hours=2),
                        picture("bookings"),
                        of_rooms(Salt()),
                    ),
                ],
            ),
        }
    )

    def kept(entry: Entry) -> bool:
        of_text = "403 Not authenticated" in str(entry.get("textPayload"))
        return since <= entry["timestamp"] <= until and of_text

    stage.freeze(
        name,
        "bookings",
        "staging",
        documents,
        Expected(
            "insufficient_evidence",
            None,
            "All lines are the one text `403 Not authenticated` without caller, route or reason"
            + (", and the two revisions have the same variables" if with_revisions else "")
            + "; a lost secret, a caller without a credential and much else look like this.",
            "process",
            acceptable=("caller_without_credential",) if with_revisions else (),
            must_not=(
                "env_var_lost",
                "service_secret_mismatch",
                "signing_key_mismatch",
                "identity_made_optional",
                "middleware_order",
                "secret_reference_lost",
            ),
        ),
        keeps=kept,
    )


def tests_of_ci() -> None:
    """A test run calls the deployed service: known test users, unknown paths, wrong methods."""
    stage = Stage(datetime(2026, 10, 5, 1, 30, tzinfo=UTC), "roomly-stage", "europe-north1")
    with rooms(stage, "bookings-00160-hav") as process:
        visit(process, 7)
        for path, method in (
            ("/rooms", "DELETE"),
            ("/rooms/nowhere/quote", "GET"),
            ("/rooms", "GET"),
            ("/bookings", "PUT"),
            ("/bookings", "POST"),
            ("/rooms/atlas/quote?hours=x", "GET"),
            ("/room", "GET"),
            ("/rooms/atlas/quote", "PATCH"),
            ("/rooms/cedar/quote", "GET"),
        ):
            for token in ("tok-ci", "tok-invalid"):
                process.ask(
                    path,
                    method,
                    headers={"Authorization": f"Bearer {token}", "X-Test-Run": "nightly-2291"},
                    agent="pytest-httpx/bookings-contract",
                    ip="198.51.100.200",
                )
                stage.leap(0.01)
        stage.leap(4)
        visit(process, 7)
    stage.freeze(
        "bookings-contract-tests",
        "bookings",
        "staging",
        {},
        Expected(
            "not_an_incident",
            "test_traffic",
            "401, 404, 405 and 422 come within a minute from one address with the user agent of a test suite, for test-user-7 and an invalid token by turns; others are served before and after.",
            "process",
            must_not=("user_token_rejected", "env_var_lost", "code_error"),
        ),
    )


def store_and_code() -> None:
    """Two faults at once: the store is silent, and a quote fails in the code."""
    stage = Stage(
        datetime(2026, 12, 1, 7, 5, tzinfo=UTC), "roomly-prod", "europe-north1", joined=True
    )
    revision = "bookings-00070-gad"
    broken = python_copy("bookings", {"rates.py": ("seats * BY_SEATS", 'seats * room["factor"]')})
    with rooms(stage, revision, broken) as early:
        visit(early, 8, paths=("/rooms", "/rooms/atlas/quote", "/rooms", "/health"))
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        store = (
            f"postgresql://bookings@127.0.0.1:{silent.getsockname()[1]}/bookings?sslmode=disable"
        )
        with rooms(
            stage, revision, broken, BOOKINGS_STORE=store, STORE_TIMEOUT_SECONDS="2.5"
        ) as late:
            visit(late, 6, paths=("/rooms", "/rooms/atlas/quote"))
            visit(late, 3, paths=("/health",))
    stage.freeze(
        "bookings-two-troubles",
        "bookings",
        "production",
        {
            "revisions.json": revisions_v1(
                "bookings",
                stage.project,
                stage.location,
                [
                    Revision(
                        "bookings-00069-nis",
                        stage.begins - timedelta(days=1),
                        picture("bookings"),
                        of_rooms(Salt()),
                    ),
                    Revision(
                        revision,
                        stage.begins - timedelta(minutes=6),
                        picture("bookings"),
                        of_rooms(Salt(), STORE_TIMEOUT_SECONDS="2.5"),
                    ),
                ],
            ),
            "commits.json": [
                commit(
                    stage.begins - timedelta(minutes=25),
                    "Aino Salo",
                    "Rooms have factors",
                    ["rates.py"],
                )
            ],
        },
        Expected(
            "cause_found",
            "database_unreachable",
            "Since the second start nobody's session can be loaded: TimeoutError after 2.5 s, the configured limit, for every caller. Apart from that, quotes failed already before with KeyError 'factor' in rates.py, which a commit touched.",
            "process",
            acceptable=("code_error",),
            must_not=("user_token_rejected", "auth_service_unreachable", "env_var_lost"),
        ),
    )


MAKERS: tuple[Callable[[], None], ...] = (
    lambda: store_silent("bookings-three-seconds", as_pool=False),
    lambda: store_silent("bookings-401-after-limit", as_pool=True),
    lambda: owner_of_none("bookings-room-without-owner", with_decoy=False),
    lambda: owner_of_none("bookings-room-and-new-key", with_decoy=True),
    lambda: only_refusals("bookings-only-403", with_revisions=False),
    lambda: only_refusals("bookings-only-403-two-revisions", with_revisions=True),
    tests_of_ci,
    store_and_code,
)
