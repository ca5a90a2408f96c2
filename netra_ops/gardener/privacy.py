"""What must not stand in a worklog or an issue: who people are, where they are, and any secret.

A person's address becomes `<email-1>`, a machine's `<ip-1>`, the same one the same everywhere in
one document, so that what belongs together still shows. The numbers are given in the order in which
they are met and say nothing of what they stand for. Tokens and keys are replaced whole, by the same
rules by which the services keep them out of their own logs.
"""

import re
from ipaddress import ip_address
from typing import Final

from netra.telemetry.redaction import REDACTED, Redactor

_EMAIL: Final = re.compile(r"[\w.%+-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_IPV4: Final = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d]|\.\d)")
_IPV6: Final = re.compile(
    r"(?<![\w:.])(?=[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:)(?=[A-Fa-f:.]*\d)[0-9A-Fa-f:.]{2,45}(?![\w:])"
)
"""With a digit in it: `a::b` is a name in some languages."""
_NAMES_A_SECRET: Final = re.compile(
    r"pass|pwd|secret|token|key|auth|bearer|basic|cookie|session|credential", re.IGNORECASE
)
_LIKE_A_TOKEN: Final = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[^<>]{12,}|.*-----.*", re.DOTALL)
_MACHINES_OWN: Final = ("127.", "0.0.0.0", "255.")  # noqa: S104 - an address to leave as it is


class Privacy:
    """Hides what is private in the texts of one document."""

    def __init__(self) -> None:
        self._redactor = Redactor()
        self._numbers: dict[str, str] = {}
        self._counts = {"email": 0, "ip": 0}

    def hide(self, text: str) -> str:
        """Give a text without secrets, and with people and machines by number."""
        text = self._redactor.text(text)
        text = _EMAIL.sub(
            lambda found: self._number("email", found[0].lower().replace("%40", "@")), text
        )
        text = _IPV4.sub(lambda found: self._address(found[0]), text)
        return _IPV6.sub(lambda found: self._address(found[0]), text)

    def hide_words(self, text: str) -> str:
        """Hide in words from which a log's signs were taken what was a secret between them.

        A colon or an equals sign that told a password from a word is gone there, so what comes
        after the name of a secret goes whatever it is, and so does all that looks like a token.
        """
        words, after_name = [], False
        for word in self.hide(text).split(" "):
            is_secret = not word.startswith("<") and (
                after_name or _LIKE_A_TOKEN.fullmatch(word) is not None
            )
            after_name = _NAMES_A_SECRET.search(word) is not None
            words.append(REDACTED if is_secret and word else word)
        return " ".join(words)

    def _address(self, text: str) -> str:
        try:
            address = ip_address(text.rstrip("."))
        except ValueError:
            return text
        if address.is_loopback or address.is_unspecified or text.startswith(_MACHINES_OWN):
            return text
        return self._number("ip", address.compressed)

    def _number(self, kind: str, value: str) -> str:
        found = self._numbers.get(value)
        if found is None:
            self._counts[kind] += 1
            found = self._numbers[value] = f"<{kind}-{self._counts[kind]}>"
        return found
