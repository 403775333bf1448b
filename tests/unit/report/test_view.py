"""The numbers of a page, and the evidence of a drift."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.drift import TextChange
from fleetscan.report.differences import build_diff
from fleetscan.report.inputs import find_new_items
from fleetscan.report.picture import build_dots
from fleetscan.report.pieces import BoxMark, ItemView, LineKind
from fleetscan.report.view import ReportView, build_report_view
from tests.report_data import make_inputs


@pytest.fixture(scope="module")
def view() -> ReportView:
    return build_report_view(make_inputs())


def item_on(view: ReportView, host: str) -> ItemView:
    return next(item for item in view.items if item.host == host)


def test_coverage_counts_every_host_once(view: ReportView) -> None:
    rows = {row.label: row.count for row in view.coverage}
    assert rows == {"complete": 21, "partial": 1, "unreachable": 1, "host key changed": 1}
    assert sum(row.width for row in view.coverage) == pytest.approx(1000, abs=0.1)


def test_severities_are_counted_worst_first_with_the_new_ones(view: ReportView) -> None:
    assert [(row.label, row.count, row.new) for row in view.severities] == [
        ("critical", 1, 1),
        ("high", 3, 2),
        ("medium", 2, 1),
        ("low", 1, 0),
        ("info", 1, 0),
    ]


def test_owners_with_the_worst_to_do_come_first(view: ReportView) -> None:
    rows = [(row.name, row.drift, row.new, row.unread, row.hosts) for row in view.owners]
    assert rows == [("Boris Petrov", 4, 3, 1, 12), ("Clara Lindqvist", 2, 1, 1, 10), ("Anna Weber", 1, 0, 0, 2)]


def test_new_drift_stands_apart_and_no_drift_is_lost(view: ReportView) -> None:
    assert [item.host for item in view.news] == ["web-017", "db-03", "web-021", "web-021"]
    assert len(view.items) == len({item.anchor for item in view.items}) == 8


def test_the_chain_marks_the_drop_in_and_its_command_only(view: ReportView) -> None:
    chain = item_on(view, "db-03").chain
    assert [box.role for box in chain] == ["timer", "service", "drop-in", "executable", "executable"]
    marked = [box.title for box in chain if box.mark is BoxMark.CHANGED]
    assert marked == ["override.conf", "/usr/local/bin/.cache-warm"]


def test_all_boxes_of_a_removed_timer_are_gone(view: ReportView) -> None:
    assert {box.mark for box in item_on(view, "web-010").chain} == {BoxMark.GONE}


def test_every_chain_has_a_marked_box(view: ReportView) -> None:
    assert all(any(box.mark for box in item.chain) for item in view.items)


def test_prevalence_keeps_both_numbers(view: ReportView) -> None:
    prevalence = item_on(view, "web-017").prevalence
    assert (prevalence.text, prevalence.sentence) == ("1 of 12", "comparable hosts has it.")


def test_life_gives_the_interval_in_which_it_appeared(view: ReportView) -> None:
    assert item_on(view, "web-017").life == "Appeared between 23 Nov 2026 02:40 UTC and 24 Nov 2026 02:40 UTC."


def test_the_next_run_of_an_intruder_is_shown(view: ReportView) -> None:
    next_run = item_on(view, "web-017").next_run
    assert next_run
    assert next_run.relative == "in 1 minute"


@pytest.mark.parametrize(
    ("host", "command"),
    [
        ("web-017", "sudo systemctl disable --now -- systemd-netmon.timer"),
        ("web-021", "sudo systemctl --user --machine=deploy@.host disable --now -- sync.timer"),
        ("db-07", "sudo systemctl unmask -- apt-daily-upgrade.timer"),
        ("web-010", "sudo systemctl enable --now -- fstrim.timer"),
    ],
)
def test_what_to_do_fits_the_kind_of_drift(view: ReportView, host: str, command: str) -> None:
    assert command in [line for action in item_on(view, host).actions for line in action.commands]


def test_containing_a_drop_in_leaves_the_unit_it_was_put_on_running(view: ReportView) -> None:
    commands = next(action.commands for action in item_on(view, "db-03").actions if action.title == "Contain")
    assert any(
        command.startswith("sudo mv -- /etc/systemd/system/logrotate.service.d/override.conf") for command in commands
    )
    assert not any("disable" in command.split() for command in commands)


def test_diff_lines_are_numbered_on_their_own_side() -> None:
    diff = build_diff(TextChange(path="/x", lines=("@@ -4,3 +4,3 @@", " same", "-old", "+new", " end", "junk")))
    assert [(line.kind, line.old_number, line.new_number) for line in diff.lines] == [
        (LineKind.HUNK, "", ""),
        (LineKind.SAME, "4", "4"),
        (LineKind.REMOVED, "5", ""),
        (LineKind.ADDED, "", "5"),
        (LineKind.SAME, "6", "6"),
        (LineKind.NOTE, "", ""),
    ]


@given(st.lists(st.text(max_size=30), max_size=20))
def test_no_line_of_a_diff_is_dropped(lines: list[str]) -> None:
    assert len(build_diff(TextChange(path="/x", lines=tuple(lines))).lines) == len(lines)


@given(st.integers(0, 20_000), st.integers(0, 20_000), st.booleans())
def test_a_rare_thing_is_always_drawn_and_the_picture_stays_small(count: int, of_hosts: int, own_apart: bool) -> None:
    dots = build_dots(min(count, of_hosts), of_hosts, own_apart=own_apart)
    assert bool(dots.marked_path) == (min(count, of_hosts) > 0)
    assert dots.width <= 440
    assert dots.height <= 120
    assert len(dots.rest_path) + len(dots.marked_path) < 600


def test_drift_that_the_last_sweep_had_is_not_new() -> None:
    drifts = make_inputs().drifts
    assert find_new_items(drifts, drifts) == frozenset()
    assert len(find_new_items(drifts, ())) == 8
