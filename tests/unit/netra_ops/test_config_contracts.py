"""Contracts of other services: `--contract FILE`, and the reference written from it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from fakes.configurations import AUTH, BACKEND, env_file, json_file, knative, pair, yaml_file
from fakes.environments import strong_secret
from fakes.netra_command import Done
from netra.contract.declared import netra_auth, netra_backend
from netra.contract.reference import CONTRACTS, as_markdown
from netra.contract.written.documents import document_of
from netra_ops.candidates.contract_file import read_contracts
from netra_ops.cli.main import main

Ran = Callable[..., Done]
SHOP = """\
# The contract of a shop, which lets people in by Netra's tokens.
netra_contract: 1
service: shop
variables:
  - name: ENVIRONMENT
    meaning: Where this runs.
    kind: plain
    format: {type: one-of, words: [staging, production]}
    required: always
    equality_group: environment
  - name: ISSUER
    meaning: The issuer of tokens.
    kind: plain
    format: url
    required: always
    equality_group: issuer
    hosts:
      production: ["*.example"]
  - name: PAYMENT_KEY
    meaning: The key of the payment service.
    kind: secret
    format: {type: secret, least: 24}
    required: {when: {variable: ENVIRONMENT, values: [production]}}
"""


@pytest.fixture
def netra(capsys: pytest.CaptureFixture[str]) -> Ran:
    """Give what runs `netra config`."""

    def run(*arguments: str) -> Done:
        try:
            code = main(["config", *arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """Give the file of the shop's contract."""
    file = tmp_path / "shop.contract.yaml"
    file.write_text(SHOP, encoding="utf-8")
    return str(file)


def test_another_service_is_checked_by_its_contract(netra: Ran, tmp_path: Path, shop: str) -> None:
    """A foreign contract is judged like our own, and compared with our services."""
    auth, _ = pair()
    values = {
        "ENVIRONMENT": "production",
        "ISSUER": auth["ISSUER_URL"],
        "PAYMENT_KEY": strong_secret(),
    }
    files = [env_file(tmp_path, auth, f"{AUTH}.env"), env_file(tmp_path, values, "shop.env")]
    good = netra("check", *files, "--contract", shop)
    env_file(tmp_path, {**values, "ISSUER": "https://other.example"}, "shop.env")
    wrong = netra("check", *files, "--contract", shop)
    env_file(tmp_path, {n: v for n, v in values.items() if n != "PAYMENT_KEY"}, "shop.env")
    lost = netra("check", *files, "--contract", shop)

    assert good.code == 0, good
    assert "2 compared between services" in good.out
    assert wrong.code == lost.code == 1
    assert "shop ISSUER must equal ISSUER_URL of netra-auth" in wrong.out
    assert "shop PAYMENT_KEY is not set, though it is required when ENVIRONMENT is" in lost.out


@pytest.mark.parametrize("notation", ["yaml", "json"])
def test_our_own_contracts_can_be_given_as_files(tmp_path: Path, notation: str) -> None:
    """Written to a file in either notation, they are read back equal."""
    for module in (netra_auth, netra_backend):
        document = document_of(module.CONTRACT)
        file = tmp_path / f"contract.{notation}"
        # YAML's own writer has no tuples.
        plain = json.loads(json.dumps(document))
        file.write_text(
            yaml.safe_dump(plain) if notation == "yaml" else json.dumps(plain), encoding="utf-8"
        )

        assert read_contracts([str(file)]) == (module.CONTRACT,)


def test_a_given_contract_takes_the_place_of_ours(netra: Ran, tmp_path: Path) -> None:
    """Who knows their own hosts says so in a copy of our contract."""
    document = json.loads(netra("reference", "--service", BACKEND, "--json").out)
    for variable in document["variables"]:
        if variable["name"] == "AUTH_SERVICE_URL":
            variable["hosts"] = {"production": ["auth.example.org"]}
    contract = json_file(tmp_path, document, "contract.json")
    file = env_file(tmp_path, pair()[1], f"{BACKEND}.env")
    ours, theirs = netra("check", file), netra("check", file, "--contract", contract)

    assert (ours.code, theirs.code) == (0, 1)
    assert "AUTH_SERVICE_URL names a host that does not belong to production" in theirs.out
    assert "Write an address whose host is auth.example.org" in theirs.out


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (("meaning: Where this runs.", "meant: x"), ":5 is no contract: at variables[0]: it"),
        (("kind: secret", "kind: hidden"), ":21 is no contract: at variables[2].kind: Invalid"),
        (("least: 24", "least: 0.5"), ":22 is no contract: at variables[2].format.least: a num"),
        (("least: 24", "least: few"), ":22 is no contract: at variables[2].format.least: Exp"),
        (("format: url", "format: uri"), ":14 is no contract: at variables[1].format: Invalid"),
        (("service: shop", "service: shop\nservice: x"), ":4 names one part twice"),
        (("variables:", "variables: &all"), ":4 holds an anchor"),
        (("netra_contract: 1", "netra_contract: 2"), ":2 is no contract: at netra_contract"),
        (("values: [production]", "values: []"), ".required.when.values: Expected array"),
        (("service: shop", 'service: "sh\\x1bop"'), ":3 is no contract: at service: a text holds"),
        (("words: [staging,", "words: [on,"), "Expected str, got bool"),
    ],
)
def test_a_bad_contract_is_told_with_its_place(
    netra: Ran, tmp_path: Path, shop: str, damage: tuple[str, str], says: str
) -> None:
    """Which file, which line, which part, what is wrong, and where to read what is right."""
    assert damage[0] in SHOP
    Path(shop).write_text(SHOP.replace(*damage), encoding="utf-8")
    file = env_file(tmp_path, pair()[1], f"{BACKEND}.env")

    done = netra("check", file, "--contract", shop)

    assert done.code == 2
    assert done.err.startswith(shop)
    assert says in done.err
    assert done.err.removesuffix("\n").isprintable()


