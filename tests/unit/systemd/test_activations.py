import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import GLOBAL_USER, SYSTEM, Scope, Sha256, user_scope
from fleetscan.model.origin import Origin
from fleetscan.model.relation import Activation, ActivationKind
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.systemd.activation_index import MAX_PATTERNS, MAX_STARTS, ActivationIndex
from fleetscan.systemd.activations import MAX_OF_A_KIND, Activations
from fleetscan.systemd.jobs import build_jobs
from fleetscan.systemd.partial_text import HOLE
from tests.unit.systemd.host_disk import SERVICE, TIMER, HostDisk, find_job

ETC = "/etc/systemd/system"
USR = "/usr/lib/systemd/system"
ALICE = user_scope("alice")
HOME = "/home/alice/.config/systemd/user"
RULES = "/usr/lib/udev/rules.d"
BUS = "/usr/share/dbus-1"

Found = tuple[str, str, str]


def activator(disk: HostDisk, path: str, text: str, scope: Scope = SYSTEM) -> HostDisk:
    data = text.encode()
    digest = digest_bytes(data)
    disk.blobs[digest] = data
    disk.artifacts.append(Artifact(kind=ArtifactKind.ACTIVATOR, scope=scope, name=path, sha256=digest))
    return disk


def activations_of(disk: HostDisk) -> Activations:
    return Activations.of(disk.tree, disk.artifacts, disk.read)


def brief(activations: tuple[Activation, ...]) -> list[Found]:
    return [(a.kind.value, a.by, a.directive) for a in activations]


def find(disk: HostDisk, *names: str, scope: Scope = SYSTEM) -> list[Found]:
    return brief(activations_of(disk).find(scope, names))


def of_job(disk: HostDisk, name: str = "a.timer", scope: Scope = SYSTEM) -> list[Found]:
    return brief(find_job(build_jobs(disk.facts, disk.artifacts, disk.read), name, scope).activations)


@pytest.mark.parametrize("key", ["Wants", "Requires", "BindsTo", "Upholds", "OnFailure", "OnSuccess"])
def test_a_directive_of_another_unit_starts_it(key: str) -> None:
    disk = HostDisk().write(f"{ETC}/b.service", f"[Unit]\n{key}=x.service a.service\n{SERVICE}")
    (activation,) = activations_of(disk).find(SYSTEM, ["a.service"])
    assert (activation.kind, activation.unit) == (ActivationKind.DEPENDENCY, "a.service")
    assert (activation.by, activation.directive) == ("b.service", key)
    assert (activation.origin.path, activation.origin.line) == (f"{ETC}/b.service", 2)


def test_a_drop_in_of_a_unit_a_family_or_a_type_starts_it() -> None:
    disk = HostDisk().pair("a")
    for folder in ("ssh.service.d", "foo-.service.d", "service.d"):
        disk.write(f"{ETC}/{folder}/x.conf", "[Unit]\nOnFailure=a.service\n")
    by = [("dependency", owner, "OnFailure") for owner in ("foo-.service", "service.d", "ssh.service")]
    assert of_job(disk) == by
    disk.version = 239
    assert of_job(disk) == [entry for entry in by if entry[1] != "service.d"]


def test_a_folder_of_drop_ins_may_be_a_link() -> None:
    disk = HostDisk().pair("a").write("/opt/b/x.conf", "[Unit]\nWants=a.service\n")
    disk.link(f"{ETC}/b.service.d", "/opt/b").write(f"{ETC}/d.service.d", "[Unit]\nWants=a.service\n")
    assert of_job(disk) == [("dependency", "b.service", "Wants")]


def test_a_masked_or_hidden_drop_in_starts_nothing() -> None:
    text = "[Unit]\nWants=a.service\n"
    disk = HostDisk().pair("a").write(f"{USR}/b.service.d/x.conf", text).write(f"{USR}/b.service.d/y.conf", text)
    assert of_job(disk) == [("dependency", "b.service", "Wants")] * 2
    disk.link(f"{ETC}/b.service.d/x.conf", "/dev/null").write(f"{ETC}/b.service.d/y.conf", "[Unit]\n")
    assert of_job(disk) == []


