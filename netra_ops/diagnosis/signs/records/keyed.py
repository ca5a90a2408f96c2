"""By which key the token that a record is about was signed, as far as the record tells. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

from netra_ops.diagnosis.signs.records.whose import issued_of, of_tokens
from netra_ops.logs.entries import Entry
from netra_ops.logs.entries.whom import Names, first_of

_KEY: Final = Names(
    "kid",
    "jwt_kid",
    "token_kid",
    "key_id",
    "keyId",
    "jwtKid",
    "tokenKid",
    "jwt.kid",
    "token.kid",
    "jwt.header.kid",
    "auth.kid",
    "x_token_kid",
    "x-token-kid",
    "x_jwt_kid",
    "x-jwt-kid",
    "tokenKeyId",
    "jwt_key_id",
    "token_key_id",
)
_KEY_TEXT: Final = re.compile(
    r"\b(?:\w{1,12}[_.])?(?:kid|key[ _-]?id)[\"']?(?: (?:is|was|of))?(?:\s?[:=]\s?|\s)"
    r"(?:[\"'\[(`]{0,2}(?=[\w.:/+=-]*\d)([\w][\w.:/+=-]{0,79})"
    r"|[\"'`]([\w][\w.:/+=-]{1,79})[\"'`])"
    r"|\bkey (?:that match(?:es)?|matching|named|called|for)(?: (?:the )?kid)?:? ?"
    r"[\"'`]([\w][\w.:/+=-]{1,79})[\"'`]",
    re.IGNORECASE,
)
_OF_KEYS: Final = re.compile(
    r"\b(?:re)?load|\bfetch|\brefresh|\brotat|\bpublish|\bactivat|\bretire|\bgenerat",
    re.IGNORECASE,
)
"""What is said of keys themselves, and not of a token that came."""


def key_of(entry: Entry) -> str | None:
    """Give the id of the key of the token that a record is about; None if it does not say."""
    fields = entry.fields
    if fields is not None and (found := _key_in(fields)) is not None:
        return found
    text = entry.message
    if "id" not in text and "key" not in text:
        return None
    said = _KEY_TEXT.search(text, 0, 2_000)
    return (said[1] or said[2] or said[3]).rstrip(".:") if said else None


def tells_of_token(entry: Entry) -> bool:
    """Tell whether a record says when, or by which key, the token that came was signed."""
    if issued_of(entry) is not None:
        return True
    return key_of(entry) is not None and _OF_KEYS.search(entry.message, 0, 2_000) is None


def _key_in(fields: Mapping[str, Any]) -> str | None:
    found = first_of(fields, _KEY)
    if found is not None:
        return found
    return next((key for one in of_tokens(fields) if (key := first_of(one, _KEY))), None)
