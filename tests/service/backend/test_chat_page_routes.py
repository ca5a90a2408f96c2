"""The routes of the chat page: what is served, under which headers, and how much of it."""

import re
from pathlib import Path
from typing import Final

import pytest

import netra_backend
from fakes.running_backend import NOBODY, RunningBackend, backend_settings, running_backend
from netra.wire.chat_protocol import CloseCode, FailureReason

FOLDER: Final = Path(netra_backend.__file__).parent / "app" / "chat_page"
STATIC: Final = sorted(path.name for path in (FOLDER / "static").iterdir())
LARGEST_PAGE: Final = 250_000


def directives(policy: str) -> dict[str, list[str]]:
    """Read a Content-Security-Policy."""
    parts = [part.split() for part in policy.split(";")]
    return {name: values for name, *values in parts}


async def test_every_file_of_the_page_is_served_and_nothing_else(backend: RunningBackend) -> None:
    """All that is in the folder is listed; a name that is not listed is 404, whatever it is."""
    async with backend.client() as client:
        for name in STATIC:
            answer = await client.get(f"/chat/static/{name}")
            assert answer.status_code == 200, name
            assert answer.content == (FOLDER / "static" / name).read_bytes()
            kind = "text/css" if name.endswith(".css") else "text/javascript"
            assert answer.headers["Content-Type"] == f"{kind}; charset=utf-8"
        for name in ("", "x.js", "../page.html", "..%2Fpage.html", "%2e%2e/page.py", "APP.JS"):
            assert (await client.get(f"/chat/static/{name}")).status_code == 404, name


async def test_a_file_is_sent_again_only_when_it_changed(backend: RunningBackend) -> None:
    """The browser asks each time, and is told 304 while it has the newest."""
    async with backend.client() as client:
        first = await client.get("/chat/static/app.js")
        known = {"If-None-Match": first.headers["ETag"]}
        again = await client.get("/chat/static/app.js", headers=known)
        other = await client.get("/chat/static/app.js", headers={"If-None-Match": '"other"'})

    assert first.headers["Cache-Control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert other.status_code == 200


async def test_the_page_may_run_and_reach_only_its_own(store: Path) -> None:
    """The policy names own scripts and styles, own sockets and the auth service, nothing else."""
    settings = backend_settings(store, ALLOWED_ORIGINS="https://chat.example,http://127.0.0.1:8000")
    async with running_backend(store, settings=settings) as backend, backend.client() as client:
        headers = (await client.get("/chat")).headers

    policy = directives(headers["Content-Security-Policy"])
    assert policy == {
        "default-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'", "ws://127.0.0.1:8000", "wss://chat.example", NOBODY],
        "frame-src": ["'self'", NOBODY],
        "frame-ancestors": ["'none'"],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["netra-markdown"],
    }
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


async def test_only_the_callback_may_be_framed_and_by_the_page_alone(
    backend: RunningBackend,
) -> None:
    """The callback page reaches nothing and is framed by its own origin only."""
    async with backend.client() as client:
        answer = await client.get("/chat/callback", params={"code": "c", "state": "s"})

    policy = directives(answer.headers["Content-Security-Policy"])
    assert policy["frame-ancestors"] == ["'self'"]
    assert policy["default-src"] == ["'none'"]
    assert "connect-src" not in policy
    assert "code" not in answer.text


@pytest.mark.parametrize("name", ["page.html", "callback.html"])
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(name: str) -> None:
    """No inline script, style or handler, and no address of another site."""
    text = (FOLDER / name).read_text(encoding="utf-8")

    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text)
    for address in re.findall(r"""(?:src|href)=["']([^"']*)["']""", text):
        assert address.startswith(("/chat/", "#", "data:")), address


@pytest.mark.parametrize("name", [name for name in STATIC if name.endswith(".js")])
def test_the_scripts_have_no_dangerous_door(name: str) -> None:
    """HTML is written in one place, from one source; nothing is evaluated; no token is stored."""
    text = (FOLDER / "static" / name).read_text(encoding="utf-8")

    doors = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|setHTML|srcdoc|DOMParser"
    assert name == "rich_text.js" or not re.search(doors, text)
    assert not re.search(r"\beval\(|new Function|localStorage|indexedDB|document\.cookie", text)
    assert name in {"sign_in.js", "callback.js"} or "sessionStorage" not in text
    assert name == "markdown.js" or "createPolicy" not in text
    assert not re.search(r"https?://(?!www\.w3\.org/)", text)


async def test_the_page_preloads_every_module_once() -> None:
    """The scripts are fetched side by side, and none that is not needed."""
    page = (FOLDER / "page.html").read_text(encoding="utf-8")
    fetched = re.findall(r'/chat/static/([a-z_]+\.js)"', page)

    assert sorted([*fetched, "callback.js"]) == [name for name in STATIC if name.endswith(".js")]


async def test_the_page_is_told_where_people_log_in(backend: RunningBackend) -> None:
    """The settings name the issuer as browsers know it, and the page's own client id."""
    async with backend.client() as client:
        told = (await client.get("/chat/settings.json")).json()

    assert told["issuer"] == NOBODY
    assert told["client_id"] == "netra-chat"
    assert told["token_endpoint"] == f"{NOBODY}/token"


def test_the_page_is_small() -> None:
    """All files of the page together are below 250 KB, before any compression."""
    total = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.suffix != ".py")

    assert total < LARGEST_PAGE


def test_the_page_has_words_for_every_failure_and_close_code() -> None:
    """What the protocol can say, the page can explain."""
    words = (FOLDER / "static" / "words.js").read_text(encoding="utf-8")
    connection = (FOLDER / "static" / "connection.js").read_text(encoding="utf-8")

    for reason in FailureReason:
        assert f"  {reason.value}:" in words
    for code in set(CloseCode) - {CloseCode.NORMAL, CloseCode.INTERNAL_ERROR}:
        assert f": {code.value}," in connection
