"""Pure: what is to be filed of what was seen, given what the tracker has, each with its reason.

An open issue for the same fingerprint, or for an alias of it, is told what is new, unless it tells
of this very sighting already. Where there are several, the one with the lowest number is meant.

For a closed issue this is the rule, and the first sentence that holds decides:

1. It was closed as not planned: nothing. A person decided that.
2. Nothing of it was seen after it was closed: nothing.
3. It was seen on a revision that came after the one in which it was resolved, or, where nobody
   named that one, on a revision that was deployed after it was closed: it came back.
4. Every revision it was seen on is known to be none of these: nothing; what was mended is not
   deployed there. A revision said to mend it that shows it, first after the closing: it came back.
5. Nobody can tell which revision came first: it came back if all of it was seen after the closing.

What came back within thirty days of the closing is opened again; later, a new issue names the old
one. Closed duplicates are never looked at.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from netra.clock import as_iso
from netra_ops.findings import printable
from netra_ops.issue_tracker.port import ClosedAs, Comment, Draft, Issue, State
from netra_ops.issue_tracker.sighting import Deployed, Sighting, is_later

REOPENED_DAYS: Final = 30
_DAY: Final = 86_400
_MOST_REVISIONS: Final = 20


class Act(StrEnum):
    """What is to be done about a sighting."""

    CREATE = "create"
    COMMENT = "comment"
    REOPEN = "reopen"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is to be done about one sighting.

    Attributes:
        sighting: The sighting.
        act: What is to be done.
        reason: Why, as a sentence.
        issue: The issue it is about; None where there is none yet.
        draft: What is filed, to create.
        comment: What is told, to comment and to reopen.
        duplicates: Open issues for the same that came after it, and are to be closed.
    """

    sighting: Sighting
    act: Act
    reason: str
    issue: Issue | None = None
    draft: Draft | None = None
    comment: Comment | None = None
    duplicates: tuple[Issue, ...] = ()

    @property
    def adopts(self) -> bool:
        """Whether the issue does not yet go by all names of the sighting."""
        return (
            self.issue is not None
            and (self.issue.is_open or self.act is Act.REOPEN)
            and not self.issue.names.issuperset(self.sighting.names)
        )

    @property
    def in_words(self) -> str:
        """Say what is to be done, and why."""
        number = f" #{self.issue.number}" if self.issue and self.issue.number else ""
        duplicates = "".join(f" Close #{one.number} as its duplicate." for one in self.duplicates)
        return f"{self.sighting.title}: {self.act}{number}. {self.reason}{duplicates}"


def planned(
    sightings: Sequence[Sighting], held: Iterable[Issue], deployed: Iterable[Deployed] = ()
) -> tuple[Step, ...]:
    """Plan what is to be done about each of some sightings, in their order.

    Args:
        sightings: What was seen.
        held: What the tracker has of it, open and closed.
        deployed: The revisions that are known, in any order.
    """
    issues = {issue.number: issue for issue in held}
    order = {one.revision: one for one in deployed}
    steps: list[Step] = []
    for sighting in sightings:
        step = decided(sighting, issues.values(), order)
        steps.append(step)
        after = _after(step, min(0, *issues, 0) - 1)
        if after is not None:
            issues[after.number] = after
        issues |= {one.number: replace(one, state=State.CLOSED) for one in step.duplicates}
    return tuple(_without_numbers_of_our_own(step) for step in steps)


def decided(sighting: Sighting, held: Iterable[Issue], order: Mapping[str, Deployed]) -> Step:
    """Decide about one sighting.

    Args:
        sighting: What was seen.
        held: What the tracker has; issues for something else are left alone.
        order: The revisions that are known, by their names.
    """
    same = [issue for issue in held if not issue.names.isdisjoint(sighting.names)]
    opened = sorted((i for i in same if i.is_open), key=lambda issue: issue.number)
    if opened:
        return _about_open(sighting, opened)
    closed = [i for i in same if not i.is_open and i.closed_as is not ClosedAs.DUPLICATE]
    if not closed:
        return _creating(sighting, "No issue is for it.")
    return _about_closed(sighting, closed, order)


def _about_open(sighting: Sighting, opened: Sequence[Issue]) -> Step:
    first, *others = opened
    meant = {first.fingerprint, sighting.fingerprint}
    duplicates = tuple(other for other in others if other.fingerprint in meant)
    left = [f"#{other.number}" for other in others if other.fingerprint not in meant]
    also = f" {', '.join(left)} went by an alias of it and stays as it is." if left else ""
    if sighting.key in first.keys:
        return Step(
            sighting=sighting,
            act=Act.NOTHING,
            reason=f"It tells of this already.{also}",
            issue=first,
            duplicates=duplicates,
        )
    return Step(
        sighting=sighting,
        act=Act.COMMENT,
        reason=f"It is open, and this is new.{also}",
        issue=first,
        comment=_comment(sighting, "Seen again."),
        duplicates=duplicates,
    )


