"""Carries out what is planned, one sighting after the other, and says what was done and what not.

Before each is acted upon, the tracker is asked again: what was planned minutes ago may have been
done by somebody else since. What is left, the next run does.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from netra.telemetry.redaction import redact_text
from netra_ops.findings import CouldNotTell, OpsError, Verdict
from netra_ops.issue_tracker.planning import Act, Step, decided
from netra_ops.issue_tracker.port import Comment, Draft, Issue, Refused, Tracker, Unreadable
from netra_ops.issue_tracker.sighting import Deployed, Sighting

MOST_WRITES: Final = 30
"""How much one run writes if nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was written: about which issue, and what in words."""

    issue: Issue
    says: str


@dataclass(frozen=True, slots=True)
class Left:
    """What was not done, about what, and why.

    Attributes:
        fingerprint: The sighting's.
        title: The title of the sighting.
        why: Why, as a sentence.
        is_refused: Whether the tracker said no; otherwise the next run does it.
    """

    fingerprint: str
    title: str
    why: str
    is_refused: bool


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a run.

    Attributes:
        done: What was written, in its order.
        nothing: What needed nothing, each as a sentence.
        left: What was not done.
    """

    done: tuple[Done, ...]
    nothing: tuple[str, ...]
    left: tuple[Left, ...]

    @property
    def verdict(self) -> Verdict:
        """PASS if all is filed, FAIL if something was refused, UNKNOWN if something waits."""
        if any(one.is_refused for one in self.left):
            return Verdict.FAIL
        return Verdict.UNKNOWN if self.left else Verdict.PASS


def applied(
    sightings: Sequence[Sighting],
    tracker: Tracker,
    deployed: Iterable[Deployed] = (),
    most_writes: int = MOST_WRITES,
    say: Callable[[str], None] = lambda _: None,
) -> Applied:
    """File what was seen. Never raises for what the tracker does: that is in what is given.

    Args:
        sightings: What was seen; the most urgent are filed first.
        tracker: Where.
        deployed: The revisions that are known, in any order.
        most_writes: How much may be written.
        say: Is told of each thing that was done or left, as a line.
    """
    run = _Run(tracker, {one.revision: one for one in deployed}, most_writes, say)
    ordered = sorted(sightings, key=lambda one: one.judged.priority)
    for sighting in ordered:
        run.attempt(sighting, run.file)
    for sighting in ordered:
        if sighting.related:
            run.attempt(sighting, run.link)
    return Applied(tuple(run.done), tuple(run.nothing), tuple(run.left))


class _Spent(CouldNotTell):
    """As much was written as may be; what needs no writing is still found out."""


class _Run:
    """One run: what was done so far, and what it may still write."""

    def __init__(
        self,
        tracker: Tracker,
        order: Mapping[str, Deployed],
        most_writes: int,
        say: Callable[[str], None],
    ) -> None:
        self._tracker = tracker
        self._order = order
        self._most = most_writes
        self._say = say
        self._writes = 0
        self._end: OpsError | None = None
        self.done: list[Done] = []
        self.nothing: list[str] = []
        self.left: list[Left] = []

    def attempt(self, sighting: Sighting, work: Callable[[Sighting], None]) -> None:
        """Do something about a sighting, unless what ended the run before would end it again."""
        error = self._end
        if error is None:
            try:
                work(sighting)
            except OpsError as raised:
                error = raised
                if _ends_the_run(raised):
                    self._end = raised
            else:
                return
        left = Left(
            sighting.fingerprint,
            sighting.title,
            redact_text(str(error)),
            isinstance(error, Refused),
        )
        if left not in self.left:
            self.left.append(left)
            self._say(f"left: {left.title}: {left.why}")

    def file(self, sighting: Sighting) -> None:
        """Create, comment, open again, or nothing."""
        step = self._step(sighting)
        if step.draft is not None:
            self._allow()
            created = self._tracker.create(_safe_draft(step.draft))
            if created.is_new:
                self._tell(created.issue, f"created: {step.reason}")
                return
            # Somebody else filed it meanwhile; what is new is told there.
            step = decided(sighting, (created.issue,), self._order)
        if step.issue is None:
            raise CouldNotTell("The tracker gave another issue than the one that was asked for.")
        issue = step.issue
        if step.act is Act.NOTHING and not (step.adopts or step.duplicates or issue.repeats):
            self.nothing.append(step.in_words)
            return
        if issue.repeats:
            what = "took back what it was told twice"
            self._write(issue, what, lambda: self._tracker.remove_repeats(issue))
        if step.adopts:
            what = f"goes by {sighting.fingerprint} too"
            self._write(issue, what, lambda: self._tracker.adopt(issue, sighting.names))
        if step.act is Act.REOPEN:
            # Before it is told: a closed issue that tells of this very sighting is left closed.
            self._write(issue, "opened again", lambda: self._tracker.reopen(issue))
        if step.comment is not None:
            comment = _safe_comment(step.comment)
            what = f"commented: {step.reason}"
            self._write(issue, what, lambda: self._tracker.comment(issue, comment))
        for duplicate in step.duplicates:
            self._close(duplicate, issue)

    def link(self, sighting: Sighting) -> None:
        """Let the issue for a sighting name those for what seems to belong to it."""
        own = self._opened(sighting.names)
        others = {issue.number for issue in self._all_opened(sighting.related)}
        if own is None or not (missing := others - own.related - {own.number}):
            return
        what = f"linked: {', '.join(f'#{number}' for number in sorted(missing))}"
        self._write(own, what, lambda: self._tracker.link(own, missing))

    def _close(self, duplicate: Issue, of: Issue) -> None:
        what = f"closed as a duplicate of #{of.number}"
        self._write(duplicate, what, lambda: self._tracker.close_duplicate(duplicate, of))

    def _step(self, sighting: Sighting) -> Step:
        return decided(sighting, self._tracker.find(sighting.names), self._order)

    def _opened(self, names: Sequence[str]) -> Issue | None:
        return next(iter(self._all_opened(names)), None)

    def _all_opened(self, names: Sequence[str]) -> tuple[Issue, ...]:
        return tuple(issue for issue in self._tracker.find(names) if issue.is_open)

    def _write(self, issue: Issue, what: str, act: Callable[[], bool]) -> None:
        self._allow()
        if act():
            self._tell(issue, what)

    def _allow(self) -> None:
        if self._writes >= self._most:
            raise _Spent(
                f"This run wrote {self._most} times, and that is as much as it may. "
                "The next run goes on."
            )
        self._writes += 1

    def _tell(self, issue: Issue, what: str) -> None:
        self.done.append(Done(issue, what))
        self._say(f"#{issue.number} {issue.title}: {what}")


def _ends_the_run(error: OpsError) -> bool:
    if isinstance(error, Refused):
        return error.is_general
    return not isinstance(error, Unreadable | _Spent)


def _safe_draft(draft: Draft) -> Draft:
    """Hide what looks like a secret, whatever was hidden before."""
    return replace(draft, body=redact_text(draft.body))


def _safe_comment(comment: Comment) -> Comment:
    return replace(comment, body=redact_text(comment.body))
