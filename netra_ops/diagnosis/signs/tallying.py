"""The log of a bundle, read once and counted: a stream, within bounds that hold for any log.

Counting takes about as long as reading, and the two together are what `benchmarks/diagnosis_speed`
measures. At most 200 000 requests and 20 000 occurrences of each sign are kept, evenly thinned;
with what is remembered while reading that is some hundreds of megabytes for the largest logs.
"""

import re
from collections.abc import Iterable
from typing import Final

from netra_ops.diagnosis.signs.answers.answer import SWITCHED, WEBSOCKET, Answered
from netra_ops.diagnosis.signs.answers.parted import Parted
from netra_ops.diagnosis.signs.counting.places import Places
from netra_ops.diagnosis.signs.counting.relating import Answering, failed_starts, related, with_bare
from netra_ops.diagnosis.signs.counting.requests import Open, Requests
from netra_ops.diagnosis.signs.counting.sockets import Sockets
from netra_ops.diagnosis.signs.counting.thinning import Thinned
from netra_ops.diagnosis.signs.meaning import Lexicon, Meaning
from netra_ops.diagnosis.signs.records import own
from netra_ops.diagnosis.signs.records.answered import answered_by
from netra_ops.diagnosis.signs.records.audited import audit_meanings
from netra_ops.diagnosis.signs.records.called import called, is_auth_client
from netra_ops.diagnosis.signs.records.keyed import key_of, tells_of_token
from netra_ops.diagnosis.signs.records.said import said_by
from netra_ops.diagnosis.signs.records.shaped import (
    is_bare_preflight,
    stands_below_error,
    with_clock,
    with_fields,
    with_stack,
    without_silence,
)
from netra_ops.diagnosis.signs.records.whose import (
    caller_of,
    came_bare,
    is_test,
    issued_of,
    names_nobody,
)
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Called, Caller, Occurrence, Place, Tally
from netra_ops.diagnosis.signs.values_told import with_fallback, with_length
from netra_ops.logs.entries import Entry, Kind, Level
from netra_ops.logs.reading import Account, Reading, read

_UNAUTHORISED: Final = frozenset({401, 403})
MOST_OF_A_SIGN: Final = 20_000
_MOST_IDS: Final = 400_000
_WORDS: Final = 12

_CALLS: Final = frozenset(
    {
        Sign.CONNECTION_REFUSED,
        Sign.HOST_UNKNOWN,
        Sign.TIMED_OUT,
        Sign.DEPENDENCY_FAILED,
        Sign.NOT_JSON,
        Sign.REDIRECTED,
        Sign.CERTIFICATE_EXPIRED,
        Sign.CERTIFICATE_REFUSED,
        Sign.BREAKER_OPEN,
        Sign.BREAKER_CLOSED,
    }
)
_OF_DATABASE: Final = frozenset(
    {Sign.CONNECTION_REFUSED, Sign.HOST_UNKNOWN, Sign.TIMED_OUT, Sign.DEPENDENCY_FAILED}
)
_NORMAL_CLOSURE: Final = 1000
"""RFC 6455, 7.4.1: it ended because somebody was done with it."""
_CODE: Final = re.compile(r"(?:exited?|signal|code|status)\D{0,12}(\d{1,5})", re.IGNORECASE)
_PAGE: Final = re.compile(
    r"(?:title>|Error: |\b)(?:403 Forbidden|401 Unauthorized)|Error: (?:Forbidden|Unauthorized)"
    r"|\b40[13](?=:? ?<)",
    re.IGNORECASE,
)
"""With what a platform's own page says how it refused."""
_STATUS: Final = re.compile(
    r"(?:^\W*|\b(?:status(?:[ _]?code)?|HTTP(?:/[\d.]+)?|HTTPException:?|error)[ =:\"']*)"
    r"([45]\d\d)\b",
    re.IGNORECASE,
)


def tallied(inputs: Iterable[str], reading: Reading) -> Tally:
    """Read a log and count it.

    Args:
        inputs: Paths, as `netra_ops.logs.reading.read` takes them.
        reading: How.
    """
    account = Account()
    counting = _Counting(account)
    for batch in read(inputs, account, reading):
        for entry in batch:
            if not entry.duplicate:
                counting.count(entry)
    return counting.finished()


def tallied_of(entries: Iterable[Entry]) -> Tally:
    """Count entries that were read already."""
    counting = _Counting(Account())
    for entry in entries:
        if not entry.duplicate:
            counting.count(entry)
    return counting.finished()


