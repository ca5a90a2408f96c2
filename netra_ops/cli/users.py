"""`netra users`: people's accounts, through the auth service's admin API as `netra-ops`."""

from http import HTTPStatus
from typing import Annotated, Final

import typer

from netra.principal import Role
from netra_ops.cli.accounts import admin_token, auth_service, refusal
from netra_ops.cli.console import (
    DEFAULT_STATE_PATH,
    JsonOption,
    PasswordOption,
    StateOption,
    existing_state,
    read_password,
    tell,
    tell_document,
)
from netra_ops.findings import Failed
from netra_ops.validation.credentials import Person

app: Final = typer.Typer(no_args_is_help=True, help="People's accounts.")

_Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail address.")]


@app.command()
def add(
    email: _Email,
    password_stdin: PasswordOption = False,
    role: Annotated[
        Role | None, typer.Option(help="What the person is beyond a plain user.")
    ] = None,
    state: StateOption = DEFAULT_STATE_PATH,
    as_json: JsonOption = False,
) -> None:
    """Add a user; this is also how the first operator is made."""
    directory = existing_state(state)
    person = Person(email, read_password(from_stdin=password_stdin))
    with auth_service(directory) as auth:
        answer = auth.add_user(admin_token(directory, auth), person, role and role.value)
    if answer.status == HTTPStatus.CONFLICT:
        raise Failed(f"There is a user {email} already.")
    if answer.status != HTTPStatus.CREATED:
        raise refusal(answer, "the new user")
    if as_json:
        tell_document(answer.document())
    else:
        tell(f"Added {email} ({answer.member('user_id')}).")


@app.command("reset-password")
def reset_password(
    email: _Email,
    password_stdin: PasswordOption = False,
    state: StateOption = DEFAULT_STATE_PATH,
    as_json: JsonOption = False,
) -> None:
    """Set a new password; it ends the person's sessions."""
    directory = existing_state(state)
    person = Person(email, read_password(from_stdin=password_stdin))
    with auth_service(directory) as auth:
        answer = auth.reset_password(admin_token(directory, auth), person)
    if answer.status == HTTPStatus.NOT_FOUND:
        raise Failed(f"There is no user {email}.")
    if answer.status != HTTPStatus.NO_CONTENT:
        raise refusal(answer, "the new password")
    if as_json:
        tell_document({"email": email, "password": "reset"})
    else:
        tell(f"{email} has a new password; the sessions opened before are ended.")
