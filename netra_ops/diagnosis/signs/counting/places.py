"""Who wrote lines, and when: instances, and whether a program spoke while a request was open."""

from array import array
from bisect import bisect_left
from typing import Final

from netra_ops.diagnosis.signs.tally import Instance, Place

_MOST_PLACES: Final = 20_000
_MOST_STARTS: Final = 50
_MOST_TIMES: Final = 2_000_000


class Places:
    """Counts lines by place."""

    def __init__(self) -> None:
        self.instances: dict[Place, Instance] = {}
        self._places: dict[tuple[str | None, str | None, str | None], Place] = {}
        self._spoken: dict[str | None, array[int]] = {}
        self._times = 0

    def place(self, service: str | None, revision: str | None, instance: str | None) -> Place:
        """Give a place; beyond twenty thousand those of a revision are one."""
        key = (service, revision, instance)
        found = self._places.get(key)
        if found is None:
            if len(self._places) >= _MOST_PLACES:
                key = (service, revision, None)
                if key in self._places:
                    return self._places[key]
            found = self._places[key] = Place(*key)
            self.instances[found] = Instance()
        return found

    def count(self, place: Place, time: int | None, number: int) -> None:
        """Count a line."""
        one = self.instances[place]
        one.lines += 1
        if not one.number:
            one.number = number
        if time is not None:
            if one.first is None or time < one.first:
                one.first = time
            if one.last is None or time > one.last:
                one.last = time

    def start(self, place: Place, time: int | None) -> None:
        """Note that a place said that it starts."""
        starts = self.instances[place].starts
        if time is not None and len(starts) < _MOST_STARTS:
            starts.append(time)

    def speak(self, place: Place, time: int | None) -> None:
        """Note that a program wrote a line of its own."""
        if time is None or self._times >= _MOST_TIMES:
            return
        self._times += 1
        for who in {place.instance, place.service}:
            if who is not None:
                self._spoken.setdefault(who, array("q")).append(time)

    def sort(self) -> None:
        """Bring all times into order, once everything was counted."""
        for who, times in self._spoken.items():
            self._spoken[who] = array("q", sorted(times))
        for one in self.instances.values():
            one.starts.sort()

    def spoke_between(self, place: Place, begin: int, end: int) -> bool:
        """Tell whether a program wrote a line between two moments."""
        times = self._spoken.get(place.instance or place.service)
        if not times:
            return False
        at = bisect_left(times, begin)
        return at < len(times) and times[at] <= end
