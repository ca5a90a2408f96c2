"""Tests of `netra.secret`: a value that is never shown by accident."""

import json
import pickle
import traceback

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netra.secret import SHOWN, Secret

VALUE = "a-very-secret-value-7f3a"


def test_a_secret_is_revealed_on_purpose_only() -> None:
    """`reveal` is the one way out."""
    assert Secret(VALUE).reveal() == VALUE


@pytest.mark.parametrize(
    "shown",
    [
        repr(Secret(VALUE)),
        str(Secret(VALUE)),
        f"{Secret(VALUE)}",
        f"{Secret(VALUE)!r}",
        f"{Secret(VALUE):>40}",
        "{}".format(Secret(VALUE)),  # noqa: UP032 - the other spelling is the test
        "%s" % Secret(VALUE),  # noqa: UP031 - as above
        repr({"key": [Secret(VALUE)]}),
    ],
)
def test_no_formatting_shows_a_secret(shown: str) -> None:
    """Whatever way text is made of it (checklist 59)."""
    assert VALUE not in shown
    assert SHOWN in shown


def test_a_traceback_does_not_show_a_secret() -> None:
    """Nor does the text of an error that carries it (checklist 59)."""
    error = ValueError(Secret(VALUE))

    assert VALUE not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize("write", [pickle.dumps, json.dumps, msgspec.json.encode])
def test_a_secret_cannot_be_serialised(write: object) -> None:
    """A secret does not leave the process in a document (checklist 59)."""
    assert callable(write)
    with pytest.raises(TypeError):
        write(Secret(VALUE))


def test_a_secret_has_no_attributes_to_stumble_over() -> None:
    """There is no `__dict__` that a debugger or an encoder would walk."""
    assert not hasattr(Secret(VALUE), "__dict__")


@given(st.text(), st.text())
def test_secrets_are_equal_when_their_values_are(one: str, other: str) -> None:
    """Equality and hash agree with the values, lone surrogates included."""
    assert (Secret(one) == Secret(other)) is (one == other)
    assert hash(Secret(one)) == hash(Secret(one))


def test_a_secret_equals_no_plain_text() -> None:
    """A comparison with a string is a mistake, so it is false."""
    assert Secret(VALUE) != VALUE


def test_an_empty_secret_is_false() -> None:
    """Presence can be asked for without revealing."""
    assert not Secret("")
    assert Secret(" ")
