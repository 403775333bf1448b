"""Rule files → rules; all faults of all files at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from fleetscan.analyse.rules.compile import compile_match
from fleetscan.analyse.rules.conditions import ConditionError
from fleetscan.analyse.rules.features import FeatureStore
from fleetscan.analyse.rules.rule import Rule
from fleetscan.errors import ConfigError, ParseError
from fleetscan.model.drift import Severity
from fleetscan.model.finding import RuleId
from fleetscan.rulebook.document import load_document
from fleetscan.rulebook.entries import RuleEntry, RuleFile

BUILTIN = Path(__file__).resolve().parent / "builtin"
_SUFFIXES = (".yaml", ".yml")
_MAX_FILES = 1000
_MAX_FAULTS = 20


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """A rule and where it is written."""

    path: Path
    entry: RuleEntry
    rule: Rule


def load_rules(folders: Sequence[Path] = ()) -> tuple[Rule, ...]:
    """Give the rules that come along and those of the user's folders, by id.

    Raises:
        ConfigError: A folder cannot be read or a rule is wrong; the message names all of them.
    """
    return tuple(written.rule for written in load_written(folders))


def load_written(folders: Sequence[Path] = ()) -> tuple[WrittenRule, ...]:
    """Give the same with their files and entries.

    Raises:
        ConfigError: See `load_rules`.
    """
    files = [file for folder in (BUILTIN, *folders) for file in find_files(folder)]
    written, faults = read_files(files)
    if faults:
        raise faulty(faults)
    return written


def faulty(faults: Sequence[str]) -> ConfigError:
    """Give the error that names faults of rules."""
    shown = "; ".join(faults[:_MAX_FAULTS])
    more = f"; and {len(faults) - _MAX_FAULTS} more" if len(faults) > _MAX_FAULTS else ""
    count = "a rule is wrong" if len(faults) == 1 else f"{len(faults)} rules are wrong"
    return ConfigError(f"{count}: {shown}{more}", hint="`fleetscan rules schema` gives the form of a rule file")


def find_files(path: Path) -> tuple[Path, ...]:
    """Give the rule files of a folder and its folders, sorted; a file gives itself.

    Raises:
        ConfigError: There is no such folder, or it holds too much.
    """
    if path.is_file():
        return (path,)
    if not path.is_dir():
        raise ConfigError(f"{path}: there is no such folder of rules", hint="see the setting `rules`")
    files = sorted(file for file in path.rglob("*") if file.suffix in _SUFFIXES and file.is_file())
    if len(files) > _MAX_FILES:
        raise ConfigError(f"{path}: more than {_MAX_FILES} rule files", hint="is this the right folder?")
    return tuple(files)


def read_files(files: Sequence[Path]) -> tuple[tuple[WrittenRule, ...], tuple[str, ...]]:
    """Give the rules of files by id, and all faults, one line each."""
    store = FeatureStore()
    faults: list[str] = []
    found: dict[RuleId, WrittenRule] = {}
    for path in files:
        for entry in _read_entries(path, faults):
            try:
                written = WrittenRule(path, entry, build_rule(entry, store))
            except ConditionError as error:
                where = ".".join(str(step) for step in error.where)
                faults.append(f"{path}: {entry.id}: match.{where}: {error}")
                continue
            earlier = found.setdefault(written.rule.id, written)
            if earlier is not written:
                faults.append(f"{path}: {entry.id}: the same id is in {earlier.path}")
    return tuple(found[key] for key in sorted(found)), tuple(faults)


def build_rule(entry: RuleEntry, store: FeatureStore) -> Rule:
    """Compile one entry.

    Raises:
        ConditionError: Its conditions cannot be understood.
    """
    kinds = frozenset(entry.kinds)
    return Rule(
        id=RuleId(entry.id),
        title=entry.title,
        severity=Severity[entry.severity.upper()],
        technique=entry.technique,
        attack=entry.attack,
        rationale=entry.rationale,
        false_positives=entry.false_positives,
        references=entry.references,
        kinds=kinds,
        needs_drift=entry.needs_drift,
        fixed=entry.fixed,
        weight_only=entry.weight_only,
        match=compile_match(entry.match, kinds, store, needs_drift=entry.needs_drift),
        about_new=entry.needs_drift if entry.about_new is None else entry.about_new,
        precedence=entry.precedence,
    )


def _read_entries(path: Path, faults: list[str]) -> Iterator[RuleEntry]:
    try:
        plain = load_document(path)
    except ParseError as error:
        faults.append(f"{path}:{error.line}: {error.message}" if error.line else f"{path}: {error.message}")
        return
    if isinstance(plain, dict) and "rules" not in plain:
        plain = {"rules": [plain]}  # a file may hold one rule by itself
    try:
        yield from RuleFile.model_validate(plain).rules
    except ValidationError as error:
        found = error.errors(include_url=False)
        # Without its wrong members a list is also too short; that is no fault of its own.
        told = [fault for fault in found if fault["type"] != "too_short" or len(found) == 1]
        for fault in told[:_MAX_FAULTS]:
            where = ".".join(str(step) for step in fault["loc"])
            faults.append(f"{path}: {_id_at(plain, fault['loc'])}{where}: {fault['msg']}")


def _id_at(plain: object, place: tuple[int | str, ...]) -> str:
    """Name the rule that a fault is in, where it has a name."""
    rules = plain.get("rules") if isinstance(plain, dict) else None
    number = place[1] if len(place) > 1 else None
    if isinstance(rules, list) and isinstance(number, int) and number < len(rules) and isinstance(rules[number], dict):
        return f"{str(rules[number].get('id', '?'))[:40]}: "
    return ""
