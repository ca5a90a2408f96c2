"""What somebody else's file may hold: every one ends in one clear error, never in a traceback."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.configurations import (
    AUTH,
    BACKEND,
    env_file,
    json_file,
    knative,
    pair,
    shown_parts,
    yaml_file,
)
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


HOSTILE_PATTERNS: dict[str, str] = {
    r"(a|b)*\1": r"has a `\1`, which is not known",
    "(?=(a+)+b)a": "has a `(?` that looks around",
    "a{4294967295}": "has a `{` that begins no number of times",
    "(((x{999}){999}){999})": "has more than 1000 parts",
    "(" * 500 + ")" * 500: "has groups nested more than",
}


def contract_with(folder: Path, *patterns: str) -> str:
    """Write a contract of variables that these patterns must match."""
    variables = [
        {
            "name": f"NAME_{number}",
            "meaning": "A name.",
            "kind": "plain",
            "format": {"type": "matching", "pattern": pattern, "text": "a name"},
        }
        for number, pattern in enumerate(patterns)
    ]
    document = {"netra_contract": 1, "service": "shop", "variables": variables}
    return json_file(folder, document, "shop.contract.json")


@pytest.mark.parametrize("pattern", HOSTILE_PATTERNS)
def test_a_pattern_that_cannot_be_bounded_is_refused(
    netra: Ran, tmp_path: Path, pattern: str
) -> None:
    """Exit code 2, where it stands, and what is wrong with it; it is never run."""
    contract = contract_with(tmp_path, pattern)
    good = env_file(tmp_path, {"NAME_0": "x"}, "shop.env")

    done = netra("check", good, "--contract", contract)

    assert done.code == 2
    assert done.err.startswith(contract)
    assert f"variables[0].format: its pattern {HOSTILE_PATTERNS[pattern]}" in done.err


def test_many_large_patterns_are_refused_together(netra: Ran, tmp_path: Path) -> None:
    """Each within its bounds, and all of them more than a moment's work."""
    contract = contract_with(tmp_path, *[f"(a|b)*a[ab]{{{n + 800}}}" for n in range(100)])

    done = netra("reference", "--contract", contract)

    assert done.code == 2
    assert "more than 20000 parts together" in done.err


