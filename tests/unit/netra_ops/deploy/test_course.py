"""How a rollout goes on, and what the past says of it."""

import pytest

from fakes.ledger_records import (
    SERVICE,
    chained,
    deploy,
    ended,
    judged,
    promoted,
    proving,
    rolled_back,
    traffic,
)
from netra.secret import Secret
from netra_ops.candidates.candidate import Candidate, Form, Place, Reference, Setting
from netra_ops.candidates.fingerprints.prints import Fingerprints
from netra_ops.candidates.fingerprints.record import recorded
from netra_ops.deploy.course import history
from netra_ops.deploy.course.pace import (
    MOST_WALKS,
    Move,
    Pace,
    Progress,
    next_move,
    split_at,
    steps_from,
)
from netra_ops.deploy.course.recording import candidate_print, settings_of
from netra_ops.findings import CouldNotTell, UsageRefused
from netra_ops.ledger.records import Ending
from netra_ops.platform.port import Revision, ServiceState

PACE = Pace(min_requests=20, hold=30, bake=60)


def state(**percents: int) -> ServiceState:
    """Give a service with revisions."""
    revisions = tuple(Revision(SERVICE, name, "code", part) for name, part in percents.items())
    return ServiceState(SERVICE, "http://service.example", revisions)


@pytest.mark.parametrize(
    ("progress", "bakes", "move"),
    [
        (Progress(0, 0, 0, 0), False, Move.WAIT),
        (Progress(1, 20, 0, 0), False, Move.JUDGE),
        (Progress(29, 19, 99, 1), False, Move.WAIT),
        (Progress(30, 19, 0, 0), False, Move.PROBE),
        (Progress(30, 19, 1, 1), False, Move.JUDGE),
        (Progress(99, 0, 0, MOST_WALKS), False, Move.JUDGE),
        (Progress(1, 999, 0, 0), True, Move.WAIT),
        (Progress(60, 20, 0, 0), True, Move.JUDGE),
        (Progress(60, 0, 0, 0), True, Move.PROBE),
    ],
)
def test_a_step_ends_with_enough_people_or_with_its_time(
    progress: Progress, move: Move, *, bakes: bool
) -> None:
    """Baking takes its time whoever comes; probes are sent where too few came."""
    assert next_move(PACE, progress, bakes=bakes) is move


def test_people_are_not_waited_for_with_none_wanted() -> None:
    """Data there must be all the same."""
    pace = Pace(min_requests=0, hold=600)

    assert next_move(pace, Progress(0, 0, 0, 0)) is Move.PROBE
    assert next_move(pace, Progress(0, 0, 1, 1)) is Move.JUDGE
    assert next_move(pace, Progress(0, 1, 0, 0)) is Move.JUDGE


def test_shares_are_whole_and_together_all() -> None:
    """Also where nobody served before."""
    assert split_at(5, "new", "old") == {"old": 95, "new": 5}
    assert split_at(100, "new", "old") == {"new": 100}
    assert split_at(5, "new", None) == {"new": 100}


@pytest.mark.parametrize("text", ["", "5", "5,25", "0,100", "25,5,100", "5,5,100", "a,100", "1e2"])
def test_steps_grow_up_to_all_of_it(text: str) -> None:
    """Anything else is a mistake."""
    with pytest.raises(UsageRefused):
        steps_from(text)


def test_steps_are_read() -> None:
    """Spaces do not matter."""
    assert steps_from("1, 50,100") == (1, 50, 100)


def test_a_broken_off_rollout_goes_back_to_who_served_before() -> None:
    """What the ledger says of the time before it began is what is gone back to."""
    entries = chained([*proving("r1"), deploy("r2", "rol_2"), traffic("rol_2", r1=95, r2=5)])

    (found,) = history.abandoned(entries, state(r1=95, r2=5))

    assert (found.revision, found.split) == ("r2", {"r1": 100})
    assert (found.retires, found.left) == (True, True)


def test_a_shift_that_was_recorded_and_did_not_take_place_needs_no_shift() -> None:
    """The platform says who serves; the ledger is made to say the same."""
    entries = chained([*proving("r1"), deploy("r2", "rol_2"), traffic("rol_2", r1=95, r2=5)])

    (found,) = history.abandoned(entries, state(r1=100, r2=0))

    assert (found.split, found.left) == (None, True)


