"""What is wrong with the values themselves, as far as they or their fingerprints are shown. Pure.

No value of a secret's role is ever told; what is told is which variable, and what kind of thing
stands in it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from netra.contract.flaws import ViolationKind, is_monotonous, is_placeholder, text_flaw
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.between.likeness import Form, carries, likeness
from netra_ops.diagnosis.observing.configured.differing import is_same, shown
from netra_ops.diagnosis.observing.configured.losses import names_said_missing
from netra_ops.diagnosis.observing.configured.pairs import (
    Pair,
    present_revision,
    revision_named,
    served_well_before,
    services_in,
    started_serving,
)
from netra_ops.diagnosis.observing.configured.roles import SECRET_ROLES, Role, role_in
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.wording import listed, observation
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.evidence.records.fingerprints import Prints
from netra_ops.evidence.records.revisions.revision import Kind, Variable

_EMPTY_DIGEST: Final = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""SHA-256 of nothing."""
_DEFAULTS: Final = re.compile(r"default|placeholder|well.?known|example|tutorial", re.IGNORECASE)
"""How a bundle names the table of known defaults' fingerprints, if it has one."""
_JOINED: Final = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)+")
_DEPLOYED_ID: Final = re.compile(r"(?:-|_)(?:staging|stage|prod|production|dev|test)\Z")
_LENGTH: Final = ("length", "len", "size", "bytes", "chars")
_HARMLESS: Final = frozenset({Role.URL, Role.CLIENT_ID, Role.IDENTITY, Role.ORIGINS})
_FORMS: Final = {
    Fact.VALUE_CARRIES_BLANKS: Form.STRIPPED,
    Fact.VALUE_CARRIES_QUOTES: Form.UNQUOTED,
}
_SHORT: Final = 12
"""Characters below which a key is one that somebody typed."""


class Held(NamedTuple):
    """One variable as it is known now: its revision's entry, its fingerprints, or both."""

    service: str
    name: str
    role: Role | None
    variable: Variable | None
    prints: Prints | None

    @property
    def where(self) -> tuple[str, ...]:
        """Where it stands."""
        places = (self.variable.where if self.variable else None, self.prints and self.prints.where)
        return tuple(one for one in places if one)

    @property
    def fingerprints(self) -> Prints | None:
        """Its fingerprints; where there are none apart, the one that stands for its value."""
        raw = None if self.variable is None else self.variable.fingerprint
        if self.prints is not None or self.variable is None or raw is None:
            return self.prints
        return Prints(where=self.variable.where, service=self.service, variable=self.name, raw=raw)

    @property
    def value(self) -> str | None:
        """Its value, where that is shown."""
        return None if self.variable is None else shown(self.variable)

    @property
    def length(self) -> int | None:
        """How long its value is, where the bundle says so."""
        if self.value is not None:
            return len(self.value)
        said = () if self.prints is None else (self.prints.others.get(one) for one in _LENGTH)
        return next((int(one) for one in said if one and one.isdecimal()), None)


def held(scene: Scene) -> tuple[Held, ...]:
    """Give what each service's variables are where the failures are."""
    found: list[Held] = []
    seen: set[tuple[str, str]] = set()
    prints = scene.bundle.fingerprints
    for service in services_in(scene):
        revision = present_revision(scene, service)
        for one in revision.variables if revision is not None else ():
            key = service, one.name
            found.append(Held(*key, role_in(*key, shown(one)), one, prints.get(key)))
            seen.add(key)
    for key, one_print in prints.items():
        if key not in seen and not _DEFAULTS.search(key[0]):
            found.append(Held(*key, role_in(*key, None), None, one_print))
    return tuple(found)


def was_so_before(scene: Scene, pair: Pair | None, *values: Held) -> bool:
    """Tell whether values are the same that they were while the failing service served well.

    It did so on the revision before, or on the same one until the failures began. Of another
    service they are if its revision was there already, and names no secret by `latest`. What was
    the same in good times says nothing of bad ones.
    """
    if pair is not None and pair.is_of_failing:
        return pair.is_proven and all(_was(scene, pair, one) for one in values)
    failing = revision_named(scene, scene.first_bad)
    if failing is None:
        return False
    starts = [_since(scene, one) for one in values if _is_fixed(one)]
    known = [since for since in starts if since is not None]
    if len(known) < len(values):
        return False
    return served_well_before(scene, failing.name, max(known))


def _was(scene: Scene, pair: Pair, one: Held) -> bool:
    if not _is_fixed(one) or one.variable is None:
        return False
    if one.service == pair.before.service:
        before = pair.before.variable(one.name)
        return before is not None and is_same(before, one.variable) is True
    since, until = _since(scene, one), started_serving(scene, pair.after)
    return since is not None and until is not None and since < until


def _is_fixed(one: Held) -> bool:
    """Tell whether a value cannot change while its revision lives."""
    now = one.variable
    return now is not None and (now.kind is Kind.PLAIN or now.is_pinned)


