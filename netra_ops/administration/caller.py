"""Asks the auth service's admin API as somebody, with no more rights than the task needs.

What an answer must look like is `netra.wire`; whether it will do is said here, what to make of it
is the caller's.
"""

from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote

from pydantic import ValidationError

from netra.clock import Clock
from netra.policy import Permission
from netra.secret import Secret
from netra.wire import auth_admin
from netra.wire.auth_api import ADMIN_USERS_PATH, AUTH_AUDIENCE, TokenResponse, WireModel
from netra_ops.administration.refusal import refusal, unreadable
from netra_ops.findings import CouldNotTell, Failed, OpsError, UsageRefused, printable
from netra_ops.validation.answer import Answer, Asker
from netra_ops.validation.auth_service import AuthService, bearer
from netra_ops.validation.credentials import Person, ServiceCredential
from netra_ops.validation.expectation import tokens_of

Model = TypeVar("Model", bound=WireModel)

PATIENCE: Final = 30.0
"""Seconds for an answer: the service may have to write under load."""
LONG_PATIENCE: Final = 600.0
"""Seconds for an answer that takes looking at everything there is."""
_EARLY: Final = 20.0
"""Seconds before its end at which a token is replaced."""
_HELD_BY_SERVICES: Final = frozenset(permission.value for permission in Permission)
_ALWAYS_THERE: Final = frozenset(
    {
        ADMIN_USERS_PATH,
        auth_admin.ADMIN_SERVICES_PATH,
        auth_admin.ADMIN_KEYS_PATH,
        auth_admin.ADMIN_KEYS_ROTATE_PATH,
        auth_admin.ADMIN_AUDIT_PATH,
        auth_admin.ADMIN_AUDIT_CHAIN_PATH,
    }
)
_NOT_THERE: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
_FINE: Final = (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT)


class Caller:
    """One administrator at one auth service. A token is fetched when it is needed first.

    Args:
        url: The service's base URL.
        who: The service or the person to act as.
        permissions: What the task needs; a service's token is good for nothing else.
        asker: Moves requests and answers.
        clock: Tells when a token must be replaced.
    """

    def __init__(
        self,
        url: str,
        who: ServiceCredential | Person,
        permissions: tuple[Permission, ...],
        asker: Asker,
        clock: Clock,
    ) -> None:
        self.auth = AuthService(url, asker)
        self._url = url
        self._who = who
        self._scopes = frozenset(permission.value for permission in permissions)
        self._asker = asker
        self._clock = clock
        self._tokens: TokenResponse | None = None
        self._ends_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the login session that a person's command opened."""
        tokens, self._tokens = self._tokens, None
        if tokens is not None and tokens.refresh_token:
            self._asker.allow(PATIENCE)
            # What was asked for is done or not by now; a session that stays ends by itself.
            with suppress(OpsError):
                self.auth.end_session(Secret(tokens.refresh_token))

    def will_give(self, *scopes: str) -> None:
        """Say what a service is to hold: a service may only give what its own token has.

        People, and scopes that people consent to, are not bound by it.
        """
        more = self._scopes | (frozenset(scopes) & _HELD_BY_SERVICES)
        if more != self._scopes and isinstance(self._who, ServiceCredential):
            self._scopes, self._tokens = more, None

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json: WireModel | Mapping[str, Any] | None = None,
        patience: float = PATIENCE,
    ) -> Answer:
        """Send one request with a token that is still good.

        Raises:
            Failed: There is no token to be had.
            CouldNotTell: There was no answer, or the service has no such route.
        """
        token = self.token()
        self._asker.allow(patience)
        answer = self._asker.ask(
            method,
            self._url + path,
            headers=bearer(token),
            query=query,
            json=json.model_dump(mode="json") if isinstance(json, WireModel) else json,
            patience=patience,
        )
        # A path without a name in it leads somewhere, or the service is another than this one.
        if path in _ALWAYS_THERE and answer.status in _NOT_THERE:
            raise CouldNotTell(
                f"This auth service does not offer {method} {path}: it is not one, or of an "
                "earlier version than this command."
            )
        return answer

    def read(
        self,
        model: type[Model],
        path: str,
        what: str,
        *,
        query: Mapping[str, str] | None = None,
        patience: float = PATIENCE,
    ) -> Model:
        """Fetch something; `what` names it for people.

        Raises:
            Failed: It was refused, or is not there.
            CouldNotTell: There was no answer, or none that can be read.
        """
        return told(model, self.ask("GET", path, query=query, patience=patience), what)

    def act(
        self,
        method: str,
        path: str,
        what: str,
        *,
        query: Mapping[str, str] | None = None,
        json: WireModel | Mapping[str, Any] | None = None,
    ) -> Answer:
        """Have something done.

        Raises:
            Failed: It was refused, or what it concerns is not there.
            CouldNotTell: It is not known to have been done.
        """
        answer = self.ask(method, path, query=query, json=json)
        if answer.status not in _FINE:
            raise _not_done(answer, what)
        return answer

    def token(self) -> Secret:
        """Give a token that will be good for a while.

        Raises:
            Failed: The administrator was refused.
            CouldNotTell: There was no answer.
        """
        if self._tokens is None or self._clock.monotonic() > self._ends_at - _EARLY:
            self._asker.allow(PATIENCE)
            asked_at = self._clock.monotonic()
            answer = self._signed_on()
            if (tokens := tokens_of(answer)) is None:
                raise self._without_token(answer)
            self._tokens = tokens
            self._ends_at = asked_at + tokens.expires_in
        return Secret(self._tokens.access_token)

    def _signed_on(self) -> Answer:
        if isinstance(self._who, ServiceCredential):
            return self.auth.service_token(self._who, AUTH_AUDIENCE, " ".join(sorted(self._scopes)))
        if self._tokens is not None and self._tokens.refresh_token:
            return self.auth.refresh(Secret(self._tokens.refresh_token))
        return self.auth.redeem(self.auth.sign_in(self._who))

    def _without_token(self, answer: Answer) -> OpsError:
        who, scopes = self._who, " ".join(sorted(self._scopes))
        if not isinstance(who, ServiceCredential):
            return refusal(answer, f"{printable(who.email)} a token")
        error = refusal(answer, f"{who.service_id} a token for {scopes}")
        if answer.member("error") != "invalid_scope":
            return error
        return Failed(
            f"{error} {who.service_id} does not hold all of that, and a service can neither use "
            "nor give what it does not hold. Act as an operator, with --email."
        )


def path_of(template: str, **names: str) -> str:
    """Fill a path with names that people or services gave.

    Raises:
        UsageRefused: A name would make another path of it.
    """
    for kind, name in names.items():
        if name in ("", ".", ".."):
            raise UsageRefused(f"{name!r} is no {kind.replace('_', ' ')}.")
    try:
        return template.format(**{kind: quote(name, safe="") for kind, name in names.items()})
    except UnicodeEncodeError as error:
        raise UsageRefused("A name holds something that is not text.") from error


def told(model: type[Model], answer: Answer, what: str) -> Model:
    """Read an answer of the agreed form.

    Raises:
        Failed: It is a refusal.
        CouldNotTell: It has another form, or says that nobody could decide.
    """
    if answer.status not in _FINE:
        raise _not_done(answer, what)
    try:
        return model.model_validate_json(answer.body)
    except ValidationError:
        raise unreadable(what) from None


def _not_done(answer: Answer, what: str) -> Failed | CouldNotTell:
    if answer.status == HTTPStatus.NOT_FOUND:
        return Failed(f"The auth service does not know {printable(what)}.")
    return refusal(answer, printable(what))
