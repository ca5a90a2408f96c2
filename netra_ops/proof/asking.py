"""The requests that failed, made again: a thin skin over HTTP and sockets."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Final

from netra.secret import Secret
from netra_ops.diagnosis.signs.tally import Caller
from netra_ops.findings import CouldNotTell
from netra_ops.proof.signature import Again
from netra_ops.validation.answer import Answer, Asker
from netra_ops.validation.auth_service import bearer
from netra_ops.validation.socket import shake_hands
from netra_ops.validation.step import Facts

_PER_ANSWER: Final = 5.0
_KNOWN: Final = frozenset({Caller.USER, Caller.SERVICE})


class Reproduction:
    """What asks again, and counts what comes back.

    Args:
        url: The service.
        asker: Moves requests and answers.
        facts: Whose tokens are used.
    """

    def __init__(self, url: str, asker: Asker, facts: Facts) -> None:
        self._url = url
        self._asker = asker
        self._facts = facts
        self.asked = 0
        self.failed: dict[str, int] = {}

    def ask(self, wanted: Sequence[Again], number: int, on_asked: Callable[[int], None]) -> None:
        """Make so many requests, each of those wanted in turn.

        Args:
            wanted: What to ask.
            number: How many in all.
            on_asked: Told after each how many there were.
        """
        for turn in range(number):
            again = wanted[turn % len(wanted)]
            self._asker.allow(_PER_ANSWER)
            got = self._once(again)
            self.asked += 1
            if got is not None:
                what = f"{again.method} {again.path}: {got}"
                self.failed[what] = self.failed.get(what, 0) + 1
            on_asked(self.asked)

    def _once(self, again: Again) -> str | None:
        """Ask once; say what is wrong with the answer, if anything is."""
        try:
            answer = self._answer(again, self._token(again.caller))
            if answer.status == HTTPStatus.FORBIDDEN and again.caller not in _KNOWN:
                # Nobody could say whose it was: what a person may not, a service may have asked.
                answer = self._answer(again, self._facts.service_token)
        except CouldNotTell as error:
            return str(error)
        return _wrong(again, answer)

    def _answer(self, again: Again, token: Secret) -> Answer:
        headers = bearer(token)
        if again.method == "OPTIONS":
            headers = []
        if again.method != "WEBSOCKET":
            return self._asker.ask(again.method, self._url + again.path, headers=headers)
        opened = shake_hands(self._url, self._asker.time_left(), headers=headers)
        if isinstance(opened, Answer):
            return opened
        with opened:
            return opened.answer

    def _token(self, caller: Caller) -> Secret:
        # Who came without a credential is asked for with one: that it is refused without is
        # what the golden path shows.
        by_caller: Mapping[Caller, Secret] = {Caller.SERVICE: self._facts.service_token}
        return by_caller.get(caller, self._facts.user_token)


def _wrong(again: Again, answer: Answer) -> str | None:
    """Say what is wrong: it is answered as when it failed, or by an error of the server."""
    if answer.status in again.statuses or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return str(answer.status)
    refused = answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    return str(answer.status) if refused else None
