"""The lists of a case that a condition can look into, with the fields of their elements."""

from collections.abc import Mapping

from fleetscan.analyse.rules.words import FieldType, Listing

_T, _N, _B, _L = FieldType.TEXT, FieldType.NUMBER, FieldType.TRUTH, FieldType.TEXTS

_FILE: dict[str, tuple[FieldType, str]] = {
    "role": (_T, "`fragment`, `drop-in`, `link`, `executable`, `script`, `environment file` or `starter`"),
    "path": (_T, "as the unit names it"),
    "name": (_T, "last part of the path"),
    "place": (
        _T,
        (
            "of unit files the kind of directory: `vendor`, `etc`, `run`, `local`, `control`, `attached`, `transient`,"
            " `generated`, `early`, `global` (all users), `home`, `runtime`, `elsewhere`"
        ),
    ),
    "folder": (_T, "name of the directory that it lies in"),
    "real_path": (_T, "where its links end; empty when it is the path itself"),
    "real_place": (_T, "`place` of `real_path`"),
    "presence": (_T, "`found`, `absent` or `unread`"),
    "verification": (
        _T,
        "what the package database says: `verified`, `changed`, `changed configuration`, `owned`, `unowned`, `unknown`",
    ),
    "package": (_T, "the package that owns it"),
    "foreign": (_B, "no package vouches for it"),
    "owner": (_T, "user that owns the file"),
    "group": (_T, "group that owns the file"),
    "mode": (_T, "four octal digits, `0644`"),
    "setuid": (_B, "runs with its owner's or group's rights"),
    "size": (_N, "bytes"),
    "attributes": (_T, "unusual letters of `lsattr`: `i`, `a`"),
    "acl": (_B, "has an access control list"),
    "selinux": (_T, "its SELinux type where that is not what its place asks for"),
    "directive": (_T, "what names it, `ExecStart`"),
    "values": (_L, "of an environment file the settings that steer a loader or interpreter"),
    "loader": (_B, "one of `values` steers a loader, an interpreter or the search path"),
    "open": (_B, "others than root (or the unit's own user) may write it or a directory above"),
    "payload": (_B, "it is run or read by the job"),
    "temporary": (_B, "it really lies in a temporary or data directory"),
    "hidden": (_B, "a part of its real path begins with a dot (usual ones of homes left out)"),
    "home": (_B, "it really lies in a home"),
    "renamed": (_B, "it is reached over a link of another name"),
}
_DOOR = {
    "path": (_T, "what is open"),
    "owner": (_T, "its owner"),
    "group": (_T, "its group"),
    "by": (_T, "who may write: `everyone`, `group` or `owner`"),
    "home": (_B, "it lies in a home"),
}
_DISAGREEMENT = {
    "kind": (
        _T,
        (
            "`loaded but no file`, `changed since load`, `on disk but never loaded`, `active but not listed`,"
            " `listed but unreadable` or `memory and file differ`"
        ),
    ),
    "unit": (_T, "the unit"),
    "detail": (_T, "what each view says"),
}

