"""The request log's lines and file: what counts, what is damaged, where to read on."""

from pathlib import Path

import pytest

from fakes.requirements import require
from netra_ops.findings import CouldNotTell
from netra_ops.platform.local.front import binary, request_file
from netra_ops.platform.local.front.request_file import CURRENT, PREVIOUS, RequestFile
from netra_ops.platform.local.front.requests import (
    Request,
    arrived_within,
    by_revision,
    parsed,
    quantile,
    tally,
)

LINE = (
    b'{"timestamp":"2026-11-05T10:00:01.500000Z","severity":"INFO","httpRequest":{"requestMethod":'
    b'"GET","requestUrl":"\\/%b","status":200,"latency":"0.500000s","remoteIp":"127.0.0.1",'
    b'"protocol":"HTTP/1.1","userAgent":"a"},"resource":{"type":"cloud_run_revision","labels":'
    b'{"service_name":"netra-backend","revision_name":"one"}},"labels":{"netra/termination":"--",'
    b'"netra/via":"split","netra/probe":"gate"}}'
)
BROKEN_OFF = LINE % b"x" + b"\n" + LINE[:40]


def _request(**changed: object) -> Request:
    given = {
        "service": "netra-backend",
        "revision": "one",
        "finished": 100.0,
        "seconds": 0.5,
        "status": 200,
        "via": "split",
        "probe": None,
        "termination": "--",
        "method": "GET",
        "path": "/",
    }
    return Request(**{**given, **changed})  # type: ignore[arg-type]


def test_a_line_is_a_request() -> None:
    """Every member is read, and the arrival follows from the end and the time it took."""
    request = parsed(LINE % b"p")

    assert request == _request(finished=1793872801.5, probe="gate", path="/p")
    assert request is not None
    assert request.arrived == 1793872801.0


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        LINE[:-1],
        LINE[1:],
        LINE.replace(b"200", b'"200"'),
        LINE.replace(b"0.500000s", b"-.-s"),
        LINE.replace(b"2026-11-05", b"yesterday"),
        b"Proxy netra-backend stopped.",
        LINE + LINE,
    ],
)
def test_a_damaged_line_is_none(line: bytes) -> None:
    """What is not wholly a line of the log is no request."""
    assert parsed(line) is None


def test_counts_say_what_there_was() -> None:
    """Labels, classes, dead revisions, sockets and terminations are counted apart."""
    counted = tally(
        [
            _request(),
            _request(status=503, termination="SC"),
            _request(status=503),
            _request(status=503, termination="LR", revision=None),
            _request(status=101, seconds=600.0),
            _request(status=-1, termination="CC", via="tag", probe="gate"),
        ]
    )

    assert counted.requests == 6
    assert counted.classes == {2: 1, 5: 3, 1: 1, 0: 1}
    assert counted.dead == 1
    assert counted.sockets == 1
    assert counted.labels == {("split", None): 5, ("tag", "gate"): 1}
    assert counted.terminations == {"--": 3, "SC": 1, "LR": 1, "CC": 1}
    assert counted.p95 == 0.5


def test_requests_for_no_revision_are_nobodys() -> None:
    """They are in no revision's count."""
    assert set(by_revision([_request(), _request(revision=None, status=404)])) == {"one"}


def test_quantiles_are_values_that_were_measured() -> None:
    """The smallest value is given that is not exceeded by that part of all."""
    assert quantile([], 0.5) is None
    assert quantile([7.0], 0.95) == 7.0
    hundred = [float(number) for number in range(1, 101)]
    assert (quantile(hundred, 0.5), quantile(hundred, 0.95)) == (50.0, 95.0)
    assert (quantile([1.0, 2.0, 3.0], 0.5), quantile([1.0, 2.0, 3.0], 0.95)) == (2.0, 3.0)


def test_a_window_takes_requests_by_their_arrival() -> None:
    """Its beginning belongs to it, its end does not."""
    requests = [_request(finished=finished) for finished in (9.0, 10.5, 12.0, 20.5)]

    assert [r.finished for r in arrived_within(requests, 10.0, 20.0)] == [10.5, 12.0]
    assert [r.finished for r in arrived_within(requests, 11.5)] == [12.0, 20.5]


def test_without_a_file_there_is_nothing(tmp_path: Path) -> None:
    """A front that never ran has no requests, and reading begins at nought."""
    requests = RequestFile(tmp_path)

    assert requests.end() == 0
    assert requests.read() == request_file.Reading((), damaged=0, lost=False, position=0)


