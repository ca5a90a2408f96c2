"""`netra sessions`: people's login sessions, through the auth service's admin API."""

from typing import Annotated, Final

import typer

from netra.policy import Permission
from netra.wire.auth_admin import (
    ADMIN_SESSION_PATH,
    ADMIN_USER_SESSIONS_PATH,
    Ended,
    SessionList,
)
from netra.wire.auth_api import WireModel
from netra_ops.administration.caller import Caller, path_of, told
from netra_ops.administration.people import person_named
from netra_ops.cli.administration.access import Access, access
from netra_ops.cli.administration.shared_options import taking
from netra_ops.cli.administration.showing import (
    ask_consent,
    document,
    moment,
    need_consent,
    show_table,
)
from netra_ops.cli.administration.users import User, Yes
from netra_ops.cli.console import tell, tell_document
from netra_ops.validation.answer import Answer

app: Final = typer.Typer(no_args_is_help=True, help="People's login sessions.")

_ADMIN: Final = Permission.SESSIONS_ADMIN
_HEADS: Final = ("session", "since", "last seen", "until", "by", "address", "program")


@app.command("list")
@taking(access)
def list_(given: Access, user: User) -> None:
    """List a person's login sessions, the latest used first."""
    with given.opened(*_needed(user)) as caller:
        path = path_of(ADMIN_USER_SESSIONS_PATH, user_id=_user_id(caller, user))
        found = caller.read(SessionList, path, f"the user {user}")
    if given.as_json:
        tell_document(document(found))
        return
    rows = (
        (
            session.session_id,
            moment(session.created_at),
            moment(session.last_seen_at),
            moment(session.expires_at),
            session.methods,
            session.address,
            session.user_agent,
        )
        for session in found.items
    )
    show_table(_HEADS, rows, "There are no login sessions.")


@app.command()
@taking(access)
def end(
    given: Access,
    session: Annotated[str, typer.Argument(metavar="SESSION", help="The session's id.")],
) -> None:
    """End one login session, and every token that came from it."""
    with given.opened(_ADMIN) as caller:
        path = path_of(ADMIN_SESSION_PATH, session_id=session)
        answer = caller.act("DELETE", path, f"a session {session}")
    _tell(given, answer, 1)


@app.command("end-all")
@taking(access)
def end_all(given: Access, user: User, yes: Yes = False) -> None:
    """End all login sessions of a person, and every token that came from them."""
    need_consent(yes=yes)
    with given.opened(*_needed(user)) as caller:
        user_id = _user_id(caller, user)
        ask_consent(f"Log {user} ({user_id}) out everywhere?", yes=yes)
        path = path_of(ADMIN_USER_SESSIONS_PATH, user_id=user_id)
        answer = caller.act("DELETE", path, f"the user {user}")
    _tell(given, answer, None)


def _needed(user: str) -> tuple[Permission, ...]:
    """Ask for leave to look people up only where somebody is named by e-mail address."""
    return (_ADMIN, Permission.USERS_ADMIN) if "@" in user else (_ADMIN,)


def _user_id(caller: Caller, user: str) -> str:
    return person_named(caller, user).user_id if "@" in user else user


def _tell(given: Access, answer: Answer, known: int | None) -> None:
    """Say how many ended, as far as the service said so."""
    result: WireModel | None = told(Ended, answer, "the end of sessions") if answer.body else None
    ended = result.ended if isinstance(result, Ended) else known
    if given.as_json:
        tell_document({"ended": ended})
    elif ended is None:
        tell("All sessions are ended.")
    else:
        tell(f"Ended {ended} session{'' if ended == 1 else 's'}.")
