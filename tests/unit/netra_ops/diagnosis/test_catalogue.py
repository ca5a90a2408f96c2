"""Every cause of the catalogue: named where it is shown, and only there."""

from itertools import chain

import pytest

from fakes.observations import absent, seen
from netra_ops.diagnosis.catalogue import BY_CODE, CATALOGUE
from netra_ops.diagnosis.cause import Cause
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.weights.weighing import NAMED_FROM, Weighed, weighed

OFTEN = 0.5
PAIRS = [
    "env_var_lost caller_without_credential wrong_auth_service_url service_secret_mismatch",
    "key_rotated_without_overlap stale_jwks",
    "whitespace_in_value signing_key_mismatch encoding_mismatch",
    "identity_made_optional variable_half_renamed",
    "pool_exhausted auth_service_unreachable database_unreachable",
    "breaker_stuck_open auth_service_unreachable",
    "upgrade_stripped origin_blocked subprotocol_not_negotiated",
    "clock_skew user_token_rejected",
    "latest_secret_split random_key_per_process",
    "missing_module startup_failed code_error",
    "invoker_missing wrong_audience",
]
each_cause = pytest.mark.parametrize("cause", CATALOGUE, ids=lambda cause: cause.code)


def typical(cause: Cause) -> set[Fact]:
    """Give what most incidents of a cause show, and what shows it."""
    return {Fact.FAILURES, *cause.shown_by[0]} | {
        one.fact for one in cause.expects if one.often >= OFTEN
    }


def leading(*facts: Fact) -> Weighed:
    """Give the likeliest cause of what was seen."""
    return weighed(seen(*facts))[0]


@each_cause
def test_a_cause_is_named_where_it_is_shown(cause: Cause) -> None:
    """What most of its incidents show, without what contradicts it, names it."""
    facts = typical(cause) - cause.contradicted_by

    ranked = weighed(seen(*facts))

    assert ranked[0].cause is cause, [(one.cause.code, one.confidence) for one in ranked[:4]]
    assert ranked[0].confidence >= NAMED_FROM
    assert ranked[0].is_shown


@each_cause
def test_each_set_of_facts_that_shows_a_cause_is_enough_to_lead(cause: Cause) -> None:
    """Whatever shows it, nothing else leads by it."""
    for facts in cause.shown_by:
        ranked = weighed(seen(Fact.FAILURES, *facts))

        ahead = [one.cause.code for one in ranked[:2]]
        assert cause.code in ahead, (sorted(one.code for one in facts), ahead)


@each_cause
def test_a_cause_that_nothing_shows_is_not_named(cause: Cause) -> None:
    """Its symptoms alone, however well they fit, name nobody."""
    deciding = {one.fact for one in cause.expects if one.decides} | set(chain(*cause.shown_by))
    symptoms = {one.fact for one in cause.expects} - deciding

    ranked = weighed(seen(Fact.FAILURES, *symptoms))

    own = next(one for one in ranked if one.cause is cause)
    assert own.confidence < OFTEN


@each_cause
def test_a_cause_is_doubted_where_it_is_contradicted(cause: Cause) -> None:
    """One fact that contradicts it takes away most of the odds."""
    facts = typical(cause) - cause.contradicted_by
    for against in cause.contradicted_by:
        own = next(one for one in weighed(seen(*facts)) if one.cause is cause)
        doubted = next(one for one in weighed(seen(*facts, against)) if one.cause is cause)

        assert doubted.nats < own.nats
        assert against in {one.observation.fact for one in doubted.opposed}


@each_cause
def test_a_cause_is_doubted_where_what_it_predicts_is_absent(cause: Cause) -> None:
    """What was looked for and is not there speaks against it."""
    surest = max(cause.expects, key=lambda one: one.often)

    ranked = weighed([*seen(Fact.FAILURES), *absent(surest.fact)])

    own = next(one for one in ranked if one.cause is cause)
    assert surest.fact in {one.observation.fact for one in own.opposed}


@each_cause
def test_a_cause_names_neighbours_that_are_told_from_it(cause: Cause) -> None:
    """What is typical of a neighbour does not name it."""
    for neighbour in cause.neighbours:
        other = BY_CODE[neighbour.code]

        assert leading(*(typical(other) - other.contradicted_by)).cause is not cause


@pytest.mark.parametrize("pair", PAIRS)
def test_pairs_that_share_a_symptom_are_neighbours(pair: str) -> None:
    """Each says, or is told by another of the pair, by what they are told apart."""
    codes = pair.split()
    for code in codes:
        told = {one.code for one in BY_CODE[code].neighbours}
        by_others = {
            other for other in codes if code in {one.code for one in BY_CODE[other].neighbours}
        }
        assert (told | by_others) & (set(codes) - {code}), code


def test_the_catalogue_is_whole() -> None:
    """There are 54 causes, each once, under the name of its file."""
    assert len(CATALOGUE) == len(BY_CODE) == 54
    for code, cause in BY_CODE.items():
        assert cause.code == code
        assert set(cause.leads_to) | {one.code for one in cause.neighbours} <= set(BY_CODE)
        assert cause.code not in cause.leads_to
        assert all(0 < one.often < 1 for one in cause.expects)
        assert any(one.decides for one in cause.expects)
        assert len({one.fact for one in cause.expects}) == len(cause.expects)
