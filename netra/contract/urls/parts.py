"""What the URLs of other servers have in common: their parts, and the passwords in them. Pure."""

from urllib.parse import SplitResult, unquote, urlsplit

from netra.contract.flaws import Flaw, ViolationKind, is_placeholder


def split_url(value: str) -> SplitResult | None:
    """Part a URL; None where it is none, or its port is no port."""
    try:
        url = urlsplit(value)
        _ = url.port  # Raises where the port is no port.
    except ValueError:
        return None
    return url


def default_password_flaw(url: SplitResult, *, user_of: str) -> Flaw | None:
    """Find a password that everybody knows, or that is the user's name."""
    password = unquote(url.password or "")
    if password and (is_placeholder(password) or password == url.username):
        return Flaw(
            ViolationKind.PLACEHOLDER,
            "holds a well-known default password",
            f"Give {user_of} a random password.",
        )
    return None
