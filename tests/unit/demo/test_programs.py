"""A healthy demo host has everything that its units run and read, as the scanner understands these units."""

import hashlib
import posixpath
import re
from collections.abc import Mapping

import pytest

from fleetscan.demo.dpkg import DATABASE
from fleetscan.demo.image import ADMIN, VENDOR, DemoHost, build_tree, cast_fleet
from fleetscan.demo.intruder import plant_timer_pair, plant_user_timer
from fleetscan.demo.packages import find_owner, find_version
from fleetscan.demo.programs import plant_programs, real_path
from fleetscan.demo.release import BOOKWORM, TRIXIE
from fleetscan.demo.stock import service_text, timer_text
from fleetscan.demo.tree import HostTree, TreeFile
from fleetscan.model.ids import GLOBAL_USER, SYSTEM, Sha256
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostFacts
from fleetscan.systemd.jobs import build_jobs
from fleetscan.systemd.loose_units import build_loose_units
from fleetscan.systemd.path_walk import Ending, Node, NodeKind, Unknown, Walked, follow_path
from fleetscan.systemd.programs import ProgramRef
from fleetscan.systemd.reached import find_references

HOSTS = cast_fleet(12)
EACH_KIND = pytest.mark.parametrize("host", [HOSTS[0], HOSTS[1], HOSTS[-2], HOSTS[-1]], ids=lambda host: host.name)
UNITS = ("usr/lib/systemd/", "etc/systemd/")


def look_up(tree: HostTree) -> Mapping[str, Node]:
    nodes = {f"/{path}": Node(NodeKind.FILE) for path in tree.files}
    nodes |= {f"/{path}": Node(NodeKind.LINK, target) for path, target in tree.links.items()}
    for path in (*tree.files, *tree.links, *(f"{folder}/x" for folder in tree.directories)):
        while path := posixpath.dirname(path):
            nodes[f"/{path}"] = Node(NodeKind.DIRECTORY)
    return nodes


def follow(tree: HostTree, path: str) -> Walked:
    nodes = look_up(tree)
    walked = follow_path(path, lambda name: nodes.get(name, Node(NodeKind.ABSENT)))
    assert not isinstance(walked, Unknown)
    return walked


def find_refs(host: DemoHost, tree: HostTree) -> tuple[ProgramRef, ...]:
    """Let the scanner say what the units of a tree name."""
    facts = HostFacts(systemd_version=host.release.systemd, unit_path=host.release.unit_path)
    artifacts, contents = [], {}
    for path, file in tree.files.items():
        if path.startswith(UNITS):
            digest = Sha256(hashlib.sha256(file.text.encode()).hexdigest())
            contents[digest] = file.text.encode()
            scope = GLOBAL_USER if "/systemd/user/" in path else SYSTEM
            artifacts.append(Artifact(kind=ArtifactKind.FILE, scope=scope, name=f"/{path}", sha256=digest))
    artifacts += [
        Artifact(kind=ArtifactKind.LINK, scope=SYSTEM, name=f"/{path}", target=target)
        for path, target in tree.links.items()
        if path.startswith(UNITS)
    ]
    jobs = build_jobs(facts, artifacts, contents.get)
    references, _cut = find_references(jobs, build_loose_units(facts, artifacts, contents.get, jobs), {})
    return references


def find_missing(host: DemoHost, tree: HostTree) -> set[str]:
    return {
        ref.name
        for ref in find_refs(host, tree)
        if not any(follow(tree, path).ending is Ending.FOUND for path in ref.candidates)
    }


@EACH_KIND
def test_nothing_that_a_healthy_host_runs_or_reads_is_missing(host: DemoHost) -> None:
    tree = build_tree(host)
    names = {ref.name for ref in find_refs(host, tree)}
    assert {"/usr/sbin/anacron", "/sbin/fstrim", "systemd-tmpfiles", "/etc/default/anacron"} <= names
    assert len(names) > 12
    assert find_missing(host, tree) == set()


def test_a_program_that_is_taken_away_would_be_noticed() -> None:
    tree = build_tree(HOSTS[0])
    del tree.files["usr/sbin/fstrim"]
    assert find_missing(HOSTS[0], tree) == {"/sbin/fstrim"}


