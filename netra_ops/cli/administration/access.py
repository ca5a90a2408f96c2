"""Where a command administers, and as whom: the options all such commands share.

By default that is this machine's installation, as the toolkit's own service account. Anywhere
else, and as anybody else, takes a credential: the state directory's secrets are for its own auth
service alone.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import typer

from netra.clock import SystemClock
from netra.policy import Permission
from netra.principal import is_service_id
from netra.secret import Secret
from netra_ops.administration.caller import PATIENCE, Caller
from netra_ops.cli.accounts import address, credential
from netra_ops.cli.console import (
    DEFAULT_STATE_PATH,
    JsonOption,
    StateOption,
    existing_state,
    read_password,
    read_secret,
    remark,
)
from netra_ops.findings import UsageRefused
from netra_ops.settings import OPS
from netra_ops.validation.answer import Asker
from netra_ops.validation.credentials import Person, ServiceCredential, service_url

_PANEL: Final = "Where, and as whom"
_LONGEST_ANSWER: Final = 64 << 20
_LONGEST_SECRET: Final = 4096
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """Where a service's secret is to be read from."""

    from_stdin: bool
    file: Path | None


@dataclass(frozen=True, slots=True)
class Access:
    """What the shared options say.

    Attributes:
        state: The state directory.
        auth_url: Another auth service than that of the state directory.
        client_id: A service to act as.
        client_secret: Its secret.
        email: A person to act as.
        password_stdin: A password is on standard input.
        as_json: The result is to be one JSON document.
    """

    state: Path
    auth_url: str | None
    client_id: str | None
    client_secret: ClientSecret = field(repr=False)
    email: str | None
    password_stdin: bool
    as_json: bool

    @contextmanager
    def opened(self, *permissions: Permission, reads_password: bool = False) -> Iterator[Caller]:
        """Give the one who asks. Nothing is sent before something is asked for.

        Args:
            permissions: What will be asked for.
            reads_password: The command reads a password of its own, after the administrator's.

        Raises:
            UsageRefused: The options do not say where, or as whom.
        """
        if self.password_stdin and self.email is None and not reads_password:
            raise UsageRefused("--password-stdin goes with --email: whose password is it?")
        url = self._url()
        who = self._who()
        clock = SystemClock()
        with (
            Asker(clock, patience=PATIENCE, longest=_LONGEST_ANSWER) as asker,
            Caller(url, who, permissions, asker, clock) as caller,
        ):
            yield caller

    def new_password(self) -> Secret:
        """Read the password that a command is to set."""
        return read_password(from_stdin=self.password_stdin, whose="the new")

    def _url(self) -> str:
        if self.auth_url is not None:
            return service_url(self.auth_url, "--auth-url")
        return address(existing_state(self.state), "AUTH_SERVICE_URL")

    def _who(self) -> ServiceCredential | Person:
        secret = self.client_secret
        if self.email is not None and self.client_id is not None:
            raise UsageRefused("Act either as a person with --email or as a service.")
        if secret.from_stdin and secret.file is not None:
            raise UsageRefused("The secret comes from standard input or from a file, not both.")
        if self.client_id is None and (secret.from_stdin or secret.file is not None):
            raise UsageRefused("A client secret needs --client-id: whose is it?")
        if self.email is not None:
            password = read_password(from_stdin=self.password_stdin, whose=f"{self.email}'s")
            return Person(self.email, password)
        if self.client_id is not None:
            return self._service(self.client_id)
        if self.auth_url is not None:
            raise UsageRefused(
                "With --auth-url, say as whom: --client-id with --client-secret-stdin or "
                "--client-secret-file, or --email with --password-stdin. The secrets of a state "
                "directory are for its own auth service."
            )
        return credential(existing_state(self.state), OPS)

    def _service(self, client_id: str) -> ServiceCredential:
        if not is_service_id(client_id):
            raise UsageRefused("--client-id must be the id of a registered service.")
        if self.client_secret.from_stdin:
            return ServiceCredential(client_id, read_secret("the client secret"))
        if self.client_secret.file is None:
            raise UsageRefused(
                "--client-id needs its secret: --client-secret-stdin or --client-secret-file."
            )
        return ServiceCredential(client_id, _secret_in(self.client_secret.file))


def access(
    *,
    auth_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The auth service; by default this state's.",
            rich_help_panel=_PANEL,
        ),
    ] = None,
    client_id: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Act as this service.", rich_help_panel=_PANEL),
    ] = None,
    client_secret_stdin: Annotated[
        bool,
        typer.Option(
            "--client-secret-stdin",
            help="Read the service's secret from standard input (one line).",
            rich_help_panel=_PANEL,
        ),
    ] = False,
    client_secret_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Read the service's secret from a file.", rich_help_panel=_PANEL
        ),
    ] = None,
    person: Annotated[
        str | None,
        typer.Option(
            "--email",
            metavar="EMAIL",
            help="Act as this person, an operator.",
            rich_help_panel=_PANEL,
        ),
    ] = None,
    password_stdin: Annotated[
        bool,
        typer.Option(
            "--password-stdin",
            help="Read passwords from standard input, one a line: that of --email, if given, "
            "then the one to be set, if any.",
            rich_help_panel=_PANEL,
        ),
    ] = False,
    state: StateOption = DEFAULT_STATE_PATH,
    as_json: JsonOption = False,
) -> Access:
    """Collect the shared options."""
    secret = ClientSecret(client_secret_stdin, client_secret_file)
    return Access(state, auth_url, client_id, secret, person, password_stdin, as_json)


def _secret_in(path: Path) -> Secret:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & _OTHERS:
                remark(f"{path} can be read or changed by others.")
            text = file.read(_LONGEST_SECRET + 1).decode().removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise UsageRefused(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageRefused(f"{path} is not UTF-8 text.") from error
    if not text or len(text) > _LONGEST_SECRET or not text.isprintable():
        raise UsageRefused(f"{path} does not hold a secret, and nothing else, on one line.")
    return Secret(text)