LISTINGS: Mapping[str, Listing] = {
    listing.name: listing
    for listing in (
        Listing(
            "command",
            "commands of its units, decoded as systemd would",
            lambda f: f.of_subject.commands,
            {
                "directive": (_T, "`ExecStart`, `ExecStartPre`, …"),
                "path": (_T, "the program, decoded and without prefixes"),
                "name": (_T, "last part of the path"),
                "line": (_T, "program and arguments with spaces between"),
                "argv0": (_T, "the name that the program is given"),
                "prefixes": (_T, "of `@-:+!|`"),
                "interpreter": (_T, "`sh`, `python`, … when it is one, also behind `env`, `timeout`, …"),
                "inline": (_B, "the interpreter is given code instead of a file"),
                "programs": (_L, "programs that it runs, wrappers such as `env` first"),
                "resolved": (_T, "where a name without path was found"),
                "bare": (_B, "a name without path, looked up by systemd"),
                "dressed": (_B, "the program is given another name, by `@`"),
                "kernel_thread": (_B, "it is named like a kernel thread"),
                "raw": (_T, "the assignment as written"),
                "origin": (_T, "`fragment`, `drop-in`, `prefix drop-in`, `type drop-in` or `memory`"),
                "origin_path": (_T, "the file that says so"),
                "foreign": (_B, "no package vouches for that file"),
            },
        ),
        Listing(
            "launched",
            "paths that it comes to run, as written and where links end",
            lambda f: f.of_subject.launched,
            {
                "path": (_T, "the path"),
                "how": (_T, "`program`, `folder` (working or root directory) or `unit` (a link to a unit file)"),
                "temporary": (_B, "in a temporary directory, or one for data"),
                "hidden": (_B, "a part begins with a dot (usual ones of homes left out)"),
                "home": (_B, "in a home"),
                "foreign": (_B, "unit or program are not vouched for by a package"),
            },
        ),
        Listing("file", "files that it is made of, runs or reads", lambda f: f.of_subject.files, _FILE),
        Listing(
            "directive",
            "settings in force",
            lambda f: f.of_subject.directives,
            {
                "unit": (_T, "the unit"),
                "section": (_T, "`Service`, …"),
                "key": (_T, "`User`, …"),
                "value": (_T, "as written"),
                "path": (_T, "the file that says so"),
                "place": (_T, "as of files"),
                "origin": (_T, "as of commands"),
                "foreign": (_B, "no package vouches for that file"),
                "loader": (_B, "it steers a loader, an interpreter or the search path"),
            },
        ),
        Listing(
            "code",
            "texts that it runs or hands to what it runs, decoded",
            lambda f: f.of_subject.code,
            {
                "kind": (_T, "`command`, `inline`, `script`, `input`, `credential` or `environment`"),
                "text": (_L, "its lines without comments; unquoted and decoded spellings beside the written ones"),
                "foreign": (_B, "no package vouches for where it stands"),
                "blob": (_N, "length of the longest encoded word"),
                "length": (_N, "characters"),
                "path": (_T, "where it stands"),
            },
        ),
        Listing(
            "oddity",
            "what nobody writes unless a reader is to be misled",
            lambda f: f.of_subject.oddities,
            {
                "what": (
                    _T,
                    ("`nul`, `bare-cr`, `control`, `bom`, `not-utf8`, `oversize`, `long-line`, `indented-header`,"
                    " `comment-inside`, `split-key`, `bidi`, `invisible`, `line-like`, `homoglyph`, `space-in-name`,"
                    " `escaped-path`, `quoted-path`, `winding-path`, `several-commands`"),
                ),
                "path": (_T, "the file"),
            },
        ),
        Listing("door", "what others than root may write", lambda f: f.of_subject.doors, _DOOR),
        Listing(
            "trigger",
            "lines that make a timer elapse",
            lambda f: f.of_subject.triggers,
            {
                "directive": (_T, "`OnCalendar`, `OnBootSec`, …"),
                "value": (_T, "as written"),
                "normal": (_T, "as systemd understands it"),
                "interval_s": (_N, "seconds between two runs"),
            },
        ),
        Listing(
            "link",
            "links that enable it",
            lambda f: f.of_subject.links,
            {
                "path": (_T, "the link"),
                "name": (_T, "its name"),
                "folder": (_T, "`timers.target.wants`, …"),
                "place": (_T, "as of files"),
                "real_path": (_T, "where it ends"),
                "dangling": (_B, "nothing is there"),
            },
        ),
        Listing(
            "linked",
            "unit files that are links",
            lambda f: f.of_subject.linked_units,
            {
                "path": (_T, "the link"),
                "text": (_T, "what it says"),
                "end": (_T, "where it leads"),
                "place": (_T, "of the link, as of files"),
                "end_place": (_T, "of its end, as of files"),
                "out": (_B, "it leads out of all unit directories"),
                "dangling": (_B, "nothing could be read there"),
                "drop_in": (_B, "it is a drop-in"),
                "temporary": (_B, "it leads to a temporary or data directory"),
                "home": (_B, "it leads to a home"),
                "hidden": (_B, "it leads to a hidden path"),
                "foreign": (_B, "no package vouches for what it leads to"),
            },
        ),
        Listing(
            "disagreement",
            "contradictions between files, unit files and memory",
            lambda f: f.of_subject.disagreements,
            _DISAGREEMENT,
        ),
        Listing(
            "activation",
            "what else starts its units",
            lambda f: f.of_subject.activations,
            {
                "kind": (_T, "`link`, `dependency`, `trigger`, `udev rule` or `D-Bus service`"),
                "by": (_T, "the unit or file"),
                "directive": (_T, "`Wants`, `OnFailure`, `SYSTEMD_WANTS`, …"),
                "unit": (_T, "what is started"),
            },
        ),
        Listing(
            "property",
            "of things that are no units: what tells their forms apart",
            lambda f: f.of_subject.properties,
            {
                "name": (_T, "`reaches`, `nopasswd`, `LD_PRELOAD`, …"),
                "value": (_T, "its value"),
                "loader": (_B, "it steers a loader, an interpreter or the search path"),
            },
        ),
        Listing(
            "change",
            "settings that mean something else than expected",
            lambda f: f.changes,
            {
                "unit": (_T, "the unit"),
                "section": (_T, "`Service`, …"),
                "key": (_T, "`ExecStart`, …"),
                "before": (_L, "all expected values"),
                "after": (_L, "all values found"),
                "added": (_L, "values found that were not expected"),
                "gone": (_B, "it is not set any more"),
                "path": (_T, "where the new value stands"),
                "origin": (_T, "as of commands"),
                "loader": (_B, "it steers a loader, an interpreter or the search path"),
            },
            of_subject=False,
        ),
        Listing("new_file", "files that the expected form does not have", lambda f: f.new_files,
                {**_FILE, "replaces": (_B, "a unit's file in place of one of the same name elsewhere")},
                of_subject=False),
        Listing(
            "target",
            "files behind unchanged units that are others than expected; also the fields of `file`",
            lambda f: f.targets,
            {**_FILE, "before": (_T, "what was expected"), "after": (_T, "what was found")},
            of_subject=False,
        ),
        Listing("new_door", "what is open to others and was not", lambda f: f.new_doors, _DOOR, of_subject=False),
        Listing(
            "new_disagreement", "contradictions that are no part of the reference", lambda f: f.new_disagreements,
            _DISAGREEMENT, of_subject=False,
        ),
        Listing(
            "process",
            "processes of its units whose program is deleted, in memory only or in a temporary directory",
            lambda f: f.processes,
            {
                "executable": (_T, "the program"),
                "command": (_T, "the command line"),
                "user": (_T, "as whom"),
                "deleted": (_B, "the program's file is gone"),
                "in_memory": (_B, "the program never was a file"),
                "temporary": (_B, "it lies in a temporary directory"),
            },
            of_subject=False,
        ),
        Listing(
            "account",
            "whose units these are, and as whom they run",
            lambda f: f.accounts,
            {
                "role": (_T, "`owner` or `run as`"),
                "name": (_T, "the account"),
                "uid": (_N, "its number"),
                "login": (_B, "its shell lets it log in"),
                "locked": (_B, "its password is locked"),
                "expired": (_B, "it has expired"),
                "known": (_B, "the host lists it"),
                "service": (_B, "it is a service's account: number below 1000, or no login"),
                "lingers": (_B, "its manager starts at boot"),
            },
            of_subject=False,
        ),
    )
}  # fmt: skip
