"""A value that must never be shown. It can be compared and, on purpose, revealed."""

import hmac
from typing import Final, NoReturn

SHOWN: Final = "[secret]"


class Secret:
    """A string that `repr`, `str`, formatting, pickling and JSON encoders cannot show.

    Equality takes time that does not depend on where two values differ.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Give the value. Every call is a place to review."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self._value), _bytes(other._value))

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __repr__(self) -> str:
        return SHOWN

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(SHOWN, spec)

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Secret cannot be pickled.")


def _bytes(value: str) -> bytes:
    # The environment may hold bytes that are not UTF-8; Python keeps them as lone surrogates.
    return value.encode("utf-8", "surrogatepass")
