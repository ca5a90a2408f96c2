"""The auth service as its clients use it: signing in, tokens, the users' administration.

Requests and what their answers must look like; what to make of a refusal is the caller's.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from html.parser import HTMLParser
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from netra.secret import Secret
from netra.wire import auth_api
from netra.wire.auth_admin import SECOND_FACTOR_PATH
from netra_ops.findings import Failed
from netra_ops.validation.answer import Answer, Asker
from netra_ops.validation.credentials import Person, ServiceCredential

CLIENT_ID: Final = "netra-cli"
CHAT_CALLBACK: Final = auth_api.CHAT_CALLBACK_PATH
"""Where on its origin the chat page takes the answer to an authorization request."""
_REDIRECT_URI: Final = "http://127.0.0.1:9/callback"
"""Where the browser would be sent. The code is taken from the redirect; nobody listens there."""
_SCOPE: Final = "profile"
_MAX_STEPS: Final = 6
_REDIRECTS: Final = (HTTPStatus.FOUND, HTTPStatus.SEE_OTHER)


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """A code and what it can be redeemed with (RFC 7636)."""

    code: Secret
    verifier: Secret


class AuthService:
    """The auth service at one address.

    Args:
        url: Where it is asked.
        asker: Moves requests and answers.
        issuer: What it calls itself, and where people log in; by default the same.
    """

    def __init__(self, url: str, asker: Asker, issuer: str | None = None) -> None:
        self._url = url
        self._asker = asker
        self._issuer = issuer or url

    def sign_in(self, person: Person) -> AuthorizationCode:
        """Walk the authorization request and the login page, as a browser would.

        Raises:
            Failed: The person was refused, or the answers are not those of the auth service.
            CouldNotTell: There was no answer.
        """
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        query = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": _REDIRECT_URI,
            "scope": _SCOPE,
            "state": state,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        visit = _Visit(self._url, self._asker, self._issuer)
        answer = visit.get(f"{auth_api.AUTHORIZE_PATH}?{urlencode(query)}")
        sent = False
        for _ in range(_MAX_STEPS):
            if answer.status in _REDIRECTS:
                target = answer.headers.get("location", "")
                if target.startswith(f"{_REDIRECT_URI}?"):
                    code = self._code(target, state)
                    return AuthorizationCode(Secret(code), Secret(verifier))
                if urlsplit(target).path == SECOND_FACTOR_PATH:
                    raise Failed(
                        "This account has a second factor, which a command cannot ask for. "
                        "Log in with a browser, or act as a service by its secret."
                    )
                answer = visit.get(target)
                continue
            fields = _login_fields(answer)
            if sent or fields is None:
                break
            sent = True
            fields |= {"email": person.email, "password": person.password.reveal()}
            answer = visit.post(auth_api.LOGIN_PATH, fields)
        raise Failed(_why_not(answer, sent=sent))

    def ask_silently(self, origin: str) -> Answer:
        """Ask for a code as the chat page at an origin does where nobody is logged in."""
        query = {
            "response_type": "code",
            "client_id": auth_api.CHAT_CLIENT_ID,
            "redirect_uri": origin + CHAT_CALLBACK,
            "scope": _SCOPE,
            "state": secrets.token_urlsafe(16),
            "code_challenge": _challenge(secrets.token_urlsafe(48)),
            "code_challenge_method": "S256",
            "prompt": "none",
        }
        return self._asker.ask("GET", self._url + auth_api.AUTHORIZE_PATH, query=query)

    def ask_to_redeem(self, origin: str) -> Answer:
        """Ask as a browser does before a page at an origin may redeem a code (Fetch, CORS)."""
        headers = [("Origin", origin), ("Access-Control-Request-Method", "POST")]
        return self._asker.ask("OPTIONS", self._url + auth_api.TOKEN_PATH, headers=headers)

    def redeem(self, code: AuthorizationCode) -> Answer:
        """Ask for the tokens that a code stands for (RFC 6749 section 4.1.3)."""
        return self._token(
            {
                "grant_type": "authorization_code",
                "code": code.code.reveal(),
                "redirect_uri": _REDIRECT_URI,
                "client_id": CLIENT_ID,
                "code_verifier": code.verifier.reveal(),
            }
        )

    def refresh(self, refresh_token: Secret) -> Answer:
        """Ask for a person's next tokens (RFC 6749 section 6)."""
        return self._token(
            {
                "grant_type": "refresh_token",
                "refresh_token": refresh_token.reveal(),
                "client_id": CLIENT_ID,
            }
        )

    def service_token(
        self, service: ServiceCredential, audience: str | None = None, scope: str | None = None
    ) -> Answer:
        """Ask for a service's own token (RFC 6749 section 4.4).

        For one audience and with some scopes, or for all that the service is registered with.
        """
        form = {
            "grant_type": "client_credentials",
            "client_id": service.service_id,
            "client_secret": service.secret.reveal(),
        }
        asked = {"audience": audience, "scope": scope}
        return self._token(form | {name: text for name, text in asked.items() if text})

    def end_session(self, refresh_token: Secret) -> Answer:
        """Revoke a refresh token, and with it the login session it came from (RFC 7009)."""
        form = {"token": refresh_token.reveal(), "client_id": CLIENT_ID}
        return self._asker.ask("POST", self._url + auth_api.REVOKE_PATH, form=form)

    def add_user(self, admin: Secret, person: Person, role: str | None = None) -> Answer:
        """Ask for a new user."""
        user = {"email": person.email, "password": person.password.reveal(), "role": role}
        return self._asker.ask(
            "POST", self._url + auth_api.ADMIN_USERS_PATH, headers=bearer(admin), json=user
        )

    def reset_password(self, admin: Secret, person: Person) -> Answer:
        """Ask for a new password, which ends the person's sessions."""
        user = {"email": person.email, "password": person.password.reveal()}
        path = f"{auth_api.ADMIN_USERS_PATH}/password"
        return self._asker.ask("POST", self._url + path, headers=bearer(admin), json=user)

    def delete_user(self, admin: Secret, user_id: str) -> Answer:
        """Ask for a user's end."""
        path = f"{auth_api.ADMIN_USERS_PATH}/{user_id}"
        return self._asker.ask("DELETE", self._url + path, headers=bearer(admin))

    def _token(self, form: dict[str, str]) -> Answer:
        return self._asker.ask("POST", self._url + auth_api.TOKEN_PATH, form=form)

    def _code(self, redirect: str, state: str) -> str:
        """Take the code from an authorization response (RFC 6749 section 4.1.2, RFC 9207)."""
        given = parse_qs(urlsplit(redirect).query, keep_blank_values=True)
        if given.get("state") != [state]:
            raise Failed("The authorization response does not carry our state; it was not used.")
        if given.get("iss") != [self._issuer]:
            raise Failed(
                f"The authorization response does not name {self._issuer} as its issuer; "
                "it was not used."
            )
        if error := given.get("error"):
            raise Failed(f"The auth service refused the authorization request ({error[0]:.40}).")
        match given.get("code"):
            case [code] if code:
                return code
            case _:
                raise Failed("The authorization response carries no code.")


