"""`netra config`: configurations against their contracts, before anything is deployed.

Whatever is shown, no value is.
"""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from netra.clock import SystemClock
from netra.contract import Contract
from netra.contract.reference import CONTRACTS, as_markdown
from netra.contract.written.documents import document_of
from netra_ops.candidates.candidate import Candidate
from netra_ops.candidates.comparing import compare
from netra_ops.candidates.contract_file import read_contracts, with_own
from netra_ops.candidates.file_text import STANDARD_INPUT
from netra_ops.candidates.fingerprints.ledger_key import ledger_key
from netra_ops.candidates.fingerprints.prints import Fingerprints
from netra_ops.candidates.fingerprints.record import ConfigurationRecord, recorded
from netra_ops.candidates.reading import read_candidates
from netra_ops.candidates.rendering import (
    comparison_lines,
    comparisons_document,
    exit_code_of_all,
)
from netra_ops.candidates.secret_files import with_secrets
from netra_ops.cli.configuration.direct import CheckArguments, run_check
from netra_ops.cli.console import (
    DEFAULT_STATE_PATH,
    JsonOption,
    StateOption,
    tell,
    tell_document,
)
from netra_ops.findings import UsageRefused, printable
from netra_ops.ledger import queries
from netra_ops.ledger.configurations import as_kept, configuration_of, tells_form
from netra_ops.ledger.ledger_file import Ledger
from netra_ops.ledger.records import Deploy
from netra_ops.platform.local import state_directory
from netra_ops.platform.local.state_directory import StateDirectory

_RECORDED: Final = re.compile(r"[a-z][a-z0-9-]*@[a-z0-9][a-z0-9.-]*")

app: Final = typer.Typer(
    no_args_is_help=True, help="Configurations and contracts, before anything is deployed."
)

ContractOption = Annotated[
    list[str] | None,
    typer.Option(
        "--contract", metavar="FILE", help="The contract of another service, in YAML or JSON."
    ),
]
ServiceOption = Annotated[
    str | None, typer.Option("--service", metavar="NAME", help="Which service it is of.")
]
SecretsOption = Annotated[
    Path | None,
    typer.Option(
        "--secrets",
        metavar="DIR",
        help="Values of secrets that are only referred to, in files DIR/SECRET/VERSION.",
    ),
]


@app.command()
def check(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Env files, Cloud Run services (v1 YAML, v2 JSON), a local state.json; - for "
            "standard input.",
        ),
    ],
    service: ServiceOption = None,
    contract: ContractOption = None,
    secrets: SecretsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check configurations against their contracts, and against one another."""
    arguments = CheckArguments(tuple(files), service, tuple(contract or ()), secrets, as_json)
    raise typer.Exit(run_check(arguments))


@app.command()
def diff(
    before: Annotated[
        str,
        typer.Argument(
            metavar="A",
            help="A configuration, as for `check`, or SERVICE@REVISION for a recorded one.",
        ),
    ],
    after: Annotated[str, typer.Argument(metavar="B", help="The one to compare with it.")],
    service: ServiceOption = None,
    secrets: SecretsOption = None,
    state: StateOption = DEFAULT_STATE_PATH,
    as_json: JsonOption = False,
) -> None:
    """Tell two configurations apart: 0 no difference, 1 differences, 3 could not compare."""
    if before == after == STANDARD_INPUT:
        raise UsageRefused("Standard input can be only one of the two.")
    directory = state_directory.created(state)
    fingerprints = Fingerprints(ledger_key(directory.root))
    made = [_made(text, directory) for text in (before, after)]
    one, other = (
        (configuration_of(deploy, fingerprints.key_id),)
        if deploy
        else tuple(recorded(c, fingerprints) for c in _named(text, service, secrets))
        for deploy, text in zip(made, (before, after), strict=True)
    )
    if from_ledger := [deploy for deploy in made if deploy]:
        kept = partial(as_kept, with_form=all(map(tells_form, from_ledger)))
        one, other = tuple(map(kept, one)), tuple(map(kept, other))
    comparisons = [compare(*pair) for pair in _pairs(one, other)]
    if as_json:
        tell_document(comparisons_document(comparisons))
    else:
        for line in comparison_lines(comparisons):
            tell(line)
    raise typer.Exit(exit_code_of_all(comparisons))


@app.command()
def reference(
    service: Annotated[
        str | None, typer.Option("--service", metavar="NAME", help="Of this service alone.")
    ] = None,
    contract: ContractOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Give one service's contract as a contract file.")
    ] = False,
) -> None:
    """Print what every variable means, written from the contracts."""
    given = read_contracts(contract or ())
    shown = _selected(with_own(CONTRACTS, given) if service else given or CONTRACTS, service)
    if not as_json:
        tell(as_markdown(shown).rstrip("\n"))
        return
    if len(shown) != 1:
        raise UsageRefused("A contract file holds one service. Name it with --service.")
    tell_document(document_of(shown[0]))


def _named(path: str, service: str | None, secrets: Path | None) -> tuple[Candidate, ...]:
    """Read what a file holds, of one service alone where that is wanted."""
    candidates = read_candidates(path)
    if len(candidates) > 1 and service is not None:
        candidates = tuple(one for one in candidates if one.name == service)
        if not candidates:
            raise UsageRefused(f"{printable(path)} holds no service {printable(service)!r}.")
    return tuple(with_secrets(one, secrets) for one in candidates) if secrets else candidates


def _is_recorded(text: str) -> bool:
    return _RECORDED.fullmatch(text) is not None and not Path(text).exists()


def _made(text: str, directory: StateDirectory) -> Deploy | None:
    """Find in the ledger how a revision was made; None where the text names none, but a file."""
    if not _is_recorded(text):
        return None
    service, _, revision = text.partition("@")
    entries = Ledger(directory.ledger_folder, SystemClock()).read().trusted()
    made = queries.how_made(entries, service, revision)
    if made is None:
        raise UsageRefused(
            f"The ledger holds nothing of how {revision} of {service} was made, and there is no "
            "such file. `netra revisions` shows what it holds."
        )
    return made


def _pairs(
    before: Sequence[ConfigurationRecord], after: Sequence[ConfigurationRecord]
) -> list[tuple[ConfigurationRecord, ConfigurationRecord]]:
    if len(before) == len(after) == 1:
        return [(before[0], after[0])]
    old, new = ({one.service: one for one in side} for side in (before, after))
    if old.keys() != new.keys() or len(old) != len(before) or len(new) != len(after):
        raise UsageRefused(
            "The two do not hold the same services, each once. Name one of them with --service."
        )
    return [(one, new[name]) for name, one in old.items()]


def _selected(contracts: Sequence[Contract], service: str | None) -> tuple[Contract, ...]:
    found = tuple(one for one in contracts if service is None or one.service == service)
    if not found:
        known = ", ".join(one.service for one in contracts)
        raise UsageRefused(
            f"There is no contract of {printable(service or '')}. Known are {known}."
        )
    return found
