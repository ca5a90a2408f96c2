"""The miner: shapes at once, clusters in the end, within bounds whatever the lines are."""

import random
from itertools import pairwise

import pytest

from netra_ops.gardener.mining.clustering import Clustering
from netra_ops.gardener.mining.forms.keys import LINE_CHARACTERS
from netra_ops.gardener.mining.grouping.columns import Granularity
from netra_ops.gardener.mining.miner import SHAPES, Miner


def mined(texts: list[str], granularity: Granularity = Granularity.NORMAL) -> Clustering:
    """Return the clusters of texts."""
    miner = Miner(granularity)
    miner.add(texts)
    return miner.clusters()


def templates(texts: list[str], granularity: Granularity = Granularity.NORMAL) -> dict[str, int]:
    """Return the templates of texts with their lines."""
    return {one.template: one.lines for one in mined(texts, granularity).clusters}


def test_nothing_is_mined_of_nothing() -> None:
    """No texts are no shapes and no clusters."""
    miner = Miner()

    assert miner.add([]) == []
    assert miner.clusters().clusters == ()
    assert miner.account().lines == 0


def test_every_text_has_a_shape_and_every_shape_a_cluster() -> None:
    """The lines of the clusters are all lines, and each line's shape leads to its cluster."""
    texts = [f"job {number} done in {number * 7} ms" for number in range(50)] + ["stopping"] * 3
    miner = Miner()
    shapes = miner.add(texts)
    clustering = miner.clusters()

    found = [clustering.clusters[clustering.of_shape[shape]].template for shape in shapes]

    assert found == ["job <num> done in <duration>"] * 50 + ["stopping"] * 3
    assert [one.lines for one in clustering.clusters] == [50, 3]


@pytest.mark.parametrize(
    ("line", "template"),
    [
        ("fetched https://example.com/a?b={n} twice", "fetched <url> twice"),
        ("took {n} ms for {n}.5 MB", "took <duration> for <size>"),
        ("at 2026-0{d}-1{d}T10:0{d}:00.{n}Z on time", "at <time> on time"),
        ("from 10.0.{d}.{n}:80{n} on", "from <ip> on"),
        ("wrote /var/log/app/{n}.log today", "wrote <path> today"),
        ("mail to person{n}@example.com sent", "mail to <email> sent"),
        ("run 0f3a{n}b5-77e{d}-4c1a-9d2e-00c0ffee{n} ended", "run <uuid> ended"),
        ("object 0x7f{n} freed", "object <hex> freed"),
        ("host db-{n}.internal is down", "host <host> is down"),
        ("used {n}% of worker-{d}", "used <num> of worker-<num>"),
    ],
)
def test_variables_are_named_by_what_they_look_like(line: str, template: str) -> None:
    """A variable whose form is known is shown with its kind."""
    texts = [line.format(n=number + 11, d=number % 9) for number in range(40)]

    assert templates(texts) == {template: 40}


def test_a_variable_with_one_value_is_printed_as_the_value() -> None:
    """What was the same in all lines is shown, in words and in numbers."""
    texts = ["ModuleNotFoundError: No module named 'billing.rates'"] * 4 + [
        f"[{pid}] worker (pid:{pid}) exited with code 3" for pid in range(100, 160)
    ]

    assert templates(texts) == {
        "[<num>] worker (pid:<num>) exited with code 3": 60,
        "ModuleNotFoundError: No module named 'billing.rates'": 4,
    }


def test_a_late_second_value_makes_a_variable() -> None:
    """A number that was constant for thousands of lines is none once another comes."""
    texts = [f"[{pid}] exited with code 3" for pid in range(9000)] + ["[77] exited with code 4"]

    assert templates(texts) == {"[<num>] exited with code <num>": 9001}


def test_values_are_kept() -> None:
    """A variable's values are known: how many, examples, and whether these are all."""
    (one,) = mined([f"port {port} is taken" for port in (80, 443, 8000)]).clusters

    (values,) = one.values
    assert (values.kind, values.distinct, values.complete) == ("num", 3, True)
    assert values.examples == ("443", "80", "8000")


def test_names_after_a_naming_word_are_variables_sooner() -> None:
    """Three users are one template; three verbs in the same place are three."""
    users = [f"login of user {name} refused" for name in ("ada", "bob", "eve")]
    verbs = [f"the job was {verb} again" for verb in ("begun", "ended", "dropped") for _ in "abc"]

    assert templates(users + verbs) == {
        "login of user <word> refused": 3,
        "the job was begun again": 3,
        "the job was dropped again": 3,
        "the job was ended again": 3,
    }


