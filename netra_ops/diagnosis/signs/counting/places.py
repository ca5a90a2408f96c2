"""Who wrote lines, and when: instances, and whether a program spoke while a request was open."""

from array import array
from bisect import bisect_left
from typing import Final

from netra_ops.diagnosis.signs.tally import Instance, Place

_MOST_PLACES: Final = 20_000
_MOST_STARTS: Final = 50
_ONE_START: Final = 15_000_000_000
_MOST_TIMES: Final = 2_000_000


class Places:
    """Counts lines by place."""

    def __init__(self) -> None:
        self.instances: dict[Place, Instance] = {}
        self._places: dict[tuple[str | None, str | None, str | None], Place] = {}
        self._spoken: dict[str | None, array[int]] = {}
        self._times = 0
        self._worded: dict[Place, list[tuple[int, str]]] = {}

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

    def start(self, place: Place, time: int | None, words: str) -> None:
        """Note that a place said that it starts, and in which words.

        The platform, the server and its workers each say so of one start.
        """
        if time is None:
            return
        told = self._worded.setdefault(place, [])
        if len(told) < _MOST_STARTS:
            told.append((time, words))

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
        for place, told in self._worded.items():
            starts, words = self.instances[place].starts, set[str]()
            for time, worded in sorted(told):
                is_same = starts and time - starts[-1] <= _ONE_START and worded not in words
                if not is_same:
                    starts.append(time)
                    words = set()
                words.add(worded)

    def spoke_between(self, place: Place, begin: int, end: int) -> bool:
        """Tell whether a program wrote a line between two moments."""
        times = self._spoken.get(place.instance or place.service)
        if not times:
            return False
        at = bisect_left(times, begin)
        return at < len(times) and times[at] <= end
