"""M1022, monitoring: whether a change of the unit directories would be noticed on the host itself."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fleetscan.analyse.controls.evidence import StateEvidence, conclude, line_of, tell_gap
from fleetscan.model.control import Control, ControlResult
from fleetscan.model.coverage import Area
from fleetscan.model.snapshot import ArtifactKind

MONITORED = Control(
    id="M1022-6",
    title="A file integrity monitor or the audit system watches the unit directories",
    checks="Every unit directory that outlives a reboot and is there lies in what AIDE, Wazuh and the like compare, or "
    "in what a loaded rule of the audit system watches for writing.",
)

_LASTING = (
    "/etc/systemd/system",
    "/etc/systemd/user",
    "/usr/lib/systemd/system",
    "/usr/lib/systemd/user",
    "/lib/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/local/lib/systemd/user",
)
_OF_USERS = ("/.config/systemd/user", "/.local/share/systemd/user")
_LOGS = "/var/log/"
_MERGED = "/usr/lib/"


def check_monitored(evidence: StateEvidence) -> ControlResult:
    """Ask of each directory who watches it."""
    folders = sorted(a.name for a in evidence.of_kind(ArtifactKind.DIRECTORY) if _must_be_watched(a.name))
    watches = [_read_audit(evidence), *_read_monitors(evidence)]
    watched = {folder: who for folder in folders if (who := _find_watch(folder, watches))}
    open_folders = [folder for folder in folders if folder not in watched]
    gaps = [gap for gap in evidence.gaps(Area.AUDIT) if not (gap.path or "").startswith(_LOGS)]
    unread = [*map(tell_gap, evidence.gaps(Area.FILES, Area.USERS))]
    if not folders:
        unread.append(line_of("not one unit directory was seen"))
    if open_folders and gaps:
        # A rule that was not read may watch it.
        unread += map(tell_gap, gaps)
        open_folders = []
    faults = [line_of(f"nothing watches {folder}", folder) for folder in open_folders]
    return conclude(MONITORED, faults, unread, [line_of(f"{folder}: {who}", folder) for folder, who in watched.items()])


def _must_be_watched(path: str) -> bool:
    return path in _LASTING or path.endswith(_OF_USERS)


@dataclass(frozen=True, slots=True)
class _Watch:
    """What one monitor looks at.

    Attributes:
        holes: Paths that it leaves out, whatever is said of what is below them.
    """

    who: str
    paths: tuple[str, ...]
    holes: tuple[str, ...] = ()

    def covers(self, spellings: Iterable[str]) -> bool:
        names = tuple(spellings)
        return any(_lies_in(name, self.paths) for name in names) and not any(_lies_in(n, self.holes) for n in names)


def _read_audit(evidence: StateEvidence) -> _Watch:
    """Give what the rules watch that the kernel has and that tell of writing."""
    paths, holes = [], []
    for rule in evidence.of_kind(ArtifactKind.AUDIT_RULE):
        head = rule.name.partition(" -F")[0].split()
        if "never" in ",".join(head).split(","):
            holes.append(rule.property("watches"))
        elif "loaded" in rule.property("source").split() and _tells_of_writing(rule.name.split()):
            paths.append(rule.property("watches"))
    return _Watch("auditd", tuple(paths), tuple(holes))


def _tells_of_writing(words: list[str]) -> bool:
    access = [word.removeprefix("perm=") for word in words if word.startswith("perm=")]
    if words[:1] == ["-w"]:
        access += [words[words.index("-p") + 1]] if "-p" in words[:-1] else []
    return not access or any("w" in letters for letters in access)


def _read_monitors(evidence: StateEvidence) -> Iterator[_Watch]:
    by_monitor: dict[str, list[str]] = {}
    for rule in evidence.of_kind(ArtifactKind.INTEGRITY_RULE):
        by_monitor.setdefault(rule.property("by"), []).append(rule.property("watches"))
    for monitor, paths in sorted(by_monitor.items()):
        holes = tuple(path.removeprefix("!") for path in paths if path.startswith("!"))
        yield _Watch(monitor, tuple(path for path in paths if not path.startswith("!")), holes)


def _find_watch(folder: str, watches: Iterable[_Watch]) -> str:
    """Name who watches a directory; `/usr/lib` may be watched under its other name `/lib`."""
    spellings = [folder, folder.removeprefix("/usr")] if folder.startswith(_MERGED) else [folder]
    return next((watch.who for watch in watches if watch.covers(spellings)), "")


def _lies_in(folder: str, paths: Iterable[str]) -> bool:
    return any(path and (folder == path or folder.startswith(path.rstrip("/") + "/")) for path in paths)