def test_what_is_masked_hidden_or_refused_starts_nothing() -> None:
    text = f"[Unit]\nWants=a.service\n{SERVICE}"
    disk = HostDisk().pair("a")
    disk.write(f"{USR}/masked.service", text).link(f"{ETC}/masked.service", "/dev/null")
    disk.write(f"{USR}/hidden.service", text).write(f"{ETC}/hidden.service", SERVICE)
    disk.write(f"{USR}/refused.service", f"{text}[Broken\n")
    assert of_job(disk) == []


def test_a_masked_or_refused_path_triggers_nothing() -> None:
    disk = HostDisk().pair("a").write(f"{USR}/a.path", "[Path]\nPathExists=/x\n")
    assert of_job(disk) == [("trigger", "a.path", "Unit")]
    assert of_job(disk.link(f"{ETC}/a.path", "/dev/null")) == []
    disk = HostDisk().pair("a").write(f"{ETC}/a.path", "[Path]\nPathExists=/x\n[Broken\n")
    assert of_job(disk) == []


def test_a_unit_does_not_start_itself() -> None:
    disk = HostDisk().write(f"{ETC}/a.service", f"[Unit]\nWants=a.service\n{SERVICE}")
    disk.write(f"{ETC}/b.path", "[Path]\nUnit=b.path\n")
    assert find(disk, "a.service", "b.path") == []
    assert find(disk, "b.service") == [("trigger", "b.path", "Unit")]


def test_links_start_what_they_are_named_after() -> None:
    disk = HostDisk().pair("a").link(f"{ETC}/multi-user.target.wants/a.service", f"{ETC}/a.service")
    disk.link(f"{ETC}/ssh.service.requires/a.timer", "/anything")
    assert of_job(disk) == [("link", "multi-user.target", "wants"), ("link", "ssh.service", "requires")]


def test_the_plain_enablement_of_a_timer_is_no_activation() -> None:
    disk = HostDisk().pair("a").link(f"{ETC}/timers.target.wants/a.timer", f"{ETC}/a.timer")
    assert of_job(disk) == []
    disk.link(f"{ETC}/timers.target.wants/a.service", f"{ETC}/a.service")
    assert of_job(disk) == [("link", "timers.target", "wants")]


def test_another_timer_is_an_activation_and_the_own_one_is_not() -> None:
    disk = HostDisk().pair("a").write(f"{ETC}/b.timer", f"{TIMER}Unit=a.service\n")
    assert of_job(disk) == [("trigger", "b.timer", "Unit")]
    assert of_job(disk, "b.timer") == [("trigger", "a.timer", "Unit")]


def test_the_first_unit_of_a_path_counts_and_its_drop_ins_come_later() -> None:
    disk = HostDisk().pair("a").write(f"{ETC}/p.path", "[Path]\nPathExists=/x\nUnit=nonsense\nUnit=a.service\n")
    disk.write(f"{ETC}/p.path.d/x.conf", "[Path]\nUnit=other.service\n")
    assert of_job(disk) == [("trigger", "p.path", "Unit")]
    assert find(disk, "other.service", "p.service") == []


def test_a_path_without_a_unit_starts_the_service_of_its_stem() -> None:
    disk = HostDisk().pair("a").write(f"{ETC}/a.path", "[Path]\nPathExists=/x\n")
    assert of_job(disk) == [("trigger", "a.path", "Unit")]


def test_the_last_service_of_a_socket_counts() -> None:
    text = "[Socket]\nListenStream=1\nService=b.service\nService=a.service\n"
    disk = HostDisk().pair("a").write(f"{ETC}/s.socket", text)
    assert of_job(disk) == [("trigger", "s.socket", "Service")]
    assert find(disk, "s.service", "b.service") == []


