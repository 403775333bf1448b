"""The section `grants`: who may start or edit units, which accounts may log in, and what was not read of it."""

from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.coverage import SUPPLEMENTARY, Area, ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import SYSTEM, Scope, user_scope
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.probe.accounts import MAX_ACCOUNTS
from fleetscan.probe.allowed import Allowed, read_allowed
from fleetscan.probe.people import parse_people
from tests.unit.probe.frames import SENTINEL, TOKEN, by_section, frame

USERS = (
    "root:0:0:/root:/bin/bash\nann:1000:1000:/home/ann:/bin/sh\nman:6:12:/var/cache/man:/usr/sbin/nologin\n"
    "toor:0:0:/root:/usr/sbin/nologin\nold:1001:1001:/home/old:\n"
)
PASSWORDS = "f etc/passwd\nf etc/shadow\na root locked \na ann set \na man locked \na toor none \na old locked 20000\n"
EMPOWER = "usr/share/polkit-1/rules.d/empower.rules"
HASH = digest_bytes(b"x")
RULES = "f etc/sudoers\n"


def record(path: str, *, mode: str = "440", uid: int = 0, size: int = 9) -> str:
    return f"{TOKEN} f {mode} {uid} 0 {size} 1 - - - {path}//\n"


def read(
    text: str,
    *artifacts: Artifact,
    users: str = USERS,
    end: str = "end\n",
    status: str = "ok",
    users_status: str = "ok",
) -> Allowed:
    accounts = frame("users", users, status=users_status)
    frames = by_section({"users": accounts, "grants": frame("grants", text + end, status=status)})
    return read_allowed(frames, SENTINEL, parse_people(accounts, None, None), artifacts)


def of_kind(found: Allowed, kind: ArtifactKind) -> dict[str, Artifact]:
    return {artifact.name: artifact for artifact in found.artifacts if artifact.kind is kind}


def grants(found: Allowed) -> dict[str, Artifact]:
    return of_kind(found, ArtifactKind.GRANT)


def accounts(found: Allowed) -> Mapping[str, Mapping[str, str]]:
    return {name: dict(artifact.properties) for name, artifact in of_kind(found, ArtifactKind.ACCOUNT).items()}


def artifact(kind: ArtifactKind, name: str, *, scope: Scope = SYSTEM, **properties: str) -> Artifact:
    return Artifact(kind=kind, scope=scope, name=name, properties=tuple(sorted(properties.items())))


# --- rules of sudo --------------------------------------------------------------------------------------------------


def test_a_rule_is_told_in_one_spelling_with_its_place_and_who_owns_its_file() -> None:
    found = read(
        record("etc/sudoers") + RULES + "s 7 ann , %ops  ALL = NOPASSWD:  /bin/systemctl  *\ng ops 27 bob,ann\n"
    )
    assert found.gaps == ()
    told = grants(found)["%ops ALL=(root) NOPASSWD: /bin/systemctl *"]
    assert (told.scope, told.mode, told.owner, told.group) == (SYSTEM, 0o440, "root", "root")
    assert dict(told.properties) == {
        "by": "sudo",
        "source": "/etc/sudoers:7",
        "to": "%ops",
        "host": "ALL",
        "run_as": "root",
        "nopasswd": "yes",
        "reaches": "systemctl",
        "members": "ann bob",
    }
    assert "members" not in dict(grants(found)["ann ALL=(root) NOPASSWD: /bin/systemctl *"].properties)


def test_accounts_that_have_a_group_for_their_own_are_in_it() -> None:
    told = grants(read(RULES + "s 1 %people ALL=ALL\ng people 1001 ann\n"))["%people ALL=(root) ALL"]
    assert told.property("members") == "ann old"


def test_a_rule_that_stands_twice_is_told_once_with_both_places() -> None:
    told = grants(read(RULES + "s 1 ann ALL=ALL\ns 2 ann ALL = (root) ALL\n"))["ann ALL=(root) ALL"]
    assert told.property("source") == "/etc/sudoers:1, /etc/sudoers:2"


