"""Whether code may serve on a store is decided by two versions, and in doubt it may not."""

import json
from itertools import product

import pytest

from netra.schema_fit import SchemaFit, SchemaJudgement, as_told, declared, heard, judged

SINCE, HEAD = "0006", "0008"


def row(version: object, *oldest: object) -> dict[str, object]:
    """Write the row of a store; without an oldest code, of one that has no such column."""
    said = {"oldest_code": oldest[0]} if oldest else {}
    return {"version_num": version, **said}


@pytest.mark.parametrize(
    ("stored", "fit"),
    [
        ([], SchemaFit.BEHIND),
        ([row("0005")], SchemaFit.BEHIND),
        ([row("0006", "0006")], SchemaFit.BEHIND),
        ([row("0008", "0006")], SchemaFit.EQUAL),
        ([row("0008", "0008")], SchemaFit.EQUAL),
        ([row("0009", "0006")], SchemaFit.NEWER),
        ([row("0009", "0008")], SchemaFit.NEWER),
        ([row("0009", "0009")], SchemaFit.TOO_NEW),
        ([row("0011", "0010")], SchemaFit.TOO_NEW),
        ([row("0009")], SchemaFit.UNREADABLE),
        ([row("0008")], SchemaFit.UNREADABLE),
        ([row("0006")], SchemaFit.UNREADABLE),
        ([row("0009", None)], SchemaFit.UNREADABLE),
        ([row("0009", "")], SchemaFit.UNREADABLE),
        ([row("0009", "all")], SchemaFit.UNREADABLE),
        ([row("0009", "00006")], SchemaFit.UNREADABLE),
        ([row("0009", "0006\n")], SchemaFit.UNREADABLE),
        ([row("0009", "٠٠٠٦")], SchemaFit.UNREADABLE),
        ([row("0009", 6)], SchemaFit.UNREADABLE),
        ([row("0009", "0010")], SchemaFit.UNREADABLE),
        ([row("0009", "0005")], SchemaFit.UNREADABLE),
        ([row(None, "0006")], SchemaFit.UNREADABLE),
        ([row("", "0006")], SchemaFit.UNREADABLE),
        ([row("head", "0006")], SchemaFit.UNREADABLE),
        ([row("0008", "0006"), row("0008", "0006")], SchemaFit.UNREADABLE),
        ([row("0005"), row("0008")], SchemaFit.UNREADABLE),
    ],
)
def test_a_store_is_judged_by_what_it_says(stored: list[dict[str, object]], fit: SchemaFit) -> None:
    """Equal and still good are served on, an older one is migrated, and nothing else is done."""
    found = judged(stored, head=HEAD, since=SINCE)

    assert found.fit is fit
    assert found.serves is (fit in {SchemaFit.EQUAL, SchemaFit.NEWER})
    assert found.is_migratable is (fit in {SchemaFit.EQUAL, SchemaFit.BEHIND})
    assert bool(found.refusal) is not found.serves


def test_code_serves_exactly_on_what_lets_it() -> None:
    """Of all versions, oldest codes and heads those fit whose head lies between the two."""
    versions = [f"{number:04}" for number in range(1, 13)]
    for version, oldest, head in product(versions, versions, versions):
        if head < SINCE:
            continue
        says_sense = SINCE <= oldest <= version
        serves = judged([row(version, oldest)], head=head, since=SINCE).serves

        assert serves is (says_sense and oldest <= head <= version), (version, oldest, head)


@pytest.mark.parametrize(
    ("stored", "says"),
    [
        ([], ("version none", HEAD, "start with --migrate")),
        ([row("0005")], ("version 0005", HEAD, "start with --migrate")),
        ([row("0011", "0010")], ("0011", HEAD, "0010", "roll forward", "restore a backup")),
        ([row("0011", "x" * 99)], ("makes no sense", "'" + "x" * 39, "0011")),
        ([row("0011")], ("makes no sense", "nothing")),
        ([row("x")], ("makes no sense", "'x'")),
        ([row("0008", "0006")] * 2, ("makes no sense", "2 versions")),
    ],
)
def test_a_refusal_says_what_to_do(stored: list[dict[str, object]], says: tuple[str, ...]) -> None:
    """It names the versions and the way out, and shows no more of nonsense than a little."""
    refusal = judged(stored, head=HEAD, since=SINCE).refusal

    assert all(words in refusal for words in says), refusal
    assert "x" * 41 not in refusal


def test_a_migration_declares_who_still_runs() -> None:
    """One of before the scheme declares nothing; every other a version up to its own."""
    assert declared("0005", {}, since=SINCE) is None
    assert declared("0006", {"OLDEST_CODE": "0006"}, since=SINCE) == "0006"
    assert declared("0009", {"OLDEST_CODE": "0007"}, since=SINCE) == "0007"


@pytest.mark.parametrize(
    "constants",
    [{}, *({"OLDEST_CODE": value} for value in (None, "", "x", 6, "0005", "0010", "009"))],
)
def test_a_migration_that_declares_nothing_is_an_error(constants: dict[str, object]) -> None:
    """What is not declared, or cannot be, is an error that names the migration."""
    with pytest.raises(ValueError, match=r"0009 (declares|does not declare)"):
        declared("0009", constants, since=SINCE)


@pytest.mark.parametrize("fit", SchemaFit)
def test_what_one_process_tells_another_hears(fit: SchemaFit) -> None:
    """A judgement arrives as it was given, also through JSON."""
    for store, oldest in ((None, None), ("0004", None), ("0007", "0005")):
        judgement = SchemaJudgement(fit, "0006", store, oldest, "it names 2 versions")

        assert heard(json.loads(json.dumps(as_told(judgement)))) == judgement


@pytest.mark.parametrize(
    "changed",
    [
        {"fit": "better"},
        {"fit": None},
        {"head": None},
        {"head": "six"},
        {"store": 7},
        {"store": "0007; drop table"},
        {"oldest": ["0005"]},
    ],
)
def test_what_nobody_understands_is_no_judgement(changed: dict[str, object]) -> None:
    """It may come from code that says more than this knows of, or from something else."""
    told = as_told(SchemaJudgement(SchemaFit.NEWER, "0006", "0007", "0005"))

    assert heard({**told, **changed}) is None
