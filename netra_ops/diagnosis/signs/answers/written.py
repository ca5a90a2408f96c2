"""Access lines as text: each server's and each proxy's way of writing one. Pure."""

import re
from typing import Final

from netra_ops.diagnosis.signs.answers.answer import (
    LONGEST_AGENT,
    METHODS,
    SWITCHED,
    WEBSOCKET,
    Answered,
    client_of,
)
from netra_ops.diagnosis.signs.answers.durations import latency_of, seconds_of
from netra_ops.logs.entries.cloud.request import path_template

_STATUS: Final = r"(?P<status>[1-5]\d\d)"
_ARROW: Final = r"(?:->|=>|-|:|responded|returned|answered)"
_LATENCY: Final = r"(?:\d+m)?(?P<latency>[\d.]+) ?(?P<unit>ms|s|µs|us|ns)"
_QUOTED: Final = re.compile(
    rf"\"(?P<method>{METHODS}|WebSocket) (?P<path>(?:https?://[^\s\"/]+)?/[^\s\"]*)"
    rf"(?: (?:HTTP/)?[\d.]+)?\"(?: (?:from (?P<peer>\S+) - |{_ARROW} )?{_STATUS}\b(?P<rest>.*)"
    rf"| \[(?P<word>accepted)\])?"
)
_PROXIED: Final = re.compile(
    rf"(?P<timings>-?\d+/-?\d+/-?\d+/-?\d+/\+?-?\d+) {_STATUS} .*"
    rf"\"(?P<method>{METHODS}) (?P<path>(?:https?://[^\s\"/]+)?/[^\s\"]*)"
)
_BALANCED: Final = re.compile(
    rf"(?P<client>[\d.]{{7,15}}|\[[^\]]*\]):\d+ \S+ "
    rf"(?P<a>-?[\d.]+) (?P<b>-?[\d.]+) (?P<c>-?[\d.]+) {_STATUS} \S+ \d+ \d+ "
    rf"\"(?P<method>{METHODS}) (?P<path>\S+) [^\"]*\" \"(?P<agent>[^\"]*)\""
)
_BARE: Final = re.compile(
    rf"(?:^\s*(?:xxx |x-- )?|[\]|:] ?|\bHTTP |--> |\d - )(?P<method>{METHODS}) (?P<path>/\S*)"
    rf"(?: HTTP/[\d.]+)? {_ARROW}? ?{_STATUS}\b"
    rf"(?:[ -]*(?:in )?(?P<latency>[\d.]+) ?(?P<unit>ms|s|µs|us)\b)?"
)
_OTHERS: Final = tuple(
    (needle, re.compile(pattern))
    for needle, pattern in (
        # gin, fiber and negroni: columns.
        (
            "|",
            (
                rf"(?:^|[|\]] ?) ?{_STATUS} ?\|\s+{_LATENCY} +\| +(?P<client>\S+)  *\| "
                rf"(?P<method>{METHODS}) +\|? ?\"?(?P<path>/[^\"\s|]*)"
            ),
        ),
        # ASP.NET Core.
        (
            "finished",
            (
                rf"Request finished HTTP/\S+ (?P<method>{METHODS}) https?://[^\s/]+(?P<path>/\S*) "
                rf".*?- {_STATUS} .*?(?P<latency>[\d.]+)(?P<unit>ms)"
            ),
        ),
        # uWSGI.
        (
            "generated",
            (
                rf"(?P<method>{METHODS}) (?P<path>/\S*) => generated \d+ bytes in "
                rf"(?P<latency>\d+) (?P<unit>m)secs \(HTTP/[\d.]+ {_STATUS}\)"
            ),
        ),
        # Tornado: the address in brackets sets it apart from what a client writes of its calls.
        (
            "ms",
            (
                rf"(?:^|[\s\]]){_STATUS} (?P<method>{METHODS}) (?P<path>/\S*) "
                rf"\((?P<client>[^)\s]+)\) {_LATENCY}"
            ),
        ),
        # Sanic: two blanks.
        ("  ", rf"(?P<method>{METHODS}) https?://[^\s/]+(?P<path>/\S*)  {_STATUS} \d+"),
        # Ktor.
        (
            " - /",
            (
                rf"(?:^|\s){_STATUS} [A-Z][\w ]+: (?P<method>{METHODS}) - (?P<path>/\S*)"
                rf"(?: in {_LATENCY})?"
            ),
        ),
        # Play, and many by hand.
        (
            "returned",
            rf"(?P<method>{METHODS}) (?P<path>/\S*) took {_LATENCY} and returned {_STATUS}\b",
        ),
        # hapi.
        (
            "[response]",
            (
                rf"\[response\] \S+ (?P<method>{METHODS.lower()}) (?P<path>/\S*) \S* ?{_STATUS} "
                rf"\({_LATENCY}\)"
            ),
        ),
        # PHP's own server.
        (
            "]: ",
            (
                rf"(?P<client>[\d.]{{7,15}}|\[[^\]]*\]):\d+ \[{_STATUS}\]: (?P<method>{METHODS}) "
                rf"(?P<path>/\S*)"
            ),
        ),
        # Fiber's short form.
        (" - ", rf"(?:^|[\]\s]){_STATUS} - +{_LATENCY} (?P<method>{METHODS}) (?P<path>/\S*)"),
        # Render's router.
        ("] ", rf"\[(?P<method>{METHODS})\] {_STATUS} [^\s/]+(?P<path>/\S*)"),
        # CloudFront, by tabs.
        (
            "\t",
            rf"\t(?P<client>[\d.:a-f]+)\t(?P<method>{METHODS})\t\S+\t(?P<path>/\S*)\t{_STATUS}\t",
        ),
        # IIS: W3C's extended form.
        (
            " - ",
            (
                rf"(?:^|\s)(?P<method>{METHODS}) (?P<path>/\S*) \S+ \d{{2,5}} \S+ "
                rf"(?P<client>[\d.:a-f]{{3,39}}) (?:HTTP/[\d.]+ )?(?P<agent>\S+)(?: \S+){{0,3}}? "
                rf"{_STATUS} \d+ \d+(?: \d+)*? (?P<latency>\d+)(?P<unit>)$"
            ),
        ),
        # structlog and others that put the request in one member.
        (
            "request=",
            (
                rf"\b(?:code|status)={_STATUS}\b.*\brequest=[\"'](?P<method>{METHODS}) "
                rf"(?P<path>/[^\s\"']*)"
            ),
        ),
    )
)
"""What else lines look like, each with words without which it need not be looked for."""
_DAPHNES: Final = re.compile(r"\"WS(?P<word>CONNECT|REJECT) (?P<path>/[^\s\"]*)\"")
_REFUSED: Final = 403
_METHOD: Final = re.compile(rf"\b(?:{METHODS})\b")
_LOGFMT: Final = re.compile(rf"\bmethod=\"?(?P<method>{METHODS})\b")
_PAIR: Final = re.compile(
    r"\b(path|uri|url|status|status_code|duration|duration_ms|latency|"
    r"elapsed|took|ms)=\"?([^\s\"}]+)"
)
_WHO: Final = re.compile(
    r"\b(?P<name>remote_?addr(?:ess)?|remote_?ip|client_?ip|clientip|ip|addr|client|peer|remote"
    r"|user_?agent|ua|agent)=(?:\"(?P<quoted>[^\"]*)\"|(?P<plain>[^\s\",]+))",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(r"\[?(\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:]+)\]?(?::\d+)?")
_CLIENT: Final = re.compile(r"^\W*(\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]{6,39})(?::\d+)?\s")
_AGENT: Final = re.compile(r"\"[^\"]*\" \"(?P<agent>[^\"]{1,400})\"")
_TOOK: Final = re.compile(
    r"\b(?:rt|request_time|urt|took|duration)[=:]\"?([\d.]+)(ms|s)?|\s([\d.]+)(ms|s|µs)\b"
)


def of_text(text: str) -> Answered | None:
    """Give the request that a text tells was answered; None if it tells of none."""
    balanced = _BALANCED.search(text) if '" "' in text else None
    if balanced is not None:
        times = [float(balanced[name]) for name in ("a", "b", "c")]
        latency = sum(times) if min(times) >= 0 else None
        return _answered(balanced, latency, balanced["client"], balanced["agent"], is_front=True)
    proxied = _PROXIED.search(text) if "/" in text and '"' in text else None
    if proxied is not None:
        total = abs(int(proxied["timings"].rsplit("/", 1)[1].strip("+"))) / 1e3
        return _answered(proxied, total, _address(text), None, is_front=True)
    if '"' in text:
        quoted = _QUOTED.search(text)
        if quoted is not None and "://" not in text[: quoted.start()]:
            return _of_quoted(text, quoted)
        if quoted is None and '"WS' in text:
            return _of_daphne(text)
    has_method = _METHOD.search(text) is not None or "[response]" in text
    found = _of_others(text) if has_method else None
    return _of_pairs(text) if found is None and "method=" in text else found


def _of_others(text: str) -> Answered | None:
    bare = _BARE.search(text)
    if bare is not None:
        return _answered(bare, seconds_of(bare["latency"], bare["unit"]), None, None)
    for needle, pattern in _OTHERS:
        found = pattern.search(text) if needle in text else None
        if found is not None:
            groups = found.groupdict()
            unit = groups.get("unit")
            latency = seconds_of(groups.get("latency"), unit if unit and unit != "m" else "ms")
            return _answered(found, latency, groups.get("client"), groups.get("agent"))
    return None


def _of_daphne(text: str) -> Answered | None:
    """Read of a handshake what Daphne writes in place of a status."""
    found = _DAPHNES.search(text)
    if found is None:
        return None
    status = SWITCHED if found["word"] == "CONNECT" else _REFUSED
    return Answered(WEBSOCKET, path_template(found["path"]), status, None, _address_of(text))


def _address_of(text: str) -> str | None:
    return client_of(_address(text), None)


def _of_quoted(text: str, found: re.Match[str]) -> Answered | None:
    is_socket = found["method"] == "WebSocket"
    if found["word"]:
        status: int | None = SWITCHED
    elif found["status"]:
        status = int(found["status"])
    else:
        return None
    rest = found["rest"] or ""
    agent = _AGENT.search(rest)
    took = _TOOK.search(rest)
    latency = seconds_of(took[1] or took[3], took[2] or took[4]) if took else None
    address = _address(text) or _peer(found["peer"])
    answer = _answered(found, latency, address, agent["agent"] if agent else None)
    method = WEBSOCKET if is_socket or status == SWITCHED else answer.method
    return answer._replace(method=method, status=status)


def _answered(
    found: re.Match[str],
    latency: float | None,
    address: str | None,
    agent: str | None,
    *,
    is_front: bool = False,
) -> Answered:
    status = found["status"]
    return Answered(
        found["method"].upper(),
        path_template(found["path"]),
        int(status) if status else None,
        latency,
        client_of(address, agent),
        agent[:LONGEST_AGENT] if agent and agent != "-" else None,
        is_front,
    )


def _address(text: str) -> str | None:
    found = _CLIENT.match(text)
    return found[1] if found else None


def _peer(written: str | None) -> str | None:
    told = _ADDRESS.fullmatch(written) if written else None
    return told[1] if told else None


def _of_pairs(text: str) -> Answered | None:
    method = _LOGFMT.search(text)
    pairs = dict(_PAIR.findall(text))
    path = pairs.get("path") or pairs.get("uri") or pairs.get("url")
    status = pairs.get("status") or pairs.get("status_code") or ""
    if method is None or not path or not path.startswith("/") or not status[:3].isdigit():
        return None
    address, agent = _who(text)
    return Answered(
        method["method"],
        path_template(path),
        int(status[:3]),
        latency_of(pairs),
        client_of(address, agent),
        agent[:LONGEST_AGENT] if agent else None,
    )


def _who(text: str) -> tuple[str | None, str | None]:
    """Give the address and the agent that pairs of names and values tell of."""
    address = agent = None
    for found in _WHO.finditer(text):
        value = found["quoted"] or found["plain"] or ""
        if "agent" in found["name"].lower() or found["name"].lower() == "ua":
            agent = agent or (value if value != "-" else None)
        else:
            told = _ADDRESS.fullmatch(value)
            address = address or (told[1] if told else None)
    return address, agent
