"""Words of nasty unit files: keys, values, separators. Bytes, because units are bytes.

Specifiers are those that depend on the unit's name alone, so that a value is the same wherever the test runs, and no
bare name of a program is one that a host lacks.
"""

from collections.abc import Sequence

from hypothesis import strategies as st

STEM = b"nastystem"
"""Stands for the case's own stem until the case is given its number."""

_PREFIXES = (b"-", b"@", b":", b"+", b"!", b"!!", b"|")
_PATHS = (
    b"/bin/true", b"/usr/bin/env", b"/bin/sh", b"//usr///bin/./x", b"/usr/bin/.", b"/nonexistent/x", b"true", b"sh",
    b"./x", b"../x", b"bin/x", b"/usr/bin/", b"/", b"/.", b"/a/../b", b'"/opt/a b"', b"'/opt/a b'",
    b"/opt/my\\x20tool", b"/opt/\\x2ftool", b"/\\164mp/x", b"/opt/\\u00e9", b"/opt/\xc3\xa9", b"/opt/\xe2\x80\xa8x",
    b"/opt/%p", b"%p", b"/bin/%i", b"/%I", b"/opt/%n", b"/opt/100%%", b"/opt/%", b"/opt/%z", b"/bin/$X", b"~/x", b'""',
    b"''", b"/o'pt/a'\"b\"", b"/opt/a\\sb", b"/opt/a\\nb", b"/opt/\\x1b[31m", b"/opt/\\x07", b"/opt/\x07",
    b"/opt/a\\\\b", b"/opt/a\\;b", b"/opt/a\\", b"\\x2fbin/true", b"/opt/\x0bx", b"/" + b"a" * 256, b"/b" + b"b" * 254,
    b"/opt/a;", b";/bin/true", b"/bin/true;", b"#/bin/true", b"=/bin/true", b"/opt/a\\'b", b'/opt/a\\"b',
    b"/bin/true\\x20",
)  # fmt: skip
_PIECES = (
    b"a", b"-x", b"--opt=1", b"'a b'", b'"a b"', b"\\x41", b"\\x4", b"\\u00e9", b"\\U0001F600", b"\\101", b"\\0",
    b"\\18", b"\\777", b"\\x00", b"\\U00110000", b"\\;", b";", b"\\\\", b"$HOME", b"${HOME}", b"$$", b"$", b"%%",
    b"%n", b"%N", b"%p", b"%P", b"%i", b"%I", b"%j", b"%J", b"%z", b"%", b"''", b'""', b'"', b"'", b"\\q", b"\\", b"#",
    b">", b"|", b"&&", b"\\s", b"\\t", b"\\n", b"\\a\\b\\f\\r\\v", b"\\'", b'\\"', b"\xe2\x80\xa8", b"\xc3\xa9",
    b"\\xc3\\xa9", b"\x0b", b"\x0c", b"\xc2\x85", b"\xc2\xa0", b"\xef\xbb\xbf", b"=", b"[x]", b"\x01", b"\x7f",
    b"\xf0\x9f\x98\x80", b"\\e", b"a\\ b", b"'\\''", b"\"'\"", b"'\"'", b"';'", b'"\\;"', b"\\\\;",
)  # fmt: skip
_GAPS = (b" ", b" ", b" ", b"  ", b"\t", b"", b" \x0c ", b"\x0b")
_BOOLEANS = (
    b"yes", b"no", b"true", b"false", b"1", b"0", b"on", b"off", b"y", b"n", b"t", b"f", b"YES", b"True", b"oN", b"Y",
    b"T", b"", b"2", b"maybe", b"yes ", b"y\x0c", b"'yes'", b"yesno", b"enable", b"01",
)  # fmt: skip
_SPANS = (
    b"5min", b"1h 30min", b"90", b"1.5h", b"infinity", b"0", b"", b"5 min", b"1d1h", b"2 weeks", b"1month", b"1M",
    b"1m", b"5x", b"-5", b"+5", b"1.", b".5s", b"1..5s", b"1h,30min", b"1e3", b"100000y", b"584542y", b"3 \xce\xbcs",
    b"3 \xc2\xb5s", b"3us", b"3 usec", b"999ms", b"1y 2M 3w 4d 5h 6m 7s 8ms 9us", b"1h\t5s", b"1h\x0b5s",
    b"18446744073709551615us", b"18446744073709551614us", b"9223372036854775807us", b"INFINITY", b"1H", b"5sec5",
    b"5 5", b"infinity 5s", b"'5s'", b"0x10", b"1 s", b"1.0000001s", b"1.9999999s", b"0.0000001s", b"%%",
    b"5min # often", b"\xd9\xa5s",
)  # fmt: skip
_CALENDARS = (
    b"daily", b"hourly", b"weekly", b"Mon", b"Mon..Fri 08:00", b"*:0/5", b"*-*-* 04:00:00", b"*-*-01 00:00", b"DAILY",
    b"Mon,Wed *-*-* 1:2:3", b"2024-02-30", b"*-02-31", b"*-*~01", b"*-*~01..07/2", b"04:00 UTC",
    b"04:00 Europe/Berlin", b"04:00 Mars/Phobos", b"", b"tomorrow", b"25:00", b"12:60", b"*:*:*", b"*:*:0/15",
    b"*:0..30/7", b"@0", b"@1700000000", b"Sun..Mon", b"Fri..Mon 1:00", b"mon-fri", b"Mon, 1:00", b"*-1,2,3-* 3",
    b"99-1-1", b"70-1-1", b"2300-1-1", b"1-1", b"1..5:00", b"5..1:00", b"*-*-1/40", b"*:0/0", b"00:00:00.5",
    b"00:00:00.1234567", b"00:00:59.9999999", b"*:*:0/1.5", b"monthly UTC", b"daily Europe/Berlin", b"Mon *-*-*",
    b"Mon *-*", b"*-*-* *:*", b"* *:*", b"daily  ", b"Mon  1:00", b"1:00 ", b"1:00  UTC", b"yearly", b"anually",
    b"semi-annually", b"quarterly", b"minutely", b"secondly", b"'daily'", b"daily;hourly", b"daily hourly", b"%%",
    b"\xef\xbc\x91:00", b"Montag", b"Thu..Sat,Mon 10:10", b"Mon..Wed..Fri", b"*-*-31..1", b"*-12/2-*", b"0:0:0",
    b"000:00", b"*-*-* 0/3:0/7:0/11", b"10:00 utc", b"10:00 GMT", b"10:00 CET", b"2024-1-1..2025-1-1",
    b"2020..2030-1-1", b"*-*-01,15 6,18:00", b"*:00,15,30,45", b"Sat,Sun", b"Mon,Tue,Wed", b"~1", b"*-*~3,5", b"02~03",
    b"1:2:3:4", b"1-2-3-4", b"12", b"*", b"*:*",
)  # fmt: skip
_UNIT_NAMES = (
    STEM + b".service", STEM + b"x.service", STEM + b".target", b"%p.service", b"%N.service", STEM + b".timer", b"%n",
    b"no-suffix", b"bad suffix.service", b"x.conf", b"", b"a/b.service", b"%p@a.service", STEM + b"@.service",
    STEM + b"x.service # why", b"%j.service", b"'" + STEM + b".service'", b"x.SERVICE", b".service", b"%%.service",
    STEM + b"x.path", STEM + b"x.socket extra", b"caf\xc3\xa9.service", b"%i.service",
)  # fmt: skip
_USERS = (
    b"nobody", b"root", b"0", b"65534", b"no-such-user", b"", b"bad user", b"%p", b"daemon ", b"-x", b"a.b", b"1abc",
    b"%i", b"4294967295", b"-1", b"'root'", b"a" * 40, b"u$", b"us\xc3\xa9r", b"a/b", b"065534", b"%%",
    b"nobody:nogroup",
)  # fmt: skip
_TYPES = (b"oneshot", b"simple", b"exec", b"forking", b"notify", b"idle", b"bogus", b"", b"OneShot", b"oneshot ", b"%p")
_RESTARTS = (b"no", b"always", b"on-failure", b"on-success", b"never", b"", b"on-abnormal", b"on-abort", b"ALWAYS")
_TEXTS = (
    b"plain", b"two words", b"  inner   spaces  ", b'"quoted"', b"a\\x41b", b"%p and %n", b"100%%", b"%", b"%z",
    b"x\x0c", b"\x0bx", b"caf\xc3\xa9", b"line\xe2\x80\xa8sep", b"\xc2\x85", b"a # b", b"a ; b", b"a=b=c",
    b"[Service]", b"", b"a\\", b"tab\there", b"\x01\x02", b"\x1b[31m", b"%I", b"\xef\xbf\xbe", b"\xef\xb7\x90",
    b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
)  # fmt: skip


