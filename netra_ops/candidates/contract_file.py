"""Reads the contracts of other services from files in YAML or JSON."""

from collections.abc import Iterable
from typing import Any, Final

from netra.contract import Contract
from netra.contract.written.documents import ContractInvalid, contract_of
from netra_ops.candidates.file_text import read_text, shown_path
from netra_ops.candidates.reading import documents_of
from netra_ops.candidates.trees.node import Mapping, Node, Scalar, Sequence, TreeInvalid
from netra_ops.findings import UsageRefused, printable

_SCHEMA: Final = "docs/reference/contract.schema.json says what a contract file holds."
_TRUTHS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_BREAKS: Final = str.maketrans("", "", "\n\t")


def read_contracts(paths: Iterable[str]) -> tuple[Contract, ...]:
    """Read every contract that some files hold, one in each document.

    Raises:
        UsageRefused: A file cannot be read or is no contract, or two are of one service; the text
            says which file, where in it, what is wrong and what to do.
    """
    found: dict[str, tuple[Contract, str]] = {}
    for path in paths:
        for contract, place in _in_file(path):
            if contract.service in found:
                raise UsageRefused(
                    f"{place} is a second contract of {contract.service}; the first is "
                    f"{found[contract.service][1]}. Name one of them."
                )
            found[contract.service] = (contract, place)
    return tuple(contract for contract, _ in found.values())


def with_own(own: Iterable[Contract], given: tuple[Contract, ...]) -> tuple[Contract, ...]:
    """Put given contracts beside our own; one of the same service takes the place of ours."""
    services = {contract.service for contract in given}
    return (*given, *(contract for contract in own if contract.service not in services))


def _in_file(path: str) -> list[tuple[Contract, str]]:
    text, file = read_text(path), shown_path(path)
    try:
        documents = documents_of(text)
    except TreeInvalid as error:
        raise UsageRefused(f"{file}:{error.line} {error.says}.") from None
    if not documents:
        raise UsageRefused(f"{file} holds no contract. {_SCHEMA}")
    return [(_contract(document, file), f"{file}:{document.line}") for document in documents]


def _contract(document: Node, file: str) -> Contract:
    try:
        return contract_of(_plain(document, ()))
    except ContractInvalid as error:
        line, where = _place(document, error.path)
        says = printable(error.says)
        raise UsageRefused(
            f"{file}:{line} is no contract: at {where}: {says}. Mend it: {_SCHEMA}"
        ) from None


def _place(document: Node, path: tuple[str | int, ...]) -> tuple[int, str]:
    """Find the line of a path, or of the innermost part of it that is there."""
    node: Node | None = document
    line, words = document.line, ""
    for part in path:
        if isinstance(part, int):
            words += f"[{part}]"
            items = node.items if isinstance(node, Sequence) else []
            node = items[part] if part < len(items) else None
        else:
            words += f".{printable(part)}" if words else printable(part)
            node = node.items.get(part) if isinstance(node, Mapping) else None
        line = node.line if node else line
    return line, words or "its top level"


def _plain(node: Node, path: tuple[str | int, ...]) -> Any:
    if isinstance(node, Mapping):
        return {name: _plain(part, (*path, name)) for name, part in node.items.items()}
    if isinstance(node, Sequence):
        return [_plain(part, (*path, number)) for number, part in enumerate(node.items)]
    return _value(node, path)


def _value(scalar: Scalar, path: tuple[str | int, ...]) -> Any:
    if scalar.is_text:
        if not scalar.text.translate(_BREAKS).isprintable():
            raise ContractInvalid("a text holds control characters", path)
        return scalar.text
    if scalar.is_nothing:
        return None
    if (word := scalar.text.lower()) in _TRUTHS:
        return _TRUTHS[word]
    if scalar.text.isascii() and scalar.text.isdigit():
        return int(scalar.text[:18])
    raise ContractInvalid("a number or date stands where a text or a whole number should", path)