def _since(scene: Scene, one: Held) -> int | None:
    """Give since when a service's value is there."""
    revision = present_revision(scene, one.service)
    return None if revision is None else started_serving(scene, revision)


def flawed_values(
    scene: Scene, everything: tuple[Held, ...], pair: Pair | None
) -> Iterator[Observation]:
    """Observe what is wrong with values of the failing service, or of any if none is known.

    What was the same while the service served well says nothing.
    """
    missing = {*names_said_missing(scene, scene.service), *_said_empty(scene, everything)}
    ours = [
        one
        for one in everything
        if (one.role is not None or one.name in missing) and scene.service in {None, one.service}
    ]
    # Whoever signs with a default is wrong even where the failures are another's.
    keys = [one for one in everything if one.role in {Role.KEY, Role.SERVICE_SECRET}]
    tests: tuple[tuple[Fact, Callable[[Held], str | None], bool], ...] = (
        (Fact.VALUE_EMPTY, _emptiness(everything), False),
        (Fact.VALUE_IS_REFERENCE_TEXT, _reference(scene), False),
        (Fact.VALUE_IS_PLACEHOLDER, _placeholder(scene, everything), True),
        (Fact.VALUE_CARRIES_BLANKS, _carrying(Form.STRIPPED, ViolationKind.WHITESPACE), True),
        (Fact.VALUE_CARRIES_QUOTES, _carrying(Form.UNQUOTED, ViolationKind.QUOTED), True),
    )
    for fact, test, of_secrets in tests:
        asked = [*ours, *(one for one in keys if of_secrets and one not in ours)]
        flawed = [(one, what) for one in asked if (what := test(one)) is not None]
        found = [
            (one, what)
            for one, what in flawed
            if not was_so_before(scene, pair, one)
            and not (fact in _FORMS and _differs_anyway(one, everything))
        ]
        if found:
            yield observation(
                fact,
                f"{listed([f'{one.name} of {one.service} {what}' for one, what in found])}.",
                [where for one, _ in found for where in one.where],
                subjects=[one.name for one, _ in found],
                service=found[0][0].service,
            )
        elif not flawed and _are_inspectable(fact, ours):
            yield observation(
                fact,
                f"Of the values of {listed([one.name for one in ours])} none is so.",
                [where for one in ours for where in one.where],
                is_seen=False,
                service=scene.service,
            )


def _differs_anyway(one: Held, everything: Sequence[Held]) -> bool:
    """Tell whether a key is nobody else's of its name, with what stands around it and without."""
    found = [
        likeness(one.prints, other.prints)
        for other in everything
        if other.name == one.name and other.service != one.service
    ]
    known = [alike for alike in found if alike is not None]
    return bool(known) and all(alike.form is None for alike in known)


def _said_empty(scene: Scene, everything: Sequence[Held]) -> set[str]:
    """Give what is empty, whatever it is called, where a program says that something is."""
    signs = (Sign.VALUE_EMPTY, Sign.NOT_CONFIGURED, Sign.KEY_UNREADABLE)
    if not any(scene.tally.occurrences.get(sign) for sign in signs):
        return set()
    return {one.name for one in everything if one.value == ""}


def _are_inspectable(fact: Fact, ours: Sequence[Held]) -> bool:
    """Tell whether each value, secrets among them, is shown well enough to be cleared of a fact."""
    form = _FORMS.get(fact)
    secret = [one for one in ours if one.role in SECRET_ROLES or one.role is Role.DATABASE]
    return bool(secret) and all(
        one.value is not None
        or (form is not None and one.prints is not None and carries(one.prints, form) is False)
        for one in ours
        if one in secret or one.value is None
    )


def by_latest(scene: Scene) -> Iterator[Observation]:
    """Observe secrets that are referred to by `latest` where the failures are."""
    services = [scene.service] if scene.service is not None else list(services_in(scene))
    references = [
        (service, one)
        for service in services
        if (revision := present_revision(scene, service)) is not None
        for one in revision.variables
        if one.kind is Kind.SECRET
    ]
    loose = [(service, one) for service, one in references if not one.is_pinned]
    if loose:
        yield observation(
            Fact.LATEST_REFERENCED,
            f"{listed([f'{one.name} of {service}' for service, one in loose])} "
            f"{'take' if len(loose) > 1 else 'takes'} the latest version of a secret.",
            [one.where for _, one in loose],
            subjects=[one.name for _, one in loose],
            service=loose[0][0],
        )
    elif references:
        yield observation(
            Fact.LATEST_REFERENCED,
            f"All {len(references)} secret references name a version by number.",
            [one.where for _, one in references],
            is_seen=False,
            service=scene.service,
        )


