"""Both services serve HTTP by the same text, which stands in each of them."""

from architecture.house import ROOT


def test_both_services_bound_http_alike() -> None:
    """A change in one is a change in the other: neither may import its neighbour."""
    ours, theirs = (
        (ROOT / room / "http_server.py").read_text() for room in ("netra_auth", "netra_backend/app")
    )

    assert ours == theirs
