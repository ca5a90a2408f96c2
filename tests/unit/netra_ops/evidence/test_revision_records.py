"""Revisions and services in both forms of the platform's documents."""

from typing import Any

import pytest

from fakes.evidence_bundles import knative_service, run_service, secret
from netra_ops.evidence.records.revisions.reading import Configured, configured_of
from netra_ops.evidence.records.revisions.revision import Kind, Revision
from netra_ops.evidence.records.taking import parts_of

NUMBERED = "web-00012-abc"
OLDER_ENV = ({"name": "A", "value": "sha256:AB"}, secret("B", "b", "3"), secret("C", "c", "latest"))
NEWER_ENV = (
    {"name": "A", "value": "sha256:AB"},
    {"name": "B", "valueSource": {"secretKeyRef": {"secret": "b", "version": "3"}}},
    {
        "name": "C",
        "valueSource": {"secretKeyRef": {"secret": "projects/p/secrets/c", "version": "latest"}},
    },
)


def told(document: Any) -> Configured:
    """What a document tells."""
    return configured_of(parts_of(document, "revisions.json"))


def only(document: Any) -> Revision:
    """The one revision of a document."""
    (revision,) = told(document).revisions
    return revision


@pytest.mark.parametrize(
    ("document", "env"),
    [
        (knative_service(NUMBERED, *OLDER_ENV), "/0/spec/template/spec/containers/1/env/"),
        (run_service(NUMBERED, *NEWER_ENV), "/0/template/containers/1/env/"),
    ],
    ids=["v1", "v2"],
)
def test_a_service_tells_the_revision_it_would_start(document: Any, env: str) -> None:
    """Both forms tell the same of it, and each variable where it stands."""
    revision = only([document])

    assert (revision.service, revision.name, revision.generation) == ("web", NUMBERED, 12)
    assert (revision.image, revision.args, revision.is_service) == ("web:1", ("--serve",), True)
    assert (revision.ingress, revision.invoker) == ("internal", "whoever IAM lets")
    assert revision.audiences == ("https://a.example", "https://b.example")
    assert (revision.timeout_seconds, revision.concurrency) == (300, 80)
    assert revision.service_account == "web@p.iam.gserviceaccount.com"
    assert (revision.commit, revision.client) == ("abc123", "gcloud")
    assert not any("last-applied" in name for name in revision.annotations)
    assert [(one.name, one.kind, one.secret, one.version) for one in revision.variables] == [
        ("A", Kind.PLAIN, None, None),
        ("B", Kind.SECRET, "b", "3"),
        ("C", Kind.SECRET, "c", "latest"),
    ]
    assert [one.where for one in revision.variables] == [
        f"revisions.json#{env}{number}" for number in range(3)
    ]
    assert [one.is_pinned for one in revision.variables] == [False, True, False]
    assert revision.variables[0].fingerprint == "ab"


@pytest.mark.parametrize(
    "document",
    [
        {
            "metadata": {
                "name": NUMBERED,
                "creationTimestamp": "2026-01-01T00:00:00Z",
                "labels": {"serving.knative.dev/service": "web"},
            },
            "spec": {"containers": [{"env": [{"name": "A", "value": ""}]}]},
            "status": {
                "conditions": [
                    {
                        "type": "Ready",
                        "status": "False",
                        "reason": "SecretsAccessCheckFailed",
                        "message": "Permission denied on secret",
                        "lastTransitionTime": "2026-01-01T00:01:00Z",
                    }
                ]
            },
        },
        {
            "name": f"projects/p/locations/l/services/web/revisions/{NUMBERED}",
            "createTime": "2026-01-01T00:00:00Z",
            "containers": [{"env": [{"name": "A"}]}],
            "conditions": [
                {
                    "type": "Ready",
                    "state": "CONDITION_FAILED",
                    "revisionReason": "SecretsAccessCheckFailed",
                    "message": "Permission denied on secret",
                    "lastTransitionTime": "2026-01-01T00:01:00Z",
                }
            ],
        },
    ],
    ids=["v1", "v2"],
)
def test_a_revision_tells_why_it_is_not_ready(document: Any) -> None:
    """Its state, its time and an empty value are told alike by both forms."""
    revision = only(document)

    assert (revision.service, revision.is_service) == ("web", False)
    assert revision.created == 1_767_225_600 * 10**9
    assert revision.ready is not None
    assert (revision.ready.status, revision.ready.reason, revision.ready.message) == (
        "False",
        "SecretsAccessCheckFailed",
        "Permission denied on secret",
    )
    assert revision.ready.time == 1_767_225_660 * 10**9
    assert (revision.variables[0].kind, revision.variables[0].value) == (Kind.PLAIN, "")
    assert (revision.ingress, revision.audiences, revision.invoker) == (None, None, None)


@pytest.mark.parametrize(
    "document",
    [
        knative_service(
            NUMBERED,
            traffic=[
                {"revisionName": NUMBERED, "latestRevision": True, "percent": 90},
                {"revisionName": "web-00011-abc", "percent": 10, "tag": "old"},
            ],
            conditions=[{"type": "Ready", "lastTransitionTime": "2026-01-03T00:00:00Z"}],
        ),
        run_service(
            NUMBERED,
            trafficStatuses=[
                {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 90},
                {
                    "type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION",
                    "revision": "web-00011-abc",
                    "percent": 10,
                    "tag": "old",
                },
            ],
        ),
    ],
    ids=["v1", "v2"],
)
def test_a_service_tells_its_traffic(document: Any) -> None:
    """Whether a share follows the newest revision or is pinned is told, and since when."""
    shares = told([document]).traffic

    assert [(one.revision, one.percent, one.latest, one.tag) for one in shares] == [
        (NUMBERED, 90, True, None),
        ("web-00011-abc", 10, False, "old"),
    ]
    assert {(one.service, one.time) for one in shares} == {("web", 1_767_398_400 * 10**9)}


