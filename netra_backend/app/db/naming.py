"""The one helper for physical table names.

A table's rows are meant to be reached through something that knows the asking principal; the
physical table carries a prefix so that the plain name stays free for that.
"""

from typing import Final

_PHYSICAL_PREFIX: Final = "t_"


def physical(table: str) -> str:
    """Give the name under which the database stores a table, such as `t_threads`."""
    return _PHYSICAL_PREFIX + table