def _emptiness(everything: tuple[Held, ...]) -> Callable[[Held], str | None]:
    """Give a test that knows the fingerprint of nothing, where the bundle shows it.

    Nothing is the only text that is what it stands for as base64.
    """
    nothing = {_EMPTY_DIGEST}
    for one in everything:
        if one.prints is None:
            continue
        is_fixed = one.prints.raw is not None and one.prints.raw == one.prints.b64decoded
        if one.value == "" or one.length == 0 or is_fixed:
            nothing |= {one.prints.raw or _EMPTY_DIGEST}

    def test(one: Held) -> str | None:
        if one.role in _HARMLESS and one.role is not Role.URL:
            return None
        if one.value is not None:
            if one.value.strip():
                return None
            return "is set and empty" if not one.value else "holds white space only"
        prints = set(
            filter(None, (one.prints and one.prints.raw, one.prints and one.prints.stripped))
        )
        if one.variable is not None and one.variable.fingerprint is not None:
            prints.add(one.variable.fingerprint)
        return "is set and empty" if one.length == 0 or prints & nothing else None

    return test


_OF_A_STORE: Final = re.compile(
    r"(?:vault|bao|gcp-?sm|gsm|secretmanager|aws-?sm|asm|ssm|azkv|keyvault|op|berglas|doppler"
    r"|infisical|ref\+\w+)(?:://|:)(?=[^\s]*[/#])[\w./#@:-]+\Z",
    re.IGNORECASE,
)
"""How tools write where in a store a value is."""


def _reference(scene: Scene) -> Callable[[Held], str | None]:
    """Give a test that knows the ids of the secrets that any revision refers to."""
    ids = {
        variable.secret
        for revision in scene.bundle.revisions
        for variable in revision.variables
        if variable.secret
    }

    def test(one: Held) -> str | None:
        if not one.value:
            return None
        bare = one.value.strip().strip("\"'")
        flaw = text_flaw(bare, inner_whitespace=" \n")
        is_unread = flaw is not None and flaw.problem is ViolationKind.UNRESOLVED
        if is_unread or _OF_A_STORE.match(bare):
            return "holds a reference that nothing has replaced by its value"
        if one.role not in SECRET_ROLES and one.role is not Role.DATABASE:
            return None
        if bare in ids or bare.replace("_", "-").lower() == one.name.replace("_", "-").lower():
            return "holds the name of a secret"
        is_name = _JOINED.fullmatch(bare) and not is_placeholder(_DEPLOYED_ID.sub("", bare))
        if is_name and (_DEPLOYED_ID.search(bare) or _names_itself(one.name, bare)):
            return "holds what is written like the name of a secret"
        return None

    return test


def _names_itself(name: str, value: str) -> bool:
    """Tell whether a value repeats at least two words of its variable's name."""
    words = set(re.split(r"[-_]", value.lower()))
    return len(words & set(re.split(r"[-_]", name.lower()))) > 1


def _placeholder(scene: Scene, everything: tuple[Held, ...]) -> Callable[[Held], str | None]:
    """Give a test that knows the known defaults' fingerprints, and values that are used twice."""
    refers = _reference(scene)
    defaults = {
        print_
        for (service, _), prints in scene.bundle.fingerprints.items()
        if _DEFAULTS.search(service)
        for print_ in (prints.raw, prints.stripped)
        if print_
    }
    shared: dict[str, set[Role]] = {}
    for one in everything:
        # What a credential is for is not in its name, so that it may well be one of the others.
        if one.role in SECRET_ROLES - {Role.CREDENTIAL} and one.prints and one.prints.raw:
            shared.setdefault(one.prints.raw, set()).add(one.role or Role.CREDENTIAL)
        is_default = one.value is not None and one.role in SECRET_ROLES and _is_default(one.value)
        if is_default and one.prints is not None and one.prints.raw:
            defaults.add(one.prints.raw)

    def test(one: Held) -> str | None:
        if one.role not in SECRET_ROLES:
            return None
        if one.value is not None:
            is_other = not one.value.strip() or refers(one) is not None
            return "holds a known default" if not is_other and _is_default(one.value) else None
        raw = one.prints.raw if one.prints is not None else None
        if raw in defaults:
            return "has the fingerprint of a known default"
        if raw is not None and len(shared.get(raw, ())) > 1:
            return "has the same value as a variable for another purpose"
        if one.length is not None and 0 < one.length < _SHORT:
            return "is as short as what somebody types"
        return None

    return test


def _is_default(value: str) -> bool:
    return is_placeholder(value) or is_monotonous(value)


def _carrying(form: Form, problem: ViolationKind) -> Callable[[Held], str | None]:
    """Give a test for what stands around a value and is not of it."""
    what = "has white space around it" if form is Form.STRIPPED else "stands in quotation marks"

    def test(one: Held) -> str | None:
        if one.role in _HARMLESS:
            return None
        if one.value:
            flaw = text_flaw(one.value, inner_whitespace=" \t\r\n")
            return what if flaw is not None and flaw.problem is problem else None
        return what if one.prints is not None and carries(one.prints, form) else None

    return test
