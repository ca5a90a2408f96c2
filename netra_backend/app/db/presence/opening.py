"""Which kind of presence the processes of a database have."""

from pathlib import Path

from sqlalchemy import make_url

from netra.secret import Secret
from netra_backend.app.db.engine import open_engine
from netra_backend.app.db.presence.port import JournalWatch, Presence
from netra_backend.app.db.presence.sessions import DatabasePresence
from netra_backend.app.db.presence.shared_file import SharedFile


def presence_at(url: Secret, origin: str, watch: JournalWatch) -> Presence:
    """Make the presence of this process at a database.

    Args:
        url: The database.
        origin: What this process's own notifications bear.
        watch: Who is told that other processes wrote.
    """
    address = make_url(url.reveal())
    if address.get_backend_name() == "sqlite":
        return SharedFile(Path(str(address.database)), watch)
    return DatabasePresence(open_engine(url, pool_size=1), origin, watch)
