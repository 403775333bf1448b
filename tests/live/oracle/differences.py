"""Where the two sides may differ. docs/oracle.md tells the same with reasons; test_document holds the two together."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from fleetscan.model.ids import Scope
from fleetscan.model.snapshot import ArtifactKind
from fleetscan.systemd.names import unit_type
from tests.live.oracle.comparison import Answer
from tests.live.oracle.ours import Ours
from tests.live.oracle.shown import Shown

_ESCAPED = re.compile(r"[\\$]([$;])")
_WITHOUT_FILE = frozenset({"automount", "device", "mount", "scope", "slice", "swap"})


@dataclass(frozen=True, slots=True)
class Case:
    """One difference: what each side says of one unit."""

    ours_at: Ours
    scope: Scope
    shown: Shown
    kind: str
    ours: Answer
    theirs: Answer

    @property
    def version(self) -> int:
        return self.ours_at.tree.systemd_version


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference that is expected.

    Attributes:
        name: As in docs/oracle.md.
        kinds: Of answers.
        versions: First and last major version that show it.
        explains: Tells whether a case is exactly this one; nothing less than the whole difference counts.
    """

    name: str
    kinds: frozenset[str]
    versions: tuple[int, int]
    explains: Callable[[Case], bool]

    def covers(self, case: Case) -> bool:
        """Tell whether a case is of this kind."""
        first, last = self.versions
        return case.kind in self.kinds and first <= case.version <= last and self.explains(case)


def _has_no_file(case: Case) -> bool:
    kind = unit_type(case.shown.name)
    is_made = kind in _WITHOUT_FILE and (kind == "scope" or not case.shown.get("FragmentPath"))
    return is_made and (case.ours, case.theirs) == ("not-found", "loaded")


def _is_where_the_link_leads(case: Case) -> bool:
    """The last path of a chain of links, by their text."""
    tree = case.ours_at.tree
    path = str(case.ours)
    while (artifact := tree.by_path.get(path)) is not None and artifact.kind is ArtifactKind.LINK:
        path = tree.target_path(artifact)
    return path != case.ours and path == case.theirs


def _has_masks_besides(case: Case) -> bool:
    tree = case.ours_at.tree
    theirs = case.theirs if isinstance(case.theirs, tuple) else ()
    kept = [path for path in theirs if path in tree.by_path and not tree.is_mask(tree.by_path[path])]
    return len(kept) < len(theirs) and tuple(kept) == case.ours


def _is_under_the_linked_folder(case: Case) -> bool:
    ours = case.ours if isinstance(case.ours, tuple) else ()
    moved = tuple(path.replace("/etc/xdg/systemd/user/", "/etc/systemd/user/") for path in ours)
    return moved != ours and moved == case.theirs


def _lacks_names_of_instances(case: Case) -> bool:
    missing = {"ot-also@none.service": "ot-base@none.service", "ot-also@own.service": "ot-base@own.service"}
    missing["ot-base@one.service"] = "ot-instance@one.service"
    ours = case.ours if isinstance(case.ours, frozenset) else frozenset()
    return case.shown.name in missing and ours - {missing[case.shown.name]} == case.theirs


def _keeps_dots(case: Case) -> bool:
    return _strip(case.ours) == _strip(case.theirs, path=("/bin/./echo", "/bin/echo"))


def _drops_ambient(case: Case) -> bool:
    return _strip(case.ours, flag="ambient") == _strip(case.theirs)


def _escapes_once_more(case: Case) -> bool:
    if case.shown.get("Transient") != "yes" or not isinstance(case.ours, dict):
        return False
    in_memory = {
        key: tuple(replace(c, argv=tuple(_ESCAPED.sub(r"\1", word) for word in c.argv)) for c in commands)
        for key, commands in case.ours.items()
    }
    return in_memory == case.theirs


def _strip(commands: Answer, *, path: tuple[str, str] = ("", ""), flag: str = "") -> list[tuple[object, ...]]:
    """Write commands out, one path replaced or one flag left out."""
    if not isinstance(commands, dict):
        return []
    return [
        (key, path[1] if command.path == path[0] else command.path, command.argv, command.flags - {flag})
        for key, found in sorted(commands.items())
        for command in found
    ]


_ALWAYS = (1, 999)
EXPECTED: tuple[Difference, ...] = (
    Difference("units without a file", frozenset({"load"}), _ALWAYS, _has_no_file),
    Difference("masks among drop-ins", frozenset({"drop-ins"}), _ALWAYS, _has_masks_besides),
    Difference("linked fragments", frozenset({"fragment"}), (1, 249), _is_where_the_link_leads),
    Difference("linked user folder", frozenset({"drop-ins"}), (1, 252), _is_under_the_linked_folder),
    Difference("names of instances", frozenset({"names"}), (1, 249), _lacks_names_of_instances),
    Difference("dots in paths", frozenset({"commands"}), (1, 249), _keeps_dots),
    Difference("marks of transient units", frozenset({"commands"}), (250, 999), _escapes_once_more),
    Difference("no ambient mark", frozenset({"commands"}), (258, 999), _drops_ambient),
)

NOT_SHOWN = {
    "oe-46.service": (1, 257),  # an escape for a half of a surrogate pair; 262 refuses it
    "oe-not-utf8.service": _ALWAYS,
}
"""Units of which the manager cannot tell anything, because the bus takes UTF-8 only; first and last version."""

CALENDAR_DIFFERENCES = {
    "*:*:0..10": ("seconds from nought", (1, 249)),
    "*:*:1,2,3.5/10": ("lists of seconds with fractions", (1, 249)),
    "*-*-* 0:0 CET": ("zones of the host", (257, 999)),
    "*-*-* 0:0 EST": ("zones of the host", (257, 999)),
}
"""Expression → name as in docs/oracle.md, first and last version."""

VERIFY_DIFFERENCES = {
    "oe-all.service:9": ("keys of later versions", (1, 258)),
    "oe-semicolon-bad.service:3": ("rest of an Exec line", _ALWAYS),
    "ox-section-empty.service:4": ("sections without a name", (1, 257)),
    "ox-too-long.service:2": ("lines that are too long", _ALWAYS),
    "ox-too-long-comment.service:3": ("lines that are too long", _ALWAYS),
    "ox-too-long-continued.service:5": ("lines that are too long", _ALWAYS),
}
"""`file:line`, or the file alone for a refusal → name as in docs/oracle.md, first and last version."""
