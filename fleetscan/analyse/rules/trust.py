"""Whether a file is a package's own, as rules take it."""

from collections.abc import Mapping
from dataclasses import dataclass

from fleetscan.analyse.places import place_of_unit
from fleetscan.model.program import Presence, Verification
from fleetscan.model.subject import Piece, PieceRole, Subject

_PACKAGED_ROOTS = ("/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/nix/store/")
_LOCAL_ROOTS = ("/usr/local/", "/usr/src/", "/usr/tmp/")


@dataclass(frozen=True, slots=True)
class Trust:
    """Of one subject: which of its unit files are a package's.

    Attributes:
        by_path: Whether a unit file, by its path, is foreign.
    """

    by_path: Mapping[str, bool]

    @staticmethod
    def of(subject: Subject) -> "Trust":
        """Judge the unit files of a subject."""
        roles = (PieceRole.FRAGMENT, PieceRole.DROP_IN)
        return Trust({piece.path: Trust.is_foreign(piece) for piece in subject.pieces if piece.role in roles})

    def is_foreign_at(self, path: str) -> bool:
        """Tell whether what stands at a path comes from somewhere else than a package; what is only in memory does."""
        known = self.by_path.get(path)
        return place_of_unit(path) not in ("vendor", "generated") if known is None else known

    @staticmethod
    def is_foreign(piece: Piece) -> bool:
        """Tell whether no package vouches for a file.

        Where the database was not read, what lies in the directories of packages is taken for theirs: that nobody
        looked is told by the coverage, and is no reason to suspect a whole system.
        """
        match piece.verification:
            case Verification.VERIFIED | Verification.OWNED:
                return False
            case Verification.CHANGED | Verification.CONFIGURATION | Verification.UNOWNED:
                return True
            case Verification.UNKNOWN:
                if piece.presence is not Presence.FOUND:
                    return True
                place = place_of_unit(piece.path)
                is_in_system = piece.path.startswith(_PACKAGED_ROOTS) and not piece.path.startswith(_LOCAL_ROOTS)
                is_unit = piece.role in (PieceRole.FRAGMENT, PieceRole.DROP_IN)
                return place not in ("vendor", "generated") if is_unit else not is_in_system
