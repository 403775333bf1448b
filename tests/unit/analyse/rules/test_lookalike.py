"""Names that imitate those of packages' units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.rules.lookalike import find_imitated

VENDOR = frozenset(
    ["apt-daily", "apt-daily-upgrade", "logrotate", "man-db", "systemd-tmpfiles-clean", "fstrim", "cron", "raid-check1"]
)


@pytest.mark.parametrize(
    ("name", "imitated"),
    [
        ("logrotatte", "logrotate"),
        ("logrotaet", "logrotate"),
        ("l0grotate", "logrotate"),
        ("apt_daily", "apt-daily"),
        ("apt-daily-service", "apt-daily"),
        ("daily-apt", "apt-daily"),
        ("systemd-tmpfile-clean", "systemd-tmpfiles-clean"),
        ("system-tmpfiles-clean", "systemd-tmpfiles-clean"),
        ("fstrlm", "fstrim"),
    ],
)
def test_a_stand_in_is_seen(name: str, imitated: str) -> None:
    assert imitated in find_imitated([name], VENDOR)


@pytest.mark.parametrize("name", ["backup", "logrotate", "apt-daily", "nightly-report", "raid-check2", "cron", "a"])
def test_an_own_name_imitates_nothing(name: str) -> None:
    assert find_imitated([name], VENDOR) == ()


@given(st.text(max_size=300), st.lists(st.text(max_size=200), max_size=5))
def test_any_name_is_compared(name: str, vendor: list[str]) -> None:
    assert set(find_imitated([name], frozenset(vendor))) <= set(vendor)


@given(st.sampled_from(sorted(VENDOR)))
def test_a_package_never_imitates_itself(name: str) -> None:
    assert find_imitated([name], VENDOR) == ()
