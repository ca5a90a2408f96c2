"""How many bytes a text takes, as each database can say it."""

from typing import Any

from sqlalchemy import Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class ByteLength(FunctionElement[int]):
    """The bytes of a text in UTF-8."""

    name = "byte_length"
    type = Integer()
    inherit_cache = True


@compiles(ByteLength)
def _on_sqlite(element: ByteLength, compiler: Any, **options: Any) -> str:
    return f"length(CAST({compiler.process(element.clauses, **options)} AS BLOB))"


@compiles(ByteLength, "postgresql")
def _on_postgres(element: ByteLength, compiler: Any, **options: Any) -> str:
    return f"octet_length({compiler.process(element.clauses, **options)})"
