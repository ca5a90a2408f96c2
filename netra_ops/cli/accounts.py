"""What the commands that act through the auth service share: who acts, and what a refusal says."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from netra.clock import SystemClock
from netra.isolated_environment import IsolatedEnvironment
from netra.principal import is_service_id
from netra.secret import Secret
from netra.wire.auth_api import AUTH_AUDIENCE
from netra_ops.findings import CouldNotTell, Failed, UsageRefused
from netra_ops.platform.local import configuration
from netra_ops.platform.local.state_directory import StateDirectory
from netra_ops.settings import OPS
from netra_ops.validation.answer import Answer, Asker
from netra_ops.validation.auth_service import AuthService
from netra_ops.validation.credentials import ServiceCredential, service_url
from netra_ops.validation.expectation import tokens_of


def address(directory: StateDirectory, name: str) -> str:
    """Give an address that the toolkit's env file names.

    Raises:
        UsageRefused: It names none.
    """
    return service_url(configuration.read(directory, OPS).get(name) or "", name)


def credential(directory: StateDirectory, service: str) -> ServiceCredential:
    """Give a service's credential from its env file.

    Raises:
        UsageRefused: There is no such file, or no credential in it.
    """
    if not is_service_id(service) or not directory.env_file(service).is_file():
        raise UsageRefused(f"There is no env file for a service named {service!r} in this state.")
    environment: IsolatedEnvironment = configuration.read(directory, service)
    secret = environment.value("SERVICE_SECRET")
    if secret is None or not secret.value:
        raise UsageRefused(f"{directory.env_file(service)} holds no SERVICE_SECRET.")
    return ServiceCredential(environment.get("SERVICE_ID") or service, secret.value)


@contextmanager
def auth_service(directory: StateDirectory) -> Iterator[AuthService]:
    """Give the auth service of this installation."""
    with Asker(SystemClock()) as asker:
        yield AuthService(address(directory, "AUTH_SERVICE_URL"), asker)


def admin_token(directory: StateDirectory, auth: AuthService) -> Secret:
    """Get a token for the users' administration, as the toolkit's own service account.

    Raises:
        Failed: The toolkit was refused.
        CouldNotTell: The auth service is not there.
    """
    answer = auth.service_token(credential(directory, OPS), AUTH_AUDIENCE)
    if (tokens := tokens_of(answer)) is None:
        raise refusal(answer, f"{OPS} its token (see env/{OPS}.env)")
    return Secret(tokens.access_token)


def refusal(answer: Answer, what: str) -> Failed | CouldNotTell:
    """Say that something was refused, or could not be decided, in the service's public words."""
    words = [
        text
        for name in ("title", "detail", "error", "error_description")
        if isinstance(text := answer.member(name), str)
    ]
    words += [
        f"{fault.get('at')}: {fault.get('problem')}"
        for fault in answer.member("errors") or ()
        if isinstance(fault, dict)
    ]
    text = "; ".join((str(answer.status), *words))
    printable = "".join(letter if letter.isprintable() else "?" for letter in text)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return CouldNotTell(f"The auth service could not give {what}: {printable}")
    return Failed(f"The auth service refused {what}: {printable}")
