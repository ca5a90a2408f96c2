"""What is needed to reach a repository at GitHub, taken from what somebody gave, or refused."""

import re
from dataclasses import dataclass
from typing import Final

from netra.contract.formats import ApiKey, ApiUrl
from netra.isolated_environment import IsolatedEnvironment
from netra.secret import Secret
from netra_ops.findings import UsageRefused, printable

try:
    import gidgethub
except ModuleNotFoundError:
    gidgethub = None  # type: ignore[assignment]  # The extra `github` need not be there.

TOKEN_VARIABLE: Final = "GITHUB_TOKEN"  # noqa: S105 - a name
PUBLIC_URL: Final = "https://api.github.com"

_REPOSITORY: Final = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}"
)
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\[bot\])?")


@dataclass(frozen=True, slots=True)
class GitHubAccess:
    """Where issues are filed, and as whom.

    Attributes:
        repository: `OWNER/NAME`.
        token: What proves who files: it may read and write issues, and set labels.
        url: The API's base URL; of GitHub Enterprise it is `https://HOST/api/v3`.
        account: Whose token it is, for tokens of apps, which may not ask; empty to ask.
    """

    repository: str
    token: Secret
    url: str = PUBLIC_URL
    account: str = ""


def access_from(
    environment: IsolatedEnvironment, repository: str, url: str = PUBLIC_URL, account: str = ""
) -> GitHubAccess:
    """Take the token from the environment (`GITHUB_TOKEN`, or `GITHUB_TOKEN_FILE` for a file).

    Raises:
        UsageRefused: Something is missing or has not the form it must have, or the extra `github`
            is not installed. No value is in the text but the repository's name.
    """
    if gidgethub is None:
        raise UsageRefused("Filing at GitHub needs the extra `github`: run `make github`.")
    if not _REPOSITORY.fullmatch(repository):
        raise UsageRefused(f"{printable(repository)} is no repository: write OWNER/NAME.")
    if flaw := ApiUrl().flaw(url, deployed=False):
        raise UsageRefused(f"The API's URL {flaw.says}. {flaw.fix}")
    if account and not _ACCOUNT.fullmatch(account):
        raise UsageRefused("The account is no name of one: write it as GitHub shows it.")
    for problem in environment.problems:
        if problem.name == TOKEN_VARIABLE:
            raise UsageRefused(f"{TOKEN_VARIABLE} {problem.says}. {problem.fix}")
    token = environment.get(TOKEN_VARIABLE)
    if token is None:
        raise UsageRefused(
            f"{TOKEN_VARIABLE} is not set. Give a token that may write issues of {repository}, "
            f"there or in the file that {TOKEN_VARIABLE}_FILE names."
        )
    flaw = ApiKey().flaw(token, deployed=False)
    if flaw or not _TOKEN.fullmatch(token):
        says = flaw.says if flaw else "holds what no token does"
        raise UsageRefused(f"{TOKEN_VARIABLE} {says}. Give the token as GitHub showed it.")
    return GitHubAccess(repository, Secret(token), url, account)
