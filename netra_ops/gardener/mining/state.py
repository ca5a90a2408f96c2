"""A miner's state as plain JSON, by which a later run continues an earlier one.

The state holds texts of the log, so it is as confidential as the log.
"""

from typing import Final

import msgspec

from netra_ops.gardener.mining.clustering import Clustering, Known
from netra_ops.gardener.mining.forms.keys import counted
from netra_ops.gardener.mining.grouping.columns import Granularity
from netra_ops.gardener.mining.miner import SHAPES, Miner
from netra_ops.gardener.mining.shapes import TEXTS
from netra_ops.gardener.mining.templates import NORMAL_FORM

SCHEMA: Final = 1


class StateError(ValueError):
    """What was given is no state that this miner can continue, and why."""


class _ShapeState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    lines: int
    texts: tuple[str, ...]
    pieces: dict[int, tuple[str, str]] | None


class _State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: int
    normal_form: str
    granularity: Granularity
    shapes: list[_ShapeState]
    known: list[Known]


class _Head(msgspec.Struct, frozen=True):
    schema: int
    normal_form: str


def dumped(miner: Miner, clustering: Clustering) -> bytes:
    """Return the state of a miner with the clustering that it gave last."""
    totals = miner.totals()
    shapes = [
        _ShapeState(
            key=miner.shapes[number].key,
            lines=lines + miner.shapes[number].earlier,
            texts=tuple(sorted(miner.shapes[number].texts)),
            pieces=miner.shapes[number].pieces,
        )
        for number, lines in totals.items()
    ]
    shapes.sort(key=lambda shape: shape.key)
    state = _State(
        SCHEMA,
        NORMAL_FORM,
        miner.granularity,
        shapes,
        sorted(clustering.known, key=lambda known: known.id),
    )
    return msgspec.json.encode(state)


def loaded(data: bytes) -> Miner:
    """Return a miner that continues from a state.

    Raises:
        StateError: The data is no state, or one of other rules than this miner's.
    """
    try:
        head = msgspec.json.decode(data, type=_Head)
        if head.schema != SCHEMA or head.normal_form != NORMAL_FORM:
            raise StateError(
                f"the state has schema {head.schema} and normal form {head.normal_form!r}; "
                f"this version continues {SCHEMA} and {NORMAL_FORM!r}"
            )
        state = msgspec.json.decode(data, type=_State)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StateError(f"the state cannot be read: {error}") from error
    if len(state.shapes) > 2 * SHAPES:
        raise StateError(f"the state has {len(state.shapes)} shapes; {2 * SHAPES} are the most")
    miner = Miner(state.granularity, state.known)
    for shape in state.shapes:
        texts = tuple(map(counted, shape.texts[:TEXTS]))
        miner.restore(shape.key, texts, shape.pieces, max(0, shape.lines))
    return miner
