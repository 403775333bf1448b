"""The documents say what the program does: generated parts are fresh, links lead somewhere, commands exist.

Run as a program, this file writes the generated parts of the guide anew.
"""

import re
import shlex
import sys
import typing
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from fleetscan.cli.app import app
from fleetscan.cli.output import Format
from fleetscan.config import setting_table
from fleetscan.config.layers import CONFIG_VARIABLE, SECRET_PREFIX
from fleetscan.export.records import SCHEMAS
from fleetscan.model.coverage import Area, ReadStatus
from fleetscan.model.drift import DriftKind, Severity
from fleetscan.model.outcome import Outcome
from fleetscan.operations.enroll_hosts import KeyStanding
from fleetscan.probe.script import load_probe

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guide"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(GUIDE.glob("*.md"))]
MAX_IMAGE_BYTES = 300 * 1000
_END = "<!-- end -->"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


# --- generated parts ----------------------------------------------------------------------------------------------


def render_settings() -> str:
    """Write a table for each section of fleetscan.toml."""
    lines: list[str] = []
    section = None
    for info in setting_table():
        own_section, _, key = info.name.rpartition(".")
        if own_section != section:
            section = own_section
            title = f"## `[{section}]`" if section else "## Top of the file"
            lines += ["", title, "", "| key | flag, variable | type | default | |", "|---|---|---|---|---|"]
        kind = info.type.replace("|", r"\|")
        lines.append(f"| `{key}` | `{info.flag}` `{info.env}` | {kind} | `{info.default}` | {info.help} |")
    return "\n".join(lines)


def walk_commands(command: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, TyperCommand]]:
    """Give every command that does something, with its words after `fleetscan`."""
    if isinstance(command, TyperGroup):
        for name, child in command.commands.items():
            if not child.hidden:
                yield from walk_commands(child, (*path, name))
    elif isinstance(command, TyperCommand):
        yield " ".join(path), command


def render_commands() -> str:
    """Write what `--help` says of every command."""
    return "\n".join(line for name, command in walk_commands(PROGRAM) for line in _render_command(name, command))


def _render_command(name: str, command: TyperCommand) -> Iterator[str]:
    arguments = [p for p in command.params if isinstance(p, TyperArgument)]
    options = [p for p in command.params if isinstance(p, TyperOption) and p.name != "help"]
    words = [(p.metavar or str(p.name).upper()).replace("[[", "[").replace("]...", "]…") for p in arguments]
    words = [
        word if p.required or word.startswith("[") else f"[{word}]" for p, word in zip(arguments, words, strict=True)
    ]
    yield from (
        "",
        f"## `fleetscan {name}`",
        "",
        "```",
        f"fleetscan {name} {' '.join([*words, *_options(options)])}".rstrip(),
    )
    yield from ("```", "", " ".join((command.help or "").split("\n\n")[0].split()))
    for paragraph in (command.help or "").split("\n\n")[1:]:
        yield from ("", " ".join(paragraph.split()))
    if arguments or options:
        yield from ("", "| | |", "|---|---|")
    for argument, word in zip(arguments, words, strict=True):
        yield f"| `{word.strip('[]…')}` | {argument.help} |"
    for option in options:
        metavar = _metavar(option)
        spelled = ", ".join(f"`{spelling}`" for spelling in sorted(option.opts, key=len, reverse=True))
        yield f"| {spelled}{f' {metavar}' if metavar else ''} | {option.help} |"
    for example in re.split(r"^Examples?: | \| (?=fleetscan )", command.epilog or ""):
        if example:
            yield from ("", f"`{example}`")


def _options(options: list[TyperOption]) -> list[str]:
    return ["[OPTIONS]"] if options else []


def _metavar(option: TyperOption) -> str:
    if option.is_flag:
        return ""
    if option.metavar:
        return option.metavar
    return "table\\|json\\|jsonl\\|csv" if isinstance(option.default, Format) else ""


def render_schemas() -> str:
    """Write the fields of every kind of document."""
    lines: list[str] = []
    for name, record in sorted(SCHEMAS.items()):
        summary = " ".join((record.__doc__ or "").split())
        lines += ["", f"## `fleetscan.{name}/1`", "", summary, ""]
        lines += [f"Fields: {', '.join(f'`{field.name}`' for field in fields(record))}."]
        for field, nested in _nested(record):
            inner = ", ".join(f"`{f.name}`" for f in fields(nested))
            lines += ["", f"Each of `{field}`: {inner}."]
    return "\n".join(lines)


