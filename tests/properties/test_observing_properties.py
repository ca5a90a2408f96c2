"""Whatever stands in the files beside a log, observers say what they say of it, or nothing."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fakes.scenes import BAD, GOOD, at, scene_in
from netra_ops.diagnosis.changes import suspects
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observing import audited, committed, deployed, probed, trafficked

WORDS = st.sampled_from(
    [
        "",
        "JWT_SECRET",
        "TOKEN_SECRET",
        "ISSUER",
        "AUTH_URL",
        "https://auth.staging.example.org/jwks",
        "wss://x.example/ws?a=b#c",
        "http://[bad",
        "handshake with Origin https://a.example",
        "no token",
        "with a valid token, try 2",
        "candidate's version",
        "401 refused",
        "200",
        "sha a1b2c3d",
        "notAfter=Feb 30 25:61:00 2026 GMT",
        "offset 12 s",
        "Wed, 99 Foo 2026 99:99:99 GMT",
        "service_secret_rotated",
        "signing_key_activated",
        "refused",
        "wrong secret",
        "Rename JWT_SECRET to TOKEN_SECRET",
        "app/auth.py",
        GOOD,
        BAD,
        "sha256:00",
        at(-1),
    ]
)
TEXTS = WORDS | st.text(max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10**20) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def records(*names: str) -> Any:
    """Give lists of objects with some of these members, of any kind."""
    members = st.fixed_dictionaries({}, optional=dict.fromkeys(names, VALUES))
    return st.lists(members, max_size=4)


PROBES = records("time", "name", "target", "expect", "got", "ok")
COMMITS = records("sha", "time", "subject", "body", "files")
AUDIT = records("time", "event", "outcome", "reason", "client_id", "subject", "iat", "actor")
TRAFFIC = records("time", "revision", "percent", "tag", "service")
ENV = st.lists(st.fixed_dictionaries({"name": TEXTS, "value": VALUES}), max_size=4)
REVISIONS = st.lists(
    st.builds(
        lambda name, env: {
            "kind": "Revision",
            "metadata": {"name": name, "creationTimestamp": at(-9)},
            "spec": {"containers": [{"env": env}]},
        },
        st.sampled_from([GOOD, BAD, "login-00001-abc"]),
        ENV,
    ),
    max_size=3,
)
WAYS = st.dictionaries(st.sampled_from(["raw", "stripped", "unquoted", "b64decoded"]), TEXTS)
PRINTS = st.dictionaries(
    st.sampled_from(["orders", "login", "defaults"]),
    st.dictionaries(TEXTS, WAYS | TEXTS, max_size=3),
    max_size=2,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "probes": PROBES,
            "commits": COMMITS,
            "audit": AUDIT,
            "traffic": TRAFFIC,
            "revisions": REVISIONS,
            "fingerprints": PRINTS,
        },
    )
)
def test_no_file_makes_an_observer_fail(documents: dict[str, Any]) -> None:
    """Of any content each observer gives whole sentences with references, and never an error."""
    with TemporaryDirectory() as directory:
        scene = scene_in(Path(directory) / "bundle", **documents)
    for observer in (deployed, trafficked, committed, probed, audited):
        for one in observer.observed(scene):
            assert isinstance(one.fact, Fact)
            assert one.says.strip()
            assert one.evidence
    assert all(0 <= one.score <= 1 for one in suspects(scene))
