"""What the platform did with callers, and what its own interfaces say when asked. Pure.

A probe may ask the platform itself: who may invoke a service, in which state a secret's version is,
which keys an account has.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.configured.pairs import present_revision
from netra_ops.diagnosis.observing.configured.surroundings import ingress_of
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.tried.attempt import End, Tried, told
from netra_ops.diagnosis.observing.wording import HOUR, clock, counted, listed, observation
from netra_ops.logs.entries import times
from netra_ops.logs.entries.objects import NotReadable, decoded_any

_REFUSES: Final = re.compile(
    r"client does not have permission|The request was not authenticated\. Either allow"
    r"|<title>\s*(?:401|403)[^<]*</title>|Error: (?:Forbidden|Unauthorized)",
    re.IGNORECASE,
)
_NOT_FOUND: Final = re.compile(r"requested URL was not found on this server", re.IGNORECASE)
_FRONT: Final = "google front"
_SAID: Final = {401: Fact.PLATFORM_SAID_401, 403: Fact.PLATFORM_SAID_403}
_HIDDEN: Final = 404
"""With this the platform answers those who cannot reach a service from where they are."""
_POLICY: Final = re.compile(r"getIamPolicy|\bmay invoke\b|\biam policy\b|\binvoker", re.IGNORECASE)
_VERSION: Final = re.compile(r"secrets/([\w-]+)/versions/(\w+)")
_KEYS: Final = re.compile(r"serviceAccounts/[^/\s]+/keys|\bkeys of the account\b", re.IGNORECASE)
_KEY_DELETED: Final = re.compile(r"(?:Delete|Disable)ServiceAccountKey")
_GONE: Final = frozenset({"DISABLED", "DESTROYED"})


def refusals(tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe whether refusals are in the platform's words or the program's."""
    # Whom the platform refuses as it should tells nothing of those whom it should not.
    refused = [
        one
        for one in tried
        if one.end in {End.REFUSED, End.FAILED}
        and one.status
        and not (one.is_negative and one.is_ok)
    ]
    by_platform = [one for one in refused if _is_of_platform(one)]
    by_program = [one for one in refused if one.end is End.REFUSED and _is_of_program(one)]
    if by_platform:
        yield observation(
            Fact.PLATFORM_REFUSED_CALLER,
            f"{counted(len(by_platform), 'probe')} got {by_platform[0].status} with a page in the "
            "platform's words.",
            [one.where for one in by_platform],
            time=by_platform[0].probe.time,
        )
    elif by_program:
        yield observation(
            Fact.PLATFORM_REFUSED_CALLER,
            f"{counted(len(by_program), 'refused probe')} got the program's own answer.",
            [one.where for one in by_program],
            is_seen=False,
        )
    for status, fact in _SAID.items():
        said = [one for one in by_platform if one.status == status]
        if said:
            yield observation(
                fact,
                f"{counted(len(said), 'probe')} got {status} from the platform.",
                [one.where for one in said],
                time=said[0].probe.time,
            )


