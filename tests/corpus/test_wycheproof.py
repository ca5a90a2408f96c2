"""Wycheproof's JWS and JWK vectors against the strict layer of `netra.tokens`.

The vectors are read from `../shared/data/wycheproof` beside the repository or from
`WYCHEPROOF_DIR`; they are not kept here.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from fakes.requirements import require
from netra.tokens import Algorithm, KeySet, KeySetInvalid, TokenRejected, verify_jws

REPOSITORY: Final = Path(__file__).resolve().parents[2]
PRIVATE_EC_OR_RSA: Final = frozenset({"d", "p", "q", "dp", "dq", "qi"})

SIGNATURE: Final = "json_web_signature_test.json"
KEY: Final = "json_web_key_test.json"
CRYPTO: Final = "json_web_crypto_test.json"
NUMBER_OF_VECTORS: Final = {SIGNATURE: 401, KEY: 26, CRYPTO: 49}

FALSE_ACCEPTS: Final = {
    (SIGNATURE, 367): "corrupt vector: the text is that of the valid vector 357, to the byte",
    (SIGNATURE, 370): "corrupt vector: the text is that of the valid vector 357, to the byte",
}
"""Vectors called invalid that are taken. Each must be provably corrupt."""

FALSE_REJECTS: Final = {
    (SIGNATURE, 346): "the token says PS384, its key PS256: a key has one algorithm (RFC 8725 3.1)",
    (SIGNATURE, 347): "the key's alg is ES521, which does not exist; the token says ES512",
    (SIGNATURE, 350): "as 346, with key_ops",
    (SIGNATURE, 351): "as 347, with key_ops",
    (SIGNATURE, 372): "the header holds a '?', which is not base64url (RFC 7515 section 2)",
    (SIGNATURE, 373): "the payload holds a '?', which is not base64url (RFC 7515 section 2)",
}
"""Vectors called valid that are refused. Each must be right to refuse."""


class Vector(NamedTuple):
    """One token, the key document it comes with, and what Wycheproof says of it."""

    file: str
    tc_id: int
    keys: dict[str, Any]
    token: str
    valid: bool


def vectors() -> list[Vector]:
    """Read all JWS vectors, or skip the test (CI demands them)."""
    place = Path(
        os.environ.get("WYCHEPROOF_DIR", REPOSITORY.parent / "shared" / "data" / "wycheproof")
    )
    require(
        "wycheproof",
        all((place / file).is_file() for file in NUMBER_OF_VECTORS),
        f"no vectors in {place}; set WYCHEPROOF_DIR to testvectors_v1 of C2SP/wycheproof",
    )
    return [vector for file in NUMBER_OF_VECTORS for vector in _read(place / file)]


def _read(path: Path) -> Iterator[Vector]:
    for group in json.loads(path.read_text())["testGroups"]:
        for test in group["tests"]:
            if "jws" not in test:
                continue
            token = test["jws"]
            yield Vector(
                path.name,
                test["tcId"],
                _key_document(group.get("public") or group["private"]),
                token if isinstance(token, str) else json.dumps(token),
                test["result"] == "valid",
            )


def _key_document(document: dict[str, Any]) -> dict[str, Any]:
    listed = document.get("keys", [document])
    return {
        "keys": [
            {name: value for name, value in jwk.items() if name not in PRIVATE_EC_OR_RSA}
            for jwk in listed
        ]
    }


def taken(vector: Vector) -> bool:
    """Tell whether the strict layer takes the token; any error but a refusal escapes."""
    every = frozenset(Algorithm)
    published = all(jwk.get("kty") != "oct" for jwk in vector.keys["keys"])
    try:
        keys = KeySet.from_jwks(vector.keys, algorithms=every, published=published)
        verify_jws(vector.token, keys, algorithms=every, max_token_bytes=65536)
    except (KeySetInvalid, TokenRejected):
        return False
    return True


def test_every_vector_is_judged_as_wycheproof_says_but_for_the_listed_ones() -> None:
    """The deviations are exactly the listed ones: one more or one fewer fails (checklist 1-8)."""
    read = vectors()
    outcomes = {(vector.file, vector.tc_id): (taken(vector), vector.valid) for vector in read}

    accepted = {place for place, (was_taken, valid) in outcomes.items() if was_taken and not valid}
    rejected = {place for place, (was_taken, valid) in outcomes.items() if valid and not was_taken}
    assert accepted == FALSE_ACCEPTS.keys()
    assert rejected == FALSE_REJECTS.keys()


def test_the_listed_false_accepts_are_corrupt_vectors() -> None:
    """Each listed false accept has the very text of a vector that Wycheproof calls valid."""
    read = vectors()
    valid = {vector.token for vector in read if vector.valid}

    for vector in read:
        if (vector.file, vector.tc_id) in FALSE_ACCEPTS:
            assert vector.token in valid


def test_no_vector_is_left_out() -> None:
    """The number of vectors run is the number known, file by file."""
    read = vectors()

    assert {
        file: sum(1 for vector in read if vector.file == file) for file in NUMBER_OF_VECTORS
    } == NUMBER_OF_VECTORS


@pytest.mark.parametrize("tc_id", [(KEY, 7), (CRYPTO, 46)])
def test_a_roca_key_is_refused_for_what_it_is(tc_id: tuple[str, int]) -> None:
    """A key with the fingerprint of CVE-2017-15361 is refused as such (checklist 16)."""
    vector = next(vector for vector in vectors() if (vector.file, vector.tc_id) == tc_id)

    with pytest.raises(KeySetInvalid, match="ROCA"):
        KeySet.from_jwks(vector.keys, algorithms=frozenset(Algorithm))
