"""Regression f: redaction hides values and never changes what a sentence means."""

import pytest

from fakes.log_lines import log_lines
from netra.telemetry.log_events import event_logger

_SENTENCES = [
    "SERVICE_SECRET not found",
    "SERVICE_SECRET is not configured",
    "JWT_SECRET_KEY missing in environment",
    "Loaded SERVICE_SECRET from IsolatedEnvironment (SSOT compliant)",
    "AuthServiceClient initialized - Service ID: netra-backend, Service Secret configured: True",
    "password reset requested",
    "the token has expired",
]
_LEAKS = [
    "{'service_secret': 'abc'}",
    '{"service_secret": "abc"}',
    "SERVICE_SECRET=abc",
    "https://netra:abc@auth.example/token",
    "password: abc",
]


@pytest.mark.parametrize("sentence", _SENTENCES)
def test_a_sentence_keeps_its_meaning(sentence: str) -> None:
    """What says that a secret is absent, present or expired is logged as it is."""
    with log_lines() as log:
        event_logger("test").warning("probe", message=sentence)

    assert log.all()[0]["message"] == sentence


@pytest.mark.parametrize("leak", _LEAKS)
def test_a_value_is_hidden_wherever_it_stands(leak: str) -> None:
    """A secret's value in a text or in a repr is hidden; its name is not."""
    with log_lines() as log:
        event_logger("test").warning("probe", message=f"called with {leak} and failed", got=leak)

    assert "abc" not in log.text
    assert "and failed" in log.text
