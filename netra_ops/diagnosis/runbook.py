"""The runbook of each cause, written from what the cause says of itself. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from netra_ops.diagnosis.cause import Cause
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.weights.deciding import how_to_take

_GENERATED: Final = (
    "Generated from `netra_ops/diagnosis/causes/` by `make reference`; a test compares the two."
)


def index(causes: Sequence[Cause]) -> str:
    """Write the page that lists all causes."""
    lines = [
        "# Causes",
        "",
        _GENERATED,
        "",
        "`netra diagnose BUNDLE` weighs these against the evidence. Each has a runbook.",
        "",
        "| cause | because | caught by |",
        "|---|---|---|",
        *(
            f"| [`{one.code}`]({one.code}.md) | {one.title} | "
            f"{', '.join(by.value for by in one.caught_by)} |"
            for one in causes
        ),
    ]
    return "\n".join(lines) + "\n"


def page(cause: Cause) -> str:
    """Write the runbook of a cause."""
    return "\n".join(_lines(cause)) + "\n"


def _lines(cause: Cause) -> Iterator[str]:
    yield f"# {cause.code}"
    yield ""
    yield _GENERATED
    yield ""
    yield f"**Because {cause.title}.** {cause.symptom}"
    yield ""
    yield cause.mechanism
    if not cause.is_incident:
        yield ""
        yield "This is no incident by itself."
    yield from _section("Shown by any of these", _shown(cause))
    yield from _section("How that is looked for", _looked_for(cause))
    yield from _section("What goes with it", _along(cause))
    yield from _section("What speaks against it", _stated(cause.contradicted_by))
    yield from _section(
        "What it is taken for", (f"`{one.code}`: {one.told_by}." for one in cause.neighbours)
    )
    yield from _section("What follows from it", (f"`{one}`" for one in sorted(cause.leads_to)))
    yield from _section("What to do", (cause.fix,))
    yield from _section("Proven when", (f"{one}." for one in cause.prove_by))
    yield from _section("What can catch it", (f"{one.value}." for one in cause.caught_by))


def _section(title: str, items: Iterable[str]) -> Iterator[str]:
    lines = [f"- {one[:1].upper()}{one[1:]}" for one in items]
    if lines:
        yield from ("", f"## {title}", "", *lines)


def _shown(cause: Cause) -> Iterator[str]:
    return (" and ".join(f"`{one.code}`" for one in _ordered(facts)) for facts in cause.shown_by)


def _looked_for(cause: Cause) -> Iterator[str]:
    for one in cause.expects:
        if one.decides:
            yield f"`{one.fact.code}`: {one.fact.means} {how_to_take(one.fact)[0]}"


def _along(cause: Cause) -> Iterator[str]:
    for one in cause.expects:
        if not one.decides:
            yield f"`{one.fact.code}`: {one.fact.means}"


def _stated(facts: Iterable[Fact]) -> Iterator[str]:
    return (f"`{one.code}`: {one.means}" for one in _ordered(facts))


def _ordered(facts: Iterable[Fact]) -> list[Fact]:
    return sorted(facts, key=lambda one: one.code)
