"""Golden files: `pytest tests/golden --update-golden` writes them anew; the diff is then reviewed like code."""

from collections.abc import Callable
from pathlib import Path

import pytest

FILES = Path(__file__).parent / "files"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", default=False, help="write golden files anew")


@pytest.fixture
def check_golden(request: pytest.FixtureRequest) -> Callable[[str, bytes], None]:
    """Compare bytes with a golden file, or write the file when asked to."""
    # Not registered when this folder is reached from a wider run; then it cannot be asked for.
    update = bool(request.config.getoption("--update-golden", default=False))

    def check(name: str, data: bytes) -> None:
        path = FILES / name
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        assert path.exists(), f"{name} is missing: pytest tests/golden --update-golden"
        expected, got = path.read_bytes().decode().splitlines(), data.decode().splitlines()
        assert got == expected
        assert data == path.read_bytes()

    return check
