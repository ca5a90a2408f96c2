"""How Netra's own services are started with values that they refuse."""

from collections.abc import Callable
from datetime import datetime

from corpus.making.freezing import Expected
from corpus.making.netra_own.installed import BACKEND, Own, installed

NEVER_BY_TEXT = ("env_var_lost", "signing_key_mismatch")


def not_started(
    begins: datetime,
    name: str,
    edit: Callable[[Own], tuple[str, str, str | None]],
    expected: Expected,
) -> None:
    """The backend is started with a value that it refuses."""
    with installed(begins) as own:
        own.people_ask(10)
        own.run("down")
        own.stage.leap(0.4)
        for _ in range(2):
            own.edited(edit(own)) if _ == 0 else None
            own.netra.run("up", "--detach")
            own.stage.leap(1.2)
        own.collected()
        own.freeze(name, BACKEND, own.documents("revisions", "fingerprints"), expected)


PASSWORD_AFTER = "another horse and another battery"
