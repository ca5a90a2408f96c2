"""`netra services`: registered services and their secrets, through the auth service's admin API."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from netra.policy import Permission
from netra.secret import Secret
from netra.wire import auth_admin
from netra.wire.auth_admin import (
    NewService,
    RegisteredService,
    RotatedSecret,
    SecretRotation,
    ServiceChange,
    ServiceList,
    ServiceRecord,
)
from netra_ops.administration.caller import Caller, path_of, told
from netra_ops.cli.administration.access import Access, access
from netra_ops.cli.administration.registered_services.answers import (
    may_be_deleted,
    record_document,
    show_service,
    show_services,
)
from netra_ops.cli.administration.registered_services.made_secret import (
    EnvFile,
    SecretFile,
    give,
    place_for,
)
from netra_ops.cli.administration.registered_services.options import Wanted, key_set_in, wanted
from netra_ops.cli.administration.shared_options import taking
from netra_ops.cli.administration.showing import (
    ask_consent,
    document,
    documents,
    moment,
    need_consent,
)
from netra_ops.cli.administration.times import seconds_in
from netra_ops.cli.administration.users import Yes
from netra_ops.cli.console import remark, tell, tell_document
from netra_ops.findings import UsageRefused, printable

app: Final = typer.Typer(no_args_is_help=True, help="Registered services and their secrets.")

Service = Annotated[str, typer.Argument(metavar="SERVICE", help="The service's id.")]

_ADMIN: Final = Permission.SERVICES_ADMIN


@app.command("list")
@taking(access)
def list_(given: Access) -> None:
    """List the registered services."""
    with given.opened(_ADMIN) as caller:
        found = caller.read(ServiceList, auth_admin.ADMIN_SERVICES_PATH, "the list of services")
    if given.as_json:
        tell_document(documents(found.items))
    else:
        show_services(found.items)


@app.command()
@taking(access)
def show(given: Access, service: Service) -> None:
    """Show one service, its secrets, and whether an old one can be deleted."""
    with given.opened(_ADMIN) as caller:
        _show(given, _service(caller, service))


@app.command()
@taking(access)
@taking(wanted)
def add(
    options: Wanted,
    given: Access,
    service: Service,
    no_secret: Annotated[
        bool, typer.Option("--no-secret", help="It proves itself by --jwks alone.")
    ] = False,
    secret_file: SecretFile = None,
) -> None:
    """Register a service; its secret is shown once."""
    if no_secret and "public_jwks" not in options.members:
        raise UsageRefused("With --no-secret a service needs --jwks to prove itself by.")
    if no_secret and secret_file is not None:
        raise UsageRefused("With --no-secret there is nothing for --secret-file.")
    new = options.as_model(NewService, service_id=service, with_secret=not no_secret)
    with given.opened(_ADMIN) as caller, place_for(service, secret_file, None) as place:
        caller.will_give(*new.scopes)
        answer = caller.act("POST", auth_admin.ADMIN_SERVICES_PATH, "the new service", json=new)
        made = told(RegisteredService, answer, "the new service")
        about = {"service": document(made.service)}
        if not given.as_json:
            remark(printable(f"Registered {made.service.service_id}."))
        if made.secret is not None:
            give(Secret(made.secret), place, about, as_json=given.as_json)
        elif given.as_json:
            tell_document(about)


@app.command()
@taking(access)
@taking(wanted)
def change(options: Wanted, given: Access, service: Service) -> None:
    """Change what a service may ask for; what is not given stays."""
    if not options.members:
        raise UsageRefused("Say what to change, for example with --scope.")
    _change(given, service, options.as_model(ServiceChange))


@app.command("set-keys")
@taking(access)
def set_keys(
    given: Access,
    service: Service,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A JWKS of public keys.")],
) -> None:
    """Replace the public keys that a service signs its assertions with."""
    _change(given, service, Wanted({"public_jwks": key_set_in(file)}).as_model(ServiceChange))


@app.command()
@taking(access)
def disable(given: Access, service: Service) -> None:
    """Shut a service out for now, its tokens included."""
    with given.opened(_ADMIN) as caller:
        path = path_of(auth_admin.ADMIN_SERVICE_DISABLE_PATH, service_id=service)
        caller.act("POST", path, f"the service {service}")
        _show(given, _service(caller, service))


@app.command()
@taking(access)
def enable(given: Access, service: Service) -> None:
    """Let a service in again that was disabled."""
    with given.opened(_ADMIN) as caller:
        caller.will_give(*_service(caller, service).scopes)
        path = path_of(auth_admin.ADMIN_SERVICE_ENABLE_PATH, service_id=service)
        caller.act("POST", path, f"the service {service}")
        _show(given, _service(caller, service))


@app.command("rotate-secret")
@taking(access)
def rotate_secret(
    given: Access,
    service: Service,
    overlap: Annotated[
        str, typer.Option(help="How long the present secrets stay good: 24h, 7d, 0 for not at all.")
    ] = "24h",
    secret_file: SecretFile = None,
    env_file: EnvFile = None,
    yes: Yes = False,
) -> None:
    """Give a service a new secret beside the present ones; it is shown once."""
    seconds = seconds_in(overlap, "--overlap")
    if seconds > auth_admin.MAX_OVERLAP_SECONDS:
        raise UsageRefused("--overlap may be at most 90d.")
    if not seconds:
        need_consent(yes=yes)
    with given.opened(_ADMIN) as caller, place_for(service, secret_file, env_file) as place:
        if not seconds:
            ask_consent(f"End every present secret of {service} at once?", yes=yes)
        caller.will_give(*_service(caller, service).scopes)
        path = path_of(auth_admin.ADMIN_SERVICE_SECRETS_PATH, service_id=service)
        rotation = SecretRotation(overlap_seconds=seconds)
        answer = caller.act("POST", path, f"the service {service}", json=rotation)
        made = told(RotatedSecret, answer, "the new secret")
        about: dict[str, Any] = {
            "service_id": service,
            "secret_id": made.secret_id,
            "others_valid_until": made.others_valid_until,
        }
        if not given.as_json:
            until = "" if not seconds else f" until {moment(made.others_valid_until)}"
            end = "stay good" if seconds else "are ended"
            remark(printable(f"New secret {made.secret_id}; the others {end}{until}."))
        give(Secret(made.secret), place, about, as_json=given.as_json)


@app.command("delete-secret")
@taking(access)
def delete_secret(
    given: Access,
    service: Service,
    secret: Annotated[
        str, typer.Argument(metavar="SECRET_ID", help="The secret's id, as `show` gives it.")
    ],
    yes: Yes = False,
) -> None:
    """End one secret of a service at once."""
    need_consent(yes=yes)
    with given.opened(_ADMIN) as caller:
        names = {"service_id": service, "secret_id": secret}
        path = path_of(auth_admin.ADMIN_SERVICE_SECRET_PATH, **names)
        if not yes:
            tell(may_be_deleted(_service(caller, service), secret))
        ask_consent(f"End the secret {secret} of {service} at once?", yes=yes)
        caller.act("DELETE", path, f"a secret {secret} of {service}")
        _show(given, _service(caller, service))


def _service(caller: Caller, service: str) -> ServiceRecord:
    path = path_of(auth_admin.ADMIN_SERVICE_PATH, service_id=service)
    return caller.read(ServiceRecord, path, f"the service {service}")


def _change(given: Access, service: str, wanted_change: ServiceChange) -> None:
    path = path_of(auth_admin.ADMIN_SERVICE_PATH, service_id=service)
    members = wanted_change.model_dump(mode="json", exclude_unset=True)
    with given.opened(_ADMIN) as caller:
        # A service that has more than the one who changes it is not changed, whatever the change.
        caller.will_give(*_service(caller, service).scopes, *(wanted_change.scopes or ()))
        caller.act("PATCH", path, f"the service {service}", json=members)
        _show(given, _service(caller, service))


def _show(given: Access, found: ServiceRecord) -> None:
    if given.as_json:
        tell_document(record_document(found))
    else:
        show_service(found)
