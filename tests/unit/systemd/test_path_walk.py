"""Following paths with what lstat said of their components."""

from collections.abc import Mapping

import pytest

from fleetscan.systemd.path_walk import Ending, Node, NodeKind, Unknown, Walked, follow_path

DIRECTORY, FILE = Node(NodeKind.DIRECTORY), Node(NodeKind.FILE)


def link(target: str) -> Node:
    return Node(NodeKind.LINK, target)


DISK: Mapping[str, Node] = {
    "/bin": link("usr/bin"),
    "/usr": DIRECTORY,
    "/usr/bin": DIRECTORY,
    "/usr/bin/sh": link("dash"),
    "/usr/bin/dash": FILE,
    "/opt": DIRECTORY,
    "/opt/up": link("../usr/./bin//dash"),
    "/opt/self": link("self"),
    "/opt/away": link("/net/share/x"),
    "/net": DIRECTORY,
    "/net/share": Node(NodeKind.AWAY, "autofs"),
    "/secret": Node(NodeKind.CLOSED),
    "/opt/plain": FILE,
}


def follow(path: str) -> Walked:
    """Follow a path on the disk as a scanner would: ask for what is unknown, then try again."""
    known: dict[str, Node] = {}
    for _round in range(100):
        walked = follow_path(path, known.get)
        if isinstance(walked, Walked):
            return walked
        assert not set(walked.paths) & known.keys()
        known.update({asked: DISK.get(asked, Node(NodeKind.ABSENT)) for asked in walked.paths})
    raise AssertionError(path)


def test_every_link_on_the_way_is_told() -> None:
    walked = follow("/bin/sh")
    assert (walked.ending, walked.path) == (Ending.FOUND, "/usr/bin/dash")
    assert walked.links == ("/bin → usr/bin", "/usr/bin/sh → dash")
    assert walked.components == ("/", "/bin", "/usr", "/usr/bin", "/usr/bin/sh", "/usr/bin/dash")


@pytest.mark.parametrize(
    ("path", "ending", "end"),
    [
        ("/opt/up", Ending.FOUND, "/usr/bin/dash"),
        ("/opt//./plain", Ending.FOUND, "/opt/plain"),
        ("/../opt/plain", Ending.FOUND, "/opt/plain"),
        ("/", Ending.FOUND, "/"),
        ("/opt/none/x", Ending.ABSENT, "/opt/none"),
        ("/opt/plain/x", Ending.ABSENT, "/opt/plain"),
        ("/opt/self", Ending.LOOP, "/opt/self"),
        ("/opt/away", Ending.AWAY, "/net/share"),
        ("/secret/x", Ending.DENIED, "/secret"),
        ("/secret", Ending.FOUND, "/secret"),
    ],
)
def test_a_path_ends_where_the_kernel_would_end(path: str, ending: Ending, end: str) -> None:
    walked = follow(path)
    assert (walked.ending, walked.path) == (ending, end)


def test_what_lies_away_says_on_what() -> None:
    assert follow("/opt/away").why == "autofs"


def test_a_path_without_links_takes_one_question() -> None:
    first = follow_path("/usr/bin/dash", lambda _path: None)
    assert first == Unknown(("/usr", "/usr/bin", "/usr/bin/dash"))


def test_a_path_longer_than_the_kernel_takes_is_absent() -> None:
    walked = follow_path("/a" * 3000, lambda _path: DIRECTORY)
    assert isinstance(walked, Walked)
    assert walked.ending is Ending.ABSENT


def test_a_path_of_many_components_is_asked_for_in_parts() -> None:
    walked = follow_path("/a" * 1000, lambda _path: None)
    assert isinstance(walked, Unknown)
    assert len(walked.paths) == 64  # all of them are a megabyte of text, for each of the paths that a unit can name
    assert follow("/opt" + "/none" * 500).ending is Ending.ABSENT


@pytest.mark.parametrize("path", ["/a" * 2000, "/long/x"])
def test_a_path_made_to_keep_somebody_busy_is_not_followed_to_its_end(path: str) -> None:
    long = link("/".join(["a"] * 2000))
    walked = follow_path(path, lambda asked: long if asked == "/long" else DIRECTORY)
    assert walked == Unknown(())
