"""What somebody else's file may hold: every one ends in one clear error, never in a traceback."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.configurations import BACKEND, env_file, json_file, knative, pair, shown_parts, yaml_file
from fakes.netra_command import Done
from netra_ops.cli.main import main

Ran = Callable[..., Done]
HUGE = 2**20 + 1
NETRA = (sys.executable, "-c", "import sys; from netra_ops.cli.main import main; sys.exit(main())")


@pytest.fixture
def netra(capsys: pytest.CaptureFixture[str]) -> Ran:
    """Give what runs `netra config`."""

    def run(*arguments: str) -> Done:
        try:
            code = main(["config", *arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Done(code, *capsys.readouterr())

    return run


def told(done: Done, says: str) -> None:
    """See that a command was refused as wrong usage, with one line of text without secrets."""
    assert done.code == 2, done
    assert done.out == ""
    assert says in done.err
    assert done.err.count("\n") == 1
    assert done.err.removesuffix("\n").isprintable()


BYTES = {
    "larger than 1 MiB": b"A=" + b"x" * HUGE,
    "is not UTF-8 text": b"A=\xff\xfe\n",
    "holds zero bytes": b"A=1\x00B=2\n",
    "holds nothing": b"",
    "so there is nothing to check": b"# a comment alone\n\n",
    "holds an alias": b"a: x\nb: *c\n",
    "holds an anchor": b"a: &a [x, x]\nb: [*a, *a]\n",
    "holds a tag": b"a: !!python/object/apply:os.system [ls]\n",
    "names one part twice": b"apiVersion: x\nkind: y\napiVersion: z\n",
    "merges parts": b"a:\n  <<: {b: c}\n",
    "nested more than 64 deep": b"[" * 100_000,
    "is nested more than": b"- " * 100_000 + b"a",
    "has a name that is not a plain text": b"? [a, b]\n: c\n",
    "is not valid YAML": b"a: 'unfinished\n",
    "a character that YAML does not allow": b"a: \x07\n",
    "is not valid JSON": b'{"a" 1}',
    "has something behind its end": b'{"a": 1} {"a": 1}',
    "names one part twice (the first time at line 2)": b'{\n"a": 1,\n"a": 2}',
    "has a name that is not in quotation marks": b"{a: 1}",
    "has more than 100000 parts": b"[" + b"1," * 100_001 + b"1]",
    "is no configuration that is known": b"apiVersion: v1\nkind: Secret\n",
    "is no configuration": b"[1, 2]",
    "is no configuration that": b"some words\n",
    "names no container": b"apiVersion: serving.knative.dev/v1\nkind: Service\n",
    "records no service": b'{"services": {}, "format": 1}',
    "no service's name": b'{"services": {"../../etc/passwd": {}}, "format": 1}',
}


@pytest.mark.parametrize("says", BYTES)
def test_a_file_that_is_no_configuration_is_refused(netra: Ran, tmp_path: Path, says: str) -> None:
    """Huge, binary, mis-encoded, empty, bombs, tags, doubled names, depth: each is told."""
    file = tmp_path / "given"
    file.write_bytes(BYTES[says])

    told(netra("check", str(file)), says)
    told(netra("check", str(file), "--json"), says)
    told(netra("diff", str(file), str(file), "--state", str(tmp_path / "state")), says)


@pytest.mark.parametrize("says", [*BYTES][:20])
def test_a_contract_file_is_read_as_carefully(netra: Ran, tmp_path: Path, says: str) -> None:
    """The same holds for --contract."""
    file = tmp_path / "given"
    file.write_bytes(BYTES[says])
    good = env_file(tmp_path, pair()[1], f"{BACKEND}.env")
    done = netra("check", good, "--contract", str(file))

    assert done.code == 2
    assert done.err.startswith(str(file))
    assert done.err.count("\n") == 1


def test_what_is_no_file_is_refused(netra: Ran, tmp_path: Path) -> None:
    """A directory, a device, a pipe, links in a circle, nothing: each is told at once."""
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, says in (
        (tmp_path, "is not a regular file"),
        (Path("/dev/zero"), "is not a regular file"),
        (pipe, "is not a regular file"),
        (loop, "symbolic links lead in a circle"),
        (tmp_path / "none", "no such file"),
        (tmp_path / "x\x1b[2J\x07", "x?[2J? cannot be read"),
    ):
        told(netra("check", str(path)), says)
        told(netra("check", "x", "--contract", str(path)), says)


def test_depth_costs_no_time(tmp_path: Path) -> None:
    """The deepest text that fits into a file is refused before it is read to its end."""
    for text in ("[" * 2**20, "x: " + "{a: " * 200_000, '{"a":' * 200_000, "- " * 2**19):
        file = tmp_path / "deep"
        file.write_text(text, encoding="utf-8")
        done = subprocess.run(  # noqa: S603 - our own interpreter and arguments
            [*NETRA, "config", "check", str(file)],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

        assert done.returncode == 2
        assert "nested more than" in done.stderr


def test_names_cannot_write_on_a_terminal(netra: Ran, tmp_path: Path) -> None:
    """Control characters in names of variables, services and secrets are never put out."""
    _, backend = pair()
    odd = "X\x1b]0;owned\x07\u202e"
    document = knative(backend, {odd: (f"a{odd}", f"b{odd}")}, f"s{odd}", ingress=odd)
    other = knative(backend, service=f"t{odd}", ingress="all")
    file, second = yaml_file(tmp_path, document), json_file(tmp_path, other)
    outputs = [
        netra("check", file, "--service", BACKEND),
        netra("check", file, "--service", BACKEND, "--json"),
        netra("check", file),
        netra("check", file, "--service", odd),
        netra("diff", file, second, "--state", str(tmp_path / "state")),
        netra("diff", file, second, "--state", str(tmp_path / "state"), "--json"),
    ]
    for done in outputs:
        assert (done.out + done.err).replace("\n", "").isprintable()
    assert "owned" in outputs[4].out


def test_a_piece_of_a_key_is_not_taken_for_a_name(netra: Ran, tmp_path: Path) -> None:
    """In a file broken in the middle of a value, a line of the value is not put out as a name."""
    _, backend = pair()
    pieces = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "deadbeef0123456789abcdef01234567"]
    pieces += [f"k{secrets.token_urlsafe(32).replace('-', '_')}" for _ in range(50)]
    text = "".join(f"{piece}==\n" for piece in pieces)
    file = Path(env_file(tmp_path, backend, f"{BACKEND}.env"))
    broken = tmp_path / "broken.env"
    broken.write_text(file.read_text("utf-8") + text + text, encoding="utf-8")
    outputs = [
        netra("check", str(broken), "--service", BACKEND),
        netra("diff", str(file), str(broken), "--state", str(tmp_path / "state")),
        netra("diff", str(file), str(broken), "--state", str(tmp_path / "state"), "--json"),
    ]

    assert [done.code for done in outputs] == [1, 1, 1]
    for done in outputs:
        assert shown_parts(pieces, *done[1:]) == []


def test_standard_input_is_read_within_the_same_bounds(tmp_path: Path) -> None:
    """What is piped in is recognised like a file, and is not read without end."""
    document = json.dumps(knative(pair()[1]))
    command = [*NETRA, "config", "check", "-"]
    good = subprocess.run(  # noqa: S603 - our own interpreter and arguments
        command, input=document, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    with Path("/dev/zero").open("rb") as zeros:
        endless = subprocess.run(  # noqa: S603 - our own interpreter and arguments
            command, stdin=zeros, capture_output=True, timeout=20, check=False
        )

    assert good.returncode == 1
    assert "(standard input:1)" in good.stdout
    assert endless.returncode == 2
    assert b"larger than 1 MiB" in endless.stderr
