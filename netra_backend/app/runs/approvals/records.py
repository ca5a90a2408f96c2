"""What is recorded of a question whether a tool may be used, and of its answer. Pure.

Who may answer is decided in `service`; when a run asks and waits, in `journal`.
"""

import hashlib
from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

import msgspec

from netra.wire.chat_protocol import RefusalReason

ASK: Final = "ask:"
"""The keys of the steps that record questions begin with it; an agent's own never do."""
ANSWERED: Final = ":answered"
"""The keys of the events of answers end with it."""
_ANSWER: Final = "answer:"
_NEEDED: Final = ":needed"
_EVENT: Final = "approval:"

NOT_APPROVED: Final = MappingProxyType(
    {
        RefusalReason.REFUSED: "The person refused this, so it was not done.",
        RefusalReason.EXPIRED: "The person did not answer in time, so it was not done.",
        RefusalReason.ENDED: "It was not approved, so it was not done.",
    }
)
"""What an agent is told; a language model reads it as the tool's answer."""


class Ask(msgspec.Struct, frozen=True):
    """A question: the run waits for an answer to it.

    Attributes:
        approval_id: Its id.
        call: The use of a tool it is about, by the key of that step.
        digest: Of the tool's name and its arguments, whole: nothing else may be done after a yes.
        until: Microseconds since the epoch; without an answer by then it counts as refused.
    """

    approval_id: str
    call: str
    digest: str
    until: int


class Answer(msgspec.Struct, frozen=True):
    """The one answer to a question; without a reason it is a yes."""

    refusal: RefusalReason | None = None

    @property
    def approves(self) -> bool:
        """Whether it is a yes."""
        return self.refusal is None


def ask_key(approval_id: str) -> str:
    """Name the step that records a question."""
    return f"{ASK}{approval_id}"


def answer_key(approval_id: str) -> str:
    """Name the step that records the answer: a run has it once, whoever writes it."""
    return f"{_ANSWER}{approval_id}"


def needed_key(approval_id: str) -> str:
    """Name the event of a question within its run."""
    return f"{_EVENT}{approval_id}{_NEEDED}"


def answered_key(approval_id: str) -> str:
    """Name the event of an answer, yes or no, within its run."""
    return f"{_EVENT}{approval_id}{ANSWERED}"


def open_question(event_key: str) -> str | None:
    """Give the id of the question that an event of this key asks, if it asks one."""
    if not (event_key.startswith(_EVENT) and event_key.endswith(_NEEDED)):
        return None
    return event_key.removeprefix(_EVENT).removesuffix(_NEEDED)


def digest_of(tool_name: str, arguments: bytes) -> str:
    """Give the digest of a tool's name and its arguments as JSON."""
    return hashlib.sha256(tool_name.encode() + b"\x00" + arguments).hexdigest()


def ask_of(call: str, written: Iterable[str]) -> Ask | None:
    """Find the question about a call among those that are recorded."""
    asks = (msgspec.json.decode(one, type=Ask) for one in written)
    return next((ask for ask in asks if ask.call == call), None)
