"""What a deployment lost, renamed, switched and changed of a service's variables. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.configured.differing import Difference, difference, role, shown
from netra_ops.diagnosis.observing.configured.pairs import (
    Pair,
    is_whole,
    present_revision,
    variables_by_name,
)
from netra_ops.diagnosis.observing.configured.roles import (
    SECRET_ROLES,
    SHOWN_ROLES,
    Role,
    is_near,
    role_of,
)
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.wording import listed, observation
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.evidence.records.commits import Commit
from netra_ops.evidence.records.revisions.revision import Kind, Revision, Variable

_NAME: Final = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b|\b[A-Z]{4,}\b")
_RENAMES: Final = re.compile(
    r"\b(?:renam|instead of|replac|rather than|moved? .* to )|->|=>|→", re.IGNORECASE
)
_OF_FILE: Final = "_FILE"
"""Ends the name of a variable whose value is where the file is that a secret is mounted at."""
_CHANGES: Final = (
    (Fact.KEY_CHANGED, frozenset({Role.KEY, Role.PRIVATE_KEY, Role.PUBLIC_KEY})),
    (Fact.ISSUER_CHANGED, frozenset({Role.ISSUER})),
    (Fact.AUDIENCE_CHANGED, frozenset({Role.AUDIENCE})),
    (Fact.URL_CHANGED, frozenset({Role.AUTH_URL})),
)


def lost_and_changed(scene: Scene, pair: Pair) -> Iterator[Observation]:
    """Observe what a pair of configurations shows."""
    between = difference(pair)
    said = names_said_missing(scene, pair.after.service)
    yield from _losses(pair, between, said)
    if pair.is_of_failing:
        yield from _renames(pair, between)
        yield from _switches(pair, between)
    for fact, roles in _CHANGES:
        yield from _changes(pair, between, fact, roles)
    if pair.is_of_failing:
        yield from _unchanged(scene, pair, between)


_READS: Final = re.compile(
    r"\b(?:read|reads|reading|take|takes|taken|look|looks|expect|expects|use|uses|get|gets|now)\b"
    r"[^;\n]{0,40}?\b(?:as|from|in|at|under|by|of)? ?([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b"
    r"|(?:process\.env|environ|[gG]et[eE]nv|getenv|ENV|env|config)(?:\.get|\.fetch)?[.(\[]{1,2}[\"']?"
    r"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b"
)


def read_under_other_names(scene: Scene, pair: Pair | None) -> Iterator[Observation]:
    """Observe variables that code reads under names which the configuration does not have.

    What is read is known by what programs say is not set, and by commits that rename a variable.
    """
    for service in _services_with_names(scene):
        revision = present_revision(scene, service)
        if revision is None:
            yield from _renamed_by_prints(scene, service)
            continue
        before = pair.before if pair is not None and pair.after is revision else None
        known = variables_by_name(revision)
        for name, lines in names_said_missing(scene, service).items():
            is_lost = before is not None and before.variable(name) is not None
            near = [one for one in known.values() if is_near(name, one.name)]
            if name in known or is_lost or not near or role_of(near[0].name) is None:
                continue
            yield observation(
                Fact.VARIABLE_RENAMED,
                f"{service} says that {name} is not set, and {revision.name} has "
                f"{listed([one.name for one in near])} in its place.",
                [*(one.where for one in near), *lines],
                subjects=[name, *(one.name for one in near)],
                service=service,
            )
    if pair is not None and pair.is_of_failing:
        yield from _renamed_by_commits(scene, pair)
        yield from _read_by_commits(scene, pair)


def _renamed_by_prints(scene: Scene, service: str) -> Iterator[Observation]:
    """Observe a commit's renaming by fingerprints, where no document has the revisions."""
    said, prints = names_said_missing(scene, service), scene.bundle.fingerprints
    for old, new in chain.from_iterable(_pairs_named(one) for one in scene.bundle.commits):
        held = prints.get((service, old))
        if held is not None and new in said and (service, new) not in prints:
            yield observation(
                Fact.VARIABLE_RENAMED,
                f"A commit has {old} and {new} exchanged; {service} says that {new} is not set.",
                [held.where, *said[new]],
                subjects=[new, old],
                service=service,
            )