def _nested(record: type, prefix: str = "") -> Iterator[tuple[str, type[typing.Any]]]:
    for field, hint in typing.get_type_hints(record).items():
        for inner in typing.get_args(hint):
            if isinstance(inner, type) and is_dataclass(inner):
                yield f"{prefix}{field}", inner
                yield from _nested(inner, f"{prefix}{field}.")


PROGRAM = typer.main.get_command(app)
COMMANDS = dict(walk_commands(PROGRAM))
GENERATED: dict[str, tuple[str, Callable[[], str]]] = {
    "settings.md": ("settings", render_settings),
    "commands.md": ("commands", render_commands),
    "json.md": ("schemas", render_schemas),
}


def replace_block(text: str, name: str, block: str) -> str:
    """Put a generated part between its marks."""
    before, mark, rest = text.partition(f"<!-- {name}: written by tests/architecture/test_docs.py -->\n")
    assert mark, f"the mark of {name} is missing"
    assert _END in rest
    return f"{before}{mark}{block}\n\n{_END}{rest.partition(_END)[2]}"


@pytest.mark.parametrize("page", GENERATED)
def test_generated_parts_are_fresh(page: str) -> None:
    name, render = GENERATED[page]
    text = (GUIDE / page).read_text()
    assert text == replace_block(text, name, render()), "run: .venv/bin/python tests/architecture/test_docs.py"


def test_every_command_has_its_section() -> None:
    text = (GUIDE / "commands.md").read_text()
    assert [name for name in COMMANDS if f"## `fleetscan {name}`\n" not in text] == []


# --- commands in examples -------------------------------------------------------------------------------------------


def shown_commands(text: str) -> Iterator[str]:
    """Give every line in a shell block that runs fleetscan, without what follows a pipe, a redirection or a comment."""
    for language, block in _FENCE.findall(text):
        if language not in ("sh", "console"):
            continue
        for line in block.splitlines():
            for part in re.split(r"\s(?:\||&&|\|\||>|2>)\s|;\s|\s#\s", line):
                if match := re.search(r"(?:^|\s)fleetscan( .*)$", part.removeprefix("$ ")):
                    yield match[1].strip()


def complain_about(shown: str) -> str:
    """Say what is wrong with a command line; empty when the command and all its options exist."""
    words = shlex.split(shown)
    command: object = PROGRAM
    while words:
        word = words.pop(0)
        if word.startswith("-"):
            assert isinstance(command, TyperGroup | TyperCommand)
            if word in ("--help", "-h"):
                continue
            option = next((p for p in command.params if word.partition("=")[0] in p.opts), None)
            if option is None:
                return f"{shown!r}: there is no option {word}"
            if not getattr(option, "is_flag", False) and "=" not in word:
                words = words[1:]
        elif isinstance(command, TyperGroup):
            if word not in command.commands:
                return f"{shown!r}: there is no command {word}"
            command = command.commands[word]
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_shown_commands_exist(page: Path) -> None:
    found = [complain_about(shown) for shown in shown_commands(page.read_text()) if "COMMAND" not in shown]
    assert [fault for fault in found if fault] == []


