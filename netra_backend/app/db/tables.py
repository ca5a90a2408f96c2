"""The backend's rows as classes, and `Owned`: what makes a row one principal's.

A class is mapped to the name that leads to its session's rows alone (`isolation`). What is stored,
of everybody, has another name (`stored_tables`). Ids are made by `netra.ids` before the row exists.
Times are whole microseconds since the epoch. No query lives here.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

THREADS: Final = "threads"
MESSAGES: Final = "messages"
RUNS: Final = "runs"
RUN_STEPS: Final = "run_steps"
RUN_LEASES: Final = "run_leases"
EVENTS: Final = "events"
JOURNAL_HEADS: Final = "journal_heads"
MODEL_USAGE: Final = "model_usage"

ID_LENGTH: Final = 40
OWNER_LENGTH: Final = 128
TITLE_LENGTH: Final = 200
NAME_LENGTH: Final = 64
KEY_LENGTH: Final = 200


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

    __tablename__ = THREADS
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

    __tablename__ = MESSAGES
    __table_args__ = (
        ForeignKeyConstraint(
            ["owner_id", "thread_id"],
            [f"{THREADS}.owner_id", f"{THREADS}.id"],
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


class Run(Owned, Base):
    """One message's execution by one agent.

    Attributes:
        client_id: The client's own id of the message: the same one never begins a second run.
        principal: Who was verified when the message was accepted, as `runs` records and restores.
        state: `accepted` until it ends, then `completed` or `failed`.
        cancelled: Whether its owner asked that it be stopped.
    """

    __tablename__ = RUNS
    __table_args__ = (
        UniqueConstraint("owner_id", "id"),
        UniqueConstraint("owner_id", "client_id"),
        ForeignKeyConstraint(
            ["owner_id", "thread_id"],
            [f"{THREADS}.owner_id", f"{THREADS}.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("state IN ('accepted', 'completed', 'failed')", name="state"),
        Index(None, "owner_id", "thread_id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    thread_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    message_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    client_id: Mapped[str] = mapped_column(String(NAME_LENGTH))
    agent_name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    principal: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    cancelled: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[int | None] = mapped_column(BigInteger)


class RunStep(Owned, Base):
    """A completed step of an unfinished run, with its result as JSON; it is not done again."""

    __tablename__ = RUN_STEPS
    __table_args__ = (
        ForeignKeyConstraint(
            ["owner_id", "run_id"],
            [f"{RUNS}.owner_id", f"{RUNS}.id"],
            ondelete="CASCADE",
        ),
    )

    run_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    key: Mapped[str] = mapped_column(String(KEY_LENGTH), primary_key=True)
    result: Mapped[str] = mapped_column(Text)
    epoch: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[int] = mapped_column(BigInteger)


class RunLease(Owned, Base):
    """Who works on an unfinished run; it holds ids only and is gone when the run has ended.

    It stands outside the isolation of rows: `db.leases` finds every owner's. A session of the owner
    may only add one, and call for its run.

    Attributes:
        slot: The owner's place for a running run; the constraint makes the cap on them.
        holder: The process that has it, or None.
        epoch: Grows with every taking; a write under an older one is refused.
        expires_at: Until when the holder has it without renewing; of a run that waits for its
            person, until when it waits.
        called: Whether something happened since it was taken last that its run must look at: an
            answer to what it asked, or that it is to be stopped. It is not put to wait then. Also
            of a run that was put off, which waits for nobody.
    """

    __tablename__ = RUN_LEASES
    __table_args__ = (
        UniqueConstraint("owner_id", "slot"),
        ForeignKeyConstraint(
            ["owner_id", "run_id"],
            [f"{RUNS}.owner_id", f"{RUNS}.id"],
            ondelete="CASCADE",
        ),
        Index(None, "thread_id"),
        Index(None, "holder"),
    )

    run_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    thread_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    slot: Mapped[int | None] = mapped_column(Integer)
    holder: Mapped[str | None] = mapped_column(String(NAME_LENGTH))
    epoch: Mapped[int] = mapped_column(Integer)
    expires_at: Mapped[int] = mapped_column(BigInteger)
    called: Mapped[bool] = mapped_column(Boolean, server_default=false(), default=False)


class JournalHead(Owned, Base):
    """The last `seq` of a user's journal.

    Attributes:
        head: Never goes back, so that no `seq` names two events.
        erased_through: Up to here everything was erased with the user's data; this number itself
            belongs to no event, so whoever knows it knows of the erasure.
    """

    __tablename__ = JOURNAL_HEADS

    owner_id: Mapped[str] = mapped_column(String(OWNER_LENGTH), primary_key=True)
    head: Mapped[int] = mapped_column(BigInteger)
    erased_through: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)


class Event(Owned, Base):
    """One event of a user's journal; rows are only ever added, until their owner erases them.

    Attributes:
        seq: 1, 2, 3 … per owner without a gap.
        key: Names the event within the owner's journal, so that it is there once.
        payload: JSON.
    """

    __tablename__ = EVENTS
    __table_args__ = (
        UniqueConstraint("owner_id", "key"),
        Index(None, "owner_id", "run_id"),
        Index(None, "owner_id", "thread_id"),
    )

    owner_id: Mapped[str] = mapped_column(String(OWNER_LENGTH), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(KEY_LENGTH))
    run_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    thread_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    agent_name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    timestamp: Mapped[str] = mapped_column(String(32))
    payload: Mapped[str] = mapped_column(Text)


class ModelUsage(Owned, Base):
    """What one request to a language model cost its asker."""

    __tablename__ = MODEL_USAGE
    __table_args__ = (Index(None, "owner_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    run_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    model: Mapped[str] = mapped_column(String(OWNER_LENGTH))
    input_tokens: Mapped[int] = mapped_column(BigInteger)
    output_tokens: Mapped[int] = mapped_column(BigInteger)
    cost_micros: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
