"""What stands before the message in a plain line: time, level, logger, process, thread, host.

A header is recognised by its parts in the order in which programs write them, not by a list of
programs. What is not surely a header is left in the message.
"""

import re
from typing import Final

import msgspec

from netra_ops.logs.entries.entry import Level
from netra_ops.logs.entries.heads.moments import MOMENT, MONTH, moment_of
from netra_ops.logs.entries.severity import WORDS, level_of_name

_GLOG: Final = re.compile(
    r"([IWEF])(\d{4})?(\d\d)(\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)\s+\d+ ([\w./-]+:\d+)\] "
)
_RUBY: Final = re.compile(
    r"([DIWEFA]), \[(\d{4}-\d\d-\d\dT[\d:.]{8,18})(?: #\d+)?\] +[A-Z]+ -- ([\w:-]{0,60}): "
)
_ACCESS: Final = re.compile(rf"[\w.:-]+ \S+ (\S+) \[(\d\d/(?:{MONTH})/[^\]]+)\] (?=\")")
_PRIORITY: Final = re.compile(r"<(\d{1,3})>(?:1 (?=\d{4}-))?")
_SYSLOG: Final = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_FACILITIES: Final = 24

_GAP: Final = re.compile(r"\s*(?:(?:-{1,3}|[|:\u2013])\s+|[|](?=\S))?\s*")
_LEVEL: Final = re.compile(
    r"\[\s*(?:[\w.-]+:)?([A-Za-z]{1,13})\s*\]:?|<([A-Za-z]{1,13})>:?"
    r"|([A-Za-z]{1,13})(?=[\s:|,/])(,?:?(?:\s*\||\s{2,})?)"
)
_LEVEL_AHEAD: Final = re.compile(rf"[\w.$-]+(?:\s+-)?\s+(?:{WORDS.upper()})(?=[\s:|])")
_PROCESS: Final = re.compile(r"\[\d+\]|\(\d+\)|\d+(?:#\d+)?:(?=\s)")
_NUMBERS: Final = re.compile(r"\d+(?: +\d+)?(?=\s)")
_THREAD: Final = re.compile(r"\[((?:[^\[\]]|\[[^\[\]]*\]){0,300})\](?=\s|$)")
_IDS: Final = re.compile(
    r"\[(?:(?:req(?:uest)?(?:[_-]?id)?|r|rid|cid|tid|corr(?:elation)?(?:[_-]?id)?|x-request-id)"
    r"[-_:=/ ] ?(?P<id>(?=[\w.-]*\d)[\w.-]{4,64})"
    r"|(?P<uuid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"|[\w.-]*,(?P<trace>[0-9a-f]{16,32}),[0-9a-f]{16}(?:,\w*)?"
    r"|(?P<own>[0-9a-f]{32})-[0-9a-f]{16})\](?=\s|$)",
    re.IGNORECASE,
)
"""What stands where a thread may and is an id: as MDC and tagged logs write a request's, and Spring
a trace's, `[service,trace,span]` and since 3.0 `[trace-span]`."""
_LOGGER: Final = re.compile(
    r"([A-Za-z_$][\w$]*(?:[./-][\w$]+)+)(?:\s*:(?=\s)|(?=\s+[\[-])|(?=\s))"
    r"|([A-Za-z_$][\w$]*)(?:(?=\s+-\s)|(?=\s{2,}\S)|(?=\|))"
)
_WORD: Final = re.compile(
    r"(?:[a-z]+-(?:up|in|out|off|on|down|over|back|only|to|of|by|less|through|time|wide|side)"
    r"|(?:re|pre|non|self|un|no|post|co|multi|auto|sub|long|short|one|two|three|first|second|half"
    r"|well|read|write|end|start|follow|cross|key|left)-[a-z]+)(?:-[a-z]+)*(?= [a-z(])",
    re.IGNORECASE,
)
"""A compound word that begins a sentence, such as `start-up`, and no logger."""
_HOST: Final = re.compile(r"([A-Za-z0-9][\w.:-]*)\s+")
_TAG: Final = re.compile(
    r"((?:--|[\w./$@-]+)(?:\([^)\s]{1,60}\))?(?: \w+){0,2})(?:\[\d+\])?"
    r"(?: \([\w.\[\]/-]+\))?:(?:\s|$)"
)
_PAIRED: Final = re.compile(r"[A-Za-z@][\w.@-]{0,30}=\S")
_TIME_PAIR: Final = re.compile(
    r"(?:\A|\s)(?:@?time(?:stamp)?|ts|t|datetime|at)=\"?(?=[\[\d])", re.IGNORECASE
)
_LEVEL_PAIR: Final = re.compile(
    r"(?:\A|\s)(?:level|lvl|severity)=\"?([A-Za-z]{1,13})\b", re.IGNORECASE
)
_LONGEST_PAIRS: Final = 300
_FIRST_SIGNS: Final = "0123456789[<(:"
_FIRST_WORD: Final = re.compile(
    rf"(?:{MONTH}|Mon|Tue|Wed|Thu|Fri|Sat|Sun) |(?i:{WORDS})\b|[IWEF]\d|[\w.:-]+ \S+ \S+ \[\d"
)
_COLUMN: Final = 2
_PARTS: Final = 7


