"""Properties of signing keys' lives, whatever is asked of them and by whichever process."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from netra.tokens import MAX_LEEWAY_SECONDS
from netra.wire.auth_admin import KeyState
from netra.wire.auth_api import JWKS_MAX_AGE_SECONDS, MAX_ACCESS_TOKEN_SECONDS
from netra_auth.keyring.life_cycle import (
    LATEST_VIEW_SECONDS,
    SPREAD_SECONDS,
    KeyLife,
    Pace,
    due_changes,
    entered,
    is_rotation_due,
    next_change_at,
    waiting,
)

DAY = 24 * 3600
ORDER = list(KeyState)
PUBLIC = {KeyState.PUBLISHED, KeyState.ACTIVE, KeyState.RETIRING}
CLOCK_ERROR = SPREAD_SECONDS / 4
"""Two clocks that are wrong by so much, one each way, differ by half of the spread."""

Step = tuple[str, float]

steps = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.floats(0, 700)),
        st.tuples(st.just("wait"), st.floats(0, 100 * DAY)),
        st.tuples(st.just("advance"), st.floats(-CLOCK_ERROR, CLOCK_ERROR)),
        st.tuples(st.just("rotate"), st.floats(-CLOCK_ERROR, CLOCK_ERROR)),
        st.tuples(st.just("remove"), st.floats(0, 1)),
    ),
    max_size=60,
)


@dataclass
class Ring:
    """Keys as the store holds them, changed as `netra_auth.keyring.rotation` does.

    A step may come from any process: its number is how wrong that process's clock is. `true` has
    when each key really entered each state.
    """

    pace: Pace
    now: float = 1_800_000_000.0
    keys: dict[str, KeyLife] = field(default_factory=dict)
    true: dict[tuple[str, KeyState], float] = field(default_factory=dict)
    compromised: set[str] = field(default_factory=set)
    at_once: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._sign_at_once()

    def take(self, step: Step) -> None:
        """Do what a step says."""
        what, number = step
        if what == "wait":
            self.now += number
        elif what == "advance":
            self._advance(number)
        elif what == "rotate" and waiting(list(self.keys.values())) is None:
            self._create(number)
        elif what == "remove":
            present = [key for key in self.keys.values() if key.state is not KeyState.GONE]
            removed = present[int(number * (len(present) - 1))]
            self.compromised.add(removed.kid)
            self._enter(removed.kid, KeyState.GONE, 0)
            if removed.state is KeyState.ACTIVE:
                self._sign_at_once()

    def _advance(self, clock_error: float) -> None:
        lives = list(self.keys.values())
        if is_rotation_due(lives, self.now + clock_error, self.pace):
            self._create(clock_error)
        for change in due_changes(lives, self.now + clock_error, self.pace):
            before = self.keys[change.kid].state
            assert ORDER.index(change.state) == ORDER.index(before) + 1
            self._enter(change.kid, change.state, clock_error)

    def _create(self, clock_error: float) -> None:
        kid = f"key-{len(self.keys)}"
        at = self.now + clock_error
        self.keys[kid] = KeyLife(kid=kid, state=KeyState.CREATED, created_at=at)

    def _sign_at_once(self) -> None:
        kid = f"key-{len(self.keys)}"
        self.at_once.add(kid)
        self.keys[kid] = KeyLife(kid=kid, state=KeyState.CREATED, created_at=self.now)
        for state in (KeyState.PUBLISHED, KeyState.ACTIVE):
            self._enter(kid, state, 0)

    def _enter(self, kid: str, state: KeyState, clock_error: float) -> None:
        self.keys[kid] = entered(self.keys[kid], state, self.now + clock_error)
        self.true[kid, state] = self.now


paces = st.integers(0, 400).map(Pace.of)


@given(pace=paces, taken=steps)
def test_exactly_one_key_is_active(pace: Pace, taken: list[Step]) -> None:
    """Never none and never two, after any step; and at most one waits to follow."""
    ring = Ring(pace)

    for step in taken:
        ring.take(step)
        states = [key.state for key in ring.keys.values()]
        assert states.count(KeyState.ACTIVE) == 1
        assert states.count(KeyState.CREATED) + states.count(KeyState.PUBLISHED) <= 1


@given(pace=paces, taken=steps)
def test_a_key_is_published_before_any_cached_set_without_it_is_used(
    pace: Pace, taken: list[Step]
) -> None:
    """A rotation's key is public for max-age before it signs, by whatever clocks (checklist 19)."""
    ring = Ring(pace)
    for step in taken:
        ring.take(step)

    for (kid, state), at in ring.true.items():
        if state is KeyState.ACTIVE and kid not in ring.at_once:
            last_set_without = ring.true[kid, KeyState.PUBLISHED] + LATEST_VIEW_SECONDS
            assert at - last_set_without >= JWKS_MAX_AGE_SECONDS


@given(pace=paces, taken=steps)
def test_a_key_outlives_every_token_it_signed(pace: Pace, taken: list[Step]) -> None:
    """It stays public for a token's life and leeway after its last signature (checklist 20)."""
    ring = Ring(pace)
    for step in taken:
        ring.take(step)

    for (kid, state), at in ring.true.items():
        if state is KeyState.GONE and kid not in ring.compromised:
            last_signature = ring.true[kid, KeyState.RETIRING] + LATEST_VIEW_SECONDS
            assert at - last_signature >= MAX_ACCESS_TOKEN_SECONDS + MAX_LEEWAY_SECONDS


@given(pace=paces, taken=steps)
def test_what_is_planned_happens(pace: Pace, taken: list[Step]) -> None:
    """At the time a record names, and not a moment before, the change it names is due."""
    ring = Ring(pace)
    for step in taken:
        ring.take(step)
    lives = list(ring.keys.values())

    planned = [at for key in lives if (at := next_change_at(key, lives, pace)) is not None]
    for at in planned:
        assert due_changes(lives, at, pace) or is_rotation_due(lives, at, pace)
    before = min(planned, default=ring.now) - 1
    assert not due_changes([key for key in lives if key.state in PUBLIC], before, pace)


@given(pace=paces, taken=steps)
def test_left_alone_a_rotation_ends(pace: Pace, taken: list[Step]) -> None:
    """Whatever happened, three looks an hour apart leave one active key and none on its way."""
    ring = Ring(Pace(pace.published_seconds, pace.retiring_seconds, None))
    for step in taken:
        ring.take(step)

    for _ in range(3):
        ring.take(("advance", 0))
        ring.take(("wait", 3600))
    ring.take(("advance", 0))

    assert {key.state for key in ring.keys.values()} <= {KeyState.ACTIVE, KeyState.GONE}
