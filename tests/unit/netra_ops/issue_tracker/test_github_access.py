"""What is needed to reach GitHub: taken from the environment, or refused without being shown."""

import subprocess
import sys
from pathlib import Path

import pytest

from fakes.github_server import TOKEN
from netra.isolated_environment import IsolatedEnvironment
from netra.secret import Secret
from netra_ops.findings import UsageRefused
from netra_ops.issue_tracker.github_api.access import PUBLIC_URL, GitHubAccess, access_from

SET = IsolatedEnvironment.of({"GITHUB_TOKEN": TOKEN})


def test_the_token_comes_from_the_environment() -> None:
    """And is shown by nothing."""
    access = access_from(SET, "acme/shop")

    assert access == GitHubAccess("acme/shop", Secret(TOKEN), PUBLIC_URL, "")
    assert TOKEN not in repr(access)


def test_the_token_may_be_in_a_file(tmp_path: Path) -> None:
    """As with every variable: NAME_FILE names it, and a file that cannot be read is told."""
    path = tmp_path / "token"
    path.write_text(TOKEN)
    given = IsolatedEnvironment.resolve({"GITHUB_TOKEN_FILE": str(path)})
    missing = IsolatedEnvironment.resolve({"GITHUB_TOKEN_FILE": str(tmp_path / "no")})

    assert access_from(given, "acme/shop").token == Secret(TOKEN)
    with pytest.raises(UsageRefused, match="GITHUB_TOKEN could not be read"):
        access_from(missing, "acme/shop")


@pytest.mark.parametrize("token", [None, "", "s3k1t", f"{TOKEN}\n", f"{TOKEN} x", f"ä{TOKEN}"])
def test_a_token_that_is_none_is_refused(token: str | None) -> None:
    """Without a word of it."""
    environment = IsolatedEnvironment.of({} if token is None else {"GITHUB_TOKEN": token})

    with pytest.raises(UsageRefused, match="GITHUB_TOKEN") as told:
        access_from(environment, "acme/shop")

    assert not token or token not in str(told.value)


@pytest.mark.parametrize(
    "repository",
    [
        "",
        "shop",
        "acme/",
        "/shop",
        "acme/shop/issues",
        "acme/..",
        "acme/.",
        "a b/c",
        "acme/x?y",
        "-a/b",
    ],
)
def test_a_repository_is_an_owner_and_a_name(repository: str) -> None:
    """Nothing else gets into a path."""
    with pytest.raises(UsageRefused, match="write OWNER/NAME"):
        access_from(SET, repository)


@pytest.mark.parametrize(
    "url",
    [
        "http://github.example.com/api/v3",
        "https://user:pass@github.example.com",
        "https://github.example.com/api/v3/",
        "https://github.example.com?x=1",
        "ftp://github.example.com",
    ],
)
def test_the_token_goes_over_https_alone(url: str) -> None:
    """To a host, and to this machine also over HTTP."""
    with pytest.raises(UsageRefused, match="The API's URL"):
        access_from(SET, "acme/shop", url)

    assert access_from(SET, "acme/shop", "http://127.0.0.1:8080").url == "http://127.0.0.1:8080"
    enterprise = "https://github.example.com/api/v3"
    assert access_from(SET, "acme/shop", enterprise).url == enterprise


def test_an_account_is_a_name() -> None:
    """Of a person or of an app."""
    assert access_from(SET, "acme/shop", account="netra[bot]").account == "netra[bot]"
    with pytest.raises(UsageRefused, match="no name of one"):
        access_from(SET, "acme/shop", account="netra bot")


def test_without_the_extra_it_is_told_what_to_install() -> None:
    """And everything that needs no GitHub works without it."""
    code = (
        "import sys; sys.modules['gidgethub'] = None\n"
        "import netra_ops.issue_tracker.applying, netra_ops.issue_tracker.files\n"
        "from netra.isolated_environment import IsolatedEnvironment\n"
        "from netra_ops.findings import UsageRefused\n"
        "from netra_ops.issue_tracker.github_api.access import access_from\n"
        "try:\n    access_from(IsolatedEnvironment.of({}), 'acme/shop')\n"
        "except UsageRefused as refused:\n    print(refused)\n"
    )

    said = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert said.stdout == "Filing at GitHub needs the extra `github`: run `make github`.\n"
    assert said.stderr == ""
