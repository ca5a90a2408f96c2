"""A repair proven: all that must hold, tried and looked at."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from netra.clock import Clock, as_iso
from netra_ops.findings import OpsError, Verdict
from netra_ops.proof.absence import Log, absent
from netra_ops.proof.asking import Reproduction
from netra_ops.proof.document import Part, Proof
from netra_ops.proof.enough import Enough, enough_for
from netra_ops.proof.lent import lent
from netra_ops.proof.signature import Signature
from netra_ops.settings import AUTH
from netra_ops.validation.answer import Asker
from netra_ops.validation.credentials import Credentials
from netra_ops.validation.golden_path import WalkReport, walk_golden_path
from netra_ops.validation.step import StepResult, Wanted

MOST_REQUESTS: Final = 600
"""How many requests are made; what needs more has to be shown by people's own traffic."""
_PER_TURN: Final = 5
"""How many requests it takes to make a person, to log in and to get both tokens."""
_WALK_SECONDS: Final = 60.0
_MOST_NAMED: Final = 3


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be gone.

    Attributes:
        bundle: The bundle's name.
        cause: What the diagnosis named, if it did.
        signature: How it showed; None if no request failed.
        start: Where it stands that a start failed, if one did.
        probes: Where the probes stand that did not end as they must, by their names.
    """

    bundle: str
    cause: str | None
    signature: Signature | None
    start: tuple[str, ...] = ()
    probes: Mapping[str, str] = {}


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Against what it is proven.

    Attributes:
        url: The backend.
        credentials: As whom.
        log: Its log of the time since; None if there is none.
    """

    url: str
    credentials: Credentials
    log: Log | None = None


def proven(
    case: Case,
    target: Target,
    asker: Asker,
    clock: Clock,
    on_progress: Callable[[str], None] = lambda _: None,
) -> Proof:
    """Try all that must hold.

    Args:
        case: What has to be gone.
        target: Against what.
        asker: Moves requests and answers.
        clock: For the beginning and the durations.
        on_progress: Told what is being done.
    """
    began = clock.timestamp()
    asker.allow(_WALK_SECONDS)
    on_progress("Walking the golden path")
    walk = walk_golden_path(target.url, target.credentials, asker, clock)
    signature = case.signature
    enough = enough_for(signature.failed, signature.tried) if signature is not None else None
    parts = [_golden_path(walk), _refusals(walk)]
    if case.start:
        parts.append(_starts(case, walk))
    probes = [step for step in walk.steps if step.name in case.probes]
    if probes:
        parts.append(_probes(case, probes))
    if signature is None or enough is None:
        if not case.start and not probes:
            parts.append(_nothing())
    else:
        # The walk's own refusals are right, and of kinds that the failure may have had too: what is
        # looked for is looked for after it.
        since = clock.timestamp()
        parts.append(_reproduced(signature, enough, target, asker, on_progress))
        on_progress("Reading the log since then")
        parts.append(absent(signature, enough, target.log, since, clock, on_progress))
    return Proof(
        bundle=case.bundle,
        url=target.url,
        cause=case.cause,
        began=as_iso(began),
        parts=tuple(parts),
    )


def _golden_path(walk: WalkReport) -> Part:
    well = sum(step.verdict is Verdict.PASS for step in walk.steps)
    bad = [f"'{step.name}' gave {step.got}" for step in walk.steps if step.verdict is Verdict.FAIL]
    says = f"{well} of {len(walk.steps)} steps are as expected."
    if bad:
        says += f" {'; '.join(bad[:_MOST_NAMED])}."
    return Part(name="golden path", verdict=walk.verdict, says=says)


def _refusals(walk: WalkReport) -> Part:
    steps = [step for step in walk.steps if step.wanted is Wanted.REFUSED]
    admitted = [step.name for step in steps if step.admitted]
    if admitted:
        return Part(
            name="negative probes",
            verdict=Verdict.FAIL,
            says=f"Admitted what must be refused: {', '.join(admitted)}.",
        )
    refused = sum(step.verdict is Verdict.PASS for step in steps)
    return Part(
        name="negative probes",
        verdict=Verdict.PASS if steps and refused == len(steps) else Verdict.UNKNOWN,
        says=f"{refused} of {len(steps)} requests that must be refused were.",
    )


