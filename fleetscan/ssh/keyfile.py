"""Private key files: read with the checks that ssh itself makes, and with errors that say what to do."""

import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from fleetscan.errors import ConfigError
from fleetscan.ssh.secret import Secret

_MAX_KEY_BYTES = 1024 * 1024
_PUBLIC_PREFIXES = (
    b"ssh-",
    b"ecdsa-",
    b"sk-",
    b"-----BEGIN PUBLIC",
    b"-----BEGIN RSA PUBLIC",
    b"---- BEGIN SSH2 PUBLIC",
)


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A private key, with the certificate that stands beside it if there is one."""

    key: asyncssh.SSHKey = field(repr=False)
    certificate: asyncssh.SSHCertificate | None = None


def load_client_key(name: str, passphrase: Callable[[], Secret] | None) -> ClientKey:
    """Load a private key file, and `NAME-cert.pub` when it exists.

    Args:
        name: The file; `~` is expanded.
        passphrase: Fetches the passphrase; called only when the key is encrypted.

    Raises:
        ConfigError: Missing, readable by others, not a private key, or the passphrase is missing or wrong.
    """
    path = Path(name).expanduser()
    data = _read_private(path)
    key = _import_plain(path, data)
    if key is None:
        key = _import_encrypted(path, data, passphrase)
    return ClientKey(key, _load_certificate(path))


def _read_private(path: Path) -> bytes:
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):
            raise ConfigError(f"key file {path} is not a regular file", hint="Name the private key file.")
        if info.st_mode & 0o077:
            raise ConfigError(f"key file {path} can be read by others", hint=f"chmod 600 {path}")
        with path.open("rb") as file:
            data = file.read(_MAX_KEY_BYTES)
    except FileNotFoundError as error:
        raise ConfigError(
            f"key file {path} does not exist", hint="Correct identity_file in the inventory, or create the key."
        ) from error
    except OSError as error:
        raise ConfigError(
            f"key file {path} cannot be read: {error.strerror}", hint="Correct the path or its permissions."
        ) from error
    if b"PRIVATE KEY" not in data:
        raise _not_private(path, data)
    return data


def _not_private(path: Path, data: bytes) -> ConfigError:
    if data.lstrip().startswith(_PUBLIC_PREFIXES):
        return ConfigError(f"{path} is a public key", hint="Name the private key: the same path without .pub.")
    if data.startswith(b"PuTTY-User-Key-File"):
        return ConfigError(f"{path} is a PuTTY key", hint="Convert it: puttygen KEY.ppk -O private-openssh -o KEY")
    return ConfigError(f"{path} is not a private key", hint="Make one: ssh-keygen -t ed25519")


def _import_plain(path: Path, data: bytes) -> asyncssh.SSHKey | None:
    """Import a key without a passphrase; None when it needs one."""
    try:
        return asyncssh.import_private_key(data)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        if _is_encrypted(data, error):
            return None
        raise ConfigError(f"key file {path} cannot be read: {error}", hint="Check it: ssh-keygen -y -f KEY") from error


def _is_encrypted(data: bytes, error: ValueError) -> bool:
    return b"ENCRYPTED" in data or "passphrase" in str(error).lower()


def _import_encrypted(path: Path, data: bytes, passphrase: Callable[[], Secret] | None) -> asyncssh.SSHKey:
    if passphrase is None:
        raise ConfigError(
            f"key file {path} has a passphrase and none is configured",
            hint="Set passphrase in the inventory (from env, file or command), or agent: true.",
        )
    try:
        return asyncssh.import_private_key(data, passphrase().reveal())
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        # `from None` in both: nothing that worked on the passphrase stays reachable from the error.
        if "bcrypt" in str(error):
            raise ConfigError(
                f"key file {path} needs the Python package bcrypt to be decrypted",
                hint="Install bcrypt, or store the key in PKCS#8 form: ssh-keygen -p -m PKCS8 -f KEY",
            ) from None
        raise ConfigError(f"wrong passphrase for key file {path}", hint="Check: ssh-keygen -y -f KEY") from None


def _load_certificate(path: Path) -> asyncssh.SSHCertificate | None:
    certificate = path.with_name(path.name + "-cert.pub")
    try:
        return asyncssh.read_certificate(certificate)
    except FileNotFoundError:
        return None
    except (OSError, asyncssh.KeyImportError) as error:
        raise ConfigError(
            f"user certificate {certificate} cannot be read", hint="Correct it, or move it away from the key."
        ) from error
