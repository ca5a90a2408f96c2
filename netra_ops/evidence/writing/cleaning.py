"""Keeps secrets out of a bundle: the project's own rules, and the secrets that are known."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from netra.secret import Secret
from netra.telemetry.redaction import Redactor


class Cleaner:
    """Hides secrets in what is written.

    Args:
        known: The secrets that must not be in it whatever stands around them.

    Attributes:
        cleaned: How many lines and documents had something to hide.
    """

    def __init__(self, known: Iterable[Secret]) -> None:
        self._redactor = Redactor(known)
        self.cleaned = 0

    def value(self, value: Any) -> Any:
        """Give a document without secrets."""
        clean = self._redactor.value(value)
        self.cleaned += clean != value
        return clean

    def line(self, value: Any) -> bytes:
        """Give a document without secrets as one line of JSON."""
        return msgspec.json.encode(self.value(value))

    def texts(self, members: Mapping[str, Any]) -> dict[str, Any]:
        """Give members without secrets in their texts, whatever the members are called."""
        clean = {
            name: self._redactor.text(one) if isinstance(one, str) else one
            for name, one in members.items()
        }
        self.cleaned += clean != members
        return clean

    def shows(self, name: str, value: str) -> bool:
        """Tell whether a variable's value may stand in a bundle as it is."""
        return bool(self._redactor.value({name: value}) == {name: value})
