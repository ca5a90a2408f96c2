"""The contract types of `.importlinter` that import-linter does not bring itself."""

import sys
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.domain.contract import InvalidContractOptions

Link = tuple[str, str]


class ClosedList(Contract):
    """What some modules import from outside the repository is a closed list.

    Options:
        modules: Packages or modules; one in parentheses need not exist yet.
        third_party: Every distribution's package they may import.
        not_standard: Modules of the standard library they may not import.
        transitive: Whether the list also binds what those modules import of ours.

    The options are read from text: import-linter replaces each field by its parsed value.
    """

    modules: Any = fields.ListField(subfield=fields.StringField())
    third_party: Any = fields.SetField(subfield=fields.StringField(), required=False)
    not_standard: Any = fields.SetField(subfield=fields.StringField(), required=False)
    transitive: Any = fields.BooleanField(default=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001 - import-linter's signature
        """Compare what is imported with the list."""
        allowed = set(self.third_party or ())
        refused = set(self.not_standard or ())
        broken: list[Link] = []
        for importer in sorted(self._importers(graph)):
            for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                if not graph.is_module_squashed(imported):
                    continue
                root = imported.partition(".")[0]
                if root in sys.stdlib_module_names:
                    if root in refused:
                        broken.append((importer, imported))
                elif root not in allowed:
                    broken.append((importer, imported))
        return ContractCheck(kept=not broken, metadata={"links": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line for each import that is not on the list."""
        _render(check.metadata, "is not on the closed list")

    def _importers(self, graph: ImportGraph) -> set[str]:
        found: set[str] = set()
        for text in self.modules:
            optional = text.startswith("(") and text.endswith(")")
            name = text[1:-1] if optional else text
            if name not in graph.modules:
                if optional:
                    continue
                raise InvalidContractOptions({"modules": f"there is no module {name}"})
            found |= {name} | graph.find_descendants(name)
        if self.transitive:
            for name in tuple(found):
                upstream = graph.find_upstream_modules(name)
                found |= {module for module in upstream if not graph.is_module_squashed(module)}
        return found


class OwnServiceOnly(Contract):
    """A feature's `repository` is imported by the `service` beside it and by nothing else.

    Options:
        container: The package whose features are looked at, at any depth.
    """

    container: Any = fields.ModuleField()

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001 - import-linter's signature
        """Look at every module called `repository`."""
        broken: list[Link] = []
        for module in sorted(graph.find_descendants(self.container.name)):
            room, _, name = module.rpartition(".")
            if name == "repository":
                importers = graph.find_modules_that_directly_import(module) - {f"{room}.service"}
                broken += [(importer, module) for importer in sorted(importers)]
        return ContractCheck(kept=not broken, metadata={"links": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line for each importer that is not the service."""
        _render(check.metadata, "only the service beside it may import it")


def _render(metadata: dict[str, Any], why: str) -> None:
    for importer, imported in metadata["links"]:
        output.print_error(f"- {importer} -> {imported}: {why}", bold=False)
    output.new_line()
