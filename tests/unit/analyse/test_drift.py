"""Drift of one host among its peers, and against a baseline."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.baseline import propose_baseline
from fleetscan.analyse.census import Member
from fleetscan.analyse.compare import diff_cohort
from fleetscan.analyse.fingerprint import UNSEALED, seal_subject
from fleetscan.model.baseline import Approval, Baseline
from fleetscan.model.coverage import Area
from fleetscan.model.drift import DriftItem, DriftKind, HostDrift
from fleetscan.model.ids import EVERY_USER, GLOBAL_USER, SweepId, user_scope
from fleetscan.model.subject import Subject, SubjectKey, SubjectKind
from tests.model_data import (
    ETC,
    WEB,
    fleet,
    gap,
    job,
    lingering,
    loose_unit,
    member,
    orphan_stamp,
    partial,
    read_stored,
)

APT = job("apt-daily", exec_start="/usr/lib/apt/apt.systemd.daily update", folder="/usr/lib/systemd/system")
BACKUP = job("backup")
INTRUDER = job("dbus-sync", exec_start="/var/tmp/.x/upd", calendar="minutely")


def approve(members: list[Member]) -> Baseline:
    proposal = propose_baseline(WEB, SweepId(1), members, (), 0.5)
    return Baseline(
        id=7,
        cohort=WEB,
        version=3,
        sweep=SweepId(1),
        hosts=proposal.hosts,
        min_prevalence=0.5,
        approval=Approval(author="ann", reason="first", approved_at=datetime(2026, 1, 1, tzinfo=UTC)),
        items=proposal.items,
    )


def diff_odd(odd: Member, others: list[Member], baseline: Baseline | None = None) -> HostDrift:
    drifts = diff_cohort(WEB, [*others, odd], baseline, read_stored)
    return next(drift for drift in drifts if drift.host == odd.host)


def only_item(drift: HostDrift) -> DriftItem:
    assert len(drift.items) == 1, drift.items
    return drift.items[0]


def diff_both(odd: Member, *normal: Subject, count: int = 9) -> list[HostDrift]:
    """Compare with peers and with a baseline of the same hosts: both must tell the same."""
    others = fleet(count, *normal)
    return [diff_odd(odd, others), diff_odd(odd, others, approve(others))]


def test_equal_hosts_have_no_drift() -> None:
    others = fleet(5, APT, BACKUP, lingering("bob"), loose_unit())
    for baseline in (None, approve(others)):
        drifts = diff_cohort(WEB, others, baseline, read_stored)
        assert [drift.items for drift in drifts] == [()] * 5
        assert [drift.not_compared for drift in drifts] == [()] * 5


def test_an_unknown_timer_is_added_and_told_in_one_sentence() -> None:
    for drift in diff_both(member("web-017", APT, INTRUDER), APT, count=5):
        item = only_item(drift)
        assert (item.kind, item.expected) == (DriftKind.ADDED, None)
        assert item.sentence == (
            "web-017 runs /var/tmp/.x/upd as root, minutely (dbus-sync.timer); "
            "none of the 5 other comparable web hosts has this timer"
        )
        assert "+ExecStart=/var/tmp/.x/upd" in [line for text in item.texts for line in text.lines]


def test_the_host_itself_counts_for_a_baseline_and_not_for_peers() -> None:
    with_peers, with_baseline = diff_both(member("odd", APT, INTRUDER), APT, count=9)
    assert str(only_item(with_peers).prevalence) == "0 of 9"
    assert str(only_item(with_baseline).prevalence) == "1 of 10"
    assert (with_peers.reference, with_baseline.reference) == ("peers", "baseline 3")


def test_a_missing_timer_is_removed_with_the_number_of_hosts_that_have_it() -> None:
    for drift in diff_both(member("odd", BACKUP), APT, BACKUP):
        item = only_item(drift)
        assert item.kind is DriftKind.REMOVED
        assert item.prevalence.count == 9
        assert item.sentence.startswith("odd lacks apt-daily.timer (runs ")


def test_a_changed_command_is_told_with_both_values_and_its_place() -> None:
    evil = job("backup", exec_start=["/usr/bin/backup", "/opt/upd"])
    for drift in diff_both(member("odd", APT, evil), APT, BACKUP):
        item = only_item(drift)
        assert (item.kind, item.raw_only) == (DriftKind.CHANGED, False)
        (change,) = item.changes
        assert (change.unit, change.section, change.key) == ("backup.service", "Service", "ExecStart")
        assert (change.before, change.after) == (("/usr/bin/backup",), ("/usr/bin/backup", "/opt/upd"))
        assert change.origin is not None
        assert (change.origin.path, change.origin.line) == (f"{ETC}/backup.service", 3)
        assert [(text.path, text.lines[-1]) for text in item.texts] == [
            (f"{ETC}/backup.service", "+ExecStart=/opt/upd")
        ]


def test_a_huge_value_is_cut_in_everything_that_is_told() -> None:
    evil = job("backup", exec_start="/usr/bin/backup " + "A" * 500_000)
    item = only_item(diff_odd(member("odd", evil), fleet(9, BACKUP)))
    assert len(item.changes[0].after[0]) < 3000
    assert len(item.sentence) < 1000
    assert max(len(line) for text in item.texts for line in text.lines) < 1000


def test_a_drop_in_that_adds_a_command_is_a_change() -> None:
    path = f"{ETC}/backup.service.d/10-x.conf"
    hooked = job("backup", drop_ins={path: "ExecStartPost=/usr/bin/curl http://x"})
    item = only_item(diff_odd(member("odd", hooked), fleet(9, BACKUP)))
    assert item.kind is DriftKind.CHANGED
    assert [(c.key, c.before, c.after) for c in item.changes] == [("ExecStartPost", (), ("/usr/bin/curl http://x",))]
    assert [text.path for text in item.texts] == [path]


def test_another_activated_unit_is_a_change_of_unit() -> None:
    retargeted = job("backup", activates="other.service")
    item = only_item(diff_odd(member("odd", retargeted), fleet(9, BACKUP)))
    assert [(c.key, c.before, c.after) for c in item.changes] == [("Unit", ("backup.service",), ("other.service",))]


def test_a_comment_is_a_raw_change() -> None:
    for drift in diff_both(member("odd", job("backup", comment="tuned by bob")), BACKUP):
        item = only_item(drift)
        assert (item.kind, item.raw_only, item.changes) == (DriftKind.CHANGED, True, ())
        assert item.texts[0].lines[0].startswith("@@")


def test_a_mask_is_a_state_and_not_a_list_of_lost_directives() -> None:
    masked = job("apt-daily", exec_start="/usr/lib/apt/apt.systemd.daily update", masked=True)
    plain = job("apt-daily", exec_start="/usr/lib/apt/apt.systemd.daily update")
    for drift in diff_both(member("odd", masked), plain):
        item = only_item(drift)
        assert (item.kind, item.changes) == (DriftKind.STATE, ())
        assert (item.state_before, item.state_after) == ("enabled, active", "masked, inactive")


def test_a_disabled_and_changed_timer_is_one_state_item_with_the_changes() -> None:
    odd = job("backup", exec_start="/opt/upd", enabled="disabled", active="inactive")
    for drift in diff_both(member("odd", odd), BACKUP):
        item = only_item(drift)
        assert item.kind is DriftKind.STATE
        assert [change.key for change in item.changes] == ["ExecStart"]


def test_what_belongs_to_one_user_or_passes_by_is_never_removed() -> None:
    passing = (
        job("sync", scope=user_scope("bob")),
        job("run-u7", invented="run-*.timer#0123456789ab", transient=True),
        job("late", transient=True),
        job("fstab", generated=True),
        lingering("bob"),
        orphan_stamp("old.timer"),
    )
    for drift in diff_both(member("odd", APT), APT, *passing):
        assert drift.items == ()


def test_a_global_user_timer_is_required_like_a_system_one() -> None:
    everyone = job("sync", scope=GLOBAL_USER)
    for drift in diff_both(member("odd", APT), APT, everyone):
        assert only_item(drift).kind is DriftKind.REMOVED


def test_user_managers_that_come_and_go_are_no_drift_of_state() -> None:
    running = job("sync", scope=GLOBAL_USER, active="active")
    away = job("sync", scope=GLOBAL_USER, active="", enabled="enabled")
    for drift in diff_both(member("odd", away), running):
        assert drift.items == ()


def test_a_service_that_a_new_timer_reaches_is_not_removed_as_a_loose_unit() -> None:
    agent = loose_unit("backup.service", [("ExecStart", "/usr/bin/backup")])
    for drift in diff_both(member("odd", BACKUP), agent):
        assert [item.kind for item in drift.items] == [DriftKind.ADDED]


def test_a_service_left_by_a_removed_timer_is_not_added_as_well() -> None:
    left = loose_unit("backup.service", [("ExecStart", "/usr/bin/backup")])
    for drift in diff_both(member("odd", left), BACKUP):
        assert [item.kind for item in drift.items] == [DriftKind.REMOVED]


def test_a_partial_host_never_lacks_what_a_gap_could_hide() -> None:
    for area in (Area.FILES, Area.UNIT_FILES, Area.LOADED):
        odd = member("odd", BACKUP, coverage=partial(gap(area)))
        for drift in diff_both(odd, APT, BACKUP):
            assert drift.items == ()
            assert any("apt-daily.timer: not seen" in note for note in drift.not_compared)


def test_a_gap_elsewhere_does_not_hide_a_removal() -> None:
    elsewhere = (
        gap(Area.FILES, "/home/bob/.config/systemd/user", scope=user_scope("bob")),
        gap(Area.FILES, f"{ETC}/secret.service"),
        gap(Area.FILES, f"{ETC}/secret.service.d"),
        gap(Area.LINGER),
        gap(Area.CONTENT, f"{ETC}/secret.service"),
    )
    for drift in diff_both(member("odd", BACKUP, coverage=partial(*elsewhere)), APT, BACKUP):
        assert only_item(drift).kind is DriftKind.REMOVED


def test_an_unread_directory_of_the_search_path_hides_a_removal() -> None:
    odd = member("odd", BACKUP, coverage=partial(gap(Area.FILES, "/run/systemd/transient")))
    for drift in diff_both(odd, APT, BACKUP):
        assert drift.items == ()


def test_a_subject_with_an_unread_file_is_never_changed() -> None:
    path = f"{ETC}/backup.service"
    odd = member(
        "odd",
        job("backup", exec_start="/opt/other", unreadable=(path,)),
        coverage=partial(gap(Area.FILES, path)),
    )
    for drift in diff_both(odd, BACKUP):
        assert drift.items == ()
        assert drift.not_compared == (f"backup.timer: {path} could not be read",)


def test_a_lost_drop_in_behind_an_unread_folder_is_not_changed() -> None:
    folder = f"{ETC}/backup.service.d"
    hooked = job("backup", drop_ins={f"{folder}/10.conf": "Nice=5"})
    odd = member("odd", BACKUP, coverage=partial(gap(Area.FILES, folder)))
    for drift in diff_both(odd, hooked):
        assert drift.items == ()
        assert "may be unread" in drift.not_compared[0]


def test_bytes_that_were_read_prove_a_change_in_spite_of_a_gap() -> None:
    odd = member(
        "odd", job("backup", exec_start="/opt/x"), coverage=partial(gap(Area.FILES, f"{ETC}/backup.service.d"))
    )
    for drift in diff_both(odd, BACKUP):
        assert only_item(drift).kind is DriftKind.CHANGED


def test_a_state_is_not_compared_when_a_view_is_missing_but_a_mask_that_was_seen_is() -> None:
    coverage = partial(gap(Area.LOADED))
    stopped = member("odd", job("backup", active="inactive"), coverage=coverage)
    for drift in diff_both(stopped, BACKUP):
        assert drift.items == ()
        assert drift.not_compared == ("states of system units: loaded units denied (permission denied)",)
    for drift in diff_both(member("odd", job("backup", masked=True), coverage=coverage), BACKUP):
        assert only_item(drift).kind is DriftKind.STATE


def test_what_was_cut_in_the_homes_of_all_users_makes_neither_a_state_nor_an_orphan() -> None:
    scope = user_scope("bob")
    cut = partial(gap(Area.FILES, scope=EVERY_USER))
    expected = job("backup", scope=scope)
    unlinked = member("odd", job("backup", scope=scope, enabled="disabled"), coverage=cut)
    for drift in diff_both(unlinked, expected):
        assert drift.items == ()
        assert drift.not_compared[0].startswith("states of user:bob units: files denied")
    stamp = seal_subject(Subject(key=SubjectKey(SubjectKind.STAMP, scope, "old.timer"), fingerprint=UNSEALED))
    for drift in diff_both(member("odd", expected, stamp, coverage=cut), expected):
        assert drift.items == ()


def test_a_stamp_is_no_orphan_while_its_timer_could_be_unseen() -> None:
    odd = member(
        "odd", APT, orphan_stamp("old.timer"), coverage=partial(gap(Area.FILES, "/usr/local/lib/systemd/system"))
    )
    for drift in diff_both(odd, APT):
        assert drift.items == ()
        assert drift.not_compared[-1].startswith("the stamp of old.timer")


def test_without_two_peers_there_is_nothing_to_compare_with() -> None:
    for drift in diff_cohort(WEB, fleet(2, APT), None, read_stored):
        assert (drift.reference, drift.items) == ("", ())
        assert len(drift.not_compared) == 1


def test_hosts_that_are_the_same_get_items_under_their_own_names() -> None:
    odd = [member("odd-1", APT, INTRUDER), member("odd-2", APT, INTRUDER)]
    drifts = diff_cohort(WEB, [*fleet(9, APT), *odd], None, read_stored)
    told = {drift.host: drift.items[0] for drift in drifts if drift.items}
    assert {host: item.host for host, item in told.items()} == {"odd-1": "odd-1", "odd-2": "odd-2"}
    assert told["odd-2"].sentence.startswith("odd-2 runs /var/tmp")  # type: ignore[index]  # keys are names of hosts


SUBJECTS = st.lists(
    st.one_of(
        st.builds(
            job,
            st.sampled_from(["aa", "bb", "cc"]),
            exec_start=st.sampled_from(["/usr/bin/a", "/opt/b", "/tmp/c"]),
            calendar=st.sampled_from(["daily", "*:0/5", "nonsense"]),
            enabled=st.sampled_from(["enabled", "disabled", "static"]),
            comment=st.sampled_from(["", "x"]),
            masked=st.booleans(),
        ),
        st.sampled_from([loose_unit(), lingering("bob"), orphan_stamp("old.timer")]),
    ),
    max_size=4,
    unique_by=lambda subject: subject.key,
)


@given(SUBJECTS)
def test_a_host_does_not_differ_from_hosts_like_itself(subjects: list[Subject]) -> None:
    others = fleet(3, *subjects)
    for baseline in (None, approve(others)):
        assert all(drift.items == () for drift in diff_cohort(WEB, others, baseline, read_stored))


@given(SUBJECTS, SUBJECTS, st.lists(st.sampled_from(list(Area)), max_size=3), st.sampled_from([None, ETC]))
def test_nothing_that_a_gap_in_the_system_could_hide_is_removed(
    here: list[Subject], there: list[Subject], areas: list[Area], path: str | None
) -> None:
    gaps = [gap(area, path, scope=None) for area in areas]
    for drift in diff_both(member("odd", *here, coverage=partial(*gaps)), *there, count=4):
        removed = {item.key.kind for item in drift.items if item.kind is DriftKind.REMOVED}
        if {Area.FILES, Area.LOADED, Area.UNIT_FILES} & set(areas):
            assert "job" not in removed
        if Area.FILES in areas:
            assert not removed
