"""The chain of the audit record: what is done to the rows shows, whatever it is."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from fakes.clock import ManualClock
from fakes.running_auth import RunningAuth, bearer, running_auth_service
from netra.wire.audit_chain import GENESIS_HASH, chain_hash
from netra.wire.audit_lines import audit_line, audit_record
from netra.wire.auth_admin import AuditPage, ChainReport
from netra_auth.audit import ANONYMOUS_ACTOR, Act, AuditEvent, Origin, Outcome
from netra_auth.audit.chain import Anchor, content_of
from netra_auth.store.repositories.audit_records import EVERYTHING
from netra_auth.store.tables import audit, audit_head

SOMEWHERE = Origin("req_1_1_00000000", "127.0.0.1")


async def acts(auth: RunningAuth, *reasons: str) -> None:
    """Record refusals, one after the other."""
    for reason in reasons:
        act = Act(event=AuditEvent.LOGIN, outcome=Outcome.REFUSED, origin=SOMEWHERE, reason=reason)
        await auth.state.audit.note_alone(act)


async def report_of(auth: RunningAuth, anchor: Anchor | None = None) -> ChainReport:
    """Have the chain verified."""
    return await auth.state.audit_records.verified(anchor)


async def tamper(auth: RunningAuth, *statements: object) -> None:
    """Change the record as someone could who holds the store: triggers switched off first."""
    async with auth.state.database.transaction() as transaction:
        await allow_changes(transaction.connection)
        for statement in statements:
            await transaction.connection.execute(statement)  # type: ignore[call-overload]


async def allow_changes(connection: AsyncConnection) -> None:
    """Drop the triggers that refuse changes."""
    if connection.dialect.name == "postgresql":
        await connection.exec_driver_sql("DROP TRIGGER IF EXISTS audit_refuses_changes ON audit")
        return
    for change in ("update", "delete"):
        await connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS audit_refuses_{change}")


async def test_every_row_is_linked_to_the_one_before(auth: RunningAuth) -> None:
    """Numbers are gapless, hashes follow from each other, the head is the last row (59)."""
    await acts(auth, "one", "two", "three")

    rows = await auth.audited()
    previous = GENESIS_HASH
    for number, row in enumerate(rows, 1):
        assert row.seq == number
        assert row.chain_hash == chain_hash(previous, content_of(row))
        previous = row.chain_hash
    report = await report_of(auth)
    assert report.is_whole
    assert (report.rows, report.head_seq, report.head_hash) == (len(rows), len(rows), previous)
    assert report.unchained_rows == 0


async def test_the_link_is_what_the_documentation_says(auth: RunningAuth) -> None:
    """A stranger can compute a hash from a record alone (checklist 59)."""
    await acts(auth, "told")
    page = await auth.state.audit_records.page(0, 500, EVERYTHING)

    previous = page.items[-2].chain_hash
    content = page.items[-1].model_dump(exclude={"time", "chain_hash"})
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    assert page.items[-1].chain_hash == sha256(f"{previous}\n{text}".encode()).hexdigest()


CHANGES: dict[str, Sequence[object]] = {
    "changed": [update(audit).where(audit.c.seq == 4).values(actor="somebody else")],
    "blanked": [update(audit).where(audit.c.seq == 4).values(reason=None)],
    "moved in time": [
        update(audit).where(audit.c.seq == 4).values(recorded_at=audit.c.recorded_at + 1)
    ],
    "removed": [delete(audit).where(audit.c.seq == 4)],
    "removed and closed": [
        delete(audit).where(audit.c.seq == 4),
        update(audit).where(audit.c.seq == 5).values(seq=4),
    ],
    "reordered": [
        update(audit).where(audit.c.seq == 4).values(seq=4000),
        update(audit).where(audit.c.seq == 5).values(seq=4),
        update(audit).where(audit.c.seq == 4000).values(seq=5),
    ],
    "unchained": [update(audit).where(audit.c.seq == 4).values(seq=None, chain_hash=None)],
}


@pytest.mark.parametrize("change", CHANGES)
async def test_what_is_done_to_a_row_shows(auth: RunningAuth, change: str) -> None:
    """A changed, removed or moved row breaks the chain at its number (checklist 59)."""
    await acts(auth, *(f"act {n}" for n in range(8)))

    await tamper(auth, *CHANGES[change])

    report = await report_of(auth)
    assert not report.is_whole
    assert report.broken_at == 4, report.says


async def test_an_inserted_row_shows(auth: RunningAuth) -> None:
    """A row put in between breaks the chain, with whatever hash it is given (checklist 59)."""
    await acts(auth, *(f"act {n}" for n in range(8)))
    rows = await auth.audited()
    forged = replace(rows[3], audit_id="aud_forged", actor="somebody else")
    forged = replace(forged, chain_hash=chain_hash(rows[2].chain_hash or "", content_of(forged)))
    later = [
        update(audit).where(audit.c.seq == n).values(seq=n + 1) for n in range(len(rows), 3, -1)
    ]

    await tamper(auth, *later, insert(audit).values(**asdict(forged)))

    assert (await report_of(auth)).broken_at == 5


async def test_a_row_outside_the_chain_is_counted_and_never_shown(auth: RunningAuth) -> None:
    """A row without a number is in no page, and the report says that nothing proves it."""
    await acts(auth, "one")
    forged = replace((await auth.audited())[-1], audit_id="aud_forged", seq=None, chain_hash=None)
    await tamper(auth, insert(audit).values(**asdict(forged)))

    report = await report_of(auth)
    page = await auth.state.audit_records.page(0, 500, EVERYTHING)

    assert report.unchained_rows == 1
    assert "outside the chain" in report.says
    assert "aud_forged" not in {record.audit_id for record in page.items}


async def test_a_cut_tail_shows_against_the_head(auth: RunningAuth) -> None:
    """Rows taken from the end are missed as long as the head is as it was (checklist 59)."""
    await acts(auth, "one", "two", "three")
    last = (await auth.audited())[-1].seq or 0

    await tamper(auth, delete(audit).where(audit.c.seq >= last - 1))

    report = await report_of(auth)
    assert (report.is_whole, report.broken_at) == (False, last - 1)


async def test_a_cut_tail_shows_against_an_anchor(
    auth: RunningAuth, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the head set back too, a number and hash from the log still show it (checklist 59)."""
    await acts(auth, "one", "two", "three")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = [line for line in lines if line.get("event") == "audit_recorded"][-1]
    anchor = Anchor(told["seq"], told["chain_hash"])
    assert (await report_of(auth, anchor)).is_whole
    kept = (await auth.audited())[-3]

    await tamper(
        auth,
        delete(audit).where(audit.c.seq > kept.seq),
        update(audit_head).values(seq=kept.seq, chain_hash=kept.chain_hash),
    )

    assert (await report_of(auth)).is_whole
    report = await report_of(auth, anchor)
    assert (report.is_whole, report.broken_at) == (False, (kept.seq or 0) + 1)


