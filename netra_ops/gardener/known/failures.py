"""Failures that are known by what logs say of them: Netra's own events exactly, others by text.

A name says what was seen, never why: which cause is behind it is for the diagnosis to weigh. Pure.
"""

import re
from typing import Final, NamedTuple

from netra_ops.logs.entries.entry import Entry, Kind


class Known(NamedTuple):
    """A failure that is known.

    Attributes:
        name: Short, in lower case with dashes.
        means: What it says, in a sentence.
    """

    name: str
    means: str


class _ByText(NamedTuple):
    known: Known
    pattern: re.Pattern[str]


def _text(name: str, means: str, pattern: str) -> _ByText:
    return _ByText(Known(name, means), re.compile(pattern, re.IGNORECASE))


_OWN: Final = {
    "critical_auth_failure": "An identity was refused where it must not be; the record says at "
    "which stage.",
    "authentication_undecided": "Whether a credential is good could not be decided; nobody was "
    "refused for it.",
    "dependency_unavailable": "What a service needs did not answer.",
    "configuration_invalid": "The service did not start: its configuration breaks its contract.",
    "configuration_violation": "A variable breaks the service's contract.",
    "circuit_breaker_open": "Calls to a dependency are not made for a while, after failures.",
    "background_work_failed": "Work in the background ended by an error.",
    "agent_failed_unexpectedly": "An agent's run ended by an error of the agent's code.",
    "front_ended": "What stands before the revisions ended; its keeper starts it again.",
    "unhandled_exception": "A request ended by an error nobody expected.",
}
_TEXTS: Final = (
    _text("module-missing", "Code imports a module that is not there.",
          r"ModuleNotFoundError|No module named|ImportError: cannot import|Cannot find module"),
    _text("container-exited", "The program in the container ended by itself.",
          r"Container called exit\("),
    _text("worker-exited", "A worker process of the server ended by itself.",
          r"Worker \(pid:\S+\) exited with code|Worker failed to boot"),
    _text("instance-not-started", "The platform could not start an instance for a request.",
          r"instance could not start successfully|failed to start and then listen on the port"
          r"|STARTUP \w+ probe failed"),
    _text("instance-connection-broken", "The connection to the instance broke, or its answer did.",
          r"HTTP response was malformed or connection to the instance had an error"),
    _text("out-of-memory", "An instance used more memory than it may.",
          r"Memory limit of .* exceeded|consider increasing the memory limit|OutOfMemoryError"
          r"|OOMKilled"),
    _text("invoker-refused", "The platform refused a caller before the service saw it.",
          r"The request was not authenticated\. Either allow unauthenticated"
          r"|client does not have permission to get URL"),
    _text("secret-not-readable", "A secret, or the version of it, cannot be read.",
          r"Permission denied on secret|Secret Version .* is in (?:DESTROYED|DISABLED) state"),
    _text("token-signature-invalid", "A token's signature does not fit the key.",
          r"signature (?:verification failed|is invalid|has been tampered)|InvalidSignature"
          r"|bad_signature|invalid signature"),
    _text("token-expired", "A token came after its end.",
          r"(?:token|signature|jwt)\S* (?:has |is )?expired|ExpiredSignature|expired_token"),
    _text("token-too-early", "A token came before its beginning: clocks differ.",
          r"token used too early|not yet valid|ImmatureSignature|issued in the future"),
    _text("token-audience", "A token was made for somebody else.",
          r"(?:invalid|unexpected|wrong) aud(?:ience)?\b|Audience doesn't match"),
    _text("token-issuer", "A token was made by somebody else.",
          r"(?:invalid|unexpected|wrong) iss(?:uer)?\b|jwt issuer invalid"),
    _text("signing-key-unknown", "A token names a key that the verifier does not have.",
          r"Unable to find a signing key|no matching (?:key|jwk)|unknown kid|kid .* not found"),
    _text("client-refused", "The auth service refused a client's credential.", r"invalid_client"),
    _text("grant-refused", "The auth service refused a grant.", r"invalid_grant"),
    _text("origin-refused", "A browser's origin is not allowed.",
          r"Origin not allowed|blocked by CORS|CORS .*(?:refused|denied|not allowed)"),
    _text("session-middleware-missing", "A request's session was used that was never installed.",
          r"SessionMiddleware must be installed"),
    _text("pool-exhausted", "No database connection was free in time.",
          r"QueuePool limit|too many clients already|connection pool exhausted|PoolTimeout"),
    _text("database-credentials-refused", "The database refused the service's credentials.",
          r"password authentication failed|Access denied for user|role .* does not exist"),
    _text("database-unreachable", "The database did not answer.",
          r"(?:postgres|database|mysql|sql)\S* .*(?:timed? ?out|refused|unreachable)"
          r"|could not connect to server|the database system is (?:starting up|shutting down)"),
    _text("certificate-invalid", "A certificate is not valid.",
          r"certificate (?:has expired|verify failed|is not yet valid)"),
    _text("header-illegal", "A value cannot stand in a header: line breaks or blanks are in it.",
          r"Illegal header value|Invalid character in header content"),
    _text("not-authenticated", "A caller was not taken for anybody.",
          r"Not authenticated|Authentication required|\b401\b.*Unauthorized|Unauthenticated"),
    _text("not-permitted", "A caller may not do what it asked for.",
          r"permission denied|\b403\b.*Forbidden|PERMISSION_DENIED|insufficient[_ ]scope"),
    _text("host-unknown", "A name has no address.",
          r"Name or service not known|getaddrinfo (?:failed|ENOTFOUND)|NXDOMAIN"
          r"|Temporary failure in name resolution"),
    _text("connection-refused", "Nobody listened where something was called.",
          r"Connection refused|ECONNREFUSED"),
    _text("timed-out", "Something did not answer in time.",
          r"timed out|timeout|ETIMEDOUT|deadline exceeded"),
    _text("disk-full", "There was no room left on a disk.", r"No space left|ENOSPC|disk is full"),
)  # fmt: skip
"""The narrower first: the first that fits names it."""
_LONGEST: Final = 4000


def known_failure(entry: Entry | None, template: str) -> Known | None:
    """Say which known failure a cluster is, if any.

    Args:
        entry: An entry that shows it.
        template: Its text.
    """
    if entry is not None and entry.kind is Kind.JSON and entry.event in _OWN:
        return Known(entry.event.replace("_", "-"), _OWN[entry.event])
    text = template[:_LONGEST]
    if entry is not None:
        text = f"{text}\n{entry.message[:_LONGEST]}"
    return next((one.known for one in _TEXTS if one.pattern.search(text)), None)
