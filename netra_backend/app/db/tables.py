"""The backend's tables as classes, and `Owned`: what makes a row one principal's.

Ids are made by `netra.ids` before the row exists. Times are whole microseconds since the epoch.
No query lives here.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from netra_backend.app.db.naming import physical

THREADS: Final = "threads"
MESSAGES: Final = "messages"

ID_LENGTH: Final = 40
OWNER_LENGTH: Final = 128
TITLE_LENGTH: Final = 200


class Base(DeclarativeBase):
    """The registry of all mapped classes; constraint names are the same on every database."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )


class Owned:
    """A row that belongs to one principal; the fence admits no mapped class without it."""

    owner_id: Mapped[str] = mapped_column(String(OWNER_LENGTH))


class Thread(Owned, Base):
    """A conversation of one user."""

    __tablename__ = physical(THREADS)
    __table_args__ = (
        UniqueConstraint("owner_id", "id"),
        Index(None, "owner_id", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)

    messages: Mapped[list["Message"]] = relationship(lazy="raise", viewonly=True)


class Message(Owned, Base):
    """One utterance in a thread; the foreign key makes its owner the thread's owner."""

    __tablename__ = physical(MESSAGES)
    __table_args__ = (
        ForeignKeyConstraint(
            ["owner_id", "thread_id"],
            [f"{physical(THREADS)}.owner_id", f"{physical(THREADS)}.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("author IN ('user', 'agent')", name="author"),
        Index(None, "owner_id", "thread_id", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    thread_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    author: Mapped[str] = mapped_column(String(8))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(BigInteger)
