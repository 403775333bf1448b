"""The command line as a test uses it: in this process where that is enough, as a process of its own where it is not."""

import contextlib
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fleetscan import cli
from fleetscan.demo.fleet import DemoFleet
from fleetscan.demo.thread import ThreadedFleet, run_in_thread


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Standard output as JSON."""
        document: dict[str, Any] = json.loads(self.out)
        return document

    @property
    def items(self) -> list[dict[str, Any]]:
        """The records of a `--format json` answer."""
        items: list[dict[str, Any]] = self.document["items"]
        return items


@dataclass(frozen=True, slots=True)
class Console:
    """Runs commands in one folder."""

    folder: Path

    def __call__(self, *words: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Answer:
        """Run a command in this process."""
        out, err = _capture(), _capture()
        code = 0
        with pytest.MonkeyPatch.context() as patch, _keeping_logs():
            patch.chdir(self.folder)
            patch.setattr(sys, "argv", ["fleetscan", *words])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            patch.delenv("COLUMNS", raising=False)  # set by pytest-xdist
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            try:
                cli.main()
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        return Answer(code, _text(out), _text(err))

    def start(
        self, *words: str, env: Mapping[str, str] | None = None, stdin: int | None = subprocess.DEVNULL
    ) -> subprocess.Popen[str]:
        """Start a command as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "fleetscan", *words],
            cwd=self.folder,
            env={**os.environ, **(env or {})},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, env: Mapping[str, str] | None = None) -> Answer:
        """Run a command as a process of its own and wait for it."""
        with self.start(*words, env=env) as process:
            out, err = process.communicate(timeout=120)
        return Answer(process.returncode, out, err)

    def read(self, *words: str) -> list[dict[str, Any]]:
        """Run a command that lists and give its records."""
        answer = self(*words, "--format", "json")
        assert answer.out, answer.err
        return answer.items


@dataclass(frozen=True, slots=True)
class Site:
    """A project on an embedded fleet."""

    console: Console
    running: ThreadedFleet

    @property
    def fleet(self) -> DemoFleet:
        return self.running.fleet

    @property
    def hosts(self) -> list[str]:
        return [host.name for host in self.fleet.hosts]

    def write_fingerprints(self) -> str:
        """Write the list that an administrator would have; give its path."""
        by_pattern = {key.pattern: key.fingerprint for key in self.fleet.known_keys()}
        path = self.console.folder / "fingerprints.txt"
        path.write_text(
            "".join(f"{name} {by_pattern[f'[127.0.0.1]:{self.fleet.port_of(name)}']}\n" for name in self.hosts)
        )
        return str(path)


@contextlib.contextmanager
def open_site(folder: Path, *, count: int = 12, enrolled: bool = True) -> Iterator[Site]:
    """Start a fleet and a project that knows it."""
    project = folder / "project"
    with run_in_thread(DemoFleet(folder / "fleet", count=count)) as running:
        site = Site(Console(project), running)
        project.mkdir()
        started = site.console("init")
        assert started.code == 0, started.err
        (project / "inventory.yaml").write_text(running.fleet.inventory_yaml())
        if enrolled:
            answer = site.console("hosts", "enroll", "--yes", "--fingerprints", site.write_fingerprints())
            assert answer.code == 0, answer.err
        yield site


def assert_one_clear_line(answer: Answer, *words: str, hint: bool = True) -> None:
    """Check that an error is one line with these words, and a hint, and no traceback."""
    assert "Traceback" not in answer.out + answer.err
    assert "internal error" not in answer.err
    lines = [line for line in answer.err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, answer.err
    for word in words:
        assert word in answer.err, answer.err
    if hint:
        assert any(line.startswith("hint: ") for line in answer.err.splitlines()), answer.err


def _capture() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


@contextlib.contextmanager
def _keeping_logs() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
