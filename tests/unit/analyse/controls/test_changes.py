"""Files and links compared, links followed, and the baseline itself."""

import pytest

from fleetscan.analyse.controls.changes import check_baseline, check_files, check_links
from fleetscan.model.control import ControlStatus
from fleetscan.model.coverage import Area
from fleetscan.model.drift import DriftKind, Explanation, ExplanationKind
from fleetscan.model.ids import user_scope
from tests.control_data import UNITS, VENDOR, drift, item, link, state, unit_file, visit
from tests.model_data import gap, lingering

EXPLAINED = (Explanation(ExplanationKind.PACKAGE, "backup 2"),)


@pytest.mark.parametrize("kind", [DriftKind.ADDED, DriftKind.REMOVED, DriftKind.CHANGED], ids=str)
def test_a_file_that_came_went_or_changed_fails_with_its_path(kind: DriftKind) -> None:
    result = check_files(visit(drift=drift(item(kind=kind))))
    assert result.status is ControlStatus.FAIL
    assert (result.evidence[0].path, result.evidence[0].text) == (
        f"{UNITS}/backup.timer",
        f"web1 {kind.value} backup.timer",
    )


def test_a_difference_that_a_package_explains_is_no_fault() -> None:
    explained = drift(item(explanations=EXPLAINED), item(kind=DriftKind.STATE, explanations=EXPLAINED))
    assert check_files(visit(drift=explained)).status is ControlStatus.PASS
    assert check_links(visit(drift=explained)).status is ControlStatus.PASS


def test_lingering_is_no_file_of_a_unit() -> None:
    assert check_files(visit(drift=drift(item(lingering("bob"))))).status is ControlStatus.PASS


def test_without_anything_to_compare_with_files_and_links_are_not_readable() -> None:
    alone = visit(drift=drift(reference=""))
    assert check_files(alone).status is check_links(alone).status is ControlStatus.NOT_READABLE


def test_what_could_not_be_compared_keeps_the_files_from_passing() -> None:
    result = check_files(visit(drift=drift(not_compared=("backup.timer: its file was not read",))))
    assert result.status is ControlStatus.NOT_READABLE


def test_another_state_is_a_change_of_links() -> None:
    changed = visit(drift=drift(item(kind=DriftKind.STATE)))
    assert check_links(changed).status is ControlStatus.FAIL
    assert check_files(changed).status is ControlStatus.PASS


@pytest.mark.parametrize(
    ("name", "target", "user"),
    [
        (f"{UNITS}/x.timer", "/tmp/x.timer", ""),
        (f"{UNITS}/x.timer", "../../../dev/shm/x.timer", ""),
        (f"{UNITS}/x.timer", "/home/bob/x.timer", ""),
        (f"{UNITS}/x.timer", "/opt/gone/x.timer", ""),
        ("/home/bob/.config/systemd/user/x.timer", "/var/tmp/x.timer", "bob"),
    ],
)
def test_a_link_that_leads_astray_fails(name: str, target: str, user: str) -> None:
    scope = {"scope": user_scope(user)} if user else {}
    result = check_links(visit(state(link(name, target, **scope))))
    assert result.status is ControlStatus.FAIL
    assert target in result.evidence[0].text


@pytest.mark.parametrize(
    "target", ["/dev/null", f"{UNITS}/backup.timer", "backup.timer", "/lib/systemd/system/a.timer", "/opt/app/a.timer"]
)
def test_a_link_that_leads_to_a_unit_or_masks_one_is_no_fault(target: str) -> None:
    there = (unit_file(f"{VENDOR}/a.timer"), unit_file("/opt/app/a.timer"))
    assert check_links(visit(state(link(f"{UNITS}/b.timer", target), *there))).status is ControlStatus.PASS


def test_a_link_in_a_home_may_lead_about_the_home() -> None:
    bob = user_scope("bob")
    there = unit_file("/home/bob/dotfiles/x.timer", scope=bob)
    linked = link("/home/bob/.config/systemd/user/x.timer", "/home/bob/dotfiles/x.timer", scope=bob)
    assert check_links(visit(state(there, linked))).status is ControlStatus.PASS


def test_a_link_into_an_unread_directory_is_not_called_dangling() -> None:
    result = check_links(visit(state(link(f"{UNITS}/x.timer", "/opt/x.timer"), gaps=[gap(Area.FILES, "/opt")])))
    assert result.status is ControlStatus.NOT_READABLE


def test_links_in_a_circle_end() -> None:
    round_about = (link(f"{UNITS}/a.timer", "b.timer"), link(f"{UNITS}/b.timer", "a.timer"))
    assert check_links(visit(state(*round_about))).status is ControlStatus.PASS


def test_the_baseline_control_names_who_approved_and_why() -> None:
    result = check_baseline(visit())
    assert result.status is ControlStatus.PASS
    assert "ana@desk: read by two" in result.evidence[0].text


def test_a_cohort_without_a_baseline_fails() -> None:
    result = check_baseline(visit(baseline=None, drift=drift(reference="peers")))
    assert result.status is ControlStatus.FAIL
    assert "compared with peers" in result.evidence[0].text


def test_a_baseline_that_was_not_used_or_not_in_full_is_not_readable() -> None:
    assert check_baseline(visit(drift=drift(reference="peers"))).status is ControlStatus.NOT_READABLE
    assert check_baseline(visit(drift=drift(not_compared=("x",)))).status is ControlStatus.NOT_READABLE


def test_a_host_that_left_the_inventory_is_not_readable() -> None:
    assert check_baseline(visit(drift=None, baseline=None)).status is ControlStatus.NOT_READABLE


@pytest.mark.parametrize("target", ["/tmp/x.timer", "/root/x.timer", "/run/user/1000/x.timer"])
def test_a_link_astray_fails_though_the_file_is_there(target: str) -> None:
    result = check_links(visit(state(link(f"{UNITS}/x.timer", target), unit_file(target))))
    assert [line.text for line in result.evidence] == [f"{UNITS}/x.timer → {target} leads to {target}"]


def test_a_link_is_followed_to_its_end() -> None:
    chain = (link(f"{UNITS}/x.timer", "y.timer"), link(f"{UNITS}/y.timer", "/dev/shm/y.timer"))
    result = check_links(visit(state(*chain)))
    assert [line.path for line in result.evidence] == [f"{UNITS}/x.timer", f"{UNITS}/y.timer"]


def test_what_passes_says_with_what_it_was_compared() -> None:
    for result in (check_files(visit()), check_links(visit())):
        assert "compared with baseline 3" in result.evidence[0].text


def test_a_host_that_left_the_inventory_was_compared_with_nothing() -> None:
    left = visit(drift=None, baseline=None)
    assert check_files(left).status is check_links(left).status is ControlStatus.NOT_READABLE


def test_a_host_without_baseline_and_peers_is_told_plainly() -> None:
    (line,) = check_baseline(visit(baseline=None, drift=drift(reference=""))).evidence
    assert line.text == "no baseline of web/debian-12 is approved"


def test_what_a_package_left_dangling_is_its_own_affair() -> None:
    dangling = link(f"{VENDOR}/graphical.target.wants/x.service", "../x.service")
    assert check_links(visit(state(dangling))).status is ControlStatus.PASS
