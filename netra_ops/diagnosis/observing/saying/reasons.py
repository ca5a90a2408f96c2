"""What programs say of failing requests, and what they would have said and did not. Pure.

Who gives reasons, and gives others, says that those that are not given were not.
"""

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final, NamedTuple

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.framing.telling import absent, several
from netra_ops.diagnosis.observing.saying.heard import Heard, heard
from netra_ops.diagnosis.observing.saying.sentences import told
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.signs.sign import Sign

FEWEST: Final = 3
"""With fewer failures than this nothing is said of what was not said."""
ENOUGH: Final = 5
_ASIDE: Final = 0.2
SHARE: Final = 0.8
"""What part of the failures must come with a reason for the silence to tell."""


class Reason(NamedTuple):
    """A fact that lines of failing requests show."""

    fact: Fact
    signs: tuple[Sign, ...]
    says: str


REASONS: Final = (
    Reason(
        Fact.SIGNATURE_REFUSED,
        (Sign.SIGNATURE_REFUSED,),
        "a token's signature did not fit the key",
    ),
    Reason(Fact.TOKEN_EXPIRED, (Sign.TOKEN_EXPIRED,), "a token was refused as expired"),
    Reason(
        Fact.TOKEN_TOO_EARLY,
        (Sign.TOKEN_TOO_EARLY,),
        "a token was refused as not yet valid",
    ),
    Reason(Fact.CLOCKS_DIFFER, (Sign.CLOCK_DIFFERS,), "a clock was said, or seen, to be wrong"),
    Reason(Fact.ISSUER_REFUSED, (Sign.ISSUER_REFUSED,), "a token's issuer was refused"),
    Reason(Fact.AUDIENCE_REFUSED, (Sign.AUDIENCE_REFUSED,), "a token's audience was refused"),
    Reason(
        Fact.KEY_ID_UNKNOWN,
        (Sign.KEY_ID_UNKNOWN,),
        "a token named a key that the verifier did not have",
    ),
    Reason(
        Fact.SUBJECT_NOT_TEXT,
        (Sign.CLAIM_TYPE_REFUSED,),
        "a claim was refused for its type",
    ),
    Reason(Fact.TOKEN_REVOKED, (Sign.TOKEN_REVOKED,), "a token or session had been ended"),
    Reason(Fact.REFRESH_REUSED, (Sign.REFRESH_REUSED,), "a refresh token came a second time"),
    Reason(
        Fact.CREDENTIAL_MISSING,
        (Sign.CREDENTIAL_MISSING,),
        "there was no credential at all",
    ),
    Reason(
        Fact.CLIENT_REFUSED,
        (Sign.CLIENT_REFUSED, Sign.CLIENT_UNKNOWN, Sign.CLIENT_SECRET_WRONG),
        "the auth service refused a client's own credential",
    ),
    Reason(
        Fact.WORKLOAD_KEY_REFUSED,
        (Sign.WORKLOAD_KEY_REFUSED,),
        "the platform refused the workload's own key",
    ),
    Reason(Fact.KEY_UNREADABLE, (Sign.KEY_UNREADABLE,), "a key could not be parsed"),
    Reason(
        Fact.HEADER_ILLEGAL,
        (Sign.HEADER_ILLEGAL,),
        "a value could not stand in a header",
    ),
    Reason(
        Fact.SESSION_MIDDLEWARE_SAID,
        (Sign.SESSION_MIDDLEWARE,),
        "a session was used that was never installed",
    ),
    Reason(
        Fact.CERTIFICATE_EXPIRED_SAID,
        (Sign.CERTIFICATE_EXPIRED,),
        "a certificate was refused as expired",
    ),
    Reason(Fact.DATABASE_SILENT, (Sign.DATABASE_SILENT,), "the database did not answer"),
    Reason(
        Fact.DATABASE_PASSWORD_REFUSED,
        (Sign.DATABASE_PASSWORD,),
        "the database refused the service's name or password",
    ),
    Reason(
        Fact.POOL_EXHAUSTED_SAID,
        (Sign.POOL_EXHAUSTED, Sign.POOL_WAITED),
        "no connection of the pool was free in time",
    ),
    Reason(
        Fact.BREAKER_OPEN_SAID,
        (Sign.BREAKER_OPEN,),
        "a circuit breaker was open",
    ),
    Reason(
        Fact.UPGRADE_MISSING,
        (Sign.UPGRADE_MISSING,),
        "a handshake came without what makes it one",
    ),
    Reason(Fact.SUBPROTOCOL_SAID, (Sign.SUBPROTOCOL,), "a handshake failed over its subprotocol"),
    Reason(Fact.ORIGIN_REFUSED_SAID, (Sign.ORIGIN_REFUSED,), "an origin was refused"),
    Reason(
        Fact.PLATFORM_REFUSED_CALLER,
        (Sign.PLATFORM_REFUSED,),
        "the platform refused the caller in its own words",
    ),
    Reason(
        Fact.CODE_ERROR,
        (Sign.CODE_ERROR,),
        "the project's own code failed",
    ),
)
_OF_CLIENTS: Final = (
    Reason(
        Fact.AUDIT_UNKNOWN_CLIENT,
        (Sign.CLIENT_UNKNOWN,),
        "a client was refused as unknown or disabled",
    ),
    Reason(
        Fact.AUDIT_WRONG_SECRET,
        (Sign.CLIENT_SECRET_WRONG,),
        "a client was refused for a wrong secret",
    ),
)
"""What is rarely told to callers: that it is not said is no sign that it is not so."""
_LEAVES_OPEN: Final = MappingProxyType({Fact.CERTIFICATE_EXPIRED_SAID: (Sign.CERTIFICATE_REFUSED,)})
"""What may be behind what is said: a certificate that is refused may be so as expired."""
_TELLING: Final = frozenset(sign for one in REASONS for sign in one.signs) | {
    Sign.CONNECTION_REFUSED,
    Sign.HOST_UNKNOWN,
    Sign.TIMED_OUT,
    Sign.NOT_JSON,
    Sign.DEPENDENCY_FAILED,
    Sign.NOT_CONFIGURED,
    Sign.VALUE_EMPTY,
    Sign.TOKEN_MALFORMED,
    Sign.PASSWORD_WRONG,
    Sign.CERTIFICATE_REFUSED,
}


