"""The shape of the house: who imports whom, how large a room may grow, and what it may be called."""

import ast
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "fleetscan"
MODULES = sorted(PACKAGE.rglob("*.py"))
MAX_LINES = 400
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
# Which rooms may import a foreign library; import-linter holds the same for those it lists, this for every module.
ROOMS = {
    "alembic": ("store",),
    "sqlalchemy": ("store",),
    "psycopg": ("store",),
    "asyncssh": ("ssh", "demo"),
    "jinja2": ("report",),
    "typer": ("cli",),
    "yaml": ("inventory", "demo", "rulebook"),
}


def imported_packages(source: str) -> set[str]:
    """Give the first part of every imported name, also of imports inside functions."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def room_of(module: Path) -> str:
    """Give the name of the stage that a module belongs to."""
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def vague_parts(path: Path) -> set[str]:
    return {part.removesuffix(".py") for part in path.parts} & VAGUE_NAMES


def run_import_linter(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copied_house(tmp_path: Path) -> Path:
    """A copy of the package and its contracts that a test may damage."""
    shutil.copytree(PACKAGE, tmp_path / "fleetscan", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_stages_import_downwards_only() -> None:
    result = run_import_linter(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("model/host.py", "import fleetscan.store.store", "stages import downwards only"),
        ("systemd/names.py", "import os", "Pure stages do no IO"),
        ("report/html.py", "import asyncssh", "asyncssh"),
        ("ssh/channel.py", "import fleetscan.store.store", "stages import downwards only"),
        ("probe/wire.py", "import fleetscan.ssh.connect", "a visit knows its transport by ports only"),
    ],
)
def test_a_forbidden_import_breaks_a_contract(copied_house: Path, module: str, line: str, contract: str) -> None:
    path = copied_house / "fleetscan" / module
    path.write_text(path.read_text() + f"\n{line}\n")
    result = run_import_linter(copied_house)
    assert result.returncode != 0
    assert any(contract in row and "BROKEN" in row for row in result.stdout.splitlines()), result.stdout


def test_a_stage_that_no_contract_knows_breaks_the_house(copied_house: Path) -> None:
    (copied_house / "fleetscan" / "attic").mkdir()
    (copied_house / "fleetscan" / "attic" / "__init__.py").write_text('"""Forgotten."""\n')
    result = run_import_linter(copied_house)
    assert result.returncode != 0
    assert "attic" in result.stdout


def test_every_contract_names_every_stage() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    stages = {f"fleetscan.{room_of(path)}" for path in PACKAGE.iterdir() if is_stage(path)}
    for contract in contracts:
        library = contract["name"].partition("One room per foreign library: ")[2]
        if library:
            allowed = {f"fleetscan.{room}" for room in ROOMS[library]}
            assert set(contract["source_modules"]) == stages - allowed, library


def is_stage(path: Path) -> bool:
    if path.is_dir():
        return (path / "__init__.py").exists()
    return path.suffix == ".py" and path.stem not in ("__init__", "__main__")


@pytest.mark.parametrize("library", sorted(ROOMS))
def test_a_foreign_library_stays_in_its_room(library: str) -> None:
    users = {room_of(module) for module in MODULES if library in imported_packages(module.read_text())}
    assert users <= set(ROOMS[library])


def test_imports_are_found_wherever_they_stand() -> None:
    assert imported_packages("import a.b, c\ndef f():\n    from d.e import g\n    from . import h\n") == {"a", "c", "d"}


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in python_files()}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_LINES and name.startswith("fleetscan/")} == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [str(path) for path in python_files() if vague_parts(path.relative_to(ROOT))] == []
    assert vague_parts(Path("fleetscan/ssh/helpers.py")) == {"helpers"}


def test_every_package_says_what_it_is_for() -> None:
    packages = [module for module in MODULES if module.name == "__init__.py"]
    assert packages
    assert [str(path) for path in packages if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_every_folder_with_modules_is_a_package() -> None:
    assert {str(module.parent) for module in MODULES if not (module.parent / "__init__.py").exists()} == set()


def python_files() -> Iterator[Path]:
    for folder in ("fleetscan", "tests", "migrations", "benchmarks"):
        yield from sorted((ROOT / folder).rglob("*.py"))
