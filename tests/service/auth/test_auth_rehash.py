"""A password hashed with earlier parameters gets a new hash when its owner logs in."""

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from fakes.authenticator import send, set_up
from fakes.clock import ManualClock
from fakes.running_auth import Person, RunningAuth
from netra_auth.store.repositories import users


async def weaken(auth: RunningAuth, person: Person) -> str:
    """Store the person's password as an earlier version may have."""
    hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8192, parallelism=1),))
    weak = hasher.hash(person.password)
    async with auth.state.database.transaction() as transaction:
        await users.set_password_hash(transaction.connection, person.user_id, weak)
    return weak


async def stored(auth: RunningAuth, person: Person) -> str:
    """Read the stored hash."""
    async with auth.state.database.reading() as connection:
        row = await users.by_id(connection, person.user_id)
    assert row is not None
    return row.password_hash


async def test_a_login_renews_an_outdated_hash(auth: RunningAuth) -> None:
    """Only a right password does, and the person notices nothing (checklist 57)."""
    person = await auth.registered_person()
    weak = await weaken(auth, person)
    async with auth.browser() as browser:
        await auth.log_in(browser, Person("", person.email, "not the password"))
        assert await stored(auth, person) == weak
        assert (await auth.log_in(browser, person)).status_code == 303
        renewed = await stored(auth, person)
        assert (await auth.log_in(browser, person)).status_code == 303

    assert renewed.startswith("$argon2id$v=19$m=9216,t=4,p=1$")
    assert await stored(auth, person) == renewed


async def test_a_renewed_hash_does_not_end_the_login_it_came_with(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """A login that renews the hash and then asks for the second factor goes through."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        authenticator = await set_up(auth, browser, person)
        clock.advance(60)
        await weaken(auth, person)
        await auth.log_in(browser, person)
        done = await send(browser, "/login/second-factor", code=authenticator.code())

    assert done.status_code == 303
