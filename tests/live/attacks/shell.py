"""Shell lines of which plants are made. Whatever they write, their counterpart takes away, folders too."""

import shlex
from pathlib import PurePosixPath

SYSTEM = "/etc/systemd/system"
VENDOR = "/usr/lib/systemd/system"
RELOAD = "systemctl daemon-reload\n"
ONESHOT = "[Service]\nType=oneshot\n"
_STANDING = frozenset(
    {
        "/dev/shm",
        "/etc/systemd/system/multi-user.target.wants",
        "/etc/systemd/system/timers.target.wants",
        "/etc/systemd/user",
        "/run/systemd/generator",
        "/run/systemd/system",
        "/run/systemd/transient",
        "/tmp",
        "/usr/lib/systemd/system/timers.target.wants",
        "/usr/local/lib",
        "/usr/local/sbin",
        "/usr/local/share",
        "/usr/share/dbus-1/system-services",
        "/var/backups",
        "/var/lib/systemd/linger",
        "/var/lib/systemd/timers",
        "/var/tmp",
        "/home/deploy",
        "/home/ops",
        "/home/viewer",
        "/etc/default",
        "/etc/sudoers.d",
        "/opt",
        "/root",
        "/srv",
    }
)
_STANDING_ALL = _STANDING | {str(parent) for path in _STANDING for parent in PurePosixPath(path).parents}


def put(path: str, text: str | bytes, mode: str = "0644") -> str:
    """Write a file and the folders above it. Bytes are written as octal escapes, so that any of them can be there."""
    quoted = shlex.quote(path)
    if isinstance(text, bytes):
        escaped = "".join(chr(b) if 32 <= b < 127 and b not in b"'\\%" else f"\\{b:03o}" for b in text)
        written = f"printf '{escaped}'"
    else:
        written = f"printf %s {shlex.quote(text)}"
    folder = shlex.quote(str(PurePosixPath(path).parent))
    return f"mkdir -p {folder}\n{written} >{quoted}\nchmod {mode} {quoted}\n"


def drop(*paths: str) -> str:
    """Remove files or trees, and the folders above them that no host has by itself."""
    lines = f"rm -rf {shlex.join(paths)}\n"
    made = {str(parent) for path in paths for parent in PurePosixPath(path).parents} - _STANDING_ALL
    if made:
        deepest_first = sorted(made, key=lambda folder: -folder.count("/"))
        lines += f"rmdir --ignore-fail-on-non-empty {shlex.join(deepest_first)} 2>/dev/null\n"
    return lines


def timer(when: str = "OnCalendar=minutely", *, unit: str = "", install: str = "timers.target", about: str = "") -> str:
    """Give the text of a timer; `when` may hold several lines."""
    head = f"[Unit]\nDescription={about}\n" if about else ""
    named = f"Unit={unit}\n" if unit else ""
    return f"{head}[Timer]\n{when}\n{named}[Install]\nWantedBy={install}\n"


def service(exec_start: str, *, about: str = "", more: str = "") -> str:
    """Give the text of a service of one command; `more` are further lines of its section."""
    head = f"[Unit]\nDescription={about}\n" if about else ""
    return f"{head}{ONESHOT}ExecStart={exec_start}\n{more}"


def put_pair(name: str, timer_text: str | bytes, service_text: str | bytes, where: str = SYSTEM) -> str:
    """Write a timer and its service."""
    return put(f"{where}/{name}.timer", timer_text) + put(f"{where}/{name}.service", service_text)


def enable(name: str) -> str:
    """Enable and start a timer."""
    return f"{RELOAD}systemctl enable --now {shlex.quote(name)}.timer\n"


def start(name: str) -> str:
    """Start a timer that nothing enables."""
    return f"{RELOAD}systemctl start {shlex.quote(name)}.timer\n"


def drop_pair(name: str, where: str = SYSTEM, *more: str) -> str:
    """Stop a timer and its service, and remove their files, links and stamp."""
    quoted = shlex.quote(name)
    return (
        f"systemctl disable --now {quoted}.timer 2>/dev/null\n"
        f"systemctl stop {quoted}.timer {quoted}.service 2>/dev/null\n"
        f"rm -f /var/lib/systemd/timers/stamp-{quoted}.timer\n"
        + drop(f"{where}/{name}.timer", f"{where}/{name}.service", *more)
        + f"{RELOAD}systemctl reset-failed {quoted}.timer {quoted}.service 2>/dev/null\n"
    )


def link(target: str, path: str) -> str:
    """Make a symbolic link and the folders above it."""
    folder = shlex.quote(str(PurePosixPath(path).parent))
    return f"mkdir -p {folder}\nln -sfn {shlex.quote(target)} {shlex.quote(path)}\n"


def keep(path: str) -> str:
    """Put a copy of a file or link aside, once, as it is."""
    aside = f"/root/aside{path}"
    return f"mkdir -p {shlex.quote(str(PurePosixPath(aside).parent))}\ncp -a {shlex.quote(path)} {shlex.quote(aside)}\n"


def restore(path: str) -> str:
    """Put back what `keep` put aside."""
    aside = shlex.quote(f"/root/aside{path}")
    quoted = shlex.quote(path)
    return (
        f"if test -e {aside} || test -L {aside}; then rm -f {quoted}; cp -a {aside} {quoted}; rm -rf /root/aside; fi\n"
    )


def as_user(name: str, command: str) -> str:
    """Run a command as a user whose manager runs, without PAM."""
    return (
        f"setpriv --reuid={name} --regid={name} --init-groups env -i PATH=/usr/bin:/bin HOME=/home/{name} "
        f"XDG_RUNTIME_DIR=/run/user/$(id -u {name}) {command}\n"
    )
