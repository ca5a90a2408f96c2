"""A third party's agent on the import path of another process, found by its entry point."""

from pathlib import Path


def installed(folder: Path, name: str, offers: str) -> Path:
    """Make a folder that, on the import path, offers an agent package; or let it offer another.

    Args:
        folder: Made if need be.
        name: The agent's name.
        offers: Where the package is, such as `fakes.slow_agent:PACKAGE`.
    """
    described = folder / f"{name}_agent-1.0.dist-info"
    described.mkdir(parents=True, exist_ok=True)
    (described / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}-agent\nVersion: 1.0\n"
    )
    (described / "entry_points.txt").write_text(f"[netra.agents]\n{name} = {offers}\n")
    return folder
