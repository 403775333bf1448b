"""Links by the thousand: what is looked at is bounded, and what is left out is told."""

from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import SYSTEM, user_scope
from fleetscan.probe.files import read_files
from fleetscan.probe.people import People, parse_people
from fleetscan.probe.walk_bounds import MAX_LINKS, MAX_USERS
from tests.unit.probe.frames import ETC, SENTINEL, Entry, frame

PEOPLE = parse_people(
    frame("users", "ann:1000:1000:/home/ann:/bin/sh\n"), frame("homes", "ok:ann:1000:/home/ann\n"), None
)
HOME = "home/ann/.config/systemd/user"


def read_links(folder: str, count: int, *, reader: str = "-", people: People = PEOPLE) -> tuple[set[str], list[Gap]]:
    """Give the names of the links that were taken from a folder of so many, and the gaps that concern it."""
    entries = [Entry(type="l", path=f"{folder}/n{i:05}.timer", target="own.timer") for i in reversed(range(count))]
    entries.append(Entry(path=f"{folder}/own.timer", data=b"[Timer]\n"))
    walk = frame("walk", "".join(entry.record for entry in entries), scope=reader)
    files = read_files(
        [walk, frame("hashes", f"{'0' * 64}  {folder}/own.timer\n", scope=f"{reader} 1")], SENTINEL, people
    )
    assert f"/{folder}/own.timer" in {artifact.name for artifact in files.artifacts}
    taken = {artifact.name.rpartition("/")[2] for artifact in files.artifacts if artifact.target}
    return taken, [gap for gap in files.gaps if gap.path == f"/{folder}"]


def test_a_folder_of_too_many_links_is_told_as_read_in_part() -> None:
    taken, gaps = read_links(ETC, MAX_LINKS + 7)
    assert taken == {f"n{i:05}.timer" for i in range(MAX_LINKS)}
    (gap,) = gaps
    assert (gap.area, gap.scope, gap.status) == (Area.FILES, SYSTEM, ReadStatus.TRUNCATED)
    assert str(MAX_LINKS + 7) in gap.reason


def test_the_gap_is_of_the_user_whose_folder_it_is() -> None:
    _taken, (gap,) = read_links(HOME, MAX_LINKS + 1, reader="1000")
    assert gap.scope == user_scope("ann")


def test_as_many_links_as_allowed_are_read_without_a_gap() -> None:
    taken, gaps = read_links(ETC, MAX_LINKS)
    assert (len(taken), gaps) == (MAX_LINKS, [])


def test_links_that_only_say_what_is_started_are_all_read() -> None:
    taken, gaps = read_links(f"{ETC}/timers.target.wants", MAX_LINKS + 7)
    assert (len(taken), gaps) == (MAX_LINKS + 7, [])


def test_of_more_accounts_than_are_looked_at_the_rest_is_told_of() -> None:
    names = [f"u{number}" for number in range(MAX_USERS + 5)]
    people = parse_people(
        frame("users", "".join(f"{name}:{2000 + i}:{2000 + i}:/home/{name}:/bin/sh\n" for i, name in enumerate(names))),
        frame("homes", "".join(f"ok:{name}:{2000 + i}:/home/{name}\n" for i, name in enumerate(names))),
        None,
    )
    entries = [Entry(path=f"home/{name}/.config/systemd/user/a.timer", data=b"x", hashed=False) for name in names]
    walk = frame(
        "walk", "".join(entry.record for entry in [*entries, Entry(path=f"{ETC}/b.timer", type="l", target="c")])
    )
    files = read_files([walk, frame("hashes")], SENTINEL, people)
    assert len({artifact.scope for artifact in files.artifacts}) == MAX_USERS + 1
    (gap,) = [gap for gap in files.gaps if gap.status is ReadStatus.TRUNCATED]
    assert gap.hides(Area.FILES, user_scope(names[-1]))
    assert not gap.hides(Area.FILES, SYSTEM)
