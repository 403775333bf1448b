"""The guide's page on rules says what the program does. Run as a program, this file writes its tables anew."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from fleetscan.rulebook.guide import render_form, render_rules
from fleetscan.rulebook.load import load_rules, read_files
from fleetscan.rulebook.trials import run_trials

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "rules.md"
BLOCKS: dict[str, Callable[[], str]] = {"form": render_form, "rules": lambda: render_rules(load_rules())}


def replace_block(text: str, name: str, block: str) -> str:
    """Put a generated part between its marks."""
    start = f"<!-- {name}: written by tests/architecture/test_rules_page.py -->\n"
    end = f"<!-- end of {name} -->"
    before, mark, rest = text.partition(start)
    assert mark, f"the mark of {name} is missing"
    assert end in rest
    return f"{before}{mark}{block}\n\n{end}{rest.partition(end)[2]}"


@pytest.mark.parametrize("name", BLOCKS)
def test_tables_are_fresh(name: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    fresh = replace_block(text, name, BLOCKS[name]())
    assert text == fresh, "run: .venv/bin/python tests/architecture/test_rules_page.py"


def test_the_example_is_a_valid_rule_that_passes_its_own_tests(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    assert yaml.safe_load(example[1])
    path = tmp_path / "example.yaml"
    path.write_text(example[1], encoding="utf-8")
    written, faults = read_files([path])
    assert faults == ()
    assert [outcome for one in written for outcome in run_trials(one.entry, one.rule) if not outcome.passed] == []


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    for block, render in BLOCKS.items():
        page = replace_block(page, block, render())
    PAGE.write_text(page, encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")
