"""What a gap in the coverage can hide: no difference may be claimed about a thing that could be there unseen."""

from collections.abc import Collection

from fleetscan.model.coverage import Area, Coverage, Gap, ReadStatus
from fleetscan.model.ids import SYSTEM, Scope, UnitName, scope_user
from fleetscan.model.subject import Subject, SubjectKey, SubjectKind

_AREAS: dict[SubjectKind, tuple[Area, ...]] = {
    # A timer may be known from any of three views; without one of them its absence is not proven.
    SubjectKind.JOB: (Area.FILES, Area.UNIT_FILES, Area.LOADED),
    SubjectKind.UNIT: (Area.FILES,),
    SubjectKind.LINGER: (Area.LINGER,),
    SubjectKind.STAMP: (Area.STAMPS,),
    SubjectKind.GENERATOR: (Area.GENERATORS,),
    SubjectKind.ACTIVATOR: (Area.ACTIVATORS,),
    SubjectKind.MOUNT: (Area.MOUNTS,),
    SubjectKind.EXTENSION: (Area.MOUNTS,),
    SubjectKind.MANAGER: (Area.FACTS, Area.LOADED),
    SubjectKind.FOLDER: (Area.FILES, Area.ATTRIBUTES),
    SubjectKind.GRANT: (Area.GRANTS,),
    SubjectKind.TRACE: (Area.JOURNAL, Area.AUDIT),
    SubjectKind.IDENTITY: (Area.FACTS,),
}
_NAMED_OTHERWISE = (SubjectKind.JOB, SubjectKind.UNIT, SubjectKind.LINGER, SubjectKind.STAMP)
"""Kinds whose names are no paths; of the others a gap with a path hides what lies there."""

_AROUND = frozenset(
    {
        Area.UNIT_FILES,
        Area.LOADED,
        Area.CONTENT,
        Area.PROGRAMS,
        Area.PACKAGES,
        Area.ATTRIBUTES,
        Area.PROCESSES,
        Area.ACCOUNTS,
    }
)
"""What tells of a thing that is there: its states, what it runs, whose its files are, what was seen running."""
_TO_PATHS = frozenset({Area.CONTENT, Area.PROGRAMS})

_DEPENDENCY_DIRECTORIES = (".wants", ".requires", ".upholds")
_UNIT_SUFFIXES = (
    ".timer",
    ".service",
    ".path",
    ".socket",
    ".target",
    ".mount",
    ".automount",
    ".slice",
    ".scope",
    ".swap",
)


def find_hiding_gap(coverage: Coverage, key: SubjectKey, forms: Collection[Subject] = ()) -> Gap | None:
    """Give the first gap behind which the subject could exist unseen, None when its absence is proven.

    Args:
        coverage: Of the host on which the subject was not seen.
        key: The subject.
        forms: Its forms elsewhere; their files say where it would be.
    """
    areas = _AREAS[key.kind]
    names = _names_of(key, forms)
    paths = {source.path for form in forms for source in form.sources}
    for gap in coverage.gaps:
        if gap.area is Area.USERS and scope_user(key.scope) is not None:
            return gap
        if gap.area not in areas or not _concerns(gap, key):
            continue
        if gap.area is Area.ATTRIBUTES and _is_for_want_of_tool(gap) and not any(map(_has_attributes, forms)):
            continue  # without the tool nothing is known of a folder but its rights, and those were read
        if key.kind not in _NAMED_OTHERWISE:
            # A rule of sudo or a trace has no path of its own: whatever was not read may hold it.
            if gap.hides(gap.area, key.scope, key.name if key.name.startswith("/") else None):
                return gap
        elif gap.area is Area.FILES:
            if _may_hold_unit(gap.path, names, paths):
                return gap
        elif gap.path is None or key.kind is not SubjectKind.LINGER or gap.path.endswith("/" + key.name):
            return gap
    return None


def find_gap_in_files(coverage: Coverage, *forms: Subject) -> Gap | None:
    """Give the first gap that could hide a fragment or a drop-in of the subject, None when its files are all known.

    Args:
        coverage: Of the host.
        forms: The host's form and the expected one; both say where files would be.
    """
    key = forms[0].key
    gaps = [gap for gap in coverage.gaps if gap.area is Area.FILES and _concerns(gap, key)]
    if not gaps:
        return None
    names = _names_of(key, forms)
    paths = {source.path for form in forms for source in form.sources}
    for gap in gaps:
        if _may_hold_unit(gap.path, names, paths) or _may_hold_drop_in(gap.path, names):
            return gap
    return None