def names_said_missing(scene: Scene, service: str | None) -> dict[str, list[str]]:
    """Give the variables that a service's log says are not set, with where it says so."""
    found: dict[str, list[str]] = {}
    for one in scene.tally.occurrences.get(Sign.NOT_CONFIGURED, ()):
        if one.place.service not in {None, service}:
            continue
        for name in _NAME.findall(one.subject or ""):
            found.setdefault(name, []).append(f"logs.ndjson:{one.number}")
    return found


def concerns_identity(variable: Variable) -> bool:
    """Tell whether a variable's loss can be felt where callers, databases or peers are known."""
    return role(variable) is not None


def _services_with_names(scene: Scene) -> tuple[str, ...]:
    if scene.service is not None:
        return (scene.service,)
    said = (one.place.service for one in scene.tally.occurrences.get(Sign.NOT_CONFIGURED, ()))
    return tuple(dict.fromkeys(one for one in said if one is not None))


def _losses(pair: Pair, between: Difference, said: dict[str, list[str]]) -> Iterator[Observation]:
    by_kind: tuple[tuple[Fact, Kind, str], ...] = (
        (Fact.VARIABLE_LOST, Kind.PLAIN, "variable"),
        (Fact.SECRET_REFERENCE_LOST, Kind.SECRET, "secret reference"),
    )
    for fact, kind, noun in by_kind:
        lost = [one for one in between.lost if _kind(one) is kind]
        telling = [one for one in lost if concerns_identity(one) or one.name in said]
        if telling:
            names = [one.name for one in telling]
            asked = [name for one in names for name in (one, one.removesuffix(_OF_FILE))]
            lines = list(
                chain.from_iterable(said.get(name, ())[:2] for name in dict.fromkeys(asked))
            )
            confirmed = " and the log says that it is not set" if lines else ""
            yield observation(
                fact,
                f"{pair.before.name} had the {noun}{'s' if len(names) > 1 else ''} "
                f"{listed(names)}, {pair.after.name} has not{confirmed}.",
                [*(one.where for one in telling), pair.after.where, *lines],
                time=pair.after.created,
                subjects=names,
                service=pair.after.service,
            )
        elif pair.is_of_failing:
            other = f"; it has lost {listed([one.name for one in lost])} only" if lost else ""
            yield observation(
                fact,
                f"{pair.after.name} has every {noun} of identity, databases and addresses that "
                f"{pair.before.name} had{other}.",
                _both(pair),
                is_seen=False,
                service=pair.after.service,
            )


def _kind(variable: Variable) -> Kind:
    """Say where a value comes from; a path to a mounted secret is a reference to it."""
    is_path = variable.kind is Kind.PLAIN and variable.name.endswith(_OF_FILE)
    if is_path and role_of(variable.name.removesuffix(_OF_FILE)) in SECRET_ROLES:
        return Kind.SECRET
    return variable.kind


def _renames(pair: Pair, between: Difference) -> Iterator[Observation]:
    telling = [
        one for one in between.renamed if role(one.old) is not None or role(one.new) is not None
    ]
    if telling:
        said = listed(
            [
                f"{one.old.name} is {one.new.name} now"
                + (" with the same content" if one.is_same_value else "")
                for one in telling
            ]
        )
        yield observation(
            Fact.VARIABLE_RENAMED,
            f"Between {pair.before.name} and {pair.after.name} {said}.",
            chain.from_iterable((one.old.where, one.new.where) for one in telling),
            time=pair.after.created,
            subjects=chain.from_iterable((one.old.name, one.new.name) for one in telling),
            service=pair.after.service,
        )
    elif pair.before.image and pair.before.image == pair.after.image:
        # Other code may read other names; the same code under the same names was read before.
        yield observation(
            Fact.VARIABLE_RENAMED,
            f"{pair.after.name} runs the same image as {pair.before.name}, and no variable has "
            "another name.",
            _both(pair),
            is_seen=False,
            service=pair.after.service,
        )