class _Counting:
    def __init__(self, account: Account) -> None:
        self._account = account
        self._lexicon = Lexicon()
        self._places = Places()
        self._requests = Requests()
        self._parted = Parted()
        self._sockets = Sockets()
        self._found: dict[Sign, Thinned[Occurrence]] = {}
        self._spoke: set[str] = set()
        self._latest: dict[int, int] = {}
        self._first: int | None = None
        self._last: int | None = None

    def count(self, entry: Entry) -> None:
        self._date(entry)
        time, number = entry.time, entry.number
        place = self._places.place(entry.service, entry.revision, entry.instance)
        self._places.count(place, time, number)
        request = entry.trace or entry.request_id
        if entry.trace is not None and entry.request_id is not None:
            self._requests.tell_alias(entry.trace, entry.request_id)
        if entry.kind is Kind.REQUEST:
            answered = answered_by(entry)
            if answered is not None:
                self._requests.add(Open(number, time, place, request, answered))
            return
        caller, principal = caller_of(entry)
        if entry.kind is not Kind.AUDIT:
            self._note(place, time, request, caller, principal, entry)
        answered = answered_by(entry) or self._parted.ended_by(entry, place, request)
        if answered is not None:
            new = Open(number, time, place, request, answered, caller, principal)
            self._requests.add(new)
        for meaning in self._meanings(entry, answered) or _of_caller(entry, answered, principal):
            self._add(meaning, entry, place, request, caller, principal, answered)

    def _date(self, entry: Entry) -> None:
        """Give a plain line without a time that of the line before: it was written then."""
        time = entry.time
        if time is None:
            if entry.kind is Kind.LINE:
                entry.time = self._latest.get(entry.source)
            return
        self._latest[entry.source] = time
        self._first = time if self._first is None else min(self._first, time)
        self._last = time if self._last is None else max(self._last, time)

    def _note(
        self,
        place: Place,
        time: int | None,
        request: str | None,
        caller: Caller,
        principal: str | None,
        entry: Entry,
    ) -> None:
        """Note that a program spoke, in which request and of whom."""
        log = entry.log_name or ""
        if entry.http is not None and log.endswith("requests"):
            return
        if "system" not in log:
            self._places.speak(place, time)
        if request is None:
            return
        other = entry.fields.get("correlation_id") if entry.fields is not None else None
        if isinstance(other, str) and other != request:
            self._requests.tell_alias(request, other)
        if len(self._spoke) < _MOST_IDS:
            self._spoke.add(request)
        if caller is not Caller.UNKNOWN:
            self._requests.tell_caller(request, caller, principal)

    def _meanings(self, entry: Entry, answered: Answered | None) -> list[Meaning]:
        """Give what an entry means: exactly where its form is known, else by its words."""
        fields = entry.fields
        if entry.audit is not None:
            return audit_meanings(entry.audit, fields or {})
        exact = own.own_meanings(fields) if fields is not None else None
        if exact is not None:
            return exact
        text = said_by(entry)
        if answered is not None and is_bare_preflight(answered.method, answered.status, fields):
            return [*self._lexicon.meanings(text), Meaning(Sign.PREFLIGHT_BARE)]
        if answered is not None and entry.level < Level.WARNING and "|" not in text:
            return []
        # How a request was answered is not how what it needed answered.
        said = text if answered is None else text.partition(" | ")[2] or text
        found = self._told(entry, text, said)
        if entry.stack is not None:
            found = with_stack(entry.stack, found, text)
        elif entry.level < Level.ERROR:
            found = [one for one in found if stands_below_error(one.sign, text, entry.level)]
        if fields is not None:
            found = with_fields(
                fields, found, is_warning=answered is None and entry.level >= Level.WARNING
            )
        if not found and entry.level >= Level.ERROR and answered is None:
            return [Meaning(Sign.OTHER_ERROR)]
        return found

    def _told(self, entry: Entry, text: str, said: str) -> list[Meaning]:
        """Give what the words mean, with what values they tell of."""
        found = without_silence(said, self._lexicon.meanings(text))
        if not any(one.sign is Sign.FALLBACK_FILE for one in found):
            found = [*found, *with_fallback(entry.message, entry.fields)]
        found = [*found, *with_length(entry.message, entry.fields)]
        return with_clock(entry.time, text, found) if "current time" in text else found

    def _add(
        self,
        meaning: Meaning,
        entry: Entry,
        place: Place,
        request: str | None,
        caller: Caller,
        principal: str | None,
        answered: Answered | None,
    ) -> None:
        sign, subject, what = meaning.sign, meaning.subject, None
        if sign in _CALLS:
            libraries = " ".join(entry.stack.libraries) if entry.stack is not None else ""
            what, host = called(f"{said_by(entry)} {libraries}")
            subject = subject or host
            if what is None and entry.logger is not None and is_auth_client(entry.logger):
                what = Called.AUTH_SERVICE
            if what is Called.DATABASE and sign in _OF_DATABASE:
                sign = Sign.DATABASE_SILENT
        elif sign is Sign.STARTING:
            self._places.start(place, entry.time, entry.message[:_WORDS])
        elif sign is Sign.SOCKET_OPENED:
            self._sockets.open(place, entry, request)
        elif sign is Sign.SOCKET_CLOSED:
            self._close(entry, place, request)
        found = self._found.get(sign)
        if found is None:
            found = self._found[sign] = Thinned(MOST_OF_A_SIGN)
        found.add(
            Occurrence(
                sign=sign,
                number=entry.number,
                time=entry.time,
                place=place,
                level=entry.level,
                request=request,
                caller=caller,
                principal=principal,
                subject=subject,
                status=_status(sign, entry, answered),
                path=answered.path if answered else entry.http.path if entry.http else None,
                issued=issued_of(entry),
                key=key_of(entry),
                called=what,
                is_test=is_test(entry),
                libraries=entry.stack.libraries if entry.stack is not None else (),
            )
        )

    def _close(self, entry: Entry, place: Place, request: str | None) -> None:
        """Say of a socket how long it was open; one of which no request tells is a request."""
        length = self._sockets.ended(place, entry, request)
        if length is None or (request is not None and self._requests.tell_length(request, length)):
            return
        if _status(Sign.SOCKET_CLOSED, entry, None) == _NORMAL_CLOSURE:
            return
        began = None if entry.time is None else entry.time - round(length * 1e9)
        told = Answered(WEBSOCKET, None, SWITCHED, length)
        self._requests.add(Open(entry.number, began, place, request, told))

    def finished(self) -> Tally:
        self._places.sort()
        requests, kept, spoke = self._requests.finished()
        resolved = self._requests.resolved
        spoke |= {resolved(one) for one in self._spoke}
        for one in requests:
            if one.request is not None and one.request not in spoke and one.time is not None:
                end = one.time + int((one.latency or 0.0) * 1e9) + 50_000_000
                if self._places.spoke_between(one.place, one.time - 5_000_000, end):
                    spoke.add(one.request)
        answering = Answering(requests)
        occurrences = {
            sign: related(found.items, answering, resolved) for sign, found in self._found.items()
        }
        occurrences = with_bare(occurrences, requests)
        counts = {sign: found.seen for sign, found in self._found.items()}
        failed = failed_starts(occurrences, self._places.instances, answering)
        if failed:
            starts = occurrences.setdefault(Sign.START_FAILED, [])
            starts += failed
            starts.sort(key=lambda one: (one.time or 0, one.number))
            counts[Sign.START_FAILED] = counts.get(Sign.START_FAILED, 0) + len(failed)
        return Tally(
            occurrences=occurrences,
            counts=counts,
            requests=requests,
            kept=kept,
            instances=self._places.instances,
            spoke=spoke,
            account=self._account,
            first=self._first,
            last=self._last,
        )


