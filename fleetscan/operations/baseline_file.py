"""A baseline read back from YAML: every digest is computed anew, so that what a person read is what is accepted."""

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

from fleetscan.analyse.fingerprint import UNSEALED, describe_state, seal_subject
from fleetscan.analyse.proposal import Place, may_be_required, place_of
from fleetscan.analyse.provenance import provenance_of
from fleetscan.analyse.subjects import summarise
from fleetscan.errors import InventoryError
from fleetscan.inventory.document import Document, Location, Plain, load_document
from fleetscan.inventory.faults import show_location
from fleetscan.model.baseline import NO_REMARKS, BaselineItem, Cohort, Prevalence, Remarks, Variant
from fleetscan.model.ids import Scope, SweepId
from fleetscan.model.subject import Fingerprint, Subject, SubjectKey, SubjectKind
from fleetscan.operations.baseline_text import (
    FORMAT,
    WrittenBaseline,
    derive_commands,
    derive_triggers,
    rebuild_unit,
)
from fleetscan.operations.typed_values import MisfitError, read_fields, read_list, read_mapping, read_value
from fleetscan.systemd.jobs import find_user
from fleetscan.systemd.triggers import describe_triggers

MAX_FAULTS = 100
_READINGS = (0, 230, 232, 234, 241)
"""Versions of systemd that read schedules differently, and the current ones."""

_TOP = ("format", "cohort", "version", "sweep", "hosts", "min_prevalence", "items")
_OF_ITEM = ("kind", "scope", "name", "required", "prevalence", "forms")
_OF_FORM = ("does", "state", "prevalence", "provenance", "any_target", "remarks", "digests", "subject")
_REPAIR = "take it from a fresh export, or remove the form"


def load_baseline(path: Path) -> WrittenBaseline:
    """Read and check a file that `render_baseline` wrote and a person may have edited.

    Raises:
        InventoryError: It cannot be read, or something in it does not fit; all faults are in it, with their lines.
    """
    document = _load(path)
    reader = _FileReader(document)
    found = reader.read()
    if reader.faults or found is None:
        count = len(reader.faults)
        lines = [text for _line, text in sorted(reader.faults)[:MAX_FAULTS]]
        if count > MAX_FAULTS:
            lines.append(f"{path}: and {count - MAX_FAULTS} more faults")
        faults = "1 fault" if count == 1 else f"{count} faults"
        raise InventoryError(
            f"{path} has {faults}", faults=tuple(lines), hint="nothing was proposed; `fleetscan baseline export` anew"
        )
    return found


def _load(path: Path) -> Document:
    try:
        return load_document(path)
    except InventoryError as error:
        hint = "`fleetscan baseline export` writes a file to start from"
        message = error.message.replace(" with the key 'hosts'", "")
        raise InventoryError(message, faults=(message,), hint=hint) from error


