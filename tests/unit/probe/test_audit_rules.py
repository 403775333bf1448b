"""Rules of the audit system: which concern timers, and which are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.errors import ParseError
from fleetscan.model.ids import SYSTEM
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.probe.audit_rules import parse_audit_rules

ETC = "/etc/systemd/system"


def names(*lines: str) -> list[str]:
    return [artifact.name for artifact in parse_audit_rules("\n".join(lines).encode())]


def test_a_rule_is_one_artifact_that_says_what_it_watches_and_where_it_stands() -> None:
    assert parse_audit_rules(f"file -w {ETC} -p wa -k persistence".encode()) == (
        Artifact(
            kind=ArtifactKind.AUDIT_RULE,
            scope=SYSTEM,
            name=f"-w {ETC} -p wa",
            properties=(("source", "file"), ("watches", ETC)),
        ),
    )


def test_a_rule_that_a_file_has_and_the_kernel_too_is_one() -> None:
    (rule,) = parse_audit_rules(f"file -w  {ETC}/  -p aw -k a\nloaded -w {ETC} -p wa -k b".encode())
    assert (rule.name, rule.property("source")) == (f"-w {ETC} -p wa", "file loaded")


def test_a_watch_without_access_is_for_all() -> None:
    assert names(f"file -w {ETC}") == [f"-w {ETC} -p rwxa"]


@pytest.mark.parametrize(
    "rule",
    [
        f"-w {ETC}/apt-daily.timer -p wa",
        "-w /etc -p wa",
        "-w / -p wa",
        "-w /etc/systemd -p wa",
        "-w /home/ann/.config/systemd/user -p wa",
        "-w /var/lib/systemd/linger -p wa",
        "-w /usr/bin/systemd-run -p x",
        "-a always,exit -F dir=/etc -F perm=wa",
        f"-a always,exit -F arch=b64 -S openat,write -F dir={ETC} -F perm=wa",
        f"-a always,exit -F path={ETC}/a.timer -F perm=wa",
        "-a always,exit -S execve -F exe=/usr/bin/systemd-run",
        f"-a never,exit -F dir={ETC}",
    ],
)
def test_rules_about_timers_are_kept(rule: str) -> None:
    assert names(f"loaded {rule}") == [rule]


@pytest.mark.parametrize(
    "rule",
    [
        "-w /etc/passwd -p wa",
        "-w /etc/systemd/systemx -p wa",
        "-w /etc/crontab -p wa",
        "-a always,exit -F path=/etc -F perm=wa",
        "-a always,exit -S execve -F exe=/usr/bin/sudo",
        "-a always,exit -S all -F key=/etc/systemd/system",
        f"-a always,exit -F uid={ETC}",
        "-w",
        "",
        "-D",
        f"-w {ETC} -p wa -k {'x' * 2000}",
    ],
)
def test_other_rules_are_not(rule: str) -> None:
    assert names(f"file {rule}") == []


def test_the_key_and_the_order_of_the_action_make_no_other_rule() -> None:
    dir_rule = f"-F dir={ETC}/ -F perm=wa"
    assert names(f"file -a exit,always {dir_rule} -k a", f"loaded -a always,exit {dir_rule} -F key=b") == [
        f"-a always,exit -F dir={ETC} -F perm=wa"
    ]


def test_what_auditctl_says_besides_is_no_rule() -> None:
    assert names("denied", "rc 4", "No rules") == []


def test_more_rules_than_a_host_has_are_an_error() -> None:
    names(*(f"file -w {ETC}/{n}.timer" for n in range(200)))
    with pytest.raises(ParseError) as caught:
        names(*(f"file -w {ETC}/{n}.timer" for n in range(201)))
    assert caught.value.line == 201


@given(st.binary(max_size=200) | st.text("loadedfile -waFpS=,/etc/systemd/system\n", max_size=120).map(str.encode))
def test_any_bytes_are_rules_or_none(payload: bytes) -> None:
    assert all(rule.property("watches").startswith("/") for rule in parse_audit_rules(payload))
