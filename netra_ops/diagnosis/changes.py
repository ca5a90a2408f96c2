"""Which changes are suspect: commits and configurations, ranked, each with its reasons. Pure.

A change is suspect by what it touches: the file that fails, or what the leading cause is about.
That it came shortly before only orders those; alone it makes no change suspect.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.committed import (
    failing_files,
    reach_of,
    touched_dependencies,
    touched_failing,
    touched_identity,
    touched_middleware,
    touched_names,
)
from netra_ops.diagnosis.observing.configured.differing import Difference, difference
from netra_ops.diagnosis.observing.configured.pairs import Pair, pairs_in, started_serving
from netra_ops.diagnosis.observing.configured.roles import Role, role_of
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.wording import (
    DAY,
    HOUR,
    MINUTE,
    counted,
    listed,
    without_people,
)
from netra_ops.evidence.records.commits import Commit


class Kind(StrEnum):
    """What was changed."""

    COMMIT = "commit"
    CONFIGURATION = "configuration"


class Suspect(NamedTuple):
    """A change that may have brought the failures.

    Attributes:
        kind: What was changed.
        name: The commit's hash, or the revision's name.
        says: What it is, in a sentence.
        time: When it came into force, nanoseconds since the epoch.
        score: How suspect it is, from 0 to 1; what came after the failures has 0.
        reasons: Why, the weightiest first; for a score of 0 why not.
        evidence: Where it stands.
    """

    kind: Kind
    name: str
    says: str
    time: int | None
    score: float
    reasons: tuple[str, ...]
    evidence: tuple[str, ...]


_FAILING_FILE: Final = 0.5
_OF_THE_CAUSE: Final = 0.3
_DEPLOYED_WITH: Final = 0.15
_LATE: Final = 0.05
_MOST_WITHOUT_CAUSE: Final = 0.2
"""What touches nothing that fails is not raised above this by its date."""

_TOUCHES: Final[dict[str, tuple[Callable[[Commit], list[str]], str]]] = {
    "identity": (touched_identity, "code that decides identity"),
    "dependencies": (touched_dependencies, "dependencies"),
    "middleware": (touched_middleware, "middleware or a proxy"),
    "names": (touched_names, "settings or names of variables"),
}
_COMMITS_OF: Final[dict[str, tuple[str, ...]]] = {
    "env_var_lost": ("names",),
    "secret_reference_lost": ("names",),
    "variable_half_renamed": ("names", "identity"),
    "kind_switched": ("names",),
    "wrong_issuer": ("names", "identity"),
    "wrong_audience": ("names", "identity"),
    "wrong_auth_service_url": ("names",),
    "custom_audience_reset": ("names",),
    "redirect_drops_authorization": ("middleware", "names"),
    "upgrade_stripped": ("middleware",),
    "proxy_timeout": ("middleware",),
    "subprotocol_not_negotiated": ("middleware", "identity"),
    "origin_blocked": ("middleware", "names"),
    "middleware_order": ("middleware",),
    "session_middleware_missing": ("middleware",),
    "identity_made_optional": ("identity",),
    "caller_without_credential": ("identity",),
    "dependency_upgrade": ("dependencies",),
    "missing_module": ("dependencies",),
    "startup_failed": ("names", "dependencies"),
    "random_key_per_process": ("names", "identity"),
    "breaker_stuck_open": ("identity",),
}
_ROLES_OF: Final[dict[str, frozenset[Role]]] = {
    cause: frozenset(roles)
    for causes, roles in (
        (
            (
                "signing_key_mismatch",
                "whitespace_in_value",
                "quotes_in_value",
                "escaped_value",
                "encoding_mismatch",
                "placeholder_value",
                "unresolved_reference",
                "random_key_per_process",
                "key_rotated_without_overlap",
                "empty_value",
            ),
            (Role.KEY, Role.PRIVATE_KEY, Role.PUBLIC_KEY, Role.SERVICE_SECRET, Role.CREDENTIAL),
        ),
        (
            ("service_secret_mismatch", "service_unregistered"),
            (Role.SERVICE_SECRET, Role.CLIENT_ID),
        ),
        (("wrong_issuer",), (Role.ISSUER,)),
        (("wrong_audience", "custom_audience_reset"), (Role.AUDIENCE,)),
        (("wrong_auth_service_url", "auth_service_unreachable"), (Role.AUTH_URL, Role.ISSUER)),
        (
            ("database_unreachable", "database_credentials_rotated", "pool_exhausted"),
            (Role.DATABASE,),
        ),
        (("origin_blocked",), (Role.ORIGINS,)),
    )
    for cause in causes
}
"""Of the other causes that a configuration can bring, any loss, renaming or switch is the match."""
_OF_ANY_LOSS: Final = frozenset(
    {
        "env_var_lost",
        "secret_reference_lost",
        "variable_half_renamed",
        "kind_switched",
        "empty_value",
        "startup_failed",
    }
)


def suspects(
    scene: Scene, observations: Iterable[Observation] = (), cause: str | None = None
) -> tuple[Suspect, ...]:
    """Rank the changes before an incident, the most suspect first.

    Args:
        scene: The incident.
        observations: What was seen in it; what is named there is named in the reasons.
        cause: The code of the cause that leads, if one does.
    """
    named = {
        name
        for one in observations
        if one.is_seen and one.fact not in _OF_COMMITS
        for name in one.subjects
    }
    found = [*_commits(scene, cause), *_configurations(scene, cause, named)]
    return tuple(sorted(found, key=lambda one: (-one.score, -(one.time or 0), one.name)))


_OF_COMMITS: Final = frozenset(fact for fact in Fact if fact.name.startswith("COMMIT_"))


def _commits(scene: Scene, cause: str | None) -> Iterator[Suspect]:
    reach = reach_of(scene)
    failing = failing_files(scene)
    for commit in scene.bundle.commits:
        says = f"Commit {commit.sha[:12]}: {without_people(commit.subject)}"
        if _is_after(scene, commit.time):
            yield _cleared(Kind.COMMIT, commit.sha, says, commit.time, commit.where)
            continue
        reasons: list[str] = []
        score = 0.0
        files = touched_failing(commit, failing)
        if files:
            score += _FAILING_FILE
            reasons.append(f"It touches {listed(files)}, in which requests or starts fail.")
        for what in _COMMITS_OF.get(cause or "", ()):
            touched, words = _TOUCHES[what]
            if touched(commit):
                score += _OF_THE_CAUSE
                reasons.append(f"It touches {words}, as {cause} does: {listed(touched(commit))}.")
                break
        if reach is not None and commit in reach.within:
            score += _DEPLOYED_WITH
            reasons.append(f"It is {reach.says}.")
        elif reach is not None:
            score /= 4
            reasons.append(f"It is not {reach.says}.")
        yield _weighed(
            scene,
            Kind.COMMIT,
            commit.sha,
            says,
            commit.time,
            score,
            reasons,
            (commit.where,),
            is_about=bool(files) or score >= _OF_THE_CAUSE,
        )


def _configurations(scene: Scene, cause: str | None, named: set[str]) -> Iterator[Suspect]:
    for pair in pairs_in(scene):
        between = difference(pair)
        changed = _changed(between)
        if not changed:
            continue
        time = started_serving(scene, pair.after)
        says = (
            f"{pair.after.name} is configured otherwise than {pair.before.name}: "
            f"{counted(len(changed), 'variable')}, {listed(changed)}."
        )
        where = (pair.after.where, pair.before.where)
        if _is_after(scene, time):
            yield _cleared(Kind.CONFIGURATION, pair.after.name, says, time, *where)
            continue
        reasons: list[str] = []
        score = 0.0
        hit = [name for name in changed if name in named]
        if hit:
            score += _FAILING_FILE
            reasons.append(f"What was seen names {listed(hit)}.")
        fitting = _fitting(between, cause)
        if fitting:
            score += _OF_THE_CAUSE
            reasons.append(f"{cause} is about {listed(fitting)}.")
        if _is_deployed_with(scene, pair):
            score += _DEPLOYED_WITH
            reasons.append("The failures began with this revision.")
        yield _weighed(
            scene,
            Kind.CONFIGURATION,
            pair.after.name,
            says,
            time,
            score,
            reasons,
            where,
            is_about=bool(hit or fitting),
        )


def _weighed(  # noqa: PLR0913 - what a suspect has
    scene: Scene,
    kind: Kind,
    name: str,
    says: str,
    time: int | None,
    score: float,
    reasons: Sequence[str],
    evidence: tuple[str, ...],
    *,
    is_about: bool,
) -> Suspect:
    """Order what is equally suspect by its time, and let no date accuse alone."""
    why = list(reasons)
    if time is not None and scene.onset is not None:
        before = max(0, scene.onset - time)
        score += _LATE * (1 - min(1.0, before / DAY))
        many = before // MINUTE
        span = f"{many} minutes" if before < 2 * HOUR else f"{before // HOUR} hours"
        why.append(f"It came {span} before the failures.")
    bounded = min(score, 1.0 if is_about else _MOST_WITHOUT_CAUSE)
    return Suspect(kind, name, says, time, round(bounded, 4), tuple(why), evidence)


def _cleared(kind: Kind, name: str, says: str, time: int | None, *evidence: str) -> Suspect:
    return Suspect(kind, name, says, time, 0.0, ("It came after the failures began.",), evidence)


def _is_after(scene: Scene, time: int | None) -> bool:
    return scene.onset is not None and time is not None and time > scene.onset


def _is_deployed_with(scene: Scene, pair: Pair) -> bool:
    if scene.beside is not None and scene.beside.revision == pair.after.name:
        return True
    return pair.after.name == scene.first_bad and scene.since_deploy is not None


def _changed(between: Difference) -> list[str]:
    return [
        *(one.name for one in between.lost),
        *(name for one in between.renamed for name in (one.old.name, one.new.name)),
        *(before.name for before, _ in between.switched),
        *(before.name for before, _ in between.changed),
        *(one.name for one in between.added),
    ]


def _fitting(between: Difference, cause: str | None) -> list[str]:
    """Give the changed variables that the leading cause is about."""
    roles = _ROLES_OF.get(cause or "", frozenset())
    fitting = [name for name in _changed(between) if role_of(name) in roles]
    if cause in _OF_ANY_LOSS:
        fitting += [one.name for one in between.lost]
        fitting += [one.new.name for one in between.renamed]
        fitting += [before.name for before, _ in between.switched]
    return list(dict.fromkeys(fitting))