def test_a_new_unit_gets_what_it_names() -> None:
    tree = build_tree(HOSTS[0])
    tree.files[f"{VENDOR}/new.timer"] = TreeFile(timer_text("New", "OnCalendar=daily"))
    tree.files[f"{VENDOR}/new.service"] = TreeFile(
        service_text(
            "New",
            "EnvironmentFile=-/etc/default/new",
            "ExecStartPre=+/lib/new/prepare",
            "ExecStart=newd $SOME ${OTHER}",
        )
    )
    assert find_missing(HOSTS[0], tree) == {"/lib/new/prepare", "newd", "/etc/default/new"}
    plant_programs(tree, BOOKWORM)
    assert find_missing(HOSTS[0], tree) == set()
    assert tree.files["usr/lib/new/prepare"].mode == tree.files["usr/bin/newd"].mode == 0o755
    assert tree.files["etc/default/new"].mode == 0o644
    assert tree.files["etc/default/new"].text.endswith('\nOTHER=""\nSOME=""\n')


@EACH_KIND
def test_scripts_name_interpreters_that_are_there(host: DemoHost) -> None:
    tree = build_tree(host)
    scripts = {path: file.text for path, file in tree.files.items() if file.text.startswith("#!")}
    assert "usr/lib/apt/apt.systemd.daily" in scripts
    for path, text in scripts.items():
        interpreter = text.split("\n")[0].removeprefix("#!")
        assert follow(tree, interpreter).ending is Ending.FOUND, path
    assert follow(tree, "/bin/sh").links == ("/bin → usr/bin", "/usr/bin/sh → dash")


@EACH_KIND
def test_what_units_name_belongs_to_a_package_and_has_its_digest(host: DemoHost) -> None:
    tree = build_tree(host)
    owned: dict[str, str] = {}
    for path, file in tree.files.items():
        if path.startswith(f"{DATABASE}/info/") and path.endswith(".md5sums"):
            owned |= {real_path(f"/{line[34:]}"): line[:32] for line in file.text.splitlines()}
    for line in re.findall(r"^ /(\S+ [0-9a-f]{32})$", tree.files[f"{DATABASE}/status"].text, re.MULTILINE):
        owned[line.split()[0]] = line.split()[1]
    for ref in find_refs(host, tree):
        real = next(end.path for end in (follow(tree, p) for p in ref.candidates) if end.ending is Ending.FOUND)
        text = tree.files[real.removeprefix("/")].text
        assert owned[real.removeprefix("/")] == hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def test_packages_spell_programs_as_their_release_does() -> None:
    old, new = (build_tree(host).files[f"{DATABASE}/info/util-linux.list"].text for host in HOSTS[:2])
    assert "\n/sbin/fstrim\n" in old
    assert "\n/usr/sbin/fstrim\n" in new


def test_a_team_owns_its_programs_and_nobody_what_was_put_beside_them() -> None:
    assert find_owner("usr/local/bin/cache-warm") == "storefront-jobs"
    assert find_owner("usr/local/bin/sshd") is None
    assert find_owner(f"{ADMIN}/ssh.service") is None
    assert find_version("storefront-jobs", BOOKWORM) == find_version("storefront-jobs", TRIXIE)


def test_programs_differ_between_releases_and_not_between_hosts() -> None:
    one, other_release, same_release = (build_tree(HOSTS[i]).files["usr/sbin/anacron"] for i in (0, 1, 2))
    assert one == same_release
    assert one != other_release
    assert one.text.encode().startswith(b"\x7fELF")


def test_payloads_of_the_intruder_are_there_and_belong_to_no_package() -> None:
    tree = build_tree(HOSTS[0])
    before = set(tree.files)
    plant_timer_pair(tree)
    plant_user_timer(tree)
    payloads = {path for path in tree.files.keys() - before if tree.files[path].mode == 0o755}
    assert payloads == {"var/tmp/.cache/upd", "home/deploy/.local/share/.index/run"}
    assert {find_owner(path) for path in payloads} == {None}
    assert all(tree.files[path].text.startswith("#!/bin/sh\n") for path in payloads)


def test_anybody_may_replace_the_payload_that_runs_as_root() -> None:
    tree = build_tree(HOSTS[0])
    plant_timer_pair(tree)
    assert (tree.modes["var/tmp"], tree.modes["var/tmp/.cache"]) == (0o1777, 0o777)


def test_the_users_payload_is_loaded_by_its_environment_file() -> None:
    tree = build_tree(HOSTS[0])
    plant_user_timer(tree)
    assert "\nEnvironmentFile=-%h/" in tree.files["home/deploy/.config/systemd/user/desktop-index.service"].text
    assert "\nLD_PRELOAD=/home/deploy/" in tree.files["home/deploy/.config/.desktop-index"].text
