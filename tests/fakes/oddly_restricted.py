"""A package of agents that is restricted to something that is no permission."""

from typing import Final

from netra.agent_api import Agent, Asker


class OddlyRestrictedPackage:
    """It means to be restricted, and names no permission."""

    description = "Is for nobody."
    permission = "operators only"

    def make(self, name: str, asker: Asker) -> Agent:
        """Make none: nobody may ask for one."""
        raise AssertionError(f"{name} is made for {asker.principal}")


PACKAGE: Final = OddlyRestrictedPackage()