def test_only_what_sudoers_includes_is_a_rule() -> None:
    files = "".join(f"f {path}\ns 1 {name} ALL=ALL\n" for path, name in (("etc/sudoers.d/a", "a"), ("opt/b", "b")))
    assert not grants(read(RULES + "s 1 @includedir /opt\n" + files))
    included = RULES + "i dir etc/sudoers.d\ni file opt/b\n" + files
    assert grants(read(included)).keys() == {"a ALL=(root) ALL", "b ALL=(root) ALL"}


def test_files_that_include_each_other_end() -> None:
    text = RULES + "i file etc/sudoers\ni file opt/b\nf opt/b\ni file etc/sudoers\ns 1 b ALL=ALL\n"
    assert grants(read(text)).keys() == {"b ALL=(root) ALL"}


def test_the_vendor_file_counts_only_where_there_is_no_other() -> None:
    vendor = "f usr/etc/sudoers\ns 1 ann ALL=ALL\n"
    assert grants(read(vendor))
    assert not grants(read(vendor + RULES))


def test_a_long_rule_keeps_a_name_of_its_own() -> None:
    long = [f"{'x' * 2000}{number}" for number in range(2)]
    found = grants(read(RULES + "".join(f"s 1 ann ALL=/bin/systemctl {text}\n" for text in long)))
    assert len(found) == 2
    assert max(map(len, found)) <= 1024


def test_a_line_that_cannot_be_understood_is_a_gap_of_its_file() -> None:
    (gap,) = read(RULES + "s 9 what is this\n").gaps
    assert (gap.area, gap.status, gap.path) == (Area.GRANTS, ReadStatus.FAILED, "/etc/sudoers")
    assert "line 9" in gap.reason


def test_thousands_of_lines_that_cannot_be_understood_are_few_gaps() -> None:
    found = read(RULES + "".join(f"s {number} what is this\n" for number in range(3000)))
    assert len(found.gaps) < 30
    assert any("3000 lines" in gap.reason for gap in found.gaps)


@pytest.mark.parametrize(
    ("services", "is_gap"),
    [("n files\n", False), ("n files sss\n", False), ("n files sss\nx sss\n", True), ("n ldap\n", True)],
    ids=["files", "sss-without-daemon", "sss", "ldap"],
)
def test_rules_from_elsewhere_are_a_gap(services: str, is_gap: bool) -> None:
    found = read(RULES + services)
    assert [gap.status for gap in found.gaps] == ([ReadStatus.UNSUPPORTED] if is_gap else [])


def test_an_include_whose_name_depends_on_the_host_is_a_gap() -> None:
    (gap,) = read(RULES + "i file etc/sudoers.%h\n").gaps
    assert (gap.area, gap.status, gap.path) == (Area.GRANTS, ReadStatus.UNSUPPORTED, "/etc/sudoers.%h")


# --- polkit and monitors --------------------------------------------------------------------------------------------


def test_a_polkit_file_is_told_with_its_hash_and_owner() -> None:
    found = read(record(EMPOWER, mode="644") + f"f {EMPOWER}\np everything\n", end=f"end\n{HASH}  {EMPOWER}\n")
    told = grants(found)[f"/{EMPOWER}"]
    assert (told.sha256, told.mode, told.owner, told.size_bytes) == (HASH, 0o644, "root", 9)
    assert (told.property("reaches"), told.property("allows")) == ("polkit", "everything")