def test_granularity_weighs_the_evidence() -> None:
    """The coarser, the fewer templates."""
    names = ["ada", "bob", "eve", "kim", "lou"]
    texts = [f"the cat {name} sleeps" for name in names for _ in range(3)]

    assert [len(templates(texts, each)) for each in Granularity] == [1, 5, 5]
    counts = [
        len(templates([f"login of user {name} refused" for name in names[:3]], each))
        for each in Granularity
    ]
    assert counts == [1, 1, 3]


def test_an_odd_line_is_absorbed_and_the_merge_is_told() -> None:
    """One word where the others have an address is of their template, which says so."""
    texts = [f"synchronized to 10.1.2.{n}, stratum {n % 5}" for n in range(200)]
    clustering = mined([*texts, "synchronized to LOCAL, stratum 10"])

    (one,) = clustering.clusters
    assert [(merge.form, merge.lines) for merge in one.merges] == [
        ("synchronized to * stratum *", 200),
        ("synchronized to LOCAL stratum *", 1),
    ]
    assert one.merges[0].rule == "the template itself"
    assert one.merges[1].rule == "a case of the template"


def test_a_merge_by_values_says_how_many() -> None:
    """The rule of a merge by a column names its place and its values."""
    (one,) = mined([f"login of user {name} refused" for name in ("ada", "bob", "eve")]).clusters

    assert {merge.rule for merge in one.merges} == {"3 values in place 4"}


def test_ids_are_of_the_words_alone() -> None:
    """A template's id does not depend on how often, when or beside what it was seen."""
    alone = mined(["disk 7 is full"]).clusters[0].id
    among = {
        one.template: one.id
        for one in mined(
            ["disk 1 is full", "disk 2 is full", *(f"other {n} line" for n in range(9))]
        ).clusters
    }

    assert among["disk <num> is full"] == alone
    assert alone.startswith("v1:")


def test_a_megabyte_in_one_line_counts_by_its_beginning() -> None:
    """A huge line is cut, and the account says so."""
    miner = Miner()
    shapes = miner.add(["dump " + "ab 12 " * 2_000_000, "short"])

    assert len(set(shapes)) == 2
    account = miner.account()
    assert (account.lines, account.cut) == (2, 1)
    longest = max(len(text) for one in miner.clusters().clusters for text in one.examples)
    assert longest <= LINE_CHARACTERS


def test_odd_characters_do_no_harm() -> None:
    """NUL, marks of our own, surrogates, other scripts and line ends are ordinary text."""
    texts = ["a\0b", "x\1\2\3y", "bad \ud800 half", "größe 5 ü", "one\ntwo\tthree", "", "   "]
    miner = Miner()
    shapes = miner.add(texts)

    assert len(shapes) == len(texts)
    assert sum(one.lines for one in miner.clusters().clusters) == len(texts)
    assert miner.add(texts) == shapes


def test_names_that_never_repeat_are_learned() -> None:
    """Thousands of different user names leave few shapes, and the account says what was learned."""
    rng = random.Random(5)  # noqa: S311 -- Made-up names are no secret.
    names = ["".join(rng.choices("abcdefghijklmnop", k=9)) for _ in range(9000)]
    miner = Miner()
    for before, after in pairwise(range(0, 9001, 1000)):
        miner.add([f"Invalid user {name} from 10.0.0.1" for name in names[before:after]])

    account = miner.account()
    assert account.shapes < 10
    assert account.learned == account.lines == 9000
    assert [one.lines for one in miner.clusters().clusters] == [9000]


@pytest.mark.long
def test_shapes_are_bounded() -> None:
    """However many different lines there are, shapes and what is kept of them are bounded."""
    rng = random.Random(7)  # noqa: S311 -- Made-up lines are no secret.
    separators = " ;,|/=:#"
    miner = Miner()
    lines = 0
    while miner.account().rough == 0:
        texts = [
            "".join(rng.choice("abcdefgh") + rng.choice(separators) for _ in range(12))
            for _ in range(4000)
        ]
        lines += len(texts)
        miner.add(texts)

    account = miner.account()
    assert account.lines == lines
    assert account.shapes <= SHAPES + 1001
    assert sum(one.lines for one in miner.clusters().clusters) == lines
