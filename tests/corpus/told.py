"""What is told of a host, as JSON: what an expectation is written in. What is empty, `false` or null is left out."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from fleetscan.model.snapshot import ArtifactKind, TimerRow
from fleetscan.model.unit import Directive, EffectiveUnit, ExecCommand, Job
from fleetscan.systemd.commands import parse_commands
from fleetscan.systemd.directive_kinds import EXEC_KEYS, TRIGGER_KEYS
from fleetscan.systemd.programs import ProgramRef, find_programs
from fleetscan.systemd.reached import find_homes
from tests.corpus.cases import HostReading

_SAID_ELSEWHERE = frozenset(
    {
        ("Unit", "Description"),
        ("Unit", "Documentation"),
        *(("Service", key) for key in EXEC_KEYS),
        *(("Timer", key) for key in TRIGGER_KEYS),
    }
)
_DIGITS = re.compile(r"#[0-9a-f]{12}\Z")
_DIFFERING = re.compile(r"(?:\A|; )(\w+): in memory ")


def tell_host(reading: HostReading) -> dict[str, Any]:
    """Give everything that an expectation of a whole host speaks of.

    Jobs and loose units are keyed `SCOPE NAME`; of a name made from content only that it is one is told
    (`run-*.timer#…`), because no person can work out the digits.
    """
    homes = find_homes(reading.listing.artifacts)
    facts = reading.listing.facts
    jobs = [(f"{job.scope} {_DIGITS.sub('#…', job.name)}", tell_job(job, homes.get(job.scope))) for job in reading.jobs]
    assert len(dict(jobs)) == len(jobs), "two jobs whose names differ by digits only"
    return {
        "systemd": [facts.systemd_version, facts.systemd_version_text],
        "os": [facts.os_id, facts.os_version_id, facts.os_name],
        "timers": {f"{row.scope} {row.unit}": tell_row(row) for row in reading.listing.timers},
        "jobs": dict(jobs),
        "loose": {f"{unit.scope} {_DIGITS.sub('#…', unit.name)}": tell_loose(unit) for unit in reading.loose},
        **_without_empty(
            {"linger": _names(reading, ArtifactKind.LINGER), "stamps": _names(reading, ArtifactKind.STAMP)}
        ),
        "gaps": [[gap.area.value, gap.scope or "", gap.status.value, gap.path or ""] for gap in reading.listing.gaps],
    }


def tell_row(row: TimerRow) -> list[Any]:
    """Give what is activated, the next and the last elapse."""
    return [list(row.activates), tell_instant(row.next_at), tell_instant(row.last_at)]


def tell_instant(value: datetime | None) -> str | None:
    """Give an instant in ISO form."""
    return value.isoformat() if value else None


def tell_job(job: Job, home: str | None) -> dict[str, Any]:
    """Give what decides whether, when, what and as whom a job runs, and what else is known of it."""
    service = job.activates
    programs = () if service is None else find_programs(service, job.commands, home)
    return _without_empty(
        {
            "names": list(job.unit_names),
            "load": [unit.load.value for unit in (job.timer, service) if unit is not None],
            "kind": _kinds(job.timer),
            "schedule": [f"{trigger.directive}={trigger.normal or '?'}" for trigger in job.triggers],
            "files": _files(job.timer, service),
            "settings": [_setting(d) for unit in (job.timer, service) if unit for d in _settings(unit)],
            "commands": _commands(job.commands),
            "run_as": job.run_as,
            "state": [job.state.enabled, job.state.active, job.state.listed],
            "links": list(job.links),
            "programs": [_program(ref) for ref in programs],
            "disagreements": [[d.kind.value, d.unit, *_DIFFERING.findall(d.detail)] for d in job.disagreements],
            "activations": [[a.kind.value, a.unit, a.by, a.directive] for a in job.activations],
        }
    )


def tell_loose(unit: EffectiveUnit) -> dict[str, Any]:
    """Give what decides what a unit that no timer reaches runs."""
    return _without_empty(
        {
            "load": unit.load.value,
            "kind": _kinds(unit),
            "files": _files(unit),
            "settings": [_setting(d) for d in _settings(unit)],
            "commands": _commands(parse_commands(unit)),
        }
    )


def _names(reading: HostReading, kind: ArtifactKind) -> list[str]:
    return sorted(artifact.name for artifact in reading.listing.artifacts if artifact.kind is kind)


def _kinds(unit: EffectiveUnit) -> list[str]:
    return [word for word, holds in (("transient", unit.transient), ("generated", unit.generated)) if holds]


def _files(*units: EffectiveUnit | None) -> list[str]:
    """Give the files of units in order of application, links with where they point to."""
    sources = [source for unit in units if unit is not None for source in unit.sources]
    return [source.path + (f" -> {source.link_target}" if source.link_target else "") for source in sources]


def _settings(unit: EffectiveUnit) -> Iterable[Directive]:
    return (d for d in unit.directives if d.section != "Install" and (d.section, d.key) not in _SAID_ELSEWHERE)


def _setting(directive: Directive) -> str:
    return f"[{directive.section}] {directive.key}={directive.value}"


def _commands(commands: Sequence[ExecCommand]) -> list[list[str]]:
    return [[c.directive, c.prefixes, c.path, *c.argv] for c in commands]


def _program(ref: ProgramRef) -> str:
    """Give role and name, and where it is looked for unless that is its name."""
    places = "" if ref.candidates == (ref.name,) else f" in {' '.join(ref.candidates) or 'a place known at run time'}"
    return f"{ref.role.value} {ref.name}{places}"


def _without_empty(told: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in told.items() if value not in ("", [], None)}
