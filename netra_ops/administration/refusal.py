"""What an answer of the auth service means that is not the one asked for.

It refused (no), or nobody could decide (neither yes nor no).
"""

from http import HTTPStatus
from typing import Final

from netra_ops.findings import CouldNotTell, Failed, printable
from netra_ops.validation.answer import Answer

_WORDS: Final = ("title", "detail", "error", "error_description")
_HINTS: Final = {
    HTTPStatus.FORBIDDEN: "Act as a service with that scope, or as a person who is an operator.",
    HTTPStatus.UNAUTHORIZED: "Check the credential, and that the account is not disabled.",
}


def refusal(answer: Answer, what: str) -> Failed | CouldNotTell:
    """Say that something was refused, or could not be decided, in the service's public words."""
    text = printable("; ".join((str(answer.status), *_said(answer))))
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        return CouldNotTell(
            f"The auth service did not give {what} but led elsewhere ({text}), where no "
            "credential follows. Give the address that it answers at itself."
        )
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return CouldNotTell(
            f"The auth service did not look at {what}, because it was asked too often: "
            f"{text}.{_wait(answer)}"
        )
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return CouldNotTell(f"The auth service could not give {what}: {text}.{_wait(answer)}")
    if answer.status < HTTPStatus.BAD_REQUEST:
        return unreadable(what)
    hint = _HINTS.get(HTTPStatus(answer.status), "") if answer.status in _HINTS else ""
    return Failed(f"The auth service refused {what}: {text}.{hint and ' ' + hint}")


def unreadable(what: str) -> CouldNotTell:
    """Say that an answer has not the form that was agreed."""
    return CouldNotTell(
        f"The auth service answered to {what} in a form that this command does not know. "
        "Use the command of the same version as the service."
    )


def _said(answer: Answer) -> list[str]:
    words = [text for name in _WORDS if isinstance(text := answer.member(name), str)]
    faults = answer.member("errors")
    words += [
        f"{fault.get('at')}: {fault.get('problem')}"
        for fault in (faults if isinstance(faults, list) else ())
        if isinstance(fault, dict)
    ]
    return [text.removesuffix(".") for text in words]


def _wait(answer: Answer) -> str:
    seconds = answer.headers.get("retry-after", "")
    return f" Try again in {int(seconds)} s." if seconds.isascii() and seconds.isdigit() else ""
