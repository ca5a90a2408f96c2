"""What the ledger records: one type for each thing that happens to a revision. Pure.

A record never holds a value of a variable: a fingerprint has a form of its own, and what has
another form is refused without being shown.

    Deploy      a revision is made, without traffic; begins a rollout
    Judgement   something was judged of a revision, with every outcome
    Traffic     who serves which share from now on
    Override    a person let something pass that the gate did not
    Rollback    a revision is left for another; begins a rollout where none is open
    Promotion   a revision stays; ends its rollout
    End         a rollout ended otherwise
"""

import re
from enum import StrEnum
from typing import Final

import msgspec

from netra.principal import is_service_id
from netra_ops.findings import Outcome, Verdict, verdict_of

LONGEST_TEXT: Final = 4000
WHOLE: Final = 100
"""Shares of traffic are whole percents, and all of them together are this."""

_FINGERPRINT: Final = re.compile(r"(?:hmac-)?sha256:[0-9a-f]{16,64}")
_KEY: Final = re.compile(r"[0-9a-f]{16}")
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_REVISION: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,126}[a-z0-9])?")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_SECRET: Final = re.compile(r"(?:projects/[a-z0-9-]{1,63}/secrets/)?[A-Za-z][A-Za-z0-9_-]{0,254}")
_VERSION: Final = re.compile(r"latest|[0-9]{1,18}")
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_SCHEMA: Final = re.compile(r"[0-9]{4}")
_CODE: Final = re.compile(r"(?!.*://)[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,511}")
_ROLLOUT: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def is_fingerprint(text: str) -> bool:
    """Tell whether a text has the form of a fingerprint, `sha256:` or `hmac-sha256:` and digits."""
    return _FINGERPRINT.fullmatch(text) is not None


class Stage(StrEnum):
    """What was judged."""

    RULES = "rules"
    """The candidate's configuration."""
    PROBES = "probes"
    """The golden path on the revision itself."""
    TRAFFIC = "traffic"
    """What the revision does with its share."""
    BAKE = "bake"
    """What it does with all of it."""


class Ending(StrEnum):
    """How a rollout ends that does not end in a promotion."""

    REFUSED = "refused"
    ROLLED_BACK = "rolled_back"
    ABANDONED = "abandoned"


class Actor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who did it.

    Attributes:
        person: A person, or the service that did it for them.
        origin: Where from: a command and a machine, a pipeline and its run.
    """

    person: str
    origin: str

    def __post_init__(self) -> None:
        _need(_is_text(self.person) and _is_text(self.origin), "An actor is who, and where from.")


class Setting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One variable of a revision; never its value.

    Attributes:
        fingerprint: Of its value; None where it is not known, as of a secret nobody resolved.
        nearly: By a word for each way of writing a value otherwise, the fingerprint of what the
            value is without it, where that differs; None where it was not recorded (format 1).
        distinctive: Whether two variables hardly have this value by chance; False where it was not
            recorded. Nothing else is said of how long it is.
        secret: The name of the secret it refers to; None for a plain variable.
        version: The version of the secret that it refers to, a number or `latest`.
        resolved: The number of the version that was found there, where known.
    """

    fingerprint: str | None = None
    nearly: dict[str, str] | None = None
    distinctive: bool = False
    secret: str | None = None
    version: str | None = None
    resolved: str | None = None

    def __post_init__(self) -> None:
        _need_form(self.fingerprint, _FINGERPRINT, "A fingerprint is sha256: and hex digits.")
        _need_form(self.secret, _SECRET, "A secret is referred to by its name.")
        _need_form(self.version, _VERSION, "A secret's version is a number or latest.")
        _need_form(self.resolved, _NUMBER, "A secret's resolved version is a number.")
        for word, fingerprint in (self.nearly or {}).items():
            _need_form(word, _WORD, "A way of writing a value is named by a word.")
            _need_form(fingerprint, _FINGERPRINT, "A fingerprint is sha256: and hex digits.")
        is_seen = self.fingerprint is not None
        is_described = self.nearly is not None or self.distinctive
        _need(is_seen or not is_described, "Only what has a fingerprint is told more of.")
        _need(is_seen or self.secret is not None, "A setting says something.")
        has_version = self.version is not None
        _need(has_version == (self.secret is not None), "A secret, and only that, has a version.")
        _need(has_version or self.resolved is None, "Only a secret's version is resolved.")


class _Record(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"
):
    """What every record says.

    Attributes:
        service: Of which service.
        revision: Of which revision.
        actor: Who did it.
        reason: Why.
        rollout: As part of which rollout; None for what stands alone.

    Raises:
        ValueError: Something in it has another form than it must; the text never shows it.
    """

    service: str
    revision: str
    actor: Actor
    reason: str
    rollout: str | None = None

    def __post_init__(self) -> None:
        _need(is_service_id(self.service), "A record names a service.")
        _need_form(self.revision, _REVISION, "A record names a revision.")
        _need(_is_text(self.reason), f"A record has a reason of at most {LONGEST_TEXT} letters.")
        _need_form(self.rollout, _ROLLOUT, "A rollout's id is lower case letters and digits.")
        if isinstance(self, Deploy | Rollback | Promotion | End):
            _need(self.rollout is not None, "This record belongs to a rollout.")


