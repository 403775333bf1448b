"""What a host says of itself; what it does not say is a gap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import user_scope
from fleetscan.model.snapshot import HostFacts, ManagerFacts, Privilege
from fleetscan.probe.facts import parse_facts
from fleetscan.probe.wire import Frame
from tests.unit.probe.frames import FACTS, by_section, complete_visit, frame


def facts(**changed: Frame | None) -> tuple[HostFacts, list[Gap]]:
    found, _, gaps = parse_facts(by_section(complete_visit(**changed)))
    return found, gaps


def test_a_host_that_says_everything_has_no_gap() -> None:
    found, gaps = facts()
    assert gaps == []
    assert (found.os_id, found.os_version_id, found.os_name) == ("debian", "12", "Debian 12")
    assert (found.systemd_version, found.systemd_version_text) == (252, "252.39-1~deb12u2")
    assert found.unit_path == ("/etc/systemd/system", "/usr/lib/systemd/system")
    assert (found.hostname, found.kernel, found.login) == ("web-01", "6.1.0", "root")


def test_the_version_of_the_tool_stands_in_for_the_manager() -> None:
    found, _ = facts(manager=frame("manager", "UnitPath=/etc/systemd/system\n"))
    assert (found.systemd_version, found.systemd_version_text) == (252, "252 (252.39-1~deb12u2)")


@pytest.mark.parametrize(
    ("section", "reason"),
    [("os_release", "os-release"), ("manager", "search path")],
)
def test_a_missing_section_is_a_gap(section: str, reason: str) -> None:
    (gap,) = facts(**{section: None})[1]
    assert (gap.area, gap.scope, gap.status) == (Area.FACTS, None, ReadStatus.FAILED)
    assert reason in gap.reason


def test_an_unknown_version_is_a_gap() -> None:
    found, gaps = facts(manager=frame("manager", "UnitPath=/a\n"), version=frame("version", "", status="timeout"))
    assert found.systemd_version == 0
    assert [gap.reason for gap in gaps] == ["the version of systemd could not be read"]


def test_an_os_release_that_cannot_be_understood_is_a_gap() -> None:
    found, gaps = facts(os_release=frame("os-release", 'ID="debian\n'))
    assert found.os_id == ""
    assert "cannot be understood" in gaps[0].reason


@pytest.mark.parametrize(
    ("uid", "sudo_uid", "privilege"),
    [("0", "", Privilege.ROOT), ("0", "1000", Privilege.SUDO), ("1000", "", Privilege.USER), ("", "", Privilege.USER)],
)
def test_rights_are_told_from_the_uid(uid: str, sudo_uid: str, privilege: Privilege) -> None:
    text = FACTS.replace("uid=0\nsudo_uid=\n", f"uid={uid}\nsudo_uid={sudo_uid}\n")
    assert facts(facts=frame("facts", text))[0].privilege is privilege


def test_refused_sudo_is_a_gap_and_names_the_account() -> None:
    text = FACTS.replace("login=root\nuid=0", "login=scan\nuid=1000").replace("sudo_wanted=0", "sudo_wanted=1")
    (gap,) = facts(facts=frame("facts", text))[1]
    assert (gap.status, gap.reason) == (ReadStatus.DENIED, "sudo -n was refused to scan")


def test_text_of_the_host_is_bounded() -> None:
    long = "x" * 10_000
    manager = f"Version=252\nUnitPath={' '.join(['/a'] * 1000)}\nEnvironment={' '.join(['A=1'] * 1000)}\n"
    found, _ = facts(
        facts=frame("facts", f"booted=1\nhostname={long}\nkernel={long}\nmachine_id={long}\nlogin={long}"),
        os_release=frame("os-release", f"ID={long}\nVERSION_ID={long}\nPRETTY_NAME={long}\n"),
        manager=frame("manager", manager),
    )
    texts = (
        found.hostname,
        found.kernel,
        found.machine_id,
        found.login,
        found.os_id,
        found.os_version_id,
        found.os_name,
    )
    assert max(map(len, texts)) <= 256
    assert (len(found.unit_path), len(found.environment)) == (64, 256)


def test_values_of_the_environment_are_kept_only_where_they_steer_execution() -> None:
    manager = "Version=252\nUnitPath=/a\nEnvironment=PATH=/bin LD_PRELOAD=/x.so API_TOKEN=secret\n"
    environment = facts(manager=frame("manager", manager))[0].environment
    assert environment[:2] == ("PATH=/bin", "LD_PRELOAD=/x.so")
    assert "secret" not in "".join(environment)


def test_of_a_repeated_line_the_first_counts() -> None:
    assert facts(facts=frame("facts", FACTS + "\nhostname=forged"))[0].hostname == "web-01"


@given(st.sampled_from(["facts", "os_release", "manager", "version"]), st.binary(max_size=300))
def test_other_bytes_never_raise(section: str, data: bytes) -> None:
    facts(**{section: frame(section.replace("_", "-"), data)})
    facts(**{section: frame(section.replace("_", "-"), b"Version=" + data)})


def test_a_running_user_manager_says_where_it_looks() -> None:
    frames = {(given.section, given.scope): given for given in complete_visit().values()}
    text = "UnitPath=/home/ann/moved/systemd/user /etc/systemd/user\nEnvironment=LD_PRELOAD=/x TOKEN=secret\n"
    frames["manager", "user:ann"] = frame("manager", text, scope="user:ann")
    found, _said, gaps = parse_facts(frames)
    assert gaps == []
    assert found.managers == (
        ManagerFacts(
            scope=user_scope("ann"),
            unit_path=("/home/ann/moved/systemd/user", "/etc/systemd/user"),
            environment=("LD_PRELOAD=/x", "TOKEN=…"),
        ),
    )


def test_the_zone_and_what_the_kernel_starts_besides_are_facts() -> None:
    said = FACTS + "\nzone=Europe/Berlin\nkernel_arguments=systemd.wants=x.service systemd.run=/bin/y"
    frames = {(given.section, given.scope): given for given in complete_visit(facts=frame("facts", said)).values()}
    found, _said, _gaps = parse_facts(frames)
    assert (found.zone, found.kernel_arguments) == ("Europe/Berlin", ("systemd.wants=x.service", "systemd.run=/bin/y"))
