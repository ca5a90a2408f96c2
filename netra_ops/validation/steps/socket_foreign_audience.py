"""A handshake with a token that is meant for another service is refused."""

from netra.wire.chat_protocol import CHAT_SUBPROTOCOL, TOKEN_SUBPROTOCOL_PREFIX
from netra_ops.validation.answer import Answer
from netra_ops.validation.expectation import BAD_TOKEN, bad_token
from netra_ops.validation.step import Step, Walk, Wanted, asked, only_answer


def _ask(walk: Walk) -> Answer:
    token = walk.facts.foreign_token.reveal()
    offered = (CHAT_SUBPROTOCOL, TOKEN_SUBPROTOCOL_PREFIX + token)
    return only_answer(walk.shake_hands(subprotocols=offered))


STEP = Step(
    "socket for another audience",
    BAD_TOKEN,
    asked(_ask, bad_token),
    needs=("token for another audience",),
    wanted=Wanted.REFUSED,
)
