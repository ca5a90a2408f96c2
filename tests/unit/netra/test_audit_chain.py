"""The link between two rows of the audit record."""

from hashlib import sha256

import pytest

from netra.wire.audit_chain import GENESIS_HASH, LINKED_MEMBERS, chain_hash
from netra.wire.auth_admin import AuditRecord

ROW: dict[str, object] = {
    "audit_id": "aud_1",
    "recorded_at": 1700000000.25,
    "event": "login",
    "outcome": "success",
    "actor": "usr_ü",
    "client_id": None,
    "subject": None,
    "token_hash": None,
    "reason": None,
    "request_id": "req_1",
    "address": "::1",
    "seq": 1,
}


def test_the_link_is_what_was_agreed() -> None:
    """The canonical text is fixed to the letter: whoever checks it may use other software."""
    text = (
        '{"actor":"usr_\\u00fc","address":"::1","audit_id":"aud_1","client_id":null,'
        '"event":"login","outcome":"success","reason":null,"recorded_at":1700000000.25,'
        '"request_id":"req_1","seq":1,"subject":null,"token_hash":null}'
    )

    assert chain_hash(GENESIS_HASH, ROW) == sha256(f"{'0' * 64}\n{text}".encode()).hexdigest()


@pytest.mark.parametrize("name", LINKED_MEMBERS)
def test_every_member_counts(name: str) -> None:
    """Whatever of a row is changed, its hash is another."""
    changed = ROW | {name: 2 if name == "seq" else "other"}

    assert chain_hash(GENESIS_HASH, changed) != chain_hash(GENESIS_HASH, ROW)


def test_the_row_before_counts() -> None:
    """The same row after another one has another hash."""
    assert chain_hash("1" * 64, ROW) != chain_hash(GENESIS_HASH, ROW)


def test_a_record_on_the_wire_has_the_hash_of_its_row() -> None:
    """What a row says of time and of itself beside its content does not count, on either side."""
    row = ROW | {"recorded_at": 1700000000.1234567}
    hashed = chain_hash(GENESIS_HASH, row)
    record = AuditRecord.model_validate(row | {"time": "2023-11-14", "chain_hash": hashed})

    received = AuditRecord.model_validate_json(record.model_dump_json())

    assert set(LINKED_MEMBERS) == set(AuditRecord.model_fields) - {"time", "chain_hash"}
    assert chain_hash(GENESIS_HASH, received.model_dump()) == hashed
