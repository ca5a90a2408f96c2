"""Whether what must be equal between services is, and in which form it would be. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.between.likeness import Form, Likeness, likeness
from netra_ops.diagnosis.observing.between.peers import (
    Peers,
    alike_in,
    is_issuer,
    peers_of_role,
    registered,
)
from netra_ops.diagnosis.observing.configured.pairs import Pair
from netra_ops.diagnosis.observing.configured.roles import SECRET_ROLES, Role
from netra_ops.diagnosis.observing.configured.values import Held, was_so_before
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.wording import listed, observation
from netra_ops.evidence.records.fingerprints import Prints

_FACTS: Final = {
    Form.AS_IT_IS: Fact.KEYS_AGREE,
    Form.STRIPPED: Fact.KEYS_AGREE_STRIPPED,
    Form.UNQUOTED: Fact.KEYS_AGREE_UNQUOTED,
    Form.UNESCAPED: Fact.KEYS_AGREE_UNESCAPED,
    Form.DECODED: Fact.KEYS_AGREE_DECODED,
}
_WORDS: Final = {
    Form.STRIPPED: "without the blanks or line breaks at its ends",
    Form.UNQUOTED: "without its quotation marks",
    Form.UNESCAPED: "with its escapes resolved",
    Form.DECODED: "once it is decoded from base64",
}


def agreement(scene: Scene, everything: Sequence[Held], pair: Pair | None) -> Iterator[Observation]:
    """Observe what services' shared values show."""
    compared = list(_compared(scene, everything, pair))
    yield from _keys(compared)
    yield from _earlier(everything, pair)
    yield from _secrets(scene, everything, pair)
    yield from _texts(scene, everything, pair, Role.ISSUER, Fact.ISSUERS_DIFFER)
    yield from _texts(scene, everything, pair, Role.AUDIENCE, Fact.AUDIENCES_DIFFER)


def _compared(
    scene: Scene, everything: Sequence[Held], pair: Pair | None
) -> Iterator[tuple[Peers, Likeness]]:
    for peers in peers_of_role(scene, everything, Role.KEY):
        found = _likeness(*peers) or _by_reference(peers)
        if found is None:
            continue
        if found.form is not Form.AS_IT_IS and was_so_before(scene, pair, *peers):
            # Both were read so while the service served well: these two are no peers.
            continue
        yield peers, found


def _keys(compared: list[tuple[Peers, Likeness]]) -> Iterator[Observation]:
    if not compared:
        return
    worst, found = max(compared, key=lambda one: _badness(one[1]))
    names = _both_names(worst)
    where = [*worst.issuer.where, *worst.other.where]
    service = _service(worst)
    for form, fact in _FACTS.items():
        yield observation(
            fact,
            _sentence(worst, found, form),
            where,
            is_seen=found.form is form,
            subjects=_blemished_names(worst, found) if found.form is form else (),
            service=service,
        )
    if found.form is None:
        says = f"{names} have other values in every form that is known of both."
    elif found.form is Form.AS_IT_IS:
        says = f"{names} have the same value."
    else:
        says = f"{names} are equal {_WORDS[found.form]}."
    yield observation(
        Fact.KEYS_DIFFER,
        says,
        where,
        is_seen=found.form is None,
        subjects=(worst.issuer.name, worst.other.name) if found.form is None else (),
        service=service,
    )


def _earlier(everything: Sequence[Held], pair: Pair | None) -> Iterator[Observation]:
    """Observe values that are nearly what they were on the last good revision."""
    if pair is None:
        return
    for now in everything:
        before = pair.before.variable(now.name)
        raw = None if before is None else before.fingerprint
        if before is None or raw is None or now.service != pair.after.service:
            continue
        if now.role not in SECRET_ROLES | {Role.DATABASE}:
            continue
        good = Prints(where=before.where, service=now.service, variable=now.name, raw=raw)
        found = likeness(good, now.prints)
        if found is None or found.form is None or found.form is Form.AS_IT_IS:
            continue
        yield observation(
            _FACTS[found.form],
            f"{now.name} of {now.service} is what it was on {pair.before.name} "
            f"{_WORDS[found.form]}.",
            [*now.where, before.where],
            time=pair.after.created,
            subjects=[now.name],
            service=now.service,
        )


