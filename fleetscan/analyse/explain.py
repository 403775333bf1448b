"""Innocent proofs: that a package, its removal, a template or a generator made what differs."""

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from fleetscan.analyse.census import Group
from fleetscan.analyse.expectation import Expectation, Norm
from fleetscan.analyse.filediff import Contents
from fleetscan.analyse.innocence import Innocence, is_vouched_by_package
from fleetscan.analyse.installed import Installed
from fleetscan.analyse.provenance import is_all_in_pieces
from fleetscan.analyse.readiness import runs_by_itself
from fleetscan.analyse.siblings import Siblings
from fleetscan.analyse.targets import telling_disagreements
from fleetscan.model.coverage import Area, Coverage
from fleetscan.model.drift import DriftItem, DriftKind, Explanation, ExplanationKind
from fleetscan.model.ids import UnitName
from fleetscan.model.program import Presence, Verification
from fleetscan.model.subject import Piece, PieceRole, Subject, SubjectKey, SubjectKind
from fleetscan.systemd.interpreter import interpreter_script
from fleetscan.systemd.search_path import is_generated_dir

_MASK = "/dev/null"
_OF_UNITS = (SubjectKind.JOB, SubjectKind.UNIT)
_UNIT_ROLES = (PieceRole.FRAGMENT, PieceRole.DROP_IN)
_BY_PACKAGE = (DriftKind.ADDED, DriftKind.CHANGED, DriftKind.TARGET, DriftKind.STATE)
_DISOWNED = (Verification.UNOWNED, Verification.UNKNOWN)


@dataclass(frozen=True)
class Explainer:
    """Explains what differs on the hosts of one group. Make one per group: its indexes are made once.

    A door that opened and a contradiction between views are never explained: packages do not vouch for rights, and what
    is in memory is in no package.

    Attributes:
        subjects: What the hosts have.
        coverage: Of the visits.
        installed: Packages of the hosts, and those expected.
        keys: Subjects that may be normal.
        norm: Gives what is normal of a key.
        contents: Bytes of unit files.
    """

    subjects: Mapping[SubjectKey, Subject]
    coverage: Coverage
    installed: Installed
    keys: tuple[SubjectKey, ...]
    norm: Callable[[SubjectKey], Norm | None]
    contents: Contents

    @staticmethod
    def of(group: Group, reference: Expectation, expected: Mapping[str, str], contents: Contents) -> "Explainer":
        """Make one for a group of equal hosts.

        Args:
            group: The hosts.
            reference: What they are held against.
            expected: Versions of packages where the accepted forms come from (see `find_common_versions`).
            contents: Bytes by hash.
        """
        return Explainer(
            subjects=group.subjects,
            coverage=group.coverage,
            installed=Installed.of(group.setting, group.coverage, expected),
            keys=reference.keys,
            norm=reference.norm,
            contents=contents,
        )

    def explain_item(self, item: DriftItem) -> tuple[Explanation, ...]:
        """Give all innocent proofs of one difference, none when there is none.

        Whether a thing is worth guarding is not asked here: that a security tool was uninstalled is an explanation, and
        no excuse.
        """
        proofs = (
            self._explain_by_package(item),
            self._explain_by_removal(item),
            self._explain_by_template(item),
            self._explain_by_generator(item),
        )
        return tuple(proof for proof in proofs if proof is not None)

    def _explain_by_package(self, item: DriftItem) -> Explanation | None:
        subject = item.subject
        if item.kind not in _BY_PACKAGE or subject.transient or subject.generated or not _is_told_by_files(subject):
            return None
        found = Innocence(subject, item.expected, self.installed, self.contents)
        if not found.is_proven() or (item.expected is None and telling_disagreements(subject)):
            return None
        packages = found.packages
        if item.kind is DriftKind.STATE:
            # Without files that differ it takes a package operation to tell a package's script from somebody's hand.
            packages = frozenset(filter(self.installed.was_replaced, _packages_of_units(subject)))
            if _is_hushed(subject, item.expected):
                return None
        elif any(name not in (item.expected.masked if item.expected else ()) for name in subject.masked):
            return None
        return Explanation(ExplanationKind.PACKAGE, self.installed.describe(packages)) if packages else None

    def _explain_by_removal(self, item: DriftItem) -> Explanation | None:
        form = self._removed_form(item)
        # Of a package without timers nobody says whether it is still there when its files are not.
        if form is None or not self.installed.timers or not is_all_in_pieces(form):
            return None
        packages = _packages_of_units(form)
        if not packages or not all(self.installed.is_gone(package) for package in packages):
            return None
        if form.key.kind is not SubjectKind.JOB and not packages <= self._units_by_package.keys():
            return None
        if self.installed.still_owns(_main_names(form)) or not all(map(_belonged_to_package, form.pieces)):
            return None
        if any(self._is_still_there(key) for package in packages for key in self._units_by_package.get(package, ())):
            return None
        return Explanation(
            ExplanationKind.UNINSTALLED, f"{self.installed.describe(packages)} is not installed any more"
        )

    def _removed_form(self, item: DriftItem) -> Subject | None:
        """Give the expected form of what a package took away, or of what it left behind."""
        key = item.key
        if item.kind is DriftKind.REMOVED:
            return item.subject if key.kind in _OF_UNITS else None
        if key.kind is SubjectKind.STAMP and item.kind is DriftKind.ADDED:
            return self._accepted_form(SubjectKey(SubjectKind.JOB, key.scope, key.name))
        # Debian's packages mask what they leave behind until they are purged.
        is_left_over = item.kind in (DriftKind.STATE, DriftKind.CHANGED) and _is_nothing_left(item.subject)
        return item.expected if is_left_over and key.kind in _OF_UNITS else None

    def _explain_by_template(self, item: DriftItem) -> Explanation | None:
        subject = item.subject
        if item.kind is not DriftKind.ADDED or subject.transient or subject.generated or subject.masked:
            return None
        twin = self._siblings.find_twin(subject) if is_all_in_pieces(subject) else None
        if twin is None or telling_disagreements(subject):
            return None
        return Explanation(ExplanationKind.TEMPLATE, f"does the same as {twin.key.name}")

    def _explain_by_generator(self, item: DriftItem) -> Explanation | None:
        subject = item.subject
        may_be = item.kind in (DriftKind.ADDED, DriftKind.CHANGED, DriftKind.STATE) and subject.generated
        if not may_be or subject.masked or not is_all_in_pieces(subject) or telling_disagreements(subject):
            return None
        # Nobody vouches for the text itself: it may start a package's programs, and bring no code of its own.
        scripts = (interpreter_script(command) for command in subject.commands)
        if any(script is not None and script.text is not None for script in scripts):
            return None
        if not self._generators_are_normal or not all(map(_is_generated_or_packaged, subject.pieces)):
            return None
        return Explanation(ExplanationKind.GENERATED, "written by a generator; all generators of the host are normal")

    @cached_property
    def _siblings(self) -> Siblings:
        return Siblings.of(self.keys, self.norm, self.contents)

    @cached_property
    def _generators_are_normal(self) -> bool:
        if any(gap.area is Area.GENERATORS for gap in self.coverage.gaps):
            return False
        generators = [subject for key, subject in self.subjects.items() if key.kind is SubjectKind.GENERATOR]
        return bool(generators) and all(map(self._is_normal_generator, generators))

    def _is_normal_generator(self, generator: Subject) -> bool:
        norm = self.norm(generator.key)
        if norm is not None and norm.meanings is not None and norm.accepts_meaning(generator.fingerprint.meaning):
            return True
        return bool(generator.pieces) and Innocence(generator, None, self.installed, self.contents).is_proven()

    @cached_property
    def _units_by_package(self) -> Mapping[str, tuple[SubjectKey, ...]]:
        """Normal timers by the packages that bring them."""
        found: dict[str, list[SubjectKey]] = {}
        for key in self.keys:
            form = self._accepted_form(key) if key.kind is SubjectKind.JOB else None
            for package in _packages_of_units(form) if form is not None else ():
                found.setdefault(package, []).append(key)
        return {package: tuple(keys) for package, keys in found.items()}

    def _accepted_form(self, key: SubjectKey) -> Subject | None:
        norm = self.norm(key)
        return norm.variants[0].subject if norm is not None and norm.variants else None

    def _is_still_there(self, key: SubjectKey) -> bool:
        subject = self.subjects.get(key)
        return subject is not None and not _is_nothing_left(subject)