def _renamed_by_commits(scene: Scene, pair: Pair) -> Iterator[Observation]:
    """Observe renamings that a commit made in code and nobody made in the configuration."""
    known = variables_by_name(pair.after)
    for commit in scene.bundle.commits:
        for old, new in _pairs_named(commit):
            is_late = (
                commit.time is not None
                and pair.after.created is not None
                and commit.time > pair.after.created
            )
            if is_late or old not in known or new in known:
                continue
            yield observation(
                Fact.VARIABLE_RENAMED,
                f"A commit makes the code read {new} in place of {old}, and {pair.after.name} "
                f"has {old} only.",
                [commit.where, known[old].where],
                time=commit.time,
                subjects=[new, old],
                service=pair.after.service,
            )


def _read_by_commits(scene: Scene, pair: Pair) -> Iterator[Observation]:
    """Observe a name that a commit makes the code read, which the configuration has otherwise."""
    known = variables_by_name(pair.after)
    for commit in scene.bundle.commits:
        after, before = pair.after.created, pair.before.created
        is_within = commit.time is not None and (before or 0) < commit.time <= (after or 0)
        said = _READS.search(f"{commit.subject} {commit.body}") if is_within else None
        name = said and (said[1] or said[2])
        if not name or name in known or role_of(name) is None or pair.before.variable(name):
            continue
        same = [one for one in known.values() if role_of(one.name) is role_of(name)]
        if len(same) > 1:
            same = [one for one in same if _is_nearest(name, one.name, same)]
        if len(same) == 1:
            yield observation(
                Fact.VARIABLE_RENAMED,
                f"A commit makes the code read {name}, and {pair.after.name} has "
                f"{same[0].name} only.",
                [commit.where, same[0].where],
                time=commit.time,
                subjects=[name, same[0].name],
                service=pair.after.service,
            )


def _is_nearest(name: str, other: str, among: Iterable[Variable]) -> bool:
    """Tell whether no other name shares as many words with one."""
    ours = set(name.split("_"))
    shared = {one.name: len(ours & set(one.name.split("_"))) for one in among}
    return all(shared[other] > count for each, count in shared.items() if each != other)


def _pairs_named(commit: Commit) -> Iterator[tuple[str, str]]:
    """Give the names that a commit's words say are exchanged: the old one and the new one."""
    text = f"{commit.subject}\n{commit.body}"
    if not _RENAMES.search(text):
        return
    for line in text.splitlines():
        names = list(dict.fromkeys(_NAME.findall(line)))
        if len(names) == 2:  # noqa: PLR2004 - a pair
            yield names[0], names[1]
            yield names[1], names[0]


def _switches(pair: Pair, between: Difference) -> Iterator[Observation]:
    if between.switched:
        said = listed(
            [f"{a.name} from {a.kind.value} to {b.kind.value}" for a, b in between.switched]
        )
        yield observation(
            Fact.KIND_SWITCHED,
            f"Between {pair.before.name} and {pair.after.name} the source of values was "
            f"switched: {said}.",
            chain.from_iterable((b.where, a.where) for a, b in between.switched),
            time=pair.after.created,
            subjects=[a.name for a, _ in between.switched],
            service=pair.after.service,
        )
    else:
        yield observation(
            Fact.KIND_SWITCHED,
            f"Every variable that {pair.before.name} and {pair.after.name} share is plain in "
            "both or secret in both.",
            _both(pair),
            is_seen=False,
            service=pair.after.service,
        )


