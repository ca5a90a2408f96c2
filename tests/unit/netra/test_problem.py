"""Tests of `netra.wire.problem`."""

import json
from collections.abc import Iterator

import pytest

from netra import errors
from netra.errors import NetraError
from netra.wire.problem import MEDIA_TYPE, ProblemResponse, challenge, problem_response


def _every_class(root: type[NetraError] = NetraError) -> Iterator[type[NetraError]]:
    yield root
    for child in root.__subclasses__():
        yield from _every_class(child)


def _made(kind: type[NetraError], reason: str = "", detail: str | None = None) -> NetraError:
    if issubclass(kind, errors.TooManyRequests):
        return kind(reason, retry_after=7, detail=detail)
    return kind(reason, detail=detail)


def _document(response: ProblemResponse) -> dict[str, object]:
    document = json.loads(response.body)
    assert isinstance(document, dict)
    return document


OURS = [kind for kind in _every_class() if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_a_document_has_the_members_of_rfc_9457(kind: type[NetraError]) -> None:
    """Type, title, status and code are the error's own, and never its reason."""
    response = problem_response(_made(kind, "REASON-FOR-THE-LOG"), "req_1")
    document = _document(response)

    assert document["type"] == f"https://netra.invalid/problems/{kind.code}"
    assert document["title"] == kind.public_text
    assert document["status"] == response.status == kind.status
    assert document["code"] == kind.code
    assert document["request_id"] == "req_1"
    assert b"REASON-FOR-THE-LOG" not in response.body
    assert set(document) == {"type", "title", "status", "code", "request_id"}


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_no_answer_about_an_error_may_be_stored(kind: type[NetraError]) -> None:
    """Every problem carries `Cache-Control: no-store`."""
    assert ("Cache-Control", "no-store") in problem_response(_made(kind), None).headers


def test_a_detail_and_the_fields_are_shown_when_given() -> None:
    """The public addition and the list of invalid fields are members of their own."""
    error = errors.ContentInvalid(detail="Two fields are wrong.")
    fields = ({"at": "body.email", "problem": "too short"},)

    document = _document(problem_response(error, None, fields=fields))

    assert document["detail"] == "Two fields are wrong."
    assert document["errors"] == [{"at": "body.email", "problem": "too short"}]
    assert "request_id" not in document


def test_a_status_can_be_overridden() -> None:
    """405 has no class of its own: the status in the body and of the answer agree."""
    response = problem_response(errors.RequestError(), None, status=405)

    assert response.status == 405
    assert _document(response)["status"] == 405


def test_a_missing_credential_is_challenged_without_an_error_code() -> None:
    """RFC 6750 section 3.1: no credential, no error code (checklist 43)."""
    assert challenge(errors.CredentialMissing()) == 'Bearer realm="netra"'


def test_a_refused_credential_is_an_invalid_token() -> None:
    """A credential that was looked at and refused says so (checklist 43)."""
    assert challenge(errors.CredentialRejected()) == 'Bearer realm="netra", error="invalid_token"'


@pytest.mark.parametrize("kind", [errors.PermissionDenied, errors.OriginRefused])
def test_a_denied_caller_lacks_scope(kind: type[NetraError]) -> None:
    """A known caller that may not is told `insufficient_scope` (checklist 43)."""
    assert challenge(kind()) == 'Bearer realm="netra", error="insufficient_scope"'


@pytest.mark.parametrize(
    "error",
    [
        errors.AuthServiceUnreachable(retry_after=3),
        errors.OwnCredentialUnproven(retry_after=3),
        errors.DatabaseUnavailable(retry_after=3),
        errors.TooManyRequests(retry_after=3),
    ],
    ids=lambda error: type(error).__name__,
)
def test_who_should_come_back_is_told_when(error: NetraError) -> None:
    """503 and 429 carry `Retry-After` and no challenge (checklist 43)."""
    response = problem_response(error, None)

    assert ("Retry-After", "3") in response.headers
    assert challenge(error) is None
    assert response.status in {429, 503}


def test_an_internal_error_shows_nothing_of_itself() -> None:
    """A fault of ours is a 500 with neither challenge nor retry."""
    response = problem_response(errors.InternalError("stack and all"), None)

    assert response.status == 500
    assert response.headers == (("Cache-Control", "no-store"),)
    assert b"stack" not in response.body


def test_the_media_type_is_that_of_the_rfc() -> None:
    """RFC 9457 section 3."""
    assert MEDIA_TYPE == "application/problem+json"