def test_damaged_lines_are_counted_and_a_half_one_waits(tmp_path: Path) -> None:
    """A line without its end comes with the next reading, whole."""
    request_file.prepare(tmp_path)
    with (tmp_path / CURRENT).open("ab") as file:
        file.write(LINE % b"a" + b"\nno line\n" + LINE % b"b" + b"\n" + LINE[:50])
        file.flush()
        first = RequestFile(tmp_path).read()
        assert ([r.path for r in first.requests], first.damaged) == (["/a", "/b"], 1)
        assert first.position == RequestFile(tmp_path).end()

        file.write((LINE % b"c")[50:] + b"\n")
    second = RequestFile(tmp_path).read(first.position)
    assert ([r.path for r in second.requests], second.damaged) == (["/c"], 0)


def test_a_writer_that_was_killed_within_a_line(tmp_path: Path) -> None:
    """The half line is ended, so that it damages itself alone."""
    request_file.prepare(tmp_path)
    with (tmp_path / CURRENT).open("ab") as file:
        file.write(BROKEN_OFF)
    request_file.prepare(tmp_path)
    with (tmp_path / CURRENT).open("ab") as file:
        file.write(LINE % b"after" + b"\n")

    reading = RequestFile(tmp_path).read()
    assert ([r.path for r in reading.requests], reading.damaged) == (["/x", "/after"], 1)


def _turned_over(folder: Path, *lines: bytes) -> None:
    """Write lines and turn the file over, the last of them while the writer is being held."""
    writer = request_file.opened(folder)
    *early, last = lines
    for line in early:
        _write(writer, line)
    request_file.turn_over(folder, writer, lambda: _write(writer, last), lambda: None)
    _write(writer, LINE % b"next")


def _write(writer: int, line: bytes) -> None:
    with open(writer, "wb", closefd=False) as file:
        file.write(line + b"\n")


def test_positions_stay_true_when_the_file_is_turned_over(tmp_path: Path) -> None:
    """The previous file is read too, each line once; what went before it is told as lost."""
    requests = RequestFile(tmp_path)
    request_file.prepare(tmp_path)
    _turned_over(tmp_path, LINE % b"a", LINE % b"b")
    assert [r.path for r in requests.read().requests] == ["/a", "/b", "/next"]
    middle = requests.end()

    _turned_over(tmp_path, LINE % b"c", LINE % b"d")
    assert [r.path for r in requests.read(middle).requests] == ["/c", "/d", "/next"]
    everything = requests.read()
    assert everything.lost
    assert not requests.read(middle).lost
    assert requests.read(requests.end() + 1).lost
    assert everything.position == requests.end()


def test_positions_go_on_after_a_crash_within_turning_over(tmp_path: Path) -> None:
    """A file that was emptied and did not get its first line begins where the previous one ends."""
    request_file.prepare(tmp_path)
    _turned_over(tmp_path, LINE % b"a", LINE % b"b")
    end = RequestFile(tmp_path).read().position - len(LINE % b"next") - 1
    (tmp_path / CURRENT).write_bytes(b"")
    with pytest.raises(CouldNotTell, match="no beginning"):
        RequestFile(tmp_path).read()

    request_file.prepare(tmp_path)
    assert RequestFile(tmp_path).end() == end
    assert [r.path for r in RequestFile(tmp_path).read().requests] == ["/a", "/b"]


def test_a_previous_file_that_does_not_fit_is_left_out(tmp_path: Path) -> None:
    """After a crash between copying and emptying, nothing is read twice."""
    request_file.prepare(tmp_path)
    with (tmp_path / CURRENT).open("ab") as file:
        file.write(LINE % b"a" + b"\n")
    (tmp_path / PREVIOUS).write_bytes((tmp_path / CURRENT).read_bytes())

    assert [r.path for r in RequestFile(tmp_path).read().requests] == ["/a"]


def test_haproxy_is_found_or_what_to_install_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one on the path is taken first, one that is too old or says nothing is not."""
    found = binary.find()
    require("haproxy", found.path is not None, found.remark)
    for said, usable in (
        ("HAProxy version 2.6.0-1", True),
        ("HAProxy version 3.2.1", True),
        ("HAProxy version 2.5.9", False),
        ("HA-Proxy version 1.8.30 2021/04/12", False),
        ("something else", False),
    ):
        program = tmp_path / "haproxy"
        program.write_text(f"#!/bin/sh\necho '{said}'\n")
        program.chmod(0o700)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

        assert (binary.find().path == program) is usable, said
