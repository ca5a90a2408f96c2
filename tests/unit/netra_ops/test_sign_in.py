"""Signing in without a browser, and what makes it stop."""

import pytest

from fakes.netra_over_http import FakeNetra, Fault, fake_netra
from netra.clock import SystemClock
from netra.secret import Secret
from netra_ops.findings import CouldNotTell, Failed
from netra_ops.validation.answer import Asker
from netra_ops.validation.auth_service import AuthorizationCode, AuthService
from netra_ops.validation.credentials import Person

PERSON = Person("a@b.example", Secret("correct horse & battery=staple %"))


def _sign_in(netra: FakeNetra, person: Person = PERSON) -> AuthorizationCode:
    netra.users[PERSON.email] = ("usr_a", PERSON.password.reveal())
    with Asker(SystemClock()) as asker:
        return AuthService(netra.url, asker).sign_in(person)


def test_a_person_gets_a_code_that_gives_a_token() -> None:
    """The code is redeemed with the verifier whose digest was sent first (RFC 7636)."""
    with fake_netra() as netra:
        code = _sign_in(netra)
        with Asker(SystemClock()) as asker:
            answer = AuthService(netra.url, asker).redeem(code)

    assert answer.status == 200
    assert answer.member("access_token") in netra.tokens


def test_a_wrong_password_is_a_refusal() -> None:
    """The person is told so, once, and the password is not tried again."""
    with fake_netra() as netra, pytest.raises(Failed, match="refused this e-mail address"):
        _sign_in(netra, Person(PERSON.email, Secret("wrong")))

    assert netra.asked.count("POST /login") == 1


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault.FORGES_STATE, "does not carry our state"),
        (Fault.FORGES_ISSUER, "as its issuer"),
        (Fault.LEADS_AWAY, "another origin"),
        (Fault.ANSWERS_NONSENSE, "no way on"),
        (Fault.ASKS_SECOND_FACTOR, "has a second factor"),
    ],
)
def test_an_answer_that_is_not_the_auth_services_is_not_used(fault: Fault, says: str) -> None:
    """State, issuer and origin are checked before the code or the password go anywhere."""
    with fake_netra(fault) as netra, pytest.raises(Failed, match=says) as refused:
        _sign_in(netra)

    assert PERSON.password.reveal() not in str(refused.value)
    assert "POST /token" not in netra.asked


def test_nobody_there_cannot_be_told() -> None:
    """No answer is neither a yes nor a no."""
    with fake_netra() as netra:
        pass

    with pytest.raises(CouldNotTell, match="did not answer"):
        _sign_in(netra)