def _of_caller(entry: Entry, answered: Answered | None, principal: str | None) -> list[Meaning]:
    """Give what a line means that says nothing but by which token somebody came, or by none."""
    if answered is not None and answered.status in _UNAUTHORISED and came_bare(entry):
        return [Meaning(Sign.CREDENTIAL_MISSING)]
    if tells_of_token(entry):
        return [Meaning(Sign.TOKEN_TOLD)]
    if answered is None and came_bare(entry):
        return [Meaning(Sign.CAME_BARE)]
    is_nobody = principal is None and names_nobody(entry)
    return [Meaning(Sign.NOBODY_NAMED)] if is_nobody else []


def _status(sign: Sign, entry: Entry, answered: Answered | None) -> int | None:
    if sign in (Sign.EXITED, Sign.SOCKET_CLOSED):
        if entry.fields is not None:
            code = entry.fields.get("close_code", entry.fields.get("code"))
            if type(code) is int:
                return code
        found = _CODE.search(entry.message)
        return int(found[1]) if found else None
    if answered is not None:
        return answered.status
    if entry.status is not None:
        return entry.status
    if sign is Sign.PLATFORM_REFUSED:
        page = _PAGE.search(entry.message, 0, 2_000)
        if page is not None:
            return 403 if "orbidden" in page[0] or "403" in page[0] else 401
    said = _STATUS.search(entry.message)
    return int(said[1]) if said else None
