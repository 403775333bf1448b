"""Instances of one template: whether one that is new does what the others do."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from fleetscan.analyse.expectation import Norm
from fleetscan.analyse.filediff import Contents
from fleetscan.analyse.innocence import is_vouched_by_package
from fleetscan.analyse.install_section import read_install
from fleetscan.analyse.meaning import build_meaning
from fleetscan.model.ids import Scope
from fleetscan.model.program import Presence
from fleetscan.model.subject import Piece, PieceRole, Subject, SubjectKey, SubjectKind
from fleetscan.systemd.interpreter import interpreter_script
from fleetscan.systemd.names import split_instance

_MAX_COMPARED = 50
_PLAIN = re.compile(r"[A-Za-z0-9_.:-]+")
_UNIT_ROLES = (PieceRole.FRAGMENT, PieceRole.DROP_IN)

_Family = tuple[SubjectKind, Scope, str]


@dataclass(frozen=True, slots=True)
class Siblings:
    """The templates and instances that are normal somewhere.

    Attributes:
        families: Keys by kind, scope and template, sorted.
        norm: What is normal of a key.
        contents: Bytes by hash.
    """

    families: Mapping[_Family, tuple[SubjectKey, ...]]
    norm: Callable[[SubjectKey], Norm | None]
    contents: Contents

    @staticmethod
    def of(keys: Iterable[SubjectKey], norm: Callable[[SubjectKey], Norm | None], contents: Contents) -> "Siblings":
        """Index the keys of an expectation."""
        families: dict[_Family, list[SubjectKey]] = {}
        for key in sorted(keys):
            template, _instance = split_instance(key.name)
            if template is not None and key.kind in (SubjectKind.JOB, SubjectKind.UNIT):
                families.setdefault((key.kind, key.scope, template), []).append(key)
        return Siblings({family: tuple(found) for family, found in families.items()}, norm, contents)

    def find_twin(self, subject: Subject) -> Subject | None:
        """Give a normal template or instance that does the same as an instance but for its name, None when none does.

        An instance's name is an argument that somebody chose. Where the template hands it to a shell, only a plain word
        is taken for harmless.
        """
        template, instance = split_instance(subject.key.name)
        if template is None or instance is None or _gives_shell(subject, instance):
            return None
        keys = self.families.get((subject.key.kind, subject.key.scope, template), ())
        compared = (form for key in keys for form in self._forms(key))
        for _, twin in zip(range(_MAX_COMPARED), compared, strict=False):
            if self._is_twin(subject, instance, twin, split_instance(twin.key.name)[1] or ""):
                return twin
        return None

    def _forms(self, key: SubjectKey) -> Iterator[Subject]:
        norm = self.norm(key)
        if norm is None or norm.meanings is None:
            return
        for variant in norm.variants:
            if norm.accepts_meaning(variant.subject.fingerprint.meaning):
                yield variant.subject

    def _is_twin(self, subject: Subject, instance: str, twin: Subject, other: str) -> bool:
        if subject.unreadable or twin.unreadable or _meaning(subject, instance) != _meaning(twin, other):
            return False
        is_own_account = subject.run_as == instance != "root" and twin.run_as in (other, "", "%i")
        if subject.run_as != twin.run_as and not is_own_account:
            return False
        known = {_identity(piece, other) for piece in twin.pieces}
        links = {_neutral(link, other) for link in twin.links}
        return bool(subject.pieces) and all(
            self._is_usual_link(subject, piece, links, instance)
            if piece.role is PieceRole.LINK
            else _is_usual_file(piece, known, instance)
            for piece in subject.pieces
        )

    def _is_usual_link(self, subject: Subject, link: Piece, links: Iterable[str], instance: str) -> bool:
        if _neutral(link.path, instance) in links:
            return True
        folder, name = link.path.split("/")[-2:]
        files = [piece.sha256 for piece in subject.pieces if piece.role in _UNIT_ROLES]
        return name in subject.unit_names and folder in read_install(name, files, self.contents).folders


def _is_usual_file(piece: Piece, known: Iterable[tuple[object, ...]], instance: str) -> bool:
    if piece.presence is not Presence.FOUND:
        return piece.presence is Presence.ABSENT and piece.role is PieceRole.ENVIRONMENT
    is_equal = piece.sha256 is not None and _identity(piece, instance) in known
    return is_equal or (is_vouched_by_package(piece) and not (piece.role in _UNIT_ROLES and piece.real_path))


def _meaning(subject: Subject, instance: str) -> object:
    return {
        tuple(_neutral(part, instance) for part in entry): tuple(_neutral(value, instance) for value in values)
        for entry, values in build_meaning(subject).items()
    }


def _identity(piece: Piece, instance: str) -> tuple[object, ...]:
    return (piece.role, _neutral(piece.path, instance), _neutral(piece.real_path, instance), piece.sha256)


def _neutral(text: str, instance: str) -> str:
    """Take an instance out of the names of units, and of nothing else: `/opt/a` and `/opt/b` stay two programs."""
    return text.replace(f"@{instance}.", "@.") if instance else text


def _gives_shell(subject: Subject, instance: str) -> bool:
    """Tell whether a text of code has a specifier in it that an odd instance's name could break out of."""
    if _PLAIN.fullmatch(instance):
        return False
    scripts = (interpreter_script(command) for command in subject.commands)
    return any(script is not None and script.text is not None and "%" in script.text for script in scripts)