def command_lines() -> st.SearchStrategy[bytes]:
    """Values of Exec directives: most are almost a command."""
    return st.builds(
        _join_command,
        st.lists(st.sampled_from(_PREFIXES), max_size=3) | st.just([]),
        st.sampled_from(_PATHS[:3]) | st.sampled_from(_PATHS),
        st.lists(st.tuples(st.sampled_from(_GAPS), st.sampled_from(_PIECES)), max_size=5),
        st.sampled_from(
            (b"", b"", b"", b" ; /bin/second", b" ;", b"; /bin/second", b" ; -@/bin/third z 1", b" ; ; /b")
        ),
    )


def _join_command(prefixes: Sequence[bytes], path: bytes, words: Sequence[tuple[bytes, bytes]], tail: bytes) -> bytes:
    gap = b" " if words and not words[0][0] else b""
    return b"".join((*prefixes, path, gap, *(part for pair in words for part in pair), tail))


COMMANDS = command_lines() | st.sampled_from((b"", b"/bin/true", b"/bin/echo hello"))
BOOLEANS = st.sampled_from(_BOOLEANS)
SPANS = st.sampled_from(_SPANS)
CALENDARS = st.sampled_from(_CALENDARS)
UNIT_NAMES = st.sampled_from(_UNIT_NAMES)
USERS = st.sampled_from(_USERS)
TYPES = st.sampled_from(_TYPES)
RESTARTS = st.sampled_from(_RESTARTS)
TEXTS = st.sampled_from(_TEXTS)
