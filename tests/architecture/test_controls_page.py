"""The page of controls names every control, and the page of identity every rule."""

from pathlib import Path

import pytest

from fleetscan.analyse.controls.checklist import CONTROLS
from fleetscan.analyse.identity_findings import RULE_IDS
from fleetscan.model.control import Control

GUIDE = Path(__file__).parents[2] / "docs" / "guide"


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
def test_every_control_is_explained(control: Control) -> None:
    assert f"| `{control.id}` |" in (GUIDE / "controls.md").read_text()


def test_no_control_is_explained_that_does_not_exist() -> None:
    rows = [line for line in (GUIDE / "controls.md").read_text().splitlines() if line.startswith(("| `M1", "| `T1"))]
    assert len(rows) == len(CONTROLS)


def test_every_rule_of_identity_is_explained() -> None:
    page = (GUIDE / "identity.md").read_text()
    assert [rule for rule in RULE_IDS if f"| `{rule}` |" not in page] == []
