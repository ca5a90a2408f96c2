"""The tracker at GitHub. Needs the extra `github`, so it is imported only where it is wanted.

GitHub has no lock. Whoever creates or comments looks again afterwards, and of two that are the
same the one with the lower number stays, whoever looks.
"""

import time
from collections.abc import Callable, Collection
from typing import Any, Final, Self
from urllib.parse import quote

from netra.clock import Clock
from netra_ops.issue_tracker.github_api.access import GitHubAccess
from netra_ops.issue_tracker.github_api.answers import (
    GENERAL_LABEL,
    RESOLVED_PREFIX,
    Account,
    CommentDocument,
    IssueDocument,
    authors_of,
    is_ours,
    issue_of,
    label_of,
    ours_among,
    read,
)
from netra_ops.issue_tracker.github_api.asking import Asking
from netra_ops.issue_tracker.marker import (
    IssueMarker,
    RelatedMarker,
    SightingMarker,
    issue_marker,
    marked,
    without_marker,
)
from netra_ops.issue_tracker.port import Comment, Created, Draft, Issue, Refused, State

PATIENCE_SECONDS: Final = 120.0
"""How long one run waits for GitHub's limits, all together."""
_PER_PAGE: Final = 100
_GENERAL_COLOUR: Final = "0e8a16"
_PRINT_COLOUR: Final = "ededed"