def _secrets(scene: Scene, everything: Sequence[Held], pair: Pair | None) -> Iterator[Observation]:
    for one, entries in registered(scene, everything):
        found = [(entry, _likeness(entry, one)) for entry in entries]
        known = [(entry, alike) for entry, alike in found if alike is not None]
        if not known:
            continue
        entry, best = min(known, key=lambda one: _badness(one[1]))
        if best.form is not Form.AS_IT_IS and was_so_before(scene, pair, one, entry):
            continue
        peers = Peers(entry, one)
        where = [*one.where, *entry.where]
        if best.form is not None and best.form is not Form.AS_IT_IS:
            yield observation(
                _FACTS[best.form],
                _sentence(peers, best, best.form),
                where,
                subjects=_blemished_names(peers, best),
                service=one.service,
            )
        state = (
            "is the registered one"
            if best.form is Form.AS_IT_IS
            else (
                "is not the registered one in any form"
                if best.form is None
                else f"is the registered one {_WORDS[best.form]}"
            )
        )
        yield observation(
            Fact.SERVICE_SECRETS_DIFFER,
            f"{one.name} of {one.service} {state} ({entry.name} of {entry.service}).",
            where,
            is_seen=best.form is None,
            subjects=(one.name, entry.name) if best.form is None else (),
            service=one.service,
        )


def _texts(
    scene: Scene, everything: Sequence[Held], pair: Pair | None, role: Role, fact: Fact
) -> Iterator[Observation]:
    """Compare issuers or audiences, which have to be equal letter by letter."""
    for peers in peers_of_role(scene, everything, role):
        is_between = is_issuer(peers.issuer.service) != is_issuer(peers.other.service)
        if role is Role.AUDIENCE and not is_between:
            # Two callees have an audience each; only who issues for one must name it.
            continue
        same = _is_same_text(peers, role)
        if same is None or (not same and was_so_before(scene, pair, *peers)):
            continue
        mine, theirs = peers.issuer.value, peers.other.value
        are_shown = mine is not None and theirs is not None
        values = f": {mine} and {theirs}" if are_shown and not same else ""
        yield observation(
            fact,
            f"{_both_names(peers)} {'are the same' if same else 'differ'}{values}.",
            [*peers.other.where, *peers.issuer.where],
            is_seen=not same,
            subjects=() if same else (peers.other.name, peers.issuer.name),
            service=_service(peers),
        )


def _is_same_text(peers: Peers, role: Role) -> bool | None:
    mine, theirs = peers.issuer.value, peers.other.value
    if mine is not None and theirs is not None:
        if role is Role.AUDIENCE:
            return bool(_members(mine) & _members(theirs))
        return mine == theirs
    found = _likeness(*peers)
    if found is not None:
        return found.form is Form.AS_IT_IS
    return None


def _members(text: str) -> set[str]:
    """Give the audiences of a list, however it is written."""
    return {one for one in text.replace(",", " ").replace('"', " ").strip("[] ").split() if one}


def _by_reference(peers: Peers) -> Likeness | None:
    """Compare by what is referred to, where there are no fingerprints."""
    mine, theirs = peers.issuer.variable, peers.other.variable
    if mine is None or theirs is None or mine.secret is None or mine.secret != theirs.secret:
        return None
    if mine.project != theirs.project or not (mine.is_pinned and theirs.is_pinned):
        return None
    return Likeness(Form.AS_IT_IS if mine.version == theirs.version else None)


def _sentence(peers: Peers, found: Likeness, form: Form) -> str:
    names = _both_names(peers)
    if found.form is form:
        if form is Form.AS_IT_IS:
            return f"{names} have the same value."
        return f"{names} are equal {_WORDS[form]}; that of {_sides(peers, found)} is not so."
    if found.form is Form.AS_IT_IS:
        return f"{names} have the same value as it is."
    if found.form is None:
        return f"{names} have other values in this form too."
    return f"{names} are equal {_WORDS[found.form]}, and not otherwise."


def _sides(peers: Peers, found: Likeness) -> str:
    return listed([f"{peers[side].name} of {peers[side].service}" for side in found.blemished])


def _blemished_names(peers: Peers, found: Likeness) -> list[str]:
    return [peers[side].name for side in found.blemished] or [one.name for one in peers]


def _likeness(one: Held, other: Held) -> Likeness | None:
    return alike_in(one, other)


def _both_names(peers: Peers) -> str:
    return listed([f"{one.name} of {one.service}" for one in peers])


def _service(peers: Peers) -> str:
    return peers.other.service


def _badness(found: Likeness) -> int:
    return len(Form) if found.form is None else int(found.form)