def test_patterns_cost_no_time(tmp_path: Path) -> None:
    """A pattern that would be gone back and forth in for years says at once that it is not met."""
    contract = contract_with(tmp_path, "(a+)+b", "(a|a)*b", "(.*a){20}b", "(a*)*(a*)*c")
    values = {f"NAME_{number}": "a" * 4000 for number in range(4)}
    file = env_file(tmp_path, values, "shop.env")

    done = subprocess.run(  # noqa: S603 - our own interpreter and arguments
        [*NETRA, "config", "check", file, "--contract", contract],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert done.returncode == 1
    assert done.stdout.count("does not have the declared form") == 4


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


def test_number_costs_no_time(tmp_path: Path) -> None:
    """Two files without a name in common, and long names alike, are compared at once."""
    for lines in (
        [[f"{side}{n}=value-{side}-{n}" for n in range(20_000)] for side in "AB"],
        [[f"{'N' * 400_000}{side}=on"] for side in "AB"],
    ):
        files = [tmp_path / "a.env", tmp_path / "b.env"]
        for file, side in zip(files, lines, strict=True):
            file.write_text("\n".join(side), encoding="utf-8")
        done = subprocess.run(  # noqa: S603 - our own interpreter and arguments
            [*NETRA, "config", "diff", *map(str, files), "--state", str(tmp_path / "state")],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

        assert done.returncode == 1
        assert f"{2 * len(lines[0])} differences" in done.stdout


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


def test_a_name_that_is_nearly_right_writes_on_no_terminal(netra: Ran, tmp_path: Path) -> None:
    """A name that is offered as the mistaken one, and a contract's own words, forge no line."""
    _, backend = pair()
    backend["JWT_SECRET_KEY\x1b[2J\n"] = backend.pop("JWT_SECRET_KEY")
    backend["SERVICE_SECRET\ud800"] = backend.pop("SERVICE_SECRET")
    document = json_file(tmp_path, knative(backend))
    renamed, as_json = netra("check", document), netra("check", document, "--json")
    form = {"type": "matching", "pattern": "x", "text": "x\nPASS: shop"}
    variable = {"name": "A", "meaning": "A.", "kind": "plain", "format": form}
    contract = {"netra_contract": 1, "service": "shop", "variables": [variable]}
    file = env_file(tmp_path, {"A": "y"}, "shop.env")
    forged = netra("check", file, "--contract", json_file(tmp_path, contract, "contract.json"))

    assert "JWT_SECRET_KEY?[2J? is set: was it renamed?" in renamed.out
    assert renamed.out.replace("\n", "").isprintable()
    assert as_json.out.replace("\n", "").isprintable()
    assert json.loads(as_json.out)["verdict"] == "FAIL"
    assert forged.code == 1
    assert [line.split()[0] for line in forged.out.splitlines()] == ["FAIL", "FAIL:"]


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


def test_a_byte_order_mark_is_what_a_service_takes_it_for(netra: Ran, tmp_path: Path) -> None:
    """In an env file it is a part of the first line, so the file is refused; in YAML it is none."""
    _, backend = pair()
    marked = tmp_path / f"{BACKEND}.env"
    plain = Path(env_file(tmp_path, backend, "plain.env")).read_bytes()
    document = Path(yaml_file(tmp_path, knative({}, {"A": ("a", "1")})))
    for first in (b"", b"# a comment\n"):
        marked.write_bytes(b"\xef\xbb\xbf" + first + plain)
        done = netra("check", str(marked))

        assert done.code == 1
        assert f"{BACKEND} begins with a byte order mark" in done.out
        assert f"({marked}:1)" in done.out
    before = netra("check", str(document))
    document.write_bytes(b"\xef\xbb\xbf" + document.read_bytes())

    assert netra("check", str(document)) == before


def test_a_result_that_nobody_takes_is_no_pass(tmp_path: Path) -> None:
    """Where output or input is closed or full: one line, and 3 or 2."""
    auth, backend = pair()
    files = [env_file(tmp_path, auth, f"{AUTH}.env"), env_file(tmp_path, backend, f"{BACKEND}.env")]
    check = f'"$@" config check {" ".join(files)}'
    for script, code, says in (
        (f"{check} >&-", 3, "The result cannot be written: standard output is closed."),
        (f"{check} >/dev/full", 3, "The result cannot be written: no space left on device."),
        (f"{check} --json >/dev/full", 3, "The result cannot be written: no space left on device."),
        ('"$@" config check - <&-', 2, "Standard input cannot be read: it is closed."),
        ('"$@" config check - 2>&- </dev/null', 2, ""),
    ):
        done = subprocess.run(  # noqa: S603 - our own interpreter and arguments
            ["/bin/sh", "-c", script, "sh", *NETRA], capture_output=True, text=True, check=False
        )

        assert (done.returncode, done.stdout, done.stderr.strip()) == (code, "", says)


def test_letters_that_a_terminal_lacks_are_written_out(tmp_path: Path) -> None:
    """A file's name in other letters ends no check where output is ASCII."""
    file = env_file(tmp_path, pair()[1], "größe.env")
    done = subprocess.run(  # noqa: S603 - our own interpreter and arguments
        [*NETRA, "config", "check", file, "--service", AUTH],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONIOENCODING": "ascii", "PATH": os.environ["PATH"]},
    )

    assert done.returncode == 1
    assert "gr\\xf6\\xdfe.env" in done.stdout
    assert done.stderr == ""


def test_secrets_that_may_not_be_read_are_told(netra: Ran, tmp_path: Path) -> None:
    """A file of the secrets' directory that is there and cannot be read is not taken as absent."""
    file = yaml_file(tmp_path, knative({}, {"JWT_SECRET_KEY": ("key", "3")}))
    folder = tmp_path / "secrets" / "key"
    folder.mkdir(parents=True)
    (folder / "3").symlink_to(folder / "3")

    told(netra("check", file, "--secrets", str(folder.parent)), "links lead in a circle")
    told(netra("check", file, "--secrets", str(folder / "none")), "is not a directory")
    told(netra("check", file, "--secrets", file), "is not a directory")
