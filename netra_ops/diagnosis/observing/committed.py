"""The facts of commits: what they touch, and whether they came with what began to fail. Pure.

A commit counts if it is on the revision that began to fail and not on the one before; where no
revision is known, if it came within the day before the onset. One that came later, or was there
before, speaks against itself.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.configured.pairs import (
    pairs_in,
    revision_named,
    served_well_before,
)
from netra_ops.diagnosis.observing.configured.roles import words
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.wording import DAY, clock, counted, listed, observation
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Occurrence
from netra_ops.evidence.records.commits import Commit

_TOKENS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_IDENTITY: Final = words("""
    auth authn authz authentication authorization authenticate identity identities login logins
    signin session sessions token tokens jwt jwts jwks oauth oauth2 oidc sso principal principals
    permission permissions credential credentials security verifier verify verification guard guards
    acl rbac passport caller callers keyring signing
""")
_MIDDLEWARE: Final = words("""
    middleware middlewares cors proxy proxies nginx haproxy envoy ingress gateway traefik caddy
    lb loadbalancer balancer origins
""")
_SETTINGS: Final = words("settings setting config configs configuration env environment environ")
_DEPLOYED: Final = words("""
    deploy deployment cloudbuild terraform helm kustomization secrets service values variables
""")
_SPEAKS_OF_IDENTITY: Final = re.compile(
    r"\b(?:auth\w*|identit\w+|log-?ins?|sign-?ins?|tokens?|JWTs?|sessions?|credentials?"
    r"|permissions?|principals?|anonymous|unauthenticated)\b",
    re.IGNORECASE,
)
_CODE: Final = re.compile(
    r"\.(?:py|pyi|js|mjs|cjs|ts|tsx|jsx|go|java|kt|scala|rb|php|rs|cs|ex|exs|c|cc|cpp|swift)\Z"
)
_DATA: Final = re.compile(r"\.(?:ya?ml|json|toml|tf|tfvars|env|ini|cfg|conf|properties|sh|hcl)\Z")
_DEPENDENCIES: Final = re.compile(
    r"(?:\A|/)(?:requirements[^/]*\.(?:txt|in|lock)|requirements/[^/]+|constraints[^/]*\.txt"
    r"|pyproject\.toml|setup\.(?:py|cfg)|poetry\.lock|uv\.lock|pdm\.lock|Pipfile(?:\.lock)?"
    r"|package(?:-lock)?\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?"
    r"|go\.(?:mod|sum)|pom\.xml|build\.gradle(?:\.kts)?|gradle\.lockfile|libs\.versions\.toml"
    r"|Cargo\.(?:toml|lock)|Gemfile(?:\.lock)?|composer\.(?:json|lock)|[^/]+\.csproj|mix\.lock)\Z"
)
_PROXY_FILE: Final = re.compile(
    r"nginx|haproxy|envoy|traefik|caddyfile|ingress|url.?map", re.IGNORECASE
)
_ASIDE: Final = re.compile(
    r"(?:\A|/)(?:tests?|__tests__|spec|docs?|examples?|fixtures|locales?)/|(?:\A|/)test_[^/]*\Z"
    r"|[._](?:test|spec)\.[a-z]+\Z|\.(?:md|rst|txt|css|scss|svg|png|html)\Z",
    re.IGNORECASE,
)
_BUMPS: Final = re.compile(
    r"\b(?:bump|upgrade|update|raise|pin|unpin|move)\w*\b.*\b(?:from|to|dependenc|librar|packages?"
    r"|v?\d+\.\d+)",
    re.IGNORECASE,
)
_SPEAKS_OF_MIDDLEWARE: Final = re.compile(
    r"\bmiddlewares?\b|\bCORS\b|\bprox(?:y|ies)\b|\bload.?balancer\b|\bingress\b"
    r"|\ballowed.?origins?\b|\bupgrade header\b",
    re.IGNORECASE,
)
_VARIABLE: Final = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
_SPEAKS_OF_NAMES: Final = re.compile(
    r"\b(?i:renam)\w+.*(?:(?i:variable|setting|secret)|\b[A-Z]+_[A-Z]+)"
    r"|\b(?i:variable|setting)s?\b.*\b(?i:renam)|\b(?i:env(?:ironment)?)[ -]?(?i:var)",
)
_GENERATES: Final = re.compile(
    r"\b(?:secret|key)\w*\W{1,4}(?:os\.urandom|secrets\.token|crypto\.randomBytes|randomBytes|uuid4"
    r"|SecureRandom|Keys\.secretKeyFor|rand\.Read|random_bytes|Guid\.NewGuid)"
    r"|\b(?:random|generated?|ephemeral)\b[^.;\n]{0,30}\b(?:secret|key)\b[^.;\n]{0,30}\b(?:at "
    r"(?:boot"
    r"|start\w*)|on (?:boot|start\w*)|per (?:process|instance|worker)|each (?:boot|start|process))",
    re.IGNORECASE,
)
_LIBRARIES: Final = re.compile(r"@?[A-Za-z][\w.@/-]{1,60}")
_PLACES: Final = frozenset({Sign.CODE_ERROR, Sign.START_FAILED, Sign.OTHER_ERROR})
_LIBRARY: Final = re.compile(r"site-packages/|node_modules/|/lib/python\d")


class Reach(NamedTuple):
    """Which commits can matter.

    Attributes:
        within: Those that came with what began to fail.
        outside: The others.
        says: How that was told, as the end of a sentence.
    """

    within: tuple[Commit, ...]
    outside: tuple[Commit, ...]
    says: str


def observed(scene: Scene) -> Iterator[Observation]:
    """Give the observations of `commits.json`."""
    reach = reach_of(scene)
    if reach is None or not any(one.files for one in scene.bundle.commits):
        return
    failing = failing_files(scene)
    asked: tuple[tuple[Fact, Callable[[Commit], list[str]], str], ...] = (
        (Fact.COMMIT_TOUCHES_IDENTITY, touched_identity, "code that decides identity"),
        (Fact.COMMIT_TOUCHES_DEPENDENCIES, touched_dependencies, "dependencies"),
        (Fact.COMMIT_TOUCHES_MIDDLEWARE, touched_middleware, "middleware or a proxy"),
        (Fact.COMMIT_TOUCHES_NAMES, touched_names, "settings or names of variables"),
    )
    for fact, touched, what in asked:
        yield _observation(fact, reach, touched, what)
    yield from _only_libraries(scene, reach)
    yield from _generating(reach)
    if failing:
        yield _observation(
            Fact.COMMIT_TOUCHES_FAILING_FILE,
            reach,
            lambda commit: touched_failing(commit, failing),
            "a file of the failing traceback",
            tuple(failing.values()),
        )


def _only_libraries(scene: Scene, reach: Reach) -> Iterator[Observation]:
    """Observe a change of libraries beside which nothing else of the program changed.

    Or one that names the very library in which requests fail.
    """
    touching = [one for one in reach.within if touched_dependencies(one)]
    if not touching or not scene.failing:
        return
    others = [
        file
        for one in reach.within
        for file in one.files
        if not _DEPENDENCIES.search(file) and not _ASIDE.search(file)
    ]
    libraries = {_plain(name) for line in _failing_lines(scene) for name in line.libraries}
    named = [
        name
        for one in touching
        for name in _LIBRARIES.findall(f"{one.subject} {one.body} {one.diffstat}")
        if _plain(name) in libraries
    ]
    if others and not named:
        return
    about = f", {listed(named)} among them, in which requests fail" if named else ""
    yield observation(
        Fact.ONLY_LIBRARIES_CHANGED,
        f"{counted(len(touching), 'commit')} {reach.says} "
        f"{'changes' if len(touching) == 1 else 'change'} versions of libraries{about}"
        f"{'' if others else ', and nothing else of the program was changed'}.",
        [one.where for one in touching],
        time=touching[-1].time,
        subjects=named,
    )


def _generating(reach: Reach) -> Iterator[Observation]:
    """Observe a commit by which a program makes a key of its own at each start."""
    made = [one for one in reach.within if _GENERATES.search(f"{one.subject}\n{one.body}")]
    if made:
        yield observation(
            Fact.KEY_GENERATED_SAID,
            f"A commit {reach.says} says that a key is made at start: {made[0].subject[:120]}",
            [one.where for one in made],
            time=made[-1].time,
        )


def _failing_lines(scene: Scene) -> list[Occurrence]:
    return [line for one in scene.failing for line in one.shown]


def _plain(name: str) -> str:
    """Give a library's name as it is written anywhere: without its scope, `_` for `-`."""
    return name.rpartition("/")[2].lower().replace("-", "_")


