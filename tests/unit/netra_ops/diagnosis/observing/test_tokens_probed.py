"""What probes tell of tokens and keys, of what they claim, and of how long values are."""

from pathlib import Path

from fakes.scenes import probe, says, scene_in, seen, silent, unseen
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observing.probed import observed
from netra_ops.diagnosis.signs.sign import Sign

ORDERS = "https://orders.example/mine"
KEYS = "https://id.example/.well-known/jwks.json"
ANSWERED = '{"keys":[{"kid":"2026-a"},{"kid":"2026-b"}]}'


def test_a_new_token_that_fails_where_an_old_one_passes_is_told(tmp_path: Path) -> None:
    """At one address the age of a token decides; the other way round it is the other fact."""
    scene = scene_in(
        tmp_path / "new",
        probes=[
            probe("with a fresh token", ORDERS, expect=200, status=401, ok=False),
            probe("with a token of yesterday", ORDERS, expect=200, status=200, ok=True),
        ],
    )

    assert seen(observed(scene), Fact.NEW_TOKENS_REFUSED)
    assert unseen(observed(scene), Fact.OLD_TOKENS_REFUSED)


def test_tokens_at_two_addresses_are_not_compared(tmp_path: Path) -> None:
    """What another service does with a token of another age says nothing."""
    scene = scene_in(
        tmp_path / "apart",
        probes=[
            probe("with a fresh token", ORDERS, expect=200, status=401, ok=False),
            probe("with an old token", "https://bills.example/", expect=200, status=200, ok=True),
        ],
    )

    assert silent(observed(scene), Fact.NEW_TOKENS_REFUSED)


def test_the_key_of_refused_tokens_is_looked_for_in_the_published_set(tmp_path: Path) -> None:
    """It is still there, or no longer; a cut answer does not show that it is gone."""
    for kid, body, fact in (
        ("2026-b", ANSWERED, Fact.KEY_STILL_PUBLISHED),
        ("2025-z", ANSWERED, Fact.KEY_NOT_PUBLISHED),
        ("2025-z", ANSWERED[:24] + ",", None),
    ):
        scene = scene_in(
            tmp_path / f"{kid}{len(body)}",
            says=[says(Sign.KEY_ID_UNKNOWN, key=kid)],
            probes=[probe("key set", KEYS, expect=200, status=200, body_excerpt=body, ok=True)],
        )
        found = list(observed(scene))

        for one in (Fact.KEY_STILL_PUBLISHED, Fact.KEY_NOT_PUBLISHED):
            assert (seen(found, one) is not None) is (one is fact), (kid, body)


def test_a_token_for_another_audience_than_is_expected_is_told(tmp_path: Path) -> None:
    """The decoded audience is compared with what the probe expects, and agrees or does not."""
    for aud, ok in (("https://fx-internal.example", False), ("https://fx.example", True)):
        scene = scene_in(
            tmp_path / str(ok),
            probes=[
                probe(
                    "the caller's token, decoded",
                    "checkout",
                    expect="aud=https://fx.example",
                    body_excerpt=f'{{"aud":"{aud}","iss":"https://id.example"}}',
                    ok=ok,
                )
            ],
        )

        assert (seen(observed(scene), Fact.AUDIENCES_DIFFER) is None) is ok


def test_a_value_that_is_shorter_where_it_is_read_is_told(tmp_path: Path) -> None:
    """Fewer bytes in the process than were expected; of another thing's size nothing is said."""
    short = {"expect": "41 bytes", "body_excerpt": "27", "ok": False}
    scene = scene_in(tmp_path / "a", probes=[probe("length of TOKEN_SECRET", "orders", **short)])
    other = scene_in(tmp_path / "b", probes=[probe("length of the answer", "orders", **short)])

    assert seen(observed(scene), Fact.VALUE_SHORTENED)
    assert silent(observed(other), Fact.VALUE_SHORTENED)


def test_instances_that_agree_with_others_are_told_from_those_that_do_not(tmp_path: Path) -> None:
    """Accepted by two and refused by a third, always: split; accepted by one alone it is not."""
    for names, is_split in ((("a", "b", "c"), True), (("a", "a", "c"), False)):
        scene = scene_in(
            tmp_path / "".join(names),
            probes=[
                probe(
                    f"one ticket, try {number} (no affinity)",
                    ORDERS,
                    expect=200,
                    status=403 if name == "c" else 200,
                    headers={"x-instance": f"instance-{name}"},
                    ok=name != "c",
                )
                for number, name in enumerate(names)
            ],
        )
        found = list(observed(scene))

        assert seen(found, Fact.INSTANCES_DISAGREE)
        assert (seen(found, Fact.SPLIT_BY_INSTANCE) is not None) is is_split