def observed(scene: Scene) -> Iterator[Observation]:
    """Give what was said in failing requests, and what was not though reasons were given."""
    reasoned = with_reasons(scene)
    all_found = [(one, heard(scene, one.signs)) for one in REASONS]
    said = [found for _, found in all_found if found.lines and not found.is_usual]
    for one, found in all_found:
        if found in said:
            if not is_aside(found, said) and not _may_be_the_database(scene, found):
                yield told(one.fact, found, one.says)
        elif (
            reasoned is not None
            and one.fact is not Fact.CLOCKS_DIFFER
            and not heard(scene, _LEAVES_OPEN.get(one.fact, ())).lines
        ):
            yield _not_said(one, found, reasoned)
    for one in _OF_CLIENTS:
        found = heard(scene, one.signs)
        if found.lines and not found.is_usual and not is_aside(found, said):
            yield told(one.fact, found, one.says)


def _may_be_the_database(scene: Scene, found: Heard) -> bool:
    """Tell whether a pool only says that it waited, and was not seen to have enough before.

    It waits as long where all connections are in use as where no further one can be made.
    """
    if not found.lines or any(one.sign is not Sign.POOL_WAITED for one in found.lines):
        return False
    return bool(scene.affected) and all(one.failed for one in scene.earlier)


def is_aside(found: Heard, said: list[Heard]) -> bool:
    """Tell whether something is said of a few requests only, after what is said of nearly all.

    What came first may be what the rest follows from, however seldom.
    """
    most = max(said, key=lambda one: one.requests, default=found)
    first, began = found.lines[0].time, most.lines[0].time
    is_later = first is not None and began is not None and first > began
    return (
        most is not found
        and is_later
        and most.requests >= ENOUGH
        and found.requests < _ASIDE * most.requests
    )


class Reasoned(NamedTuple):
    """How many failures there are, and of how many lines say why."""

    failures: int
    reasons: int
    lines: tuple[int, ...]


def with_reasons(scene: Scene) -> Reasoned | None:
    """Tell of how many failures lines say why; None if too few do for their silence to tell."""
    failing = scene.failing
    said = [one for one in failing if not _TELLING.isdisjoint(one.signs)]
    if len(failing) < FEWEST or len(said) < SHARE * len(failing):
        return None
    return Reasoned(len(failing), len(said), tuple(one.number for one in said[:FEWEST]))


def _not_said(reason: Reason, found: Heard, reasoned: Reasoned) -> Observation:
    usual = f" beyond its usual rate ({found.before} before the onset)" if found.lines else ""
    return absent(
        reason.fact,
        f"Of {several(reasoned.failures, 'failure')} {reasoned.reasons} say why, and none says"
        f"{usual} that {reason.says}.",
        reasoned.lines,
    )