def reach_of(scene: Scene) -> Reach | None:
    """Tell which commits can matter; None where that cannot be told."""
    commits = scene.bundle.commits
    if not commits:
        return None
    deployed = next(iter(pairs_in(scene)), None)
    if deployed is not None and deployed.after.created is not None:
        before, after = deployed.before, deployed.after
        first = _position(commits, before.commit, before.created)
        last = _position(commits, after.commit, after.created)
        within = commits[first:last]
        says = f"between {before.name} and {after.name}"
        return Reach(within, tuple(one for one in commits if one not in within), says)
    bad = revision_named(scene, scene.first_bad)
    if bad is not None and scene.since_deploy is None and served_well_before(scene, bad.name):
        return Reach((), commits, f"with {bad.name}, which had served well before")
    until = scene.since_deploy or scene.onset
    if until is None:
        return None
    within = tuple(
        one for one in commits if one.time is not None and until - DAY <= one.time <= until
    )
    says = f"within the day before {clock(until)}"
    return Reach(within, tuple(one for one in commits if one not in within), says)


def touched_identity(commit: Commit) -> list[str]:
    """Give a commit's files in which identity is decided; all code if its words are of that."""
    files = [one for one in commit.files if _CODE.search(one) and not _ASIDE.search(one)]
    found = [file for file in files if _words(file) & _IDENTITY]
    if not found and _SPEAKS_OF_IDENTITY.search(f"{commit.subject}\n{commit.body}"):
        return files
    return found