class _FileReader:
    """Reads one document and collects what is wrong with it."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.faults: list[tuple[int, str]] = []
        for blemish in document.blemishes:
            self._note_line(blemish.line, blemish.location, blemish.message)

    def read(self) -> WrittenBaseline | None:
        top = self._document.value
        try:
            _check_format(top)
            version = read_value(int | None, top.get("version"), ("version",))
            head = WrittenBaseline(
                cohort=read_value(Cohort, top.get("cohort"), ("cohort",)),
                version=version,
                sweep=SweepId(_read_count(top.get("sweep"), ("sweep",))),
                hosts=_read_count(top.get("hosts"), ("hosts",)),
                min_prevalence=_read_share(top.get("min_prevalence"), ("min_prevalence",)),
                items=(),
            )
            rows = read_list(top.get("items"), ("items",))
        except MisfitError as misfit:
            self._note(misfit)
            return None
        items: dict[SubjectKey, BaselineItem] = {}
        for index, row in enumerate(rows):
            location: Location = ("items", index)
            try:
                item = self._read_item(row, location, head.hosts)
            except MisfitError as misfit:
                self._note(misfit)
                continue
            if item.key in items:
                self._note(MisfitError((*location, "name"), "stands here twice; remove one"))
            items[item.key] = item
        return replace(head, items=tuple(items[key] for key in sorted(items)))

    def _read_item(self, row: Plain, location: Location, hosts: int) -> BaselineItem:
        table = read_mapping(row, location)
        _check_keys(table, location, _OF_ITEM)
        kind = read_value(SubjectKind, _get(table, "kind", location), (*location, "kind"))
        scope = Scope(read_value(str, _get(table, "scope", location), (*location, "scope")))
        key = SubjectKey(kind, scope, read_value(str, _get(table, "name", location), (*location, "name")))
        prevalence = self._read_prevalence(table, location, hosts)
        required = read_value(bool, _get(table, "required", location), (*location, "required"))
        place = (*location, "forms")
        variants: dict[Place, Variant] = {}
        for index, form in enumerate(read_list(_get(table, "forms", location), place)):
            try:
                variant = self._read_form(form, (*place, index), key, prevalence)
            except MisfitError as misfit:
                self._note(misfit)
                continue
            if place_of(variant.subject) in variants:
                self._note(MisfitError((*place, index), "the same form stands here twice; remove one"))
            variants[place_of(variant.subject)] = variant
        if not variants and not table.get("forms"):
            raise MisfitError(place, "an item needs at least one form; remove the whole item instead")
        if required and not all(may_be_required(variant.subject) for variant in variants.values()):
            raise MisfitError((*location, "required"), "no host can be expected to have this; write false")
        return BaselineItem(key=key, variants=tuple(variants.values()), prevalence=prevalence, required=required)

    def _read_prevalence(self, table: Mapping[str, Plain], location: Location, hosts: int) -> Prevalence:
        place = (*location, "prevalence")
        found: Prevalence = read_value(Prevalence, _get(table, "prevalence", location), place)
        if found.of_hosts > hosts:
            raise MisfitError(place, f"there are only {hosts} hosts")
        return found

    def _read_form(self, row: Plain, location: Location, key: SubjectKey, seen: Prevalence) -> Variant:
        table = read_mapping(row, location)
        _check_keys(table, location, _OF_FORM)
        prevalence = self._read_prevalence(table, location, seen.of_hosts)
        if prevalence.count > seen.count:
            raise MisfitError((*location, "prevalence"), f"only {seen} hosts have any form of it")
        digests = read_value(Fingerprint, _get(table, "digests", location), (*location, "digests"))
        summary = read_value(str, _get(table, "does", location), (*location, "does"))
        told = table.get("subject", {})
        given = {"key": key, "fingerprint": UNSEALED, "summary": summary}
        subject: Subject = read_fields(Subject, told, (*location, "subject"), given)
        named = read_mapping(told, (*location, "subject"))
        if "commands" not in named:
            subject = replace(subject, commands=derive_commands(subject))
        if "triggers" not in named:
            subject = replace(subject, triggers=derive_triggers(subject))
        subject = seal_subject(subject)
        _check_derived(subject, (*location, "subject"))
        _check_digests(subject, digests, (*location, "digests"))
        _check_words(subject, table, location)
        remarks = table.get("remarks")
        return Variant(
            subject=subject,
            prevalence=prevalence,
            any_target=read_value(bool, table.get("any_target", "false"), (*location, "any_target")),
            remarks=NO_REMARKS if remarks is None else read_value(Remarks, remarks, (*location, "remarks")),
        )

    def _note(self, misfit: MisfitError) -> None:
        self._note_line(self._document.find_line(misfit.location), misfit.location, misfit.message)

    def _note_line(self, line: int, location: Location, message: str) -> None:
        place = f"{show_location(location)}: " if location else ""
        self.faults.append((line, f"{self._document.path}:{line}: {place}{message}"))


def _check_derived(subject: Subject, location: Location) -> None:
    """Refuse commands and schedules that the directives do not spell: a reader may have looked at those only."""
    spelled = set(derive_commands(subject))
    for index, command in enumerate(subject.commands):
        if command not in spelled:
            raise MisfitError((*location, "commands", index), f"no directive spells this command; {_REPAIR}")
    readings = {trigger for version in _READINGS for trigger in derive_triggers(subject, version)}
    for index, trigger in enumerate(subject.triggers):
        if trigger not in readings:
            raise MisfitError((*location, "triggers", index), f"no directive spells this schedule; {_REPAIR}")
    unit = rebuild_unit(subject)
    if unit is not None and subject.run_as not in ("", find_user(unit.scope, unit)):
        raise MisfitError((*location, "run_as"), f"the directives say another user; {_REPAIR}")


def _check_digests(subject: Subject, digests: Fingerprint, location: Location) -> None:
    for field in fields(Fingerprint):
        if getattr(digests, field.name) != getattr(subject.fingerprint, field.name):
            message = f"does not fit what stands below it; {_REPAIR}"
            raise MisfitError((*location, field.name), message)


def _check_words(subject: Subject, table: Mapping[str, Plain], location: Location) -> None:
    """Refuse words that say something else than the directives and files."""
    words = {"state": describe_state(subject), "provenance": provenance_of(subject).value}
    if subject.key.kind in (SubjectKind.JOB, SubjectKind.UNIT):
        schedule = describe_triggers(subject.triggers) if subject.triggers else ""
        target = subject.unit_names[1] if len(subject.unit_names) > 1 else ""
        words["does"] = summarise(subject.commands, subject.run_as, target=target, schedule=schedule)
    for name, expected in words.items():
        place = (*location, name)
        if read_value(str, _get(table, name, location), place) != expected:
            raise MisfitError(place, f"does not say what stands below it; {_REPAIR}")


def _check_format(top: Mapping[str, Plain]) -> None:
    if top.get("format") != FORMAT:
        raise MisfitError(("format",), f"expected {FORMAT}")
    _check_keys(top, (), _TOP)


def _check_keys(table: Mapping[str, Plain], location: Location, known: tuple[str, ...]) -> None:
    for name in table:
        if name not in known:
            raise MisfitError((*location, name), f"unknown key; known are {', '.join(known)}")


def _get(table: Mapping[str, Plain], name: str, location: Location) -> Plain:
    if name not in table:
        raise MisfitError(location, f"the key {name!r} is missing")
    return table[name]


def _read_count(value: Plain, location: Location) -> int:
    found: int = read_value(int, value, location)
    if not 0 < found < 1 << 31:
        raise MisfitError(location, "expected a whole number above 0")
    return found


def _read_share(value: Plain, location: Location) -> float:
    found: float = read_value(float, value, location)
    if math.isnan(found) or not 0 <= found <= 1:
        raise MisfitError(location, "expected a number from 0 to 1")
    return found
