"""What is known of a revision: what runs in it, as whom, with which variables. Pure.

How the two forms of the platform's documents are read lives beside this module.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from netra_ops.evidence.records.fingerprints import bare, is_fingerprint

LATEST: Final = "latest"
_NUMBERED: Final = re.compile(r"-(\d{5})-[a-z0-9]{3}$")


class Kind(StrEnum):
    """Where a variable's value comes from."""

    PLAIN = "plain"
    SECRET = "secret"  # noqa: S105 - a kind of variable
    ELSEWHERE = "elsewhere"
    """From a source that the platform does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable of a revision.

    Attributes:
        where: Its evidence reference.
        name: Its name.
        kind: Where its value comes from.
        value: Of a plain one, its value, or the fingerprint that stands for it; never shown.
        secret: Of a secret one, the secret's id without its project.
        version: Of a secret one, the version as it is written: a number, `latest`, or None.
        project: Of a secret one, the secret's project where it is named.
    """

    where: str
    name: str
    kind: Kind
    value: str | None = field(default=None, repr=False)
    secret: str | None = None
    version: str | None = None
    project: str | None = None

    @property
    def fingerprint(self) -> str | None:
        """The fingerprint that stands for its value, as `Prints` has them; None if it is shown."""
        if self.value is None or not is_fingerprint(self.value):
            return None
        return bare(self.value)

    @property
    def is_pinned(self) -> bool:
        """Whether it names one version of its secret by number."""
        return self.version is not None and self.version.isascii() and self.version.isdigit()


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What the platform says of a revision's state.

    Attributes:
        where: Its evidence reference.
        type: What it is about: `Ready`, `ContainerHealthy`, `ResourcesAvailable` and the like.
        status: `True`, `False` or `Unknown`.
        reason: A word of the platform.
        message: The platform's sentence.
        time: Since when, nanoseconds.
    """

    where: str
    type: str
    status: str
    reason: str = ""
    message: str = ""
    time: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A revision, as a document of the platform tells it.

    Attributes:
        where: The document's evidence reference.
        service: Of which service.
        name: Its name; the service's where the document does not say.
        created: When, nanoseconds. Of a service's document: when that was last changed.
        generation: Its number among the revisions of its service, by its name or its label.
        is_service: Whether the document is of a service, and this is what it would start.
        is_bare: Whether the document names no container, and only says who may reach the service.
        image: What it runs.
        ready: Whether it became ready; None where the document does not say.
        conditions: All that is said of its state.
        service_account: As whom it runs.
        ingress: From where it can be reached, in the words of the older form.
        audiences: For whom tokens may be besides, that the platform lets pass.
        invoker: `anyone` where the platform asks nobody; None where the document does not say.
        timeout_seconds: How long a request, or a socket, may take.
        concurrency: How many requests an instance is given at a time.
        labels: As they are.
        annotations: As they are, without copies of the whole document.
        command: What is started, where that is not the image's own.
        args: With what.
        variables: In the order in which they stand there.
        reached: The evidence reference of the document that says who may reach the service, where
            that is another one.
    """

    where: str
    service: str
    name: str
    created: int | None = None
    generation: int | None = None
    is_service: bool = False
    is_bare: bool = False
    image: str = ""
    ready: Condition | None = None
    conditions: tuple[Condition, ...] = ()
    service_account: str | None = None
    ingress: str | None = None
    audiences: tuple[str, ...] | None = None
    invoker: str | None = None
    timeout_seconds: int | None = None
    concurrency: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict, repr=False)
    annotations: Mapping[str, str] = field(default_factory=dict, repr=False)
    command: tuple[str, ...] = field(default=(), repr=False)
    args: tuple[str, ...] = field(default=(), repr=False)
    variables: tuple[Variable, ...] = ()
    reached: str | None = None

    @property
    def commit(self) -> str | None:
        """The commit it was built from, where a label or annotation names it."""
        return self._named(_COMMITS)

    @property
    def client(self) -> str | None:
        """The program it was deployed with, where a label or annotation names it."""
        return self._named(_CLIENTS)

    def variable(self, name: str) -> Variable | None:
        """Find a variable; of one that stands twice the last, which is what a process is given."""
        return next((one for one in reversed(self.variables) if one.name == name), None)

    def _named(self, names: tuple[str, ...]) -> str | None:
        for name in names:
            found = self.annotations.get(name) or self.labels.get(name)
            if found:
                return found
        return None


_COMMITS: Final = (
    "commit-sha",
    "commit_sha",
    "commit",
    "git-sha",
    "git_sha",
    "git-commit",
    "gcb-commit-sha",
    "org.opencontainers.image.revision",
    "vcs-ref",
)
_CLIENTS: Final = ("run.googleapis.com/client-name", "client")


def number_in(name: str) -> int | None:
    """Give a revision's number among those of its service, which its name has at its end."""
    found = _NUMBERED.search(name)
    return int(found[1]) if found else None


def service_in(name: str) -> str:
    """Give the service that a revision's name begins with; the name itself if it has no number."""
    return _NUMBERED.sub("", name) or name
