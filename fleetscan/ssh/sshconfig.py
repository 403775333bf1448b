"""An OpenSSH client configuration, honoured only where the inventory names one."""

from pathlib import Path

import asyncssh

from fleetscan.errors import ConfigError
from fleetscan.model.host import Host


def check_ssh_config(host: Host, name: str) -> None:
    """Make sure that an ssh_config can be used for a host.

    Raises:
        ConfigError: It cannot be read, has a fault, or sets ProxyJump: asyncssh would verify that jump host by the
            user's own files, or not at all, and our host keys would have no say.
    """
    path = Path(name).expanduser()
    try:
        path.read_bytes()
        parsed = asyncssh.SSHClientConnectionOptions(
            config=[str(path)],
            host=host.address,
            port=host.connection.port,
            username=host.connection.user,
            known_hosts=b"",
            client_keys=None if host.connection.identity_files else (),
            agent_path=None,
            x509_trusted_certs=None,
            x509_trusted_cert_paths=None,
            gss_host=None,
        )
    except OSError as error:
        raise ConfigError(
            f"ssh_config {path} cannot be used: {error.strerror}", hint="Correct the path, or the files that it names."
        ) from error
    except ValueError as error:  # asyncssh's parse and key errors
        raise ConfigError(f"ssh_config {path} has a fault: {error}", hint="Correct that line.") from error
    if parsed.tunnel:
        raise ConfigError(
            f"ssh_config {path} sets ProxyJump for {host.address}",
            hint="Set jump_host in the inventory instead, so that the jump host's key is verified too.",
        )