async def test_a_rewritten_record_shows_against_an_anchor(auth: RunningAuth) -> None:
    """Whoever writes every hash anew cannot write the one that was kept elsewhere."""
    await acts(auth, "one", "two", "three")
    rows = await auth.audited()
    anchor = Anchor(rows[-1].seq or 0, rows[-1].chain_hash or "")

    statements: list[object] = []
    previous = rows[1].chain_hash or ""
    for row in rows[2:]:
        changed = replace(row, actor="somebody else")
        previous = chain_hash(previous, content_of(changed))
        values = {"actor": "somebody else", "chain_hash": previous}
        statements.append(update(audit).where(audit.c.seq == row.seq).values(**values))
    await tamper(auth, *statements, update(audit_head).values(chain_hash=previous))

    assert (await report_of(auth)).is_whole
    assert (await report_of(auth, anchor)).broken_at == anchor.seq


async def test_acts_at_once_are_one_chain(tmp_path: Path, clock: ManualClock) -> None:
    """Two processes that write at the same time write one gapless chain, and so after a restart."""
    async with running_auth_service(tmp_path, clock=clock) as first:
        issuer = {"ISSUER_URL": first.url}
        async with running_auth_service(tmp_path, clock=clock, overrides=issuer) as second:
            await asyncio.gather(
                *(acts(auth, f"act {n}") for n in range(30) for auth in (first, second)),
                *(first.registered_person() for _ in range(3)),
                *(second.service_token("netra-backend") for _ in range(5)),
            )
            report = await report_of(second)
    async with running_auth_service(tmp_path, clock=clock) as third:
        await acts(third, "after the restart")
        later = await report_of(third)

    assert report.is_whole, report.says
    assert later.is_whole, later.says
    assert later.head_seq == report.head_seq + 1
    assert later.rows >= 69


async def test_an_act_undone_leaves_no_gap(auth: RunningAuth) -> None:
    """What was rolled back has no number, and the next act takes it."""
    act = Act(event=AuditEvent.LOGIN, outcome=Outcome.REFUSED, origin=SOMEWHERE)
    before = (await auth.audited())[-1].seq or 0

    async def fail() -> None:
        async with auth.state.database.transaction() as transaction:
            await auth.state.audit.note(transaction, act)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    await acts(auth, "next")

    assert (await auth.audited())[-1].seq == before + 1
    assert (await report_of(auth)).is_whole


async def test_an_administrator_reads_the_record_in_pages(auth: RunningAuth) -> None:
    """The record is read by number, and that it is read is recorded itself (checklist 59)."""
    headers = bearer(await auth.service_token("netra-ops"))
    await acts(auth, *(f"act {n}" for n in range(7)))

    found: list[str] = []
    after: int | None = 0
    while after is not None:
        path = f"/admin/audit?after={after}&limit=3"
        page = AuditPage.model_validate((await auth.http.get(path, headers=headers)).json())
        assert len(page.items) <= 3
        found += [record.audit_id for record in page.items]
        after = page.next_after

    rows = await auth.audited()
    assert found == [row.audit_id for row in rows]
    assert [row.event for row in rows].count("audit_read") == 1
    assert rows[-1].actor == "service:netra-ops"


