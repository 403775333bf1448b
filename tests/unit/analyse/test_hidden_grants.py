"""Rights that only some accounts may read."""

from fleetscan.analyse.visibility import find_hiding_gap
from fleetscan.model.coverage import Area, Coverage, Gap, ReadStatus
from fleetscan.model.ids import SYSTEM
from fleetscan.model.subject import SubjectKey, SubjectKind

RULE = SubjectKey(SubjectKind.GRANT, SYSTEM, "deploy ALL=(ALL) NOPASSWD: ALL")
POLICY = SubjectKey(SubjectKind.GRANT, SYSTEM, "/etc/polkit-1/rules.d/49-ops.rules")
DENIED = Gap(Area.GRANTS, SYSTEM, ReadStatus.DENIED, "/etc/sudoers", "the file may not be read")


def test_a_rule_may_stand_in_any_file_that_was_not_read() -> None:
    assert find_hiding_gap(Coverage((DENIED,)), RULE) == DENIED


def test_a_policy_file_is_hidden_by_its_own_path_only() -> None:
    assert find_hiding_gap(Coverage((DENIED,)), POLICY) is None
