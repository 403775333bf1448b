"""Text differences of all files of a subject."""

from collections.abc import Callable, Mapping

from fleetscan.analyse.meaning import is_invented
from fleetscan.analyse.textdiff import diff_text
from fleetscan.model.drift import TextChange
from fleetscan.model.ids import Sha256
from fleetscan.model.subject import Subject
from fleetscan.model.unit import UnitSource

Contents = Callable[[Sha256], bytes | None]
"""Gives bytes by hash, None when they are not at hand."""

MAX_FILES = 20
"""Files of one subject whose text is compared."""


def diff_files(expected: Subject | None, subject: Subject, contents: Contents) -> tuple[TextChange, ...]:
    """Compare the files of two forms by path, those of the host's form first, in order of application.

    Files of units whose names systemd invented have no counterpart on another host and are left out.

    Args:
        expected: None shows every file as new.
        subject: The host's form.
        contents: Looked up for files that differ only.
    """
    if expected is not None and is_invented(subject):
        return ()
    before = {source.path: source for source in expected.sources} if expected else {}
    after = {source.path: source for source in subject.sources}
    changes: list[TextChange] = []
    for path in (*after, *(path for path in before if path not in after)):
        if len(changes) == MAX_FILES:
            break
        changes.extend(_diff_source(path, before, after, contents))
    return tuple(changes)


def has_unexpected_bytes(expected: tuple[Subject, ...], subject: Subject) -> bool:
    """Tell whether a file that was read on the host is not in any expected form: proof of a difference.

    A difference without such a file could be the work of a file that was not read.
    """
    known = {(s.path, s.sha256, s.link_target) for form in expected for s in form.sources}
    return any((s.path, s.sha256, s.link_target) not in known for s in subject.sources)


def _diff_source(
    path: str, before: Mapping[str, UnitSource], after: Mapping[str, UnitSource], contents: Contents
) -> list[TextChange]:
    old, new = before.get(path), after.get(path)
    changes: list[TextChange] = []
    old_link, new_link = _link_text(old), _link_text(new)
    if old_link != new_link:
        changes.append(diff_text(path, old_link, new_link))
    old_hash, new_hash = (old.sha256 if old else None), (new.sha256 if new else None)
    if old_hash != new_hash:
        changes.append(diff_text(path, _read(old_hash, contents), _read(new_hash, contents)))
    return changes


def _link_text(source: UnitSource | None) -> bytes:
    if source is None or not source.link_target:
        return b""
    return f"(link to {source.link_target})\n".encode("utf-8", "surrogateescape")


def _read(sha256: Sha256 | None, contents: Contents) -> bytes | None:
    return b"" if sha256 is None else contents(sha256)
