"""`fleetscan doctor`: what of each host can be read, and the least that would let all of it be."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import ExcludeOption, FormatOption, GroupOption, selection_flags
from fleetscan.cli.output import Column, Format, Terminal, print_records
from fleetscan.export.records import DiagnosisRecord, ReadingRecord, StepRecord

if TYPE_CHECKING:
    from fleetscan.operations.diagnose_hosts import Diagnosis

_NAMES_SHOWN = 8
_ALIKE_SHOWN = 3


def register(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command(
        "doctor",
        epilog="Examples: fleetscan doctor | fleetscan doctor web01.example.org 'db*' | "
        "fleetscan doctor --group web --format json",
    )(doctor)


def doctor(
    context: typer.Context,
    hosts: Annotated[
        list[str] | None, typer.Argument(help="Names or globs of hosts; all by default.", metavar="[HOST]...")
    ] = None,
    group: GroupOption = None,
    exclude: ExcludeOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Visit hosts, store nothing, and say what can be read of each, what cannot, and the exact lines that change that.

    Exit code 0 when all that decides what would run can be read on every host, 3 when on some it cannot.
    """
    from fleetscan.bootstrap import build_transport, collect_known_keys, sweep_options, utc_now
    from fleetscan.cli.progress import show_progress
    from fleetscan.inventory.selection import select_hosts
    from fleetscan.model.sweep import Selection
    from fleetscan.operations.diagnose_hosts import diagnose_hosts

    invocation = invocation_of(context)
    settings, terminal = invocation.settings, invocation.terminal
    inventory = invocation.inventory()
    chosen = select_hosts(inventory, Selection(**selection_flags(group, hosts, exclude)))
    with invocation.store() as store:
        transport = build_transport(settings, collect_known_keys(settings, store))
        transport.prepare(chosen)
        with show_progress(terminal, len(chosen), what="visit") as observer:
            found = diagnose_hosts(
                chosen,
                {host.jump.name for host in inventory.hosts if host.jump},
                store=store,
                transport=transport,
                options=sweep_options(settings),
                clock=utc_now,
                observer=observer,
            )
    records = [_record(diagnosis) for diagnosis in found]
    if form is Format.TABLE:
        _print_readings(terminal, records)
        _print_remedies(terminal, records)
    else:
        print_records(terminal, form, "diagnoses", records, (), empty="")
    complete = sum(diagnosis.is_complete for diagnosis in found)
    terminal.say(f"{complete} of {len(chosen)} hosts can be read in full", style="bold")
    if len(found) < len(chosen):
        terminal.say("interrupted before every host was visited", style="bold yellow")
    raise typer.Exit(0 if complete == len(chosen) else 3)


def _print_readings(terminal: Terminal, records: Sequence[DiagnosisRecord]) -> None:
    """Print one row for all hosts that are read alike."""
    alike: dict[tuple[object, ...], list[DiagnosisRecord]] = {}
    for record in records:
        place = (record.outcome, record.reason, record.login, record.privilege, record.systemd, record.readings)
        alike.setdefault(place, []).append(record)
    rows = {id(group[0]): _name([record.host for record in group], _ALIKE_SHOWN) for group in alike.values()}
    columns: list[Column[DiagnosisRecord]] = [
        Column("host", lambda r: rows[id(r)]),
        Column("as", lambda r: f"{r.login} ({r.privilege})\nsystemd {r.systemd}" if r.login else r.user),
        Column("can be read", _what_is_read, style="green"),
        Column("cannot", _what_is_not, style=lambda r: "" if r.readings else "red"),
    ]
    firsts = [group[0] for group in alike.values()]
    print_records(terminal, Format.TABLE, "diagnoses", firsts, columns, empty="no hosts")


def _what_is_read(record: DiagnosisRecord) -> str:
    read = [reading.area for reading in record.readings if reading.extent == "read"]
    if len(read) == len(record.readings) > 0:
        return f"all {len(read)} areas"
    return ", ".join(read) or "nothing"


def _what_is_not(record: DiagnosisRecord) -> str:
    if not record.readings:
        return "\n".join(filter(None, (f"{record.outcome}: {record.reason}", *record.evidence, record.hint)))
    missing = [reading for reading in record.readings if reading.reason]
    return "\n".join(f"{r.area}, {r.extent}: {r.reason}" for r in missing) or "-"


def _print_remedies(terminal: Terminal, records: Sequence[DiagnosisRecord]) -> None:
    """Print each remedy once, for all hosts that need the same; lines are never wrapped, so that they can be copied."""
    shared: dict[tuple[object, ...], list[DiagnosisRecord]] = {}
    for record in records:
        if record.remedy:
            shared.setdefault((record.remedy_kind == "narrow", record.remedy, record.steps), []).append(record)
    for (is_advice, title, _), group in sorted(shared.items(), key=lambda item: bool(item[0][0])):
        mark = "could be less" if is_advice else "remedy"
        _line(terminal, f"\n{mark}: {title}", "cyan" if is_advice else "bold")
        _line(terminal, f"for {_name([record.host for record in group], _NAMES_SHOWN)}")
        for number, step in enumerate(group[0].steps, 1):
            _line(terminal, f"{number}. {step.where}:", "dim")
            for text in step.lines:
                _line(terminal, text)
            if step.check:
                _line(terminal, f"   check: {step.check} says {step.expect}", "dim")


def _line(terminal: Terminal, text: str, style: str = "") -> None:
    from rich.text import Text

    from fleetscan.report.visible import visible_text

    head = "\n" if text.startswith("\n") else ""
    terminal.out.print(Text(head + visible_text(text.removeprefix("\n"), 4000), style=style), soft_wrap=True)


def _name(names: Sequence[str], count: int) -> str:
    more = f" and {len(names) - count} more" if len(names) > count else ""
    return ", ".join(names[:count]) + more


def _record(diagnosis: "Diagnosis") -> DiagnosisRecord:
    from fleetscan.model.outcome import HostFailure, outcome_of

    outcome, remedy, connection = diagnosis.outcome, diagnosis.remedy, diagnosis.host.connection
    failure = outcome if isinstance(outcome, HostFailure) else None
    facts = None if isinstance(outcome, HostFailure) else outcome.facts
    return DiagnosisRecord(
        host=diagnosis.host.name,
        outcome=outcome_of(outcome).value,
        reason=failure.reason if failure else "",
        evidence=failure.evidence if failure else (),
        hint=failure.hint if failure else "",
        user=connection.user,
        login=facts.login if facts else "",
        privilege=facts.privilege.value if facts else "",
        systemd=str(facts.systemd_version) if facts else "",
        probe=connection.probe.value,
        sudo=connection.sudo,
        readings=tuple(
            ReadingRecord(
                area=reading.area.value,
                extent=reading.extent.value,
                supplementary=reading.is_supplementary,
                reason=reading.reason,
            )
            for reading in diagnosis.readings
        ),
        remedy=remedy.title if remedy else "",
        remedy_kind=remedy.kind.value if remedy else "",
        steps=tuple(
            StepRecord(where=step.where, lines=step.lines, check=step.check, expect=step.expect)
            for step in (remedy.steps if remedy else ())
        ),
    )
