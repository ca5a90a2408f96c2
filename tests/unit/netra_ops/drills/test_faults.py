"""Faults from outside: what they make of values, of waivers and of requests."""

from pathlib import Path

import pytest

from netra_ops.deploy.checks import traffic
from netra_ops.drills import forcing
from netra_ops.drills.faults.between import forwarded
from netra_ops.drills.faults.values import in_base64, quoted, renamed, with_line_end, without
from netra_ops.findings import Verdict
from netra_ops.gate import waiver_file

NOW = 1_795_988_000.0
PLAIN = b"GET /api/me HTTP/1.1\r\nHost: x\r\nConnection: keep-alive"
ASKING = b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade"


def test_values_are_damaged_as_people_damage_them() -> None:
    """Quotation marks, a line end and an encoding become part of the value."""
    assert quoted("s") == '"s"'
    assert with_line_end("s") == "s\n"
    assert in_base64("s") == "cw=="


def test_variables_are_lost_and_renamed() -> None:
    """One is gone, or has another name; the others stay as they are."""
    assert without("A")({"A": "1", "B": "2"}) == {"B": "2"}
    assert renamed("A", "C")({"A": "1", "B": "2"}) == {"C": "1", "B": "2"}


def test_forcing_waives_all_that_traffic_may_show(tmp_path: Path) -> None:
    """The gate reads the waivers, and none of them is for more than the service and an hour."""
    file = tmp_path / "waivers.json"
    file.write_text(forcing.waivers("netra-backend", NOW), "utf-8")

    waivers = waiver_file.read(file, NOW)

    assert {one.check for one in waivers} == traffic.ALL - {"split_held"}
    assert {one.service for one in waivers} == {"netra-backend"}
    assert {one.verdicts for one in waivers} == {frozenset({Verdict.FAIL, Verdict.UNKNOWN})}
    assert all(NOW < one.expires <= NOW + 3600 for one in waivers)


@pytest.mark.parametrize("strips", [True, False])
def test_a_proxy_leaves_ordinary_requests_as_they_are(*, strips: bool) -> None:
    """They are passed on, one for each connection."""
    passed = forwarded(PLAIN, strips=strips)

    assert passed == b"GET /api/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def test_a_proxy_passes_a_socket_on_or_strips_what_asks_for_it() -> None:
    """Stripped, what is left is a plain GET."""
    assert forwarded(ASKING, strips=False) == ASKING + b"\r\n\r\n"
    assert forwarded(ASKING, strips=True) == (
        b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