def test_a_service_without_containers_still_tells_its_traffic() -> None:
    """Shares are kept where nothing can be said of a revision, and that is told."""
    found = told({"metadata": {"name": "web"}, "spec": {"traffic": [{"percent": 100}]}})

    assert [(one.revision, one.latest) for one in found.traffic] == [("", True)]
    assert [one.what for one in found.problems] == ["is no revision: it names no container"]


def test_a_revision_is_told_once() -> None:
    """A service and its revision are one, with what only the service says of who may reach it."""
    own = {
        "metadata": {"name": NUMBERED, "labels": {"serving.knative.dev/service": "web"}},
        "spec": {"containers": [{"image": "web:1"}]},
    }

    revision = only([knative_service(NUMBERED, *OLDER_ENV), own])

    assert (revision.where, revision.ingress) == ("revisions.json#/1", "internal")
    assert revision.audiences == ("https://a.example", "https://b.example")


def test_two_exports_of_one_service_are_two_revisions() -> None:
    """Exports that do not name their revision are kept apart, in the order of their times."""
    later, earlier = (
        knative_service("", conditions=[{"type": "Ready", "lastTransitionTime": moment}])
        for moment in ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z")
    )

    found = told([later, earlier]).revisions

    assert [one.where for one in found] == ["revisions.json#/1", "revisions.json#/0"]


def test_secrets_of_other_projects_are_named_by_what_they_are() -> None:
    """An alias of the older form is followed to the secret it stands for."""
    document = {
        "metadata": {
            "name": NUMBERED,
            "annotations": {"run.googleapis.com/secrets": "mine:projects/9/secrets/theirs"},
        },
        "spec": {"containers": [{"env": [secret("A", "mine", "1")]}]},
    }

    (variable,) = only(document).variables

    assert (variable.secret, variable.project, variable.version) == ("theirs", "9", "1")


def test_values_are_not_shown() -> None:
    """Neither a revision nor a variable shows a value when it is printed."""
    revision = only(knative_service(NUMBERED, {"name": "A", "value": "hunter2-hunter2"}))

    assert revision.variables[0].value == "hunter2-hunter2"
    assert "hunter2" not in repr(revision)


def test_what_has_another_form_is_told_with_its_place() -> None:
    """Entries that are no variables, variables set twice and unknown sources do not go unseen."""
    document = knative_service(
        NUMBERED,
        {"value": "x"},
        {"name": "A", "value": "1"},
        {"name": "A", "value": "2"},
        {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "k"}}},
    )

    found = told([document, 7, {"kind": "Service"}])

    env = "revisions.json#/0/spec/template/spec/containers/1/env"
    assert [(one.where, one.what) for one in found.problems] == [
        (f"{env}/0", "is no variable: it has no name"),
        (f"{env}/2", "sets a variable a second time"),
        ("revisions.json#/1", "is no revision: it is no object"),
        ("revisions.json#/2", "is no revision: it names no container"),
    ]
    assert found.left_out == 2
    (revision,) = found.revisions
    last = revision.variable("A")
    assert last is not None
    assert last.value == "2"
    assert revision.variables[2].kind is Kind.ELSEWHERE


def test_revisions_come_in_the_order_of_their_numbers() -> None:
    """A number in the name says more than a time that may be the document's."""
    names = ("web-00010-a", "web-00009-b")
    documents = [
        {
            "metadata": {"name": f"{name}bc", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"containers": [{}]},
        }
        for name in names
    ]

    assert [one.generation for one in told(documents).revisions] == [9, 10]
    assert {one.service for one in told(documents).revisions} == {"web"}


@pytest.mark.parametrize(
    "described",
    [
        {
            "kind": "Service",
            "metadata": {
                "name": "web",
                "annotations": {"run.googleapis.com/custom-audiences": '["https://a.example"]'},
            },
            "status": {"latestReadyRevisionName": NUMBERED},
        },
        {
            "kind": "Service",
            "metadata": {
                "name": "web",
                "annotations": {"run.googleapis.com/custom-audiences": '["https://a.example"]'},
            },
        },
        {
            "name": "projects/p/locations/l/services/web",
            "customAudiences": ["https://a.example"],
            "latestReadyRevision": f"projects/p/locations/l/services/web/revisions/{NUMBERED}",
        },
    ],
    ids=["v1", "v1 without a name", "v2"],
)
def test_a_service_without_containers_says_who_may_reach_its_newest_revision(
    described: Any,
) -> None:
    """Such a document is no revision; alone it gives none that has no variables."""
    own = {
        "kind": "Revision",
        "metadata": {"name": NUMBERED},
        "spec": {"containers": [{"image": "web:1"}]},
    }
    revision = only([described, own])

    assert revision.audiences == ("https://a.example",)
    assert revision.reached == "revisions.json#/0"
    assert told([described]).revisions == ()
