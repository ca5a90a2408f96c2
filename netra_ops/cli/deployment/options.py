"""The options of the commands that move traffic, and what their texts may be."""

from pathlib import Path
from typing import Annotated, Final

import typer

from netra.principal import is_service_id
from netra_ops.findings import UsageRefused
from netra_ops.ledger.records import LONGEST_TEXT

_LONGEST_REASON: Final = LONGEST_TEXT // 2

ServiceArgument = Annotated[str, typer.Argument(metavar="SERVICE", help="Such as netra-backend.")]
AnyServiceArgument = Annotated[
    str | None, typer.Argument(metavar="[SERVICE]", help="By default what was deployed last.")
]
CodeOption = Annotated[
    Path | None,
    typer.Option("--code", metavar="DIR", help="The code to run; by default what serves."),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="K=V",
        help="Set a variable; K=@FILE takes a file's text, K=- a line of standard input.",
    ),
]
UnsetOption = Annotated[
    list[str] | None, typer.Option("--unset", metavar="K", help="Take a variable away.")
]
SecretOption = Annotated[
    list[str] | None,
    typer.Option(
        "--secret",
        metavar="K=REF",
        help="Take a variable from a secret, named NAME:VERSION, or here from a file:PATH.",
    ),
]
FileOption = Annotated[
    Path | None,
    typer.Option("--file", metavar="F", help="A configuration to merge into what serves."),
]
ReplaceOption = Annotated[
    bool,
    typer.Option("--replace", help="The file is all of it; what goes must be named by --unset."),
]
StepsOption = Annotated[
    str, typer.Option("--steps", metavar="5,25,100", help="Shares of traffic, in percent.")
]
MinRequestsOption = Annotated[
    int,
    typer.Option(
        "--min-requests", metavar="N", min=0, help="Requests of people that end a step; 0: none."
    ),
]
HoldOption = Annotated[
    float,
    typer.Option("--hold", metavar="SECONDS", min=0, help="How long a step waits for them."),
]
BakeOption = Annotated[
    float,
    typer.Option("--bake", metavar="SECONDS", min=0, help="How long it is on trial at 100 %."),
]
WaiversOption = Annotated[
    Path | None,
    typer.Option("--waivers", metavar="FILE", help="What need not pass, and by whose word."),
]
ToOption = Annotated[
    str | None,
    typer.Option("--to", metavar="REVISION", help="By default the one that was proven last."),
]
ReasonOption = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why, for the record.")
]
OverrideOption = Annotated[
    str | None,
    typer.Option(
        "--override",
        metavar="REASON",
        help="Go on though the checks do not pass; recorded with who did it and why.",
    ),
]
DryRunOption = Annotated[
    bool,
    typer.Option("--dry-run", help="Show the plan and its checks; change and record nothing."),
]
EventsOption = Annotated[
    bool, typer.Option("--json", help="Tell what happens as one JSON document a line.")
]


def named(service: str) -> str:
    """Take a text for a service's name.

    Raises:
        UsageRefused: It is none.
    """
    if not is_service_id(service):
        raise UsageRefused("A service is named like netra-backend.")
    return service


def worded(text: str | None, option: str) -> str:
    """Take a reason; empty if none was given.

    Raises:
        UsageRefused: It says nothing, or too much.
    """
    if text is None:
        return ""
    if not text.strip() or len(text) > _LONGEST_REASON or not text.isprintable():
        raise UsageRefused(f"{option} takes a reason: one line of at most {_LONGEST_REASON}.")
    return text.strip()
