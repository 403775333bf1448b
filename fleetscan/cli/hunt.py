"""`fleetscan hunt`: who else has this."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from fleetscan.cli.clock import show_time, utc_now
from fleetscan.cli.host_names import count_hosts, name_hosts
from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import FormatOption
from fleetscan.cli.output import Column, Format, Terminal, print_records
from fleetscan.export.question_records import HuntRecord

if TYPE_CHECKING:
    from fleetscan.model.finding import Provenance
    from fleetscan.operations.hunt import HuntAnswer

_AGO = re.compile(r"([0-9]{1,5})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_MATCHES = 3
_CHARS = 200
_EXIT_UNREAD = 3


def register(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command(
        "hunt",
        epilog="Examples: fleetscan hunt --exec curl | fleetscan hunt --sha256 3f2a91bc --since 30d | "
        "fleetscan hunt --text '(?i)base64 +-d' --user root | fleetscan hunt --provenance unowned --max-hosts 3",
    )(hunt)


def hunt(
    context: typer.Context,
    execs: Annotated[
        list[str] | None,
        typer.Option("--exec", help="Part of a command or of a path that is run, or a glob; repeat.", metavar="TEXT"),
    ] = None,
    path: Annotated[
        list[str] | None, typer.Option(help="A file, a folder above it, or a glob; repeat.", metavar="PATH")
    ] = None,
    sha256: Annotated[
        list[str] | None, typer.Option("--sha256", help="Hash of a file, or the beginning of one; repeat.")
    ] = None,
    text: Annotated[
        list[str] | None,
        typer.Option(help="Regular expression over lines of unit files and scripts; repeat.", metavar="REGEX"),
    ] = None,
    user: Annotated[list[str] | None, typer.Option(help="As whom it runs; name or glob, repeat.")] = None,
    schedule: Annotated[
        list[str] | None,
        typer.Option(help="Calendar expression of the same meaning, or a part of the schedule; repeat."),
    ] = None,
    provenance: Annotated[
        list[str] | None,
        typer.Option(help="Who put it there: verified, modified, unowned, unknown; repeat.", metavar="WORD"),
    ] = None,
    max_hosts: Annotated[
        int | None, typer.Option(help="Only what at most so many hosts have.", min=1, metavar="N")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="Also what was there since: 2026-03-01, 30d, 12h; now only by default.", metavar="DATE"),
    ] = None,
    sweep: Annotated[int | None, typer.Option(help="What this sweep saw, instead of now.")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Look for things on all hosts: timers with what they run, units, generators, rights, and whatever starts units.

    Of one option that is repeated any may match; of different options all must. By default each host's newest state
    counts. The rarest come first. The exit code is 3 when nothing was found and something was not read.
    """
    from fleetscan.errors import UsageError
    from fleetscan.model.ids import SweepId
    from fleetscan.operations.hunt import HuntOptions, resolve_hashes
    from fleetscan.operations.hunt import hunt as look
    from fleetscan.operations.hunt_match import Quarry, TextPattern

    if since is not None and sweep is not None:
        raise UsageError("--since and --sweep cannot be given together", hint="a sweep is one point in time")
    invocation = invocation_of(context)
    with invocation.store() as store:
        quarry = Quarry(
            executes=tuple(execs or ()),
            paths=tuple(path or ()),
            hashes=resolve_hashes(store, sha256 or ()),
            texts=tuple(TextPattern(pattern) for pattern in text or ()),
            users=tuple(user or ()),
            schedules=tuple(schedule or ()),
            provenances=_parse_provenances(provenance or ()),
        )
        if quarry.is_open and max_hosts is None:
            raise UsageError("nothing is hunted", hint="give at least one of --exec, --path, --sha256, … --max-hosts")
        options = HuntOptions(
            quarry=quarry,
            max_hosts=max_hosts,
            since=None if since is None else parse_since(since, utc_now()),
            sweep=None if sweep is None else SweepId(sweep),
        )
        answer = look(store, options)
    _print_hunt(invocation.terminal, form, answer.records)
    _say_extent(invocation.terminal, answer)
    if not answer.records and not answer.is_whole:
        raise typer.Exit(_EXIT_UNREAD)


