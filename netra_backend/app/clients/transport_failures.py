"""What an HTTP client's error says, in words that cannot contain a header's value.

The library's own texts are not repeated: a protocol error of it may quote the `Authorization`
header.
"""

import os
import socket
import ssl
from typing import Final

import httpx2

_WORDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (httpx2.ConnectTimeout, "no connection within the time allowed"),
    (httpx2.ReadTimeout, "no answer within the time allowed"),
    (httpx2.WriteTimeout, "the request could not be sent within the time allowed"),
    (httpx2.PoolTimeout, "every connection was busy"),
    (httpx2.ConnectError, "no connection"),
    (httpx2.ReadError, "the connection broke while the answer was read"),
    (httpx2.WriteError, "the connection broke while the request was sent"),
    (httpx2.CloseError, "the connection could not be closed"),
    (httpx2.RemoteProtocolError, "the other side does not speak HTTP as it should"),
    (httpx2.LocalProtocolError, "the request could not be written as HTTP"),
    (httpx2.DecodingError, "the answer's body could not be decoded"),
    (httpx2.UnsupportedProtocol, "the address does not begin with http:// or https://"),
)


def describe(error: Exception) -> str:
    """Say what failed below HTTP: the kind of error and the system's own reason for it."""
    words = next((text for kind, text in _WORDS if isinstance(error, kind)), "the call failed")
    reason = _system_reason(error)
    return f"{words} ({reason})" if reason else words


def _system_reason(error: BaseException) -> str | None:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"certificate refused: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"TLS: {(cause.reason or 'handshake failed').lower().replace('_', ' ')}"
        if isinstance(cause, socket.gaierror):
            return "the host name could not be resolved"
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno).lower()
        if isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        else:
            cause = cause.__cause__ or cause.__context__
    return None
