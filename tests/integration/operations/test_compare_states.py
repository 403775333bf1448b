"""What differs between two states, on both databases; what was not read is never a difference."""

from dataclasses import replace

import pytest

from fleetscan.errors import UsageError
from fleetscan.export.question_records import DifferenceRecord
from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import HostName
from fleetscan.operations.compare_states import compare_states
from fleetscan.store.store import Store
from tests.integration.operations.question_fleet import (
    CONTENTS,
    ETC,
    HIDDEN,
    LATER_SERVICE,
    NAMES,
    STOCK,
    infected,
    intruder,
    program,
    stock,
)
from tests.stored_fleet import DAY, NOW, VENDOR, failure, file, snapshot, sweep_day

pytest_plugins = ("tests.databases",)
ONE, TWO, THREE, _ = NAMES


def kinds(records: tuple[DifferenceRecord, ...]) -> list[tuple[str, str]]:
    return [(record.kind, record.name) for record in records]


def test_what_one_host_has_and_another_has_not_is_told_both_ways_with_its_text(store: Store) -> None:
    sweep_day(store, 0, stock(ONE), infected(TWO))
    (added,) = compare_states(store, (ONE, TWO)).records
    assert (added.kind, added.name, added.before, added.after) == ("added", "evil.timer", ONE, TWO)
    assert "/opt/x/run.sh" in added.sentence
    texts = {diff.path: diff.lines for diff in added.diffs}
    assert texts[f"{ETC}/evil.timer"][1:] == ("+[Timer]", "+OnCalendar=*:0/5")
    (removed,) = compare_states(store, (TWO, ONE)).records
    assert removed.kind == "removed"
    assert {diff.path: diff.lines for diff in removed.diffs}[f"{ETC}/evil.timer"][1:] == (
        "-[Timer]",
        "-OnCalendar=*:0/5",
    )


def test_a_change_is_told_by_directive_and_by_line(store: Store) -> None:
    sweep_day(store, 0, infected(ONE))
    sweep_day(store, 1, infected(ONE, 1, LATER_SERVICE))
    (changed,) = compare_states(store, ("web1@1..2",)).records
    assert (changed.kind, changed.name, changed.before, changed.after) == ("changed", "evil.timer", "web1@1", "web1@2")
    assert [(c.key, c.before, c.after, c.line) for c in changed.changes] == [
        ("ExecStart", ("/bin/sh /opt/x/run.sh",), ("/bin/sh /opt/x/run.sh --more",), 2),
        ("User", (), ("nobody",), 3),
    ]
    (diff,) = changed.diffs
    assert diff.path == f"{ETC}/evil.service"
    assert "+User=nobody" in diff.lines


def test_a_swapped_script_is_told_by_its_hashes(store: Store) -> None:
    swapped = (*intruder()[:3], program("/opt/x/run.sh", b"#!/bin/sh\n"))
    sweep_day(store, 0, infected(ONE), snapshot(TWO, (*STOCK, *swapped), contents=CONTENTS))
    (target,) = compare_states(store, (ONE, TWO)).records
    assert (target.kind, [change.path for change in target.targets]) == ("target", ["/opt/x/run.sh"])
    assert target.targets[0].before != target.targets[0].after


def test_equal_states_have_no_difference(store: Store) -> None:
    sweep_day(store, 0, infected(ONE), infected(TWO))
    assert compare_states(store, (ONE, TWO)).records == ()


def test_what_a_gap_could_hide_is_neither_added_nor_removed(store: Store) -> None:
    everything = Gap(Area.FILES, None, ReadStatus.DENIED, None, "permission denied")
    sweep_day(store, 0, infected(ONE), stock(TWO, 0, HIDDEN), stock(THREE, 0, everything))
    for blind in (TWO, THREE):
        for words in ((ONE, blind), (blind, ONE)):
            records = compare_states(store, words).records
            assert {record.kind for record in records} == {"not compared"}
            assert any("evil.timer" in record.sentence for record in records)
            assert not any("too few" in record.sentence for record in records)


def test_the_state_of_a_sweep_is_the_last_one_up_to_it(store: Store) -> None:
    sweep_day(store, 0, stock(ONE))
    sweep_day(store, 1, failure(ONE, NOW + DAY))
    sweep_day(store, 2, infected(ONE, 2))
    assert compare_states(store, ("web1@1..2",)).records == ()
    assert kinds(compare_states(store, ("web1@2", "web1")).records) == [("added", "evil.timer")]


def test_a_host_with_an_odd_name_is_taken_by_its_name_first(store: Store) -> None:
    odd = HostName("web1@1")
    sweep_day(store, 0, stock(ONE), infected(odd))
    assert kinds(compare_states(store, (ONE, odd)).records) == [("added", "evil.timer")]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("web1",), "two states"),
        (("web1", "web1", "web1"), "two states"),
        (("web1", "nobody"), "never read"),
        (("web1@1..9",), "no sweep 9"),
        (("web9@1..1",), "was not read"),
        (("web1@1..1", "web1"), "two states already"),
    ],
)
def test_words_that_name_no_two_states_are_the_users_error(store: Store, words: tuple[str, ...], told: str) -> None:
    sweep_day(store, 0, stock(ONE))
    with pytest.raises(UsageError, match=told):
        compare_states(store, words)


def test_a_drop_in_that_only_one_side_could_have_shown_is_no_change(store: Store) -> None:
    folder = Gap(Area.FILES, None, ReadStatus.DENIED, f"{ETC}/evil.service.d", "permission denied")
    more = file(f"{ETC}/evil.service.d/10-more.conf", b"[Service]\nNice=5\n")
    texts = {**CONTENTS, digest_bytes(b"[Service]\nNice=5\n"): b"[Service]\nNice=5\n"}
    blind = snapshot(ONE, (*STOCK, *intruder()), contents=texts, gaps=(folder,))
    changed = snapshot(THREE, (*STOCK, *intruder(LATER_SERVICE)), contents=texts, gaps=(folder,))
    sweep_day(store, 0, blind, snapshot(TWO, (*STOCK, *intruder(), more), contents=texts), changed)
    for words in ((ONE, TWO), (TWO, ONE)):
        (note,) = compare_states(store, words).records
        assert note.kind == "not compared"
        assert "evil.service.d" in note.sentence
    assert ("changed", "evil.timer") in kinds(compare_states(store, (THREE, TWO)).records)  # its bytes are known


def test_states_are_compared_only_where_both_could_tell_them(store: Store) -> None:
    off = replace(VENDOR[1], properties=(("ActiveState", "inactive"), *VENDOR[1].properties[1:]))
    views = tuple(Gap(area, None, ReadStatus.DENIED, None, "denied") for area in (Area.LOADED, Area.UNIT_FILES))
    sweep_day(
        store,
        0,
        stock(ONE),
        snapshot(TWO, (*STOCK[:2], off), contents=CONTENTS),
        snapshot(THREE, STOCK[:2], contents=CONTENTS, gaps=views),
    )
    (state,) = compare_states(store, (ONE, TWO)).records
    assert (state.kind, state.name) == ("state", "logrotate.timer")
    assert state.state_before != state.state_after
    for words in ((ONE, THREE), (THREE, ONE)):
        assert "state" not in {record.kind for record in compare_states(store, words).records}
