"""A host's tree with all that is odd, and the shells that a probe meets."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from fleetscan.demo.furnish import furnish_tree
from fleetscan.demo.image import build_tree, cast_fleet
from fleetscan.demo.tree import HostTree
from tests.integration.probe.probe_runs import SHELLS, is_there

NOW = datetime(2026, 3, 4, 7, 8, 9, tzinfo=UTC)


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> Sequence[str]:
    """Give one shell after the other."""
    command = SHELLS[request.param]
    if not is_there(command):
        pytest.skip(f"install {command[0]} to test the probe with it")
    return command


@pytest.fixture
def tree() -> HostTree:
    """Build the tree of a healthy host; tests change it before they write it."""
    host = cast_fleet(12)[0]
    built = build_tree(host)
    furnish_tree(host, built, NOW)
    return built


@pytest.fixture
def root() -> Iterator[Path]:
    """Give a folder that other accounts may enter (those of pytest are closed), with a name that needs quoting."""
    with TemporaryDirectory(prefix="it's a root ") as name:
        place = Path(name)
        place.chmod(0o755)
        yield place
