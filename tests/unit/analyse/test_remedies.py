"""Which lines are proposed for which host, and that none of them gives more than the probe."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.remedies import SUDOERS_FILE, Means, Remedy, RemedyKind, find_remedy, render_sudoers_user
from fleetscan.inventory.values import parse_remote_path, parse_user
from fleetscan.model.coverage import Area, Coverage, Gap, ReadStatus
from fleetscan.model.host import DEFAULT_PROBE_PATH, Connection, ProbeStart
from fleetscan.model.ids import HostName, Sha256
from fleetscan.model.outcome import FailureKind, HostFailure
from fleetscan.model.snapshot import HostFacts, HostSnapshot, Privilege, RuntimeState
from tests.model_data import gap
from tests.ssh_servers import NOW

SHA = Sha256("ab" * 32)
KEY = "ssh-ed25519 AAAAkey"
MEANS = Means(SHA, KEY)
DENIED = gap(Area.FILES, "/root")
RULE = f'scan ALL=(root) NOPASSWD: sha256:{SHA} {DEFAULT_PROBE_PATH} ""'
# Of gtfobins.github.io: what can be made to run a shell when sudo starts it, and stands near what we propose.
GTFOBINS = frozenset(
    {
        "sh",
        "bash",
        "dash",
        "busybox",
        "find",
        "env",
        "awk",
        "sed",
        "systemctl",
        "journalctl",
        "timeout",
        "tee",
        "cat",
        "head",
        "tail",
        "base64",
        "xargs",
        "cp",
        "install",
        "sudo",
        "python3",
    }
)


def visited(privilege: Privilege, *gaps: Gap) -> HostSnapshot:
    return HostSnapshot(
        host=HostName("web"),
        facts=HostFacts(privilege=privilege),
        artifacts=(),
        coverage=Coverage.of(gaps),
        runtime=RuntimeState(),
        taken_at=NOW,
        duration_s=1,
    )


def failed(kind: FailureKind) -> HostFailure:
    return HostFailure(host=HostName("web"), kind=kind, reason="no", started_at=NOW, duration_s=1)


def connection(*, user: str = "scan", installed: bool = False, sudo: bool = False) -> Connection:
    return Connection(user=user, sudo=sudo, probe=ProbeStart.INSTALLED if installed else ProbeStart.SENT)


def lines_of(remedy: Remedy | None) -> list[str]:
    assert remedy is not None
    return [line for step in remedy.steps for line in step.lines]


def test_an_account_that_may_not_read_all_gets_the_file_the_rule_the_key_and_the_settings() -> None:
    remedy = find_remedy(connection(), visited(Privilege.USER, DENIED), MEANS)
    assert remedy
    assert remedy.kind is RemedyKind.RAISE
    assert lines_of(remedy) == [
        "fleetscan --quiet probe show > fleetscan-probe",
        f"install -D -o root -g root -m 0755 fleetscan-probe {DEFAULT_PROBE_PATH}",
        RULE,
        f'restrict,command="sudo -n {DEFAULT_PROBE_PATH}" {KEY} fleetscan',
        "probe: installed",
        "sudo: true",
    ]
    assert [step.expect for step in remedy.steps][:2] == [SHA, "parsed OK"]


def test_where_the_probe_lies_already_only_the_rest_is_told() -> None:
    denied = visited(Privilege.USER, DENIED)
    without_sudo = lines_of(find_remedy(connection(installed=True), denied, MEANS))
    assert without_sudo[0] == RULE
    assert without_sudo[-1] == "sudo: true"
    assert lines_of(find_remedy(connection(installed=True, sudo=True), denied, MEANS)) == [RULE]


def test_an_account_to_which_nothing_is_denied_needs_nothing() -> None:
    remote = Gap(Area.FILES, None, ReadStatus.NOT_TRIGGERED, "/home/nfs", "a remote home")
    assert find_remedy(connection(), visited(Privilege.USER), MEANS) is None
    assert find_remedy(connection(), visited(Privilege.USER, remote), MEANS) is None
    assert find_remedy(connection(user="root"), visited(Privilege.USER, remote), MEANS) is None


def test_root_is_told_how_the_key_can_do_less() -> None:
    remedy = find_remedy(connection(user="root"), visited(Privilege.ROOT), MEANS)
    assert remedy
    assert remedy.kind is RemedyKind.NARROW
    assert f'restrict,command="{DEFAULT_PROBE_PATH}" {KEY} fleetscan' in lines_of(remedy)
    assert "sudo: true" not in lines_of(remedy)
    assert SUDOERS_FILE not in " ".join(step.where for step in remedy.steps)


def test_general_sudo_is_told_the_rule_that_allows_one_file() -> None:
    remedy = find_remedy(connection(sudo=True), visited(Privilege.SUDO), MEANS)
    assert remedy
    assert remedy.kind is RemedyKind.NARROW
    assert RULE in lines_of(remedy)


@pytest.mark.parametrize("privilege", [Privilege.SUDO, Privilege.ROOT])
def test_an_installed_probe_with_all_rights_needs_nothing(privilege: Privilege) -> None:
    assert find_remedy(connection(installed=True, sudo=True), visited(privilege), MEANS) is None


@pytest.mark.parametrize(("sudo", "rules"), [(False, []), (True, [RULE])])
def test_an_installed_probe_that_does_not_answer_is_installed_anew(sudo: bool, rules: list[str]) -> None:
    remedy = find_remedy(connection(installed=True, sudo=sudo), failed(FailureKind.PROTOCOL_ERROR), MEANS)
    assert remedy
    assert remedy.kind is RemedyKind.INSTALL
    assert lines_of(remedy)[2:] == rules


def test_other_failures_are_not_a_matter_of_rights() -> None:
    for kind in FailureKind:
        assert find_remedy(connection(), failed(kind), MEANS) is None
    assert find_remedy(connection(installed=True), failed(FailureKind.UNREACHABLE), MEANS) is None


def test_a_jump_host_goes_on_forwarding() -> None:
    means = Means(SHA, KEY, forwards=True)
    lines = lines_of(find_remedy(connection(user="root"), visited(Privilege.ROOT), means))
    assert any(line.startswith("restrict,port-forwarding,command=") for line in lines)


def test_without_a_public_key_its_place_is_marked_and_explained() -> None:
    remedy = find_remedy(connection(user="root"), visited(Privilege.ROOT), Means(SHA, None))
    assert remedy
    assert any("PUBLIC-KEY fleetscan" in line for line in lines_of(remedy))
    assert any("ssh-keygen -y" in step.where for step in remedy.steps)


@given(
    user=st.from_regex(r"[A-Za-z0-9_.][A-Za-z0-9_.@\\$-]{0,20}", fullmatch=True),
    path=st.from_regex(r"(/[A-Za-z0-9_-][A-Za-z0-9._-]{0,10}){1,3}", fullmatch=True),
)
def test_a_rule_allows_one_named_file_to_one_named_account_and_nothing_else(user: str, path: str) -> None:
    given_connection = Connection(user=parse_user(user), probe_path=parse_remote_path(path))
    remedy = find_remedy(given_connection, visited(Privilege.USER, DENIED), MEANS)
    assert remedy
    rule = next(step.lines for step in remedy.steps if step.where.startswith(SUDOERS_FILE))
    (line,) = rule
    match = re.fullmatch(r'(.+) ALL=\(root\) NOPASSWD: sha256:([0-9a-f]{64}) (/[A-Za-z0-9._/-]+) ""', line)
    assert match, line
    assert match[1] in (user, f'"{user}"')
    assert (match[2], match[3]) == (SHA, path)
    assert not set("*?[],!") & set(line.replace(match[1], ""))


def test_no_proposed_command_is_known_for_giving_a_shell() -> None:
    for given_connection in (connection(), connection(user="root"), connection(sudo=True)):
        for privilege in Privilege:
            remedy = find_remedy(given_connection, visited(privilege, DENIED), MEANS)
            for step in remedy.steps if remedy else ():
                if step.where.startswith(SUDOERS_FILE):
                    assert {line.split()[4].rpartition("/")[2] for line in step.lines}.isdisjoint(GTFOBINS)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("scan", "scan"),
        ("_scan-2.x", "_scan-2.x"),
        ("FLEET", '"FLEET"'),  # would be an alias
        ("DOM\\scan", '"DOM\\scan"'),
        ("scan@example.org", '"scan@example.org"'),
        ("1001", '"1001"'),
    ],
)
def test_a_name_that_sudo_could_take_for_something_else_is_quoted(name: str, written: str) -> None:
    assert render_sudoers_user(name) == written
