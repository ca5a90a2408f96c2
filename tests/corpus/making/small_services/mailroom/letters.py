"""What letters say."""

from pathlib import Path
from urllib.parse import parse_qs


def written(folder: Path, kind: str, query: str) -> str:
    """Fill a template in."""
    template = (folder / f"{kind}.txt").read_text("utf-8")
    values = {name: given[0] for name, given in parse_qs(query).items()}
    return template.format(**{"name": "customer", **values})
