"""All of a job on the terminal: what is said, that it fits, and that nothing from a host gets through raw."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from fleetscan.cli.closure import print_closure
from fleetscan.cli.output import Terminal
from fleetscan.cli.provenance import find_marks
from fleetscan.export.job_records import (
    ActivationRecord,
    CommandRecord,
    DirectiveRecord,
    DisagreementRecord,
    JobProgramRecord,
    JobRecord,
    ProcessRecord,
    SourceRecord,
    TriggerRecord,
    UnitRecord,
)

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
TIMER, SERVICE = "/etc/systemd/system/copy.timer", "/usr/lib/systemd/system/copy.service"
EVIL = "\x1b[31m\u202e\x07"


def source(path: str, verification: str = "unowned", kind: str = "fragment") -> SourceRecord:
    return SourceRecord(
        kind=kind,
        path=path,
        link_target="",
        sha256="ab" * 32,
        owner="root",
        group="root",
        mode="0644",
        package="copy" if verification != "unowned" else "",
        verification=verification,
        attributes=("immutable",),
    )


def directive(key: str, value: str, path: str, line: int, *, section: str = "Service") -> DirectiveRecord:
    return DirectiveRecord(
        section=section, key=key, value=value, path=path, line=line, has_meaning=key != "Description"
    )


def program(path: str, verification: str, *commands: int, presence: str = "found") -> JobProgramRecord:
    is_found = presence == "found"
    return JobProgramRecord(
        role="executable" if commands else "environment file",
        path=path,
        real_path=f"/usr{path}" if is_found else "",
        presence=presence,
        sha256="cd" * 32 if is_found else "",
        owner="root" if is_found else "",
        mode="0755" if is_found else "",
        package="" if verification in ("unowned", "unknown") else "tools",
        verification=verification,
        commands=commands,
        directive="ExecStart",
        group="root" if is_found else "",
        size_bytes=1,
        links=(),
        exposed=("/opt deploy:deploy 0775",) if verification == "unowned" else (),
        variables=("DEST", "LD_PRELOAD=/x.so"),
    )


def record(text: str = "") -> JobRecord:
    service = UnitRecord(
        name="copy.service",
        load="loaded",
        transient=False,
        generated=False,
        problems=(f"unknown key {text}",),
        sources=(
            source(SERVICE, "changed"),
            source(f"/etc/systemd/system/copy.service.d/9{text}.conf", kind="drop-in"),
        ),
        directives=(
            directive("Description", "never shown", SERVICE, 2, section="Unit"),
            directive("ExecStart", "shown as command", SERVICE, 4),
            directive("User", f"copy{text}", SERVICE, 5),
        ),
    )
    timer = UnitRecord(
        name="copy.timer",
        load="loaded",
        transient=False,
        generated=False,
        problems=(),
        sources=(source(TIMER),),
        directives=(directive("OnCalendar", "daily", TIMER, 2, section="Timer"),),
    )
    command = CommandRecord(
        directive="ExecStart",
        prefixes="-@",
        meaning=("-: its failure counts as success", "@: its argv[0] is set apart from its path"),
        path="/bin/run",
        argv=(f"kworker{text}", "a b", "$DEST"),
        raw="-@/bin/run …",
        file=SERVICE,
        line=4,
    )
    return JobRecord(
        host="web1",
        sweep=3,
        seen_at=NOW,
        scope="system",
        name=f"copy{text}.timer",
        timer="copy.timer",
        activates="copy.service",
        unit_names=("copy.timer", "copy.service"),
        schedule="daily",
        triggers=(TriggerRecord(directive="OnCalendar", value="daily", normal="*-*-* 00:00:00", path=TIMER, line=2),),
        next_at=NOW + timedelta(hours=3),
        last_at=None,
        user=f"copy{text}",
        enabled="enabled",
        active="active",
        listed=None,
        transient=False,
        links=(f"/etc/systemd/system/timers.target.wants/copy{text}.timer",),
        units=(timer, service),
        commands=(command,),
        programs=(
            program("/bin/run", "verified", 0),
            program("/bin/inner", "unowned", 0),
            program("/bin/gone", "unknown", 0, presence="absent"),
            program("/etc/default/copy", "changed configuration"),
            program("/etc/default/far", "unknown", presence="unread"),
        ),
        activations=(
            ActivationRecord(
                kind="link", unit="copy.service", by=f"x{text}.target", directive="wants", path="/etc/x", line=0
            ),
        ),
        disagreements=(DisagreementRecord(kind="memory and file differ", unit="copy.timer", detail=f"old{text}"),),
        processes=(
            ProcessRecord(
                scope="system",
                unit="copy.service",
                pid=77,
                parent_pid=1,
                user="copy",
                started_at=NOW,
                command=f"kworker{text}",
                executable="/usr/bin/run",
            ),
        ),
    )


def shown(job: JobRecord, width: int = 100) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, markup=False, emoji=False, highlight=False)
    print_closure(Terminal(out=console, talk=console), job, NOW)
    return out.getvalue()


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    "phrase",
    [
        "schedule daily OnCalendar=daily → *-*-* 00:00:00 /etc/systemd/system/copy.timer:2",
        "(in 3h)",
        "last run -",
        "enabled, active, whether it is listed was not read",
        "copy.service as copy",
        "1. fragment /usr/lib/systemd/system/copy.service root:root 0644 · package copy, changed: not what it",
        "2. drop-in /etc/systemd/system/copy.service.d/9.conf root:root 0644 · no package · sha256 ababab",
        "abababababab · immutable",
        "settings /usr/lib/systemd/system/copy.service 5: [Service] User=copy",
        "ExecStart /bin/run 'a b' $DEST",
        "prefix -: its failure counts as success",
        "calls itself kworker",
        "└ executable /bin/run → /usr/bin/run root:root 0755 · package tools, verified",
        "└ executable /bin/gone not there",
        "others may write /opt deploy:deploy 0775",
        "package tools, configuration that was changed · sha256 cdcdcdcdcdcd sets DEST, LD_PRELOAD=/x.so",
        "/etc/default/far not read",
        "link: x.target starts copy.service (wants, /etc/x)",
        "copy.timer: memory and file differ: old",
        "copy.service: unknown key",
        "77 as copy since",
    ],
)
def test_everything_about_a_job_is_said(phrase: str) -> None:
    assert phrase in words(shown(record(), 200))


def test_what_only_says_something_is_left_out() -> None:
    text = shown(record())
    assert "never shown" not in text
    assert "shown as command" not in text  # it stands among the commands


def test_what_a_program_starts_is_set_in_below_it() -> None:
    lines = shown(record()).splitlines()
    outer, inner = (next(line for line in lines if f"executable /bin/{name}" in line) for name in ("run", "inner"))
    assert inner.index("└") > outer.index("└")


@pytest.mark.parametrize("width", [80, 160])
def test_lines_are_no_wider_than_the_terminal(width: int) -> None:
    assert max(len(line.rstrip()) for line in shown(record("x" * 300), width).splitlines()) <= width


def test_text_from_hosts_is_made_visible_everywhere() -> None:
    text = shown(record(EVIL))
    assert not set(text) & set(EVIL.replace("[31m", ""))
    assert text.count(r"\x1b[31m") > 8
    assert r"\u202e" in text


def test_long_lists_are_cut_and_say_so() -> None:
    text = shown(
        JobRecord(
            **{name: getattr(record(), name) for name in record().__dataclass_fields__} | {"links": ("/a",) * 300}
        )
    )
    assert text.count("/a\n") + text.count("/a ") <= 201
    assert "… and more; --format json gives all" in text


def test_a_command_is_marked_only_for_what_is_out_of_the_ordinary() -> None:
    programs = [
        program("/a", "verified", 0),
        program("/b", "unknown", 0),
        program("/c", "owned", 0),
        program("/d", "unread", 0, presence="unread"),
        program("/e", "changed", 1),
        program("/f", "unowned", 1, 2),
        program("/g", "unowned", 2),
        program("/h", "unknown", 3, presence="absent"),
    ]
    marks = [find_marks(programs, number) for number in range(5)]
    assert marks == [(), ("changed", "no package"), ("no package",), ("not there",), ()]
