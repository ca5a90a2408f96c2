"""Which entries are about the same: by what they say of themselves, and by mining where not."""

from typing import Any

from netra_ops.gardener.grouping import Grouping, Groups
from netra_ops.gardener.mining.grouping.columns import Granularity
from netra_ops.logs.entries.entry import Entry, Http, Kind


def entry(message: str, **more: Any) -> Entry:
    """An entry that says something."""
    given = {"kind": Kind.JSON} | more
    return Entry(number=1, source=0, offset=0, length=0, message=message, **given)


def request(path: str, status: int, **more: Any) -> Entry:
    """A record of a request."""
    given = {"kind": Kind.REQUEST, "http": Http("GET", path), "status": status} | more
    return entry(f"GET {path} {status}", **given)


def grouped(*entries: Entry) -> tuple[Groups, list[str]]:
    """Group entries; gives the groups, and the template of each entry's group."""
    grouping = Grouping(Granularity.NORMAL)
    shapes = grouping.add(entries)
    groups = grouping.groups()
    return groups, [groups.groups[groups.of_shape[shape]].template for shape in shapes]


class TestRequests:
    """By method, path and status."""

    def test_each_status_by_itself(self) -> None:
        """An answer of 503 is another thing than one of 200 at the same path."""
        _, told = grouped(request("/a", 200), request("/a", 503), request("/a", 200))

        assert told == ["GET /a answered 200", "GET /a answered 503", "GET /a answered 200"]

    def test_the_programs_own_record_is_another_one(self) -> None:
        """The platform and the program both write of one request, which is not two."""
        own = request("/a", 200, kind=Kind.JSON, event="http_request")
        groups, told = grouped(request("/a", 200), own)

        assert told == ["GET /a answered 200", "GET /a answered 200, told as http_request"]
        assert len({one.id for one in groups.groups}) == 2

    def test_without_a_path_it_is_a_message(self) -> None:
        """What lacks something is mined like any other message."""
        _, told = grouped(entry("GET ? 200", kind=Kind.REQUEST, http=Http("GET"), status=200))

        assert told == ["GET ? 200"]


class TestEvents:
    """By the static name beside the message."""

    def test_events_are_not_mixed(self) -> None:
        """Two events that say the same are two things."""
        _, told = grouped(
            entry("it is gone", event="socket_closed"), entry("it is gone", event="store_closed")
        )

        assert told == ["socket_closed: it is gone", "store_closed: it is gone"]

    def test_an_event_that_is_no_name(self) -> None:
        """Where the event is the sentence itself, it is a message."""
        _, told = grouped(entry("User 7 came", event="User 7 came"))

        assert told == ["User 7 came"]

    def test_names_without_end_are_no_names(self) -> None:
        """A log that fills values into its events does not get a group for each."""
        entries = [entry("same", event=f"event_of_{number}") for number in range(2000)]
        groups, _ = grouped(*entries)

        assert len(groups.groups) <= 401


class TestIds:
    """The same for the same thing."""

    def test_in_every_order(self) -> None:
        """Order and what else is there change no id."""
        some = [request("/a", 200), entry("x", event="one_event"), entry("plain text of a log")]
        others = [request("/b", 200), entry("y", event="other_event")]

        first, _ = grouped(*some)
        second, _ = grouped(*others, *reversed(some))

        assert {one.id for one in first.groups} < {one.id for one in second.groups}

    def test_what_was_known_is_found_first(self) -> None:
        """With what an earlier run knew, one value alone is taken for the variable it was."""
        words = ("alpha", "bravo", "delta", "tango", "oscar", "kilos", "limas", "romeo")
        earlier = Grouping(Granularity.NORMAL)
        earlier.add([entry(f"worker {word} took the job of today") for word in words * 3])
        (known,) = earlier.groups().groups

        later = Grouping(Granularity.NORMAL, earlier.groups().known)
        later.add([entry("worker sierra took the job of today")])
        (found,) = later.groups().groups

        assert found.id == known.id
