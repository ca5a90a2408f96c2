"""What the OpenAPI document says of errors and forms. Nothing here runs during a request."""

from dataclasses import dataclass
from typing import Any, Final

from netra.wire.auth_api import OAuthErrorResponse
from netra.wire.problem import MEDIA_TYPE
from netra_auth.api.parameters import FORM

PRINTABLE: Final = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""The shape of every OAuth parameter: no control characters. Empty counts as absent."""
PRESENT: Final = r"^[^\x00-\x1f\x7f-\x9f]+$"
"""The same for one that must be there."""

Responses = dict[int | str, dict[str, Any]]

_TEXT: Final = {"type": "string"}
_PROBLEM: Final = {
    "title": "Problem",
    "description": "An error (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "code": _TEXT,
        "detail": _TEXT,
        "request_id": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["at", "problem"],
                "properties": {"at": _TEXT, "problem": _TEXT},
            },
        },
    },
}
_SAYS: Final = {
    400: "The request is malformed.",
    401: "Authentication is required, or the credential was refused.",
    403: "The caller is known and may not do this.",
    404: "There is no such thing.",
    409: "The request contradicts what is stored.",
    413: "The body is too large.",
    422: "The request does not have the expected shape.",
    429: "Too many requests, or too many refused ones; `Retry-After` says when to come again.",
    503: "The store cannot be reached; try again.",
}


_OF_CALLERS: Final = frozenset({400, 401, 403})
"""A route that can answer one of these asks who calls, and counts it."""


def problems(*statuses: int) -> Responses:
    """Document problem documents under these statuses, and 429 where callers are counted."""
    counted = (429,) if _OF_CALLERS & set(statuses) else ()
    return {
        status: {
            "description": _SAYS[status],
            "content": {MEDIA_TYPE: {"schema": _PROBLEM}},
        }
        for status in (*statuses, *counted)
    }


def oauth_errors(*statuses: int) -> Responses:
    """Document OAuth's own errors under these statuses, and the problems besides."""
    documented: Responses = {
        status: {"description": _SAYS[status], "model": OAuthErrorResponse}
        for status in (*statuses, 429)
    }
    return documented | problems(413, 503)


@dataclass(frozen=True, slots=True)
class Text:
    """A text parameter that a route reads by itself: its meaning, and the shape it must have."""

    meaning: str
    required: bool = False
    one_of: tuple[str, ...] = ()
    pattern: str | None = None

    def schema(self) -> dict[str, Any]:
        """Write it as a JSON schema."""
        if self.one_of:
            return {"type": "string", "enum": list(self.one_of)}
        if self.pattern is not None:
            return {"type": "string", "pattern": self.pattern}
        return {"type": "string", "minLength": 1}


def form_body(**fields: Text) -> dict[str, Any]:
    """Document a form."""
    schema = {
        "type": "object",
        "required": [name for name, field in fields.items() if field.required],
        "properties": {
            name: {**field.schema(), "description": field.meaning} for name, field in fields.items()
        },
    }
    return {"requestBody": {"required": True, "content": {FORM: {"schema": schema}}}}


def query_parameters(**fields: Text) -> dict[str, Any]:
    """Document query parameters."""
    return {
        "parameters": [
            {
                "in": "query",
                "name": name,
                "description": field.meaning,
                "required": field.required,
                "schema": field.schema(),
            }
            for name, field in fields.items()
        ]
    }
