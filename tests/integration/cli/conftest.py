"""A started project without hosts, for what needs none."""

from pathlib import Path

import pytest

from tests.integration.cli.console import Console


@pytest.fixture
def console(tmp_path: Path) -> Console:
    """Commands in an empty folder."""
    return Console(tmp_path)


@pytest.fixture
def project(console: Console) -> Console:
    """Commands in a folder where `fleetscan init` was run."""
    answer = console("init")
    assert answer.code == 0, answer.err
    return console
