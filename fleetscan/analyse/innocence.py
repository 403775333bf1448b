"""Whether packages vouch for everything in which a thing differs from what was expected."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from fleetscan.analyse.filediff import Contents
from fleetscan.analyse.install_section import InstallSection, read_install
from fleetscan.analyse.installed import Installed
from fleetscan.analyse.meaning import neutral_text
from fleetscan.model.program import Presence, Verification
from fleetscan.model.subject import Piece, PieceRole, Subject
from fleetscan.systemd.names import split_instance

_OWNED = (Verification.VERIFIED, Verification.CHANGED, Verification.CONFIGURATION, Verification.OWNED)
_UNIT_ROLES = (PieceRole.FRAGMENT, PieceRole.DROP_IN)
_VENDOR_DIRS = tuple(f"{root}/systemd/{kind}/" for root in ("/usr/lib", "/lib") for kind in ("system", "user"))
_VENDOR_PROGRAMS = ("/usr/lib/", "/usr/libexec/", "/lib/")
_VERSION_IN_NAME = re.compile(r"[0-9][0-9.]*")

_Place = tuple[PieceRole, str]


@dataclass(frozen=True)
class Innocence:
    """The difference between two forms of a thing, file by file.

    Attributes:
        subject: The host's form.
        expected: The accepted form, None when there is none: then all that the host has differs.
    """

    subject: Subject
    expected: Subject | None
    installed: Installed
    contents: Contents

    @cached_property
    def differing(self) -> tuple[Piece, ...]:
        """What is new or another than expected."""
        known = {_identity(self.expected, piece) for piece in self.expected.pieces} if self.expected else set()
        return tuple(
            piece
            for piece in self.subject.pieces
            if not _is_comparable(piece) or _identity(self.subject, piece) not in known
        )

    @cached_property
    def gone(self) -> tuple[Piece, ...]:
        """What was expected and is not there."""
        places = {_place(self.subject, piece) for piece in self.subject.pieces}
        pieces = self.expected.pieces if self.expected else ()
        return tuple(piece for piece in pieces if _place(self.expected or self.subject, piece) not in places)

    @property
    def packages(self) -> frozenset[str]:
        """Packages that what differs belongs to, or belonged to. What new units name no more says nothing of them."""
        units = (piece for piece in self.gone if not piece.is_payload)
        replaced = (self._expected_at.get(_place(self.subject, piece)) for piece in self.differing if not piece.package)
        pieces = (*self.differing, *units, *(piece for piece in replaced if piece is not None))
        return frozenset(piece.package for piece in pieces if piece.role is not PieceRole.LINK and piece.package)

    def is_proven(self) -> bool:
        """Tell whether packages vouch for all that differs. Without any difference in files there is nothing to prove.

        Who may write the files is not told by packages, and neither is their owner.
        """
        return all(map(self._is_vouched, self.differing)) and all(map(self._went_innocently, self.gone))

    def _is_vouched(self, piece: Piece) -> bool:
        match piece.role:
            case PieceRole.LINK:
                return self._is_asked_for(piece)
            case PieceRole.FRAGMENT:
                return self._is_packaged_unit(piece) and self._is_named(piece)
            case PieceRole.DROP_IN:
                return self._is_packaged_unit(piece)
            case PieceRole.STARTER:
                is_inside = piece.path.startswith(_VENDOR_PROGRAMS) and piece.real_path.startswith(_VENDOR_PROGRAMS)
                return is_vouched_by_package(piece) and (not piece.real_path or is_inside)
            case PieceRole.EXECUTABLE | PieceRole.SCRIPT | PieceRole.ENVIRONMENT:
                return self._is_packaged_program(piece)

    def _is_packaged_unit(self, piece: Piece) -> bool:
        # A link to a package's file is not the package's link.
        return is_vouched_by_package(piece) and not piece.real_path

    def _is_named(self, piece: Piece) -> bool:
        """Tell whether a fragment belongs to one of the units by its name, or by an alias that it asks for itself."""
        base = posixpath.basename(piece.path)
        own = self.subject.unit_names[:2]
        if any(base in (name, split_instance(name)[0]) for name in own):
            return True
        return any(name in self._install_of(base).aliases for name in own)

    def _is_packaged_program(self, piece: Piece) -> bool:
        before = self._expected_at.get(_place(self.subject, piece))
        if piece.presence is Presence.ABSENT:
            was_there = before is not None and before.presence is Presence.FOUND
            # An environment file may be left out, and so may what a package's unit names and another would bring.
            return not was_there or self._left_with_version(before)
        if not is_vouched_by_package(piece):
            return False
        if before is None or before.real_path == piece.real_path or before.presence is not Presence.FOUND:
            return True
        # `/usr/bin/python3` may lead to the next Python, and not to any program that a package owns.
        return _family(before.package) == _family(piece.package)

    def _is_asked_for(self, link: Piece) -> bool:
        """Tell whether a package's script made an enabling link, as far as the unit's own text tells."""
        name = posixpath.basename(link.path)
        fragment = self._fragments.get(name) or self._fragments.get(split_instance(name)[0] or "")
        if fragment is None or link.real_path not in (fragment.path, fragment.real_path):
            return False
        install = self._install_of(name)
        if install.asks_for(link.path, name):
            return True
        # Shipped beside the unit, which cannot be enabled or disabled by anybody.
        folder = posixpath.dirname(posixpath.dirname(link.path))
        is_shipped = link.path.startswith(_VENDOR_DIRS) and folder == posixpath.dirname(fragment.path)
        return is_shipped and install.is_empty

    def _went_innocently(self, piece: Piece) -> bool:
        if piece.role is PieceRole.LINK:
            return any(p.role is PieceRole.LINK for p in self.subject.pieces) and self._has_new_unit_file
        if piece.is_payload:
            # What the units run and read stands in their text.
            return self._has_new_unit_file or self._left_with_version(piece)
        if piece.verification not in _OWNED:
            return False
        if piece.role is PieceRole.FRAGMENT:
            base = posixpath.basename(piece.path)
            moved = any(p.role is piece.role and posixpath.basename(p.path) == base for p in self.differing)
            return moved or self._left_with_version(piece)
        return self._left_with_version(piece)

    def _left_with_version(self, piece: Piece | None) -> bool:
        """Tell whether another version of a package took its file away.

        That a package is gone is told only of those that bring timers: others are named while they own what was seen.
        """
        return piece is not None and piece.verification in _OWNED and self.installed.was_replaced(piece.package)

    @cached_property
    def _has_new_unit_file(self) -> bool:
        return any(piece.role in _UNIT_ROLES for piece in (*self.differing, *self.gone))

    @cached_property
    def _expected_at(self) -> Mapping[_Place, Piece]:
        return {_place(self.expected, piece): piece for piece in self.expected.pieces} if self.expected else {}

    @cached_property
    def _fragments(self) -> Mapping[str, Piece]:
        """Fragments that packages vouch for, by the names of their files."""
        pieces = (piece for piece in self.subject.pieces if piece.role is PieceRole.FRAGMENT)
        return {posixpath.basename(p.path): p for p in pieces if self._is_packaged_unit(p)}

    def _install_of(self, name: str) -> InstallSection:
        """Give what a unit's files ask for, of those that packages vouch for."""
        template = split_instance(name)[0] or name
        fragment = self._fragments.get(name) or self._fragments.get(template)
        folders = (f"{name}.d", f"{template}.d")
        drop_ins = [
            piece
            for piece in self.subject.pieces
            if piece.role is PieceRole.DROP_IN
            and posixpath.basename(posixpath.dirname(piece.path)) in folders
            and self._is_packaged_unit(piece)
        ]
        files = [fragment, *drop_ins] if fragment is not None else drop_ins
        return read_install(name, [piece.sha256 for piece in files], self.contents)


def is_vouched_by_package(piece: Piece) -> bool:
    """Tell whether a file is a package's own, unchanged."""
    return piece.presence is Presence.FOUND and piece.verification is Verification.VERIFIED


def _is_comparable(piece: Piece) -> bool:
    """Tell whether equal hashes can say that two files are the same: not of what was too large to hash."""
    return piece.role is PieceRole.LINK or piece.sha256 is not None or piece.presence is Presence.ABSENT


def _identity(subject: Subject, piece: Piece) -> tuple[object, ...]:
    return (*_place(subject, piece), piece.real_path, piece.presence, piece.sha256)


def _place(subject: Subject, piece: Piece) -> _Place:
    return (piece.role, neutral_text(subject, piece.path))


def _family(package: str) -> str:
    """Give a package's name without the version that it may have in it, `python3.11-minimal`."""
    return _VERSION_IN_NAME.sub("", package)
