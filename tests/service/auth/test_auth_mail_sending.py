"""Sending mails: once, soon, again after a failure, and never lost before their time is over."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from fakes.by_mail import PASSWORD, REGISTER, asks, person_with, running_by_mail
from fakes.clock import ManualClock
from fakes.log_lines import log_lines
from fakes.mailer import FakeMailer
from fakes.running_auth import RunningAuth
from fakes.smtp_server import SmtpServer
from fakes.timing import UNIT, eventually
from netra.secret import Secret
from netra_auth.audit import STARTUP
from netra_auth.identities.by_mail.letters import Kind, Purpose, written
from netra_auth.identities.by_mail.links import MailedLinkOver, MailedLinks
from netra_auth.identities.by_mail.requests import MAIL_SECONDS, MailRequests
from netra_auth.identities.by_mail.sending import (
    CLAIM_SECONDS,
    LONGEST_PAUSE_SECONDS,
    MailSender,
    pause_after,
)
from netra_auth.mail.mailer import Letter
from netra_auth.mail.smtp import SEND_SECONDS
from netra_auth.recovery import Recovery
from netra_auth.store import tables
from netra_auth.store.janitor import KEPT_SECONDS, sweep

ADA = "ada@example.org"
REGISTRATION, NEW_PASSWORD = Purpose.REGISTRATION, Purpose.NEW_PASSWORD


def sender_of(auth: RunningAuth, mailer: FakeMailer) -> MailSender:
    """Make a sender at this service's store, as another instance would be."""
    state = auth.state
    return MailSender(
        state.database,
        mailer,
        auth.url,
        state.limits.failures,
        state.audit,
        state.metrics,
        state.clock,
    )


async def ask(auth: RunningAuth, purpose: Purpose = REGISTRATION, email: str = ADA) -> None:
    """Ask for a mail."""
    state = auth.state
    requests = MailRequests(state.database, state.audit, state.clock, asyncio.Event())
    await requests.ask(purpose, email, STARTUP)


async def rows(auth: RunningAuth) -> int:
    """Count what is kept."""
    async with auth.state.database.reading() as connection:
        counted = select(func.count()).select_from(tables.mail_requests)
        return int((await connection.execute(counted)).scalar_one())


def token_in(letter: Letter) -> Secret:
    """Read the token of a letter's link."""
    return Secret(letter.text.partition("token=")[2].split()[0])


async def ends(auth: RunningAuth) -> list[tuple[str, str | None]]:
    """Read how sending ended, from the record."""
    return [(row.outcome, row.reason) for row in await auth.audited("mail_sent")]


@pytest.fixture
async def post() -> AsyncIterator[SmtpServer]:
    """Run a mail server."""
    async with SmtpServer().running() as server:
        yield server


def test_a_claim_outlasts_the_sending() -> None:
    """Nobody sends what another one may still be sending."""
    assert CLAIM_SECONDS >= 2 * SEND_SECONDS


def test_pauses_grow_and_are_bounded() -> None:
    """They double from seconds to minutes, so an hour holds a dozen attempts and no flood."""
    pauses = [pause_after(attempts) for attempts in range(1, 30)]

    assert pauses[:4] == [5, 10, 20, 40]
    assert pauses[-1] == LONGEST_PAUSE_SECONDS
    assert pauses == sorted(pauses)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_mail_is_short_lines_of_plain_text(kind: Kind) -> None:
    """No line is broken on its way, and a mail without a link names no token."""
    mail = written(kind, "https://auth.example.org", Secret("t" * 43) if kind.has_link else None)

    assert mail.text.isascii()
    assert max(map(len, mail.text.splitlines())) <= 100
    assert ("t" * 43 in mail.text) == kind.has_link
    assert "auth.example.org" in mail.subject
    assert mail.subject.isprintable()


@pytest.mark.parametrize(
    ("purpose", "has_account", "subject", "end"),
    [
        (REGISTRATION, False, "Finish your registration", ("success", Kind.FINISH)),
        (REGISTRATION, True, "You have an account", ("success", Kind.HAS_ACCOUNT)),
        (NEW_PASSWORD, True, "A new password", ("success", Kind.RESET)),
        (NEW_PASSWORD, False, None, ("refused", "no such account")),
    ],
)
async def test_what_is_sent_is_decided_when_it_is_sent(
    auth: RunningAuth,
    purpose: Purpose,
    *,
    has_account: bool,
    subject: str | None,
    end: tuple[str, str],
) -> None:
    """An account that was made after the asking counts; without one nothing is sent to reset."""
    mailer = FakeMailer()
    await ask(auth, purpose)
    if has_account:
        await person_with(auth, ADA)

    await sender_of(auth, mailer).send_due()

    assert [letter.subject.startswith(subject or "-") for letter in mailer.letters] == (
        [] if subject is None else [True]
    )
    outcome, reason = end
    assert await ends(auth) == [(outcome, f"{purpose}: {reason}")]
    kept = 1 if subject is not None and mailer.letters[0].text.count("token=") else 0
    assert await rows(auth) == kept


