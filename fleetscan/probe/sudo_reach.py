"""What a command of sudoers lets somebody reach: units, a shell, or everything.

What is known of programs errs on the side of telling: a pattern counts as all that it can match.

Source: sudoers(5), "Wildcards" and "Preventing shell escapes"; the list of programs follows GTFOBins in kind.
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import lru_cache

from fleetscan.model.grant import Reach
from fleetscan.systemd.search_path import GLOBAL_USER_DIRS, SYSTEM_DIRS

_BIN_DIRS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")
_UNIT_DIRS = (*SYSTEM_DIRS, *GLOBAL_USER_DIRS, "/var/lib/systemd/linger")
# Whatever their arguments are.
_ALWAYS = {
    Reach.ALL: "visudo vipw vigr",
    Reach.SHELL: "su sudo run0 pkexec machinectl login newgrp sg chroot nsenter unshare",
    Reach.ESCAPE: """vi vim view vimdiff rvim rview nvim ex ed nano pico rnano emacs joe mcedit less more most man info
        pg git journalctl mail mailx mutt ftp sftp telnet gdb screen tmux mc""",
    Reach.RUN: "systemd-run busctl dbus-send gdbus",
    Reach.SYSTEMCTL: "systemctl service invoke-rc.d rc-service initctl",
}
# If the arguments are free, or if there are to be none.
_BARE = {
    Reach.SHELL: "sh bash dash ash zsh ksh mksh fish csh tcsh busybox rbash passwd",
    Reach.ESCAPE: """python perl ruby irb lua node nodejs php tclsh expect psql mysql mariadb sqlite script""",
}
# If the arguments are free.
_FREE = {
    Reach.SHELL: """usermod useradd adduser gpasswd chpasswd groupmod chsh env nice ionice nohup timeout setsid
        stdbuf time xargs setpriv runuser capsh start-stop-daemon at batch crontab""",
    Reach.ESCAPE: """find awk gawk mawk nawk sed tar zip rsync ssh scp docker podman nerdctl ctr lxc lxd kubectl make
        rpm dpkg apt apt-get aptitude yum dnf zypper snap flatpak pip gem npm cargo mount strace ltrace watch nmap
        tcpdump logrotate openvpn ldconfig insmod modprobe puppet ansible ansible-playbook salt-call""",
    Reach.EDIT: """cp mv ln tee install dd chmod chown chgrp setfacl rm unlink touch truncate patch unzip cpio bsdtar
        curl wget sponge shred chattr gzip bzip2 xz base64 openssl sort split""",
}
_EDITORS = frozenset(
    ("vi", "vim", "view", "vimdiff", "rvim", "rview", "nvim", "ex", "ed", "nano", "pico", "rnano", "emacs", "joe",
     "mcedit", "mc")
)  # fmt: skip
_READERS = frozenset(
    ("cat", "ls", "head", "tail", "grep", "stat", "diff", "cmp", "md5sum", "sha256sum", "file", "wc", "systemd-analyze")
)
_DIGESTS = re.compile(r"(?:sha\d{3}:\S+ )*")
_ANY_PATH = re.compile(r"\^(?:.*/)?(?:\.|\[\^[^]]*\]|\\S|\\w)[*+]\$?")
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")
_VERSION = re.compile(r"[-.]?\d[\d.]*\Z|\.[a-z]+\d*\Z")
_STRENGTH = tuple(Reach)
_MAX_PATTERN = 256


def _index(table: dict[Reach, str]) -> dict[str, Reach]:
    return {name: reach for reach, names in table.items() for name in names.split()}


_ALWAYS_BY_NAME, _BARE_BY_NAME, _FREE_BY_NAME = _index(_ALWAYS), _index(_BARE), _index(_FREE)
_KNOWN = frozenset((*_ALWAYS_BY_NAME, *_BARE_BY_NAME, *_FREE_BY_NAME))


@lru_cache(4096)
def find_reach(command: str, *, is_noexec: bool) -> Reach | None:
    """Tell why a command matters, None when it does not.

    Args:
        command: `ALL`, or path and arguments with single spaces, digests before it allowed.
        is_noexec: Whether sudo keeps what it starts from starting anything else.
    """
    digests = _DIGESTS.match(command)
    plain = command[digests.end() :] if digests else command
    path, _, arguments = plain.partition(" ")
    if path == "ALL":
        return Reach.ALL
    if path == "sudoedit":
        return Reach.EDIT if not arguments or any(_is_unit_path(word) for word in arguments.split(" ")) else None
    return min(_of_path(path, arguments, is_noexec=is_noexec), key=_STRENGTH.index, default=None)


def _of_path(path: str, arguments: str, *, is_noexec: bool) -> Iterator[Reach]:
    """Give the reach of all programs that a path, a pattern, a folder or a regular expression can mean."""
    folder, _, base = path.rpartition("/")
    is_expression = path.startswith("^")  # it is the host's, so it is looked at and not run
    if is_expression and _ANY_PATH.fullmatch(path):
        yield Reach.ALL
    if is_expression:
        names = _KNOWN.intersection(_NAME.findall(path.replace("\\", "")))
    elif base in ("", "*") or (_is_pattern(path) and len(path) > _MAX_PATTERN):
        names = frozenset()
        if _is_bin_dir(folder):
            yield Reach.ALL
    elif _is_pattern(path):
        names = frozenset(name for name in _KNOWN if _is_bin_dir(folder) and fnmatchcase(name, base))
    else:
        names = frozenset({base if base in _KNOWN else _VERSION.sub("", base)})
    for name in sorted(names):
        if reach := _of_program(name, arguments, is_noexec=is_noexec):
            yield reach


def _of_program(name: str, arguments: str, *, is_noexec: bool) -> Reach | None:
    is_free = not arguments or _is_pattern(arguments) or arguments.startswith("^")
    reach = _ALWAYS_BY_NAME.get(name)
    if reach is None and (is_free or arguments == '""'):
        reach = _BARE_BY_NAME.get(name)
    if reach is None and is_free:
        reach = _FREE_BY_NAME.get(name)
    if reach is Reach.ESCAPE and is_noexec:
        reach = Reach.EDIT if name in _EDITORS and is_free else None
    if reach is None and name not in _READERS and any(_is_unit_path(word) for word in arguments.split(" ")):
        return Reach.EDIT
    return reach


def _is_pattern(text: str) -> bool:
    return any(letter in text for letter in "*?[")


def _is_bin_dir(folder: str) -> bool:
    return len(folder) <= _MAX_PATTERN and any(fnmatchcase(place, folder) for place in _BIN_DIRS)


def _is_unit_path(word: str) -> bool:
    """Tell whether an argument names a unit directory or something in it, or is a pattern that can."""
    at = word.find("/")
    if at < 0:
        return False
    path = word[at:]
    if "/systemd/" in path + "/":
        return True
    fixed = re.split(r"[*?\[]", path, maxsplit=1)[0]
    return fixed != path and any(place.startswith(fixed) or fixed.startswith(place) for place in _UNIT_DIRS)
