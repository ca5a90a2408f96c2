"""A handshake without a credential is refused by a real 401, before any socket is open."""

from netra.wire.chat_protocol import CHAT_SUBPROTOCOL
from netra_ops.validation.answer import Answer
from netra_ops.validation.expectation import NO_CREDENTIAL, no_credential
from netra_ops.validation.step import Step, Walk, Wanted, asked, only_answer


def _ask(walk: Walk) -> Answer:
    return only_answer(walk.shake_hands(subprotocols=(CHAT_SUBPROTOCOL,)))


STEP = Step(
    "socket without a token",
    NO_CREDENTIAL,
    asked(_ask, no_credential),
    wanted=Wanted.REFUSED,
)
