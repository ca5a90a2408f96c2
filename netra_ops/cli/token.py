"""`netra token`: an access token, for a person by code and PKCE, for a service by its secret."""

from typing import Annotated

import typer

from netra_ops.administration.refusal import refusal
from netra_ops.cli.accounts import auth_service, credential
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
from netra_ops.findings import UsageRefused
from netra_ops.validation.credentials import Person
from netra_ops.validation.expectation import tokens_of


def token(
    email: Annotated[str | None, typer.Option(metavar="EMAIL", help="For this person.")] = None,
    password_stdin: PasswordOption = False,
    service: Annotated[
        str | None, typer.Option(metavar="NAME", help="For the service of env/NAME.env.")
    ] = None,
    state: StateOption = DEFAULT_STATE_PATH,
    as_json: JsonOption = False,
) -> None:
    """Print an access token. Whoever has it acts as its owner until it expires."""
    if (email is None) == (service is None):
        raise UsageRefused("Name either a person with --email or a service with --service.")
    directory = existing_state(state)
    with auth_service(directory) as auth:
        if email is not None:
            person = Person(email, read_password(from_stdin=password_stdin))
            answer = auth.redeem(auth.sign_in(person))
        else:
            answer = auth.service_token(credential(directory, service or ""))
    if (tokens := tokens_of(answer)) is None:
        raise refusal(answer, "the token")
    if as_json:
        tell_document(answer.document())
    else:
        tell(tokens.access_token)
