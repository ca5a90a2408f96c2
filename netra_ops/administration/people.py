"""Finding people at the auth service: all of them, or the one that a text names."""

import unicodedata
from collections.abc import Iterator

from netra.wire.auth_admin import ADMIN_USER_PATH, MAX_PAGE, UserPage, UserRecord
from netra.wire.auth_api import ADMIN_USERS_PATH
from netra_ops.administration.caller import Caller, path_of
from netra_ops.administration.refusal import unreadable
from netra_ops.findings import Failed, printable


def everybody(caller: Caller) -> Iterator[UserRecord]:
    """Give all people, page by page."""
    return _pages(caller, {})


def person_named(caller: Caller, text: str) -> UserRecord:
    """Give the person with an e-mail address or an id; ids have no `@`.

    Raises:
        Failed: There is nobody of that name.
        CouldNotTell: It could not be found out.
    """
    if "@" not in text:
        return caller.read(UserRecord, path_of(ADMIN_USER_PATH, user_id=text), f"the user {text}")
    email = _normalised(text)
    # Whatever was sent back, only the person who was meant is taken.
    for person in _pages(caller, {"email": email}):
        if _normalised(person.email) == email:
            return person
    raise Failed(f"There is no user {printable(text)}.")


def _pages(caller: Caller, query: dict[str, str]) -> Iterator[UserRecord]:
    after = ""
    while True:
        asked = query | {"limit": str(MAX_PAGE)} | ({"after": after} if after else {})
        page = caller.read(UserPage, ADMIN_USERS_PATH, "the list of users", query=asked)
        yield from page.items
        if page.next_after is None:
            return
        if page.next_after == after:
            raise unreadable("the list of users")
        after = page.next_after


def _normalised(email: str) -> str:
    """Spell an address as the auth service keeps it."""
    folded = unicodedata.normalize("NFKC", email).strip().casefold()
    return unicodedata.normalize("NFKC", folded)
