"""The published probe, run by a real shell in a folder that stands for a host's root."""

import base64
import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fleetscan.demo.relay import confine_script
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.probe.assemble import Listing, assemble_listing
from fleetscan.probe.contents import DONE
from fleetscan.probe.script import ProbeScript, Terms, build_input, load_probe, remote_command
from fleetscan.probe.wire import Frame, FrameReader

SENTINEL = "0123456789abcdef0123456789abcdef"
SHELLS = {"sh": ("/bin/sh",), "bash": ("bash", "--posix"), "busybox": ("busybox", "sh")}
# Far more than a probe takes; it is there so that a probe that hangs fails a test instead of hanging it.
HANGS_AFTER_S = 60


@dataclass(frozen=True, slots=True)
class Run:
    """One finished probe.

    Attributes:
        frames: All that came, in order.
        stray: Bytes that belong to no frame.
    """

    frames: tuple[Frame, ...]
    stray: bytes
    stderr: bytes
    status: int

    @property
    def listing(self) -> Listing:
        return assemble_listing([frame for frame in self.frames if frame.section not in ("content", "end")], SENTINEL)

    @property
    def files(self) -> dict[str, Artifact]:
        """Everything that the walk saw, by path; lingering users by name."""
        views = (ArtifactKind.LOADED, ArtifactKind.UNIT_FILE)
        return {artifact.name: artifact for artifact in self.listing.artifacts if artifact.kind not in views}

    def section(self, name: str, scope: str | None = None) -> Frame:
        (found,) = [frame for frame in self.frames if frame.section == name and scope in (None, frame.scope)]
        return found

    def contents(self) -> list[bytes]:
        return [base64.b64decode(frame.payload) for frame in self.frames if frame.section == "content"]


def is_there(shell: Sequence[str]) -> bool:
    return shutil.which(shell[0]) is not None


def run_probe(shell: Sequence[str], root: Path, *, requests: bytes = DONE, user: int | None = None) -> Run:
    """Run the probe in a tree as the current user, or as another one.

    Args:
        shell: Program and options that take `-c`.
        root: The tree.
        requests: What is sent behind the script.
        user: Uid and gid to run as; needs root.
    """
    text = confine_script(load_probe().text, root)
    script = ProbeScript(text, load_probe().sha256)
    bootstrap = remote_command(sudo=False).removeprefix("exec /bin/sh -c ").strip("'")
    done = subprocess.run(
        [*shell, "-c", bootstrap],
        input=build_input(script, SENTINEL, Terms()) + requests,
        capture_output=True,
        cwd=root,
        env={
            **os.environ,
            "TMPDIR": str(root / "var/tmp"),
            "HOME": str(root / "root"),
        },  # so that a photograph shows writes
        timeout=HANGS_AFTER_S,
        check=False,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    reader = FrameReader(SENTINEL, max_bytes=10**8)
    frames = reader.feed(done.stdout)
    return Run(tuple(frames), bytes(reader.noise) + reader.rest, done.stderr, done.returncode)


def photograph(root: Path) -> dict[str, tuple[object, ...]]:
    """Note everything of a tree that writing would change, without following links."""
    seen: dict[str, tuple[object, ...]] = {}
    for folder, folders, files in os.walk(os.fsencode(root)):
        for name in (b"", *folders, *files):
            path = os.path.join(folder, name)  # noqa: PTH118 - names that are not UTF-8, as bytes
            status = os.lstat(path)
            told: tuple[object, ...] = (
                status.st_mode,
                status.st_size,
                status.st_mtime_ns,
                status.st_ctime_ns,
                status.st_ino,
            )
            if stat.S_ISLNK(status.st_mode):
                told += (os.readlink(path),)  # noqa: PTH115 - bytes
            elif stat.S_ISREG(status.st_mode):
                told += (_hash(path),)
            seen[os.fsdecode(path)] = told
    return seen


def _hash(path: bytes) -> str:
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - bytes
            return hashlib.sha256(stream.read()).hexdigest()
    except PermissionError:
        return "unreadable"
