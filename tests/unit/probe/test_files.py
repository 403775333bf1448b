"""Files that were read with a user's own rights: that user's word counts for that user's files only."""

from fleetscan.model.coverage import Area, ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import user_scope
from fleetscan.probe.files import read_files
from fleetscan.probe.people import parse_people
from fleetscan.probe.wire import Frame
from tests.unit.probe.frames import ETC, SENTINEL, Entry, frame

PEOPLE = parse_people(
    frame("users", "root:0:0:/root:/bin/sh\nann:1000:1000:/home/ann:/bin/sh\n"),
    frame("homes", "ok:root:0:/root\nok:ann:1000:/home/ann\n"),
    frame("runtimes", "ok:1000\n"),
)
HOME = "home/ann/.config/systemd/user"
ANN = user_scope("ann")


def walked(*entries: Entry, reader: str = "1000", status: str = "ok") -> list[Frame]:
    hashes = "".join(f"{digest_bytes(e.data)}  {e.path}\n" for e in entries if e.type == "f" and e.data)
    return [
        frame("walk", "".join(entry.record for entry in entries), scope=reader, status=status),
        frame("hashes", hashes, scope=f"{reader} 5"),
    ]


def test_a_users_files_come_with_the_users_reader() -> None:
    files = read_files(walked(Entry(path=f"{HOME}/a.timer", data=b"x")), SENTINEL, PEOPLE)
    assert [(a.name, a.scope, a.sha256) for a in files.artifacts] == [(f"/{HOME}/a.timer", ANN, digest_bytes(b"x"))]
    (offer,) = files.offers.values()
    assert (offer.number, offer.reader) == (5, "1000")
    assert files.gaps == ()


def test_a_user_cannot_speak_of_the_systems_files() -> None:
    forged = Entry(path=f"{ETC}/a.timer", data=b"x")
    files = read_files(walked(forged, Entry(path=f"{HOME}/b.timer", data=b"y")), SENTINEL, PEOPLE)
    assert [artifact.name for artifact in files.artifacts] == [f"/{HOME}/b.timer"]
    assert files.hashed.keys() == {f"/{HOME}/b.timer"}
    (gap,) = files.gaps
    assert (gap.area, gap.scope, gap.status) == (Area.FILES, ANN, ReadStatus.FAILED)


def test_the_systems_own_hash_counts_before_a_users() -> None:
    own = walked(Entry(path=f"{ETC}/a.timer", data=b"true"), reader="-")
    forged = frame("hashes", f"{digest_bytes(b'forged')}  {ETC}/a.timer\n", scope="1000 9")
    files = read_files([*own, forged], SENTINEL, PEOPLE)
    assert files.hashed[f"/{ETC}/a.timer"].sha256 == digest_bytes(b"true")


def test_a_walk_that_could_not_take_the_users_rights_says_what_is_missing() -> None:
    files = read_files([frame("walk", status="missing", scope="1000")], SENTINEL, PEOPLE)
    (gap,) = files.gaps
    assert (gap.scope, gap.status) == (ANN, ReadStatus.MISSING_TOOL)
    assert "setpriv" in gap.reason


def test_a_walk_that_took_too_long_hides_that_users_files_only() -> None:
    files = read_files([frame("walk", status="timeout", scope="1000")], SENTINEL, PEOPLE)
    (gap,) = files.gaps
    assert gap.hides(Area.FILES, ANN, f"/{HOME}/x.timer")
    assert not gap.hides(Area.FILES, user_scope("root"), "/root/.config/systemd/user/x.timer")
