"""Times that stand within lines, and in members by any name."""

from pathlib import Path

import pytest

from netra_ops.logs.reading import Account, Reading
from netra_ops.logs.reading.reader import read

_MOMENT = 1_791_792_020
"""2026-10-12 08:00:20 UTC."""
_NOW = (_MOMENT + 3_600) * 10**9
LINES = (
    "[12-Oct-2026 08:00:20] WARNING: [pool www] child 33 exited on signal 9 (SIGKILL)",
    "12-Oct-2026 08:00:20.123 SEVERE [main] org.apache.catalina.core.StandardService Failed",
    "Oct 12, 2026 8:00:20 AM org.apache.catalina.core.StandardContext startInternal",
    "[Nest] 1  - 10/12/2026, 8:00:20 AM   ERROR [ExceptionsHandler] boom",
    '[12/Oct/2026 08:00:20] "GET /api/me HTTP/1.1" 401 58',
    '10.0.0.9 -  12/Oct/2026:08:00:20 +0000 "GET /index.php" 401',
    "[W 261012 08:00:20 web:2348] 401 GET /api/me (10.0.0.9) 3.21ms",
    '[GIN] 2026/10/12 - 08:00:20 | 401 | 32.123µs | 10.0.0.9 | GET "/api/me"',
    'shop.example:443 10.0.0.9 - - [12/Oct/2026:10:00:20 +0200] "GET /api/me HTTP/1.1" 401 381',
    'https 2026-10-12T08:00:20.123Z app/x/50dc 10.0.0.9:5123 10.4.0.7:80 0.0 0.0 0.0 401 401 3 3 "',
    '10.0.0.9:5123 [12/Oct/2026:08:00:20.123] fe~ be/s1 0/0/1/2/3 401 226 - - "GET /a HTTP/1.1"',
    "[pid: 7|app: 0|req: 1/1] 10.0.0.9 () {40 vars} [Mon Oct 12 08:00:20 2026] GET /a => generated",
    "api-1  | 2026-10-12T08:00:20Z ERROR boom",
    "api-7d9f-x2x api 2026-10-12T08:00:20Z ERROR boom",
    "WARNING 2026-10-12 08:00:20,111 log Unauthorized: /api/me",
    'level=info ts=2026-10-12T08:00:20Z msg="request handled" method=GET uri=/a status=401',
    'Started GET "/api/me" for 10.0.0.9 at 2026-10-12 08:00:20 +0000',
    "2026-10-12\t08:00:20\tFRA2\t27\t10.0.0.9\tGET\tx\t/api/me\t401\t-",
    "261012/080020.123, [response] http://0.0.0.0:8080: get /api/me {} 401 (3ms)",
    '{"time_local":"12/Oct/2026:08:00:20 +0000","request":"GET /a HTTP/1.1","status":"401"}',
    '{"@t":"2026-10-12T08:00:20.123Z","RequestMethod":"GET","RequestPath":"/a","StatusCode":401}',
    '{"instant":{"epochSecond":1791792020,"nanoOfSecond":0},"message":"GET /a 401"}',
    '{"timeMillis":1791792020123,"level":"INFO","message":"GET /a 401"}',
    '{"StartUTC":"2026-10-12T08:00:20.1Z","RequestMethod":"GET","RequestPath":"/a"}',
)
NONE = (
    "token expired at 2026-10-12T08:00:20Z for a user",
    "expires 2026-10-12T08:00:20Z unless renewed",
    "since 2026-10-12 08:00:20 nothing was read",
    "Exception: the certificate ended on 2026-10-12",
)


def _time(directory: Path, line: str) -> int | None:
    path = directory / "log.txt"
    path.write_text(f"{line}\n")
    entries = [one for batch in read([str(path)], Account(), Reading(now=_NOW)) for one in batch]
    return entries[0].time


@pytest.mark.parametrize("line", LINES)
def test_a_line_has_its_time_wherever_it_stands(tmp_path: Path, line: str) -> None:
    """Servers and proxies write the time behind other columns, and members by many names."""
    time = _time(tmp_path, line)

    assert time is not None
    assert time // 10**9 == _MOMENT


@pytest.mark.parametrize("line", NONE)
def test_what_a_sentence_tells_of_is_not_its_time(tmp_path: Path, line: str) -> None:
    """The end of a token is not when that was said."""
    assert _time(tmp_path, line) is None