async def test_the_store_holds_no_secret(auth: RunningAuth) -> None:
    """Before a mail is sent there is none; after, only the hash of its link's."""
    mailer = FakeMailer()
    await ask(auth)
    async with auth.state.database.reading() as connection:
        (before,) = (await connection.execute(select(tables.mail_requests))).mappings()
    await sender_of(auth, mailer).send_due()
    async with auth.state.database.reading() as connection:
        (after,) = (await connection.execute(select(tables.mail_requests))).mappings()

    assert before["token_hash"] is None
    assert token_in(mailer.letters[0]).reveal() not in repr(dict(after))
    assert after["next_attempt_at"] is None


async def test_a_mail_arrives_once_the_server_is_up(tmp_path: Path, clock: ManualClock) -> None:
    """Down, it is tried again after growing pauses; up, it goes out; both are told and counted."""
    server = SmtpServer()
    async with server.running():
        pass
    async with running_by_mail(tmp_path, server, clock) as auth, auth.browser() as browser:
        assert auth.state.by_mail is not None
        sender = auth.state.by_mail.sender
        with log_lines() as lines:
            await asks(browser, REGISTER, ADA)
            await eventually(lambda: lines.of("mail_put_off"), within=5 * UNIT)
            clock.advance(4)
            await sender.send_due()
            assert len(lines.of("mail_put_off")) == 1
            clock.advance(1)
            await sender.send_due()
        async with server.running():
            await sender.send_due()
            assert server.mails == []
            clock.advance(10)
            await sender.send_due()
        metrics = auth.state.metrics.exposition().decode()

    told = lines.of("mail_put_off")
    assert [(line["attempts"], line["pause_seconds"]) for line in told] == [(1, 5), (2, 10)]
    assert ADA not in lines.text
    assert [mail.recipient for mail in server.mails] == [ADA]
    assert 'netra_auth_mails_total{outcome="put_off",purpose="registration"} 2.0' in metrics
    assert 'netra_auth_mails_total{outcome="sent",purpose="registration"} 1.0' in metrics


async def test_who_dies_while_sending_loses_nothing(auth: RunningAuth, clock: ManualClock) -> None:
    """Another one sends it when the claim is over, and not before; the first link is dead."""
    dying, other = FakeMailer(hangs=True), FakeMailer()
    await ask(auth)
    task = asyncio.create_task(sender_of(auth, dying).send_due())
    await dying.asked.wait()
    task.cancel()
    await asyncio.wait([task])

    clock.advance(CLAIM_SECONDS - 1)
    await sender_of(auth, other).send_due()
    assert other.letters == []
    clock.advance(1)
    await sender_of(auth, other).send_due()

    assert [letter.to for letter in other.letters] == [ADA]
    links = MailedLinks(auth.state.database, auth.state.users, clock)
    assert (await links.find(token_in(other.letters[0]))).address == ADA


