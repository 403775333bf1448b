"""Evidence that a host or one of its users forges, floods or hides."""

import pytest

from fleetscan.errors import ParseError
from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import SYSTEM, user_scope
from fleetscan.probe import wire
from fleetscan.probe.assemble import Listing, assemble_listing
from fleetscan.probe.people import parse_people
from fleetscan.probe.wire import Frame, FrameReader
from tests.unit.probe.frames import ETC, SENTINEL, Entry, complete_visit, encode, frame, walk_and_hashes


def listing_of(*entries: Entry, **changed: Frame | None) -> Listing:
    return assemble_listing(list(complete_visit(**walk_and_hashes(*entries), **changed).values()), SENTINEL)


def test_a_walk_that_failed_and_told_nothing_is_a_gap() -> None:
    sections = complete_visit(walk=frame("walk", status="failed-1"))
    gaps = assemble_listing(list(sections.values()), SENTINEL).gaps
    assert [(gap.area, gap.path) for gap in gaps] == [(Area.FILES, None)]


@pytest.mark.parametrize("folder", ["cron.service.d", "service.d", "timers.target.wants", "a.service.requires"])
def test_a_link_in_place_of_a_folder_of_drop_ins_or_links_is_a_gap(folder: str) -> None:
    gaps = listing_of(Entry(path=f"{ETC}/{folder}", type="l", target="/opt/conf")).gaps
    assert [(gap.area, gap.scope, gap.status, gap.path) for gap in gaps] == [
        (Area.FILES, SYSTEM, ReadStatus.NOT_TRIGGERED, f"/{ETC}/{folder}")
    ]


@pytest.mark.parametrize("target", ["cron.service.d", "./cron.service.d", f"/{ETC}/cron.service.d"])
def test_a_link_to_a_folder_that_was_walked_is_no_gap(target: str) -> None:
    folder = Entry(path=f"{ETC}/cron.service.d", type="d")
    assert listing_of(folder, Entry(path=f"{ETC}/anacron.service.d", type="l", target=target)).gaps == ()


@pytest.mark.parametrize("path", ["evil.service", "evil.timer", "cron.service.d/10-x.conf"])
def test_a_unit_linked_from_elsewhere_is_not_read_and_says_so(path: str) -> None:
    (gap,) = listing_of(Entry(path=f"{ETC}/{path}", type="l", target="/opt/evil.service")).gaps
    assert (gap.area, gap.scope, gap.status) == (Area.CONTENT, SYSTEM, ReadStatus.NOT_TRIGGERED)
    assert gap.path == f"/{ETC}/{path}"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("masked.timer", "/dev/null"),
        ("alias.service", "cron.service"),
        ("alias.service", f"/{ETC}/cron.service"),
        ("timers.target.wants/gone.timer", "/opt/gone.timer"),
        ("not a unit", "/opt/x"),
    ],
)
def test_masks_aliases_and_enabling_links_need_no_text_of_their_own(path: str, target: str) -> None:
    folder = Entry(path=ETC, type="d")
    assert listing_of(folder, Entry(path=f"{ETC}/{path}", type="l", target=target)).gaps == ()


def test_a_path_that_the_walk_tells_twice_is_a_gap() -> None:
    forged = Entry(path="home/ann/.config/systemd/user/x.timer")
    true = Entry(path=forged.path, data=b"[Timer]\nOnBootSec=1\n")
    (gap,) = listing_of(forged, true).gaps
    assert (gap.area, gap.scope, gap.path) == (Area.FILES, user_scope("ann"), f"/{forged.path}")


def test_units_below_the_home_of_a_service_account_are_the_systems() -> None:
    homes = frame("homes", "ok:systemd-timesync:100:/run/systemd\nok:odd:101:/etc\n")
    denied = frame("denied", "denied:run/systemd/generator")
    listing = listing_of(
        Entry(path="run/systemd/transient/x.timer"), Entry(path=f"{ETC}/y.timer"), homes=homes, denied=denied
    )
    assert {a.scope for a in listing.artifacts if a.kind == "file"} == {SYSTEM}
    assert listing.gaps == (
        Gap(Area.FILES, SYSTEM, ReadStatus.DENIED, "/run/systemd/generator", "the directory may not be read"),
    )


def test_the_innermost_home_owns_a_path() -> None:
    homes = frame("homes", "ok:outer:1:/home\nok:inner:2:/home/inner\n")
    people = parse_people(None, homes, None)
    assert people.scope_of("/home/inner/.config/systemd/user/x.timer") == user_scope("inner")
    assert people.scope_of("/home/innermost/.config/systemd/user/x.timer") == user_scope("outer")


def test_many_files_of_one_content_and_all_their_paths_are_kept() -> None:
    entries = [Entry(path=f"{ETC}/{number}.timer", data=b"[Timer]\n") for number in range(3)]
    (paths,) = listing_of(*entries).paths.values()
    assert paths == tuple(f"/{entry.path}" for entry in entries)


def test_a_flood_of_sections_ends_the_visit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_FRAMES", 3)
    reader = FrameReader(SENTINEL, max_bytes=10**6)
    reader.feed(encode(frame("walk")) * 3)
    with pytest.raises(ParseError, match="sections"):
        reader.feed(encode(frame("walk")))


def test_a_search_path_without_end_is_not_kept() -> None:
    manager = frame("manager", "Version=252\nUnitPath=/etc/systemd/system /" + "a" * 10_000 + "\n")
    assert listing_of(manager=manager).facts.unit_path == ("/etc/systemd/system",)
