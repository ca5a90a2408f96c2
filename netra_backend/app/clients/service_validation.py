"""The answers to "is this service who it says it is?" (SPEC R2), and what each failure means.

Who asks and when is decided elsewhere; these are shapes and texts. No text holds a secret.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias, TypedDict

from netra.clock import as_iso
from netra.principal import ServiceIdentity, ServicePrincipal
from netra.secret import Secret
from netra.telemetry.auth_events import LikelyCause
from netra.tokens import SignedClaims


class CredentialProblem(StrEnum):
    """Why a service's credential is not proven."""

    REFUSED = "service_credential_refused"
    """The auth service looked at it and said no."""
    FOREIGN_SERVICE = "foreign_service_id"
    """The question was about another service than this process is."""
    SECRET_MISSING = "service_secret_missing"  # noqa: S105 - the name of a problem
    """There is nothing to prove it with."""
    UNREACHABLE = "auth_service_unreachable"
    """The auth service could not be asked."""
    TOKEN_INVALID = "service_token_invalid"  # noqa: S105 - the name of a problem
    """It was accepted, but the token given for it is not one this service would accept."""


class ServiceValidated(TypedDict):
    """The credential was proven to the auth service, and is still."""

    valid: Literal[True]
    user_id: str
    authentication_method: Literal["service_to_service"]
    service_id: str
    operation: str
    permissions: list[str]
    expires_at: str


class ServiceNotValidated(TypedDict):
    """It was not; `error` is a `CredentialProblem`, `fix` says what a person can do."""

    valid: Literal[False]
    error: str
    details: str
    fix: str


ServiceValidation: TypeAlias = ServiceValidated | ServiceNotValidated


@dataclass(frozen=True, slots=True)
class ProvenCredential:
    """A service token as the auth service gave it and the strict verifier accepted it.

    Attributes:
        token: The access token, for calls in the service's own name.
        claims: What was signed.
        principal: Who the token says this service is.
        lifetime: Seconds it was still good for when it was verified.
        permissions: The principal's scopes in order.
        expires_at: The end of the proof, RFC 3339.
    """

    token: Secret
    claims: SignedClaims
    principal: ServicePrincipal
    lifetime: float
    permissions: tuple[str, ...]
    expires_at: str

    @classmethod
    def of(
        cls, token: Secret, claims: SignedClaims, principal: ServicePrincipal, now: float
    ) -> "ProvenCredential":
        """Bind a verified token to the principal it proved."""
        return cls(
            token=token,
            claims=claims,
            principal=principal,
            lifetime=principal.expires_at - now,
            permissions=tuple(sorted(principal.scopes)),
            expires_at=as_iso(principal.expires_at),
        )

    def validation(self, operation: str) -> ServiceValidated:
        """Answer as SPEC R2 has it."""
        return {
            "valid": True,
            "user_id": str(self.principal),
            "authentication_method": "service_to_service",
            "service_id": self.principal.service_id,
            "operation": operation,
            "permissions": list(self.permissions),
            "expires_at": self.expires_at,
        }


@dataclass(frozen=True, slots=True)
class CredentialFailure:
    """Why there is no proof, what that means, and what a person can do about it."""

    problem: CredentialProblem
    details: str
    fix: str
    likely_cause: LikelyCause
    retry_after: int = 2

    def validation(self) -> ServiceNotValidated:
        """Answer as SPEC R2 has it."""
        return {
            "valid": False,
            "error": self.problem.value,
            "details": self.details,
            "fix": self.fix,
        }


def refused(identity: ServiceIdentity, auth_url: str, oauth_error: str) -> CredentialFailure:
    """Describe a credential the auth service said no to.

    From outside, a wrong secret, an unknown service and a disabled one look alike.
    """
    if oauth_error == "invalid_client":
        return CredentialFailure(
            CredentialProblem.REFUSED,
            f"The auth service at {auth_url} refused the SERVICE_SECRET of "
            f"{identity.service_id} (invalid_client).",
            f"Set SERVICE_SECRET to the secret registered for SERVICE_ID {identity.service_id} "
            f"at {auth_url}, or register or enable that service there. The audit record of the "
            "auth service says which of the three it is.",
            LikelyCause.OWN_CREDENTIAL_REJECTED,
            retry_after=10,
        )
    return CredentialFailure(
        CredentialProblem.REFUSED,
        f"The auth service at {auth_url} gave {identity.service_id} no token ({oauth_error}).",
        f"Compare the scopes and audiences registered for {identity.service_id} at the auth "
        "service with what this service needs (its contract names them).",
        LikelyCause.SERVICE_PERMISSION_MISSING,
        retry_after=10,
    )


def foreign_service(identity: ServiceIdentity) -> CredentialFailure:
    """Describe a question about another service; the asked name is not repeated."""
    return CredentialFailure(
        CredentialProblem.FOREIGN_SERVICE,
        f"This process is {identity.service_id} and can prove no other service.",
        f"Ask for {identity.service_id}, or set SERVICE_ID to the service this process is.",
        LikelyCause.FOREIGN_SERVICE_ID,
    )


def secret_missing(identity: ServiceIdentity) -> CredentialFailure:
    """Describe a service that has no secret."""
    return CredentialFailure(
        CredentialProblem.SECRET_MISSING,
        f"{identity.service_id} has no SERVICE_SECRET, so it cannot prove who it is.",
        f"Set SERVICE_SECRET (or SERVICE_SECRET_FILE) to the secret registered for "
        f"{identity.service_id} at the auth service, and restart.",
        LikelyCause.OWN_CREDENTIAL_MISSING,
        retry_after=60,
    )


def unreachable(auth_url: str, reason: str, retry_after: int) -> CredentialFailure:
    """Describe an auth service that could not be asked."""
    return CredentialFailure(
        CredentialProblem.UNREACHABLE,
        f"The auth service at {auth_url} could not be asked: {reason}.",
        "See whether the auth service runs and whether AUTH_SERVICE_URL is its address as seen "
        "from here; this service tries again by itself.",
        LikelyCause.AUTH_SERVICE_UNREACHABLE,
        retry_after=retry_after,
    )


def token_invalid(identity: ServiceIdentity, auth_url: str, reason: str) -> CredentialFailure:
    """Describe an answer whose token this service would not accept from anybody."""
    return CredentialFailure(
        CredentialProblem.TOKEN_INVALID,
        f"The auth service at {auth_url} gave {identity.service_id} a token that does not "
        f"verify: {reason}.",
        "Compare TOKEN_ISSUER, TOKEN_AUDIENCE, TOKEN_TRUST_MODE and the clock of this service "
        "with the auth service's.",
        LikelyCause.TOKEN_SETTINGS_DIFFER,
        retry_after=10,
    )
