"""The built wheel carries everything and works far from any checkout."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import fleetscan

ROOT = Path(__file__).parents[3]
SOURCES = ("fleetscan", "templates", "migrations", "inventory.example.yaml", "pyproject.toml", "LICENSE", ".gitignore")


def run(*command: str | Path, cwd: Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program of this environment; with `path`, code in that folder comes before what is installed."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("FLEETSCAN_", "PYTHON"))}
    if path is not None:
        environ["PYTHONPATH"] = str(path)
    done = subprocess.run(
        [sys.executable, *command], cwd=cwd, env=environ, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a wheel is built from, so that building leaves nothing in the checkout."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in (*SOURCES, "README.md"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy)
    return copy


@pytest.fixture(scope="module")
def wheel(checkout: Path) -> Path:
    """A wheel, built without an index or a network."""
    out = checkout / "dist"
    run("-m", "hatchling", "build", "-t", "wheel", "-d", out, cwd=checkout)
    (built,) = out.glob("fleetscan-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed wheel and nothing else; dependencies come from this environment."""
    target = tmp_path_factory.mktemp("site")
    run(
        *("-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--disable-pip-version-check"),
        *("--target", target, wheel),
        cwd=target,
    )
    return target


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A working folder outside every checkout."""
    assert not tmp_path.is_relative_to(ROOT)
    return tmp_path


def test_the_wheel_carries_all_that_the_program_reads(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {"fleetscan/_data/inventory.example.yaml", "fleetscan/_data/migrations/env.py"}
    for folder, inside in (
        ("templates", "fleetscan/_data/templates"),
        ("migrations/versions", "fleetscan/_data/migrations/versions"),
        ("fleetscan", "fleetscan"),
    ):
        files = (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        expected |= {f"{inside}/{path.relative_to(ROOT / folder)}" for path in files if not path.name.startswith(".")}
    assert "fleetscan/probe/parts/10-setup.sh" in expected
    assert any(name.startswith("fleetscan/demo/shim/") for name in expected)
    assert any(name.startswith("fleetscan/_data/templates/report/") for name in expected)
    assert expected - names == set()
    assert any(name.endswith("dist-info/licenses/LICENSE") for name in names)


def test_the_wheel_carries_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {"fleetscan", f"fleetscan-{fleetscan.__version__}.dist-info"}
    assert [name for name in zipfile.ZipFile(wheel).namelist() if "__pycache__" in name or "/." in name] == []


def test_an_installed_program_finds_its_files_beside_itself(installed: Path, elsewhere: Path) -> None:
    code = (
        "from fleetscan.resources import find_resource\n"
        "for name in ('templates', 'migrations', 'inventory.example.yaml'): print(find_resource(name))"
    )
    found = run("-c", code, cwd=elsewhere, path=installed).stdout.split()
    assert len(found) == 3
    assert all(Path(path).is_relative_to(installed / "fleetscan" / "_data") for path in found)


def test_an_installed_program_makes_its_project_and_database(installed: Path, elsewhere: Path) -> None:
    assert fleetscan.__version__ in run("-m", "fleetscan", "--version", cwd=elsewhere, path=installed).stdout
    run("-m", "fleetscan", "init", cwd=elsewhere, path=installed)
    assert (elsewhere / "fleetscan.toml").is_file()
    assert (elsewhere / "inventory.yaml").read_bytes() == (ROOT / "inventory.example.yaml").read_bytes()
    run("-m", "fleetscan", "db", "status", cwd=elsewhere, path=installed)
    run("-m", "fleetscan", "inventory", "check", cwd=elsewhere, path=installed)


def test_an_installed_program_sends_the_probe_of_the_checkout(installed: Path, elsewhere: Path) -> None:
    code = "from fleetscan.probe.script import load_probe; print(load_probe().text.decode(), end='')"
    parts = sorted((ROOT / "fleetscan/probe/parts").glob("*.sh"))
    expected = "\n".join(part.read_text() for part in parts)
    assert run("-c", code, cwd=elsewhere, path=installed).stdout == expected


def test_an_editable_installation_points_at_the_checkout(checkout: Path, tmp_path: Path) -> None:
    run("-m", "hatchling", "build", "-t", "wheel:editable", "-d", tmp_path, cwd=checkout)
    (built,) = tmp_path.glob("fleetscan-*.whl")
    with zipfile.ZipFile(built) as archive:
        pointers = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".pth")]
    assert str(checkout) in "".join(pointers)
