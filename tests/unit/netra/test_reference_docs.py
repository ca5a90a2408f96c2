"""The generated reference is what the code says."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from netra.contract import Contract, Variable, VariableKind, describe, reference
from netra.contract.formats import Matching
from netra.errors import NetraError
from netra.wire import error_reference

PAGES = Path(__file__).parents[3] / "docs" / "reference"


@pytest.mark.parametrize(
    ("write", "name"),
    [(reference.main, "configuration.md"), (error_reference.main, "errors.md")],
)
def test_the_committed_page_is_current(
    tmp_path: Path, write: Callable[[Sequence[str]], None], name: str
) -> None:
    """`make reference` would change nothing."""
    write([str(tmp_path / name)])

    expected = (tmp_path / name).read_text(encoding="utf-8")
    assert (PAGES / name).read_text(encoding="utf-8") == expected, "run `make reference`"


def test_every_variable_has_its_row_and_section() -> None:
    """Name, kind, requirement, default, aliases and group of each variable are on the page."""
    page = reference.as_markdown(reference.CONTRACTS)

    for contract in reference.CONTRACTS:
        for described in describe(contract):
            assert f"| `{described.name}` | {described.kind} | {described.required} |" in page
            assert f"### {described.name}\n\n{described.meaning}\n" in page
            assert described.format in page
    assert "Also read as: `K_REVISION`" in page
    assert "| the value of AUTH_SERVICE_URL |" in page
    assert "Equality group: `jwt_secret_key`" in page


def test_any_contract_can_be_written() -> None:
    """The writer takes contracts as data; an empty default is called empty."""
    form = Matching("[a-z]*", "letters")
    contract = Contract("sample", (Variable("A", "For A.", VariableKind.PLAIN, form, default=""),))

    page = reference.as_markdown([contract])

    assert "## sample" in page
    assert "| `A` | plain | no | empty |" in page


def test_every_error_is_listed_with_what_the_wire_carries() -> None:
    """Each class of the tree has one row with code, status, close code and public text."""
    page = error_reference.as_markdown(NetraError)

    def walk(kind: type[NetraError]) -> list[type[NetraError]]:
        derived = [k for k in kind.__subclasses__() if k.__module__ == "netra.errors"]
        return [kind, *(each for k in derived for each in walk(k))]

    for kind in walk(NetraError):
        row = f"{kind.__name__} | `{kind.code}` | {kind.status} | {kind.close_code} |"
        assert page.count(row) == 1
        assert kind.public_text in page


def test_errors_of_other_rooms_do_not_change_the_page() -> None:
    """A class that a room derives for itself is not listed."""
    before = error_reference.as_markdown(NetraError)

    class Elsewhere(NetraError):
        pass

    assert error_reference.as_markdown(NetraError) == before
    assert Elsewhere.code == "internal_error"
