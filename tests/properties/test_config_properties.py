"""Reading and judging configurations is total, and shows nothing, whatever a file holds."""

import contextlib
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from fakes.configurations import BACKEND, cloud_run, knative
from netra.contract.declared import netra_auth, netra_backend
from netra.secret import Secret
from netra_ops.candidates.fingerprints.prints import Fingerprints, likeness
from netra_ops.cli.main import main

MARK = "Qz7#"
"""In no sentence of ours, so that finding it in one means that a value leaked."""

NAMES = sorted({v.name for c in (netra_auth.CONTRACT, netra_backend.CONTRACT) for v in c.variables})
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
values = st.builds("{0}{1}{0}".format, st.just(MARK), texts)
plain = st.dictionaries(st.sampled_from(NAMES), values, max_size=6)
referred = st.dictionaries(
    st.sampled_from(NAMES) | texts, st.tuples(texts, st.sampled_from(["1", "latest", ""]) | texts)
)
trees: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda parts: (
        st.lists(parts, max_size=4)
        | st.dictionaries(st.sampled_from(["env", "name", "value", "containers", "spec"]), parts)
    ),
    max_leaves=20,
)


def checked(content: bytes, *arguments: str) -> str:
    """Check and compare a file of some content, see that each ends well, and give all output."""
    out, err = io.StringIO(), io.StringIO()
    with TemporaryDirectory() as folder:
        path = Path(folder, "given")
        path.write_bytes(content)
        for command in (["check", str(path)], ["check", str(path), "--json"]):
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main(["config", *command, *arguments])
            assert code in (0, 1, 2, 3)
    assert "Traceback" not in err.getvalue()
    return out.getvalue() + err.getvalue()


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@example(content=b'{"apiVersion": "serving.knative.dev/v1", "kind": "Service", "spec": [1]}')
@example(content=b'{"name": "projects/p/locations/l/services/s", "containers": "\\ud800"}')
@example(content=b"apiVersion: serving.knative.dev/v1\nkind: Service\nspec: {template: }\n")
def test_any_file_is_told(content: bytes) -> None:
    """Whatever bytes a file holds, the command ends with one of its exit codes."""
    checked(content, "--service", BACKEND)


@given(tree=trees, at=st.sampled_from(["spec", "env", "container"]), is_first=st.booleans())
def test_any_service_document_is_told(tree: Any, at: str, is_first: bool) -> None:  # noqa: FBT001 - a generated argument
    """Whatever stands where a service has its parts, the command ends with an exit code."""
    if is_first:
        document = knative({})
        spec = document["spec"]["template"]["spec"]
    else:
        document = cloud_run({})
        spec = document["template"]
    if at == "spec":
        spec.clear()
        spec["containers"] = tree
    elif at == "env":
        spec["containers"][0]["env"] = tree
    else:
        spec["containers"][0] = tree
    checked(json.dumps(document).encode(), "--service", BACKEND)


@given(held=plain, named=referred, form=st.sampled_from(["env", "yaml", "json"]))
def test_no_value_is_shown(held: dict[str, str], named: Any, form: str) -> None:
    """Neither a value nor a piece of one is in any output, in any notation."""
    if form == "env":
        content = "".join(f"{name}={value}\n" for name, value in held.items())
    elif form == "yaml":
        content = yaml.safe_dump(knative(held, named), allow_unicode=True)
    else:
        content = json.dumps(cloud_run(held, named))
    said = checked(content.encode(), "--service", BACKEND)

    assert MARK not in said
    assert said.replace("\n", "").isprintable()


@given(one=texts, other=texts)
def test_fingerprints_are_equal_as_values_are(one: str, other: str) -> None:
    """Equal values have equal prints, others have not, and likeness holds in both directions."""
    fingerprints = Fingerprints(Secret("k" * 64))
    first, second = fingerprints.of(Secret(one)), fingerprints.of(Secret(other))

    assert (first.exact == second.exact) == (one == other)
    assert (likeness(first, second) is None) == (likeness(second, first) is None)
    if one.rstrip("\r\n"):
        ended = fingerprints.of(Secret(f"{one}\n"))
        assert likeness(first, ended) is not None
