"""Which revisions a service had, in which order, and which of them served when. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from netra_ops.diagnosis.signs.tally import Place, Tally
from netra_ops.evidence.bundle import Bundle
from netra_ops.evidence.records.revisions.revision import number_in
from netra_ops.evidence.records.traffic import Traffic

_MOST: Final = 50.0
"""Percent: who is given more than this serves, where a line does not say who does."""
Key = tuple[int, int, str]


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """A revision as its lines and the documents have it.

    Attributes:
        revision: Its name.
        first: When it first wrote a line or was given traffic, nanoseconds; None if never.
        created: When it was made; None if nothing says so.
        where: What tells of it: a record's place, or the log's line.
    """

    revision: str
    first: int | None
    created: int | None
    where: str


class Revisions:
    """The revisions of all services of a bundle.

    Args:
        bundle: Its documents.
        tally: Its log.
    """

    def __init__(self, bundle: Bundle, tally: Tally) -> None:
        """Read both."""
        self._shares: dict[str, list[Traffic]] = defaultdict(list)
        self._known: dict[str, dict[str, Served]] = defaultdict(dict)
        services = {place.service for place in tally.instances if place.service}
        alone = next(iter(services)) if len(services) == 1 else None
        for one in bundle.revisions:
            if not one.is_service:
                made = Served(revision=one.name, first=None, created=one.created, where=one.where)
                self._known[one.service][one.name] = made
        for share in bundle.traffic:
            service = share.service or self._owner(share.revision) or alone
            if service is not None and share.revision and share.tag is None:
                self._shares[service].append(share)
        for place, instance in tally.instances.items():
            if place.service is not None and place.revision is not None:
                where = f"logs.ndjson:{instance.number}"
                self._note(place.service, place.revision, instance.first, where)
        for service, named in self._shares.items():
            for share in named:
                if share.percent > 0:
                    self._note(service, share.revision, share.time, share.where)

    def revised(self, place: Place, time: int) -> Place:
        """Give a place with the revision that served then, if only one can have."""
        if place.revision is not None or place.service is None:
            return place
        serving = self.serving(place.service, time)
        return place if serving is None else msgspec.structs.replace(place, revision=serving)

    def serving(self, service: str, time: int) -> str | None:
        """Give the one revision that served at a time, by documents; None if that is not clear."""
        shares = self.shares(service, time)
        if shares:
            most = max(shares.items(), key=lambda one: one[1])
            return most[0] if most[1] > _MOST else None
        made = [
            one
            for one in self._known.get(service, {}).values()
            if one.created is not None and one.created <= time
        ]
        return max(made, key=lambda one: one.created or 0).revision if made else None

    def shares(self, service: str, time: int) -> dict[str, float]:
        """Give who was given how much at a time, in percent; empty if nothing says so.

        A later statement of a moment speaks for all revisions of a service: who is not in it is
        given nothing, if what is in it is all of the traffic.
        """
        said: dict[str, float] = {}
        moments: dict[int, dict[str, float]] = defaultdict(dict)
        for share in self._shares.get(service, ()):
            if share.time is not None and share.time <= time:
                moments[share.time][share.revision] = share.percent
        for _, split in sorted(moments.items()):
            if sum(split.values()) >= 2 * _MOST:
                said = {}
            said.update(split)
        return {revision: percent for revision, percent in said.items() if percent > 0}

    def traffic(self, service: str) -> Sequence[Traffic]:
        """Give what is said of a service's traffic, in the order of time."""
        return self._shares.get(service, ())

    def of(self, service: str) -> list[Served]:
        """Give a service's revisions, the earliest first."""
        known = list(self._known.get(service, {}).values())
        numbered = all(number_in(one.revision) is not None for one in known)

        def age(one: Served) -> Key:
            if numbered:
                return (0, number_in(one.revision) or 0, one.revision)
            moments = [moment for moment in (one.created, one.first) if moment is not None]
            return (0, min(moments), one.revision) if moments else (1, 0, one.revision)

        return sorted(known, key=age)

    def before(self, service: str, revision: str) -> list[str]:
        """Give the revisions of a service that came before one, the latest first."""
        names = [one.revision for one in self.of(service)]
        return names[: names.index(revision)][::-1] if revision in names else []

    def first(self, service: str, revision: str) -> int | None:
        """Give when a revision first wrote or was given traffic."""
        known = self._known.get(service, {}).get(revision)
        return None if known is None else known.first

    def begun(self, service: str, revision: str, until: int) -> int | None:
        """Give when a revision last began to be given traffic, or to write, until a moment.

        One to which traffic went back began anew.
        """
        had, begun = False, None
        for share in self._shares.get(service, ()):
            if share.revision == revision and share.time is not None and share.time <= until:
                if share.percent > 0 and not had:
                    begun = share.time
                had = share.percent > 0
        return self.first(service, revision) if begun is None else begun

    def where(self, service: str, revision: str) -> str | None:
        """Give what tells of a revision first."""
        known = self._known.get(service, {}).get(revision)
        return None if known is None else known.where

    def services(self) -> Iterable[str]:
        """Give all services of which a revision is known."""
        return self._known

    def _owner(self, revision: str) -> str | None:
        owners = [service for service, known in self._known.items() if revision in known]
        return owners[0] if len(owners) == 1 else None

    def _note(self, service: str, revision: str, time: int | None, where: str) -> None:
        known = self._known[service].get(revision)
        if known is None:
            known = Served(revision=revision, first=time, created=None, where=where)
        elif time is not None and (known.first is None or time < known.first):
            known = msgspec.structs.replace(known, first=time, where=where)
        self._known[service][revision] = known