def test_a_socket_that_accepts_starts_instances() -> None:
    disk = HostDisk().write(f"{ETC}/s.socket", "[Socket]\nListenStream=1\nAccept=yes\n")
    assert find(disk, "s@4.service") == find(disk, "s@.service") == [("trigger", "s.socket", "Accept")]
    assert find(disk, "s.service") == []
    disk.write(f"{ETC}/s.socket.d/x.conf", "[Socket]\nAccept=no\n")
    assert find(disk, "s.service") == [("trigger", "s.socket", "Service")]


def test_a_service_wants_its_sockets_and_an_automount_its_mount() -> None:
    disk = HostDisk().write(f"{ETC}/b.service", f"{SERVICE}Sockets=s.socket\n")
    disk.write(f"{ETC}/data.automount", "[Automount]\nWhere=/data\n")
    assert find(disk, "s.socket") == [("dependency", "b.service", "Sockets")]
    assert find(disk, "data.mount") == [("trigger", "data.automount", "Unit")]


def test_templates_match_their_instances() -> None:
    disk = HostDisk().pair("a@").link(f"{ETC}/timers.target.wants/a@x.timer", f"{ETC}/a@.timer")
    disk.write(f"{ETC}/b@.service", f"[Unit]\nWants=a@%i.service\n{SERVICE}")
    disk.write(f"{ETC}/c.service", f"[Unit]\nOnFailure=a@.service\n{SERVICE}")
    assert of_job(disk, "a@x.timer") == [("dependency", "b@.service", "Wants")]
    assert find(disk, "a@c.service")[1:] == [("dependency", "c.service", "OnFailure"), ("trigger", "a@.timer", "Unit")]


def test_a_reference_to_an_alias_is_one_to_the_unit() -> None:
    disk = HostDisk().pair("a").link(f"{ETC}/dbus-org.example.A.service", f"{ETC}/a.service")
    text = "[D-BUS Service]\nName=org.example.A\nSystemdService=dbus-org.example.A.service\n"
    path = f"{BUS}/system-services/org.example.A.service"
    assert of_job(activator(disk, path, text)) == [("D-Bus service", path, "SystemdService")]


def test_an_included_file_speaks_for_the_unit_where_systemd_includes() -> None:
    disk = HostDisk(version=219).pair("a").write(f"{ETC}/b.service", f".include inc.txt\n{SERVICE}")
    disk.write(f"{ETC}/inc.txt", "[Unit]\nWants=a.service\n")
    assert of_job(disk) == [("dependency", "b.service", "Wants")]
    disk.version = 252
    assert of_job(disk) == []


def test_udev_rules_start_units_of_the_system_and_of_users() -> None:
    disk = HostDisk().pair("a").pair("a", HOME).pair("light@")
    text = 'ENV{SYSTEMD_WANTS}+="a.service light@$name.service tpl@.service"\nENV{SYSTEMD_USER_WANTS}+="a.service"\n'
    activator(disk, f"{RULES}/99.rules", text)
    assert of_job(disk) == [("udev rule", f"{RULES}/99.rules", "SYSTEMD_WANTS")]
    assert of_job(disk, scope=ALICE) == [("udev rule", f"{RULES}/99.rules", "SYSTEMD_USER_WANTS")]
    for name in ("light@x.service", "tpl@y.service"):
        assert ("udev rule", f"{RULES}/99.rules", "SYSTEMD_WANTS") in find(disk, name)


def test_only_the_first_rules_file_of_a_name_counts() -> None:
    disk = activator(HostDisk(), f"{RULES}/9.rules", 'ENV{SYSTEMD_WANTS}="a.service"')
    activator(disk, "/etc/udev/rules.d/9.rules", 'ENV{SYSTEMD_WANTS}="b.service"')
    assert find(disk, "a.service") == []
    assert find(disk, "b.service") == [("udev rule", "/etc/udev/rules.d/9.rules", "SYSTEMD_WANTS")]


