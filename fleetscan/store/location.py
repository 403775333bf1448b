"""Where the database is, and how to speak of it without its password."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from fleetscan.errors import ConfigError

_HINT = "use sqlite:///fleetscan.db or postgresql://user@host/name"
_SQLITE = ("sqlite", "sqlite+pysqlite")
_POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")


@dataclass(frozen=True, slots=True)
class DatabaseLocation:
    """A database address, understood.

    Attributes:
        url: With the driver that this program uses; never shown.
        path: The file of a SQLite database, None for PostgreSQL.
        label: What to call it in messages; without password.
    """

    url: URL
    path: Path | None
    label: str

    def scrub(self, text: str) -> str:
        """Remove the password from foreign text."""
        secrets = [self.url.password, self.url.query.get("password")]
        for secret in secrets:
            if isinstance(secret, str) and secret:
                text = text.replace(secret, "***")
        return text


def parse_location(url: str) -> DatabaseLocation:
    """Understand a database URL.

    Args:
        url: `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://user@host/name`.

    Raises:
        ConfigError: Not one of these. The message does not repeat the URL, which may hold a password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigError("the database URL cannot be read", hint=_HINT) from None
    if parsed.drivername in _SQLITE:
        if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
            raise ConfigError("the database URL names no file", hint=_HINT)
        return DatabaseLocation(parsed.set(drivername="sqlite"), Path(parsed.database), parsed.database)
    if parsed.drivername in _POSTGRESQL:
        user = f"{parsed.username}@" if parsed.username else ""
        port = f":{parsed.port}" if parsed.port else ""
        label = f"postgresql://{user}{parsed.host or ''}{port}/{parsed.database or ''}"
        return DatabaseLocation(parsed.set(drivername="postgresql+psycopg"), None, label)
    raise ConfigError(f"databases of kind {parsed.drivername} are not supported", hint=_HINT)
