"""All that is wrong with an inventory, collected before anything is said."""

from collections.abc import Collection, Iterable

from fleetscan.errors import InventoryError
from fleetscan.inventory.document import Document, Location, Plain
from fleetscan.inventory.suggestion import Suggester

MAX_FAULTS = 1_000
_SECRET_KEYS = frozenset({"password", "passphrase"})
_MAX_SHOWN = 80


class FaultLog:
    """Faults of one file, each with its line, key and value."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._faults: dict[tuple[int, str], None] = {}
        self._suggester = Suggester()
        for blemish in document.blemishes:
            self._add(blemish.line, blemish.location, "", blemish.message)

    def add(self, location: Location, message: str, *, value: str | None = None) -> None:
        """Note a fault.

        Args:
            location: The key or list item at fault; a part that does not exist is shown and placed at its parent.
            message: What is wrong, and the fix.
            value: Text to show instead of what stands there; empty for none. Values of secrets are never shown.
        """
        shown = value if value is not None else self._find_value(location)
        self._add(self._document.find_line(location), location, shown, message)

    def find_line(self, location: Location) -> int:
        """Give the 1-based line of a key or list item."""
        return self._document.find_line(location)

    def suggest(self, word: str, known: Collection[str]) -> str:
        """Give `; did you mean 'x'?` when a known name is near, else nothing."""
        return self._suggester.phrase(word, known)

    def raise_if_any(self) -> None:
        """Raise one error with all faults in the order of the file.

        Raises:
            InventoryError: At least one fault was noted.
        """
        if not self._faults:
            return
        count = len(self._faults)
        lines = [text for _, text in sorted(self._faults)[:MAX_FAULTS]]
        if count > MAX_FAULTS:
            lines.append(f"{self._document.path}: and {count - MAX_FAULTS} more faults")
        faults = "1 fault" if count == 1 else f"{count} faults"
        hint = "nothing was contacted; correct the file, then run `fleetscan inventory check`"
        raise InventoryError(f"{self._document.path} has {faults}", faults=tuple(lines), hint=hint)

    def _add(self, line: int, location: Location, value: str, message: str) -> None:
        parts = [f"{self._document.path}:{line}"]
        if location:
            parts.append(show_location(location))
        if value and _SECRET_KEYS.isdisjoint(location):
            parts.append(_show_text(value))
        self._faults[line, ": ".join([*parts, message])] = None

    def _find_value(self, location: Location) -> str:
        value: Plain = self._document.value
        for step in location:
            if isinstance(value, dict) and isinstance(step, str):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                return ""
        return value if isinstance(value, str) else ""


def show_location(location: Iterable[str | int]) -> str:
    """Write a location as `hosts.web01.tags[2]`."""
    text = ""
    for step in location:
        if isinstance(step, int):
            text += f"[{step + 1}]"
        else:
            text += ("." if text else "") + (step if step.isprintable() else ascii(step)[1:-1])[:_MAX_SHOWN]
    return text


def _show_text(value: str) -> str:
    """Show a value with everything unprintable escaped, and not much of it."""
    return repr(value) if len(value) <= _MAX_SHOWN else repr(value[:_MAX_SHOWN]) + "…"