def test_watched_paths_are_told_by_monitor() -> None:
    found = read(
        "f etc/aide/aide.conf\nw + /etc/\nw ! /etc/systemd/system\nf etc/aide/aide.conf.d/x\nw + /etc\n"
        "f var/ossec/etc/ossec.conf\nw + /usr/lib/systemd\n"
    )
    told = {name: a.property("source") for name, a in of_kind(found, ArtifactKind.INTEGRITY_RULE).items()}
    assert told == {
        "aide /etc": "/etc/aide/aide.conf, /etc/aide/aide.conf.d/x",
        "aide !/etc/systemd/system": "/etc/aide/aide.conf",
        "wazuh /usr/lib/systemd": "/var/ossec/etc/ossec.conf",
    }


# --- accounts -------------------------------------------------------------------------------------------------------


def test_accounts_that_may_log_in_or_are_root_are_told() -> None:
    found = accounts(read(PASSWORDS))
    assert found == {
        "root": {"uid": "0", "gid": "0", "shell": "/bin/bash", "login": "shell", "locked": "yes"},
        "ann": {"uid": "1000", "gid": "1000", "shell": "/bin/sh", "login": "shell", "locked": "no"},
        "toor": {
            "uid": "0",
            "gid": "0",
            "shell": "/usr/sbin/nologin",
            "login": "nologin",
            "locked": "no",
            "password": "none",
        },
        "old": {
            "uid": "1001",
            "gid": "1001",
            "shell": "/bin/sh",
            "login": "shell",
            "locked": "yes",
            "expired": date.fromordinal(date(1970, 1, 1).toordinal() + 20000).isoformat(),
        },
    }


@pytest.mark.parametrize(
    "reason",
    [
        artifact(ArtifactKind.LINGER, "man"),
        artifact(ArtifactKind.FILE, "/var/cache/man/.config/systemd/user/a.timer", scope=user_scope("man")),
        artifact(ArtifactKind.LOADED, "a.timer", scope=user_scope("man")),
        artifact(ArtifactKind.LOADED, "man-db.service", User="man"),
        artifact(ArtifactKind.LOADED, "man-db.service", User="6"),
    ],
    ids=["linger", "unit", "manager", "service", "service-by-number"],
)
def test_a_service_account_is_told_when_something_runs_for_it(reason: Artifact) -> None:
    assert "man" not in accounts(read(PASSWORDS))
    told = accounts(read(PASSWORDS, reason))["man"]
    assert (told["login"], told["locked"]) == ("nologin", "yes")


def test_who_lingers_and_is_nobody_is_told_unless_the_list_was_cut() -> None:
    ghost = artifact(ArtifactKind.LINGER, "ghost")
    assert accounts(read(PASSWORDS, ghost))["ghost"] == {"listed": "no"}
    assert "ghost" not in accounts(read(PASSWORDS, ghost, users_status="truncated"))


def test_an_account_that_exists_only_while_its_service_runs_is_not_told() -> None:
    dynamic = artifact(ArtifactKind.LOADED, "a.service", User="dyn", DynamicUser="yes")
    assert "dyn" not in accounts(read(PASSWORDS, dynamic))


def test_an_account_of_a_directory_is_told_only_when_it_is_used_and_its_lock_is_a_gap() -> None:
    users = USERS + "eve:5000:5000:/home/eve:/bin/bash\n"
    assert "eve" not in accounts(read(PASSWORDS, users=users))
    found = read(PASSWORDS, artifact(ArtifactKind.LINGER, "eve"), users=users)
    assert accounts(found)["eve"]["locked"] == "unknown"
    (gap,) = found.gaps
    assert (gap.area, gap.scope, gap.status) == (Area.ACCOUNTS, user_scope("eve"), ReadStatus.UNSUPPORTED)


def test_without_the_shadow_file_locks_are_unknown_and_a_gap() -> None:
    told = "f etc/passwd\na root shadow \na ann shadow \n"
    denied, absent = read("u etc/shadow\n" + told), read(told)
    for found, status in ((denied, ReadStatus.DENIED), (absent, ReadStatus.FAILED)):
        assert {told["locked"] for told in accounts(found).values()} == {"unknown"}
        assert [(gap.area, gap.status, gap.path) for gap in found.gaps] == [(Area.ACCOUNTS, status, "/etc/shadow")]


