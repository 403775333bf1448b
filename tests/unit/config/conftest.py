from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from fleetscan.config import LoadedSettings, load_settings
from fleetscan.errors import ConfigError

Write = Callable[[str], Path]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run in an empty folder, so that no fleetscan.toml lies about."""
    place = tmp_path / "cwd"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a configuration file outside the current folder."""

    def write_text(text: str) -> Path:
        path = tmp_path / "etc" / "fleetscan.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_text


def load(
    flags: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None, path: Path | None = None
) -> LoadedSettings:
    return load_settings(flags or {}, environ or {}, path)


def refuse(
    flags: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None, path: Path | None = None
) -> str:
    with pytest.raises(ConfigError) as caught:
        load(flags, environ, path)
    assert caught.value.exit_code == 2
    assert caught.value.hint
    return caught.value.message
