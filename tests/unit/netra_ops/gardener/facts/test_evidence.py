"""What an evidence bundle tells beside the log."""

from typing import Any, ClassVar

from netra_ops.evidence.records.commits import Commit
from netra_ops.evidence.records.taking import parts_of
from netra_ops.gardener.facts.deploys.evidence import Evidence, evidence_of, suspects_of
from netra_ops.gardener.facts.deploys.onset import Nature, Onset

_BEGAN = Onset(nature=Nature.REGRESSION, says="", revision="web-00002-b", last_good="web-00001-a")


def told(revisions: Any = None, traffic: Any = None, commits: Any = None) -> Evidence:
    """What three documents tell; None is one that is not there."""
    return evidence_of(
        parts_of(revisions, "revisions.json"),
        parts_of(traffic, "traffic.json"),
        parts_of(commits, "commits.json"),
    )


def knative(name: str, made: str, *env: dict[str, Any]) -> dict[str, Any]:
    """A revision in the older form."""
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Revision",
        "metadata": {
            "name": name,
            "creationTimestamp": made,
            "labels": {"serving.knative.dev/service": "web"},
        },
        "spec": {"containers": [{"image": "i", "env": list(env)}]},
    }


def secret(name: str, of: str, version: str) -> dict[str, Any]:
    """A variable from a secret."""
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": of, "key": version}}}


class TestConfigurations:
    """Variables that are not the same on consecutive revisions."""

    def test_what_differs(self) -> None:
        """Lost, added, changed and switched between plain and secret are told, by name."""
        plain = [{"name": name, "value": f"sha256:{name}"} for name in ("A", "B", "C")]
        first = knative("web-00001-a", "2026-01-01T00:00:00Z", *plain, secret("S", "s", "1"))
        second = knative(
            "web-00002-b",
            "2026-01-02T00:00:00Z",
            plain[0],
            {"name": "B", "value": "sha256:other"},
            secret("C", "c", "1"),
            secret("S", "s", "2"),
            {"name": "D", "value": "x"},
        )

        changes = told([second, first]).changes

        assert {(one.name, one.what) for one in changes} == {
            ("B", "changed"),
            ("C", "kind switched"),
            ("D", "added"),
            ("S", "changed"),
        }
        assert {(one.earlier, one.revision) for one in changes} == {("web-00001-a", "web-00002-b")}

    def test_the_newer_form(self) -> None:
        """Revisions of the second version of the platform's interface are read too."""
        revisions = [
            {
                "name": f"projects/p/locations/l/services/web/revisions/web-0000{number}-x",
                "service": "projects/p/locations/l/services/web",
                "createTime": f"2026-01-0{number}T00:00:00Z",
                "containers": [{"env": env}],
            }
            for number, env in (
                (1, [{"name": "A", "value": "1"}]),
                (2, [{"name": "A", "valueSource": {"secretKeyRef": {"secret": "a"}}}]),
            )
        ]

        (change,) = told(revisions).changes

        assert (change.service, change.name, change.what) == ("web", "A", "kind switched")

    def test_another_form_is_counted(self) -> None:
        """What has another form is left out, and the rest is read."""
        evidence = told([{"kind": "Service"}, 7, None], "none", [{"sha": "1"}])

        assert evidence.left_out == 5
        assert not evidence.changes
        assert not evidence.deployments
        assert not evidence.commits


def test_traffic_is_a_deployment() -> None:
    """Shares of one moment are one change of traffic."""
    traffic = [
        {"time": "2026-01-01T00:00:00Z", "revision": "a", "percent": 95},
        {"time": "2026-01-01T00:00:00Z", "revision": "b", "percent": 5},
        {"time": "2026-01-01T00:05:00Z", "revision": "b", "percent": 100},
    ]

    found = told(traffic=traffic).deployments

    assert [one.says for one in found] == ["traffic: 95 % a, 5 % b", "traffic: 100 % b"]


class TestSuspects:
    """Commits between the last good revision and the one with which something began."""

    _FIRSTS: ClassVar = {"web-00001-a": 100, "web-00002-b": 200}

    def test_those_between(self) -> None:
        """The one that touched a file of the stack comes first; earlier and later ones do not."""
        commits = [
            Commit(sha=sha, time=time, files=files)
            for sha, time, files in (
                ("before", 90, ("app/main.py",)),
                ("touching", 120, ("app/main.py",)),
                ("other", 180, ("README.md",)),
                ("after", 201, ("app/main.py",)),
            )
        ]

        found = suspects_of(_BEGAN, commits, self._FIRSTS, ["/srv/app/main.py"])

        assert [one.sha for one in found] == ["touching", "other"]

    def test_without_a_last_good_revision(self) -> None:
        """Where nothing shows a good revision, no commit is suspected."""
        onset = Onset(nature=Nature.TOO_LITTLE_BEFORE, says="", revision="web-00002-b")

        assert suspects_of(onset, [Commit(sha="x", time=150)], self._FIRSTS, []) == ()