def touched_dependencies(commit: Commit) -> list[str]:
    """Give a commit's lock files and lists of requirements."""
    found = [file for file in commit.files if _DEPENDENCIES.search(file)]
    if not found and not commit.files and _BUMPS.search(commit.subject):
        return [commit.subject]
    return found


def touched_middleware(commit: Commit) -> list[str]:
    """Give a commit's files of middleware and of proxies; all code if its words are of that."""
    files = [file for file in commit.files if not _ASIDE.search(file)]
    found = [file for file in files if _words(file) & _MIDDLEWARE or _PROXY_FILE.search(file)]
    if not found and _SPEAKS_OF_MIDDLEWARE.search(f"{commit.subject}\n{commit.body}"):
        return [file for file in files if _CODE.search(file) or _DATA.search(file)]
    return found


def touched_names(commit: Commit) -> list[str]:
    """Give a commit's files of settings; all of it if its words rename a variable."""
    files = [file for file in commit.files if not _ASIDE.search(file)]
    found = [
        file
        for file in files
        if not _DEPENDENCIES.search(file)
        and (
            (_CODE.search(file) and _words(file) & _SETTINGS)
            or (_DATA.search(file) and _words(file) & (_SETTINGS | _DEPLOYED))
            or PurePosixPath(file).name.startswith(".env")
        )
    ]
    text = f"{commit.subject}\n{commit.body}"
    if _SPEAKS_OF_NAMES.search(text):
        return [*found, *_VARIABLE.findall(text)] or files
    return found


def touched_failing(commit: Commit, failing: dict[str, str]) -> list[str]:
    """Give a commit's files that the failing traceback is in."""
    return [file for file in commit.files if any(is_same_file(file, one) for one in failing)]


def failing_files(scene: Scene) -> dict[str, str]:
    """Give the files in which programs failed, each with where the log says so."""
    found: dict[str, str] = {}
    for sign in _PLACES:
        for one in scene.tally.occurrences.get(sign, ()):
            file = (one.subject or "").partition(":")[0]
            is_ours = scene.service is None or one.place.service in {None, scene.service}
            early = scene.onset is not None and (one.time or scene.onset) < scene.onset - DAY
            if not _CODE.search(file) or _LIBRARY.search(file) or not is_ours or early:
                continue
            found.setdefault(file, f"logs.ndjson:{one.number}")
    return found


def is_same_file(one: str, other: str) -> bool:
    """Tell whether two paths are of one file, of which either may be relative or deployed."""
    ours = [part for part in PurePosixPath(one).parts if part not in {"/", "."}]
    theirs = [part for part in PurePosixPath(other).parts if part not in {"/", "."}]
    shared = 0
    for mine, yours in zip(reversed(ours), reversed(theirs), strict=False):
        if mine != yours:
            break
        shared += 1
    return shared > 0 and (shared >= min(len(ours), len(theirs)) or shared > 1)


def _observation(
    fact: Fact,
    reach: Reach,
    touched: Callable[[Commit], list[str]],
    what: str,
    lines: Sequence[str] = (),
) -> Observation:
    within = [(one, files) for one in reach.within if (files := touched(one))]
    if within:
        files = [file for _, some in within for file in some]
        return observation(
            fact,
            f"{counted(len(within), 'commit')} {reach.says} "
            f"{'touches' if len(within) == 1 else 'touch'} {what}: {listed(files)}.",
            [*(one.where for one, _ in within), *lines],
            time=within[-1][0].time,
            subjects=files,
        )
    outside = [one for one in reach.outside if touched(one)]
    if outside:
        says = f"What touches {what} is not {reach.says}, but before or after that."
    else:
        says = f"None of {counted(len(reach.within), 'commit')} {reach.says} touches {what}."
    return observation(
        fact, says, [one.where for one in outside] or ["commits.json"], is_seen=False
    )


def _position(commits: Sequence[Commit], sha: str | None, time: int | None) -> int:
    """Give how many of the commits a revision holds: by its own commit, or else by time."""
    if sha:
        for number, one in enumerate(commits, 1):
            if one.sha.startswith(sha) or sha.startswith(one.sha):
                return number
    return sum(1 for one in commits if time is not None and (one.time or 0) <= time)


def _words(file: str) -> set[str]:
    """Give the words of a path, without its first folder where that is the project's own."""
    return {word.lower() for word in _TOKENS.findall(PurePosixPath(file).as_posix())}
