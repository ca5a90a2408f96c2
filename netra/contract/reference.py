"""Writes the reference of all variables from the contracts, which say what each one means.

python -m netra.contract.reference docs/reference/configuration.md
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from netra.contract.contract import ENVIRONMENT_VARIABLE, Contract, Description, describe
from netra.contract.declared import netra_auth, netra_backend
from netra.contract.variable import Source, VariableKind

CONTRACTS: Final = (netra_auth.CONTRACT, netra_backend.CONTRACT)

_INTRODUCTION: Final = """\
# Configuration

Generated from `netra/contract/declared/` by `make reference`; a test compares the two.

A service reads its variables once, when it starts, from its own environment and from the file
that `NETRA_ENV_FILE` names (lines `NAME=value`, taken literally; the environment wins). For every
variable `NAME`, `NAME_FILE` may name a file whose content, taken as it is, is the value. A service
does not start while a variable is missing, or set to something empty, a placeholder, too short,
quoted, with white space, unresolved, malformed or in conflict with another; each one is named,
and no value is shown. A variable that is not needed is left out, not set to nothing.

Variables of one equality group must have the same value in every service. Where another variable
of a service is accepted beside one, as a key is while it is changed, one of both must have it.
"""


def as_markdown(contracts: Iterable[Contract]) -> str:
    """Write the reference: a table and a section per variable, for each service."""
    return "\n".join([_INTRODUCTION, *(_service(contract) for contract in contracts)])


def main(arguments: Sequence[str]) -> None:
    """Write the reference of both services to the file that the only argument names."""
    (path,) = arguments
    Path(path).write_text(as_markdown(CONTRACTS), encoding="utf-8")


def _service(contract: Contract) -> str:
    descriptions = describe(contract)
    rows = [
        f"| `{d.name}` | {d.kind.value} | {d.required} | {d.default or ''} |" for d in descriptions
    ]
    table = ["| variable | kind | required | default |", "|---|---|---|---|", *rows]
    sections = [_section(d) for d in descriptions]
    return "\n".join([f"## {contract.service}", "", *table, "", *sections])


def _section(described: Description) -> str:
    facts = [f"- Format: {described.format or 'any text'}."]
    if described.aliases:
        facts.append(f"- Also read as: {', '.join(f'`{name}`' for name in described.aliases)}.")
    if described.equality_group:
        facts.append(f"- Equality group: `{described.equality_group}`.")
    if described.accepted_as:
        facts.append(f"- Accepted beside the value of `{described.accepted_as}`.")
    facts += [
        f"- Hosts where {ENVIRONMENT_VARIABLE} is `{environment}`: "
        f"{', '.join(f'`{host}`' for host in hosts)}."
        for environment, hosts in described.hosts
    ]
    if described.of_its_environment:
        facts.append("- Refused if its host names another environment.")
    if described.source is Source.PLATFORM:
        facts.append("- Where the platform gives it, it is not written.")
    if described.kind is VariableKind.SECRET:
        facts.append("- Secret: never shown.")
    return "\n".join([f"### {described.name}", "", described.meaning, "", *facts, ""])


if __name__ == "__main__":
    main(sys.argv[1:])
