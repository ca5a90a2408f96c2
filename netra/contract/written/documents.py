"""A contract as a document of names and values, for services that are not written in Python. Pure.

Which notation the document is in, YAML or JSON, is not known here.
"""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from netra.contract.contract import Contract
from netra.contract.formats import Matching
from netra.contract.patterns.matching import automaton_of
from netra.contract.variable import Requirement, Source, Variable, VariableKind
from netra.contract.written.formats import WrittenFormat, format_of, written_format

VERSION: Final = 1
_LARGEST_PATTERNS: Final = 20_000

_Name = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
_Service = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=63)]
_Group = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
_Value = Annotated[str, Meta(min_length=1)]
_HostPattern = Annotated[
    str, Meta(pattern=r"^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$")
]


class ContractInvalid(ValueError):
    """A document is no contract.

    Attributes:
        says: What is wrong, as a sentence without its end.
        path: Where: names and numbers, from the outermost part inwards.
    """

    def __init__(self, says: str, path: tuple[str | int, ...]) -> None:
        super().__init__(says)
        self.says = says
        self.path = path


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all parts of the document have in common."""


class WrittenCondition(_Part, frozen=True):
    """Another variable, and the values (or beginnings) of which it must have one."""

    variable: _Name
    values: Annotated[tuple[_Value, ...], Meta(min_length=1)]


class WrittenRequirement(_Part, frozen=True):
    """When a variable must be set: where any of these holds."""

    when: WrittenCondition | None = None
    together_with: _Name | None = None
    beginning: WrittenCondition | None = None
    unless: _Name | None = None


class WrittenVariable(_Part, frozen=True):
    """One variable. `format` says what its value must look like."""

    name: _Name
    meaning: _Value
    kind: Literal["plain", "secret"]
    format: WrittenFormat
    required: Literal["always", "never"] | WrittenRequirement = "never"
    default: str | None = None
    default_of: _Name | None = None
    aliases: tuple[_Name, ...] = ()
    equality_group: _Group | None = None
    leads: bool = False
    accepted_as: _Name | None = None
    differs_from: tuple[_Name, ...] = ()
    source: Literal["configuration", "secret-store", "platform"] | None = None
    hosts: dict[_Value, Annotated[tuple[_HostPattern, ...], Meta(min_length=1)]] = {}
    of_its_environment: bool = False


class WrittenContract(_Part, frozen=True):
    """The contract of one service: the variables it reads."""

    netra_contract: Literal[1]
    service: _Service
    variables: Annotated[tuple[WrittenVariable, ...], Meta(min_length=1, max_length=1000)]


def contract_of(document: Any) -> Contract:
    """Read a contract from a document of plain values.

    Raises:
        ContractInvalid: It is none; the error says what is wrong and where.
    """
    try:
        written = msgspec.convert(document, WrittenContract)
    except msgspec.ValidationError as error:
        says, path = _located(str(error))
        raise ContractInvalid(says, path) from None
    names = (
        written.service,
        *(name for one in written.variables for name in (one.name, *one.aliases)),
    )
    if not "".join(names).isprintable():  # `$` of a pattern lets a line break follow.
        raise ContractInvalid("a name ends in a line break", ("variables",))
    variables = tuple(_variable(n, one) for n, one in enumerate(written.variables))
    patterns = [one.format.pattern for one in variables if isinstance(one.format, Matching)]
    if sum(automaton_of(pattern).size for pattern in patterns) > _LARGEST_PATTERNS:
        says = f"its patterns have more than {_LARGEST_PATTERNS} parts together, written out"
        raise ContractInvalid(says, ("variables",))
    try:
        return Contract(written.service, variables)
    except ValueError as error:
        raise ContractInvalid(str(error).removesuffix("."), ("variables",)) from None


def document_of(contract: Contract) -> dict[str, Any]:
    """Write a contract as a document, from which an equal contract can be read.

    Raises:
        ValueError: One of its formats has no name in documents.
    """
    written = WrittenContract(VERSION, contract.service, tuple(map(_written, contract.variables)))
    document: dict[str, Any] = msgspec.to_builtins(written)
    return document


def schema() -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of such documents."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A service's configuration contract",
        **msgspec.json.schema(WrittenContract),
    }


def _variable(number: int, written: WrittenVariable) -> Variable:
    path = ("variables", number)
    try:
        form = format_of(written.format)
    except ValueError as error:
        raise ContractInvalid(str(error), (*path, "format")) from None
    if written.kind == "secret" and written.default is not None:
        raise ContractInvalid(
            "a secret has no default: everybody would know it", (*path, "default")
        )
    return Variable(
        written.name,
        written.meaning,
        VariableKind(written.kind),
        form,
        _requirement(written.required, path),
        default=written.default,
        default_of=written.default_of,
        aliases=written.aliases,
        equality_group=written.equality_group,
        leads=written.leads,
        accepted_as=written.accepted_as,
        differs_from=written.differs_from,
        source=None if written.source is None else Source(written.source),
        hosts=tuple(written.hosts.items()),
        of_its_environment=written.of_its_environment,
    )


def _requirement(
    written: Literal["always", "never"] | WrittenRequirement, path: tuple[str | int, ...]
) -> Requirement:
    if isinstance(written, str):
        return Requirement(always=written == "always")
    if written.when is None and written.together_with is None and written.beginning is None:
        raise ContractInvalid(
            "no condition is given: write `always`, `never` or a condition", (*path, "required")
        )
    if written.unless is not None and written.beginning is None:
        raise ContractInvalid("`unless` needs `beginning`", (*path, "required", "unless"))
    when, beginning = written.when, written.beginning
    return Requirement(
        when=(when.variable, when.values) if when else None,
        together_with=written.together_with,
        beginning=(beginning.variable, beginning.values) if beginning else None,
        unless=written.unless,
    )


def _written(variable: Variable) -> WrittenVariable:
    return WrittenVariable(
        name=variable.name,
        meaning=variable.meaning,
        kind="secret" if variable.kind is VariableKind.SECRET else "plain",
        format=written_format(variable.format),
        required=_written_requirement(variable.required),
        default=variable.default,
        default_of=variable.default_of,
        aliases=variable.aliases,
        equality_group=variable.equality_group,
        leads=variable.leads,
        accepted_as=variable.accepted_as,
        differs_from=variable.differs_from,
        source=None if variable.source is None else variable.source.value,
        hosts=dict(variable.hosts),
        of_its_environment=variable.of_its_environment,
    )


def _written_requirement(
    required: Requirement,
) -> Literal["always", "never"] | WrittenRequirement:
    if required.always:
        return "always"
    written = WrittenRequirement(
        when=WrittenCondition(*required.when) if required.when else None,
        together_with=required.together_with,
        beginning=WrittenCondition(*required.beginning) if required.beginning else None,
        unless=required.unless,
    )
    return "never" if written == WrittenRequirement() else written


def _located(message: str) -> tuple[str, tuple[str | int, ...]]:
    """Part a message such as "Expected `str`, got `int` - at `$.variables[0].name`"."""
    says, _, place = message.partition(" - at ")
    path: list[str | int] = []
    for part in place.strip("`").removeprefix("key in ").removeprefix("$").split("."):
        name, *numbers = part.replace("]", "").split("[")
        path += [name] if name else []
        path += [int(number) if number.isdigit() else number for number in numbers]
    return says.replace("Object", "it").replace("`", ""), tuple(path)
