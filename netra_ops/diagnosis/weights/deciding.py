"""Which observation would tell the likeliest causes apart, and how it is taken. Pure."""

import math
from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Final

import msgspec

from netra_ops.diagnosis.cause import Cause
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.weights.usual import usual
from netra_ops.diagnosis.weights.weighing import NAMED_FROM, Weighed

MOST: Final = 3
"""How many observations are named."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """An observation that nobody has made yet.

    Attributes:
        fact: What it would show.
        states: What that fact says.
        take: How it is made.
        between: The causes that it tells apart.
        probe: The probe that makes it without changing anything, where there is one.
    """

    fact: Fact
    states: str
    take: str
    between: tuple[str, ...]
    probe: str | None = None


_CONFIGURATION: Final = (
    "Collect `revisions.json` and `fingerprints.json` of the last good and the first bad revision "
    "(`netra evidence collect`), or compare them: `netra config diff OLD NEW`."
)
_KEYS: Final = (
    "Compare fingerprints of the key, as it is, stripped, unquoted and decoded, on both services: "
    "`netra evidence collect` writes them into `fingerprints.json`; never print the value."
)
_AUDIT: Final = (
    "Read the auth service's audit record of the window: `netra audit export`, into `audit.ndjson`."
)
_COMMITS: Final = (
    "List the commits between the two revisions with the files they touch, into `commits.json`."
)
_LOGS: Final = (
    "Collect the log of the window, and of an hour before it, with the program's own lines beside "
    "the platform's request entries."
)
_INSTANCES: Final = (
    "Count successes and failures by instance (`labels.instanceId`) over the same minutes, with "
    "the time at which each instance started."
)
_TOKENS: Final = "Compare the `iat` and `kid` of tokens that fail with those of tokens that pass."
_TAKEN: Final = MappingProxyType(
    {
        Fact.DEPENDENCY_HEALTHY: (
            "Ask the auth service's health and keys directly, from where the service runs.",
            "auth_service",
        ),
        Fact.DEPENDENCY_DOWN: (
            "Ask the auth service's health and keys directly, from where the service runs.",
            "auth_service",
        ),
        Fact.AUTH_SERVICE_SILENT: (_LOGS, None),
        Fact.BREAKER_OPEN_AFTER_RECOVERY: (
            "Ask the auth service directly while the breaker is said to be open.",
            "auth_service",
        ),
        Fact.UNAUTHENTICATED_ADMITTED: (
            "Send a request without a token and one with a bad token: both must get 401.",
            "unauthenticated",
        ),
        Fact.CREDENTIAL_MISSING: (
            "Find one failing request's lines by its trace, and whether it carried a credential.",
            None,
        ),
        Fact.SESSION_BEFORE_REFUSAL: (
            "Read all lines of one failing request in order: was a session made before it failed?",
            None,
        ),
        Fact.OTHER_SERVICE_CALLS_SUCCEED: (_AUDIT, None),
        Fact.GOOD_CREDENTIAL_WORKS: (
            "Walk the golden path: `netra verify`.",
            "golden_path",
        ),
        Fact.ORIGIN_DECIDES: (
            "Make the handshake with the page's Origin and without one.",
            "origin",
        ),
        Fact.SUBPROTOCOL_DECIDES: (
            "Make the handshake with the client's subprotocol and without one.",
            None,
        ),
        Fact.UPGRADE_MISSING: (
            "Make the handshake directly at the service, past every proxy.",
            None,
        ),
        Fact.DIRECT_WORKS_PROXY_FAILS: (
            "Make the same request directly at the service and through the proxy.",
            None,
        ),
        Fact.PREFLIGHT_REFUSED: (
            "Send the browser's OPTIONS request, without a credential.",
            "preflight",
        ),
        Fact.REDIRECTED: (
            "Send the request without following redirects, and look at Location.",
            "redirect",
        ),
        Fact.CLOCKS_DIFFER: (
            "Compare the Date header of each service with the present.",
            "clock",
        ),
        Fact.CERTIFICATE_EXPIRED: (
            "Look at the end of the certificate of every hop.",
            "certificate",
        ),
        Fact.INSTANCES_DISAGREE: (
            "Send one token to every instance, and compare the answers.",
            None,
        ),
        Fact.OTHER_REVISION_ANSWERED: (
            "Ask the candidate's own address which revision answers.",
            "revision",
        ),
        Fact.SPLIT_BY_INSTANCE: (_INSTANCES, None),
        Fact.MIXED_WITHIN_INSTANCES: (_INSTANCES, None),
        Fact.CONFINED_TO_NEW_INSTANCES: (_INSTANCES, None),
        Fact.ONE_INSTANCE_ONLY: (_INSTANCES, None),
        Fact.CURED_BY_RESTART: ("Restart one instance, and compare it with the others.", None),
        Fact.OLD_TOKENS_REFUSED: (_TOKENS, None),
        Fact.NEW_TOKENS_REFUSED: (_TOKENS, None),
        Fact.INVOKER_CHANGED: (
            (
                "Read the service's IAM policy and who changed it: `gcloud run services "
                "get-iam-policy`, and the platform's audit log."
            ),
            None,
        ),
    }
)
"""How to make observations that need more than the file which would show them."""
_KEY_FACTS: Final = frozenset(
    {
        Fact.KEYS_AGREE,
        Fact.KEYS_AGREE_STRIPPED,
        Fact.KEYS_AGREE_UNQUOTED,
        Fact.KEYS_AGREE_DECODED,
        Fact.KEYS_AGREE_UNESCAPED,
        Fact.KEYS_DIFFER,
        Fact.SERVICE_SECRETS_DIFFER,
    }
)


def how_to_take(fact: Fact) -> tuple[str, str | None]:
    """Say how an observation is made, and name the probe that makes it, if any."""
    if fact in _TAKEN:
        return _TAKEN[fact]
    if fact in _KEY_FACTS:
        return _KEYS, None
    for file, how in (
        ("revisions.json", _CONFIGURATION),
        ("audit.ndjson", _AUDIT),
        ("commits.json", _COMMITS),
        ("traffic.json", "Collect the changes of traffic into `traffic.json`."),
        ("logs.ndjson", _LOGS),
    ):
        if file in fact.shown_by:
            return how, None
    return "Take the probe that shows it, and add it to `probes.json`.", None


def decisions(
    ranked: Sequence[Weighed], observations: Iterable[Observation]
) -> tuple[Decision, ...]:
    """Name what would decide between the best causes.

    Args:
        ranked: The causes, the likeliest first.
        observations: What was observed already, seen or absent.

    Returns:
        The most telling first; none if a cause stands alone.
    """
    if not ranked or ranked[0].confidence >= NAMED_FROM:
        return ()
    known = {one.fact for one in observations}
    rivals = _rivals([one for one in ranked if one.consequence_of is None])
    worth = {
        expected.fact: _divergence(expected.fact, rivals)
        for cause in rivals
        for expected in cause.expects
        if expected.decides and expected.fact not in known
    }
    best = sorted(worth, key=lambda fact: (-worth[fact], fact.code))
    between = tuple(cause.code for cause in rivals)
    # One way of looking shows several facts: it is named once, by the most telling of them.
    by_way = dict[str, Decision]()
    for fact in best:
        decision = _decision(fact, between)
        by_way.setdefault(decision.take, decision)
    return tuple(by_way.values())[:MOST]


def _rivals(ranked: Sequence[Weighed]) -> list[Cause]:
    """Give the likeliest, and the likeliest that something speaks for or that it is taken for."""
    first, others = ranked[0], ranked[1:]
    taken_for = {one.code for one in first.cause.neighbours}
    told_apart = [one for one in others if one.cause.code in taken_for]
    supported = [one for one in others if _deciding_support(one)]
    second = [*supported, *told_apart, *others][:1]
    return [one.cause for one in (first, *second)]


def _deciding_support(one: Weighed) -> bool:
    deciding = {expected.fact for expected in one.cause.expects if expected.decides}
    return any(weight.observation.fact in deciding for weight in one.supported)


def _decision(fact: Fact, between: tuple[str, ...]) -> Decision:
    take, probe = how_to_take(fact)
    return Decision(fact=fact, states=fact.means, take=take, between=between, probe=probe)


def _divergence(fact: Fact, causes: Sequence[Cause]) -> float:
    """Say how well a fact tells causes apart: Jeffreys' divergence of its being seen, in nats."""
    often = [
        next((one.often for one in cause.expects if one.fact is fact), usual(fact))
        for cause in causes
    ]
    here, there = often
    return (here - there) * math.log(here * (1 - there) / (there * (1 - here)))
