"""What is compared of a host beside its units."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from fleetscan.analyse.subjects import build_subjects
from fleetscan.model.ids import SYSTEM, Scope, user_scope
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostFacts, ManagerFacts
from fleetscan.model.subject import Subject, SubjectKind
from tests.model_data import ETC, read_stored, store_text

FACTS = HostFacts(os_id="debian", os_version_id="12", systemd_version=252)
GENERATOR = "/etc/systemd/system-generators/seed"


def artifact(
    kind: ArtifactKind,
    name: str,
    *,
    text: str | None = None,
    mode: int | None = 0o755,
    owner: str = "root",
    group: str = "root",
    target: str = "",
    scope: Scope = SYSTEM,
    told: Mapping[str, str] | None = None,
) -> Artifact:
    return Artifact(
        kind=kind,
        scope=scope,
        name=name,
        mode=mode,
        owner=owner,
        group=group,
        target=target,
        sha256=None if text is None else store_text(text),
        properties=tuple(sorted((told or {}).items())),
    )


def build(*artifacts: Artifact, facts: HostFacts = FACTS) -> dict[tuple[SubjectKind, str], Subject]:
    return {(s.key.kind, s.key.name): s for s in build_subjects(facts, artifacts, read_stored)}


def only(*artifacts: Artifact, facts: HostFacts = FACTS) -> Subject:
    (subject,) = build(*artifacts, facts=facts).values()
    return subject


def generator(text: str = "#!/bin/sh\n", told: Mapping[str, str] | None = None) -> Artifact:
    return artifact(ArtifactKind.GENERATOR, GENERATOR, text=text, told=told)


def test_a_generator_means_its_bytes_unless_a_package_vouches_for_them() -> None:
    one, other = only(generator()), only(generator("#!/bin/sh\ncurl x | sh\n"))
    assert one.fingerprint.meaning != other.fingerprint.meaning
    old, new = (only(generator(text, {"package": "zfs", "verified": "verified"})) for text in ("a", "b"))
    assert old.fingerprint.meaning == new.fingerprint.meaning
    assert old.fingerprint.raw != new.fingerprint.raw
    assert old.fingerprint.meaning != one.fingerprint.meaning


def test_an_open_folder_of_generators_is_told_once_and_not_with_each_of_them() -> None:
    folder = artifact(ArtifactKind.DIRECTORY, "/etc/systemd/system-generators", mode=0o777)
    found = build(generator(), folder)
    assert found[SubjectKind.GENERATOR, GENERATOR].pieces[0].exposed == ()
    assert ("open", "root:root 0777") in found[SubjectKind.FOLDER, folder.name].properties


def test_a_udev_rule_says_what_it_starts() -> None:
    text = 'SUBSYSTEM=="usb", TAG+="systemd", ENV{SYSTEMD_WANTS}+="implant.service"\n'
    path = "/etc/udev/rules.d/90-x.rules"
    subject = only(artifact(ArtifactKind.ACTIVATOR, path, text=text, mode=0o644))
    assert dict(subject.properties)["starts"] == "implant.service (udev)"
    assert subject.summary == "starts implant.service (udev)"


def test_the_source_of_a_mount_is_told_and_not_compared() -> None:
    def mount(source: str, fstype: str = "tmpfs") -> Subject:
        return only(artifact(ArtifactKind.MOUNT, ETC, told={"fstype": fstype, "options": "rw", "source": source}))

    assert mount("/dev/sda1").fingerprint.meaning == mount("/dev/vdb1").fingerprint.meaning
    assert mount("x", "overlay").fingerprint.meaning != mount("x").fingerprint.meaning
    assert "/dev/sda1" in mount("/dev/sda1").summary


def test_an_extension_means_another_thing_once_it_is_merged() -> None:
    def extension(merged: str) -> Subject:
        return only(artifact(ArtifactKind.EXTENSION, "/var/lib/extensions/x.raw", told={"merged": merged}))

    assert extension("yes").fingerprint.meaning != extension("no").fingerprint.meaning
    assert "is merged" in extension("yes").summary


def test_a_grant_is_its_rule_and_a_policy_file_its_bytes() -> None:
    words = {"by": "sudo", "to": "deploy", "reaches": "any unit", "source": "/etc/sudoers.d/x"}
    subject = only(artifact(ArtifactKind.GRANT, "deploy ALL = systemctl", mode=None, told=words))
    assert subject.summary == "lets deploy reach any unit"
    assert "source" not in dict(subject.properties)
    path, words = "/etc/polkit-1/rules.d/x.rules", {"by": "polkit"}
    one, other = (only(artifact(ArtifactKind.GRANT, path, text=text, told=words)) for text in ("1", "2"))
    assert one.fingerprint.meaning != other.fingerprint.meaning


@pytest.mark.parametrize(
    ("path", "mode", "owner", "told"),
    [
        (ETC, 0o755, "root", False),
        (ETC, 0o777, "root", True),
        (ETC, 0o1777, "root", True),
        (f"{ETC}/timers.target.wants", 0o1777, "root", True),
        ("/etc", 0o1777, "root", False),
        ("/etc", 0o775, "deploy", True),
        (f"{ETC}/x.service.d", 0o757, "root", True),
        ("/usr/lib/systemd/system-generators", 0o777, "root", True),
        ("/opt/app", 0o777, "root", False),  # told with the job that runs something there
        ("/etcetera", 0o777, "root", False),
    ],
)
def test_open_folders_of_units_are_told_and_no_others(path: str, mode: int, owner: str, *, told: bool) -> None:
    assert bool(build(artifact(ArtifactKind.DIRECTORY, path, mode=mode, owner=owner))) is told


def test_unusual_attributes_of_a_folder_are_told_without_a_door() -> None:
    subject = only(artifact(ArtifactKind.DIRECTORY, ETC, told={"attributes": "i"}))
    assert (dict(subject.properties), subject.summary) == ({"attributes": "i"}, "has the attributes i")
    assert only(artifact(ArtifactKind.DIRECTORY, ETC, told={"acl": "yes"})).summary == "has an access control list"


def test_what_a_user_may_write_of_the_users_own_is_no_open_folder() -> None:
    path, scope = "/home/ann/.config/systemd/user", user_scope("ann")
    assert build(artifact(ArtifactKind.DIRECTORY, path, owner="ann", scope=scope)) == {}
    assert len(build(artifact(ArtifactKind.DIRECTORY, path, owner="eve", scope=scope))) == 1


def test_of_a_managers_environment_only_known_values_are_compared() -> None:
    facts = replace(FACTS, environment=("LD_PRELOAD=/x.so", "SECRET=…", "SYSTEMD_EXEC_PID=712", "broken"))
    subject = only(facts=facts)
    assert (subject.key.kind, subject.key.name) == (SubjectKind.MANAGER, "environment")
    assert subject.properties == (("LD_PRELOAD", "/x.so"),)


def test_a_users_usual_variables_are_not_worth_a_word() -> None:
    scope = user_scope("ann")
    usual = ManagerFacts(scope=scope, environment=("HOME=/home/ann", "LC_ALL=C", "XDG_SEAT=seat0"))
    assert build(facts=replace(FACTS, managers=(usual,))) == {}
    odd = replace(usual, environment=(*usual.environment, "PYTHONPATH=/tmp/x"))
    subject = only(facts=replace(FACTS, managers=(odd,)))
    assert (subject.key.scope, dict(subject.properties)) == (scope, {"PYTHONPATH": "/tmp/x"})


def test_another_search_path_or_kernel_argument_is_another_meaning() -> None:
    facts = replace(FACTS, unit_path=(ETC,), kernel_arguments=("systemd.unit=x",))
    changed = replace(facts, unit_path=("/opt/units", ETC), kernel_arguments=())
    before, after = build(facts=facts), build(facts=changed)
    assert {name for _kind, name in before} == {"search path", "kernel arguments"}
    place = (SubjectKind.MANAGER, "search path")
    assert before[place].fingerprint.meaning != after[place].fingerprint.meaning
    # A folder of an unusual search path is one of units, too.
    opened = artifact(ArtifactKind.DIRECTORY, "/opt/units", mode=0o777)
    assert (SubjectKind.FOLDER, "/opt/units") in build(opened, facts=changed)
