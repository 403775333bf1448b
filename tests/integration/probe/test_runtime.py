"""What the probe tells of running processes and of the logs, in real shells."""

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from fleetscan.demo.tree import HostTree, TreeFile
from fleetscan.model.coverage import Area, ReadStatus
from fleetscan.probe.runtime import RuntimeEvidence, read_runtime
from fleetscan.probe.script import ProbeScript, Terms, build_input
from tests.integration.probe import probe_runs
from tests.integration.probe.probe_runs import Run, run_probe

STARTED = "39f53479d3a045ac8e11786248231fbf"
SUCCEEDED = "7ad2d189f7e94e70a38c781354912448"
GROUP = "0::/system.slice/logrotate.service\n"
AUDIT_LOG = "var/log/audit/audit.log"
NOBODY = 65534
YOUNG_S = int(time.time()) - 60
OLD_S = YOUNG_S - 7 * 86400
JOURNALCTL = """#!/bin/sh
printf '%%s\\n' "$@" >>"${0%%/*}/asked"
%s
"""


def evidence(run: Run) -> RuntimeEvidence:
    frames = {(frame.section, frame.scope): frame for frame in run.frames}
    return read_runtime(frames, run.listing.people, run.listing.artifacts)


def add_process(tree: HostTree, pid: int, *, group: str = GROUP, name: str = "a", command: str = "a\0") -> None:
    ticks = 1234
    fields = " ".join(["S", "1", *("0" for _ in range(17)), str(ticks), "0"])
    tree.files[f"proc/{pid}/stat"] = TreeFile(f"{pid} ({name}) {fields}\n")
    tree.files[f"proc/{pid}/status"] = TreeFile("Name:\ta\nUid:\t1000\t0\t0\t0\n")
    tree.files[f"proc/{pid}/cgroup"] = TreeFile(group)
    tree.files[f"proc/{pid}/cmdline"] = TreeFile(command)
    tree.links[f"proc/{pid}/exe"] = "/usr/bin/a program"
    tree.files["proc/stat"] = TreeFile("cpu 1 2\nbtime 1700000000\nprocesses 9\n")


def journal_says(tree: HostTree, *lines: str, then: str = "exit 0") -> None:
    tree.files[".shim/journal"] = TreeFile("".join(f"{line}\n" for line in lines))
    tree.files[".shim/journalctl"] = TreeFile(JOURNALCTL % f'cat "${{0%/*}}/journal"; {then}', 0o755)


def record(unit: str, message: str = "Started a.", *, field: str = "UNIT", message_id: str = STARTED) -> str:
    writer = {"_PID": "1", "_UID": "0"} if field == "UNIT" else {"_PID": "77", "_UID": "1000"}
    fields = {"__REALTIME_TIMESTAMP": f"{YOUNG_S}000000", "__CURSOR": "s=1;i=2", "MESSAGE_ID": message_id}
    return json.dumps({**fields, "MESSAGE": message, field: unit, **writer}, separators=(",", ":"))


# --- processes ------------------------------------------------------------------------------------------------------


