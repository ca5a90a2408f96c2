"""The agents installed beside this service, found by the entry points `netra.agents`.

Making one for somebody is `instance_factory`'s business.
"""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Final

from netra.agent_api import (
    AgentPackage,
    PlacedPackage,
    RestrictedPackage,
    Surroundings,
    Tool,
    ToolOffer,
)
from netra.errors import ConfigurationInvalid, NotFound
from netra.policy import Permission
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
    def tools(self) -> Sequence[Tool]:
        """The tools that packages offer to others, in the order of their packages' names."""
        offers = (self._packages[name] for name in self.names)
        return tuple(tool for one in offers if isinstance(one, ToolOffer) for tool in one.tools)

    def names_for(self, permissions: AbstractSet[Permission]) -> tuple[str, ...]:
        """Name the agents that somebody with these permissions may ask, the default first."""
        names = [name for name in self.names if self.permits(name, permissions)]
        preferred = [name for name in PREFERRED if name in names]
        return (*preferred, *(name for name in names if name not in preferred))

    def permits(self, name: str, permissions: AbstractSet[Permission]) -> bool:
        """Tell whether somebody with these permissions may ask an agent.

        Raises:
            NotFound: No agent has this name.
        """
        package = self.package(name)
        return not isinstance(package, RestrictedPackage) or package.permission in permissions

    def having(self, name: str, package: AgentPackage) -> "AgentCatalogue":
        """Give a catalogue with one more package, which was put together by the caller.

        Raises:
            ConfigurationInvalid: The name is taken.
        """
        if name in self._packages:
            raise ConfigurationInvalid(f"the agent name {name} is offered by two packages")
        return AgentCatalogue({**self._packages, name: package})

    def package(self, name: str) -> AgentPackage:
        """Find an agent's package.

        Raises:
            NotFound: No agent has this name.
        """
        package = self._packages.get(name)
        if package is None:
            raise NotFound("no agent has this name", detail="There is no agent of this name.")
        return package


def installed_agents(surroundings: Surroundings | None = None) -> AgentCatalogue:
    """Load every package that offers an agent.

    Args:
        surroundings: What packages that have to know are told; by default that nothing is known.

    Raises:
        ConfigurationInvalid: One name is offered twice or nobody could ask for it, or what is
            offered cannot be loaded, is no agent package, or names no permission where it names
            one.
    """
    packages: dict[str, AgentPackage] = {}
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
        if isinstance(offered, PlacedPackage):
            offered = offered.placed(surroundings or Surroundings())
        needed: object = getattr(offered, "permission", Permission.AGENTS_RUN)
        if not isinstance(needed, Permission):
            raise ConfigurationInvalid(f"{entry.value} is restricted to what is no permission")
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
