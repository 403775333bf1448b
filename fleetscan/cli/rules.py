"""`fleetscan rules`: by what findings are made."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fleetscan.cli.invocation import Invocation, invocation_of
from fleetscan.cli.options import FormatOption
from fleetscan.cli.output import Column, Format, print_records
from fleetscan.export.rule_records import RuleRecord, RuleTestRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleetscan.rulebook.load import WrittenRule

rules_app = typer.Typer(name="rules", help="By what findings are made.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(rules_app)


@rules_app.command("list", epilog="Example: fleetscan rules list --format json")
def list_rules(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List all rules: those that come along, and those of the folders in the setting `rules`."""
    from fleetscan.rulebook.load import load_written

    invocation = invocation_of(context)
    records = [_to_record(written) for written in load_written(invocation.settings.rules)]
    columns: list[Column[RuleRecord]] = [
        Column("id", lambda r: r.id, no_wrap=True),
        Column("severity", lambda r: r.severity),
        Column("technique", lambda r: r.technique, style="cyan"),
        Column("title", lambda r: r.title),
        Column("asked of", lambda r: "differences" if r.needs_drift else "all", style="dim"),
        Column("file", lambda r: r.file, style="dim"),
    ]
    print_records(invocation.terminal, form, "rules", records, columns, empty="no rules")


@rules_app.command("show", epilog="Example: fleetscan rules show FS-004")
def show_rule(
    context: typer.Context,
    rule_id: Annotated[str, typer.Argument(help="Id of the rule.", metavar="ID")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Show one rule: why it is there, what innocent things it may match, its conditions and tests."""
    from fleetscan.errors import UsageError
    from fleetscan.rulebook.load import load_written

    invocation = invocation_of(context)
    written = {one.rule.id: one for one in load_written(invocation.settings.rules)}
    found = next((one for known, one in written.items() if known == rule_id.upper()), None)
    if found is None:
        raise UsageError(f"there is no rule {rule_id!r}", hint="`fleetscan rules list` lists all")
    if form is not Format.TABLE:
        print_records(invocation.terminal, form, "rules", [_to_record(found)], [], empty="")
        return
    _print_rule(found)


@rules_app.command("test", epilog="Example: fleetscan rules test rules/ours.yaml")
def run_tests(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Rule files or folders; without any, all rules.", metavar="[PATH]...")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Run the tests that stand in rule files; the exit code is 1 when one of them fails."""
    from fleetscan.rulebook.trials import run_trials

    invocation = invocation_of(context)
    records = [
        RuleTestRecord(
            rule=outcome.rule,
            name=outcome.name,
            expected=outcome.expected,
            matched=outcome.matched,
            passed=outcome.passed,
            file=_file_of(written),
        )
        for written in _read(invocation, paths or [])
        for outcome in run_trials(written.entry, written.rule)
    ]
    failed = [record for record in records if not record.passed]
    columns: list[Column[RuleTestRecord]] = [
        Column("rule", lambda r: r.rule, no_wrap=True),
        Column("test", lambda r: r.name),
        Column("had to", lambda r: "match" if r.expected else "not match"),
        Column("did", lambda r: "match" if r.matched else "not match", style=lambda r: "" if r.passed else "red"),
    ]
    shown = failed if form is Format.TABLE else records
    print_records(invocation.terminal, form, "rule-tests", shown, columns, empty="every test passed")
    invocation.terminal.say(f"{len(records)} tests, {len(failed)} failed")
    if failed:
        raise typer.Exit(1)


@rules_app.command("validate", epilog="Example: fleetscan rules validate rules/")
def validate_rules(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Rule files or folders; without any, all rules.", metavar="[PATH]...")
    ] = None,
) -> None:
    """Check rule files; every fault is told at once, and the exit code is then 2."""
    invocation = invocation_of(context)
    written = _read(invocation, paths or [])
    untested = [one.rule.id for one in written if not one.entry.tests.must_match]
    for rule_id in untested:
        invocation.terminal.say(f"{rule_id} has no test that it must match", style="yellow")
    invocation.terminal.say(f"{len(written)} rules are valid")


@rules_app.command("schema", epilog="Example: fleetscan rules schema > rule-file.schema.json")
def show_schema(context: typer.Context) -> None:
    """Print the JSON Schema of rule files, for editors."""
    from fleetscan.rulebook.guide import rule_schema

    del context
    sys.stdout.write(json.dumps(rule_schema(), indent=2) + "\n")


def _read(invocation: Invocation, paths: "Sequence[Path]") -> "tuple[WrittenRule, ...]":
    from fleetscan.rulebook.load import faulty, find_files, load_written, read_files

    if not paths:
        return load_written(invocation.settings.rules)
    written, faults = read_files([file for path in paths for file in find_files(path)])
    if faults:
        raise faulty(faults)
    return written


def _file_of(written: "WrittenRule") -> str:
    from fleetscan.rulebook.load import BUILTIN

    return "" if written.path.is_relative_to(BUILTIN) else str(written.path)


def _to_record(written: "WrittenRule") -> RuleRecord:
    rule, tests = written.rule, written.entry.tests
    return RuleRecord(
        id=rule.id,
        title=rule.title,
        severity=rule.severity.label,
        technique=rule.technique.value if rule.technique is not None else "",
        attack=rule.attack,
        kinds=tuple(sorted(kind.value for kind in rule.kinds)),
        needs_drift=rule.needs_drift,
        fixed=rule.fixed,
        weight_only=rule.weight_only,
        precedence=rule.precedence,
        rationale=rule.rationale.strip(),
        false_positives=rule.false_positives.strip(),
        references=rule.references,
        tests=len(tests.must_match) + len(tests.must_not_match),
        file=_file_of(written),
    )


def _print_rule(written: "WrittenRule") -> None:
    from fleetscan.rulebook.document import render_document

    record = _to_record(written)
    lines = [
        f"{record.id}  {record.severity}  {record.title}",
        "",
        f"technique   {record.technique or 'none of its own'}",
        f"ATT&CK      {', '.join(record.attack)}",
        f"asked of    {', '.join(record.kinds)}{', where they differ' if record.needs_drift else ''}",
        f"file        {record.file or 'comes along'}",
        "",
        record.rationale,
        "",
        f"Innocent matches: {record.false_positives}",
        *(["", *record.references] if record.references else []),
        "",
        "match:",
        render_document(written.entry.match),
        "",
    ]
    tests = written.entry.tests
    lines += [f"must match      {trial.name}" for trial in tests.must_match]
    lines += [f"must not match  {trial.name}" for trial in tests.must_not_match]
    typer.echo("\n".join(lines))
