"""The service's own name: from configuration alone, the same every time, and worth nothing."""

import inspect
from pathlib import Path

import pytest

from netra.errors import ConfigurationInvalid, PermissionDenied
from netra.isolated_environment import IsolatedEnvironment, replaced_environment
from netra.policy import CredentialMethod, Denied, Permission, decide
from netra.principal import ServiceIdentity
from netra_backend.app import dependencies
from netra_backend.app.db.isolation.fence import FencedSession
from netra_backend.app.dependencies import get_service_user_context


def named(service_id: str) -> IsolatedEnvironment:
    """Give an environment with nothing but a SERVICE_ID."""
    return IsolatedEnvironment.of({"SERVICE_ID": service_id})


def test_the_name_comes_from_configuration_without_an_app() -> None:
    """Without any running app the configured id becomes `service:<id>`."""
    with replaced_environment(named("netra-backend")):
        identity = get_service_user_context()

    assert isinstance(identity, ServiceIdentity)
    assert str(identity) == "service:netra-backend"


def test_the_name_is_the_same_every_time_and_follows_the_environment() -> None:
    """Asking again gives the same name; another environment gives another."""
    with replaced_environment(named("netra-backend")):
        assert get_service_user_context() == get_service_user_context()
        with replaced_environment(named("netra-other")):
            assert str(get_service_user_context()) == "service:netra-other"
        assert str(get_service_user_context()) == "service:netra-backend"


def test_an_unset_service_id_is_named() -> None:
    """Without SERVICE_ID there is no name, and the error says which variable is missing."""
    with (
        replaced_environment(IsolatedEnvironment.of({})),
        pytest.raises(ConfigurationInvalid, match="SERVICE_ID"),
    ):
        get_service_user_context()


@pytest.mark.parametrize(
    "service_id", ["", " ", "netra backend", "service:netra-backend", '"netra-backend"', "N", "a\n"]
)
def test_a_malformed_service_id_is_named(service_id: str) -> None:
    """What is no service id gives no name, also one that carries the namespace already."""
    with (
        replaced_environment(named(service_id)),
        pytest.raises(ConfigurationInvalid, match="SERVICE_ID"),
    ):
        get_service_user_context()


def test_the_name_opens_nothing() -> None:
    """A name is no principal: the policy grants it no permission at all."""
    with replaced_environment(named("netra-backend")):
        identity = get_service_user_context()

    for permission in Permission:
        for method in CredentialMethod:
            decision = decide(identity, permission, method)  # type: ignore[arg-type] # a name in place of a principal is what is tried here
            assert isinstance(decision, Denied)


def test_the_name_takes_no_request() -> None:
    """It is synchronous and takes no argument, so no request can influence it."""
    assert not inspect.iscoroutinefunction(get_service_user_context)
    assert not inspect.signature(get_service_user_context).parameters


def test_the_module_keeps_its_size() -> None:
    """The module that routes depend on holds no logic: at most 150 lines."""
    source = Path(inspect.getfile(dependencies)).read_text(encoding="utf-8")

    assert len(source.splitlines()) <= 150


def test_a_session_class_exists_only_with_a_fence() -> None:
    """A fresh session has no fence and therefore no use (checklist 52)."""
    with pytest.raises(Exception, match="no fence") as caught:
        _ = FencedSession().fence

    assert not isinstance(caught.value, PermissionDenied)
