"""Three views of each manager. A view that cannot be understood is a gap, and never a host without timers."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import SYSTEM, user_scope
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.probe.managers import Managers, read_managers
from fleetscan.probe.wire import Frame
from tests.unit.probe.frames import LOADED, TIMERS_TEXT, UNIT_FILES, by_section, complete_visit, frame

NOT_FOUND = "Id=ghost.timer\nLoadState=not-found\nActiveState=inactive\n"


def managers(**changed: Frame | None) -> Managers:
    return read_managers(by_section(complete_visit(**changed)), 252, merged_usr=True)


def loaded(found: Managers) -> dict[str, Artifact]:
    return {a.name: a for a in found.artifacts if a.kind is ArtifactKind.LOADED}


def areas(gaps: list[Gap]) -> set[tuple[Area, ReadStatus]]:
    return {(gap.area, gap.status) for gap in gaps}


def test_three_readable_views_have_no_gap() -> None:
    found = managers()
    assert found.gaps == []
    assert [row.unit for row in found.timers] == ["backup.timer"]
    assert set(loaded(found)) == {"backup.timer", "backup.service"}
    assert loaded(found)["backup.timer"].property("Listed") == "yes"


def test_json_is_preferred_to_text() -> None:
    other = TIMERS_TEXT.replace("backup", "texted")
    assert [row.unit for row in managers(timers_text=frame("timers-text", other)).timers] == ["backup.timer"]


@pytest.mark.parametrize("json_frame", [None, frame("timers-json", "[broken"), frame("timers-json", status="timeout")])
def test_text_stands_in_for_json(json_frame: Frame | None) -> None:
    found = managers(timers_json=json_frame)
    assert found.gaps == []
    assert [(row.unit, row.activates) for row in found.timers] == [("backup.timer", ("backup.service",))]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (frame("timers-text", "what is this\n"), ReadStatus.FAILED),
        (frame("timers-text", TIMERS_TEXT.replace("1 timers", "2 timers")), ReadStatus.FAILED),
        (frame("timers-text", status="timeout"), ReadStatus.TIMED_OUT),
        (frame("timers-text", status="failed-1"), ReadStatus.FAILED),
        (frame("timers-text", TIMERS_TEXT, status="truncated"), ReadStatus.TRUNCATED),
        (None, ReadStatus.FAILED),
    ],
)
def test_a_list_of_timers_that_is_not_understood_is_a_gap_and_no_empty_list(
    text: Frame | None, status: ReadStatus
) -> None:
    found = managers(timers_text=text, timers_json=None)
    assert found.timers == ()
    assert areas(found.gaps) == {(Area.TIMERS, status)}
    assert loaded(found)["backup.timer"].property("Listed") == ""


def test_a_list_without_timers_is_empty_and_no_gap() -> None:
    found = managers(timers_text=frame("timers-text", "0 timers listed.\n"), timers_json=frame("timers-json", "[]\n"))
    assert (found.timers, found.gaps) == ((), [])


def test_an_active_timer_that_is_not_listed_is_told() -> None:
    found = managers(timers_text=frame("timers-text", "0 timers listed.\n"), timers_json=frame("timers-json", "[]\n"))
    assert loaded(found)["backup.timer"].property("Listed") == "no"


def test_an_inactive_timer_that_was_only_asked_about_is_innocently_not_listed() -> None:
    text = LOADED + "\nId=idle.timer\nLoadState=loaded\nActiveState=inactive\n"
    assert loaded(managers(loaded=frame("loaded", text)))["idle.timer"].property("Listed") == ""


def test_a_unit_that_was_only_asked_about_and_does_not_exist_is_left_out() -> None:
    assert "ghost.timer" not in loaded(managers(loaded=frame("loaded", f"{LOADED}\n{NOT_FOUND}")))


@pytest.mark.parametrize("state", ["active", "activating", "failed"])
def test_a_unit_without_a_file_that_is_in_memory_is_kept(state: str) -> None:
    block = NOT_FOUND.replace("inactive", state)
    assert "ghost.timer" in loaded(managers(loaded=frame("loaded", f"{LOADED}\n{block}")))


def test_a_listed_timer_without_a_file_is_kept() -> None:
    text = LOADED.replace("LoadState=loaded\nActiveState=active", "LoadState=not-found\nActiveState=inactive")
    assert loaded(managers(loaded=frame("loaded", text)))["backup.timer"].property("LoadState") == "not-found"


def test_a_timer_that_is_listed_but_not_shown_is_a_gap() -> None:
    (gap,) = managers(loaded=frame("loaded", "Id=other.timer\nLoadState=loaded\n")).gaps
    assert (gap.area, gap.scope, gap.status) == (Area.LOADED, SYSTEM, ReadStatus.FAILED)
    assert "backup.timer is listed" in gap.reason


@pytest.mark.parametrize(
    ("given_frame", "status"),
    [
        (None, ReadStatus.FAILED),
        (frame("loaded", LOADED, status="truncated"), ReadStatus.TRUNCATED),
        (frame("loaded", LOADED, status="timeout"), ReadStatus.TIMED_OUT),
        (frame("loaded", "no property\n"), ReadStatus.FAILED),
    ],
)
def test_loaded_units_that_are_not_understood_are_a_gap(given_frame: Frame | None, status: ReadStatus) -> None:
    found = managers(loaded=given_frame)
    assert loaded(found) == {}
    assert areas(found.gaps) == {(Area.LOADED, status)}


def test_a_failed_show_keeps_what_it_said_and_is_a_gap() -> None:
    found = managers(loaded=frame("loaded", LOADED, status="failed-1"))
    assert "backup.timer" in loaded(found)
    assert areas(found.gaps) == {(Area.LOADED, ReadStatus.FAILED)}


def test_of_a_unit_shown_twice_the_first_counts() -> None:
    text = f"{LOADED}\nId=backup.timer\nLoadState=masked\n"
    assert loaded(managers(loaded=frame("loaded", text)))["backup.timer"].property("LoadState") == "loaded"


def test_values_are_bounded() -> None:
    text = f"{LOADED}\nId=long.service\nLoadState=loaded\nDescription={'x' * 100_000}\n"
    assert len(loaded(managers(loaded=frame("loaded", text)))["long.service"].property("Description")) <= 16_384


def test_paths_are_spelled_as_on_merged_hosts_and_environments_are_left_out() -> None:
    text = (
        LOADED + "\nId=x.service\nLoadState=loaded\nFragmentPath=/lib/systemd/system/x.service\nEnvironment=TOKEN=1\n"
    )
    found = loaded(managers(loaded=frame("loaded", text)))["x.service"]
    assert found.property("FragmentPath") == "/usr/lib/systemd/system/x.service"
    assert found.property("Environment") == ""


def test_users_managers_are_read_in_their_own_scope() -> None:
    frames = by_section(complete_visit())
    for given_frame in (
        frame("timers-text", TIMERS_TEXT, scope="user:ann"),
        frame("loaded", LOADED, scope="user:ann"),
        frame("unit-files", UNIT_FILES, scope="user:ann"),
    ):
        frames[given_frame.section, given_frame.scope] = given_frame
    found = read_managers(frames, 252, merged_usr=True)
    assert found.gaps == []
    assert [row.scope for row in found.timers] == [SYSTEM, user_scope("ann")]
    assert {a.scope for a in found.artifacts if a.kind is ArtifactKind.UNIT_FILE} == {SYSTEM, user_scope("ann")}


def test_a_users_manager_that_cannot_be_asked_is_a_gap_of_that_user_alone() -> None:
    frames = by_section(complete_visit())
    frames["timers-text", "user:ann"] = frame("timers-text", status="missing", scope="user:ann")
    found = read_managers(frames, 252, merged_usr=True)
    assert {(gap.area, gap.scope) for gap in found.gaps} == {
        (area, user_scope("ann")) for area in (Area.TIMERS, Area.LOADED, Area.UNIT_FILES)
    }


def test_a_users_manager_that_ended_while_it_was_asked_is_no_gap() -> None:
    frames = by_section(complete_visit())
    frames["timers-text", "user:ann"] = frame("timers-text", status="failed-1", scope="user:ann")
    frames["ended", "user:ann"] = frame("ended", scope="user:ann")
    found = read_managers(frames, 252, merged_usr=True)
    assert found.gaps == []
    assert {artifact.scope for artifact in found.artifacts} == {SYSTEM}


def test_the_systems_own_manager_cannot_have_ended() -> None:
    frames = by_section(complete_visit())
    frames["ended", SYSTEM] = frame("ended")
    assert read_managers(frames, 252, merged_usr=True).timers


@pytest.mark.parametrize(
    "text", [UNIT_FILES, "UNIT FILE    STATE   PRESET\nbackup.timer enabled enabled\n\n1 unit files listed.\n"]
)
def test_unit_files_are_read_from_json_and_from_text(text: str) -> None:
    rows = [a for a in managers(unit_files=frame("unit-files", text)).artifacts if a.kind is ArtifactKind.UNIT_FILE]
    assert [(row.name, row.properties) for row in rows] == [
        ("backup.timer", (("preset", "enabled"), ("state", "enabled")))
    ]


@pytest.mark.parametrize(
    "given_frame", [None, frame("unit-files", "[{"), frame("unit-files", "?"), frame("unit-files", status="timeout")]
)
def test_unit_files_that_are_not_understood_are_a_gap(given_frame: Frame | None) -> None:
    found = managers(unit_files=given_frame)
    assert {gap.area for gap in found.gaps} == {Area.UNIT_FILES}
    assert not [a for a in found.artifacts if a.kind is ArtifactKind.UNIT_FILE]


def test_unit_files_that_start_no_code_are_left_out() -> None:
    rows = [
        {"unit_file": f"x.{kind}", "state": "static", "preset": None} for kind in ("mount", "slice", "timer", "path")
    ]
    found = managers(unit_files=frame("unit-files", json.dumps(rows)))
    assert sorted(a.name for a in found.artifacts if a.kind is ArtifactKind.UNIT_FILE) == ["x.path", "x.timer"]


@given(st.sampled_from(["timers_text", "timers_json", "loaded", "unit_files"]), st.binary(max_size=200))
def test_other_bytes_never_raise(section: str, data: bytes) -> None:
    name = section.replace("_", "-")
    for stream in (data, b"[" + data, b"Id=" + data, b"NEXT " + data):
        managers(**{section: frame(name, stream)})
