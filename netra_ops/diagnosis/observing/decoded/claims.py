"""What tokens claim, as probes that decode them show, beside what is expected. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.configured.pairs import present_revision
from netra_ops.diagnosis.observing.configured.surroundings import audiences_of
from netra_ops.diagnosis.observing.saying.dependencies import environment_of
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.tried.attempt import Tried, told
from netra_ops.diagnosis.observing.wording import listed, observation

_AUDIENCE: Final = re.compile(r"\baud(?:ience)?\b[\"']?\s*[=:]\s*[\[\"' ]*([^\s\"',\]}]+)")
_ISSUER: Final = re.compile(r"[\"']iss[\"']\s*:\s*[\"']([^\"']+)[\"']|\biss[=:] ?([^\s\"',}]+)")
_ASKED: Final = re.compile(r"\biss(?:uer)?[\"']?\s?[=: ]\s?[\"']?(https?://[^\s\"',;)}]+)")
_METADATA: Final = re.compile(r"[\"']issuer[\"']\s*:\s*[\"']([^\"']+)[\"']")
_DECODED: Final = re.compile(r"[\"'](?:aud|iss|sub|exp|email)[\"']\s*:|\b(?:aud|iss)[=:]")


def claimed(scene: Scene, tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe whether decoded tokens have the audience and the issuer that is asked of them."""
    decoded = [one for one in tried if _DECODED.search(told(one.probe)) and not _is_metadata(one)]
    yield from _audiences(scene, decoded)
    yield from _issuers_asked(scene, decoded)
    yield from _issuers(scene, decoded, [one for one in tried if _is_metadata(one)])


def _audiences(scene: Scene, decoded: Sequence[Tried]) -> Iterator[Observation]:
    revision = None if scene.service is None else present_revision(scene, scene.service)
    accepted = None if revision is None else audiences_of(revision)
    for one in decoded:
        has = set(_AUDIENCE.findall(told(one.probe)))
        asked = set(_AUDIENCE.findall(one.probe.expect))
        wanted = asked if one.is_ok is False and asked else set(accepted or ())
        if not has or not wanted or one.is_ok is True or (has & wanted and not asked):
            continue
        if not has & wanted:
            yield observation(
                Fact.AUDIENCES_DIFFER,
                f"{one.probe.name} found {listed(sorted(has))}, and what is accepted is "
                f"{listed(sorted(wanted))}.",
                [one.where],
                time=one.probe.time,
                subjects=sorted(has | wanted),
                service=scene.service,
            )
            return


def _issuers_asked(scene: Scene, decoded: Sequence[Tried]) -> Iterator[Observation]:
    """Observe a token whose issuer is not the one that its probe expects."""
    for one in decoded:
        has = {a or b for a, b in _ISSUER.findall(told(one.probe))}
        asked = set(_ASKED.findall(one.probe.expect))
        if one.is_ok is False and scene.failing and has and asked and not has & asked:
            yield observation(
                Fact.ISSUERS_DIFFER,
                f"{one.probe.name} found a token of {listed(sorted(has))}, and expected "
                f"{listed(sorted(asked))}.",
                [one.where],
                time=one.probe.time,
                subjects=sorted(has | asked),
                service=scene.service,
            )
            return


def _issuers(
    scene: Scene, decoded: Sequence[Tried], metadata: Sequence[Tried]
) -> Iterator[Observation]:
    pairs = [
        (token, claim, document, issuer)
        for token in decoded
        for claim in (a or b for a, b in _ISSUER.findall(told(token.probe)))
        for document in metadata
        for issuer in _METADATA.findall(told(document.probe))
        if claim != issuer
    ]
    if not pairs:
        return
    token, claim, document, issuer = pairs[0]
    if not scene.failing or document.is_ok is True:
        return
    yield observation(
        Fact.ISSUERS_DIFFER,
        f"{token.probe.name} found a token of {claim}, and {document.probe.name} found {issuer}.",
        [token.where, document.where],
        time=document.probe.time,
        subjects=[claim, issuer],
        service=scene.service,
    )
    own = environment_of(scene.bundle.manifest.environment or "")
    there = environment_of(urlsplit(issuer).hostname or "")
    if own is not None and there is not None and there != own:
        yield observation(
            Fact.FOREIGN_ENVIRONMENT_CALLED,
            f"{document.probe.name} found {issuer}, which is not of the environment {own}.",
            [document.where],
            time=document.probe.time,
            subjects=[issuer],
            service=scene.service,
        )


def _is_metadata(one: Tried) -> bool:
    return _METADATA.search(told(one.probe)) is not None