class Header(msgspec.Struct, gc=False):
    """What a plain line says before its message.

    Attributes:
        end: Where the message begins in the line, in characters.
        time: When, nanoseconds since the epoch; None if it gives no whole date.
        severity: As it was written.
        level: What that means.
        logger: The program's part that wrote it; for syslog the program.
        host: The machine.
        principal: Who was acting, as a web server has it.
        request: The request's id.
        trace: The trace's.
    """

    end: int
    time: int | None = None
    severity: str | None = None
    level: Level = Level.DEFAULT
    logger: str | None = None
    host: str | None = None
    principal: str | None = None
    request: str | None = None
    trace: str | None = None


def header_of(line: str, now: int, begin: int = 0) -> Header | None:
    """Recognise a line's header; None if it has none that is sure.

    Args:
        line: The line.
        now: Nanoseconds since the epoch, for dates without a year.
        begin: Where to look, for lines that have columns of their own before.
    """
    first = line[begin : begin + 1]
    if _PAIRED.match(line, begin) is not None:
        return _of_pairs(line, now, begin)
    if first.isalpha():
        named = _of_letter(line, begin, now)
        if named is not None:
            return named
        if _FIRST_WORD.match(line, begin) is None:
            return None
    elif first not in _FIRST_SIGNS or not first:
        return None
    priority = _PRIORITY.match(line, begin) if first == "<" else None
    found = MOMENT.match(line, priority.end() if priority else begin)
    if found is None or found.lastgroup is None:
        return _without_time(line, begin, now)
    header = Header(
        _after(_GAP, line, found.end()), moment_of(found.lastgroup, found[found.lastgroup], now)
    )
    if priority is not None and int(priority[1]) < _FACILITIES * len(_SYSLOG):
        header.severity = _SYSLOG[int(priority[1]) % len(_SYSLOG)]
        header.level = level_of_name(header.severity) or Level.DEFAULT
    unbracketed = found[0][0] not in "[<("
    if priority is not None or (found.lastgroup == "month" and unbracketed):
        _after_host(line, header)
    else:
        _parts(line, header)
    return header


def _of_pairs(line: str, now: int, begin: int) -> Header | None:
    """Read time and level of a line that is names and values; it all stays its message."""
    text = line[begin : begin + _LONGEST_PAIRS]
    paired = _TIME_PAIR.search(text)
    found = MOMENT.match(text, paired.end()) if paired is not None else None
    level = _LEVEL_PAIR.search(text)
    severity = level[1] if level is not None and level_of_name(level[1]) is not None else None
    time = None
    if found is not None and found.lastgroup is not None:
        time = moment_of(found.lastgroup, found[found.lastgroup], now)
    if time is None and severity is None:
        return None
    known = level_of_name(severity) if severity is not None else None
    return Header(begin, time, severity, known or Level.DEFAULT)


def _of_glog(found: re.Match[str], now: int) -> Header:
    letter, year, month, day, clock, place = found.groups()
    if year:
        time = moment_of("iso", f"{year}-{month}-{day}T{clock}", now)
    else:
        time = moment_of("yearless", f"{month}-{day} {clock}", now)
    return Header(found.end(), time, letter, level_of_name(letter) or Level.DEFAULT, place)


def _of_letter(line: str, begin: int, now: int) -> Header | None:
    """Read a head that begins with the letter of a level."""
    glog = _GLOG.match(line, begin)
    if glog is not None:
        return _of_glog(glog, now)
    ruby = _RUBY.match(line, begin)
    return _of_ruby(ruby, now) if ruby is not None else None


