"""Tests of `netra.errors`: the tree in its docstring is the tree in the code."""

import re
from itertools import pairwise
from typing import NamedTuple

import pytest

from netra import errors
from netra.errors import CouldNotDecide, NetraError, RequestError, TooManyRequests
from netra.wire.problem import problem_response


class Drawn(NamedTuple):
    """One line of the drawing."""

    depth: int
    name: str
    status: int | None
    close_code: int | None


def drawing() -> list[Drawn]:
    """Read the tree out of the module's docstring."""
    lines = re.findall(
        r"^ {4}((?:[│├└─ ]{4})*)(\w+)(?: +(\d{3}) +(\d{4}))?", errors.__doc__ or "", re.MULTILINE
    )
    return [
        Drawn(len(branch) // 4, name, int(status) if status else None, int(code) if code else None)
        for branch, name, status, code in lines
    ]


def classes(root: type[NetraError] = NetraError) -> list[type[NetraError]]:
    """List the classes of `netra.errors`, parents first."""
    below = [each for each in root.__subclasses__() if each.__module__ == errors.__name__]
    return [root, *(found for child in below for found in classes(child))]


def test_the_drawing_names_every_class_once_and_nothing_else() -> None:
    """A class that is not drawn, or drawn and gone, fails."""
    drawn = [line.name for line in drawing()]

    assert sorted(drawn) == sorted(each.__name__ for each in classes())


def test_the_drawing_shows_who_descends_from_whom() -> None:
    """The parent of each drawn class is the one drawn above and to the left of it."""
    path: list[str] = []
    for line in drawing():
        path[line.depth :] = [line.name]
        each: type[NetraError] = getattr(errors, line.name)
        if line.depth:
            assert each.__base__ is getattr(errors, path[line.depth - 1])


def test_the_drawing_is_connected() -> None:
    """No line of the drawing is more than one step deeper than the one before."""
    lines = drawing()

    assert lines[0].name == "NetraError"
    assert all(later.depth - earlier.depth <= 1 for earlier, later in pairwise(lines))


def test_statuses_and_close_codes_are_as_drawn() -> None:
    """A number stands for its class and for every class below that has none of its own."""
    inherited: list[tuple[int | None, int | None]] = []
    for line in drawing():
        own = (line.status, line.close_code)
        above = inherited[line.depth - 1] if line.depth else (None, None)
        inherited[line.depth :] = [own if line.status else above]
        status, close_code = inherited[line.depth]
        each: type[NetraError] = getattr(errors, line.name)
        if status is not None:
            assert (each.status, each.close_code) == (status, close_code), line.name


def test_every_class_has_a_code_and_a_meaning_of_its_own() -> None:
    """A code names one class; `InternalError` is the root's own code in a raisable form."""
    codes = {each: each.code for each in classes() if each is not NetraError}

    assert len(set(codes.values())) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes.values())
    assert all(each.__doc__ and each.public_text for each in classes())


def test_a_refusal_is_never_a_server_error_and_doubt_never_a_refusal() -> None:
    """401 and 403 are 4xx, `CouldNotDecide` is 503 with 1013 (checklist 43)."""
    for each in classes():
        if issubclass(each, RequestError):
            assert 400 <= each.status < 500
            assert 4400 <= each.close_code < 4500
        elif issubclass(each, CouldNotDecide):
            assert (each.status, each.close_code) == (503, 1013)
        else:
            assert (each.status, each.close_code) == (500, 1011)


@pytest.mark.parametrize("each", classes(), ids=lambda each: each.__name__)
def test_the_reason_is_for_the_log_and_never_for_the_caller(each: type[NetraError]) -> None:
    """The problem document of each class says the public text and not the reason (18)."""
    reason = "the password of anna is hunter2"
    if issubclass(each, TooManyRequests):
        error: NetraError = each(reason, retry_after=3)
    else:
        error = each(reason)

    response = problem_response(error, "req_1")

    assert reason in str(error)
    assert b"hunter2" not in response.body
    assert each.public_text.encode() in response.body
    assert response.status == each.status


def test_an_error_without_a_reason_says_its_public_text() -> None:
    """A log line is never empty."""
    error = errors.NotFound()

    assert error.reason == str(error) == errors.NotFound.public_text
    assert error.detail is None


def test_a_detail_is_public() -> None:
    """What may be said of one occurrence is kept apart from the reason."""
    error = errors.Conflict("unique index users_email", detail="This address is taken.")

    body = problem_response(error, None).body

    assert b"This address is taken." in body
    assert b"unique index" not in body


def test_waiting_errors_say_how_long() -> None:
    """`retry_after` is given or has a default (checklist 22, 58)."""
    assert errors.TooManyRequests(retry_after=7).retry_after == 7
    assert errors.AuthServiceUnreachable().retry_after == 2
    assert ("Retry-After", "9") in problem_response(
        errors.DatabaseUnavailable(retry_after=9), None
    ).headers
