"""Revisions, traffic and fingerprints of a state directory."""

import json
from typing import Any

from fakes.collected_states import AUTH, BACKEND, REVISION, revision
from fakes.ledger_records import chained, deploy, split_as
from netra.secret import Secret
from netra_ops.candidates.fingerprints.ledger_key import ledger_key
from netra_ops.candidates.fingerprints.prints import Fingerprints
from netra_ops.evidence.collectors.configurations import Configurations
from netra_ops.evidence.records.fingerprints import Prints, fingerprints_of
from netra_ops.evidence.records.revisions.reading import configured_of
from netra_ops.evidence.records.taking import parts_of
from netra_ops.evidence.writing.cleaning import Cleaner
from netra_ops.ledger.chain import Entry
from netra_ops.ledger.records import Setting
from netra_ops.platform.local.state_directory import StateDirectory

SECRET = "kLpW3vTq8ZrN5yXbD2mHcJ7fGsA9eUoI"
OLDER, NEWER = "netra-backend-00001-abc", "netra-backend-00002-def"


def documents(
    state: StateDirectory, entries: tuple[Entry, ...] = ()
) -> tuple[dict[str, Any], Configurations]:
    """Give the documents, and what they were made of."""
    found = Configurations(state, entries)
    return found.documents(Cleaner(found.secrets())), found


def prints(made: dict[str, Any]) -> dict[tuple[str, str], Prints]:
    """Read the fingerprints as judges do."""
    table = fingerprints_of(parts_of(made["fingerprints.json"], "fingerprints.json"))
    return {(one.service, one.variable): one for one in table.records}


def test_a_revision_shows_what_its_contract_calls_plain(state: StateDirectory) -> None:
    """A secret is a fingerprint, an empty value is shown as such, an unknown name is hidden."""
    revision(
        state,
        ENVIRONMENT="local",
        AUTH_SERVICE_URL="http://127.0.0.1:8001",
        SERVICE_SECRET=SECRET,
        NETRA_MODEL_API_KEY="",
        UNHEARD_OF="something of theirs",
    )

    made, _ = documents(state)

    (found,) = configured_of(parts_of(made["revisions.json"], "revisions.json")).revisions
    values = {one.name: one.value for one in found.variables}
    assert (found.service, found.name, found.generation) == (BACKEND, REVISION, 1)
    assert values["AUTH_SERVICE_URL"] == "http://127.0.0.1:8001"
    assert values["NETRA_MODEL_API_KEY"] == ""
    for name in ("SERVICE_SECRET", "UNHEARD_OF"):
        variable = found.variable(name)
        assert variable is not None
        assert variable.fingerprint == prints(made)[BACKEND, name].raw
    text = json.dumps(made)
    assert SECRET not in text
    assert "something of theirs" not in text
    assert found.image == "local-" + "d" * 12
    assert found.created is not None


def test_a_plain_value_that_holds_a_secret_is_a_fingerprint(state: StateDirectory) -> None:
    """What somebody put into the wrong variable is not shown for its name."""
    revision(state, AUTH_SERVICE_URL=f"https://ana:{SECRET}@auth.example", SERVICE_SECRET=SECRET)

    made, _ = documents(state)

    assert SECRET not in json.dumps(made)


def test_values_of_both_services_can_be_compared(state: StateDirectory) -> None:
    """Equal ones are equal, nearly equal ones nearly, and no other bundle can be compared."""
    revision(state, JWT_SECRET_KEY=f"'{SECRET}' ")
    revision(state, "netra-auth-00001-abc", AUTH, JWT_SECRET_KEY=SECRET)

    made, _ = documents(state)
    again, _ = documents(state)

    ours, theirs = prints(made)[BACKEND, "JWT_SECRET_KEY"], prints(made)[AUTH, "JWT_SECRET_KEY"]
    assert theirs.raw not in {ours.raw, ours.stripped, None}
    assert theirs.raw == ours.unquoted
    assert prints(again)[AUTH, "JWT_SECRET_KEY"].raw != theirs.raw
    kept = Fingerprints(ledger_key(state.root)).of(Secret(SECRET)).exact
    assert kept not in json.dumps(made)


def test_the_ledger_tells_what_is_not_kept_any_more(state: StateDirectory) -> None:
    """A revision without its file is there by its record, and comparable with the others."""
    key = Fingerprints(ledger_key(state.root))
    mine = Setting(fingerprint=f"hmac-sha256:{key.of(Secret(SECRET)).exact}", nearly={})
    other = "0b" * 8
    entries = chained(
        [
            deploy(OLDER, settings={"SERVICE_SECRET": mine}, key=key.key_id),
            deploy("netra-backend-00000-old", key=other),
            deploy(NEWER, settings={"SERVICE_SECRET": mine}, key=key.key_id),
            split_as({OLDER: 90, NEWER: 10}),
        ]
    )
    revision(state, NEWER, SERVICE_SECRET=SECRET)

    made, configurations = documents(state, tuple(entries))

    found = configured_of(parts_of(made["revisions.json"], "revisions.json")).revisions
    assert [one.name for one in found] == [OLDER, NEWER]
    assert len({one.variables[0].fingerprint for one in found}) == 1
    assert [(line["revision"], line["percent"]) for line in made["traffic.json"]] == [
        (OLDER, 90),
        (NEWER, 10),
    ]
    (note,) = configurations.notes
    assert note.startswith("The configuration of netra-backend-00000-old is left out")


def test_who_serves_is_told_where_no_ledger_does(state: StateDirectory) -> None:
    """A service that was only started serves since its revision was made."""
    revision(state, SERVICE_SECRET=SECRET)

    made, configurations = documents(state)

    (line,) = made["traffic.json"]
    assert (line["service"], line["revision"], line["percent"]) == (BACKEND, REVISION, 100)
    assert line["time"] == made["revisions.json"][0]["metadata"]["creationTimestamp"]
    assert configurations.environment() == "local"
    assert configurations.notes == []


def test_a_damaged_record_is_a_note(state: StateDirectory) -> None:
    """What cannot be known is told, and the rest is there."""
    revision(state, SERVICE_SECRET=SECRET)
    state.record_file.write_text("{")

    made, configurations = documents(state)

    assert [one["metadata"]["name"] for one in made["revisions.json"]] == [REVISION]
    assert made["traffic.json"] == []
    assert "Who serves is not known" in configurations.notes[0]