def test_a_rollback_that_was_broken_off_stays_where_it_is() -> None:
    """It shifts all or nothing, and a person wanted it."""
    begun = [*proving("r1"), *proving("r2", "rol_2"), rolled_back("r2", "r1", "rol_3")]

    (found,) = history.abandoned(chained(begun), state(r1=100, r2=0))

    assert (found.split, found.retires, found.left) == (None, False, False)


def test_where_who_served_is_gone_the_last_proven_one_serves() -> None:
    """And where there is none nobody guesses."""
    records = [*proving("r0"), *proving("r1", "rol_1"), deploy("r2", "rol_2")]
    entries = chained([*records, traffic("rol_2", r1=95, r2=5)])

    (found,) = history.abandoned(entries, state(r0=0, r2=100))
    assert found.split == {"r0": 100}

    with pytest.raises(CouldNotTell, match="--to REVISION"):
        history.abandoned(entries, state(r2=100))
    (stays,) = history.abandoned(entries, state(r2=100), stays=True)
    assert stays.split is None


def test_other_services_and_ended_rollouts_are_left_alone() -> None:
    """Only what is open, and of this service."""
    entries = chained([*proving("r1"), deploy("r2", "rol_2"), ended("r2", Ending.REFUSED, "rol_2")])

    assert history.abandoned(entries, state(r1=100)) == ()


def test_one_serves_or_nobody_or_it_is_not_known() -> None:
    """A tagged revision without traffic is not taken for the one that serves."""
    assert history.stable_of(state(tagged=0, r1=100)) == "r1"
    assert history.stable_of(state(r1=0)) is None
    with pytest.raises(CouldNotTell):
        history.stable_of(state(r1=50, r2=50))


def test_what_was_refused_is_known_by_its_fingerprint() -> None:
    """And what was promoted in the end is not."""
    mark = "hmac-sha256:" + "ab" * 32
    again = judged("r2", rollout="rol_2")
    again = type(again)(
        **{name: getattr(again, name) for name in again.__struct_fields__} | {"candidate": mark}
    )
    refused = chained([again, ended("r2", Ending.REFUSED, "rol_2")])
    kept = chained([again, deploy("r2", "rol_2"), promoted("r2", "rol_2")])

    found = history.refused_before(refused, SERVICE, mark)
    assert found is not None
    assert found.record.revision == "r2"
    assert history.refused_before(refused, "netra-auth", mark) is None
    assert history.refused_before(refused, SERVICE, mark.replace("a", "c")) is None
    assert history.refused_before(kept, SERVICE, mark) is None


def configured(*settings: Setting) -> Candidate:
    """Give a configuration."""
    return Candidate(SERVICE, Form.ENV_FILE, Place("x.env"), settings)


def test_a_fingerprint_tells_code_and_configuration_apart() -> None:
    """The same again has the same, whatever the order; anything else has another."""
    prints = Fingerprints(Secret("k" * 64))
    one = Setting("A", Place("x"), Secret("1"))
    other = Setting("B", Place("y"), reference=Reference("secret", "b", "1"))

    def of(code: str, *settings: Setting) -> str:
        return candidate_print(code, recorded(configured(*settings), prints))

    assert of("c", one, other) == of("c", other, one)
    different = {
        of("c", one, other),
        of("d", one, other),
        of("c", one),
        of("c", one, Setting("B", Place("y"), reference=Reference("secret", "b", "2"))),
        of("c", Setting("A", Place("x"), Secret("2")), other),
    }
    assert len(different) == 5


def test_what_the_ledger_keeps_never_holds_a_value() -> None:
    """Whatever a reference is called, the record is one that the ledger takes."""
    prints = Fingerprints(Secret("k" * 64))
    settings = settings_of(
        recorded(
            configured(
                Setting("PLAIN", Place("x"), Secret("value")),
                Setting(
                    "SEEN", Place("x"), Secret("v"), Reference("secret", "a/b", "3", resolved="3")
                ),
                Setting("ALIAS", Place("x"), Secret("v"), Reference("secret", "b", "an alias")),
                Setting("FILE", Place("x"), reference=Reference("file")),
                Setting("no name", Place("x"), Secret("value")),
            ),
            prints,
        )
    )

    assert sorted(settings) == ["ALIAS", "PLAIN", "SEEN"]
    assert (settings["SEEN"].secret, settings["SEEN"].resolved) == ("b", "3")
    assert settings["ALIAS"].secret is None
    assert settings["PLAIN"].fingerprint == f"hmac-sha256:{prints.of(Secret('value')).exact}"
