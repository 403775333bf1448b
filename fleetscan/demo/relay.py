"""Turn a probe meant for a whole machine into one for a folder.

This is a stand-in for chroot, which needs root. The probe uses only relative paths behind a line that begins with
`cd / `, and commands that it finds in PATH; so this one line is replaced on its way by one that enters the host's tree
and puts its stand-ins first. Everything else of the probe runs unchanged: that is what makes it the real one.
"""

import re
import shlex
from pathlib import Path

from fleetscan.demo.answers import SHIM

_MARK = b"FLEETSCAN "
_MAX_HEADER = 4096
_MAX_SCRIPT = 1024 * 1024
_ENTER_ROOT = re.compile(rb"^cd / .*$", re.MULTILINE)


class ProbeMismatchError(Exception):
    """The input calls itself a probe, but cannot be confined to a tree; it must not run."""


def confine_script(script: bytes, root: Path) -> bytes:
    """Replace the line that enters `/` by one that enters the tree.

    Raises:
        ProbeMismatchError: There is no such line, or more than one.
    """
    tree = shlex.quote(str(root))
    shim = shlex.quote(str(root / SHIM))
    line = f"PATH={shim}:$PATH; export PATH; cd {tree} || exit 125".encode()
    confined, count = _ENTER_ROOT.subn(lambda _: line, script)
    if count != 1:
        raise ProbeMismatchError(f"the probe has {count} lines that begin with 'cd / ', not one")
    return confined


class ProbeStream:
    """Standard input of one command, bytes in and bytes out.

    Input that begins with a probe's header is held back until the script is complete, then passed on confined; what
    follows, and any other input, passes unchanged.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._held = b""
        self._passing = False

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes and give those that may be passed on.

        Raises:
            ProbeMismatchError: A probe that cannot be confined.
        """
        if self._passing:
            return data
        self._held += data
        if not self._held.startswith(_MARK[: len(self._held)]):
            return self.finish()
        header, newline, rest = self._held.partition(b"\n")
        if not newline:
            if len(header) > _MAX_HEADER:
                raise ProbeMismatchError("the header of the probe does not end")
            return b""
        words = header.split(b" ")
        length = int(words[3]) if len(words) > 3 and words[3].isdigit() else _MAX_SCRIPT + 1
        if length > _MAX_SCRIPT:
            raise ProbeMismatchError("the header of the probe gives no usable length")
        if len(rest) < length:
            return b""
        script = confine_script(rest[:length], self._root)
        words[3] = str(len(script)).encode()
        self._held = b" ".join(words) + b"\n" + script + rest[length:]
        return self.finish()

    def finish(self) -> bytes:
        """Give what is still held back; from now on everything passes."""
        held, self._held, self._passing = self._held, b"", True
        return held
