"""The agents installed beside this service, found by the entry points `netra.agents`.

Making one for somebody is `instance_factory`'s business.
"""

import re
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Final

from netra.agent_api import AgentPackage
from netra.errors import ConfigurationInvalid, NotFound
from netra.wire.chat_protocol import AGENT_NAME

GROUP: Final = "netra.agents"
PREFERRED: Final = ("model", "assistant")
"""Who answers when nobody was asked for by name: the first of these that there is."""
_NAME: Final = re.compile(AGENT_NAME)


class AgentCatalogue:
    """Agent packages by name; it does not change while the process lives."""

    def __init__(self, packages: Mapping[str, AgentPackage]) -> None:
        self._packages = MappingProxyType(dict(packages))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all agents, in order."""
        return tuple(sorted(self._packages))

    @property
    def default(self) -> str:
        """Name the agent that answers when none was asked for.

        Raises:
            NotFound: There is no agent at all.
        """
        for name in (*PREFERRED, *self.names):
            if name in self._packages:
                return name
        raise NotFound("no agent is installed")

    def package(self, name: str) -> AgentPackage:
        """Find an agent's package.

        Raises:
            NotFound: No agent has this name.
        """
        package = self._packages.get(name)
        if package is None:
            raise NotFound("no agent has this name", detail="There is no agent of this name.")
        return package


def installed_agents(composed: Mapping[str, AgentPackage] | None = None) -> AgentCatalogue:
    """Load every package that offers an agent.

    Args:
        composed: Packages that need settings, and so were put together by the caller.

    Raises:
        ConfigurationInvalid: One name is offered twice or nobody could ask for it, or what is
            offered cannot be loaded or is no agent package.
    """
    packages = dict(composed or {})
    for entry in entry_points(group=GROUP):
        if not _NAME.search(entry.name):
            raise ConfigurationInvalid(
                f"the agent name {entry.name!r} ({entry.value}) is not made of lower-case letters,"
                " digits, - and _"
            )
        offered = _loaded(entry)
        if entry.name in packages:
            raise ConfigurationInvalid(f"the agent name {entry.name} is offered by two packages")
        if not isinstance(offered, AgentPackage):
            raise ConfigurationInvalid(f"{entry.value} does not offer an agent package")
        packages[entry.name] = offered
    return AgentCatalogue(packages)


def _loaded(entry: EntryPoint) -> object:
    fault: Exception
    try:
        offered: object = entry.load()
    except Exception as error:  # noqa: BLE001 - somebody else's code: whatever it is, it is named
        fault = error
    else:
        return offered
    raise ConfigurationInvalid(
        f"the agent {entry.name} ({entry.value}) cannot be loaded: {type(fault).__name__};"
        " mend or remove its package"
    ) from fault
