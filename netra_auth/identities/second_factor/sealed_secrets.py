"""How an authenticator's secret is kept at rest, and what it means when it cannot be opened."""

from netra.errors import CouldNotDecide, PermissionDenied
from netra.secret import Secret
from netra_auth.keyring.sealing import SealBroken, seal, unseal
from netra_auth.store.repositories.second_factors import SecondFactorRow


class SecondFactorNotOffered(PermissionDenied):
    """There is no key to seal secrets with, so nobody can set up a second factor here."""

    code = "second_factor_not_offered"
    public_text = (
        "A second factor cannot be set up here: this service has no KEYRING_ENCRYPTION_KEY to keep "
        "its secret with."
    )


class SecondFactorUnavailable(CouldNotDecide):
    """A person's second factor cannot be checked; that is never taken for "has none"."""

    code = "second_factor_unavailable"
    public_text = "Your second factor cannot be checked at the moment. Ask an operator for help."


class SealedSecrets:
    """Seals authenticators' secrets, each bound to its person."""

    def __init__(self, encryption_key: Secret | None) -> None:
        self._encryption_key = encryption_key

    @property
    def is_offered(self) -> bool:
        """Tell whether a secret can be kept at all."""
        return self._encryption_key is not None

    def sealed(self, secret: Secret, user_id: str) -> str:
        """Seal a secret.

        Raises:
            SecondFactorNotOffered: There is no key to seal it with.
        """
        if self._encryption_key is None:
            raise SecondFactorNotOffered
        return seal(secret, self._encryption_key, _bound_to(user_id))

    def opened(self, row: SecondFactorRow) -> Secret:
        """Open a stored secret.

        Raises:
            SecondFactorUnavailable: There is no key, or it is another than it was sealed with.
        """
        if self._encryption_key is None:
            raise SecondFactorUnavailable("KEYRING_ENCRYPTION_KEY is not set")
        try:
            return unseal(row.sealed_secret, self._encryption_key, _bound_to(row.user_id))
        except SealBroken as error:
            raise SecondFactorUnavailable(
                "KEYRING_ENCRYPTION_KEY does not open a stored second factor"
            ) from error


def _bound_to(user_id: str) -> str:
    return f"second-factor:{user_id}"
