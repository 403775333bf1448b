"""Secrets: fetched where the inventory points, kept in memory, shown to nobody."""

import os
import selectors
import shlex
import stat
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never

from fleetscan.errors import ConfigError
from fleetscan.model.host import SecretKind, SecretRef

_MAX_SECRET_BYTES = 64 * 1024
_COMMAND_TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that does not show in logs, tracebacks and reprs."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """Give the value, to be handed on and not to be kept."""
        return self._text


def fetch_secret(ref: SecretRef) -> Secret:
    """Fetch a secret. One newline at its end is not part of it.

    Raises:
        ConfigError: The variable, file or command does not give one; the message names where, never what.
    """
    match ref.kind:
        case SecretKind.ENV:
            data = _read_env(ref.value)
        case SecretKind.FILE:
            data = _read_secret_file(ref.value)
        case SecretKind.COMMAND:
            data = _read_command(ref.value)
        case _:
            assert_never(ref.kind)
    if len(data) > _MAX_SECRET_BYTES:
        raise ConfigError(f"{where(ref)} gave more than 64 KiB", hint="A secret is one line.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        # `from None`: the cause would carry the secret's bytes.
        raise ConfigError(f"{where(ref)} gave text that is not UTF-8") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise ConfigError(f"{where(ref)} is empty", hint="Put the secret there, or remove the setting.")
    return Secret(text)


def where(ref: SecretRef) -> str:
    """Name the place of a secret. A command is named by its program: its arguments may tell too much."""
    match ref.kind:
        case SecretKind.ENV:
            return f"environment variable {ref.value}"
        case SecretKind.FILE:
            return f"secret file {ref.value}"
        case SecretKind.COMMAND:
            return f"secret command {ref.value.split(maxsplit=1)[0] if ref.value.strip() else '(empty)'}"
        case _:
            assert_never(ref.kind)


def _read_env(name: str) -> bytes:
    value = os.environ.get(name)
    if value is None:
        raise ConfigError(f"environment variable {name} is not set", hint=f"export {name} before starting fleetscan.")
    return os.fsencode(value)


def _read_secret_file(name: str) -> bytes:
    path = Path(name).expanduser()
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):
            raise ConfigError(f"secret file {path} is not a regular file", hint="Name a file.")
        if info.st_mode & stat.S_IROTH:
            raise ConfigError(f"secret file {path} can be read by everybody", hint=f"chmod o-rwx {path}")
        with path.open("rb") as file:
            return file.read(_MAX_SECRET_BYTES + 1)
    except OSError as error:
        raise ConfigError(
            f"secret file {path} cannot be read: {error.strerror}", hint="Correct the path or its permissions."
        ) from error


def _read_command(line: str) -> bytes:
    try:
        argv = shlex.split(line)
    except ValueError as error:
        raise ConfigError(f"a secret command cannot be split into words: {error}", hint="Close its quotes.") from None
    if not argv:
        raise ConfigError("a secret command is empty", hint="Name a program and its arguments.")
    program = argv[0]
    try:
        # stderr goes to the user's terminal: password managers prompt there. No shell, so nothing is expanded.
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:  # noqa: S603 - the user's own command
            try:
                data = _read_pipe(process)
                if len(data) > _MAX_SECRET_BYTES:
                    return data
                status = process.wait(_COMMAND_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                raise ConfigError(
                    f"secret command {program} did not end within {_COMMAND_TIMEOUT_S:g} s",
                    hint="It must print the secret and end without asking.",
                ) from None
            finally:
                process.kill()
    except OSError as error:
        raise ConfigError(
            f"secret command {program} cannot be started: {error.strerror}", hint="Name a program with its full path."
        ) from error
    if status != 0:
        raise ConfigError(f"secret command {program} ended with status {status}", hint="Try it in a terminal.")
    return data


def _read_pipe(process: subprocess.Popen[bytes]) -> bytes:
    """Read until the end, the limit, or the deadline, whichever is first."""
    output = process.stdout
    if output is None:
        return b""
    deadline = time.monotonic() + _COMMAND_TIMEOUT_S
    data = b""
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while len(data) <= _MAX_SECRET_BYTES:
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0 or not selector.select(remaining_s):
                raise subprocess.TimeoutExpired(process.args, _COMMAND_TIMEOUT_S)
            chunk = os.read(output.fileno(), 4096)
            if not chunk:
                break
            data += chunk
    return data
