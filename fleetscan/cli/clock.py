"""Now, and instants as the terminal shows them; nothing of it loads the stages."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Give the current instant."""
    return datetime.now(UTC)


def show_time(at: datetime | None) -> str:
    """Show an instant in the reader's zone, to the minute; `-` for none."""
    return "-" if at is None else at.astimezone().strftime("%Y-%m-%d %H:%M %Z")


def show_relative(at: datetime | None, now: datetime) -> str:
    """Show how far an instant is from now, `in 3h` or `5min ago`; `-` for none."""
    if at is None:
        return "-"
    seconds = (at - now).total_seconds()
    size = abs(seconds)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if size >= length:
            text = f"{size / length:.0f}{unit}"
            break
    else:
        text = f"{size:.0f}s"
    return f"in {text}" if seconds >= 0 else f"{text} ago"
