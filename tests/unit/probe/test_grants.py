"""Which files of sudo are followed, and that it is told where more of them are than that."""

from fleetscan.model.coverage import Area, ReadStatus
from fleetscan.probe.grant_lines import GrantLines
from fleetscan.probe.grants import build_grants
from fleetscan.probe.people import parse_people

ROOT = "/etc/sudoers"


def given(includes: int) -> GrantLines:
    """Give a sudoers file that includes files, the last of which has the only rule."""
    told = GrantLines(read=[ROOT], is_whole=True)
    told.includes[ROOT] = [("file", f"/opt/{number}") for number in range(includes)]
    last = f"/opt/{includes - 1}"
    told.read.append(last)
    told.sudo[last] = [(1, "eve ALL=(ALL) NOPASSWD: ALL")]
    return told


def test_that_more_files_are_included_than_are_followed_is_a_gap() -> None:
    people = parse_people(None, None, None)
    for includes, is_told, is_gap in ((10, True, False), (499, True, False), (500, False, True), (900, False, True)):
        artifacts, gaps = build_grants(given(includes), people, {})
        assert bool(artifacts) is is_told
        assert any(gap.area is Area.GRANTS and gap.status is ReadStatus.TRUNCATED for gap in gaps) is is_gap
