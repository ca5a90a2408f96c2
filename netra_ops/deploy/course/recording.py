"""Writes records of one rollout: who, why, and a configuration without its values. Pure."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from netra_ops.candidates.candidate import Reference
from netra_ops.candidates.fingerprints.prints import Prints
from netra_ops.candidates.fingerprints.record import ConfigurationRecord, RecordedSetting
from netra_ops.gate.decision import Decision
from netra_ops.ledger.records import (
    Actor,
    Deploy,
    End,
    Ending,
    Judgement,
    Override,
    Promotion,
    Rollback,
    Setting,
    Stage,
    Traffic,
)

_KEYED: Final = "hmac-sha256:"
_SECRET: Final = re.compile(r"(?:projects/[a-z0-9-]{1,63}/secrets/)?[A-Za-z][A-Za-z0-9_-]{0,254}")
_VERSION: Final = re.compile(r"latest|[0-9]{1,18}")
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


@dataclass(frozen=True, slots=True)
class Recorder:
    """Makes the records of one rollout.

    Attributes:
        service: Of which service.
        actor: Who does it.
        reason: Why.
        rollout: The rollout's id.
    """

    service: str
    actor: Actor
    reason: str
    rollout: str

    def made(
        self,
        revision: str,
        code: str,
        configuration: ConfigurationRecord,
        *,
        schema: str | None = None,
        store_schema: str | None = None,
    ) -> Deploy:
        """Record that a revision is made."""
        return Deploy(
            **self._common(revision),
            code=code,
            settings=settings_of(configuration),
            key=configuration.key_id,
            form=configuration.form.name.lower(),
            schema=schema,
            store_schema=store_schema,
        )

    def judged(self, stage: Stage, decision: Decision, candidate: str | None = None) -> Judgement:
        """Record a decision, with all that speaks for and against it."""
        return Judgement(
            **self._common(decision.revision),
            stage=stage,
            verdict=decision.verdict,
            outcomes=decision.outcomes,
            candidate=candidate,
        )

    def traffic(self, revision: str, split: Mapping[str, int], why: str = "") -> Traffic:
        """Record who serves from now on."""
        return Traffic(**self._common(revision, why), split=dict(split))

    def override(self, revision: str, stage: Stage | None, why: str) -> Override:
        """Record that a person let it go on."""
        return Override(**self._common(revision, why), stage=stage)

    def back(self, revision: str, left: str, why: str = "") -> Rollback:
        """Record that a revision is left for another."""
        return Rollback(**self._common(revision, why), left=left)

    def promoted(self, revision: str) -> Promotion:
        """Record that it stays."""
        return Promotion(**self._common(revision))

    def ended(self, revision: str, ending: Ending, why: str = "") -> End:
        """Record how the rollout ended."""
        return End(**self._common(revision, why), ending=ending)

    def _common(self, revision: str, why: str = "") -> dict[str, Any]:
        return {
            "service": self.service,
            "revision": revision,
            "actor": self.actor,
            "reason": why or self.reason,
            "rollout": self.rollout,
        }


def candidate_print(code: str, configuration: ConfigurationRecord) -> str:
    """Give a fingerprint of code and configuration; the same again has the same."""
    digest = hashlib.sha256()
    for part in (configuration.key_id, code, *map(_line, configuration.settings)):
        digest.update(len(part.encode()).to_bytes(8, "big"))
        digest.update(part.encode())
    return f"{_KEYED}{digest.hexdigest()}"


def settings_of(configuration: ConfigurationRecord) -> dict[str, Setting]:
    """Give the variables as a ledger keeps them.

    What is neither seen nor taken from a store of secrets has nothing that could be kept of it.
    """
    found = ((one.name, _setting(one)) for one in configuration.settings)
    return {name: made for name, made in found if made and _VARIABLE.fullmatch(name)}


def _setting(one: RecordedSetting) -> Setting | None:
    seen = _seen(one.prints) if one.prints else {}
    if (reference := one.reference) and (named := _secret(reference)):
        number = reference.resolved
        resolved = number if number and _NUMBER.fullmatch(number) else None
        return Setting(**seen, secret=named[0], version=named[1], resolved=resolved)
    return Setting(**seen) if seen else None


def _seen(prints: Prints) -> dict[str, Any]:
    return {
        "fingerprint": f"{_KEYED}{prints.exact}",
        "nearly": {word: f"{_KEYED}{one}" for word, one in prints.nearly.items()},
        "distinctive": prints.distinctive,
    }


def _secret(reference: Reference) -> tuple[str, str] | None:
    if not reference.is_secret or reference.version is None:
        return None
    name = reference.name
    if not _SECRET.fullmatch(name):
        name = name.rpartition("/")[2]
    if not (_SECRET.fullmatch(name) and _VERSION.fullmatch(reference.version)):
        return None
    return name, reference.version


def _line(one: RecordedSetting) -> str:
    exact = one.prints.exact if one.prints else ""
    return "\0".join((one.name, exact, str(one.reference or "")))