def test_a_value_of_any_form_that_cannot_be_seen_is_no_pass(netra: Ran, tmp_path: Path) -> None:
    """Where a contract asks nothing of a text, it may still be empty or end in a line break."""
    contract = {"name": "NOTE", "meaning": "A note.", "kind": "secret", "format": "text"}
    document = {"netra_contract": 1, "service": "shop", "variables": [contract]}
    file = yaml_file(tmp_path, knative({}, {"NOTE": ("note", "3")}, "shop"))
    secrets = tmp_path / "secrets" / "note"
    secrets.mkdir(parents=True)
    arguments = ("check", file, "--contract", json_file(tmp_path, document))

    unseen = netra(*arguments)
    seen = []
    for value in ("a text", "a text\n", ""):
        (secrets / "3").write_text(value, encoding="utf-8")
        seen.append(netra(*arguments, "--secrets", str(secrets.parent)).code)

    assert unseen.code == 3
    assert "shop NOTE is taken from the secret note, version 3: it cannot be seen" in unseen.out
    assert seen == [0, 1, 1]


def test_two_names_of_which_one_cannot_be_seen_are_refused(netra: Ran, tmp_path: Path) -> None:
    """A variable set under its name and its alias is refused where the two cannot be compared."""
    variable = {"name": "KEY", "meaning": "A key.", "kind": "secret", "format": "text"}
    variables = [{**variable, "aliases": ["OLD_KEY"]}]
    contract = {"netra_contract": 1, "service": "shop", "variables": variables}
    document = knative({}, {"KEY": ("key", "3"), "OLD_KEY": ("key", "2")}, "shop")
    done = netra(
        "check",
        yaml_file(tmp_path, document),
        "--contract",
        json_file(tmp_path, contract, "contract.json"),
    )

    assert done.code == 1
    assert "shop KEY is set under its names KEY and OLD_KEY, and they cannot be" in done.out


def test_two_contracts_of_one_service_are_refused(netra: Ran, tmp_path: Path, shop: str) -> None:
    """Which one should hold is not guessed."""
    file = env_file(tmp_path, pair()[1], f"{BACKEND}.env")

    done = netra("check", file, "--contract", shop, "--contract", shop)

    assert done.code == 2
    assert "is a second contract of shop" in done.err


def test_the_reference_is_the_committed_page(netra: Ran) -> None:
    """One generator writes what is printed and what is committed."""
    assert netra("reference").out == as_markdown(CONTRACTS)


def test_the_reference_of_one_service_or_of_a_file(netra: Ran, shop: str) -> None:
    """It is printed for one service, or for the contracts that are given."""
    one = netra("reference", "--service", BACKEND).out
    theirs = netra("reference", "--contract", shop).out
    both = netra("reference", "--contract", shop, "--service", "shop", "--json")
    unknown = netra("reference", "--service", "front")
    several = netra("reference", "--json")

    assert "## netra-backend" in one
    assert "## netra-auth" not in one
    assert "### PAYMENT_KEY" in theirs
    assert "- Hosts where ENVIRONMENT is `production`: `*.example`." in theirs
    assert "SERVICE_REGISTRY" not in theirs
    assert json.loads(both.out)["service"] == "shop"
    assert unknown.code == several.code == 2
    assert "Known are netra-auth, netra-backend" in unknown.err


def test_a_contract_is_no_configuration(netra: Ran, tmp_path: Path, shop: str) -> None:
    """Files given in the wrong place are told as what they are not."""
    file = yaml_file(tmp_path, {"apiVersion": "serving.knative.dev/v1", "kind": "Service"})

    assert "is no configuration that is known" in netra("check", shop).err
    assert "is no contract" in netra("check", file, "--contract", file).err
