"""Texts that deceive whoever parses units in another way than systemd."""

from tests.live.attacks.plant import Plant
from tests.live.attacks.shell import (
    SYSTEM,
    drop_pair,
    enable,
    put_pair,
    service,
    timer,
)


def _deceptive(
    id_: str,
    name: str,
    why: str,
    service_text: str | bytes,
    *,
    timer_text: str | bytes = "",
    among: tuple[str, ...] = ("evasion",),
) -> Plant:
    return Plant(
        id=id_,
        technique="evasion",
        why=why,
        plant=put_pair(name, timer_text or timer("OnCalendar=*:0/25"), service_text) + enable(name),
        undo=drop_pair(name),
        names=(f"{name}.*",),
        accept=("plain-pair",),
        among=among,
        severity="high",
    )


EVASION = (
    _deceptive(
        "evasion-nul",
        "journal-pad",
        "a zero byte ends the line, and behind a description stands a command",
        b"[Unit]\nDescription=padding\x00[Service]\x00Type=oneshot\x00ExecStart=/usr/bin/true\n",
    ),
    _deceptive(
        "evasion-carriage-return",
        "grub-hint",
        "lines end as on an old Macintosh",
        b"[Service]\rType=oneshot\rExecStart=/usr/bin/true\r",
    ),
    _deceptive(
        "evasion-byte-order-mark",
        "acl-backup",
        "an invisible mark before the first section",
        b"\xef\xbb\xbf[Service]\nType=oneshot\nExecStart=/usr/bin/true\n",
    ),
    _deceptive(
        "evasion-continued",
        "lvm-hint",
        "the command goes on behind a comment",
        "[Service]\nType=oneshot\nExecStart=/bin/echo off \\\n# ends here\n; and here\n; /usr/bin/true\n",
        among=(),
    ),
    _deceptive(
        "evasion-escaped-path",
        "pstore-ship",
        "letters of the program are written as numbers",
        b'[Service]\nType=oneshot\nExecStart="/usr/b\\x69n/t\\162ue"\n',
    ),
    _deceptive(
        "evasion-prefixes",
        "cgroup-trim",
        "signs before the program",
        "[Service]\nUser=nobody\nType=oneshot\nExecStart=-+:/usr/bin/true $HOME\n",
        among=(),
    ),
    _deceptive(
        "evasion-semicolon",
        "spool-audit",
        "two commands on one line",
        "[Service]\nType=oneshot\nExecStart=/bin/echo fine ; /usr/bin/true now\n",
    ),
    _deceptive(
        "evasion-line-separator",
        "hw-census",
        "what Unicode takes for the end of a line, and systemd does not",
        "[Service]\nType=oneshot\nExecStart=/bin/echo\u2028ExecStart=/usr/bin/true\nExecStartPost=/usr/bin/true\n",
    ),
    _deceptive(
        "evasion-bidi",
        "font-check",
        "a description that is shown in another order than it is written",
        service("/usr/bin/true", about="Font check \u202eemit.tnof\u202c daily"),
    ),
    _deceptive(
        "evasion-homoglyph",
        "rpc-census",
        "letters of another alphabet in a vendor's description",
        service("/usr/bin/true"),
        timer_text=timer("OnCalendar=*:0/35", about="D\u0430ily \u0441leanup of Temporary Director\u0456es"),
    ),
    _deceptive(
        "evasion-form-feed",
        "tape-index",
        "a byte that editors take for white space before a key that is then none",
        b"[Service]\nType=oneshot\n\x0cExecStart=/bin/echo fine\nExecStart=/usr/bin/true\n",
        among=(),
    ),
    _deceptive(
        "evasion-not-utf8",
        "scsi-hint",
        "bytes that are no text, in a comment",
        b"# \xff\xfe\xc3\x28\n[Service]\nType=oneshot\nExecStart=/usr/bin/true\n",
    ),
    Plant(
        id="evasion-megabyte",
        technique="evasion",
        why="the command stands behind more comment than most programs read",
        plant=put_pair("kdump-note", timer("OnCalendar=*:0/45"), "[Service]\nType=oneshot\n")
        + f"head -c 1200000 /dev/zero | tr '\\0' x | fold -w 1000 | sed 's/^/#/' >>{SYSTEM}/kdump-note.service\n"
        + f"printf '\\nExecStart=/usr/bin/true\\n' >>{SYSTEM}/kdump-note.service\n"
        + enable("kdump-note"),
        undo=drop_pair("kdump-note"),
        names=("kdump-note.*",),
        accept=("plain-pair",),
        among=("evasion",),
        severity="high",
    ),
)