def bearer(token: Secret) -> list[tuple[str, str]]:
    """Give the header that presents a token (RFC 6750 section 2.1)."""
    return [("Authorization", f"Bearer {token.reveal()}")]


class _Visit:
    """One browser-like visit to one origin: it keeps cookies and never leaves the origin.

    The origin that people know may be asked under another address; links to it are followed there.
    """

    def __init__(self, url: str, asker: Asker, known_as: str) -> None:
        self._url = url
        self._asker = asker
        self._known_as = known_as
        self._cookies: dict[str, str] = {}

    def get(self, target: str) -> Answer:
        """Follow a link or redirect."""
        return self._ask("GET", target, None)

    def post(self, target: str, form: dict[str, str]) -> Answer:
        """Send a form."""
        return self._ask("POST", target, form)

    def _ask(self, method: str, target: str, form: dict[str, str] | None) -> Answer:
        address = urljoin(self._known_as + "/", target)
        here, there = urlsplit(self._known_as), urlsplit(address)
        if (here.scheme, here.netloc) != (there.scheme, there.netloc):
            raise Failed("The auth service led the login to another origin; it was not followed.")
        asked = urlsplit(self._url)
        address = there._replace(scheme=asked.scheme, netloc=asked.netloc).geturl()
        headers = [("Origin", f"{here.scheme}://{here.netloc}")] if form else []
        if self._cookies:
            pairs = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            headers.append(("Cookie", pairs))
        answer = self._asker.ask(method, address, headers=headers, form=form)
        for line in answer.set_cookies:
            self._keep(line)
        return answer

    def _keep(self, line: str) -> None:
        cookie: SimpleCookie = SimpleCookie()
        try:
            cookie.load(line)
        except CookieError as error:
            raise Failed("The auth service set a cookie that cannot be read.") from error
        self._cookies.update({name: morsel.coded_value for name, morsel in cookie.items()})


class _Forms(HTMLParser):
    """Collects the fields of the form that asks for a password."""

    def __init__(self) -> None:
        super().__init__()
        self._fields: dict[str, str] = {}
        self.login: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take notice of a form's beginning and of its fields."""
        given = dict(attrs)
        if tag == "form":
            self._fields = {}
        elif tag == "input" and (name := given.get("name")):
            self._fields[name] = given.get("value") or ""
            if given.get("type") == "password":
                self.login = self._fields


def _login_fields(page: Answer) -> dict[str, str] | None:
    """Give the fields of a login page, or None if the page is something else."""
    if not page.headers.get("content-type", "").startswith("text/html"):
        return None
    forms = _Forms()
    forms.feed(page.body.decode(errors="replace"))
    return forms.login


def _why_not(answer: Answer, *, sent: bool) -> str:
    if sent and answer.status == HTTPStatus.UNAUTHORIZED:
        return "The auth service refused this e-mail address and password."
    where = "the login" if sent else "the authorization request"
    return f"The auth service answered {answer.status} to {where}, which is no way on."


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