def test_an_expiry_behind_all_calendars_is_never() -> None:
    told = accounts(read("f etc/shadow\na ann set 999999999\n"))["ann"]
    assert told["expired"] == ""


def test_too_many_accounts_are_cut_and_told() -> None:
    names = [f"u{number}" for number in range(MAX_ACCOUNTS + 1)]
    users = "".join(f"{name}:{uid}:{uid}:/:/bin/sh\n" for uid, name in enumerate(names, start=2000))
    found = read("f etc/shadow\n" + "".join(f"a {name} set \n" for name in names), users=users)
    assert len(accounts(found)) == MAX_ACCOUNTS
    assert [gap.status for gap in found.gaps] == [ReadStatus.TRUNCATED]


# --- what was not read ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "area"),
    [
        ("etc/sudoers", Area.GRANTS),
        ("etc/sudoers.d", Area.GRANTS),
        ("etc/polkit-1/rules.d", Area.GRANTS),
        ("etc/shadow", Area.ACCOUNTS),
        ("etc/aide/aide.conf", Area.AUDIT),
        ("var/ossec/etc/ossec.conf", Area.AUDIT),
    ],
)
def test_what_may_not_be_read_is_a_gap_with_its_path(path: str, area: Area) -> None:
    (gap,) = read(f"u {path}\n").gaps
    assert (gap.area, gap.status, gap.path) == (area, ReadStatus.DENIED, f"/{path}")


def test_a_file_that_was_seen_and_not_read_is_a_gap() -> None:
    assert [gap.status for gap in read(record("etc/sudoers", size=2**23)).gaps] == [ReadStatus.OVERSIZE]
    assert [gap.status for gap in read(record("etc/polkit-1/rules.d/a.rules", uid=1000)).gaps] == [ReadStatus.FAILED]
    assert read(record("etc/sudoers", size=0)).gaps == ()


def test_sudo_takes_no_rules_from_files_of_others_so_nothing_is_missing() -> None:
    assert read(record("etc/sudoers.d/a", uid=1000)).gaps == ()


@pytest.mark.parametrize(("status", "end"), [("timeout", "end\n"), ("truncated", ""), ("ok", ""), ("missing", "")])
def test_a_section_that_ended_badly_is_a_gap_and_evidence_all_the_same(status: str, end: str) -> None:
    found = read(RULES + "s 1 ann ALL=ALL\n", status=status, end=end)
    assert {gap.area for gap in found.gaps} == {Area.GRANTS, Area.ACCOUNTS, Area.AUDIT}
    assert grants(found)


def test_a_section_that_never_arrived_is_a_gap() -> None:
    found = read_allowed({}, SENTINEL, parse_people(None, None, None), ())
    assert {gap.area for gap in found.gaps} == {Area.GRANTS, Area.ACCOUNTS, Area.AUDIT}


def test_lines_that_nobody_understands_are_counted() -> None:
    found = read("what\na b c d\n")
    assert {gap.reason for gap in found.gaps} == {"2 lines of section grants cannot be read"}


_WORDS = (
    "f etc/sudoers", "s 1 a ALL=ALL", "i dir etc", "i file etc/sudoers", "p everything", "w + /etc", "u /", "end",
    "a ann set 1", "a root shadow ", "g x 1 a,b", "n sss", "x sss", f"{HASH}  a", TOKEN, record("etc/x").strip(),
)  # fmt: skip


@given(st.lists(st.sampled_from(_WORDS) | st.text(max_size=20), max_size=30))
def test_whatever_a_host_says_makes_no_visit_partial_and_no_key_twice(lines: list[str]) -> None:
    found = read("".join(f"{line}\n" for line in lines))
    assert {gap.area for gap in found.gaps} <= SUPPLEMENTARY
    keys = [told.key for told in found.artifacts]
    assert len(keys) == len(set(keys))
