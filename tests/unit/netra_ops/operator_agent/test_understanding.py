"""What an operator wants, by how people say it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netra_ops.operator_agent.understanding import (
    MAX_QUESTION,
    MOST_MINUTES,
    Diagnose,
    Help,
    Intent,
    Logs,
    Mend,
    Prove,
    Serving,
    Unknown,
    understood,
)

DAY = 1440


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Why are service calls failing?", Diagnose(DAY)),
        ("what is wrong?", Diagnose(DAY)),
        ("What's wrong", Diagnose(DAY)),
        ("what\N{RIGHT SINGLE QUOTATION MARK}s wrong?", Diagnose(DAY)),
        ("diagnose the last hour", Diagnose(60)),
        ("Please diagnose the last 2 hours.", Diagnose(120)),
        ("why do users get 403 since half an hour?", Diagnose(30)),
        ("Why do the logs show so many errors?", Diagnose(DAY)),
        ("calls are failing", Diagnose(DAY)),
        ("everything is down", Diagnose(DAY)),
        ("Diagnose yesterday", Diagnose(2 * DAY)),
        ("diagnose the last 90 days", Diagnose(MOST_MINUTES)),
        ("diagnose the last 0 minutes", Diagnose(1)),
        ("what happened in the logs?", Logs(DAY)),
        ("What happened in the last 20 minutes?", Logs(20)),
        ("summarise the logs of the past week", Logs(7 * DAY)),
        ("what serves?", Serving()),
        ("Which revision is live?", Serving()),
        ("who has the traffic", Serving()),
        ("what would prove it?", Prove()),
        ("How do we know that it works again?", Prove()),
        ("is it fixed?", Prove()),
        ("How do I fix it?", Mend()),
        ("what would mend it", Mend()),
        ("help", Help()),
        ("what can you do?", Help()),
        ("?", Help()),
        ("", Help()),
        ("how much is 2 + 2", Unknown()),
        ("who wrote this poem", Unknown()),
        ("why " * MAX_QUESTION, Unknown()),
    ],
)
def test_each_way_of_asking_is_understood(text: str, intent: Intent) -> None:
    """The words of people lead to what they want, and to the time they name."""
    assert understood(text) == intent


@given(st.text(max_size=2 * MAX_QUESTION))
def test_every_text_has_one_intent_and_a_bounded_time(text: str) -> None:
    """Whatever is said, something is understood, and no more than a week is looked at."""
    intent = understood(text)

    if isinstance(intent, Diagnose | Logs):
        assert 1 <= intent.minutes <= MOST_MINUTES
    else:
        assert isinstance(intent, Help | Mend | Prove | Serving | Unknown)