def test_a_wrong_command_in_a_document_is_found() -> None:
    block = "```sh\nX=1 fleetscan --quiet sweep --groups web | head\nfleetscan baseline aprove 1 # no\n```\n"
    assert [complain_about(shown) for shown in shown_commands(block)] == [
        "'--quiet sweep --groups web': there is no option --groups",
        "'baseline aprove 1': there is no command aprove",
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_named_variables_exist(page: Path) -> None:
    known = {info.env for info in setting_table()} | {CONFIG_VARIABLE}
    named = set(re.findall(r"FLEETSCAN_[A-Z_]*[A-Z]", page.read_text()))
    assert {name for name in named if not name.startswith(SECRET_PREFIX)} - {SECRET_PREFIX.rstrip("_")} <= known


# --- links and pictures ---------------------------------------------------------------------------------------------


def anchors_of(text: str) -> set[str]:
    """Give the anchors of a page's headings as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", _FENCE.sub("", page.read_text())):
        path, _, anchor = target.partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors_of(file.read_text())):
            broken.append(target)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_links_lead_somewhere(page: Path) -> None:
    assert broken_links(page) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A page\n[a](nowhere.md) [b](#a-page) [c](#b-page) [d](https://example.org)\n")
    assert broken_links(page) == ["nowhere.md", "#b-page"]


def test_pictures_are_small_described_and_used() -> None:
    shown = {
        (page.parent / target).resolve(): alt
        for page in PAGES
        for alt, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text())
    }
    pictures = sorted((ROOT / "docs" / "images").iterdir())
    assert pictures
    assert [path.name for path in pictures if path not in shown] == []
    assert [path.name for path, alt in shown.items() if len(alt) < 10] == []
    assert [path.name for path in pictures if path.stat().st_size > MAX_IMAGE_BYTES] == []
    assert [path.name for path in pictures if not path.read_bytes().startswith(b"\x89PNG")] == []


# --- what must be explained -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.COMPLETE])
def test_every_outcome_has_a_remedy(outcome: Outcome) -> None:
    assert f"\n### {outcome.value}\n" in (GUIDE / "troubleshooting.md").read_text()


def test_outcomes_areas_and_statuses_are_explained() -> None:
    text = (GUIDE / "sweeps-and-outcomes.md").read_text()
    words = [*Outcome, *Area, *(status for status in ReadStatus if status is not ReadStatus.OK)]
    assert [word.value for word in words if f"`{word.value}`" not in text] == []


def test_standings_of_keys_are_explained() -> None:
    text = (GUIDE / "host-keys.md").read_text()
    assert [standing.value for standing in KeyStanding if f"| `{standing.value}` |" not in text] == []


def test_severities_and_kinds_of_drift_are_explained() -> None:
    text = (GUIDE / "baselines-and-drift.md").read_text()
    assert [kind.value for kind in DriftKind if f"| `{kind.value}` |" not in text] == []
    assert [severity.label for severity in Severity if severity.label not in text] == []


def test_every_page_of_the_guide_is_linked_from_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    assert [page.name for page in GUIDE.glob("*.md") if f"(docs/guide/{page.name})" not in text] == []


_SHELL_WORDS = set(
    re.findall(
        r"\S+",
        """[ ! : { break case cd command continue do done elif else emit esac eval exec exit export fi for if in
        printf read return set shift then times umask unset while""",
    )
)


def programs_of(script: str) -> set[str]:
    """Give the programs that a shell script runs: words where a command can begin, that the shell does not know."""
    code = re.sub(r"(^|\s)#.*$", "", script, flags=re.MULTILINE)
    code = code.replace("\\\n", " ").replace("$((", "$[[")  # arithmetic runs nothing
    code = re.sub(r"'[^']*'", "''", code)
    code = re.sub(
        r"\bin\s+[^\n()]*\)|^\s*[^\s()$\"]+(?: \| [^\s()]+)*\)", ";", code, flags=re.MULTILINE
    )  # case patterns
    functions = set(re.findall(r"^\s*(\w+)\(\)", code, re.MULTILINE))
    begins = r"(?:^|[;|&{(]|\$\(|-exec\b|\b(?:if|then|else|do|while|limit|env)\b)"
    assigned = r"(?:\w+=(?:\"[^\"]*\"|\S*)\s+)*"
    # Looked ahead for, not consumed: a word like `if` is found and begins a command too.
    words = set(re.findall(rf"{begins}(?=\s*{assigned}([a-z][a-z0-9_]*)(?:[\s;)]|$))", code, re.MULTILINE))
    return words - functions - _SHELL_WORDS


def published_programs() -> set[str]:
    """Give the programs in the first column of the probe's page."""
    rows = re.findall(r"^\| (`[a-z0-9`, ]+`) \| (?!---)", (GUIDE / "probe.md").read_text(), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([a-z0-9]+)`", row)}


def test_every_program_of_the_probe_is_published() -> None:
    assert programs_of(load_probe().text.decode()) - published_programs() == set()


def test_every_published_program_is_in_the_probe() -> None:
    script = load_probe().text.decode()
    assert [name for name in published_programs() if not re.search(rf"\b{name}\b", script)] == []


def test_a_program_in_a_script_is_found() -> None:
    script = "# curl\nf() { cat x | wget -q; }\nif X=1 ps; then y=$(nc -l | dd); fi\nf 9 limit tee z\nf 'rm'\n"
    assert programs_of(script) == {"cat", "wget", "ps", "nc", "dd", "tee"}


def test_the_probe_asks_managers_for_nothing_but_what_is_published() -> None:
    code = re.sub(r"(^|\s)#.*$", "", load_probe().text.decode(), flags=re.MULTILINE)
    verbs = r"\b(?:start|stop|restart|reload|enable|disable|mask|unmask|daemon-re\w+|kill|edit|link|revert|set-\w+)\b"
    lines = [line for line in code.splitlines() if re.search(r"systemctl|ask_(?:system|user)", line)]
    assert lines
    assert [line for line in lines if re.search(verbs, line)] == []


if __name__ == "__main__":
    for page_name, (block_name, render_block) in GENERATED.items():
        file = GUIDE / page_name
        file.write_text(replace_block(file.read_text(), block_name, render_block()))
        sys.stdout.write(f"wrote {file.relative_to(ROOT)}\n")