def test_a_process_of_a_service_that_a_timer_starts_is_told(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    add_process(tree, 31, name="x) S 7\ny (", command="/bin/sh\0-c\0echo a\nb\0")
    tree.write(root)
    run = run_probe(shell, root)
    (process,) = evidence(run).processes
    assert run.section("processes").payload.endswith(b"\nc /bin/sh\nc -c\nc echo a b\n\n")
    assert (process.unit, process.pid, process.parent_pid, process.user) == ("logrotate.service", 31, 1, "root")
    assert (process.command, process.executable) == ("/bin/sh -c echo a b", "/usr/bin/a program")
    assert process.started_at is not None
    assert process.started_at.timestamp() == 1_700_000_012


@pytest.mark.parametrize(
    "group",
    [
        "0::/system.slice/nginx.service\n",
        "0::/system.slice/logrotate.service-x.service\n",
        "0::/user.slice/user-1000.slice/user@1000.service/app.slice/logrotate.service\n",
        "0::/system.slice/nginx.service/logrotate.service\n",
    ],
)
def test_processes_of_other_services_are_not(shell: Sequence[str], tree: HostTree, root: Path, group: str) -> None:
    add_process(tree, 31, group=group)
    tree.write(root)
    found = evidence(run_probe(shell, root))
    assert (found.processes, found.gaps) == ((), ())


@pytest.mark.parametrize(
    "group",
    [
        "4:memory:/\n1:name=systemd:/system.slice/logrotate.service\n",
        "9:pids:/\n1:name=systemd:/system.slice/logrotate.service\n0::/system.slice/logrotate.service\n",
        "1:name=systemd:/system.slice/logrotate.service/own/group\n0::/\n",
    ],
)
def test_older_hierarchies_of_control_groups_tell_it_too(
    shell: Sequence[str], tree: HostTree, root: Path, group: str
) -> None:
    add_process(tree, 31, group=group)
    tree.write(root)
    assert [process.pid for process in evidence(run_probe(shell, root)).processes] == [31]


def test_a_process_that_ends_while_it_is_read_is_nothing(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    add_process(tree, 31)
    for name in ("stat", "status", "cmdline"):
        del tree.files[f"proc/31/{name}"]
    del tree.links["proc/31/exe"]
    tree.write(root)
    run = run_probe(shell, root)
    assert (evidence(run).processes, evidence(run).gaps, run.stderr) == ((), (), b"")


def test_more_processes_than_are_told_are_a_gap(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    for pid in range(100, 301):
        tree.files[f"proc/{pid}/cgroup"] = TreeFile(GROUP)
    tree.write(root)
    run = run_probe(shell, root)
    assert [gap.status for gap in evidence(run).gaps] == [ReadStatus.TRUNCATED]
    assert run.section("processes").payload.count(b"\ng ") == 200


def test_processes_that_are_hidden_are_a_gap(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    del tree.files["proc/1/comm"]
    tree.write(root)
    (gap,) = evidence(run_probe(shell, root)).gaps
    assert (gap.area, gap.status) == (Area.PROCESSES, ReadStatus.DENIED)


# --- journal --------------------------------------------------------------------------------------------------------


def test_units_that_have_no_file_are_told(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files["etc/systemd/system/getty@.service"] = TreeFile("[Service]\nExecStart=/bin/true\n")
    tree.files["etc/systemd/system/a\\x2db.service"] = TreeFile("[Service]\nExecStart=/bin/true\n")
    tree.files["run/systemd/transient/alive.service"] = TreeFile("[Service]\nExecStart=/bin/true\n")
    tree.links["etc/systemd/system/timers.target.wants/gone.timer"] = "/etc/systemd/system/gone.timer"
    journal_says(
        tree,
        record("logrotate.service"),
        record("getty@tty1.service"),
        record("a\\x2db.service"),
        record("session-1.scope"),
        record("logrotate.service", 'lies: "UNIT":"run-u9.service"'),
        record("run-u1.service", "Started run-u1.service - /bin/true."),
        record("alive.service"),
        record("gone.timer"),
        record("a\\x2dc.service"),
    )
    tree.write(root)
    found = evidence(run_probe(shell, root))
    assert [trace.unit for trace in found.traces] == sorted(
        ["run-u1.service", "alive.service", "gone.timer", "a\\x2dc.service"]
    )
    assert found.gaps == ()


def test_of_users_only_the_work_of_systemd_run_is_told(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    journal_says(
        tree,
        record("run-u1.service", field="USER_UNIT"),
        record("b.service", "Started b.service - [systemd-run] true.", field="USER_UNIT"),
        record("c.service", "Started c.service - /bin/true.", field="USER_UNIT"),
        record("d.service", 'Started "/opt/a b".', field="USER_UNIT"),
        record("e.timer", field="USER_UNIT"),
        record("f.service", "Started f.service - The player.", field="USER_UNIT"),
    )
    tree.write(root)
    traces = evidence(run_probe(shell, root)).traces
    assert [trace.unit for trace in traces] == ["b.service", "c.service", "d.service", "e.timer", "run-u1.service"]
    assert {trace.user for trace in traces} == {"deploy"}


def test_a_name_that_only_the_other_manager_knows_hides_nothing(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    tree.files["etc/systemd/user/player.service"] = TreeFile("[Service]\nExecStart=/bin/true\n")
    journal_says(
        tree,
        record("logrotate.timer", field="USER_UNIT"),
        record("player.service"),
        record("player.service", "Started /bin/player.", field="USER_UNIT"),
    )
    tree.write(root)
    traces = evidence(run_probe(shell, root)).traces
    assert [(trace.unit, trace.user) for trace in traces] == [("logrotate.timer", "deploy"), ("player.service", "")]


def test_the_end_of_a_unit_is_told_only_where_nothing_tells_of_its_start(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    journal_says(
        tree,
        record("a.service", "a.service: Deactivated successfully.", message_id=SUCCEEDED),
        record("b.service", "b.service: Deactivated successfully.", message_id=SUCCEEDED),
        record("b.service", "Started b.service - /bin/b."),
    )
    tree.write(root)
    traces = evidence(run_probe(shell, root)).traces
    assert [(trace.unit, trace.event) for trace in traces] == [("a.service", "ended"), ("b.service", "started")]


def test_a_unit_that_starts_all_the_time_is_told_three_times(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    journal_says(tree, *(record("a.service") for _ in range(100)))
    tree.write(root)
    found = evidence(run_probe(shell, root))
    assert (len(found.traces), found.gaps) == (3, ())


@pytest.mark.parametrize("count", [501, 4000])
def test_more_records_than_are_read_are_a_gap(shell: Sequence[str], tree: HostTree, root: Path, count: int) -> None:
    names = [f"run-u{n}.service" if count < 4000 else "logrotate.service" for n in range(count)]
    journal_says(tree, *map(record, names))
    tree.write(root)
    found = evidence(run_probe(shell, root))
    assert len(found.traces) == (500 if count < 4000 else 0)
    assert [(gap.area, gap.status) for gap in found.gaps] == [(Area.JOURNAL, ReadStatus.TRUNCATED)]


@pytest.mark.parametrize(
    ("given", "since"),
    [("", None), (" since=1700000000", "1700000000"), (" since=1x", None), (f" since={'9' * 12}", None)],
)
def test_the_journal_is_asked_from_the_last_visit_on(
    shell: Sequence[str],
    tree: HostTree,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: str,
    since: str | None,
) -> None:
    def build(script: ProbeScript, sentinel: str, terms: Terms) -> bytes:
        header, line_end, text = build_input(script, sentinel, terms).partition(b"\n")
        return header + given.encode() + line_end + text

    monkeypatch.setattr(probe_runs, "build_input", build)
    journal_says(tree)
    tree.write(root)
    run_probe(shell, root)
    (asked,) = [line for line in (root / ".shim/asked").read_text().split("\n") if line.startswith("--since=@")]
    if since is not None:
        assert asked == f"--since=@{since}"
    else:
        assert abs(int(asked.removeprefix("--since=@")) - (time.time() - 86400)) < 3600


def test_a_journalctl_that_cannot_choose_fields_is_asked_for_all(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    refuse = """case "$*" in *--output-fields*) echo "journalctl: unrecognized option '$7'" >&2; exit 1 ;; esac"""
    journal_says(tree, record("run-u1.service"))
    shim = tree.files[".shim/journalctl"]
    tree.files[".shim/journalctl"] = TreeFile(shim.text.replace("cat ", f"{refuse}\ncat "), 0o755)
    tree.write(root)
    found = evidence(run_probe(shell, root))
    assert ([trace.unit for trace in found.traces], found.gaps) == (["run-u1.service"], ())


@pytest.mark.parametrize(
    ("said", "then", "status"),
    [
        ("", "exit 124", ReadStatus.TIMED_OUT),
        ("", "exit 127", ReadStatus.MISSING_TOOL),
        ("", "exit 1", ReadStatus.FAILED),
        ("No journal files were opened due to insufficient permissions.", "exit 1", ReadStatus.DENIED),
        ("Hint: You are currently not seeing messages from other users and the system.", "exit 0", ReadStatus.DENIED),
        ("Journal file /var/log/journal/x/y.journal is truncated, ignoring file.", "exit 0", ReadStatus.FAILED),
    ],
)
def test_a_journal_that_is_not_told_whole_is_a_gap(
    shell: Sequence[str], tree: HostTree, root: Path, said: str, then: str, status: ReadStatus
) -> None:
    journal_says(tree, record("run-u1.service"), then=f'echo "{said}" >&2; {then}')
    tree.write(root)
    found = evidence(run_probe(shell, root))
    assert len(found.traces) == 1
    assert [(gap.area, gap.status) for gap in found.gaps] == [(Area.JOURNAL, status)]


def test_a_host_that_keeps_no_journal_is_told(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    for path in [path for path in tree.files if path.startswith("var/log/journal/")]:
        del tree.files[path]
    tree.write(root)
    (gap,) = evidence(run_probe(shell, root)).gaps
    assert (gap.area, gap.status) == (Area.JOURNAL, ReadStatus.MISSING_TOOL)


def run_without_rights(shell: Sequence[str], root: Path, closed: str, *, left: int = 0) -> Run:
    """Run the probe where one path may not be read: as nobody if we are root, whom no mode keeps out.

    Args:
        shell: As for `run_probe`.
        root: The tree.
        closed: The path in it.
        left: Which mode it has meanwhile.
    """
    path = root / closed
    mode = path.stat().st_mode
    path.chmod(left)
    try:
        return run_probe(shell, root, user=NOBODY if os.geteuid() == 0 else None)
    finally:
        path.chmod(mode)


@pytest.mark.parametrize(
    "closed", ["var/log/journal/*/system.journal", "var/log/journal/*", "var/log/journal", "var/log"]
)
def test_a_journal_that_may_not_be_read_is_a_gap_though_journalctl_says_nothing(
    shell: Sequence[str], tree: HostTree, root: Path, closed: str
) -> None:
    tree.write(root)
    (place,) = root.glob(closed)
    gaps = evidence(run_without_rights(shell, root, str(place.relative_to(root)))).gaps
    assert (Area.JOURNAL, ReadStatus.DENIED) in {(gap.area, gap.status) for gap in gaps}


# --- audit ----------------------------------------------------------------------------------------------------------


def audit(kind: str, rest: str, *, at: int = YOUNG_S, serial: int = 1) -> str:
    return f"type={kind} msg=audit({at}.123:{serial}): {rest}\n"


def test_the_audit_log_tells_what_ran_systemd_run_and_which_services_have_no_file(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    tree.files[AUDIT_LOG + ".1"] = TreeFile(
        audit("SERVICE_START", "pid=1 uid=0 msg='unit=run-u1 comm=\"systemd\" res=success'", at=OLD_S)
        + audit("SYSCALL", 'syscall=59 auid=0 uid=0 comm="systemd-run" exe="/usr/bin/systemd-run" key=(null)')
        + audit("EXECVE", 'argc=2 a0="sd" a1="/bin/true"')
    )
    tree.files[AUDIT_LOG] = TreeFile(
        audit("EXECVE", 'argc=1 a0="cat"', serial=2)
        + audit("SERVICE_START", "pid=1 uid=0 msg='unit=logrotate comm=\"systemd\" res=success'", serial=3)
        + audit("SERVICE_STOP", "pid=1 uid=0 msg='unit=hidden comm=\"systemd\" res=success'", serial=4)
    )
    tree.write(root)
    found = evidence(run_probe(shell, root))
    assert [(trace.event, trace.unit, trace.command) for trace in found.traces] == [
        ("EXECVE", "", "sd /bin/true"),
        ("SERVICE_STOP", "hidden.service", ""),
    ]
    assert found.gaps == ()


@pytest.mark.parametrize(
    ("before", "first_s", "is_gap"),
    [(1_100_000, YOUNG_S, True), (1_100_000, OLD_S, False), (10, YOUNG_S, False)],
    ids=["long and young", "long and old", "short"],  # not their values: those are another second in each worker
)
def test_an_audit_log_of_which_too_little_is_read_is_a_gap(
    shell: Sequence[str], tree: HostTree, root: Path, before: int, first_s: int, is_gap: bool
) -> None:
    rest = audit("USER_CMD", "x" * 80, at=first_s)
    tree.files[AUDIT_LOG] = TreeFile(rest * (before // len(rest)) + audit("USER_CMD", "y"))
    tree.write(root)
    gaps = [(gap.area, gap.status) for gap in evidence(run_probe(shell, root)).gaps]
    assert gaps == ([(Area.AUDIT, ReadStatus.TRUNCATED)] if is_gap else [])


def test_rules_of_the_kernel_and_of_files_are_told(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files["etc/audit/rules.d/10 a.rules"] = TreeFile("## timers\n  -w /etc/systemd/system/ -p wa -k t\n-D\n")
    tree.files["etc/audit/audit.rules"] = TreeFile("-w /usr/bin/systemd-run -p x\n-w /etc/shadow -p r -k s3cret\n")
    tree.files[".shim/auditctl"] = TreeFile("#!/bin/sh\necho '-w /etc/systemd/system -p wa -k t'\n", 0o755)
    tree.write(root)
    found = evidence(run_probe(shell, root))
    assert [(rule.name, rule.property("source")) for rule in found.artifacts] == [
        ("-w /etc/systemd/system -p wa", "file loaded"),
        ("-w /usr/bin/systemd-run -p x", "file"),
    ]
    assert found.gaps == ()


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("echo 'You must be root to run this program.' >&2; exit 4", ReadStatus.DENIED),
        ("echo 'Error sending rule list data request (Operation not permitted)' >&2; exit 1", ReadStatus.DENIED),
        ("exit 124", ReadStatus.TIMED_OUT),
        ("exit 1", ReadStatus.FAILED),
    ],
)
def test_rules_that_auditctl_does_not_tell_are_a_gap(
    shell: Sequence[str], tree: HostTree, root: Path, said: str, status: ReadStatus
) -> None:
    tree.files["etc/audit/audit.rules"] = TreeFile("-w /etc/systemd/system -p wa\n")
    tree.files[".shim/auditctl"] = TreeFile(f"#!/bin/sh\n{said}\n", 0o755)
    tree.write(root)
    found = evidence(run_probe(shell, root))
    assert len(found.artifacts) == 1
    assert [(gap.area, gap.status) for gap in found.gaps] == [(Area.AUDIT, status)]


@pytest.mark.parametrize(
    "closed", [AUDIT_LOG, "var/log/audit", "etc/audit", "etc/audit/rules.d", "etc/audit/audit.rules"]
)
def test_what_of_the_audit_system_may_not_be_read_is_a_gap(
    shell: Sequence[str], tree: HostTree, root: Path, closed: str
) -> None:
    for path in (AUDIT_LOG, "etc/audit/rules.d/a.rules", "etc/audit/audit.rules"):
        tree.files[path] = TreeFile("")
    tree.write(root)
    gaps = evidence(run_without_rights(shell, root, closed)).gaps
    assert [(gap.area, gap.status) for gap in gaps] == [(Area.AUDIT, ReadStatus.DENIED)]


@pytest.mark.parametrize(("folder", "area"), [("etc/audit/rules.d", Area.AUDIT), ("var/log/journal", Area.JOURNAL)])
def test_a_folder_that_may_be_entered_and_not_listed_is_a_gap(
    shell: Sequence[str], tree: HostTree, root: Path, folder: str, area: Area
) -> None:
    tree.files["etc/audit/rules.d/a.rules"] = TreeFile("")
    tree.write(root)
    gaps = evidence(run_without_rights(shell, root, folder, left=0o111)).gaps
    assert [(gap.area, gap.status) for gap in gaps] == [(area, ReadStatus.DENIED)]
