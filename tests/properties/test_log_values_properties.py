"""The one pass over a log entry: whatever is logged, it gives what the long way gives."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from netra.secret import Secret
from netra.telemetry.log_values import capped, fit, plain
from netra.telemetry.redaction import Redactor

KNOWN = "Zq7-a-known-secret-0xF"
REDACTOR = Redactor([Secret(KNOWN)])

NAMES = st.sampled_from(
    (
        *("actor", "password", "refresh_token", "token_type", "code", "kty", "d", "loc", "input"),
        *("chain_hash", "message", "httpRequest", "x" * 300, "n\ud800", "ä", KNOWN, "Bearer abc.d"),
    )
) | st.text(max_size=12)
TEXTS = st.sampled_from(
    (KNOWN, f"see {KNOWN} there", "Bearer abcdefghijklmnop", "password=hunter22", "not_found")
) | st.text(max_size=300)
SCALARS = (
    st.none() | st.booleans() | TEXTS | st.integers() | st.floats() | st.integers(min_value=2**70)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4)
)


def shorten(text: str) -> str:
    """Cut as the log does, only earlier."""
    return REDACTOR.workable(text, 500)


def _long_way(values: dict[str, Any]) -> Any:
    return capped(REDACTOR.value(plain(values, shorten)))


@given(st.dictionaries(NAMES, VALUES, max_size=8))
def test_one_pass_gives_what_the_long_way_gives(values: dict[str, Any]) -> None:
    """No member is shown, hidden or cut otherwise for being looked at only once (checklist 59)."""
    assert repr(fit(values, REDACTOR, shorten)) == repr(_long_way(values))
