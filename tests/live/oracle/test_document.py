"""The list of differences for people, and the one that the tests use."""

from pathlib import Path

from tests.live.oracle.differences import CALENDAR_DIFFERENCES, EXPECTED, VERIFY_DIFFERENCES

_DOCUMENT = Path(__file__).parents[3] / "docs" / "oracle.md"


def test_the_document_gives_the_reason_of_each_difference_and_of_no_other() -> None:
    rows = [line.split("|") for line in _DOCUMENT.read_text().splitlines() if line.startswith("| ")]
    told = {cells[1].strip() for cells in rows if len(cells) == 6} - {"difference"}
    units = {difference.name for difference in EXPECTED} | {"values that are not UTF-8"}
    others = {name for name, _versions in [*CALENDAR_DIFFERENCES.values(), *VERIFY_DIFFERENCES.values()]}
    assert told == units | others
