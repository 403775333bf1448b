"""One subject of a proposal, in full."""

from rich.text import Text

from fleetscan.cli.clock import show_time
from fleetscan.cli.output import Terminal
from fleetscan.export.baseline_records import BaselineFormRecord, BaselineItemRecord
from fleetscan.report.visible import visible_text

_SHOWN_HOSTS = 20


def print_item(terminal: Terminal, record: BaselineItemRecord) -> None:
    """Print all that is known of a subject, form by form."""
    standing = "accepted" if record.accepted else f"left out: {record.why}"
    _print(terminal, f"{record.subject} {record.name} ({record.scope})", "bold")
    _print(terminal, f"  {standing}", "" if record.accepted else "yellow")
    required = ", required" if record.required else ""
    _print(terminal, f"  on {record.prevalence_count} of {record.prevalence_of_hosts} hosts{required}")
    if record.hosts:
        more = f" and {len(record.hosts) - _SHOWN_HOSTS} more" if len(record.hosts) > _SHOWN_HOSTS else ""
        _print(terminal, f"  hosts: {', '.join(record.hosts[:_SHOWN_HOSTS])}{more}")
    for number, form in enumerate(record.forms, start=1):
        if len(record.forms) > 1:
            seen = f"{form.prevalence_count} of {form.prevalence_of_hosts}"
            _print(terminal, f"  form {number} of {len(record.forms)}, on {seen} hosts", "bold")
        _print_form(terminal, form)


def _print_form(terminal: Terminal, form: BaselineFormRecord) -> None:
    rows = [
        ("does", (form.summary,) if form.summary else ()),
        ("state", (form.state,)),
        ("from", (form.provenance,)),
        ("since", (show_time(form.first_seen_at),) if form.first_seen_at else ()),
        ("file", form.paths),
        ("runs or reads", ("any programs", *form.targets) if form.any_target else form.targets),
        ("others may write", form.doors),
        ("rule", form.hits),
        ("note", (form.note,) if form.note else ()),
    ]
    for word, lines in rows:
        style = "yellow" if word in ("others may write", "rule") else ""
        for line in lines:
            _print(terminal, f"    {word}: {line}", style)


def _print(terminal: Terminal, text: str, style: str = "") -> None:
    terminal.out.print(Text(visible_text(text, 2000), style=style), soft_wrap=True)
