"""Small tallies and bundles, built line by line: what a log says, without a log."""

from pathlib import Path
from typing import Any

import msgspec

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.scene import Scene, framed
from netra_ops.diagnosis.observing.together import observations
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Instance, Occurrence, Place, Request, Tally
from netra_ops.evidence.bundle import Bundle
from netra_ops.evidence.records.manifest import Manifest
from netra_ops.evidence.records.traffic import Traffic

BEGIN = 1_760_000_000_000_000_000
"""When tallies begin, nanoseconds since the epoch."""


def at(seconds: float) -> int:
    """Give a moment, so many seconds after tallies begin."""
    return BEGIN + round(seconds * 1e9)


class Log:
    """A log that is written in words of the tally.

    Args:
        service: Who writes, where a line does not say.
        revision: Which revision of it.
        instance: Which instance of that.
    """

    def __init__(
        self,
        service: str | None = "orders",
        revision: str | None = "orders-00001-aaa",
        instance: str | None = "one",
    ) -> None:
        """Begin it."""
        self._place = Place(service, revision, instance)
        self._number = 0
        self.tally = Tally()

    def asked(self, seconds: float, status: int = 200, **more: Any) -> str:
        """Write that a request was answered, and give its id."""
        place = self._written(seconds, more)
        request = more.pop("request", f"request-{self._number}")
        more = {"path": "/orders", "method": "GET"} | more
        self.tally.requests.append(
            Request(
                number=self._number,
                time=at(seconds),
                place=place,
                request=request,
                status=status,
                **more,
            )
        )
        return str(request)

    def says(self, seconds: float, sign: Sign, **more: Any) -> int:
        """Write a line that shows a sign, and give its number."""
        place = self._written(seconds, more)
        more = {"level": 500} | more
        line = Occurrence(sign=sign, number=self._number, time=at(seconds), place=place, **more)
        self.tally.occurrences.setdefault(sign, []).append(line)
        self.tally.counts[sign] = self.tally.counts.get(sign, 0) + 1
        return self._number

    def starts(self, seconds: float, **more: Any) -> None:
        """Write that an instance starts."""
        place = self._written(seconds, more)
        self.tally.instances[place].starts.append(at(seconds))

    def refused(self, seconds: float, sign: Sign = Sign.SIGNATURE_REFUSED, **more: Any) -> str:
        """Write that a request was refused with 401, and a line of why."""
        where = {name: more[name] for name in ("service", "revision", "instance") if name in more}
        of = {name: more.pop(name) for name in ("issued", "subject", "is_test") if name in more}
        status = more.pop("status", 401)
        request = self.asked(seconds, status, **more)
        self.says(seconds, sign, request=request, **of, **where)
        return request

    def scene(self, **bundle: Any) -> Scene:
        """Frame it, with what else there is of evidence."""
        return framed(bundle_of(**bundle), self.tally)

    def observed(self, **bundle: Any) -> dict[Fact, Observation]:
        """Give what is observed in it, by fact."""
        return {one.fact: one for one in observations(self.scene(**bundle))}

    def _written(self, seconds: float, more: dict[str, Any]) -> Place:
        self._number += 1
        where = {
            name: more.pop(name) for name in ("service", "revision", "instance") if name in more
        }
        place = msgspec.structs.replace(self._place, **where)
        known = self.tally.instances.setdefault(
            place, Instance(first=at(seconds), number=self._number)
        )
        known.lines += 1
        known.last = at(seconds)
        tally = self.tally
        tally.first = at(seconds) if tally.first is None else min(tally.first, at(seconds))
        tally.last = at(seconds) if tally.last is None else max(tally.last, at(seconds))
        return place


def bundle_of(window: tuple[float | None, float | None] = (None, None), **records: Any) -> Bundle:
    """Give a bundle.

    Args:
        window: The seconds at which its window begins and ends.
        records: What else it has.
    """
    start, end = (None if one is None else at(one) for one in window)
    return Bundle(
        directory=Path(),
        manifest=Manifest(start=start, end=end),
        present=frozenset({"logs.ndjson"}),
        logs=Path("logs.ndjson"),
        **records,
    )


def share(seconds: float, revision: str, percent: float, service: str = "orders") -> Traffic:
    """Give a share of traffic since a moment."""
    return Traffic(
        where="traffic.json#/0",
        time=at(seconds),
        revision=revision,
        percent=percent,
        service=service,
    )


def seen_in(found: dict[Fact, Observation], fact: Fact) -> bool | None:
    """Give whether a fact is so; None where nothing is said of it."""
    return found[fact].is_seen if fact in found else None
