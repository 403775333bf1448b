"""Units that are what they were, and programs that are not; and doors for whoever wants to change them."""

from tests.live.attacks.household import LEDGER, REPORT, REPORT_SETTINGS
from tests.live.attacks.plant import Plant
from tests.live.attacks.shell import SYSTEM, drop, drop_pair, enable, keep, put, put_pair, restore, service, timer

_SESSIONS = "/usr/lib/php/sessionclean"
# Sets an access control list (user 1001 may read, write, execute) as setfacl would, which minimal hosts do not have:
# version 2, then tag, rights and id of owner, user, group, mask and others; call 188 is setxattr on x86-64, 5 on
# arm64.
_LISTED = f"{SYSTEM}/night-report.service"
_ACL = """perl -e '
my $list = pack("V", 2) . join "", map { pack("vvV", @$_) }
  [1, 7, 0xffffffff], [2, 7, 1001], [4, 5, 0xffffffff], [16, 7, 0xffffffff], [32, 5, 0xffffffff];
my ($path, $name) = ($ARGV[0], "system.posix_acl_access");
my $number = `uname -m` =~ /x86_64/ ? 188 : 5;
syscall($number, $path, $name, $list, length $list, 0) == 0 or die "setxattr: $!";
' """


def _swapped(id_: str, path: str, edit: str, why: str, *names: str, accept: tuple[str, ...] = ()) -> Plant:
    """Change a file that a job runs or reads; size and times are as they were where `edit` says so."""
    return Plant(
        id=id_,
        technique="payload",
        why=why,
        plant=keep(path) + edit,
        undo=restore(path) + "rm -f /var/tmp/nr\n",
        names=(*names, path),
        accept=accept,
        severity="high",
    )


def _opened(id_: str, edit: str, undo: str, why: str, *names: str, accept: tuple[str, ...] = ()) -> Plant:
    return Plant(
        id=id_, technique="writable", why=why, plant=edit, undo=undo, names=names, accept=accept, severity="high"
    )


PAYLOADS = (
    _swapped(
        "payload-script",
        REPORT,
        f"printf '#!/bin/sh\\ntrue  # something else\\nexec /usr/bin/true\\n' >{REPORT}\n",
        "the script behind an unchanged unit",
        "night-report.*",
    ),
    _swapped(
        "payload-script-argument",
        LEDGER,
        f"printf '#!/bin/sh\\nexit  0' >{LEDGER}\ntouch -r /root/aside{LEDGER} {LEDGER}\n",
        "the script is the shell's argument; size and time are as they were",
        "ledger-export.*",
        accept=("attributes",),
    ),
    _swapped(
        "payload-environment-file",
        REPORT_SETTINGS,
        f"echo LD_PRELOAD=/usr/local/lib/libfig.so >>{REPORT_SETTINGS}\n",
        "one more line in an environment file",
        "night-report.*",
    ),
    _swapped(
        "payload-vendor-script",
        _SESSIONS,
        f"echo '# and nothing more' >>{_SESSIONS}\n",
        "a package's script with other bytes",
        "phpsessionclean.*",
    ),
    _swapped(
        "payload-vendor-program",
        "/usr/sbin/logrotate",
        "printf x >>/usr/sbin/logrotate\ntouch -r /root/aside/usr/sbin/logrotate /usr/sbin/logrotate\n",
        "a package's program with one byte more, its time kept",
        "logrotate.*",
        accept=("attributes",),
    ),
    _swapped(
        "payload-script-becomes-link",
        REPORT,
        f"rm {REPORT}\nln -s /var/tmp/nr {REPORT}\nprintf '#!/bin/sh\\n' >/var/tmp/nr\nchmod 0755 /var/tmp/nr\n",
        "the script's place is taken by a link to where everybody may write",
        "night-report.*",
        accept=("writable", "link-out"),
    ),
    Plant(
        id="payload-bare-name",
        technique="payload",
        why="a vendor's unit names its program without a path, and this one is found first",
        plant=put("/usr/local/sbin/systemd-tmpfiles", '#!/bin/sh\nexec /usr/bin/systemd-tmpfiles "$@"\n', "0755"),
        undo=drop("/usr/local/sbin/systemd-tmpfiles"),
        names=("systemd-tmpfiles-*", "/usr/local/sbin/systemd-tmpfiles"),
        severity="high",
    ),
    Plant(
        id="payload-on-standard-input",
        technique="payload",
        why="the command is a shell, what it does is data in base64",
        plant=put_pair(
            "stats-ship",
            timer("OnCalendar=*-*-* 03:33"),
            service("/bin/sh", more="StandardInput=data\nStandardInputData=dHJ1ZQo=\n"),
        )
        + enable("stats-ship"),
        undo=drop_pair("stats-ship"),
        names=("stats-ship.*",),
        accept=("plain-pair", "evasion"),
        among=("payload",),
    ),
    Plant(
        id="payload-credential",
        technique="payload",
        why="the command reads what it does from a credential",
        plant=put_pair(
            "lease-sync",
            timer("OnCalendar=Thu 11:11"),
            service("/bin/sh -c '. \"$$CREDENTIALS_DIRECTORY/task\"'", more="SetCredential=task:true\n"),
        )
        + enable("lease-sync"),
        undo=drop_pair("lease-sync"),
        names=("lease-sync.*",),
        accept=("plain-pair", "evasion"),
        among=("payload",),
    ),
)

WRITABLE = (
    _opened(
        "writable-script",
        f"chmod 0777 {REPORT}\n",
        f"chmod 0755 {REPORT}\n",
        "everybody may write what root runs",
        "night-report.*",
        REPORT,
    ),
    _opened(
        "writable-parent",
        "chmod 0777 /opt/ledger\n",
        "chmod 0755 /opt/ledger\n",
        "everybody may put another script there",
        "ledger-export.*",
        "/opt/ledger",
    ),
    _opened(
        "writable-unit-file",
        f"chown deploy {SYSTEM}/night-report.service\n",
        f"chown root {SYSTEM}/night-report.service\n",
        "the unit file belongs to a user",
        "night-report.*",
    ),
    _opened(
        "writable-unit-directory",
        f"chgrp ops {SYSTEM}\nchmod 0775 {SYSTEM}\n",
        f"chgrp root {SYSTEM}\nchmod 0755 {SYSTEM}\n",
        "a group may add units",
        SYSTEM,
        f"{SYSTEM}/*",
    ),
    _opened(
        "writable-vendor-directory",
        "chown viewer /usr/lib/php\n",
        "chown root /usr/lib/php\n",
        "a user owns the folder of a package's script",
        "phpsessionclean.*",
        "/usr/lib/php",
    ),
    _opened(
        "writable-settings",
        f"chmod 0666 {REPORT_SETTINGS}\n",
        f"chmod 0644 {REPORT_SETTINGS}\n",
        "everybody may write the environment file",
        "night-report.*",
        REPORT_SETTINGS,
    ),
    Plant(
        id="writable-by-list",
        technique="writable",
        why="an access control list opens a unit whose mode looks closed",
        plant=keep(_LISTED) + f"{_ACL} {_LISTED}\n",
        undo=restore(_LISTED),
        names=("night-report.*", _LISTED),
        accept=("attributes",),
        severity="low",
        needs=("perl",),
    ),
)
