"""`netra users`: people's accounts, through the auth service's admin API."""

from http import HTTPStatus
from typing import Annotated, Final

import typer

from netra.policy import Permission
from netra.principal import Role
from netra.wire import auth_admin
from netra.wire.auth_admin import AccountExport, UserRecord
from netra_ops.administration.caller import path_of
from netra_ops.administration.people import everybody, person_named
from netra_ops.administration.refusal import refusal
from netra_ops.cli.administration.access import Access, access
from netra_ops.cli.administration.shared_options import taking
from netra_ops.cli.administration.showing import (
    ask_consent,
    document,
    documents,
    moment,
    need_consent,
    show_fields,
    show_table,
)
from netra_ops.cli.console import tell, tell_document
from netra_ops.findings import Failed, printable
from netra_ops.validation.credentials import Person

app: Final = typer.Typer(no_args_is_help=True, help="People's accounts.")

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail address.")]
User = Annotated[str, typer.Argument(metavar="USER", help="E-mail address or user id.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without being asked.")]

_ADMIN: Final = Permission.USERS_ADMIN


@app.command("list")
@taking(access)
def list_(given: Access) -> None:
    """List everybody who has an account."""
    with given.opened(_ADMIN) as caller:
        people = tuple(everybody(caller))
    if given.as_json:
        tell_document(documents(people))
        return
    rows = ((p.user_id, p.email, p.roles, moment(p.created_at), _standing(p)) for p in people)
    show_table(("user", "e-mail", "roles", "since", "standing"), rows, "There are no users.")


@app.command()
@taking(access)
def show(given: Access, user: User) -> None:
    """Show one account."""
    with given.opened(_ADMIN) as caller:
        _show(given, person_named(caller, user))


@app.command()
@taking(access)
def add(
    given: Access,
    email: Email,
    role: Annotated[
        Role | None, typer.Option(help="What the person is beyond a plain user.")
    ] = None,
) -> None:
    """Add a user; this is also how the first operator is made."""
    with given.opened(_ADMIN, reads_password=True) as caller:
        person = Person(email, given.new_password())
        answer = caller.auth.add_user(caller.token(), person, role and role.value)
    if answer.status == HTTPStatus.CONFLICT:
        raise Failed(f"There is a user {printable(email)} already.")
    if answer.status != HTTPStatus.CREATED:
        raise refusal(answer, "the new user")
    if given.as_json:
        tell_document(answer.document())
    else:
        tell(printable(f"Added {email} ({answer.member('user_id')})."))


@app.command("reset-password")
@taking(access)
def reset_password(given: Access, email: Email) -> None:
    """Set a new password; it ends the person's sessions."""
    with given.opened(_ADMIN, reads_password=True) as caller:
        person = Person(email, given.new_password())
        answer = caller.auth.reset_password(caller.token(), person)
    if answer.status == HTTPStatus.NOT_FOUND:
        raise Failed(f"There is no user {printable(email)}.")
    if answer.status != HTTPStatus.NO_CONTENT:
        raise refusal(answer, "the new password")
    if given.as_json:
        tell_document({"email": email, "password": "reset"})
    else:
        tell(f"{printable(email)} has a new password; the sessions opened before are ended.")


@app.command()
@taking(access)
def disable(given: Access, user: User) -> None:
    """Close an account for now: its sessions and tokens end, and nobody can log in."""
    _change(given, user, auth_admin.ADMIN_USER_DISABLE_PATH)


@app.command()
@taking(access)
def enable(given: Access, user: User) -> None:
    """Open an account again that was disabled."""
    _change(given, user, auth_admin.ADMIN_USER_ENABLE_PATH)


@app.command()
@taking(access)
def erase(given: Access, user: User, yes: Yes = False) -> None:
    """Delete an account for ever, with its sessions and tokens; the audit record stays."""
    need_consent(yes=yes)
    with given.opened(_ADMIN) as caller:
        person = person_named(caller, user)
        ask_consent(f"Erase {person.email} ({person.user_id}) for ever?", yes=yes)
        path = path_of(auth_admin.ADMIN_USER_PATH, user_id=person.user_id)
        caller.act("DELETE", path, f"the user {user}")
    if given.as_json:
        tell_document({"user_id": person.user_id, "email": person.email, "erased": True})
    else:
        tell(printable(f"Erased {person.email} ({person.user_id})."))


@app.command()
@taking(access)
def export(given: Access, user: User) -> None:
    """Give everything the auth service holds of one person, as one JSON document."""
    with given.opened(_ADMIN) as caller:
        person = person_named(caller, user)
        path = path_of(auth_admin.ADMIN_USER_EXPORT_PATH, user_id=person.user_id)
        tell_document(document(caller.read(AccountExport, path, f"the account {user}")))


@app.command("remove-second-factor")
@taking(access)
def remove_second_factor(given: Access, user: User, yes: Yes = False) -> None:
    """Take a person's second factor away, who lost it and all recovery codes."""
    need_consent(yes=yes)
    with given.opened(_ADMIN) as caller:
        person = person_named(caller, user)
        ask_consent(
            f"Let {person.email} ({person.user_id}) log in with the password alone?", yes=yes
        )
        path = path_of(auth_admin.ADMIN_USER_SECOND_FACTOR_PATH, user_id=person.user_id)
        caller.act("DELETE", path, f"a second factor of {user}")
        _show(given, person_named(caller, person.user_id))


def _change(given: Access, user: str, path: str) -> None:
    with given.opened(_ADMIN) as caller:
        person = person_named(caller, user)
        caller.act("POST", path_of(path, user_id=person.user_id), f"the user {user}")
        _show(given, person_named(caller, person.user_id))


def _show(given: Access, person: UserRecord) -> None:
    if given.as_json:
        tell_document(document(person))
        return
    show_fields(
        (
            ("user", person.user_id),
            ("e-mail", person.email),
            ("roles", person.roles),
            ("since", moment(person.created_at)),
            ("standing", _standing(person)),
            ("second factor", person.has_second_factor),
        )
    )


def _standing(person: UserRecord) -> str:
    if person.disabled_at is None:
        return "active"
    return f"disabled since {moment(person.disabled_at)}"
