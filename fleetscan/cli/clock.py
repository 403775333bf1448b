"""Now, for the parts of the command line that must not load the stages to know it."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Give the current instant."""
    return datetime.now(UTC)


def show_time(at: datetime | None) -> str:
    """Show an instant in the reader's zone, to the minute; `-` for none."""
    return "-" if at is None else at.astimezone().strftime("%Y-%m-%d %H:%M %Z")
