"""What a state directory says of the auth service: where it is, and the credentials for it."""

from collections.abc import Iterator
from contextlib import contextmanager

from netra.clock import SystemClock
from netra.isolated_environment import IsolatedEnvironment
from netra.principal import is_service_id
from netra_ops.findings import UsageRefused
from netra_ops.platform.local import configuration
from netra_ops.platform.local.state_directory import StateDirectory
from netra_ops.settings import BACKEND, OPS
from netra_ops.validation.answer import Asker
from netra_ops.validation.auth_service import AuthService
from netra_ops.validation.credentials import Credentials, ServiceCredential, service_url


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


def walking_credentials(directory: StateDirectory) -> Credentials:
    """Give what the golden path is walked with: throw-away users, the backend's own credential.

    Raises:
        UsageRefused: Something of it is not there.
    """
    return Credentials(
        auth_url=address(directory, "AUTH_SERVICE_URL"),
        service=credential(directory, BACKEND),
        operator=credential(directory, OPS),
    )


@contextmanager
def auth_service(directory: StateDirectory) -> Iterator[AuthService]:
    """Give the auth service of this installation."""
    with Asker(SystemClock()) as asker:
        yield AuthService(address(directory, "AUTH_SERVICE_URL"), asker)
