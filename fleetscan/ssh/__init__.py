"""Reach a host: connections, host keys, credentials. The only room that knows asyncssh."""