def parse_since(text: str, now: datetime) -> datetime:
    """Give the instant of a day, of a time, or of so long ago (`12h`, `30d`, `2w`); without a zone it is the reader's.

    Raises:
        UsageError: It is none of these.
    """
    from fleetscan.errors import UsageError

    try:
        if ago := _AGO.fullmatch(text):
            return now - int(ago[1]) * _UNITS[ago[2]]
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{text!r} is no date", hint="2026-03-01, 2026-03-01T18:00, 30d or 12h") from error


def _parse_provenances(words: Sequence[str]) -> "tuple[Provenance, ...]":
    from fleetscan.errors import UsageError
    from fleetscan.model.finding import Provenance

    known = {provenance.name.lower(): provenance for provenance in Provenance}
    for word in words:
        if word not in known:
            raise UsageError(f"{word!r} is no provenance", hint=f"one of: {', '.join(known)}")
    return tuple(known[word] for word in words)


def _print_hunt(terminal: Terminal, form: Format, records: Sequence[HuntRecord]) -> None:
    """Print one row for each thing in a table, and one record for each host in the other forms."""
    groups: dict[tuple[object, ...], list[HuntRecord]] = {}
    for record in records:
        groups.setdefault(_thing_of(record), []).append(record)
    columns: list[Column[HuntRecord]] = [
        Column("hosts", lambda r: _tell_hosts(groups[_thing_of(r)])),
        Column("what", _tell_thing),
        Column("matched", _tell_matches),
        Column("first seen", lambda r: _tell_since(groups[_thing_of(r)])),
    ]
    shown = [group[0] for group in groups.values()] if form is Format.TABLE else records
    print_records(terminal, form, "hunt", shown, columns, empty="nothing matches")


def _thing_of(record: HuntRecord) -> tuple[object, ...]:
    return (record.subject, record.scope, record.name, record.summary, record.matches)


def _tell_hosts(group: Sequence[HuntRecord]) -> str:
    gone = sum(not record.present for record in group)
    lines = [f"{group[0].prevalence_count} of {group[0].prevalence_of_hosts}"]
    lines.append(name_hosts([record.host for record in group]))
    return "\n".join([*lines, *([f"gone from {gone}"] if gone else [])])


def _tell_thing(record: HuntRecord) -> str:
    kind = "" if record.subject in ("job", "unit") else f"{record.subject} "
    scope = "" if record.scope == "system" else f" ({record.scope})"
    return _lines(f"{kind}{record.name}{scope}", record.summary[:_CHARS])


def _tell_matches(record: HuntRecord) -> str:
    lines: list[str] = []
    for match in record.matches[:_MATCHES]:
        place = f"{match.path}:{match.line}" if match.line else match.path
        lines.append(match.text[:_CHARS] if match.criterion in ("path", "rare") else f"{place}: {match.text[:_CHARS]}")
    more = len(record.matches) - _MATCHES
    return _lines(*lines, *([f"and {more} more"] if more > 0 else []))


def _tell_since(group: Sequence[HuntRecord]) -> str:
    dated = [(record.first_seen_at, record.host) for record in group if record.first_seen_at is not None]
    if not dated:
        return "-"
    at, host = min(dated)
    return _lines(show_time(at), *([f"on {host}"] if len(group) > 1 else []))


def _lines(*texts: str) -> str:
    """Put texts under one another; a line end that a host put into one is spelled out."""
    return "\n".join(text.replace("\n", "\\n") for text in texts if text)


def _say_extent(terminal: Terminal, answer: "HuntAnswer") -> None:
    terminal.say(f"looked through {count_hosts(answer.hosts)}")
    if answer.partial:
        terminal.say(f"only partly read: {name_hosts(answer.partial)}", style="yellow")
    if answer.unread:
        terminal.say(f"not read: {name_hosts(answer.unread)}", style="yellow")