def reach(scene: Scene, tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe a service that can be reached from inside only, and is asked from outside."""
    hidden = [
        one
        for one in tried
        if one.status == _HIDDEN and _is_of_platform(one) and one.is_ok is False
    ]
    revision = None if scene.service is None else present_revision(scene, scene.service)
    ingress = None if revision is None else ingress_of(revision)
    if hidden and revision is not None and (ingress or "").startswith("internal"):
        yield observation(
            Fact.INGRESS_OR_ACCOUNT_CHANGED,
            f"The ingress of {revision.service} is {ingress}, and {hidden[0].probe.name}, which "
            f"was expected to be served, got the platform's {_HIDDEN}.",
            [revision.reached or revision.where, *(one.where for one in hidden)],
            time=hidden[0].probe.time,
            subjects=["ingress"],
            service=revision.service,
        )


def invokers(scene: Scene, tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe whether a service's policy has who should be in it."""
    asked = [
        one
        for one in tried
        if _POLICY.search(f"{one.probe.name} {one.probe.target}")
        and '"bindings"' in told(one.probe)
        and one.is_ok is not None
    ]
    lacking = [one for one in asked if not one.is_ok]
    if lacking:
        yield observation(
            Fact.INVOKER_CHANGED,
            f"The policy that {lacking[0].probe.name} got does not have who was expected in it.",
            [one.where for one in lacking],
            time=scene.onset,
            service=scene.service,
        )
    elif asked:
        yield observation(
            Fact.INVOKER_CHANGED,
            f"The policy that {asked[0].probe.name} got has who was expected in it.",
            [one.where for one in asked],
            is_seen=False,
            service=scene.service,
        )


def secret_versions(scene: Scene, tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe in which state versions of secrets are, and whether one came at the onset."""
    asked = [(one, found) for one in tried if (found := _VERSION.search(_place(one))) is not None]
    states = [(one, name, str(_member(one, "state") or "").upper()) for one, name in asked]
    gone = [(one, name, state) for one, name, state in states if state in _GONE]
    if gone:
        yield observation(
            Fact.SECRET_VERSION_SAID,
            f"{listed([f'Version {name[2]} of {name[1]} is {state}' for _, name, state in gone])}.",
            [one.where for one, _, _ in gone],
            time=gone[0][0].probe.time,
            subjects=[name[1] for _, name, _ in gone],
            service=scene.service,
        )
    elif states and all(state == "ENABLED" for _, _, state in states):
        yield observation(
            Fact.SECRET_VERSION_SAID,
            f"{counted(len(states), 'version')} of secrets that "
            f"{'was' if len(states) == 1 else 'were'} asked for can be read.",
            [one.where for one, _, _ in states],
            is_seen=False,
            service=scene.service,
        )
    for one, name in asked:
        made = times.from_value(_member(one, "createTime"))
        if made is None or scene.onset is None:
            continue
        if scene.onset - HOUR <= made <= scene.onset:
            yield observation(
                Fact.SECRET_CHANGED_AT_ONSET,
                f"Version {name[2]} of {name[1]} was made at {clock(made)}.",
                [one.where],
                time=made,
                subjects=[name[1]],
                service=scene.service,
            )


def workload_keys(tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe keys of workloads that are deleted or past their end."""
    deleted = [one for one in tried if _KEY_DELETED.search(told(one.probe))]
    asked = [one for one in tried if _KEYS.search(_place(one)) and one.is_ok is not None]
    lacking = [one for one in asked if not one.is_ok and one.end is End.ADMITTED]
    if deleted or lacking:
        first = (deleted or lacking)[0]
        yield observation(
            Fact.WORKLOAD_KEY_DELETED,
            f"{first.probe.name} shows that a key of the workload's was deleted or has ended.",
            [one.where for one in (*deleted, *lacking)],
            time=times.from_value(_member(first, "timestamp")) or first.probe.time,
        )
    elif asked and all(one.is_ok for one in asked):
        yield observation(
            Fact.WORKLOAD_KEY_DELETED,
            f"{asked[0].probe.name} got the keys that were expected.",
            [one.where for one in asked],
            is_seen=False,
        )


def _place(one: Tried) -> str:
    return f"{one.probe.name} {one.probe.target}"


def _member(one: Tried, name: str) -> Any:
    """Give a member of the answer, if that is an object and whole."""
    got = one.probe.got
    try:
        answer = decoded_any((got.body_excerpt if got is not None else "").encode())
    except (NotReadable, UnicodeError):
        return None
    return answer.get(name) if isinstance(answer, dict) else None


def _is_of_platform(one: Tried) -> bool:
    words = told(one.probe)
    if one.status == _HIDDEN:
        server = "" if one.probe.got is None else one.probe.got.headers.get("server", "")
        return _FRONT in server.lower() and bool(_NOT_FOUND.search(words))
    return one.end is End.REFUSED and bool(_REFUSES.search(words)) and "html" in _kind(one)


def _is_of_program(one: Tried) -> bool:
    return "json" in _kind(one) or told(one.probe).lstrip().startswith("{")


def _kind(one: Tried) -> str:
    got = one.probe.got
    said = "" if got is None else got.headers.get("content-type", "").lower()
    return said or ("html" if "<" in told(one.probe)[:200] else "")
