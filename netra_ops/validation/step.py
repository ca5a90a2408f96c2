"""What a step of the golden path is: a question, a judgement, and what it needs and teaches.

The steps themselves are in `steps/`, their order in `golden_path`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from netra.principal import ServiceIdentity
from netra.secret import Secret
from netra_ops.findings import Verdict
from netra_ops.validation.answer import Answer, Asker, HeaderList
from netra_ops.validation.auth_service import AuthorizationCode, AuthService
from netra_ops.validation.credentials import Credentials, Person
from netra_ops.validation.run_events import Turn
from netra_ops.validation.socket import ChatSocket, shake_hands

_NOTHING = Secret("")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class Wanted(StrEnum):
    """What a correct system does with the step's request."""

    ADMITTED = "admitted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Facts:
    """What earlier steps taught. A step reads only what the steps it `needs` have set."""

    user_id: str = ""
    admin_token: Secret = _NOTHING
    code: AuthorizationCode | None = None
    user_token: Secret = _NOTHING
    refresh_token: Secret = _NOTHING
    service_token: Secret = _NOTHING
    foreign_token: Secret = _NOTHING
    principal: str = ""
    thread_id: str = ""
    seq: int = 0
    turn: Turn | None = None

    def secrets(self) -> tuple[Secret, ...]:
        """List what must not be shown."""
        code = (self.code.code, self.code.verifier) if self.code else ()
        tokens = (
            self.admin_token,
            self.user_token,
            self.refresh_token,
            self.service_token,
            self.foreign_token,
        )
        return tuple(secret for secret in (*code, *tokens) if secret)


@dataclass(frozen=True, slots=True)
class Subject:
    """The one revision that a walk is about.

    Attributes:
        service: Of which service.
        revision: Its name, as it gives it in its health document.
        url: The address under which it, and nobody else, answers.
    """

    service: str
    revision: str
    url: str


@dataclass(slots=True)
class Walk:
    """One walk: where, as whom, what it writes, and what is known so far.

    Attributes:
        url: Where the backend is asked.
        credentials: As whom.
        person: Whose path is walked.
        text: What is written.
        asker: Moves requests and answers.
        known_as: Where people see the backend, if that is elsewhere: what an Origin is.
        subject: The revision that must answer, if the walk is about one.
        facts: What is known so far.
    """

    url: str
    credentials: Credentials
    person: Person
    text: str
    asker: Asker
    known_as: str | None = None
    subject: Subject | None = None
    facts: Facts = field(default_factory=Facts)

    @property
    def is_alone(self) -> bool:
        """Whether nobody else uses this person's account: it was made for this walk."""
        return self.credentials.person is None

    @property
    def origin(self) -> str:
        """Give the Origin that browsers send from the pages that people see (RFC 6454)."""
        parts = urlsplit(self.known_as or self.url)
        is_default = parts.port == _DEFAULT_PORTS[parts.scheme]
        host = parts.netloc.rpartition(":")[0] if is_default and parts.port else parts.netloc
        return f"{parts.scheme}://{host}"

    @property
    def auth(self) -> AuthService:
        """Give the auth service of this walk."""
        return AuthService(self.credentials.auth_url, self.asker, self.credentials.issuer)

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: HeaderList = (),
        query: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> Answer:
        """Ask the backend."""
        return self.asker.ask(method, self.url + path, headers=headers, query=query, json=json)

    def shake_hands(
        self,
        *,
        headers: HeaderList = (),
        subprotocols: Sequence[str] = (),
        origin: str | None = None,
        query: Mapping[str, str] | None = None,
    ) -> ChatSocket | Answer:
        """Ask the backend for a socket."""
        opened = shake_hands(
            self.url,
            self.asker.time_left(),
            headers=(*self.asker.headers, *headers),
            subprotocols=subprotocols,
            origin=origin,
            query=query,
        )
        self.asker.note(self.url, opened if isinstance(opened, Answer) else opened.answer)
        return opened

    def secrets(self) -> tuple[Secret, ...]:
        """List what must not be shown."""
        given = self.credentials
        operator = (given.operator.secret,) if given.operator else ()
        return (*self.facts.secrets(), given.service.secret, self.person.password, *operator)

    @property
    def service_name(self) -> str:
        """Give the name the service's principal must have."""
        return str(ServiceIdentity(self.credentials.service.service_id))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step found.

    Attributes:
        verdict: Whether it is as expected.
        got: What came instead, or came, in words.
        learned: Facts for later steps.
        admitted: Whether the request was served.
    """

    verdict: Verdict
    got: str
    learned: Mapping[str, Any] = field(default_factory=dict)
    admitted: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to try.

    Attributes:
        name: What is tried.
        expect: What a correct system answers, in words.
        take: Tries it. Raises an `OpsError` if that was not to be had.
        needs: The steps that must have passed before this one can be taken.
        wanted: Whether a correct system admits or refuses it.
        cleans_up: Taken also when the walk is broken off.
    """

    name: str
    expect: str
    take: Callable[[Walk], Outcome]
    needs: tuple[str, ...] = ()
    wanted: Wanted = Wanted.ADMITTED
    cleans_up: bool = False


def asked(
    ask: Callable[[Walk], Answer], judge: Callable[[Answer, Walk], Outcome]
) -> Callable[[Walk], Outcome]:
    """Join the sending of one request, which decides nothing, and the pure judgement of it."""

    def take(walk: Walk) -> Outcome:
        answer = ask(walk)
        outcome = judge(answer, walk)
        served = HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
        return replace(outcome, admitted=served or answer.status == HTTPStatus.SWITCHING_PROTOCOLS)

    return take


def only_answer(opened: ChatSocket | Answer) -> Answer:
    """Give what a handshake was answered, without keeping the socket if one was opened."""
    if isinstance(opened, Answer):
        return opened
    with opened:
        return opened.answer


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of a step.

    Attributes:
        name: The step's.
        verdict: Whether it is as expected.
        ms: How long it took.
        expect: What was expected.
        got: What came.
        wanted: What a right answer does.
        admitted: Whether a caller was let in who must not be.
        asked: The address that was asked last, without a path; None if it was a socket's, or none.
    """

    name: str
    verdict: Verdict
    ms: float
    expect: str
    got: str
    wanted: Wanted
    admitted: bool
    asked: str | None = None


def passed(got: str, **learned: Any) -> Outcome:
    """Say that it is as expected."""
    return Outcome(Verdict.PASS, got, learned)


def failed(got: str) -> Outcome:
    """Say that it is not as expected."""
    return Outcome(Verdict.FAIL, got)


def described(answer: Answer) -> str:
    """Say what an answer was, by what may be shown of it."""
    parts = [str(answer.status)]
    if answer.challenge:
        parts.append(f"WWW-Authenticate: {answer.challenge}")
    code = answer.member("code") or answer.member("error")
    if isinstance(code, str) and code not in answer.challenge:
        parts.append(code)
    return ", ".join(parts)
