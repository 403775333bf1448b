"""What is out of the ordinary around the jobs of a host: one line of numbers, then a few lines that name the things."""

from collections.abc import Iterator

from fleetscan.cli.clock import show_time
from fleetscan.cli.output import Terminal
from fleetscan.export.surroundings import SurroundingsRecord

_SHOWN = 5


def print_surroundings(terminal: Terminal, record: SurroundingsRecord) -> None:
    """Say what there is; nothing at all when all is as usual."""
    groups = [(one if len(names) == 1 else many, names) for one, many, names in _group(record) if names]
    if not groups:
        return
    terminal.say(" · ".join(f"{len(names)} {words}" for words, names in groups), style="yellow")
    for words, names in groups:
        for name in names[:_SHOWN]:
            terminal.say(f"  {words}: {name}")
        if len(names) > _SHOWN:
            terminal.say(f"  {words}: {len(names) - _SHOWN} more; --format json gives all")


def _group(record: SurroundingsRecord) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    yield "program of no package", "programs of no package", record.unowned
    yield "program changed since it was installed", "programs changed since they were installed", record.changed
    yield "program not there", "programs not there", record.absent
    disagreements = tuple(f"{d.unit}: {d.kind}: {d.detail}" for d in record.disagreements)
    yield "disagreement of views", "disagreements of views", disagreements
    yield "generator of no package or changed", "generators of no package or changed", record.generators
    yield "mount over unit directories", "mounts over unit directories", record.mounts
    traces = tuple(
        " ".join(filter(None, (show_time(t.at), f"{t.source}:", t.event, t.unit, t.user and f"by {t.user}", t.command)))
        for t in record.traces
    )
    yield "trace of a transient unit", "traces of transient units", traces
