"""`netra keys`: the signing keys, through the auth service's admin API."""

from typing import Annotated, Final

import typer

from netra.policy import Permission
from netra.wire.auth_admin import ADMIN_KEY_PATH, ADMIN_KEYS_PATH, ADMIN_KEYS_ROTATE_PATH, KeyList
from netra_ops.administration.caller import Caller, path_of, told
from netra_ops.cli.administration.access import Access, access
from netra_ops.cli.administration.shared_options import taking
from netra_ops.cli.administration.showing import (
    ask_consent,
    document,
    moment,
    need_consent,
    show_table,
)
from netra_ops.cli.administration.users import Yes
from netra_ops.cli.console import tell, tell_document
from netra_ops.findings import UsageRefused

app: Final = typer.Typer(no_args_is_help=True, help="The keys that sign tokens.")

_ADMIN: Final = Permission.KEYS_ADMIN
_LONGEST_REASON: Final = 200
_HEADS: Final = ("key", "algorithm", "state", "published", "active", "retired", "gone", "next")


@app.command("list")
@taking(access)
def list_(given: Access) -> None:
    """List the signing keys and where each is in its life."""
    with given.opened(_ADMIN) as caller:
        _show(given, _keys(caller))


@app.command()
@taking(access)
def rotate(given: Access) -> None:
    """Begin the change to a new signing key; tokens signed before stay good."""
    with given.opened(_ADMIN) as caller:
        caller.act("POST", ADMIN_KEYS_ROTATE_PATH, "the change of keys")
        _show(given, _keys(caller))


@app.command()
@taking(access)
def remove(
    given: Access,
    kid: Annotated[str, typer.Argument(metavar="KID", help="The key's id.")],
    reason: Annotated[str, typer.Option(help="Why, for the audit record.")],
    yes: Yes = False,
) -> None:
    """Destroy a compromised key at once: every token that it signed is refused from now on."""
    if not reason.strip() or len(reason) > _LONGEST_REASON or not reason.isprintable():
        raise UsageRefused(
            f"--reason must be one line of at most {_LONGEST_REASON} characters that says why."
        )
    need_consent(yes=yes)
    with given.opened(_ADMIN) as caller:
        path = path_of(ADMIN_KEY_PATH, kid=kid)
        ask_consent(f"Destroy the key {kid} and end every token that it signed?", yes=yes)
        answer = caller.act("DELETE", path, f"a key {kid}", query={"reason": reason.strip()})
        # The key may have signed our own token: then it can ask nothing more.
        _show(given, told(KeyList, answer, "the signing keys"))


def _keys(caller: Caller) -> KeyList:
    return caller.read(KeyList, ADMIN_KEYS_PATH, "the signing keys")


def _show(given: Access, keys: KeyList) -> None:
    if given.as_json:
        tell_document(document(keys))
        return
    tell(f"Trust mode: {keys.trust_mode}")
    rows = (
        (
            key.kid,
            key.algorithm,
            key.state.value,
            moment(key.published_at),
            moment(key.activated_at),
            moment(key.retired_at),
            moment(key.gone_at),
            moment(key.next_at),
        )
        for key in keys.items
    )
    show_table(_HEADS, rows, "There are no signing keys.")
