"""A baseline as YAML that a person reviews and keeps in git: one line for each fact, always in the same order.

Everything is in it that the digests are made of, so that a reader sees what is accepted. What can be derived from the
directives (commands, schedules) is left out where deriving it gives just that.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fleetscan.analyse.fingerprint import describe_state
from fleetscan.analyse.provenance import provenance_of
from fleetscan.model.baseline import NO_REMARKS, BaselineItem, Cohort, Variant
from fleetscan.model.digest import JsonValue
from fleetscan.model.ids import SweepId
from fleetscan.model.subject import Subject, SubjectKind
from fleetscan.model.unit import EffectiveUnit, ExecCommand, LoadState, Trigger
from fleetscan.operations.typed_values import MARK
from fleetscan.store.codec import encode_json
from fleetscan.systemd.commands import parse_commands
from fleetscan.systemd.triggers import build_triggers

FORMAT = "fleetscan.baseline/1"
ELSEWHERE = ("key", "fingerprint", "summary")
"""Fields of a subject that stand with its item or form."""

_Scalar = str | float | bool | None
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@=+-]*")
_YAML_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})
_HEAD = """\
# A baseline of fleetscan: what the hosts of a cohort normally have. `fleetscan baseline import FILE` proposes it again.
# Items and forms may be removed, and `required` and `any_target` may be changed; anything else must stay as it is:
# the digests are computed anew and must fit.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenBaseline:
    """What a file holds.

    Attributes:
        version: Of the baseline, None for a proposal.
        items: Sorted by key.
    """

    cohort: Cohort
    version: int | None
    sweep: SweepId
    hosts: int
    min_prevalence: float
    items: tuple[BaselineItem, ...]


def render_baseline(baseline: WrittenBaseline) -> str:
    """Write a baseline; equal baselines give equal text."""
    cohort = baseline.cohort
    lines = [
        f"format: {FORMAT}",
        f"cohort: {_flow({'role': cohort.role, 'os_id': cohort.os_id, 'os_version_id': cohort.os_version_id})}",
        *([] if baseline.version is None else [f"version: {baseline.version}"]),
        f"sweep: {baseline.sweep}",
        f"hosts: {baseline.hosts}",
        f"min_prevalence: {baseline.min_prevalence!r}",
        "items:" if baseline.items else "items: []",
    ]
    for item in sorted(baseline.items, key=lambda item: item.key):
        lines += _write_item(item)
    return _HEAD + "\n".join(lines) + "\n"


def derive_commands(subject: Subject) -> tuple[ExecCommand, ...]:
    """Give the commands that the directives of a subject spell."""
    unit = rebuild_unit(subject)
    return parse_commands(unit) if unit is not None else ()


def derive_triggers(subject: Subject, systemd_version: int = 0) -> tuple[Trigger, ...]:
    """Give the schedule that the directives of a job spell, as a version of systemd reads it."""
    if subject.key.kind is not SubjectKind.JOB or not subject.unit_names:
        return ()
    timer = subject.unit_names[0]
    own = tuple(directive for unit, directive in subject.directives if unit == timer)
    effective = EffectiveUnit(name=timer, scope=subject.key.scope, load=LoadState.LOADED, directives=own)
    return build_triggers(effective, systemd_version)


def rebuild_unit(subject: Subject) -> EffectiveUnit | None:
    """Give the unit of a subject that runs something, as far as directives tell; None where there is none."""
    place = {SubjectKind.JOB: 1, SubjectKind.UNIT: 0}.get(subject.key.kind)
    if place is None or len(subject.unit_names) <= place:
        return None
    name = subject.unit_names[place]
    own = tuple(directive for unit, directive in subject.directives if unit == name)
    return EffectiveUnit(name=name, scope=subject.key.scope, load=LoadState.LOADED, directives=own)


def _write_item(item: BaselineItem) -> Iterator[str]:
    yield f"- kind: {_scalar(item.key.kind.value)}"
    yield f"  scope: {_scalar(item.key.scope)}"
    yield f"  name: {_scalar(item.key.name)}"
    yield f"  required: {_scalar(item.required)}"
    yield f"  prevalence: {item.prevalence}"
    yield "  forms:"
    for variant in item.variants:
        yield from _write_form(variant)


def _write_form(variant: Variant) -> Iterator[str]:
    subject = variant.subject
    yield f"  - does: {_scalar(subject.summary)}"
    yield f"    state: {_scalar(describe_state(subject))}"
    yield f"    prevalence: {variant.prevalence}"
    yield f"    provenance: {_scalar(provenance_of(subject).value)}"
    if variant.any_target:
        yield "    any_target: true"
    if variant.remarks != NO_REMARKS:
        yield "    remarks:"
        yield from _write_fields(_table(encode_json(variant.remarks, type(variant.remarks))), "      ")
    yield "    digests:"
    yield from _write_fields(_table(encode_json(subject.fingerprint, type(subject.fingerprint))), "      ")
    told = {name: value for name, value in _table(encode_json(subject, Subject)).items() if name not in ELSEWHERE}
    if subject.commands == derive_commands(subject):
        told.pop("commands", None)
    elif not subject.commands:
        told["commands"] = []
    if subject.triggers == derive_triggers(subject):
        told.pop("triggers", None)
    elif not subject.triggers:
        told["triggers"] = []
    if told:
        yield "    subject:"
        yield from _write_fields(told, "      ")


def _write_fields(table: Mapping[str, JsonValue], indent: str) -> Iterator[str]:
    for name, value in table.items():
        if isinstance(value, list) and value:
            yield f"{indent}{name}:"
            yield from (f"{indent}- {_flow(item)}" for item in value)
        else:
            yield f"{indent}{name}: {_flow(value)}"


def _flow(value: JsonValue) -> str:
    """Write a value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_flow(_in_octal(name, item))}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _scalar(value)


def _in_octal(name: str, value: JsonValue) -> JsonValue:
    return f"{value:04o}" if name == "mode" and isinstance(value, int) else value


def _scalar(value: _Scalar) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return repr(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _YAML_WORDS:
        return value
    return '"' + "".join(_escape(char) for char in value) + '"'


def _escape(char: str) -> str:
    if char in ('"', "\\"):
        return f"\\{char}"
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF or char == MARK:
        return f"\\u{ord(MARK):04x}{code:04x}"
    if char.isprintable():
        return char
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _table(value: JsonValue) -> dict[str, JsonValue]:
    if not isinstance(value, dict):
        raise TypeError("a dataclass is written as a mapping")
    return value
