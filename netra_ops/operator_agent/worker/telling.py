"""What is told of a diagnosis, a worklog and who serves: as much as a chat can hold. Pure."""

from collections.abc import Iterable
from typing import Any, Final

from netra_ops.diagnosis.answering.answer import Diagnosis, Ranked, Said
from netra_ops.gardener.worklog.document import ClusterReport, Worklog

_SUPPORTED: Final = 5
_OPPOSED: Final = 3
_RIVALS: Final = 3
_PLACES: Final = 3
_SUSPECTS: Final = 2
_CLUSTERS: Final = 8
_STEPS: Final = 5
_TEXT: Final = 400


def told_of_diagnosis(diagnosis: Diagnosis) -> dict[str, Any]:
    """Tell the verdict, what carries it, and what to do."""
    leading = next((one for one in diagnosis.ranked if one.cause == diagnosis.cause), None)
    leading = leading or next(iter(diagnosis.ranked), None)
    affected = diagnosis.affected
    return {
        "verdict": diagnosis.verdict.value,
        "cause": diagnosis.cause,
        "because": diagnosis.because,
        "confidence": round(diagnosis.confidence, 2),
        "besides": [
            {"cause": one.cause, "because": one.because, "fix": one.fix}
            for one in diagnosis.besides
        ],
        "onset": diagnosis.onset,
        "first_bad_revision": diagnosis.first_bad_revision,
        "last_good_revision": diagnosis.last_good_revision,
        "affected": {
            "service": affected.service,
            "requests_failed": affected.requests_failed,
            "requests": affected.requests,
            "callers": affected.callers,
            "until": affected.until,
        },
        "likeliest": None if leading is None else leading.cause,
        "for": [] if leading is None else _said(leading.supported[:_SUPPORTED]),
        "against": [] if leading is None else _said(leading.opposed[:_OPPOSED]),
        "rivals": [_rival(one) for one in diagnosis.ranked if one is not leading][:_RIVALS],
        "five_whys": [
            {
                "why": one.why,
                "answer": _cut(one.answer),
                "known": one.status.value,
                "evidence": list(one.evidence[:_PLACES]),
            }
            for one in diagnosis.five_whys
        ],
        "decide_by": [
            {"states": one.states, "take": one.take, "between": list(one.between)}
            for one in diagnosis.decide_by
        ],
        "fix": diagnosis.fix,
        "prove_by": list(diagnosis.prove_by),
        "suspects": [
            {"what": _cut(one.what), "reason": _cut(one.reason), "evidence": list(one.evidence[:1])}
            for one in diagnosis.suspects[:_SUSPECTS]
        ],
        "remarks": [_cut(one) for one in diagnosis.remarks],
    }


def told_of_worklog(worklog: Worklog) -> dict[str, Any]:
    """Tell what really happens in a log."""
    return {
        "summary": [_cut(one) for one in worklog.summary],
        "severity": worklog.severity,
        "first": worklog.window.first,
        "last": worklog.window.last,
        "entries": worklog.window.entries,
        "clusters": [_cluster(one) for one in worklog.clusters[:_CLUSTERS]],
        "more_clusters": max(0, len(worklog.clusters) - _CLUSTERS),
        "quiet_entries": worklog.quiet_entries,
        "next_steps": [_cut(one) for one in worklog.next_steps[:_STEPS]],
    }


def _rival(one: Ranked) -> dict[str, Any]:
    return {
        "cause": one.cause,
        "score": round(one.score, 2),
        "consequence_of": one.consequence_of,
        "against": _said(one.opposed[:1]),
    }


def _said(found: Iterable[Said]) -> list[dict[str, Any]]:
    return [{"says": _cut(one.says), "evidence": list(one.evidence[:_PLACES])} for one in found]


def _cluster(one: ClusterReport) -> dict[str, Any]:
    return {
        "priority": one.priority,
        "name": one.name,
        "nature": one.nature,
        "count": one.count,
        "first": one.first,
        "last": one.last,
        "revision": one.onset.revision,
        "means": one.means,
        "message": None if one.shown is None else _cut(one.shown.message),
        # The source is the bundle's one log, wherever the bundle lies.
        "evidence": None if one.shown is None else one.shown.reference.rpartition("/")[2],
    }


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT else f"{text[: _TEXT - 1]}…"
