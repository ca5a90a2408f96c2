"""What an operator is answered, in Markdown. Pure.

What the evidence says is somebody else's text: nothing of it becomes a heading, a link or a row.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from netra_ops.findings import printable
from netra_ops.reports.as_markdown import plain

_QUESTIONS: Final = (
    ("Why are service calls failing?", "evidence is collected, and the causes weighed against it"),
    ("Diagnose the last hour.", "the same, of the time you name; a day if you name none"),
    ("What happened in the logs?", "the few things that really happen in them"),
    ("What serves?", "revisions, their shares of the traffic, and which was proven last"),
    ("What would fix it?", "by the evidence that was collected last"),
    ("What would prove it?", "the same"),
)


def help_text() -> str:
    """Say what can be asked."""
    lines = ["I look into this installation for operators. You can ask:", ""]
    lines += [f"- *{question}*: {what}" for question, what in _QUESTIONS]
    lines += ["", "I only read. Every statement names where it stands in the evidence."]
    return "\n".join(lines)


def not_understood() -> str:
    """Say that it is no question of a kind that is known."""
    return f"I did not understand that.\n\n{help_text()}"


def could_not(why: str) -> str:
    """Say why there is no answer."""
    return f"I could not do that. {plain(why)}"


def diagnosis(found: Mapping[str, Any]) -> str:
    """Answer with the whole diagnosis."""
    return _joined(
        _headline(found),
        _besides(found["besides"]),
        _circumstances(found),
        _section("What speaks for it" if found["cause"] else _of_likeliest(found), found["for"]),
        _section("What speaks against it", found["against"]),
        _rivals(found["rivals"]),
        _whys(found["five_whys"]),
        _suspects(found["suspects"]),
        _deciding(found),
        _list("What mends it", _fixes(found)),
        _list("It is mended when", found["prove_by"]),
        _footer(found),
    )


def repair(found: Mapping[str, Any]) -> str:
    """Answer with what mends it."""
    return _joined(
        _headline(found),
        _list("What mends it", _fixes(found)) or _unmended(found),
        _deciding(found),
        _footer(found),
    )


def proof(found: Mapping[str, Any]) -> str:
    """Answer with what has to hold for a repair to be proven."""
    steps = found["prove_by"]
    command = "Prove it: `netra prove BUNDLE --against URL`, with the bundle named below."
    return _joined(
        _headline(found),
        _list("It is proven when", steps) if steps else _unmended(found),
        command if steps else "",
        _deciding(found),
        _footer(found),
    )


def worklog(found: Mapping[str, Any]) -> str:
    """Answer with what really happens in the logs."""
    clusters = [_cluster(one) for one in found["clusters"]]
    if found["more_clusters"]:
        clusters.append(f"- and {found['more_clusters']} more, in the report")
    return _joined(
        " ".join(plain(one) for one in found["summary"]),
        "\n".join(clusters),
        _list("What to do", found["next_steps"]),
        _footer(found),
    )


def serving(found: Mapping[str, Any]) -> str:
    """Answer with who serves."""
    lines = [_service(one) for one in found["services"]]
    lines += [
        f"- The rollout of {plain(one['revision'])} of {plain(one['service'])}, begun "
        f"{plain(one['begun'])}, has no end."
        for one in found["unfinished_rollouts"]
    ]
    return "\n".join(lines)


def _headline(found: Mapping[str, Any]) -> str:
    sure = f"confidence {found['confidence']:.2f}"
    if found["cause"]:
        said = f"`{found['cause']}`: {plain(found['because'])} ({sure})"
        is_quiet = found["verdict"] == "not_an_incident"
        return f"**{'Not an incident.' if is_quiet else 'Cause found.'}** {said}."
    if found["verdict"] == "not_an_incident":
        return f"**Not an incident.** The evidence shows no failure ({sure})."
    return "**Insufficient evidence.** No cause is supported well enough to be named."


def _besides(others: Iterable[Mapping[str, Any]]) -> str:
    return "\n".join(f"**Besides,** `{one['cause']}`: {plain(one['because'])}." for one in others)


def _fixes(found: Mapping[str, Any]) -> list[str]:
    """Give what mends the cause, and what the others that are there as well."""
    others = [f"{one['cause']}: {one['fix']}" for one in found["besides"]]
    return [found["fix"], *others] if found["fix"] else []


def _circumstances(found: Mapping[str, Any]) -> str:
    hit, said = found["affected"], []
    if found["onset"]:
        bad, good = found["first_bad_revision"], found["last_good_revision"]
        said.append(
            f"Since {plain(found['onset'])}; first bad revision {plain(bad or 'not known')}, last "
            f"good {plain(good or 'not known')}."
        )
    if hit["requests_failed"]:
        at = f" at {plain(hit['service'])}" if hit["service"] else ""
        callers = ", ".join(f"{count} {plain(kind)}" for kind, count in hit["callers"].items())
        said.append(
            f"{hit['requests_failed']:,} of {hit['requests']:,} requests failed{at}"
            f"{f' (callers: {callers})' if callers else ''}."
        )
    return " ".join(said)


def _of_likeliest(found: Mapping[str, Any]) -> str:
    return f"What speaks for the likeliest, `{found['likeliest']}`"


def _section(title: str, said: Sequence[Mapping[str, Any]]) -> str:
    lines = [f"- {plain(one['says'])}{_places(one['evidence'])}" for one in said]
    return "\n".join((f"**{title}**", "", *lines)) if lines else ""


def _rivals(rivals: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    for one in rivals:
        against = "".join(
            f"; against it: {plain(said['says'])}{_places(said['evidence'])}"
            for said in one["against"]
        )
        follows = f", follows from `{one['consequence_of']}`" if one["consequence_of"] else ""
        lines.append(f"- `{one['cause']}` ({one['score']:.2f}{follows}){against}")
    return "\n".join(("**Other causes**", "", *lines)) if lines else ""


def _whys(whys: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        f"{number}. {plain(one['why'])} *({one['known']})* {plain(one['answer'])}"
        f"{_places(one['evidence'])}"
        for number, one in enumerate(whys, start=1)
    ]
    return "\n".join(("**Five whys**", "", *lines)) if lines else ""


def _suspects(suspects: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        f"- {plain(one['what'])}: {plain(one['reason'])}{_places(one['evidence'])}"
        for one in suspects
    ]
    return "\n".join(("**Suspected changes**", "", *lines)) if lines else ""


def _deciding(found: Mapping[str, Any]) -> str:
    lines = [
        f"- Between {' and '.join(f'`{cause}`' for cause in one['between'])}: "
        f"{plain(one['states'])} {plain(one['take'])}"
        for one in found["decide_by"]
    ]
    return "\n".join(("**What would decide**", "", *lines)) if lines else ""


def _unmended(found: Mapping[str, Any]) -> str:
    if found["verdict"] == "not_an_incident":
        return "There is nothing to mend."
    return "That is not known, as long as the cause is not."


def _list(title: str, lines: Iterable[str]) -> str:
    said = [f"- {plain(one)}" for one in lines]
    return "\n".join((f"**{title}**", "", *said)) if said else ""


def _cluster(one: Mapping[str, Any]) -> str:
    since = f", since {plain(one['first'])}" if one["first"] else ""
    on = f", with {plain(one['revision'])}" if one["revision"] else ""
    shown = f": {plain(one['message'])}" if one["message"] else ""
    place = _places([one["evidence"]] if one["evidence"] else [])
    named = f"- **{plain(one['priority'])}** {plain(one['name'])}, {one['count']:,} times"
    return f"{named}{since}{on}{shown}{place}"


def _service(one: Mapping[str, Any]) -> str:
    shares = [
        f"{share['percent']:g} % {plain(share['revision'])}"
        f"{'' if share.get('runs', True) else ' (its process does not run)'}"
        for share in one["revisions"]
    ]
    since = f" since {plain(one['since'])}" if one.get("since") else ""
    proven = f"; last proven: {plain(one['last_proven'] or 'none')}" if "last_proven" in one else ""
    return f"- **{plain(one['service'])}**: {', '.join(shares) or 'nothing serves'}{since}{proven}"


def _footer(found: Mapping[str, Any]) -> str:
    return "\n".join(_footer_lines(found))


def _footer_lines(found: Mapping[str, Any]) -> Iterator[str]:
    of = f", of the last {found['minutes']:,} minutes" if found["minutes"] else ""
    yield f"The evidence{of}: {_code(found['bundle'])}"
    if "report" in found:
        yield f"\nThe report: {_code(found['report'])}"
    for one in (*found.get("remarks", ()), *found["notes"]):
        yield f"\n*{plain(one)}*"


def _places(evidence: Sequence[str]) -> str:
    places = ", ".join(_code(one) for one in evidence)
    return f" ({places})" if places else ""


def _code(text: str) -> str:
    return f"`{printable(text).replace('`', '?')}`"


def _joined(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