def find_gap_in_state(coverage: Coverage, scope: Scope) -> Gap | None:
    """Give the first gap in the views that tell states; in user scopes states come from links on disk alone."""
    if scope != SYSTEM:
        return None
    for gap in coverage.gaps:
        if gap.area in (Area.UNIT_FILES, Area.LOADED) and (gap.scope is None or gap.scope == scope):
            return gap
    return None


def find_gap_behind_state(coverage: Coverage, scope: Scope) -> Gap | None:
    """Give the first gap behind which a state may be another than was seen.

    As `find_gap_in_state`; and in the other scopes the state is what links say, and any unread directory may hold one.
    """
    if scope == SYSTEM:
        return find_gap_in_state(coverage, scope)
    return next((gap for gap in coverage.gaps if gap.area is Area.FILES and gap.concerns(scope)), None)


def find_gap_since(then: Coverage, now: Coverage, key: SubjectKey, paths: Collection[str]) -> Gap | None:
    """Give the first gap that one visit has around a thing and an earlier one had not; None when it reads as much.

    Args:
        then: Of a visit that found something about the thing.
        now: Of one that finds nothing there any more.
        key: The thing.
        paths: Its files; a gap elsewhere says nothing about it. Empty when it is not there now.
    """
    areas = _AROUND if paths else _AROUND & frozenset(_AREAS[key.kind])
    for gap in now.gaps:
        if gap.area not in areas or not gap.concerns(key.scope):
            continue
        is_elsewhere = gap.area in _TO_PATHS and not any(gap.hides(gap.area, key.scope, path) for path in paths)
        if not is_elsewhere and not any(old.hides(gap.area, key.scope, gap.path) for old in then.gaps):
            return gap
    return None


def describe_gap(gap: Gap) -> str:
    """Say what was not read and why, `files /etc/systemd/system denied (permission denied)`."""
    place = f" {gap.path}" if gap.path else ""
    reason = f" ({gap.reason})" if gap.reason else ""
    return f"{gap.area.value}{place} {gap.status.value}{reason}"


def _is_for_want_of_tool(gap: Gap) -> bool:
    return gap.status in (ReadStatus.MISSING_TOOL, ReadStatus.UNSUPPORTED)


def _has_attributes(form: Subject) -> bool:
    return any(name in ("attributes", "acl") for name, _value in form.properties)


def _concerns(gap: Gap, key: SubjectKey) -> bool:
    if gap.concerns(key.scope):
        return True
    # Lingering users are recorded by the system; a probe may file that gap under either scope.
    return key.kind is SubjectKind.LINGER and gap.scope == SYSTEM


def _names_of(key: SubjectKey, forms: Collection[Subject]) -> frozenset[UnitName]:
    return frozenset({UnitName(key.name), *(name for form in forms for name in form.unit_names)})


def _may_hold_unit(path: str | None, names: frozenset[UnitName], paths: Collection[str]) -> bool:
    """Tell whether something unread at `path` could be the file of one of the units."""
    if path is None:
        return True
    prefix = path.rstrip("/") + "/"
    if any(known == path or known.startswith(prefix) for known in paths):
        return True
    base = _base(path)
    if base in names:
        return True
    inner = _base(path.rpartition("/")[0])
    return not (_is_inside_unit_directory(base) or _is_inside_unit_directory(inner))


def _is_inside_unit_directory(name: str) -> bool:
    """Tell whether a name is one unit's file, drop-in or link directory: nothing else can be below or beside it."""
    return name.endswith((".d", ".conf", *_DEPENDENCY_DIRECTORIES, *_UNIT_SUFFIXES))


def _may_hold_drop_in(path: str | None, names: frozenset[UnitName]) -> bool:
    """Tell whether something unread at `path` is a drop-in, or a folder of drop-ins, of one of the units."""
    if path is None:
        return True
    folders = {_base(path), _base(path.rpartition("/")[0])}
    return any(folder.endswith(".d") and folder in _drop_in_folders(name) for folder in folders for name in names)


def _drop_in_folders(name: str) -> frozenset[str]:
    """Give the names of all folders whose drop-ins a unit would use (systemd.unit(5): own, template, prefix, type)."""
    stem, _, suffix = name.rpartition(".")
    folders = {f"{name}.d", f"{suffix}.d"}
    if "@" in stem:
        stem = stem.partition("@")[0]
        folders.add(f"{stem}@.{suffix}.d")
    while "-" in stem:
        stem = stem.rpartition("-")[0]
        folders.add(f"{stem}-.{suffix}.d")
    return frozenset(folders)


def _base(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]
