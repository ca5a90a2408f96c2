"""Proving this service to the auth service: its secret for a token, and the token verified.

How long a proof is kept, and who asks for one, is decided in `service_credential`.
"""

import base64
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final, TypeAlias, TypeVar
from urllib.parse import quote_plus

from pydantic import BaseModel, ValidationError

from netra.clock import Clock
from netra.errors import AuthServiceUnreachable
from netra.principal import ServiceIdentity, ServicePrincipal
from netra.secret import Secret
from netra.telemetry.auth_events import LikelyCause
from netra.tokens import SignedClaims, TokenRejected, UnknownKey, principal_of
from netra.wire.auth_api import AUTH_AUDIENCE, TOKEN_PATH, TokenResponse
from netra_backend.app.clients import service_validation as answers
from netra_backend.app.clients.http_call import AuthCall, JsonAnswer
from netra_backend.app.clients.service_credential import CredentialOutcome
from netra_backend.app.clients.service_validation import CredentialFailure, ProvenCredential

M = TypeVar("M", bound=BaseModel)

Ask: TypeAlias = Callable[[AuthCall], Awaitable[JsonAnswer]]
VerifyOwnToken: TypeAlias = Callable[[str], Awaitable[SignedClaims]]

_SHORTEST_USEFUL_LIFE_SECONDS: Final = 5
_OAUTH_REFUSAL: Final = re.compile(r"(?:invalid|unauthorized|unsupported)_[a-z_]{1,40}\Z")


class ServiceProof:
    """One attempt at proving the service, whenever it is called.

    Args:
        ask: Makes a call.
        auth_url: Where it goes, for people to read.
        identity: Who this service is.
        secret: What proves it, if configured.
        verify: The strict verifier.
        audience: The audience that verifier wants.
        clock: For how long the token is still good.
    """

    def __init__(
        self,
        ask: Ask,
        auth_url: str,
        identity: ServiceIdentity,
        secret: Secret | None,
        verify: VerifyOwnToken,
        audience: str,
        clock: Clock,
    ) -> None:
        self._ask = ask
        self._auth_url = auth_url
        self._identity = identity
        self._secret = secret
        self._verify = verify
        self._audience = audience
        self._clock = clock

    async def __call__(self) -> CredentialOutcome:
        """Give the proof, or say why there is none; raises for neither."""
        if self._secret is None:
            return answers.secret_missing(self._identity)
        try:
            return await self._mint(self._secret)
        except AuthServiceUnreachable as error:
            return answers.unreachable(self._auth_url, error.reason, error.retry_after)

    async def _mint(self, secret: Secret) -> CredentialOutcome:
        answer = await self._ask(
            AuthCall(
                "POST",
                TOKEN_PATH,
                form={
                    "grant_type": "client_credentials",
                    "audience": f"{AUTH_AUDIENCE} {self._audience}",
                },
                authorization=_basic(self._identity.service_id, secret),
            )
        )
        if answer.status in {400, 401} and (error := _oauth_refusal(answer.document)):
            return answers.refused(self._identity, self._auth_url, error)
        response = shaped(TokenResponse, answer, TOKEN_PATH)
        return await self._verified(response.access_token)

    async def _verified(self, unverified_token: str) -> CredentialOutcome:
        try:
            claims = await self._verify(unverified_token)
        except UnknownKey as error:
            return self._unacceptable(error.reason, LikelyCause.SIGNING_KEY_UNKNOWN)
        except TokenRejected as error:
            return self._unacceptable(error.reason)
        principal = principal_of(claims)
        if not isinstance(principal, ServicePrincipal):
            return self._unacceptable("it names a person, not a service")
        if principal.service_id != self._identity.service_id:
            return self._unacceptable("it names another service", LikelyCause.FOREIGN_SERVICE_ID)
        proven = ProvenCredential.of(
            Secret(unverified_token), claims, principal, self._clock.timestamp()
        )
        if proven.lifetime < _SHORTEST_USEFUL_LIFE_SECONDS:
            return self._unacceptable("it has expired on arrival: the two clocks differ")
        return proven

    def _unacceptable(
        self, reason: str, cause: LikelyCause = LikelyCause.TOKEN_SETTINGS_DIFFER
    ) -> CredentialFailure:
        failure = answers.token_invalid(self._identity, self._auth_url, reason)
        return replace(failure, likely_cause=cause)


def shaped(model: type[M], answer: JsonAnswer, path: str) -> M:
    """Read an answer as a message of the auth service.

    Raises:
        AuthServiceUnreachable: It is not one; nothing of it is repeated.
    """
    message: M | None = None
    if answer.status == 200:  # noqa: PLR2004 - OK
        try:
            message = model.model_validate(answer.document)
        except ValidationError:
            message = None
    # Raised out here because pydantic's error quotes the answer, which may hold a token.
    if message is None:
        raise AuthServiceUnreachable(
            f"{path} answered {answer.status} in an unexpected shape: is AUTH_SERVICE_URL the "
            "auth service, in a version that fits this one?"
        )
    return message


def _basic(service_id: str, secret: Secret) -> Secret:
    # RFC 6749 section 2.3.1: each part form-url-encoded, then RFC 7617.
    pair = f"{quote_plus(service_id)}:{quote_plus(secret.reveal())}"
    return Secret(f"Basic {base64.b64encode(pair.encode()).decode()}")


def _oauth_refusal(document: Any) -> str | None:
    error = document.get("error") if isinstance(document, dict) else None
    return error if isinstance(error, str) and _OAUTH_REFUSAL.match(error) else None
