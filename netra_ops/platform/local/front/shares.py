"""Percents as turns: whose turn it is, a hundred of them, then from the beginning again. Pure.

The front counts requests and looks up whose turn it is. So of any hundred requests in a row each
revision gets exactly its share, and of fewer about its share, since turns are mixed. They are not
at equal distances: what a client asks in a fixed order would always meet the same revision.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

TURNS: Final = 100

_APART: Final = tuple(
    tuple(min(abs(one - other), TURNS - abs(one - other)) for other in range(TURNS))
    for one in range(TURNS)
)
"""How many turns lie between two, round the end if that is shorter."""


def spread(split: Mapping[str, int], before: Sequence[str] = ()) -> tuple[str, ...]:
    """Give everyone their turns.

    Whoever had turns before keeps as many of them as they still have a right to, and those that
    change hands go where their new owner has none near by.

    Args:
        split: Whole percents, 100 together, or nothing.
        before: The turns until now, or nothing.

    Returns:
        The owner of each turn; nothing if there is no split.
    """
    wanted = {name: percent for name, percent in split.items() if percent > 0}
    if not wanted:
        return ()
    # From nothing it all belongs to whoever has most, and the others take theirs from there.
    owners = list(before) or [max(wanted, key=lambda name: (wanted[name], name))] * TURNS
    # Those with few turns choose first: they have more to lose by standing badly.
    for name in sorted(wanted, key=lambda name: (wanted[name], name)):
        _take(owners, name, wanted)
    return tuple(owners)


def _take(owners: list[str], name: str, wanted: Mapping[str, int]) -> None:
    """Have someone take what they lack from those who have too many.

    They take a turn that is far from their own, and among equally far ones one after which its
    owner waits least for the next.
    """
    has = Counter(owners)
    apart = [TURNS] * TURNS
    for turn, owner in enumerate(owners):
        if owner == name:
            apart = list(map(min, apart, _APART[turn]))
    while has[name] < wanted[name]:
        free = [t for t, owner in enumerate(owners) if has[owner] > wanted.get(owner, 0)]
        farthest = max(apart[turn] for turn in free)
        taken = min(
            (turn for turn in free if apart[turn] == farthest),
            key=lambda turn: (_wait_without(owners, turn), turn),
        )
        has[owners[taken]] -= 1
        has[name] += 1
        owners[taken] = name
        apart = list(map(min, apart, _APART[taken]))


def _wait_without(owners: Sequence[str], turn: int) -> int:
    """Give how long a turn's owner would wait there if it were somebody else's."""
    owner = owners[turn]
    behind = next((n for n in range(1, TURNS) if owners[turn - n] == owner), TURNS)
    ahead = next((n for n in range(1, TURNS) if owners[(turn + n) % TURNS] == owner), TURNS)
    return behind + ahead