def _of_ruby(found: re.Match[str], now: int) -> Header:
    """Read what Ruby's Logger writes, whose `A` is of what has no level."""
    letter, moment, program = found.groups()
    level = level_of_name(letter) or Level.DEFAULT
    return Header(found.end(), moment_of("iso", moment, now), letter, level, program or None)


def _without_time(line: str, begin: int, now: int) -> Header | None:
    access = _ACCESS.match(line, begin)
    if access is not None:
        who = None if access[1] == "-" else access[1]
        return Header(access.end(), moment_of("day", access[2], now), principal=who)
    level = _level_at(line, begin)
    if level is None or len(level[2]) == 1:
        return None
    header = Header(begin)
    _parts(line, header)
    return header


def _after_host(line: str, header: Header) -> None:
    """Read what syslog has after the time: the host, the program, its process."""
    host = _HOST.match(line, header.end)
    tag = _TAG.match(line, host.end()) if host else None
    if host is not None and tag is None and _TAG.match(line, header.end) is None:
        header.host, header.end = host[1], host.end()
        return
    if host is not None and tag is not None:
        header.host = host[1]
    else:
        tag = _TAG.match(line, header.end)
    if tag is not None:
        header.logger, header.end = tag[1], tag.end()


def _parts(line: str, header: Header) -> None:
    """Read level, process, thread and logger, each at most once, in whatever order they come."""
    in_brackets = thread_seen = False
    for _ in range(_PARTS):
        at = header.end
        if header.severity is None:
            level = _level_at(line, at)
            if level is not None:
                header.end, header.severity, header.level = level[0], level[2], level[1]
                in_brackets = line[at] == "["
                continue
        if _ids_at(line, header):
            continue
        process = _process_at(line, at, level_follows=header.severity is None)
        if process is None and header.severity and not in_brackets and not thread_seen:
            process = _THREAD.match(line, at)
            if process is not None and ": " in process[0]:
                process = None
            thread_seen = process is not None
        if process is not None:
            header.end = _after(_GAP, line, process.end())
            if thread_seen and "-" in line[process.end() : header.end]:
                return
            continue
        sure = header.severity is not None or _LEVEL_AHEAD.match(line, at)
        logger = _LOGGER.match(line, at) if header.logger is None and sure else None
        if logger is None or (in_brackets and logger[1] is None) or _WORD.match(line, at):
            return
        header.logger = logger[1] or logger[2]
        header.end = _after(_GAP, line, logger.end())


def _ids_at(line: str, header: Header) -> bool:
    """Take the id that stands here in brackets, if one does."""
    found = _IDS.match(line, header.end) if line[header.end : header.end + 1] == "[" else None
    if found is None:
        return False
    header.request = header.request or found["id"] or found["uuid"]
    header.trace = header.trace or found["trace"] or found["own"]
    header.end = _after(_GAP, line, found.end())
    return True


def _level_at(line: str, at: int) -> tuple[int, Level, str] | None:
    """Give the level that stands here: where it ends, what it means, and the word."""
    found = _LEVEL.match(line, at)
    if found is None:
        return None
    bare = found[3]
    word = bare or found[1] or found[2]
    level = level_of_name(word)
    if level is None:
        return None
    # A word that is not all capitals may begin a sentence; something has to set it off.
    if bare and not bare.isupper() and not found[4].strip(" ") and len(found[4]) < _COLUMN:
        return None
    if bare and len(bare) == 1 and not (bare.isupper() and line[found.end(3)] in " /"):
        return None
    end = found.end() + (bare is not None and line[found.end(3)] == "/")
    return _after(_GAP, line, end), level, word


def _process_at(line: str, at: int, *, level_follows: bool) -> re.Match[str] | None:
    """Find a process: in brackets, or a bare number before a level or before three dashes."""
    process = _PROCESS.match(line, at)
    if process is not None:
        return process
    number = _NUMBERS.match(line, at)
    if number is None:
        return None
    if line.startswith("---", number.end() + 1):
        return number
    following = _after(_GAP, line, number.end())
    if not level_follows:
        return None
    return number if _level_at(line, following) or _LEVEL_AHEAD.match(line, following) else None


def _after(pattern: re.Pattern[str], line: str, at: int) -> int:
    found = pattern.match(line, at)
    return found.end() if found else at
