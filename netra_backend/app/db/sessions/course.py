"""How a session of the library begins, commits and is left."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from netra_backend.app.db.outage import commit_translated


def begun(session: Session, options: Mapping[str, object]) -> None:
    """Begin a session's transaction."""
    session.connection(execution_options=options)


async def left(session: AsyncSession) -> None:
    """Close a session: to its end also if the caller is cancelled, where anything is open."""
    if session.in_transaction():
        async with session:
            pass
    else:
        session.sync_session.close()


async def commit(session: AsyncSession) -> None:
    """Commit a session's transaction.

    Raises:
        DatabaseUnavailable: The database did not answer; nothing was written.
        InternalError: The commit failed; whether it took effect is not known.
    """
    try:
        with commit_translated():
            await session.commit()
    except Exception:
        # The pool would take it for ended, and the next one would begin within this one.
        await session.invalidate()
        raise
