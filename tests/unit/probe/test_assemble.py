"""A listing holds everything that was seen, and a gap for everything that was not."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.errors import VisitError
from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import GLOBAL_USER, SYSTEM, user_scope
from fleetscan.model.outcome import FailureKind
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.probe.assemble import Listing, assemble_listing
from fleetscan.probe.contents import MAX_CONTENT_BYTES, Offer
from fleetscan.probe.wire import Frame
from tests.unit.probe.frames import ETC, FACTS, SENTINEL, Entry, complete_visit, frame, walk_and_hashes

ANN = user_scope("ann")
ANNS = "home/ann/.config/systemd/user"
LINGER = "var/lib/systemd/linger"
STAMPS = "var/lib/systemd/timers"


def listing(**changed: Frame | None) -> Listing:
    return assemble_listing(list(complete_visit(**changed).values()), SENTINEL)


def walked(*entries: Entry, **changed: Frame | None) -> Listing:
    return listing(**{**walk_and_hashes(*entries), **changed})


def artifact(found: Listing, name: str) -> Artifact:
    return next(a for a in found.artifacts if a.name == name)


def the_gap(found: Listing) -> Gap:
    (gap,) = found.gaps
    return gap


def test_a_complete_visit_has_no_gap() -> None:
    found = listing()
    assert found.gaps == ()
    assert found.remote_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert {a.kind for a in found.artifacts} == {
        ArtifactKind.FILE,
        ArtifactKind.DIRECTORY,
        ArtifactKind.UNIT_FILE,
        ArtifactKind.LOADED,
        ArtifactKind.ACCOUNT,
    }


def test_artifacts_are_sorted_and_no_key_comes_twice() -> None:
    twice = Entry(path=f"{ETC}/a.timer", data=b"1")
    found = walked(Entry(path=f"{ETC}/b.timer", data=b"2"), twice, twice)
    keys = [a.key for a in found.artifacts]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize(
    ("section", "gap"),
    [
        ("os_release", (Area.FACTS, None)),
        ("manager", (Area.FACTS, None)),
        ("users", (Area.USERS, None)),
        ("homes", (Area.USERS, None)),
        ("runtimes", (Area.USERS, None)),
        ("denied", (Area.FILES, None)),
        ("walk", (Area.FILES, None)),
        ("unit_files", (Area.UNIT_FILES, SYSTEM)),
        ("loaded", (Area.LOADED, SYSTEM)),
    ],
)
def test_a_section_that_never_arrived_is_a_gap(section: str, gap: tuple[Area, str | None]) -> None:
    assert gap in {(found.area, found.scope) for found in listing(**{section: None}).gaps}


def test_timers_that_never_arrived_are_a_gap() -> None:
    gaps = listing(timers_text=None, timers_json=None).gaps
    assert (Area.TIMERS, SYSTEM, ReadStatus.FAILED) in {(gap.area, gap.scope, gap.status) for gap in gaps}


@pytest.mark.parametrize("section", ["users", "homes", "runtimes", "walk"])
def test_a_section_that_ended_badly_is_a_gap(section: str) -> None:
    changed = frame(section, complete_visit()[section].payload, status="truncated")
    statuses = {gap.status for gap in listing(**{section: changed}).gaps if gap.path is None}
    assert statuses == {ReadStatus.TRUNCATED}


def test_without_find_the_files_are_a_gap() -> None:
    gap = the_gap(listing(walk=frame("walk", status="missing"), hashes=None))
    assert (gap.area, gap.status, gap.scope, gap.path) == (Area.FILES, ReadStatus.MISSING_TOOL, None, None)


def test_a_walk_that_met_a_vanished_file_is_whole_and_keeps_its_last_record() -> None:
    walk = walk_and_hashes(Entry(path=f"{ETC}/a.timer", type="l", target="/dev/null"))["walk"]
    found = listing(walk=frame("walk", walk.payload, status="failed-1"))
    assert artifact(found, f"/{ETC}/a.timer").target == "/dev/null"
    assert found.gaps == ()


def test_a_walk_that_crashed_is_a_gap_and_its_last_record_is_not_believed() -> None:
    walk = walk_and_hashes(Entry(path=f"{ETC}/a", type="d"), Entry(path=f"{ETC}/b", type="d"))["walk"]
    found = listing(walk=frame("walk", walk.payload, status="failed-139"))
    assert {a.name for a in found.artifacts if a.kind is ArtifactKind.DIRECTORY} == {f"/{ETC}/a"}
    assert the_gap(found).area is Area.FILES


def test_records_that_cannot_be_read_are_a_gap() -> None:
    walk = complete_visit()["walk"]
    gap = the_gap(listing(walk=frame("walk", walk.payload + b"012345 f nonsense\n")))
    assert (gap.area, gap.reason) == (Area.FILES, "1 records of the walk cannot be believed")


def test_a_file_has_owner_mode_size_and_hash() -> None:
    found = walked(Entry(path=f"{ANNS}/a.timer", data=b"[Timer]\n", mode="640", uid=1000, gid=1000))
    assert artifact(found, f"/{ANNS}/a.timer") == Artifact(
        kind=ArtifactKind.FILE,
        scope=ANN,
        name=f"/{ANNS}/a.timer",
        mode=0o640,
        owner="ann",
        group="ann",
        size_bytes=8,
        sha256=digest_bytes(b"[Timer]\n"),
    )
    assert found.offers == {digest_bytes(b"[Timer]\n"): Offer(1, 8)}
    assert found.times[f"/{ANNS}/a.timer"].inode == 77


def test_a_link_has_its_target_and_neither_mode_nor_size() -> None:
    found = artifact(walked(Entry(path=f"{ETC}/a.timer", type="l", target="/dev/null", mode="777")), f"/{ETC}/a.timer")
    assert (found.kind, found.target, found.mode, found.size_bytes) == (ArtifactKind.LINK, "/dev/null", None, None)


def test_further_hard_links_are_told() -> None:
    found = artifact(walked(Entry(path=f"{ETC}/a.timer", data=b"x", links=2)), f"/{ETC}/a.timer")
    assert found.properties == (("links", "2"),)


@pytest.mark.parametrize("kind", ["p", "s", "c", "b"])
def test_a_fifo_socket_or_device_is_special_and_no_gap(kind: str) -> None:
    found = walked(Entry(path=f"{ETC}/a.timer", type=kind))
    assert artifact(found, f"/{ETC}/a.timer").kind is ArtifactKind.SPECIAL
    assert found.gaps == ()


def test_an_empty_file_has_the_hash_of_nothing_and_is_not_offered() -> None:
    found = walked(Entry(path=f"{ETC}/a.timer", mode="000"))
    assert artifact(found, f"/{ETC}/a.timer").sha256 == digest_bytes(b"")
    assert (found.gaps, found.offers) == ((), {})


def test_an_unreadable_file_is_a_gap_of_its_content() -> None:
    unreadable = Entry(path=f"{ANNS}/a.timer", data=b"secret", hashed=False)
    hashes = frame("hashes", status="failed-1")
    found = walked(unreadable, hashes=hashes)
    gap = the_gap(found)
    assert (gap.area, gap.scope, gap.status) == (Area.CONTENT, ANN, ReadStatus.DENIED)
    assert gap.path == f"/{ANNS}/a.timer"
    assert artifact(found, f"/{ANNS}/a.timer").sha256 is None


@pytest.mark.parametrize(
    ("hashes", "status"),
    [
        (frame("hashes", status="missing"), ReadStatus.MISSING_TOOL),
        (frame("hashes", status="timeout"), ReadStatus.TIMED_OUT),
        (frame("hashes", status="failed-139"), ReadStatus.FAILED),
        (None, ReadStatus.FAILED),
    ],
)
def test_hashes_that_did_not_arrive_are_a_gap_for_each_file(hashes: Frame | None, status: ReadStatus) -> None:
    gap = the_gap(listing(hashes=hashes))
    assert (gap.area, gap.status, gap.path) == (Area.CONTENT, status, f"/{ETC}/backup.timer")


def test_a_cut_line_of_hashes_is_not_the_hash_of_another_file() -> None:
    hashes = frame("hashes", f"{'ab' * 32}  {ETC}/a", status="truncated")
    found = walked(Entry(path=f"{ETC}/a", data=b"1"), Entry(path=f"{ETC}/a.timer", data=b"2"), hashes=hashes)
    assert artifact(found, f"/{ETC}/a").sha256 is None
    assert {gap.path for gap in found.gaps} == {f"/{ETC}/a", f"/{ETC}/a.timer"}


def test_of_two_hashes_for_one_path_the_first_counts() -> None:
    entry = Entry(path=f"{ETC}/a.timer", data=b"1")
    hashes = walk_and_hashes(entry)["hashes"].payload + b"ab" * 32 + b"  " + entry.path.encode() + b"\n"
    assert artifact(walked(entry, hashes=frame("hashes", hashes)), f"/{ETC}/a.timer").sha256 == digest_bytes(b"1")


def test_a_large_file_has_a_hash_and_a_gap_for_its_content() -> None:
    entry = Entry(path=f"{ETC}/a.timer", data=b"1", size=MAX_CONTENT_BYTES + 1)
    found = walked(entry)
    assert artifact(found, f"/{ETC}/a.timer").sha256 == digest_bytes(b"1")
    assert (the_gap(found).area, the_gap(found).status) == (Area.CONTENT, ReadStatus.OVERSIZE)
    assert found.offers == {}


def test_a_file_at_the_limit_is_offered() -> None:
    assert len(walked(Entry(path=f"{ETC}/a.timer", data=b"1", size=MAX_CONTENT_BYTES)).offers) == 1


def test_a_huge_file_is_not_hashed_and_too_large() -> None:
    gap = the_gap(walked(Entry(path=f"{ETC}/a.timer", size=5 * 2**20)))
    assert (gap.area, gap.status, gap.path) == (Area.CONTENT, ReadStatus.OVERSIZE, f"/{ETC}/a.timer")


def test_equal_files_are_offered_once_and_all_paths_are_known() -> None:
    found = walked(Entry(path=f"{ETC}/a.timer", data=b"1"), Entry(path=f"{ETC}/b.timer", data=b"1"))
    assert found.offers == {digest_bytes(b"1"): Offer(1, 1)}
    assert found.paths == {digest_bytes(b"1"): (f"/{ETC}/a.timer", f"/{ETC}/b.timer")}


@pytest.mark.parametrize(
    ("path", "area", "scope"),
    [
        (f"{ETC}/x.timer.d", Area.FILES, SYSTEM),
        ("etc/systemd/user", Area.FILES, GLOBAL_USER),
        (f"{ANNS}/x.wants", Area.FILES, ANN),
        (LINGER, Area.LINGER, SYSTEM),
        (STAMPS, Area.STAMPS, SYSTEM),
        ("home/ann/.local/share/systemd/timers", Area.STAMPS, ANN),
    ],
)
def test_an_unreadable_directory_is_a_gap_with_its_path(path: str, area: Area, scope: str) -> None:
    expected = (area, scope, ReadStatus.DENIED, f"/{path}")
    for found in (walked(Entry(path=path, type="!")), listing(denied=frame("denied", f"denied:{path}\n"))):
        gap = the_gap(found)
        assert (gap.area, gap.scope, gap.status, gap.path) == expected


def test_a_runtime_directory_that_is_a_link_is_a_gap() -> None:
    gap = the_gap(listing(denied=frame("denied", "link-out:run/user/1000/systemd\n")))
    assert (gap.area, gap.scope, gap.status) == (Area.FILES, ANN, ReadStatus.NOT_TRIGGERED)
    assert gap.path == "/run/user/1000/systemd"


def test_lingering_users_are_known_by_name() -> None:
    found = walked(Entry(path=LINGER, type="d"), Entry(path=f"{LINGER}/ann"))
    lingering = [a for a in found.artifacts if a.kind is ArtifactKind.LINGER]
    assert [(a.name, a.scope) for a in lingering] == [("ann", SYSTEM)]


def test_stamps_belong_to_their_manager_and_have_times() -> None:
    own = "home/ann/.local/share/systemd/timers/stamp-a.timer"
    found = walked(Entry(path=f"{STAMPS}/stamp-b.timer"), Entry(path=own, uid=1000), Entry(path=f"{STAMPS}/other"))
    stamps = [a for a in found.artifacts if a.kind is ArtifactKind.STAMP]
    assert [(a.scope, a.name) for a in stamps] == [(SYSTEM, f"/{STAMPS}/stamp-b.timer"), (ANN, f"/{own}")]
    assert found.times[f"/{own}"].modified_s == 1_700_000_000


def test_a_host_without_systemd_is_told_and_what_runs_there() -> None:
    text = FACTS.replace("init=systemd", "init=openrc-init").replace("booted=1", "booted=0")
    with pytest.raises(VisitError, match="openrc-init") as caught:
        listing(facts=frame("facts", text))
    assert caught.value.kind is FailureKind.NO_SYSTEMD
    assert caught.value.hint


@pytest.mark.parametrize("facts", [None, frame("facts", ""), frame("facts", "login=root\nuid=0")])
def test_a_host_that_did_not_say_what_it_is_is_not_taken_for_one_without_systemd(facts: Frame | None) -> None:
    with pytest.raises(VisitError) as caught:
        listing(facts=facts)
    assert caught.value.kind is FailureKind.PROTOCOL_ERROR


def test_of_a_repeated_section_the_first_counts() -> None:
    frames = [*complete_visit().values(), frame("walk", ""), frame("facts", "booted=0")]
    assert assemble_listing(frames, SENTINEL) == listing()


@pytest.mark.parametrize("clock", ["", "soon", "-5", "9" * 400, "\u0663"])
def test_a_clock_that_cannot_be_read_is_unknown(clock: str) -> None:
    assert listing(facts=frame("facts", FACTS.replace("clock=1700000000", f"clock={clock}"))).remote_at is None


@given(st.dictionaries(st.sampled_from(sorted(complete_visit())), st.binary(max_size=120), max_size=4))
def test_whatever_the_sections_hold_the_answer_is_a_listing_or_a_visit_error(payloads: dict[str, bytes]) -> None:
    changed: dict[str, Frame | None] = {name: frame(name, data) for name, data in payloads.items()}
    try:
        found = listing(**changed)
    except VisitError:
        assert "facts" in payloads
    else:
        assert len({a.key for a in found.artifacts}) == len(found.artifacts)
