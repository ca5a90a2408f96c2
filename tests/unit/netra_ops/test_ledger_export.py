"""The ledger as files of an evidence bundle."""

import json
from typing import Any

from fakes.ledger_records import FINGERPRINT, SERVICE, chained, deploy, proving, traffic
from netra_ops.candidates.fingerprints.record import rekeyed_for_evidence
from netra_ops.ledger.chain import Entry
from netra_ops.ledger.export import bundle_of
from netra_ops.ledger.records import Setting

KEY, OTHER_KEY = "0a" * 8, "0b" * 8
PLAIN = "hmac-sha256:" + "1a" * 32
CLEAN = "hmac-sha256:" + "1b" * 32
DECODED = "hmac-sha256:" + "1c" * 32


def documents(entries: list[Entry], service: str | None = None) -> dict[str, Any]:
    """Give the files of a bundle."""
    return bundle_of(entries, rekeyed_for_evidence, service).files


def settings_in(revision: dict[str, Any]) -> dict[str, str]:
    """Give the plain variables of an exported revision."""
    (container,) = revision["spec"]["containers"]
    return {one["name"]: one["value"] for one in container["env"] if "value" in one}


def test_revisions_are_written_as_cloud_run_gives_them() -> None:
    """Plain variables carry fingerprints made anew, secrets their references, and none a value."""
    settings = {
        "SERVICE_ID": Setting(fingerprint=FINGERPRINT),
        "JWT_SECRET_KEY": Setting(secret="jwt", version="latest", resolved="3"),
        "DB": Setting(fingerprint=FINGERPRINT, secret="db", version="7"),
    }

    made = documents(chained([deploy("r1", settings=settings)]))["revisions.json"]

    value = settings_in(made[0])["SERVICE_ID"]
    assert value.startswith("sha256:")
    assert value != FINGERPRINT
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
                            {"name": "SERVICE_ID", "value": value},
                        ],
                    }
                ]
            },
        }
    ]


def test_traffic_is_a_line_for_each_share_and_each_loss() -> None:
    """Who loses everything has 0 percent from then on."""
    made = documents(chained([traffic(r1=100), traffic(r1=90, r2=10), traffic(r2=100)]))

    times = [f"2027-01-15T08:00:0{second}.000000Z" for second in range(3)]
    assert made["traffic.json"] == [
        {"time": times[0], "service": SERVICE, "revision": "r1", "percent": 100},
        {"time": times[1], "service": SERVICE, "revision": "r1", "percent": 90},
        {"time": times[1], "service": SERVICE, "revision": "r2", "percent": 10},
        {"time": times[2], "service": SERVICE, "revision": "r2", "percent": 100},
        {"time": times[2], "service": SERVICE, "revision": "r1", "percent": 0},
    ]


def test_only_one_service_is_exported_if_it_is_named() -> None:
    """Another service's shares neither show nor take any away."""
    entries = chained([*proving("r1"), traffic(service="netra-auth", a1=100)])

    backend = documents(entries, SERVICE)
    auth = documents(entries, "netra-auth")

    assert [line["revision"] for line in backend["traffic.json"]] == ["r1"]
    assert [line["revision"] for line in auth["traffic.json"]] == ["a1"]
    assert auth["revisions.json"] == []


def test_values_are_told_by_what_they_nearly_are() -> None:
    """Of what serves of each service, equal and nearly equal ones show, keyed as in revisions."""
    auth = {"JWT_SECRET_KEY": Setting(fingerprint=CLEAN, nearly={}, distinctive=True)}
    nearly = {"stripped": CLEAN, "decoded": DECODED}
    backend = {
        "JWT_SECRET_KEY": Setting(fingerprint=PLAIN, nearly=nearly, distinctive=True),
        "OLD": Setting(fingerprint=CLEAN),
        "UNSEEN": Setting(secret="s", version="1"),
    }
    unused = {"JWT_SECRET_KEY": Setting(fingerprint=DECODED, nearly={})}
    entries = chained(
        [
            deploy("a1", settings=auth, key=KEY, service="netra-auth"),
            deploy("r1", settings=backend, key=KEY),
            traffic(r1=100),
            deploy("r2", settings=unused, key=KEY),
        ]
    )

    made = documents(entries)

    a, b = made["fingerprints.json"]["netra-auth"], made["fingerprints.json"][SERVICE]
    key, verifier = a["JWT_SECRET_KEY"], b["JWT_SECRET_KEY"]
    assert b.keys() == {"JWT_SECRET_KEY", "OLD"}
    assert verifier.keys() == {"raw", "stripped", "unquoted", "b64decoded"}
    assert key["raw"] == key["stripped"] == key["unquoted"] == verifier["stripped"]
    assert "b64decoded" not in key
    assert verifier["unquoted"] == verifier["raw"]
    assert len({*verifier.values()}) == 3
    assert b["OLD"] == {"raw": key["raw"]}
    exported = {one["metadata"]["name"]: settings_in(one) for one in made["revisions.json"]}
    assert exported["r1"]["JWT_SECRET_KEY"] == verifier["raw"]
    text = json.dumps(made)
    assert not any(one.rpartition(":")[2] in text for one in (PLAIN, CLEAN, DECODED))


def test_what_was_recorded_under_another_key_is_left_out_and_told() -> None:
    """Every value in it would seem to have changed; what named no key is of the first one."""
    entries = chained(
        [
            deploy("r1"),
            deploy("r2", key=OTHER_KEY),
            deploy("r3", key=KEY),
            deploy("r4", key=KEY),
        ]
    )

    bundle = bundle_of(entries, rekeyed_for_evidence)

    assert bundle.left_out == ("r1", "r2")
    assert [one["metadata"]["name"] for one in bundle.files["revisions.json"]] == ["r3", "r4"]
    before = bundle_of(entries[:2], rekeyed_for_evidence)
    assert (before.left_out, len(before.files["revisions.json"])) == ((), 2)


def test_an_empty_ledger_is_empty_files() -> None:
    """Nothing recorded is nothing exported."""
    assert documents([]) == {"revisions.json": [], "traffic.json": [], "fingerprints.json": {}}