class Deploy(_Record, tag="deploy", frozen=True, kw_only=True):
    """A revision is made, without traffic. Recorded before it is, so that none is unknown.

    Attributes:
        code: What it runs: an image with its digest, or a code id.
        settings: Its configuration by the names of the variables.
        key: Which key the fingerprints are made with, by its id; None where it was not recorded
            (format 1).
        form: How the configuration was written, by a word; None where it was not recorded.
        schema: The version of the store's schema that its code was made for, where known.
        store_schema: The version the store was at, where known.
    """

    code: str
    settings: dict[str, Setting]
    key: str | None = None
    form: str | None = None
    schema: str | None = None
    store_schema: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _need_form(self.code, _CODE, "Code is named by an image or an id, not by a URL.")
        for name in self.settings:
            _need_form(name, _VARIABLE, "A setting is named by its variable.")
        _need_form(self.key, _KEY, "A key is named by its id.")
        _need_form(self.form, _WORD, "A form is named by a word.")
        for version in (self.schema, self.store_schema):
            _need_form(version, _SCHEMA, "A schema's version is four digits.")


class Judgement(_Record, tag="judgement", frozen=True, kw_only=True):
    """Something was judged of the revision.

    Attributes:
        stage: What was looked at.
        verdict: The worst of the outcomes that count.
        outcomes: All of them.
        candidate: A fingerprint of the code and the configuration that were judged, by which the
            same again is known; None where it was not made.
    """

    stage: Stage
    verdict: Verdict
    outcomes: tuple[Outcome, ...]
    candidate: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _need_form(self.candidate, _FINGERPRINT, "A candidate is known by a fingerprint.")
        _need(self.verdict is verdict_of(self.outcomes), "The verdict is that of its outcomes.")
        same = all(outcome.finding.revision == self.revision for outcome in self.outcomes)
        _need(same, "Every outcome is about the revision that was judged.")

    @property
    def proves(self) -> bool:
        """Whether the revision passed its probes, with nothing waived."""
        return (
            self.stage is Stage.PROBES
            and self.verdict is Verdict.PASS
            and all(outcome.counts for outcome in self.outcomes)
        )

    @property
    def disproves(self) -> bool:
        """Whether the revision did not pass its probes, whatever was waived."""
        return self.stage is Stage.PROBES and any(
            outcome.finding.verdict is Verdict.FAIL for outcome in self.outcomes
        )


class Traffic(_Record, tag="traffic", frozen=True, kw_only=True):
    """From now on these revisions serve.

    Attributes:
        split: Whole percents by revision, 100 together; empty where nothing serves.
    """

    split: dict[str, int]

    def __post_init__(self) -> None:
        super().__post_init__()
        for revision in self.split:
            _need_form(revision, _REVISION, "A share belongs to a revision.")
        shares = self.split.values()
        _need(all(share > 0 for share in shares), "A share is above 0 %.")
        _need(not self.split or sum(shares) == WHOLE, "Shares are 100 % together.")


class Override(_Record, tag="override", frozen=True, kw_only=True):
    """A person let the revision go on in spite of the gate.

    Attributes:
        stage: At what it was stopped; None where the gate itself could not run.
    """

    stage: Stage | None = None


class Rollback(_Record, tag="rollback", frozen=True, kw_only=True):
    """Back to `revision`.

    Attributes:
        left: The revision that is left, and no longer proven.
    """

    left: str

    def __post_init__(self) -> None:
        super().__post_init__()
        _need_form(self.left, _REVISION, "A rollback names the revision that is left.")
        _need(self.left != self.revision, "A rollback goes to another revision.")


class Promotion(_Record, tag="promotion", frozen=True, kw_only=True):
    """The revision stays. It is proven by this only if it passed its probes before."""


class End(_Record, tag="end", frozen=True, kw_only=True):
    """The rollout of the revision ended.

    Attributes:
        ending: How.
    """

    ending: Ending


Record = Deploy | Judgement | Traffic | Override | Rollback | Promotion | End


def _need(is_so: bool, else_say: str) -> None:  # noqa: FBT001 - the condition is the point
    if not is_so:
        raise ValueError(else_say)


def _need_form(text: str | None, form: re.Pattern[str], else_say: str) -> None:
    _need(text is None or form.fullmatch(text) is not None, else_say)


def _is_text(text: str) -> bool:
    """Tell whether there is something to read, in letters that can be written."""
    if not text.strip() or len(text) > LONGEST_TEXT:
        return False
    return not any("\ud800" <= letter <= "\udfff" for letter in text)
