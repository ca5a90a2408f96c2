"""What a deployment changed around a service: who may reach it, as whom it runs, if it came up.

Pure.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from netra_ops.candidates.forms.platform_words import AUDIENCES, INGRESS, audiences_in
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.configured.pairs import Pair
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.wording import DAY, MINUTE, listed, observation
from netra_ops.evidence.records.revisions.revision import Condition, Revision

_PERMISSION: Final = re.compile(
    r"permission denied on secret|secretmanager\.versions\.access|secretaccessor"
    r"|(?:not|n't) (?:have )?(?:access|permission).{0,40}\bsecret",
    re.IGNORECASE,
)
_VERSION: Final = re.compile(
    r"secret.{0,200}?(?:\bversions?\b.{0,200}?)?(?:not found|destroyed|disabled|does not exist"
    r"|no (?:enabled )?versions?)",
    re.IGNORECASE | re.DOTALL,
)
_SECRET_ID: Final = re.compile(r"secrets/([\w-]+)")
_SLACK: Final = 5 * MINUTE


def around(pair: Pair) -> Iterator[Observation]:
    """Observe what changed around a service between two of its revisions."""
    before, after = audiences_of(pair.before), audiences_of(pair.after)
    if before is not None and (after is not None or _says_notes(pair.after)):
        lost = sorted(set(before) - set(after or ()))
        if before:
            yield observation(
                Fact.CUSTOM_AUDIENCES_LOST,
                f"{pair.after.name} lacks custom audiences that {pair.before.name} had: "
                f"{listed(lost)}."
                if lost
                else f"{pair.after.name} has all custom audiences that {pair.before.name} had.",
                _reached(pair),
                is_seen=bool(lost),
                time=pair.after.created if lost else None,
                subjects=lost,
                service=pair.after.service,
            )
    asked: tuple[tuple[str, Callable[[Revision], str | None]], ...] = (
        ("ingress", ingress_of),
        ("service account", lambda one: one.service_account),
        ("invoker", lambda one: one.invoker),
    )
    known = [
        (what, ours, theirs)
        for what, of in asked
        if (ours := of(pair.before)) is not None and (theirs := of(pair.after)) is not None
    ]
    changed = [f"{what} from {ours} to {theirs}" for what, ours, theirs in known if ours != theirs]
    if known:
        yield observation(
            Fact.INGRESS_OR_ACCOUNT_CHANGED,
            f"{pair.after.name} was deployed with another {listed(changed)}."
            if changed
            else f"The {listed([what for what, _, _ in known])} of {pair.after.name} "
            f"{'is' if len(known) == 1 else 'are'} as before.",
            _reached(pair),
            is_seen=bool(changed),
            time=pair.after.created if changed else None,
            subjects=[what for what, ours, theirs in known if ours != theirs],
            service=pair.after.service,
        )


def readiness(scene: Scene) -> Iterator[Observation]:
    """Observe whether revisions came up, and what the platform says of those that did not."""
    failed = [
        (one, condition) for one in _recent(scene) if (condition := _failure(one)) is not None
    ]
    if not failed:
        bad = next((one for one in _recent(scene) if one.name == scene.first_bad), None)
        if bad is not None and bad.ready is not None and bad.ready.status == "True":
            yield observation(
                Fact.REVISION_NOT_READY,
                f"{bad.name} became ready.",
                [bad.ready.where],
                is_seen=False,
                service=bad.service,
            )
        return
    revision, condition = next(
        (one for one in failed if one[0].name == scene.first_bad), failed[-1]
    )
    said = condition.message or condition.reason or "it does not say why"
    yield observation(
        Fact.REVISION_NOT_READY,
        f"{listed([one.name for one, _ in failed])} did not become ready: {said[:300]}",
        [one.where for _, one in failed],
        time=condition.time or revision.created,
        subjects=[one.name for one, _ in failed],
        service=revision.service,
    )
    if condition.message:
        yield from _of_secrets(revision, _messages(revision))


def _reached(pair: Pair) -> tuple[str, str]:
    return (
        pair.after.reached or pair.after.where,
        pair.before.reached or pair.before.where,
    )


def audiences_of(revision: Revision) -> tuple[str, ...] | None:
    """Give a revision's custom audiences, also where only its annotations have them."""
    if revision.audiences is not None:
        return revision.audiences
    text = revision.annotations.get(AUDIENCES)
    return None if text is None else audiences_in(text)


def _says_notes(revision: Revision) -> bool:
    """Tell whether a document has annotations at all, so that one which it lacks is missing."""
    return any(name.startswith("run.googleapis.com/") for name in revision.annotations)


def ingress_of(revision: Revision) -> str | None:
    """Give from where a revision can be reached, also where only its annotations say so."""
    return revision.ingress or revision.annotations.get(INGRESS)


def _recent(scene: Scene) -> list[Revision]:
    """Give the revisions whose coming up matters here: those of the service, at the onset."""
    found = []
    services = {one.service for one in scene.bundle.revisions}
    # Who deploys tells of another's revision, and has none of its own here.
    own = scene.service if scene.service in services else scene.bundle.manifest.service
    for one in scene.bundle.revisions:
        if scene.service is not None and own in services and own != one.service:
            continue
        is_near = scene.onset is None or (
            one.created is not None and scene.onset - DAY <= one.created
        )
        if is_near or one.name == scene.first_bad:
            found.append(one)
    return found


def _failure(revision: Revision) -> Condition | None:
    """Give what the platform says of a revision that did not come up."""
    if revision.ready is not None:
        if revision.ready.status != "False":
            return None
        inner = [one for one in revision.conditions if one.status == "False" and one.message]
        return revision.ready if revision.ready.message or not inner else inner[0]
    return None


def _messages(revision: Revision) -> list[Condition]:
    return [one for one in revision.conditions if one.status == "False" and one.message]


def _of_secrets(revision: Revision, said: list[Condition]) -> Iterator[Observation]:
    for fact, pattern, what in (
        (Fact.SECRET_PERMISSION_SAID, _PERMISSION, "may not read a secret"),
        (Fact.SECRET_VERSION_SAID, _VERSION, "finds a secret's version missing or disabled"),
    ):
        telling = [one for one in said if pattern.search(one.message)]
        if fact is Fact.SECRET_VERSION_SAID:
            telling = [one for one in telling if not _PERMISSION.search(one.message)]
        names = [name for one in telling for name in _SECRET_ID.findall(one.message)]
        yield observation(
            fact,
            f"The platform {what}{f' ({listed(names)})' if names else ''} for {revision.name}."
            if telling
            else f"What the platform says of {revision.name} is not that it {what}.",
            [one.where for one in telling or said],
            is_seen=bool(telling),
            time=revision.created if telling else None,
            subjects=names,
            service=revision.service,
        )
