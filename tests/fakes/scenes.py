"""Scenes of incidents, made of bundles that are written and read as anybody's are."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from fakes.evidence_bundles import written
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Occurrence, Place, Request, Tally
from netra_ops.evidence.bundle import read_bundle

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
GOOD, BAD = "orders-00011-abc", "orders-00012-def"
ISSUER = "login-00007-xyz"


def at(minutes: float) -> str:
    """Write a time, in minutes from noon."""
    return (NOON + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def nanoseconds(minutes: float) -> int:
    """Give a time, in minutes from noon, as a scene has it."""
    return int((NOON + timedelta(minutes=minutes)).timestamp()) * 1_000_000_000


def prints(value: str) -> dict[str, str]:
    """Give the fingerprints of a value, as a bundle names them."""
    bare = value.strip()
    quoted = len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "\"'"
    ways = {"raw": value, "stripped": bare, "unquoted": bare[1:-1] if quoted else value}
    return {way: "sha256:" + _digest(text) for way, text in ways.items()}


def decoded_prints(value: str, decoded: str) -> dict[str, str]:
    """Give the fingerprints of a value in base64."""
    return prints(value) | {"b64decoded": "sha256:" + _digest(decoded)}


def hidden(value: str) -> str:
    """Give the fingerprint that stands for a plain value."""
    return "sha256:" + _digest(value)


def revision(
    name: str, minutes: float, env: dict[str, Any] | None = None, **said: Any
) -> dict[str, Any]:
    """Write a revision; a pair as a value is a secret and its version."""
    annotations = said.pop("annotations", {})
    condition = said.pop("ready", {"type": "Ready", "status": "True"})
    return {
        "kind": "Revision",
        "metadata": {
            "name": name,
            "creationTimestamp": at(minutes),
            "labels": {"serving.knative.dev/service": name.rsplit("-", 2)[0]},
            "annotations": annotations,
        },
        "spec": {
            "serviceAccountName": said.pop("account", "runner@p.iam.gserviceaccount.com"),
            "containers": [
                {
                    "image": said.pop("image", f"image of {name}"),
                    "env": [_variable(one, value) for one, value in (env or {}).items()],
                }
            ],
        },
        "status": {"conditions": [condition]},
    }


def probe(name: str, target: str = "", **said: Any) -> dict[str, Any]:
    """Write a probe; what is not said of it is what came back."""
    members = {"expect": None, "ok": None, "time": at(5)} | {
        one: said.pop(one) for one in ("expect", "ok", "time", "method") if one in said
    }
    return {"name": name, "target": target, "got": said, **members}


def scene_in(directory: Path, **said: Any) -> Scene:
    """Write a bundle, read it, and give the scene of an incident that began at noon.

    Args:
        directory: Where the bundle is written; it must not be there.
        said: Documents of the bundle by their names, lines of audit as a list of objects; and
            fields of the scene, of which `says` are occurrences and `requests` requests.
    """
    fields: dict[str, Any] = {
        "onset": nanoseconds(0),
        "service": "orders",
        "first_bad": BAD,
        "last_good": GOOD,
        "since_deploy": nanoseconds(-1),
    } | {
        one: said.pop(one)
        for one in ("onset", "service", "first_bad", "last_good", "since_deploy")
        if one in said
    }
    tally = Tally(requests=list(said.pop("requests", ())))
    for one in said.pop("says", ()):
        tally.occurrences.setdefault(one.sign, []).append(one)
    if "audit" in said:
        said["audit"] = "\n".join(map(_line, said["audit"]))
    return Scene(bundle=read_bundle(written(directory, **said)), tally=tally, **fields)


def says(sign: Sign, subject: str | None = None, minutes: float = 1, **more: Any) -> Occurrence:
    """Make an occurrence in the failing service."""
    place = more.pop("place", Place(service="orders", revision=BAD))
    return Occurrence(
        sign=sign, number=17, time=nanoseconds(minutes), subject=subject, place=place, **more
    )


def answered(status: int, minutes: float, of: str = BAD, number: int = 1) -> Request:
    """Make a request."""
    place = Place(service="orders", revision=of)
    return Request(number=number, time=nanoseconds(minutes), place=place, status=status)


def seen(observations: Iterable[Observation], fact: Fact) -> Observation | None:
    """Give the observation of a fact that is so."""
    return next(_of(observations, fact, is_seen=True), None)


def unseen(observations: Iterable[Observation], fact: Fact) -> Observation | None:
    """Give the observation of a fact that is not so, if it is nowhere said to be."""
    every = list(observations)
    if seen(every, fact) is not None:
        return None
    return next(_of(every, fact, is_seen=False), None)


def silent(observations: Iterable[Observation], fact: Fact) -> bool:
    """Tell whether nothing is said of a fact."""
    return not any(one.fact is fact for one in observations)


def _of(observations: Iterable[Observation], fact: Fact, *, is_seen: bool) -> Iterator[Observation]:
    return (one for one in observations if one.fact is fact and one.is_seen is is_seen)


def _variable(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, tuple):
        secret, version = value
        return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": version}}}
    return {"name": name, "value": value}


def _digest(text: str) -> str:
    return sha256(b"salt of this bundle" + text.encode()).hexdigest()


def _line(record: Any) -> str:
    return record if isinstance(record, str) else json.dumps(record)