class GitHubTracker:
    """Issues of a repository at GitHub; to be closed once it is no longer asked.

    Args:
        access: Which repository, and as whom.
        clock: What says when a limit ends.
        pause: Waits for some seconds.
        patience: Seconds to wait for GitHub's limits, all together.
    """

    def __init__(
        self,
        access: GitHubAccess,
        clock: Clock,
        pause: Callable[[float], None] = time.sleep,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._access = access
        self._asking = Asking(access, clock, pause, patience)
        self._repository = f"/repos/{access.repository}"
        self._own: str | None = access.account or None
        self._made: set[int] = set()
        self._labels: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._asking.close()

    @property
    def name(self) -> str:
        """Say in words which one it is."""
        return f"the issues of {self._access.repository}"

    def find(self, names: Collection[str]) -> tuple[Issue, ...]:
        """Find the issues for any of these fingerprints; see `Tracker`."""
        found = {
            document.number: document
            for name in dict.fromkeys(names)
            for document in self._listed(name)
        }
        # Lists lag behind; what this process made itself it need not wait for.
        for number in self._made - found.keys():
            found[number] = self._document(number)
        wanted = [one for one in found.values() if _names(one) & set(names)]
        return tuple(self._issue(one) for one in sorted(wanted, key=lambda one: one.number))

    def create(self, draft: Draft) -> Created:
        """File an issue, or give the open one that is for the same; see `Tracker`."""
        names = (draft.fingerprint, *draft.aliases)
        held = next((issue for issue in self.find(names) if issue.is_open), None)
        if held is not None:
            return Created(held, is_new=False)
        labels = [GENERAL_LABEL, *map(label_of, names)]
        # Labels of an account that may not set them are dropped without a word when it files, and
        # the issue would never be found again. To make one is refused in time.
        self._make_labels(labels)
        marker = IssueMarker(draft.fingerprint, draft.aliases, draft.key)
        made = read(
            self._asking.post(
                f"{self._repository}/issues",
                {
                    "title": draft.title,
                    "body": marked(marker, draft.body),
                    "labels": labels,
                },
            ),
            IssueDocument,
        )
        self._made.add(made.number)
        self._note_own(made.user)
        if not is_ours(made):
            raise Refused(
                f"#{made.number} was filed without its labels: the token may not set them. Give "
                f"one that may, and close #{made.number}.",
                is_general=True,
            )
        issue = self._issue(made)
        same = [one for one in self.find((draft.fingerprint,)) if one.is_open]
        first = min(
            (one for one in same if one.fingerprint == draft.fingerprint),
            key=lambda one: one.number,
            default=issue,
        )
        if first.number < made.number:
            self.close_duplicate(issue, first)
            return Created(first, is_new=False)
        return Created(issue, is_new=True)

    def comment(self, issue: Issue, comment: Comment) -> bool:
        """Tell of a sighting; see `Tracker`."""
        if comment.key in self._fresh(issue).keys:
            return False
        marker = SightingMarker(comment.key, comment.fingerprint)
        made = self._say(issue, marked(marker, comment.body))
        told = [
            one.id
            for one, found in self._own_comments(issue)
            if isinstance(found, SightingMarker) and found.key == comment.key
        ]
        if told and told[0] < made.id:
            self._take_back(made.id)
            return False
        return True

    def reopen(self, issue: Issue) -> bool:
        """Open an issue again; see `Tracker`. Where it was resolved counts no longer."""
        document = self._document(issue.number)
        if document.state is State.OPEN:
            return False
        for label in sorted(document.label_names):
            if label.startswith(RESOLVED_PREFIX):
                self._asking.delete(f"{self._path(issue)}/labels/{quote(label, safe='')}")
        self._change(issue, {"state": "open", "state_reason": "reopened"})
        return True

    def adopt(self, issue: Issue, names: Collection[str]) -> bool:
        """Let an issue be found under more fingerprints; see `Tracker`."""
        document = self._document(issue.number)
        body = document.body or ""
        marker = issue_marker(body)
        if marker is None:
            raise Refused(f"#{issue.number} is no longer marked as the gardener's.")
        missing = tuple(sorted(set(names) - marker.names))
        if not missing:
            return False
        labels = [label_of(name) for name in missing]
        self._make_labels(labels)
        # The labels first: an issue that is found without being marked is marked once more.
        self._asking.post(f"{self._path(issue)}/labels", {"labels": labels}, _called(issue))
        known = IssueMarker(marker.fingerprint, (*marker.aliases, *missing), marker.key)
        self._change(issue, {"body": f"{known.line()}\n{without_marker(body)}"})
        return True

    def link(self, issue: Issue, others: Collection[int]) -> bool:
        """Let an issue name related ones; see `Tracker`."""
        return self._link(issue, others, "Related: {}.")

    def close_duplicate(self, issue: Issue, of: Issue) -> bool:
        """Close an issue for which there is an older one; see `Tracker`."""
        if not self._fresh(issue).is_open:
            return False
        self._link(issue, (of.number,), "Duplicate of {}.")
        self._change(issue, {"state": "closed", "state_reason": "duplicate"})
        return True

    def remove_repeats(self, issue: Issue) -> bool:
        """Take back what an issue was told twice; see `Tracker`."""
        repeats = self._fresh(issue).repeats
        for comment in repeats:
            self._take_back(comment)
        return bool(repeats)

    def _link(self, issue: Issue, others: Collection[int], text: str) -> bool:
        missing = tuple(sorted(set(others) - self._fresh(issue).related))
        if not missing:
            return False
        named = ", ".join(f"#{number}" for number in missing)
        self._say(issue, marked(RelatedMarker(missing), text.format(named)))
        return True

    def _listed(self, name: str) -> list[IssueDocument]:
        query = f"labels={GENERAL_LABEL},{label_of(name)}&state=all&per_page={_PER_PAGE}"
        answer = self._asking.all(f"{self._repository}/issues?{query}")
        return [one for one in read(answer, list[IssueDocument]) if is_ours(one)]

    def _document(self, number: int) -> IssueDocument:
        path = f"{self._repository}/issues/{number}"
        document = read(self._asking.get(path, f"#{number}"), IssueDocument)
        if not is_ours(document):
            raise Refused(f"#{number} is no longer labelled and marked as the gardener's.")
        return document

    def _fresh(self, issue: Issue) -> Issue:
        """Look at an issue as it is now."""
        return self._issue(self._document(issue.number))

    def _issue(self, document: IssueDocument) -> Issue:
        comments = self._comments(document.number) if document.comments else []
        return issue_of(document, comments, self._account() if comments else "")

    def _comments(self, number: int) -> list[CommentDocument]:
        path = f"{self._repository}/issues/{number}/comments?per_page={_PER_PAGE}"
        return read(self._asking.all(path, f"#{number}"), list[CommentDocument])

    def _own_comments(
        self, issue: Issue
    ) -> list[tuple[CommentDocument, SightingMarker | RelatedMarker]]:
        authors = authors_of(self._document(issue.number), self._account())
        return ours_among(self._comments(issue.number), authors)

    def _account(self) -> str:
        """Name whose token it is; empty where GitHub does not say, as to an app's token."""
        if self._own is None:
            try:
                self._own = read(self._asking.get("/user", "The account"), Account).login
            except Refused:
                self._own = ""
        return self._own

    def _note_own(self, account: Account | None) -> None:
        """Learn who one is from what one wrote."""
        if not self._own and account is not None:
            self._own = account.login

    def _say(self, issue: Issue, body: str) -> CommentDocument:
        answer: Any = self._asking.post(
            f"{self._path(issue)}/comments", {"body": body}, _called(issue)
        )
        made = read(answer, CommentDocument)
        self._note_own(made.user)
        return made

    def _take_back(self, comment: int) -> None:
        self._asking.delete(f"{self._repository}/issues/comments/{comment}")

    def _change(self, issue: Issue, data: dict[str, str]) -> None:
        self._asking.patch(self._path(issue), data, _called(issue))

    def _make_labels(self, names: Collection[str]) -> None:
        for name in names:
            if name in self._labels:
                continue
            general = name == GENERAL_LABEL
            colour = _GENERAL_COLOUR if general else _PRINT_COLOUR
            says = "Filed from logs by Netra" if general else "Which failure it is, for Netra"
            self._asking.make(
                f"{self._repository}/labels",
                {"name": name, "color": colour, "description": says},
            )
            self._labels.add(name)

    def _path(self, issue: Issue) -> str:
        return f"{self._repository}/issues/{issue.number}"


def _names(document: IssueDocument) -> frozenset[str]:
    marker = issue_marker(document.body or "")
    return marker.names if marker else frozenset()


def _called(issue: Issue) -> str:
    return f"#{issue.number}"
