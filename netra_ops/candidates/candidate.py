"""What a service would be started with: its variables and how it is deployed, from any source.

How each form of it is written is known in `netra_ops.candidates.forms`.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from netra.secret import Secret
from netra_ops.findings import printable

_LONGEST_NAME: Final = 80
_NOT_SHOWN: Final = "(a name that may be a part of a value)"
_SECRET_NAME: Final = re.compile(r"(?:projects/[A-Za-z0-9.:-]+/secrets/)?[A-Za-z0-9_-]{1,255}")
_LIKE_A_VALUE: Final = re.compile(
    r"(?=.{16})(?:(?=.*[a-z])(?=.*[A-Z])|(?=.*[0-9])[0-9a-fA-F]+\Z|[^A-Za-z_]*[a-z]+[0-9]+[a-z0-9]+\Z)",
    re.DOTALL,
)


class Form(StrEnum):
    """How a configuration is written."""

    ENV_FILE = "env file"
    KNATIVE = "Cloud Run service (v1)"
    CLOUD_RUN = "Cloud Run service (v2)"

    @property
    def refers(self) -> bool:
        """Tell whether secrets belong into a store beside it, to which it refers."""
        return self is not Form.ENV_FILE


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands; the line is None where it is about the whole file."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Reference:
    """A value that stands elsewhere.

    Attributes:
        store: `secret` for a store of secrets, `file` for a file on the machine it will run on,
            or what else the document names.
        name: The secret's name, as it is written; empty where the document gives none.
        version: The secret's version, or None.
        project: The project of what refers to it, which a name without one means; empty where the
            document does not say.
        resolved: The number of the version that was found there, where somebody looked; the same
            reference all the same.
    """

    store: str
    name: str = ""
    version: str | None = None
    project: str = ""
    resolved: str | None = field(default=None, compare=False)

    @property
    def is_secret(self) -> bool:
        """Tell whether it leads to a store of secrets."""
        return self.store == "secret"

    @property
    def secret(self) -> str:
        """Give the secret's name without its project."""
        return self.name.rpartition("/")[2]

    @property
    def has_possible_name(self) -> bool:
        """Tell whether a secret can be called that."""
        return _SECRET_NAME.fullmatch(self.name) is not None

    @property
    def of_project(self) -> str:
        """Give the secret's project by its number or id; empty where nothing says it."""
        parts = self.name.split("/")
        return parts[1] if parts[0] == "projects" and len(parts) > 1 else self.project

    @property
    def is_pinned(self) -> bool:
        """Tell whether it names one version, which never becomes another."""
        return self.version is not None and self.version.isascii() and self.version.isdigit()

    def __str__(self) -> str:
        version = "" if not self.version else f", version {shown_name(self.version)}"
        if not self.name:
            return self.store
        if not self.has_possible_name:
            return f"the {self.store} {_NOT_SHOWN}{version}"
        path, slash, name = self.name.rpartition("/")
        return f"the {self.store} {path}{slash}{shown_name(name)}{version}"


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable as a configuration sets it: to a value, or to what a reference gives."""

    name: str
    place: Place
    value: Secret | None = None
    reference: Reference | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in a configuration that can be seen to be wrong without a contract.

    Attributes:
        name: The variable it is about; empty where it is about the whole.
        says: What is wrong, in words that continue the name.
        fix: What to do, as a sentence.
        place: Where.
        is_certain: Whether it is wrong, and not only out of sight.
    """

    name: str
    says: str
    fix: str
    place: Place
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class Deployment:
    """Who may reach a deployed service, and as whom it runs; None where the form does not say."""

    ingress: str | None = None
    service_account: str | None = None
    audiences: tuple[str, ...] | None = None
    invoker: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One service's configuration as one source gives it.

    Attributes:
        name: What the source calls the service; None where it does not say.
        form: How it is written.
        place: Where it stands.
        settings: The variables it sets, each once.
        faults: What is wrong with it as it is written.
        deployment: How it is deployed, or None where the form says nothing of it.
    """

    name: str | None
    form: Form
    place: Place
    settings: tuple[Setting, ...]
    faults: tuple[Fault, ...] = ()
    deployment: Deployment | None = field(default=None)

    def setting(self, *names: str) -> Setting | None:
        """Find the first of some variables that is set."""
        by_name = {setting.name: setting for setting in self.settings}
        return next((by_name[name] for name in names if name in by_name), None)


def shown_name(name: str) -> str:
    """Write a variable's or a secret's name for people, unless it looks like a piece of a value.

    In a file that is broken in the right place, a line of a key reads like a name, and a value can
    stand where the name of a secret should.
    """
    if len(name) > _LONGEST_NAME or _LIKE_A_VALUE.match(name):
        return _NOT_SHOWN
    return printable(name)
