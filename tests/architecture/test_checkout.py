"""What a checkout must carry, and what must not be in it."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from fleetscan.inventory.reader import load_inventory

ROOT = Path(__file__).parents[2]

# Assembled, so that this file does not find itself.
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("crates", "io"),
        ("rubygems", "org"),
        ("proxy", "golang", "org"),
        ("deb", "debian", "org"),
        ("ftp", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("anaconda", "org"),
        ("docker", "io"),
    )
)


@cache
def tracked_files() -> tuple[Path, ...]:
    """Give all files under version control, and those that are about to be."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = (ROOT / name for name in listing.stdout.decode().split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def find_registries(text: str) -> list[str]:
    return [name for name in REGISTRIES if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)]


def test_no_file_names_a_registry() -> None:
    found = {
        str(path.relative_to(ROOT)): names
        for path in tracked_files()
        if (names := find_registries(path.read_bytes().decode("utf-8", "replace")))
    }
    assert found == {}


@pytest.mark.parametrize("name", REGISTRIES)
def test_a_registry_is_found_inside_an_address(name: str) -> None:
    assert find_registries(f"see https://files.{name}/simple/x") == [name]
    assert find_registries(f"my{name}") == []


@pytest.mark.parametrize("lock", ["runtime.lock", "dev.lock"])
def test_every_locked_package_has_a_hash_and_no_address(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text().replace("\\\n", " ")
    requirements = [line for line in text.splitlines() if line.strip()]
    assert requirements
    for line in requirements:
        assert re.match(r"[a-z0-9._-]+(\[[a-z0-9,_-]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}", line), line[:80]
        assert "://" not in line


def test_the_example_inventory_loads() -> None:
    inventory = load_inventory(ROOT / "inventory.example.yaml")
    assert inventory.hosts


def test_the_licence_is_there_and_is_the_one_that_is_named() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text()


@pytest.mark.parametrize(
    "path",
    ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/adr", "templates", "migrations"],
)
def test_the_checkout_is_complete(path: str) -> None:
    assert (ROOT / path).exists()


def test_decisions_are_numbered_without_gaps_and_have_the_same_parts() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [path.name[:4] for path in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
    for path in records:
        headings = re.findall(r"^#+ (.+)$", path.read_text(), flags=re.MULTILINE)
        assert headings[1:] == ["Context", "Decision", "Consequences"], path.name


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in tracked_files()
        if path.suffix == ".md"
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text())
        if "://" not in target and not target.startswith("mailto:") and not (path.parent / target).exists()
    ]
    assert broken == []


def test_every_make_target_that_documents_name_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = {
        target
        for path in tracked_files()
        if path.suffix == ".md" and path.name != "CHANGELOG.md"
        for target in re.findall(r"`make ([a-z-]+)", path.read_text())
    }
    assert {"demo", "test", "lint", "live", "bench"} <= targets
    assert named <= targets