def _about_closed(
    sighting: Sighting, closed: Sequence[Issue], order: Mapping[str, Deployed]
) -> Step:
    last = max(closed, key=lambda issue: (issue.closed_at or 0.0, issue.number))
    if any(sighting.key in issue.keys for issue in closed):
        return _nothing(sighting, last, "It is closed, and told of this before.")
    if last.closed_as is ClosedAs.NOT_PLANNED:
        return _nothing(sighting, last, "It was closed as not planned.")
    came_back, reason = _came_back(sighting, last, order)
    if not came_back:
        return _nothing(sighting, last, reason)
    closed_at = last.closed_at
    if closed_at is not None and sighting.news.last - closed_at > REOPENED_DAYS * _DAY:
        since = f"It was closed more than {REOPENED_DAYS} days before."
        return _creating(sighting, f"{reason} {since}", last)
    return Step(
        sighting=sighting,
        act=Act.REOPEN,
        reason=reason,
        issue=last,
        comment=_comment(sighting, f"It came back. {reason}"),
    )


def _came_back(sighting: Sighting, issue: Issue, order: Mapping[str, Deployed]) -> tuple[bool, str]:
    """Decide whether something that was closed came back, and say why."""
    news, closed_at = sighting.news, issue.closed_at
    if closed_at is not None and news.last <= closed_at:
        return False, "Nothing of it was seen after it was closed."
    is_all_after = closed_at is None or news.began > closed_at
    said = [_is_after(order.get(name), issue, order) for name in news.revisions]
    later = [name for name, after in zip(news.revisions, said, strict=True) if after]
    if later:
        return True, f"It was seen on {_shown(later)}, which came after it was mended."
    if issue.resolved_in and issue.resolved_in in news.revisions and is_all_after:
        return True, f"{_shown([issue.resolved_in])} was to mend it, and shows it."
    if said and all(after is False for after in said):
        where = _shown(news.revisions)
        return False, f"It was seen on {where} alone, from before it was mended."
    if is_all_after:
        return True, "Which revision came first is not known, and all of it was seen after."
    return False, "Which revision came first is not known, and some of it was seen before."


def _is_after(one: Deployed | None, issue: Issue, order: Mapping[str, Deployed]) -> bool | None:
    """Tell whether a revision came after an issue was resolved; None if nobody can tell."""
    if one is None:
        return None
    if issue.resolved_in:
        if one.revision == issue.resolved_in:
            return False
        resolved = order.get(issue.resolved_in)
        return None if resolved is None else is_later(one, resolved)
    if one.at is None or issue.closed_at is None:
        return None
    return one.at > issue.closed_at


def _creating(sighting: Sighting, reason: str, before: Issue | None = None) -> Step:
    parts = [sighting.body.rstrip()]
    if before is not None:
        parts.append(f"It was filed before as #{before.number}, which is closed.")
    parts.append(_facts(sighting))
    draft = Draft(
        title=sighting.title,
        body="\n\n".join(parts) + "\n",
        fingerprint=sighting.fingerprint,
        aliases=sighting.names[1:],
        key=sighting.key,
    )
    return Step(sighting=sighting, act=Act.CREATE, reason=reason, draft=draft)


def _nothing(sighting: Sighting, issue: Issue, reason: str) -> Step:
    return Step(sighting=sighting, act=Act.NOTHING, reason=reason, issue=issue)


def _comment(sighting: Sighting, first: str) -> Comment:
    return Comment(f"{first}\n\n{_facts(sighting)}\n", sighting.key, sighting.fingerprint)


def _facts(sighting: Sighting) -> str:
    news, judged = sighting.news, sighting.judged
    revisions = _shown(news.revisions) if news.revisions else "not told by the log"
    return "\n".join(
        (
            f"- Priority: {judged.priority}. {' '.join(judged.reasons)}",
            f"- Nature: {sighting.nature}",
            f"- Entries: {news.count}, from {as_iso(news.began)} to {as_iso(news.last)}",
            f"- Revisions: {revisions}",
            f"- Looked at: {as_iso(news.since)} to {as_iso(news.until)}",
        )
    )


def _shown(names: Sequence[str]) -> str:
    """Quote names that come from a log, so that they are nothing but names."""
    quoted = [f"`{printable(name).replace('`', '?')}`" for name in names[:_MOST_REVISIONS]]
    more = len(names) - _MOST_REVISIONS
    return ", ".join(quoted) + (f" and {more} more" if more > 0 else "")


def _after(step: Step, number: int) -> Issue | None:
    """Give the issue as it will be, so that the next sighting of a plan finds it."""
    sighting = step.sighting
    if step.draft is not None:
        return Issue(
            number=number,
            title=step.draft.title,
            state=State.OPEN,
            fingerprint=sighting.fingerprint,
            aliases=sighting.names[1:],
            keys=frozenset((sighting.key,)),
        )
    if step.issue is None or step.comment is None:
        return None
    names = {**dict.fromkeys(step.issue.aliases), **dict.fromkeys(sighting.names)}
    names.pop(step.issue.fingerprint, None)
    return replace(
        step.issue,
        state=State.OPEN,
        keys=step.issue.keys | {sighting.key},
        aliases=tuple(names),
    )


def _without_numbers_of_our_own(step: Step) -> Step:
    """Hide the numbers of issues that the plan itself creates: they have none yet."""
    if step.issue is None or step.issue.number > 0:
        return step
    if step.act is Act.NOTHING:
        return replace(step, issue=None, reason="The issue that this plan creates tells of it.")
    return replace(step, issue=None, reason="This plan creates the issue for it, and this is new.")