async def test_the_record_is_read_by_event_actor_subject_and_time(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """A selection gives what it names, and nothing else."""
    headers = bearer(await auth.service_token("netra-ops"))
    person = await auth.registered_person()
    clock.advance(60)
    await acts(auth, "late")

    async def selected(query: str) -> Sequence[str]:
        answer = await auth.http.get(f"/admin/audit?{query}", headers=headers)
        return [record["event"] for record in answer.json()["items"]]

    assert set(await selected("event=login")) == {"login"}
    assert await selected(f"subject={person.user_id}") == ["user_registered"]
    assert set(await selected(f"actor={ANONYMOUS_ACTOR}")) == {"user_registered", "login"}
    assert set(await selected(f"since={clock.timestamp()}")) == {"login", "audit_read"}
    assert await selected("event=%25") == []
    assert await selected("actor=service%3A_%25") == []


async def test_the_chain_is_verified_over_the_api(auth: RunningAuth) -> None:
    """The report says that the record is whole, and an anchor that is not its own is missed."""
    headers = bearer(await auth.service_token("netra-ops"))
    await acts(auth, "one")

    answer = (await auth.http.get("/admin/audit/chain", headers=headers)).json()
    anchored = f"/admin/audit/chain?anchor={answer['head_seq']}:{answer['head_hash']}"
    other = f"/admin/audit/chain?anchor=2:{'0' * 64}"

    assert answer["is_whole"]
    assert (await auth.http.get(anchored, headers=headers)).json()["is_whole"]
    assert (await auth.http.get(other, headers=headers)).json()["broken_at"] == 2


@pytest.mark.parametrize("path", ["/admin/audit", "/admin/audit/chain"])
async def test_the_record_is_for_auditors(auth: RunningAuth, path: str) -> None:
    """Without a token 401; a person or a service without the permission 403 (checklist 43, 46)."""
    person = await auth.registered_person()
    tokens = await auth.tokens_of(person)
    backend = await auth.service_token("netra-backend")

    assert (await auth.http.get(path)).status_code == 401
    for token in (tokens["access_token"], backend):
        answer = await auth.http.get(path, headers=bearer(token))
        assert answer.status_code == 403


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "query",
    [
        *("after=-1", "after=x", f"after={10**30}", "limit=0", "limit=501", "since=nan"),
        *("since=-1", "since=1e999", "event=", f"actor={'a' * 129}", "subject=%00"),
    ],
)
async def test_a_bad_selection_is_refused(auth: RunningAuth, query: str) -> None:
    """What cannot be a selection is 422, never 500."""
    headers = bearer(await auth.service_token("netra-ops"))

    assert (await auth.http.get(f"/admin/audit?{query}", headers=headers)).status_code == 422


@pytest.mark.sqlite_only
@pytest.mark.parametrize("anchor", ["1", "0:" + "0" * 64, "1:xyz", "1:" + "A" * 64, "-1:", "%00"])
async def test_a_bad_anchor_is_refused(auth: RunningAuth, anchor: str) -> None:
    """What cannot be an anchor is 422, never 500."""
    headers = bearer(await auth.service_token("netra-ops"))
    path = f"/admin/audit/chain?anchor={anchor}"

    assert (await auth.http.get(path, headers=headers)).status_code == 422


LINE_ENDS = "\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


async def test_no_line_can_be_forged(auth: RunningAuth, capsys: pytest.CaptureFixture[str]) -> None:
    """No kind of line end in a name ends a line of the record, its export or the log (59)."""
    forged = Act(
        event=AuditEvent.LOGIN,
        outcome=Outcome.REFUSED,
        origin=Origin("req_1_1_00000000", f"1.2.3.4{LINE_ENDS}"),
        actor=f'x{LINE_ENDS}{{"severity":"CRITICAL"}}',
        client_id=f"y{LINE_ENDS}",
        subject=f"z{LINE_ENDS}\ud800\u202e",
        reason=f"r{LINE_ENDS}",
    )
    capsys.readouterr()
    await auth.state.audit.note_alone(forged)

    (row,) = (row for row in await auth.audited() if row.actor.startswith("x"))
    page = await auth.state.audit_records.page(0, 500, EVERYTHING)
    line = audit_line(page.items[-1])
    assert len(line.splitlines()) == 1
    assert line.isascii()
    assert audit_record(line) == page.items[-1]
    assert all(
        text is None or (text.isprintable() and len(f"{text}|".splitlines()) == 1)
        for text in (row.actor, row.client_id, row.subject, row.reason, row.address)
    )
    told = capsys.readouterr().out.splitlines()
    assert [json.loads(one)["event"] for one in told] == ["audit_recorded"]
    assert (await report_of(auth)).is_whole
