"""`netra config check` without what reads the other command lines: it is run before every deploy.

What is not plainly understood here, help and mistakes included, is left to `commands`, which
declares the command; a test sees that the two agree.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from netra.contract.reference import CONTRACTS
from netra_ops.candidates.contract_file import read_contracts, with_own
from netra_ops.candidates.fingerprints.ledger_key import passing_key
from netra_ops.candidates.fingerprints.prints import Fingerprints
from netra_ops.candidates.judging import contract_for, judge
from netra_ops.candidates.reading import read_candidates
from netra_ops.candidates.rendering import judgement_document, judgement_lines
from netra_ops.candidates.secret_files import with_secrets
from netra_ops.cli.output import tell, tell_document
from netra_ops.findings import ExitCode, UsageRefused, exit_code_of

_COMMAND: Final = ["config", "check"]


@dataclass(frozen=True, slots=True)
class CheckArguments:
    """What `netra config check` was asked."""

    files: tuple[str, ...]
    service: str | None = None
    contracts: tuple[str, ...] = ()
    secrets: Path | None = None
    as_json: bool = False


def check_arguments(words: Sequence[str]) -> CheckArguments | None:
    """Read a whole command line; None where it is not plainly one of `config check`."""
    if list(words[:2]) != _COMMAND:
        return None
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--service", action="append", default=[])
    parser.add_argument("--contract", action="append", default=[])
    parser.add_argument("--secrets", action="append", default=[])
    parser.add_argument("--json", action="store_true")
    try:
        read = parser.parse_intermixed_args(list(words[2:]))
    except _NotUnderstood:
        return None
    if len(read.service) > 1 or len(read.secrets) > 1:
        return None
    return CheckArguments(
        tuple(read.files),
        read.service[0] if read.service else None,
        tuple(read.contract),
        Path(read.secrets[0]) if read.secrets else None,
        as_json=read.json,
    )


def run_check(arguments: CheckArguments) -> ExitCode:
    """Check configurations, tell what was found, and give the exit code.

    Raises:
        UsageRefused: Something cannot be read, or does not go together.
    """
    contracts = with_own(CONTRACTS, read_contracts(arguments.contracts))
    candidates = [candidate for file in arguments.files for candidate in read_candidates(file)]
    if arguments.service is not None and len(candidates) > 1:
        raise UsageRefused(
            "--service says which service one configuration is of; several are named."
        )
    if arguments.secrets is not None:
        candidates = [with_secrets(candidate, arguments.secrets) for candidate in candidates]
    pairs = [(one, contract_for(one, contracts, arguments.service)) for one in candidates]
    judgement = judge(pairs, Fingerprints(passing_key()))
    if arguments.as_json:
        tell_document(judgement_document(judgement))
    else:
        for line in judgement_lines(judgement):
            tell(line)
    return exit_code_of(judgement.verdict)


class _NotUnderstood(Exception):
    """A command line is not plainly understood."""


class _Parser(argparse.ArgumentParser):
    """A parser that ends no process and says nothing."""

    def error(self, message: str) -> NoReturn:
        """Leave it to others."""
        raise _NotUnderstood(message)