async def test_a_second_mail_makes_the_first_ones_link_worthless(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """Sent and not noted, it is sent again with another link; one of the two works."""
    first, second = FakeMailer(), FakeMailer()
    await ask(auth)
    sender = sender_of(auth, first)
    claimed = await sender._claim(await only_id(auth))
    assert claimed is not None
    assert claimed.token is not None

    clock.advance(CLAIM_SECONDS)
    await sender_of(auth, second).send_due()

    links = MailedLinks(auth.state.database, auth.state.users, clock)
    with pytest.raises(MailedLinkOver):
        await links.find(claimed.token)
    # Who lost the claim changes nothing any more.
    await sender._note_sent(claimed)
    assert (await links.find(token_in(second.letters[0]))).address == ADA


async def only_id(auth: RunningAuth) -> str:
    """Give the id of the one mail there is."""
    async with auth.state.database.reading() as connection:
        found = await connection.execute(select(tables.mail_requests.c.mail_id))
        return str(found.scalar_one())


async def test_of_many_senders_one_sends(auth: RunningAuth) -> None:
    """However many instances look at the same moment, each mail goes out once."""
    mailer = FakeMailer()
    addresses = [f"{number}@example.org" for number in range(30)]
    for address in addresses:
        await ask(auth, email=address)

    await asyncio.gather(*(sender_of(auth, mailer).send_due() for _ in range(5)))

    assert sorted(letter.to for letter in mailer.letters) == sorted(addresses)
    assert len({letter.letter_id for letter in mailer.letters}) == 30


async def test_two_instances_send_one_mail(
    tmp_path: Path, clock: ManualClock, post: SmtpServer
) -> None:
    """Two services on one store: what is asked at one is sent once, and works at the other."""
    async with (
        running_by_mail(tmp_path, post, clock) as one,
        running_by_mail(tmp_path, post, clock, ISSUER_URL=one.url) as other,
        one.browser() as browser,
    ):
        assert one.state.by_mail is not None
        assert other.state.by_mail is not None
        await asks(browser, REGISTER, ADA)
        await asyncio.gather(
            *(
                state.by_mail.sender.send_due()
                for state in (one.state, other.state)
                if state.by_mail
            )
        )
        (mail,) = await post.arrived(1, within=5 * UNIT)
        token = Secret(mail.link("token").partition("token=")[2])
        assert (await other.state.by_mail.links.find(token)).address == ADA


async def test_what_cannot_be_sent_in_its_time_is_given_up(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """It is tried up to the end of its hour, then forgotten, told and recorded."""
    mailer = FakeMailer(is_down=True)
    sender = sender_of(auth, mailer)
    await ask(auth)
    began = clock.timestamp()
    with log_lines() as lines:
        while await rows(auth):
            await sender.send_due()
            clock.advance(1)

    assert clock.timestamp() - began >= MAIL_SECONDS
    assert 10 <= len(lines.of("mail_put_off")) <= 15
    assert lines.only("mail_given_up")["reason"] == "down"
    assert await ends(auth) == [("refused", "registration: down")]


async def test_a_service_that_was_away_too_long_says_so(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """A mail nobody tried to send within its hour is not sent afterwards."""
    mailer = FakeMailer()
    await ask(auth)
    clock.advance(MAIL_SECONDS)

    await sender_of(auth, mailer).send_due()

    assert mailer.letters == []
    assert await ends(auth) == [("refused", "registration: it could not be sent in time")]


async def test_a_refused_recipient_is_not_tried_again(auth: RunningAuth) -> None:
    """What will never be taken is given up at once."""
    mailer = FakeMailer(refuses=True)
    await ask(auth)

    with log_lines() as lines:
        await sender_of(auth, mailer).send_due()

    assert await rows(auth) == 0
    assert ADA not in lines.text
    assert lines.only("mail_given_up")["attempts"] == 1


async def test_a_retry_is_not_counted_again(auth: RunningAuth, clock: ManualClock) -> None:
    """The limit of an address is about mails that were asked for, not about attempts."""
    mailer = FakeMailer(is_down=True)
    sender = sender_of(auth, mailer)
    await ask(auth)
    for _ in range(6):
        await sender.send_due()
        clock.advance(LONGEST_PAUSE_SECONDS / 3)
    mailer.is_down = False
    await ask(auth)
    await ask(auth)
    clock.advance(LONGEST_PAUSE_SECONDS)

    await sender.send_due()

    assert len(mailer.letters) == 3


async def test_the_janitor_forgets_them(auth: RunningAuth, clock: ManualClock) -> None:
    """A link that is over, and a mail nobody sent, are removed some time later and not before."""
    mailer = FakeMailer()
    await ask(auth)
    await sender_of(auth, mailer).send_due()
    await ask(auth, email="eve@example.org")
    clock.advance(MAIL_SECONDS + KEPT_SECONDS["mail_requests"])
    await sweep(auth.state.database, clock)
    assert await rows(auth) == 2

    clock.advance(1)
    counts = await sweep(auth.state.database, clock)

    assert counts["mail_requests"] == 2
    assert await rows(auth) == 0


async def test_no_link_comes_alive_again(
    tmp_path: Path, clock: ManualClock, post: SmtpServer
) -> None:
    """A restored store may hold links that were used since, so it forgets every one."""
    async with running_by_mail(tmp_path, post, clock) as auth, auth.browser() as browser:
        await asks(browser, REGISTER, ADA)
        (mail,) = await post.arrived(1, within=5 * UNIT)
        await eventually(lambda: ends(auth), within=5 * UNIT)
    await Recovery(auth.settings, clock).settle_restored()
    async with running_by_mail(tmp_path, post, clock, ISSUER_URL=auth.url) as restored:
        assert restored.state.by_mail is not None
        with pytest.raises(MailedLinkOver):
            await restored.state.by_mail.links.find(
                Secret(mail.link("token").partition("token=")[2])
            )


async def test_a_link_that_ends_while_it_is_used_is_over(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """Hashing a password takes its time; what counts is when the link is used up."""
    mailer = FakeMailer()
    await ask(auth)
    await sender_of(auth, mailer).send_due()
    token = token_in(mailer.letters[0])
    links = MailedLinks(auth.state.database, auth.state.users, clock)
    link = await links.find(token)
    clock.advance(MAIL_SECONDS)

    with pytest.raises(MailedLinkOver):
        await links.register(token, link, Secret(PASSWORD), STARTUP)

    assert await auth.audited("user_registered") == ()
