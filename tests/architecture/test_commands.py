"""Every command explains itself, by example, and stands in the documents."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperCommand, TyperGroup

from fleetscan.cli.app import app

ROOT = Path(__file__).parents[2]


def walk_commands(command: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, TyperCommand]]:
    """Give every command that does something, with its words after `fleetscan`."""
    if isinstance(command, TyperGroup):
        for name, child in sorted(command.commands.items()):
            if not child.hidden:
                yield from walk_commands(child, (*path, name))
    else:
        assert isinstance(command, TyperCommand)
        yield " ".join(path), command


COMMANDS = dict(walk_commands(typer.main.get_command(app)))


@cache
def documents() -> str:
    paths = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return "\n".join(path.read_text() for path in paths)


def spells(text: str, command: str) -> bool:
    """Tell whether a text shows the command as it is typed, options of the program before it allowed."""
    return re.search(rf"fleetscan (?:--?[\w-]+(?:[= ]\S+)? )*?{re.escape(command)}(?![\w-])", text) is not None


def test_there_are_commands() -> None:
    assert {"init", "sweep", "drift", "report", "mail", "demo", "baseline approve", "hosts enroll"} <= COMMANDS.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    command = COMMANDS[name]
    text = f"{command.help or ''}\n{command.epilog or ''}"
    assert (command.help or "").strip(), f"fleetscan {name} has no help"
    assert spells(text, name), f"the help of fleetscan {name} shows no example of it"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_stands_in_the_documents(name: str) -> None:
    assert spells(documents(), name), f"no document shows `fleetscan {name}`"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_explained(name: str) -> None:
    parameters = [parameter for parameter in COMMANDS[name].params if not getattr(parameter, "hidden", False)]
    assert [str(parameter) for parameter in parameters if not (getattr(parameter, "help", "") or "").strip()] == []


def test_a_command_inside_another_word_is_not_an_example() -> None:
    assert spells("run fleetscan --config x.toml sweep now", "sweep")
    assert spells("FLEETSCAN_X=1 fleetscan config show", "config show")
    assert not spells("fleetscan sweeping", "sweep")
    assert not spells("fleetscan mail-status", "mail")
