"""Artifacts of files that jobs name."""

from fleetscan.model.ids import SYSTEM
from fleetscan.model.snapshot import ArtifactKind
from fleetscan.probe.people import People
from fleetscan.probe.programs import Named, build_program
from fleetscan.probe.walk import WalkRecord
from fleetscan.systemd.path_walk import Ending, Walked

PEOPLE = People({0: "root", 1000: "deploy"}, {0: "root", 1000: "deploy"}, {}, {}, ())


def record(path: str, *, uid: int = 1000) -> WalkRecord:
    return WalkRecord("d", 0o775, uid, uid, None, 1, path, "", None, None, None)


def exposed(*components: str) -> list[str]:
    walked = Walked(Ending.FOUND, components[-1], (), components)
    named = Named(ArtifactKind.PROGRAM, SYSTEM, components[-1])
    return build_program(named, walked, record, PEOPLE, None).property("exposed").split("\n")


def test_components_that_others_may_write_are_told_from_the_top() -> None:
    assert exposed("/opt", "/opt/x") == ["/opt deploy:deploy 0775", "/opt/x deploy:deploy 0775"]


def test_of_more_components_than_are_kept_none_is_cut_in_two_and_the_others_are_counted() -> None:
    folders = [f"/opt/{number:03}{'x' * 200}" for number in range(30)]
    *told, last = exposed(*folders)
    assert 10 < len(told) < 30
    assert told == [f"{folder} deploy:deploy 0775" for folder in folders[: len(told)]]
    assert last == f"… and {30 - len(told)} more"
    assert exposed(f"/opt/{'x' * 5000}") == ["… and 1 more"]
