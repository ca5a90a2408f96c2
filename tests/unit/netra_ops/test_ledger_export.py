"""The ledger as files of an evidence bundle."""

import pytest

from fakes.ledger_records import FINGERPRINT, SERVICE, chained, deploy, proving, traffic
from netra_ops.ledger.export import documents
from netra_ops.ledger.records import Setting

OTHER = "sha256:" + "1e" * 32


def rekeyed(fingerprint: str) -> str:
    """Make another fingerprint."""
    return {FINGERPRINT: OTHER}[fingerprint]


def test_revisions_are_written_as_cloud_run_gives_them() -> None:
    """Plain variables carry fingerprints made anew, secrets their references, and none a value."""
    settings = {
        "SERVICE_ID": Setting(fingerprint=FINGERPRINT),
        "JWT_SECRET_KEY": Setting(secret="jwt", version="latest", resolved="3"),
        "DB": Setting(fingerprint=FINGERPRINT, secret="db", version="7"),
    }

    made = documents(chained([deploy("r1", settings=settings)]), rekeyed)["revisions.json"]

    assert made == [
        {
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Revision",
            "metadata": {
                "name": "r1",
                "creationTimestamp": "2027-01-15T08:00:00.000000Z",
                "labels": {"serving.knative.dev/service": SERVICE},
            },
            "spec": {
                "containers": [
                    {
                        "image": "registry.example/backend@sha256:" + "a" * 64,
                        "env": [
                            {
                                "name": "DB",
                                "valueFrom": {"secretKeyRef": {"name": "db", "key": "7"}},
                            },
                            {
                                "name": "JWT_SECRET_KEY",
                                "valueFrom": {"secretKeyRef": {"name": "jwt", "key": "latest"}},
                            },
                            {"name": "SERVICE_ID", "value": OTHER},
                        ],
                    }
                ]
            },
        }
    ]


def test_traffic_is_a_line_for_each_share_and_each_loss() -> None:
    """Who loses everything has 0 percent from then on."""
    made = documents(chained([traffic(r1=100), traffic(r1=90, r2=10), traffic(r2=100)]), rekeyed)

    times = [f"2027-01-15T08:00:0{second}.000000Z" for second in range(3)]
    assert made["traffic.json"] == [
        {"time": times[0], "revision": "r1", "percent": 100},
        {"time": times[1], "revision": "r1", "percent": 90},
        {"time": times[1], "revision": "r2", "percent": 10},
        {"time": times[2], "revision": "r2", "percent": 100},
        {"time": times[2], "revision": "r1", "percent": 0},
    ]


def test_only_one_service_is_exported_if_it_is_named() -> None:
    """Another service's shares neither show nor take any away."""
    entries = chained([*proving("r1"), traffic(service="netra-auth", a1=100)])

    backend = documents(entries, rekeyed, SERVICE)
    auth = documents(entries, rekeyed, "netra-auth")

    assert [line["revision"] for line in backend["traffic.json"]] == ["r1"]
    assert [line["revision"] for line in auth["traffic.json"]] == ["a1"]
    assert auth["revisions.json"] == []


def test_what_is_no_fingerprint_is_not_exported() -> None:
    """A function that gives something else back stops the export, and is not quoted."""
    with pytest.raises(ValueError, match="into something else") as refused:
        documents(chained([deploy("r1")]), lambda _: "hunter2")

    assert "hunter2" not in str(refused.value)


def test_an_empty_ledger_is_two_empty_lists() -> None:
    """Nothing recorded is nothing exported."""
    assert documents([], rekeyed) == {"revisions.json": [], "traffic.json": []}
