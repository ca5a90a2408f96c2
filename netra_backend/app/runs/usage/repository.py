"""The query about what a user's runs cost; within the user's session."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Select, delete, func, literal, select
from sqlalchemy.orm import Bundle

from netra_backend.app.db.session import PrincipalSession
from netra_backend.app.db.tables import ModelUsage

DAY: Final = 86_400_000_000
"""Microseconds."""


class UsageRepository:
    """Adds up rows of usage."""

    def __init__(self, session: PrincipalSession) -> None:
        self._session = session

    async def by_day(self, since: int) -> Sequence[Any]:
        """Add up what was used from a moment on, by day and model, the latest day first.

        Each row has `day` (its first microsecond), `model`, `requests`, `priced`, `input_tokens`,
        `output_tokens` and `cost_micros`.
        """
        return (await self._session.scalars(totals(since))).all()

    async def delete_everything(self) -> None:
        """Delete every row of the principal."""
        await self._session.execute(delete(ModelUsage))


def totals(since: int) -> Select[Any]:
    """Write the query for `by_day`."""
    # Written into the statement: PostgreSQL takes two parameters for different expressions.
    length = literal(DAY, literal_execute=True)
    day = ModelUsage.created_at - ModelUsage.created_at % length
    spent: Bundle[Any] = Bundle(
        "spent",
        day.label("day"),
        ModelUsage.model.label("model"),
        func.count(ModelUsage.id).label("requests"),
        func.count(ModelUsage.cost_micros).label("priced"),
        func.sum(ModelUsage.input_tokens).label("input_tokens"),
        func.sum(ModelUsage.output_tokens).label("output_tokens"),
        func.sum(ModelUsage.cost_micros).label("cost_micros"),
    )
    query = select(spent).where(ModelUsage.created_at >= since)
    return query.group_by(day, ModelUsage.model).order_by(day.desc(), ModelUsage.model)