def _is_told_by_files(subject: Subject) -> bool:
    """Tell whether the pieces of a subject say all of what it is."""
    return bool(subject.pieces) and (subject.key.kind not in _OF_UNITS or is_all_in_pieces(subject))


def _is_hushed(subject: Subject, expected: Subject | None) -> bool:
    """Tell whether a subject is masked, off or hidden where it was expected to run."""
    if expected is None or any(name not in expected.masked for name in subject.masked):
        return True
    lost = expected.state.active == "active" and subject.state.active != "active"
    return lost or subject.state.listed is False or (runs_by_itself(expected) and not runs_by_itself(subject))


def _is_nothing_left(subject: Subject) -> bool:
    """Tell whether nothing is left of a subject but masks, and links that enable what is not there."""
    masks = [source.link_target for source in subject.sources]
    return bool(masks or subject.links) and not subject.commands and all(target == _MASK for target in masks)


def _main_names(subject: Subject) -> Iterator[UnitName]:
    """Give the timer and what it starts; aliases are left out."""
    yield UnitName(subject.key.name)
    yield from subject.unit_names[:2]


def _packages_of_units(subject: Subject) -> frozenset[str]:
    return frozenset(piece.package for piece in subject.pieces if piece.role in _UNIT_ROLES)


def _belonged_to_package(piece: Piece) -> bool:
    if piece.role is PieceRole.LINK or (piece.is_payload and piece.presence is Presence.ABSENT):
        return True
    return bool(piece.package) and piece.verification not in _DISOWNED


def _is_generated_or_packaged(piece: Piece) -> bool:
    if piece.role is PieceRole.FRAGMENT and is_generated_dir(posixpath.dirname(piece.path)) and not piece.real_path:
        return True
    if piece.role is PieceRole.LINK:
        return is_generated_dir(posixpath.dirname(posixpath.dirname(piece.path)))
    is_absent_file = piece.role is PieceRole.ENVIRONMENT and piece.presence is Presence.ABSENT
    return is_absent_file or (is_vouched_by_package(piece) and not (piece.role in _UNIT_ROLES and piece.real_path))
