"""Writes judgements and comparisons, as lines for people and as documents; decides nothing."""

from collections.abc import Iterator, Sequence
from typing import Any

from netra_ops.candidates.comparing import Comparison, Difference
from netra_ops.candidates.judging import ConfigurationFinding, Judgement
from netra_ops.findings import ExitCode, Verdict, printable


def judgement_lines(judgement: Judgement) -> Iterator[str]:
    """Write a judgement, a line for each finding and one for all."""
    for finding in judgement.findings:
        yield _line(finding)
    yield (
        f"{judgement.verdict.value}: {', '.join(judgement.services)}; "
        f"{judgement.variables} variables checked, "
        f"{judgement.comparisons} compared between services, "
        f"{_count(judgement, Verdict.FAIL)} wrong, {_count(judgement, Verdict.UNKNOWN)} not known"
    )


def judgement_document(judgement: Judgement) -> dict[str, Any]:
    """Write a judgement as one document."""
    return {
        "verdict": judgement.verdict.value,
        "services": judgement.services,
        "variables_checked": judgement.variables,
        "compared_between_services": judgement.comparisons,
        "findings": [
            {
                "verdict": finding.verdict.value,
                "service": finding.service,
                "variable": finding.variable,
                "problem": finding.problem,
                "says": finding.says,
                "fix": finding.fix,
                "file": finding.place.file,
                "line": finding.place.line,
            }
            for finding in judgement.findings
        ],
    }


def comparison_lines(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """Write comparisons, a line for everything told and one for each comparison."""
    for comparison in comparisons:
        for word, told in (("", comparison.differences), ("UNKNOWN", comparison.unseen)):
            for one in told:
                yield _difference_line(word or one.change.value, one)
        for one in comparison.notes:
            yield _difference_line("NOTE", one)
        yield (
            f"{_names(comparison)}{comparison.compared} variables compared, "
            f"{len(comparison.differences)} differences, {len(comparison.unseen)} not known"
        )


def comparisons_document(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """Write comparisons as one document."""
    return {
        "same": exit_code_of_all(comparisons) is ExitCode.PASS,
        "comparisons": [
            {
                "before": comparison.before,
                "after": comparison.after,
                "variables_compared": comparison.compared,
                "differences": [_difference_document(one) for one in comparison.differences],
                "unknown": [_difference_document(one) for one in comparison.unseen],
                "notes": [_difference_document(one) for one in comparison.notes],
            }
            for comparison in comparisons
        ],
    }


def exit_code_of_all(comparisons: Sequence[Comparison]) -> ExitCode:
    """Give 1 where anything differs, else 3 where something could not be compared, else 0."""
    codes = {comparison.exit_code for comparison in comparisons}
    if ExitCode.FAIL in codes:
        return ExitCode.FAIL
    return ExitCode.PASS if codes == {ExitCode.PASS} else ExitCode.UNKNOWN


def _line(finding: ConfigurationFinding) -> str:
    word = "NOTE" if finding.verdict is Verdict.PASS else finding.verdict.value
    name = f" {finding.variable}" if finding.variable else ""
    said = f"{word:7} {finding.service}{name} {finding.says}. {finding.fix} ({finding.place})"
    return printable(said)


def _count(judgement: Judgement, verdict: Verdict) -> int:
    return sum(finding.verdict is verdict for finding in judgement.findings)


def _difference_line(word: str, one: Difference) -> str:
    places = ", ".join(place for place in (one.before, one.after) if place)
    return printable(f"{word:10} {one.name} {one.says}." + (f" ({places})" if places else ""))


def _difference_document(one: Difference) -> dict[str, str]:
    return {
        "change": one.change.value,
        "name": one.name,
        "says": one.says,
        "before": one.before,
        "after": one.after,
    }


def _names(comparison: Comparison) -> str:
    names = [name for name in (comparison.before, comparison.after) if name]
    if not names:
        return ""
    return f"{names[0]}: " if len(set(names)) == 1 else f"{' and '.join(names)}: "
