"""Who else may write what a job is made of or runs."""

import pytest

from fleetscan.analyse.doors import MAX_DOORS, describe_door, is_sticky, open_components, owner_in
from fleetscan.model.ids import GLOBAL_USER, SYSTEM, Scope, user_scope
from fleetscan.model.snapshot import Artifact, ArtifactKind


def place(
    path: str = "/opt/app",
    mode: int = 0o755,
    owner: str = "root",
    group: str = "root",
    *,
    kind: ArtifactKind = ArtifactKind.DIRECTORY,
) -> Artifact:
    return Artifact(kind=kind, scope=SYSTEM, name=path, mode=mode, owner=owner, group=group)


@pytest.mark.parametrize(
    ("artifact", "door"),
    [
        (place(), None),
        (place(owner="0", group="0", mode=0o775), None),
        (place(group="staff", mode=0o755), None),
        (place(group="staff", mode=0o775), "/opt/app root:staff 0775"),
        (place(mode=0o757), "/opt/app root:root 0757"),
        (place(owner="deploy"), "/opt/app deploy:root 0755"),
        (place(owner="deploy", mode=0o500), "/opt/app deploy:root 0500"),  # the owner may change the mode
    ],
)
def test_a_door_is_what_others_than_root_may_change(artifact: Artifact, door: str | None) -> None:
    assert describe_door(artifact) == door


def test_the_mode_of_a_link_means_nothing_and_its_owner_may_replace_it() -> None:
    assert describe_door(place(mode=0o777, kind=ArtifactKind.LINK)) is None
    assert describe_door(place(mode=0o777, owner="deploy", kind=ArtifactKind.LINK)) is not None


def test_what_a_user_owns_is_no_door_of_the_users_own_jobs() -> None:
    own = place("/home/ann/.config", owner="ann", group="ann", mode=0o775)
    assert describe_door(own, "ann") is None
    assert describe_door(own) is not None
    assert describe_door(own, "bob") is not None


def test_an_unknown_mode_and_owner_open_nothing() -> None:
    assert describe_door(Artifact(kind=ArtifactKind.FILE, scope=SYSTEM, name="/x")) is None


@pytest.mark.parametrize(("mode", "sticky"), [(0o1777, True), (0o777, False)])
def test_sticky_folders_are_told_apart(mode: int, *, sticky: bool) -> None:
    assert is_sticky(place("/tmp", mode)) is sticky


@pytest.mark.parametrize(("scope", "owner"), [(SYSTEM, "root"), (GLOBAL_USER, "root"), (user_scope("ann"), "ann")])
def test_each_scope_has_an_owner(scope: Scope, owner: str) -> None:
    assert owner_in(scope) == owner


def test_doors_on_the_way_are_told_from_the_outermost_one() -> None:
    by_path = {a.name: a for a in (place("/srv", 0o777), place("/srv/app"), place("/srv/app/run", owner="ops"))}
    assert list(open_components("/srv/app/run", by_path, "root")) == [
        "/srv root:root 0777",
        "/srv/app/run ops:root 0755",
    ]
    assert list(open_components("/elsewhere", by_path, "root")) == []


def test_a_path_without_end_gives_a_bounded_number_of_doors() -> None:
    deep = "/d" * 500
    by_path = {deep[: 2 * n]: place(deep[: 2 * n], 0o777) for n in range(1, 501)}
    assert len(list(open_components(deep, by_path, "root"))) == MAX_DOORS
