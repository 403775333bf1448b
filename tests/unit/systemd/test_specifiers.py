import pytest

from fleetscan.systemd.exec_check import check_exec
from fleetscan.systemd.specifiers import find_unknown


@pytest.mark.parametrize(
    ("text", "unknown"),
    [("%n %H %d %%Z", ""), ("100%", ""), ("%-5d", ""), ("a %Z b", "%Z"), ("%%%k", "%k"), ("%9", "%9")],
)
def test_a_specifier_that_no_version_has_is_found(text: str, unknown: str) -> None:
    assert find_unknown(text) == unknown


def test_an_unknown_specifier_in_any_word_refuses_the_unit_unless_failure_is_ignored() -> None:
    assert check_exec("/bin/echo %Z", "a.service", 252).is_fatal
    assert check_exec("-/bin/echo %Z", "a.service", 252)[1:] == ("unknown specifier", False)
    assert check_exec("/bin/echo %H", "a.service", 252).accepted == 1
