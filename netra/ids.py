"""The only maker of ids. An id names; it opens nothing.

Row ids are made by the client of the database, never by the database, so that isolation can be
enforced by views and policies that know the id before the row exists.
"""

import itertools
import secrets
import time

_counter = itertools.count(1)
_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [first + second for first in _CROCKFORD for second in _CROCKFORD]
_RANDOM_BITS = 80
_ID_LENGTH = 26


def row_id(prefix: str) -> str:
    """Make a row id such as `thr_01k9…`: 48 bits of milliseconds, then 80 random bits.

    Ids sort by the time they were made (to the millisecond), as a ULID does.
    """
    number = (time.time_ns() // 1_000_000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    pairs = [_PAIRS[(number >> (10 * place)) & 1023] for place in range(_ID_LENGTH // 2)]
    pairs.reverse()
    return f"{prefix}_{''.join(pairs)}"


def request_id() -> str:
    """Make `req_<epoch ms>_<counter>_<8 hex>`, which ties the log lines of one request together."""
    return _traceable("req")


def correlation_id() -> str:
    """Make `debug_corr_<epoch ms>_<counter>_<8 hex>`, which ties one failure's lines together."""
    return _traceable("debug_corr")


def random_token() -> str:
    """Make an unguessable 256-bit string in base64url: codes, session ids, refresh tokens."""
    return secrets.token_urlsafe(32)


def _traceable(prefix: str) -> str:
    return f"{prefix}_{time.time_ns() // 1_000_000}_{next(_counter)}_{secrets.token_hex(4)}"
