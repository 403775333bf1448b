"""Rules of sudo: who may run what that matters for units, however the file spells it."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.grant import Reach
from fleetscan.probe.sudoers import Sudoers, SudoRule, parse_sudoers
from fleetscan.probe.sudoers_words import Line, join_lines

SYSTEMCTL = "/usr/bin/systemctl"


def parse(text: str, *, max_rules: int = 1000) -> Sudoers:
    return parse_sudoers(join_lines("/etc/sudoers", enumerate(text.split("\n"), start=1)), max_rules=max_rules)


def rules(text: str) -> list[SudoRule]:
    found = parse(text)
    assert (found.bad, found.truncated) == ([], False)
    return found.rules


def spell(given: Sequence[SudoRule]) -> list[tuple[str, str, str, str]]:
    return [(rule.who, rule.host, rule.run_as, rule.command) for rule in given]


def test_the_rules_of_a_stock_host_reach_everything_and_ask_for_a_password() -> None:
    found = rules("root\tALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d")
    assert spell(found) == [("root", "ALL", "ALL:ALL", "ALL"), ("%sudo", "ALL", "ALL:ALL", "ALL")]
    assert {(rule.reach, rule.asks_password) for rule in found} == {(Reach.ALL, True)}
    assert [rule.source for rule in found] == ["/etc/sudoers:1", "/etc/sudoers:2"]


def test_what_has_nothing_to_do_with_units_is_no_rule_that_matters() -> None:
    assert rules("bob ALL=(root) NOPASSWD: /usr/bin/uptime, /opt/app/backup.sh") == []


@pytest.mark.parametrize(
    ("text", "command"),
    [
        (f"bob ALL = {SYSTEMCTL}  restart   a", f"{SYSTEMCTL} restart a"),
        (rf"bob ALL={SYSTEMCTL} restart a\:b\,c\=d", f"{SYSTEMCTL} restart a:b,c=d"),
        (f"bob ALL=sha256:0a1b, sha512:0c= {SYSTEMCTL}", f"sha256:0a1b sha512:0c= {SYSTEMCTL}"),
        (f"bob ALL=CWD=/ TIMEOUT=5m NOPASSWD : NOEXEC: {SYSTEMCTL}", SYSTEMCTL),
        (f"bob ALL=^{SYSTEMCTL}$ ^(start|stop) a,b$", f"^{SYSTEMCTL}$ ^(start|stop) a,b$"),
        (f"bob ALL=\\\n  {SYSTEMCTL} \\\n\tstop a", f"{SYSTEMCTL} stop a"),
        (f"bob ALL={SYSTEMCTL} # why", SYSTEMCTL),
    ],
)
def test_one_command_has_one_spelling(text: str, command: str) -> None:
    assert [rule.command for rule in rules(text)] == [command]


def test_what_stands_before_a_command_holds_for_those_behind_it() -> None:
    text = f"bob ALL=(www-data) NOPASSWD: {SYSTEMCTL} a, {SYSTEMCTL} b, (root) PASSWD: {SYSTEMCTL} c"
    found = rules(text)
    assert [(rule.run_as, rule.asks_password) for rule in found] == [
        ("www-data", False),
        ("www-data", False),
        ("root", True),
    ]


def test_several_privileges_of_one_rule_have_hosts_of_their_own() -> None:
    found = rules(f"ann, bob web, !db = NOPASSWD: {SYSTEMCTL} : mail = (:adm) /usr/bin/su")
    assert spell(found) == [
        ("ann", "!db,web", "root", SYSTEMCTL),
        ("bob", "!db,web", "root", SYSTEMCTL),
        ("ann", "mail", ":adm", "/usr/bin/su"),
        ("bob", "mail", ":adm", "/usr/bin/su"),
    ]


def test_aliases_are_resolved_wherever_they_are_defined() -> None:
    text = "\n".join(
        [
            "ADM ALL = (DB) SVC",
            "User_Alias ADM = ann, OPS : OPS = bob, !eve",
            f"Cmnd_Alias SVC = RUN, {SYSTEMCTL}",
            "Cmd_Alias RUN = /usr/bin/systemd-run",
            "Runas_Alias DB = postgres",
        ]
    )
    assert spell(rules(text)) == [
        (f"{who},!eve", "ALL", "postgres", command)
        for command in ("/usr/bin/systemd-run", SYSTEMCTL)
        for who in ("ann", "bob")
    ]


def test_the_last_word_of_a_list_about_an_account_counts() -> None:
    assert [rule.who for rule in rules("ALL, !bob ALL = ALL")] == ["ALL,!bob"]
    assert [rule.who for rule in rules("ann, bob, !bob ALL = ALL")] == ["ann,!bob"]


def test_commands_that_a_list_leaves_out_are_told() -> None:
    (rule,) = rules("bob ALL = ALL, !/bin/sh, !/bin/bash")
    assert (rule.command, rule.excluded) == ("ALL", ("/bin/bash", "/bin/sh"))


@pytest.mark.parametrize(
    ("setting", "asks"),
    [
        ("Defaults !authenticate", False),
        ("Defaults:bob !authenticate", False),
        ("Defaults:BOBS env_reset, !authenticate", False),
        (f"Defaults!{SYSTEMCTL} !authenticate", False),
        ("Defaults>root !authenticate", False),
        ("Defaults:ann !authenticate", True),
        ("Defaults !!authenticate", True),
        ("Defaults !authenticate\nDefaults authenticate", True),
        ("Defaults env_reset", True),
    ],
)
def test_a_setting_may_spare_the_password(setting: str, asks: bool) -> None:
    (rule,) = rules(f"{setting}\nUser_Alias BOBS = bob\nbob ALL = {SYSTEMCTL}")
    assert rule.asks_password is asks


def test_a_tag_beats_a_setting() -> None:
    (rule,) = rules(f"Defaults !authenticate\nbob ALL = PASSWD: {SYSTEMCTL}")
    assert rule.asks_password


def test_a_comment_ends_with_its_line_even_before_a_backslash() -> None:
    found = rules("# nothing to see \\\neve ALL=(ALL) ALL\nbob ALL = /bin/ls # x \\\nmal ALL=(ALL) ALL")
    assert [rule.who for rule in found] == ["eve", "mal"]


def test_numbers_of_accounts_are_no_comments() -> None:
    assert [rule.who for rule in rules("#1000 ALL=(#0) ALL\n%#27 ALL=ALL")] == ["#1000", "%#27"]


def test_quoted_names_are_one_word() -> None:
    assert rules('"domain admins" ALL=ALL')[0].who == "domain admins"
    assert rules(r"%domain\ admins ALL=ALL")[0].who == "%domain admins"


def test_a_line_that_is_no_rule_is_told_and_hides_no_other() -> None:
    found = parse("what is this\nbob ALL=(ALL) ALL\nALL=\nUser_Alias = x")
    assert sorted(found.bad) == ["/etc/sudoers:1", "/etc/sudoers:3", "/etc/sudoers:4"]
    assert [rule.who for rule in found.rules] == ["bob"]


def test_too_many_rules_are_cut_and_told() -> None:
    found = parse("".join(f"u{number} ALL=ALL\n" for number in range(5)), max_rules=3)
    assert (len(found.rules), found.truncated) == (3, True)


def test_aliases_that_name_each_other_end() -> None:
    assert rules("User_Alias A = B, ann : B = A\nA ALL=ALL")[0].who == "ann"


def test_aliases_of_aliases_do_not_multiply() -> None:
    lines = [f"User_Alias A{i} = {', '.join([f'A{i + 1}'] * 50)}" for i in range(14)]
    assert [rule.who for rule in rules("\n".join([*lines, "User_Alias A14 = ann", "A0 ALL=ALL"]))] == ["ann"]


def test_a_million_members_are_cut_and_told() -> None:
    users = ", ".join(f"u{number}" for number in range(5000))
    text = f"User_Alias MANY = {users}\n" + "MANY, x ALL=ALL\n" * 60
    assert parse(text, max_rules=10**9).truncated


def test_more_text_than_any_host_has_is_cut_and_told() -> None:
    assert parse("bob ALL=ALL\n" * 60_000, max_rules=10**9).truncated


def test_an_endless_line_is_told() -> None:
    assert parse("bob ALL=" + "ALL," * 30_000).bad == ["/etc/sudoers:1"]


@given(st.text(alphabet=st.sampled_from('ab A=(),:!\\"#%^$*/\n\t_Defaults:ALL Alias'), max_size=200))
def test_no_text_of_a_host_raises(text: str) -> None:
    parse(text)


@given(st.lists(st.sampled_from(["ann", "%ops", "#7", "ALL"]), min_size=1, max_size=4, unique=True))
def test_each_member_of_a_list_gets_its_rule(users: list[str]) -> None:
    assert [rule.who for rule in rules(f"{', '.join(users)} ALL = (root) ALL")] == users


def test_lines_know_where_they_began() -> None:
    found = list(join_lines("/x", [(3, "a \\"), (4, "  b"), (9, "c")]))
    assert found == [Line("a  b", "/x:3"), Line("c", "/x:9")]
