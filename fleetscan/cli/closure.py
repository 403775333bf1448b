"""All of one job on the terminal: a label and what belongs to it, wrapped to the width there is."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from fleetscan.cli.clock import show_relative, show_time
from fleetscan.cli.output import Terminal
from fleetscan.cli.provenance import style_of, tell_facts, tell_presence
from fleetscan.export.job_records import CommandRecord, JobProgramRecord, JobRecord, SourceRecord, UnitRecord

if TYPE_CHECKING:
    from rich.console import RenderableType

_MAX_LINES = 200
_MAX_CHARS = 2000
_INDENT = 2
_BORDERS = frozenset(" \t\n\"'\\")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a section; `depth` is how far it is set in, wrapped parts with it."""

    text: str
    depth: int = 0
    style: str = ""


def print_closure(terminal: Terminal, record: JobRecord, now: datetime) -> None:
    """Print everything about a job; sections with nothing to say are left out."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from fleetscan.report.visible import visible_text

    terminal.out.print(Text(visible_text(f"{record.name}  ({record.scope})", _MAX_CHARS), style="bold"))
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, lines in _sections(record, now):
        for number, line in enumerate(_bound(lines)):
            text = Text(visible_text(line.text, _MAX_CHARS), style=line.style, overflow="fold")
            cell: RenderableType = Padding(text, (0, 0, 0, line.depth * _INDENT))
            grid.add_row("" if number else label, cell)
    terminal.out.print(Padding(grid, (0, 0, 1, _INDENT)))


def _sections(record: JobRecord, now: datetime) -> Iterator[tuple[str, Sequence[Line]]]:
    yield "seen", [Line(f"{show_time(record.seen_at)}, sweep {record.sweep}")]
    yield "schedule", [Line(record.schedule), *_trigger_lines(record)]
    yield "next run", [Line(_moment(record.next_at, now))]
    yield "last run", [Line(_moment(record.last_at, now))]
    yield "state", [Line(_tell_state(record))]
    if record.activates:
        yield "starts", [Line(record.activates + (f" as {record.user}" if record.user else ""))]
    others = [name for name in record.unit_names if name not in (record.timer, record.activates)]
    if others:
        yield "also named", [Line(name) for name in others]
    yield "enabled by", [Line(link) for link in record.links]
    yield "files", [line for unit in record.units for line in _file_lines(unit)]
    yield "settings", list(_setting_lines(record))
    yield "commands", list(_command_lines(record))
    yield "environment", [line for p in record.programs if p.role == "environment file" for line in _reading_lines(p)]
    yield (
        "started too by",
        [
            Line(f"{a.kind}: {a.by} starts {a.unit} ({a.directive}, {_place(a.path, a.line)})")
            for a in record.activations
        ],
    )
    yield "views disagree", [Line(f"{d.unit}: {d.kind}: {d.detail}", style="yellow") for d in record.disagreements]
    yield "problems", [Line(f"{unit.name}: {text}", style="yellow") for unit in record.units for text in unit.problems]
    yield "running then", list(_process_lines(record))


def _trigger_lines(record: JobRecord) -> Iterator[Line]:
    for trigger in record.triggers:
        normal = "" if trigger.normal == trigger.value else f" → {trigger.normal or 'not valid'}"
        place = _place(trigger.path, trigger.line)
        yield Line(f"{trigger.directive}={trigger.value}{normal}  {place}", 1, "" if trigger.normal else "yellow")


def _tell_state(record: JobRecord) -> str:
    listed = {True: "listed", False: "not listed", None: "whether it is listed was not read"}[record.listed]
    kind = "transient" if record.transient else ""
    return ", ".join(filter(None, (record.enabled, record.active, listed, kind)))


def _file_lines(unit: UnitRecord) -> Iterator[Line]:
    odd = [unit.load] if unit.load != "loaded" else []
    odd += [word for word, is_so in (("transient", unit.transient), ("generated", unit.generated)) if is_so]
    yield Line(unit.name + (f" ({', '.join(odd)})" if odd else ""), style="yellow" if unit.load != "loaded" else "")
    for number, source in enumerate(unit.sources, 1):
        link = f" → {source.link_target}" if source.link_target else ""
        yield Line(f"{number}. {source.kind} {source.path}{link}", 1)
        yield Line(_tell_source(source), 2, "red" if source.verification == "changed" else "dim")


def _tell_source(source: SourceRecord) -> str:
    return " · ".join((tell_facts(source), *source.attributes))


def _setting_lines(record: JobRecord) -> Iterator[Line]:
    """Give the directives in force that say what runs, when or as whom, but for those that have a section here."""
    shown = {(t.directive, t.path, t.line) for t in record.triggers} | {
        (c.directive, c.file, c.line) for c in record.commands
    }
    file = ""
    for unit in record.units:
        for directive in unit.directives:
            if directive.has_meaning and (directive.key, directive.path, directive.line) not in shown:
                if directive.path != file:
                    yield Line(directive.path, style="dim")
                    file = directive.path
                yield Line(f"{directive.line}: [{directive.section}] {directive.key}={directive.value}", 1)


def _command_lines(record: JobRecord) -> Iterator[Line]:
    if not record.commands:
        yield Line("none are known")
    for number, command in enumerate(record.commands):
        yield Line(f"{command.directive}  {_tell_words(command)}")
        for meaning in command.meaning:
            yield Line(f"prefix {meaning}", 1)
        if "@" in command.prefixes and command.argv:
            yield Line(f"calls itself {command.argv[0]}", 1)
        yield Line(_place(command.file, command.line), 1, "dim")
        # The first program is the one that systemd starts; the others are started or read by it.
        for depth, program in enumerate(p for p in record.programs if number in p.commands):
            yield from _program_lines(program, 2 if depth else 1)


def _tell_words(command: CommandRecord) -> str:
    """Spell the words of a command so that their borders can be seen; a `$` in them is left alone, as it is read."""
    import shlex

    words = (command.path, *command.argv[1:])
    return " ".join(shlex.quote(word) if not word or set(word) & _BORDERS else word for word in words)


def _program_lines(program: JobProgramRecord, depth: int) -> Iterator[Line]:
    target = f" → {program.real_path}" if program.real_path not in ("", program.path) else ""
    yield Line(f"└ {program.role} {program.path}{target}", depth, style_of(program))
    missing = tell_presence(program)
    yield Line(missing or tell_facts(program), depth + 1, style_of(program) or "dim")
    for text in program.exposed:
        yield Line(f"others may write {text}", depth + 1, "red")


def _reading_lines(program: JobProgramRecord) -> Iterator[Line]:
    first, *rest = _program_lines(program, 0)
    yield Line(first.text.removeprefix(f"└ {program.role} "), 0, first.style)
    yield from rest
    if program.presence == "found":
        yield Line(f"sets {', '.join(program.variables)}" if program.variables else "sets nothing that was read", 1)


def _process_lines(record: JobRecord) -> Iterator[Line]:
    for process in record.processes:
        since = f" since {show_time(process.started_at)}" if process.started_at else ""
        yield Line(f"{process.pid} as {process.user}{since}, {process.unit} ({process.scope})")
        program = f"  ({process.executable})" if process.executable else ""
        yield Line(f"{process.command}{program}", 1)


def _place(path: str, line: int) -> str:
    return f"{path}:{line}" if line else path


def _moment(at: datetime | None, now: datetime) -> str:
    return "-" if at is None else f"{show_time(at)} ({show_relative(at, now)})"


def _bound(lines: Iterable[Line]) -> Iterator[Line]:
    for number, line in enumerate(lines):
        if number == _MAX_LINES:
            yield Line("… and more; --format json gives all", style="dim")
            return
        yield line
