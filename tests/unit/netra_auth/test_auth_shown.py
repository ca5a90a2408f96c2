"""How pages show devices, times and QR codes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netra.secret import Secret
from netra_auth.api.qr_code import qr_code
from netra_auth.api.shown import device_name, moment

MOZILLA = "Mozilla/5.0 "
WEBKIT = " AppleWebKit/537.36 "
CHROME = MOZILLA + "(Windows NT 10.0; Win64; x64)" + WEBKIT + "Chrome/140.0 Safari/537.36"
FIREFOX = MOZILLA + "(X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    MOZILLA + "(iPhone; CPU iPhone OS 19_0 like Mac OS X)" + WEBKIT + "Version/19.0 Safari/604.1"
)
ANDROID = MOZILLA + "(Linux; Android 16)" + WEBKIT + "Chrome/140.0 Mobile Safari/537.36"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (CHROME, "Chrome on Windows"),
        (CHROME + " Edg/140.0", "Edge on Windows"),
        (FIREFOX, "Firefox on Linux"),
        (SAFARI, "Safari on iPhone"),
        (ANDROID, "Chrome on Android"),
        ("netra/0.1", "netra/0.1"),
        ("x" * 256, "x" * 60),
        ("", "An unknown device"),
    ],
)
def test_devices_have_names_people_know(user_agent: str, name: str) -> None:
    """A browser is named by what it is, whatever else it claims to be."""
    assert device_name(user_agent) == name


def test_a_time_is_written_to_the_minute() -> None:
    """Times are in UTC and say so."""
    assert moment(1_800_000_000) == "15 January 2027, 08:00 UTC"


@given(st.text(min_size=1, max_size=200))
def test_a_qr_code_is_one_svg_without_script_or_style(text: str) -> None:
    """Whatever is drawn, the picture holds nothing that a strict policy forbids."""
    drawn = str(qr_code(Secret(text), 'a "label" <b>'))

    assert re.fullmatch(
        r'<svg class="qr" role="img" aria-label="[^"<>]*" viewBox="0 0 (\d+) \1" '
        r'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h\d+v\d+H0z"/>'
        r'<path fill="#000" d="(M\d+ \d+h1v1h-1z)+"/></svg>',
        drawn,
    )