def _starts(case: Case, walk: WalkReport) -> Part:
    """Say whether what did not start serves: a process that starts anew each time does not."""
    serves = walk.verdict is Verdict.PASS
    says = "What did not start serves." if serves else "It is not known to serve."
    return Part(name="start", verdict=walk.verdict, says=says, evidence=case.start)


def _probes(case: Case, again: Sequence[StepResult]) -> Part:
    """Say whether the probes that did not end as they must do so now."""
    bad = [step for step in again if step.verdict is not Verdict.PASS]
    is_known = all(step.verdict is Verdict.FAIL for step in bad)
    verdict = Verdict.PASS if not bad else Verdict.FAIL if is_known else Verdict.UNKNOWN
    says = f"{len(again) - len(bad)} of {len(again)} probes that failed end as they must."
    if bad:
        says += f" Not so: {', '.join(step.name for step in bad[:_MOST_NAMED])}."
    evidence = tuple(case.probes[step.name] for step in again)
    return Part(name="probes", verdict=verdict, says=says, evidence=evidence)


def _nothing() -> Part:
    return Part(
        name="reproduction",
        verdict=Verdict.UNKNOWN,
        says="The bundle shows no failure of which it could be shown that it is gone.",
    )


def _reproduced(
    signature: Signature,
    enough: Enough,
    target: Target,
    asker: Asker,
    on_progress: Callable[[str], None],
) -> Part:
    number = min(enough.requests, MOST_REQUESTS)
    if not signature.again or signature.service == AUTH:
        # Of the auth service people ask for identities, and only services for the rest.
        return _identities_again(number, enough, target, asker, on_progress)
    try:
        asker.allow(_WALK_SECONDS)
        with lent(target.url, target.credentials, asker) as facts:
            reproduction = Reproduction(target.url, asker, facts)
            reproduction.ask(
                signature.again,
                number,
                lambda done: on_progress(f"Making again what failed: {done} of {number}"),
            )
    except OpsError as error:
        return Part(name="reproduction", verdict=Verdict.UNKNOWN, says=f"Not tried: {error}.")
    evidence = tuple(one.evidence for one in signature.again)
    what = ", ".join(f"{one.method} {one.path}" for one in signature.again)
    if reproduction.failed:
        failing = "; ".join(
            f"{got} ({count} times)"
            for got, count in sorted(reproduction.failed.items(), key=lambda one: -one[1])
        )
        says = f"Made again {reproduction.asked} times, it still fails: {failing}."
        return Part(name="reproduction", verdict=Verdict.FAIL, says=says, evidence=evidence)
    says = f"{what}: made again {reproduction.asked} times, and none failed. {enough.why}"
    if number < enough.requests:
        says += f" {enough.requests - number:,} more would be needed."
    return Part(
        name="reproduction",
        verdict=Verdict.PASS if number == enough.requests else Verdict.UNKNOWN,
        says=says,
        evidence=evidence,
    )


def _identities_again(
    number: int,
    enough: Enough,
    target: Target,
    asker: Asker,
    on_progress: Callable[[str], None],
) -> Part:
    """Make identities anew instead, where nothing that failed can be made again by itself."""
    turns = math.ceil(number / _PER_TURN)
    failed = list[str]()
    for turn in range(turns):
        on_progress(f"Logging in and getting tokens: {turn + 1} of {turns}")
        asker.allow(_WALK_SECONDS)
        try:
            with lent(target.url, target.credentials, asker):
                pass
        except OpsError as error:
            failed.append(str(error))
    says = (
        "Nothing that failed can be made again by itself without changing something. A person was "
        f"made, logged in and got tokens, and the service its own, {turns} times: "
        f"{f'{len(failed)} failed, the first: {failed[0]}' if failed else 'none failed'}. "
        f"{enough.why}"
    )
    verdict = Verdict.PASS if number == enough.requests else Verdict.UNKNOWN
    return Part(name="reproduction", verdict=Verdict.FAIL if failed else verdict, says=says)