@pytest.mark.parametrize(
    ("folder", "owner", "scopes"),
    [
        ("/usr/share/dbus-1/system-services", SYSTEM, {SYSTEM}),
        ("/usr/share/dbus-1/services", SYSTEM, {GLOBAL_USER, ALICE}),
        ("/home/alice/.local/share/dbus-1/services", ALICE, {ALICE}),
    ],
)
def test_a_bus_starts_units_of_its_own_manager(folder: str, owner: Scope, scopes: set[Scope]) -> None:
    disk = HostDisk().pair("a", HOME)
    activator(disk, f"{folder}/x.service", "[D-BUS Service]\nName=x\nSystemdService=x.service\n", owner)
    found = {scope for scope in (SYSTEM, GLOBAL_USER, ALICE) if find(disk, "x.service", scope=scope)}
    assert found == scopes


def test_twins_share_what_starts_one_of_them() -> None:
    disk = HostDisk()
    for digit in "12":
        name = f"run-r{digit * 32}"
        disk.pair(name, "/run/systemd/transient").link(f"{ETC}/{digit}.target.wants/{name}.service", "x")
    (job,) = build_jobs(disk.facts, disk.artifacts, disk.read)
    assert brief(job.activations) == [("link", "1.target", "wants"), ("link", "2.target", "wants")]


def test_what_was_not_read_is_left_out() -> None:
    disk = HostDisk().pair("a").hide(f"{ETC}/b.service")
    disk.artifacts.append(Artifact(kind=ArtifactKind.ACTIVATOR, scope=SYSTEM, name=f"{RULES}/1.rules"))
    digest = Sha256("0" * 64)
    disk.artifacts.append(Artifact(kind=ArtifactKind.ACTIVATOR, scope=SYSTEM, name=f"{RULES}/2.rules", sha256=digest))
    assert of_job(disk) == []


def test_a_flood_of_references_is_cut() -> None:
    disk = HostDisk().pair("a")
    activator(disk, f"{RULES}/1.rules", 'ENV{SYSTEMD_WANTS}="a.service"')
    for number in range(MAX_OF_A_KIND + 10):
        disk.write(f"{ETC}/b{number}.service", f"[Unit]\nWants=a.service x{number}@%H.service\n{SERVICE}")
    found = [kind for kind, _by, _directive in of_job(disk)]
    assert (found.count("dependency"), found.count("udev rule")) == (MAX_OF_A_KIND, 1)


def test_a_full_index_takes_no_more() -> None:
    index = ActivationIndex()
    start = (ActivationKind.LINK, "x.target", "wants", Origin("/x", 0))
    for number in range(MAX_PATTERNS + 1):
        index.add(f"a{HOLE}-{number}.service", start)
    assert [*index.find(f"a-{MAX_PATTERNS - 1}.service")] == [start]
    assert [*index.find(f"a-{MAX_PATTERNS}.service")] == []
    for number in range(MAX_STARTS + 1):
        index.add(f"b{number}.service", start)
    assert [*index.find(f"b{MAX_STARTS - 1}.service")] == [start]
    assert [*index.find(f"b{MAX_STARTS}.service")] == []


@given(st.randoms(use_true_random=False))
def test_the_order_of_artifacts_does_not_matter(rng: random.Random) -> None:
    disk = HostDisk().pair("a").write(f"{ETC}/b.path", "[Path]\nUnit=a.service\n")
    disk.write(f"{ETC}/b.path.d/x.conf", "[Path]\nUnit=c.service\n[Unit]\nWants=a.timer\n")
    disk.write(f"{USR}/b.path", "[Path]\nUnit=z.service\n").link(f"{ETC}/x.target.wants/a.service", "y")
    for folder in (RULES, "/etc/udev/rules.d", "/run/udev/rules.d"):
        activator(disk, f"{folder}/1.rules", f'ENV{{SYSTEMD_WANTS}}="a.service {folder[1:4]}.service"')
    before = of_job(disk)
    rng.shuffle(disk.artifacts)
    assert of_job(disk) == before
    assert len(before) == 4