def _changes(
    pair: Pair, between: Difference, fact: Fact, roles: frozenset[Role]
) -> Iterator[Observation]:
    def of_role(pairs: Iterable[tuple[Variable, Variable]]) -> list[tuple[Variable, Variable]]:
        return [(a, b) for a, b in pairs if role(a) in roles]

    changed = of_role(chain(between.changed, between.switched))
    kept, unknown = of_role(between.kept), of_role(between.unknown)
    # Renamed and with another content is changed too.
    changed += of_role((one.old, one.new) for one in between.renamed if not one.is_same_value)
    is_visible = [one for one in changed if one not in between.switched]
    if is_visible:
        yield observation(
            fact,
            f"{pair.after.name} was deployed with other content than {pair.before.name}: "
            f"{listed([_change(a, b) for a, b in is_visible])}.",
            chain.from_iterable((b.where, a.where) for a, b in is_visible),
            time=pair.after.created,
            subjects=[b.name for _, b in is_visible],
            service=pair.after.service,
        )
    elif kept and not unknown and not changed and pair.is_of_failing and not _by_latest(kept):
        names = [a.name for a, _ in kept]
        yield observation(
            fact,
            f"{listed(names)} {'are' if len(names) > 1 else 'is'} the same in "
            f"{pair.before.name} and {pair.after.name}.",
            chain.from_iterable((b.where, a.where) for a, b in kept),
            is_seen=False,
            subjects=names,
            service=pair.after.service,
        )


def _by_latest(kept: list[tuple[Variable, Variable]]) -> bool:
    """Tell whether any is equal by name only: what `latest` is changes without being seen."""
    return any(a.kind is Kind.SECRET and not a.is_pinned for a, _ in kept)


def _change(before: Variable, after: Variable) -> str:
    if before.kind is Kind.SECRET and after.kind is Kind.SECRET:
        one = f"{before.secret}, version {before.version or 'latest'}"
        return f"{after.name} from {one} to {after.secret}, version {after.version or 'latest'}"
    ours, theirs = shown(before), shown(after)
    if ours is not None and theirs is not None and role(after) in SHOWN_ROLES:
        return f"{after.name} from {ours} to {theirs}"
    return f"{after.name} has another value"


def _unchanged(scene: Scene, pair: Pair, between: Difference) -> Iterator[Observation]:
    if not (is_whole(scene, pair.before) and is_whole(scene, pair.after)):
        return
    around = list(_around(pair))
    if not (pair.before.variables or pair.after.variables):
        return
    if between.is_none and not around:
        if between.unknown:
            return
        yield observation(
            Fact.CONFIGURATION_UNCHANGED,
            f"All {len(between.kept)} variables, references and audiences are the same in "
            f"{pair.before.name} and {pair.after.name}.",
            _both(pair),
            service=pair.after.service,
        )
        return
    what = [
        *(f"{one.name} is gone" for one in between.lost),
        *(f"{one.old.name} is {one.new.name} now" for one in between.renamed),
        *(f"{a.name} went from {a.kind.value} to {b.kind.value}" for a, b in between.switched),
        *(f"{a.name} is another" for a, _ in between.changed),
        *(f"{one.name} is new" for one in between.added),
        *around,
    ]
    yield observation(
        Fact.CONFIGURATION_UNCHANGED,
        f"{pair.after.name} is configured otherwise than {pair.before.name}: {listed(what)}.",
        _both(pair),
        is_seen=False,
        service=pair.after.service,
    )


def _around(pair: Pair) -> Iterator[str]:
    asked: tuple[tuple[str, Callable[[Revision], object]], ...] = (
        ("custom audiences are others", lambda one: one.audiences),
        ("the ingress is another", lambda one: one.ingress),
        ("the service account is another", lambda one: one.service_account),
        ("who may invoke it is another", lambda one: one.invoker),
    )
    for what, of in asked:
        before, after = of(pair.before), of(pair.after)
        if before is not None and after is not None and before != after:
            yield what


def _both(pair: Pair) -> tuple[str, str]:
    return pair.after.where, pair.before.where
