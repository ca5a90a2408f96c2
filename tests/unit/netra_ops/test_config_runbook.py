"""The runbook's examples do what it says of them: they deploy after a pass and else never."""

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

from architecture.house import ROOT
from netra_ops.candidates.contract_file import read_contracts

PAGE: Final = (ROOT / "docs/runbooks/check_a_configuration.md").read_text(encoding="utf-8")


def examples(notation: str) -> list[str]:
    """Give the page's examples in some notation, in their order."""
    return re.findall(rf"```{notation}\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_of_a_contract_is_one(tmp_path: Path) -> None:
    """What the page shows as a contract file is read."""
    (text,) = [one for one in examples("yaml") if "netra_contract" in one]
    file = tmp_path / "shop.contract.yaml"
    file.write_text(text, encoding="utf-8")

    (contract,) = read_contracts([str(file)])

    assert [variable.name for variable in contract.variables] == [
        *("ENVIRONMENT", "TOKEN_ISSUER", "PAYMENT_KEY")
    ]


@pytest.mark.parametrize("script", examples("sh"))
def test_every_shell_example_can_be_read_by_a_shell(script: str) -> None:
    """No example has a syntax error."""
    done = subprocess.run(
        ["/bin/sh", "-n"], input=script, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
