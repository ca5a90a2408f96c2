"""What came back from a probe that failed, where it says why: bodies speak as logs do. Pure.

Only of what a service depends on and is built of: a probe's own credential may be as bad as it was
meant to be, and what is said of that says nothing of others.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.tried.attempt import End, Tried, told
from netra_ops.diagnosis.observing.wording import counted, listed, observation
from netra_ops.diagnosis.signs.meaning import Lexicon
from netra_ops.diagnosis.signs.records.called import called
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Called

_SAID: Final = (
    (Fact.DATABASE_SILENT, Sign.DATABASE_SILENT, "the database did not answer"),
    (Fact.DATABASE_PASSWORD_REFUSED, Sign.DATABASE_PASSWORD, "the database refused the service"),
    (Fact.POOL_EXHAUSTED_SAID, Sign.POOL_EXHAUSTED, "no connection of the pool was free"),
    (Fact.BREAKER_OPEN_SAID, Sign.BREAKER_OPEN, "a circuit breaker is open"),
    (Fact.SESSION_MIDDLEWARE_SAID, Sign.SESSION_MIDDLEWARE, "a session was never installed"),
    (Fact.ORIGIN_REFUSED_SAID, Sign.ORIGIN_REFUSED, "an origin was refused"),
    (Fact.SUBPROTOCOL_SAID, Sign.SUBPROTOCOL, "a handshake failed over its subprotocol"),
    (Fact.UPGRADE_MISSING, Sign.UPGRADE_MISSING, "a handshake came without what makes it one"),
)
_SWITCHED: Final = 101
_NOT_ACCEPTABLE: Final = 4406
"""`Subprotocol not acceptable` of graphql-ws, which others took over."""
_HEADER: Final = "sec-websocket-protocol"
_CALLS: Final = frozenset(
    {Sign.CONNECTION_REFUSED, Sign.TIMED_OUT, Sign.HOST_UNKNOWN, Sign.DEPENDENCY_FAILED}
)
_MEMBER: Final = re.compile(r"\"([\w .-]{1,60})\"\s*:\s*\"?([\w .:-]{1,120})\"?")
_BREAKER: Final = re.compile(r"circuit|breaker", re.IGNORECASE)
_IS_OPEN: Final = re.compile(r"\b(?:state|status) is open\b|=open\b", re.IGNORECASE)


def words(scene: Scene, tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe what failed probes were told of the service's own troubles."""
    lexicon = Lexicon()
    said = [(one, _signs(one, lexicon)) for one in tried if one.is_ok is False and not one.is_auth]
    for fact, sign, what in _SAID:
        telling = [one for one, signs in said if sign in signs]
        if telling:
            yield observation(
                fact,
                f"{counted(len(telling), 'failed probe')} "
                f"({listed([one.probe.name for one in telling])}) got the answer that {what}.",
                [one.where for one in telling],
                time=telling[0].probe.time,
                service=scene.service,
            )


def _signs(one: Tried, lexicon: Lexicon) -> set[Sign]:
    text = _MEMBER.sub(r"\1 is \2;", told(one.probe))
    found = {meaning.sign for meaning in lexicon.meanings(text)}
    if _BREAKER.search(f"{one.text} {text}") and _IS_OPEN.search(text):
        found.add(Sign.BREAKER_OPEN)
    if one.is_socket and _came_without_subprotocol(one):
        found.add(Sign.SUBPROTOCOL)
    is_silent = one.is_database and one.end is End.SILENT
    if is_silent or (found & _CALLS and called(text)[0] is Called.DATABASE):
        found.add(Sign.DATABASE_SILENT)
    return found


def _came_without_subprotocol(one: Tried) -> bool:
    """Tell whether a socket was opened and its subprotocol was not the one that was expected.

    It was closed for that, or its handshake was to name one and named none.
    """
    got = one.probe.got
    if got is None or one.status != _SWITCHED:
        return False
    is_unnamed = _HEADER in one.probe.expect.lower() and _HEADER not in got.headers
    return got.close_code == _NOT_ACCEPTABLE or is_unnamed
