"""A YAML file as plain values, with the line of everything in it.

Scalars stay text: what `22`, `no` or `1:20` means is for the setting that holds it, so YAML's guesses (a country code
read as false, a time read as a number) cannot happen. Only an unquoted empty value, `~` or `null` is None.
"""

from dataclasses import dataclass, field
from pathlib import Path

import yaml

from fleetscan.errors import InventoryError, ParseError

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_VALUES = 5_000_000
"""Values in a file, aliases written out; ten for each host of the largest fleet we know, twice over."""
MAX_DEPTH = 32

Plain = None | str | list["Plain"] | dict[str, "Plain"]
Location = tuple[str | int, ...]
"""The way from the top of the file to a value: keys of mappings and indexes of lists."""

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))


class _Loader(yaml.CBaseLoader):
    """The C parser with two limits; it recurses for every level and would otherwise overflow its stack."""

    def __init__(self, stream: bytes) -> None:
        super().__init__(stream)
        self._depth = 0
        self._count = 0

    def descend_resolver(self, current_node: yaml.Node | None, current_index: object) -> None:  # noqa: ARG002  # called by the C composer before each node
        self._depth += 1
        self._count += 1
        if self._depth > MAX_DEPTH + 1:
            raise ParseError(f"values are nested more than {MAX_DEPTH} deep")
        if self._count > 2 * MAX_VALUES:
            raise ParseError(f"the file holds more than {MAX_VALUES} values")

    def ascend_resolver(self) -> None:
        self._depth -= 1


@dataclass(frozen=True, slots=True)
class Blemish:
    """Something that YAML allows and an inventory does not."""

    line: int
    location: Location
    message: str


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file.

    Attributes:
        path: As the caller wrote it, for messages.
        value: The top mapping; aliased values are shared objects.
        blemishes: Duplicate keys and the like, in file order; the first of two equal keys is kept.
    """

    path: Path
    value: dict[str, Plain]
    blemishes: tuple[Blemish, ...]
    _root: yaml.MappingNode
    _lines: dict[int, dict[str, tuple[int, yaml.Node]]] = field(default_factory=dict)

    def find_line(self, location: Location) -> int:
        """Give the 1-based line of a key or list item; of the nearest thing around it when it does not exist."""
        node: yaml.Node = self._root
        line = node.start_mark.line + 1
        for step in location:
            if isinstance(node, yaml.MappingNode) and isinstance(step, str):
                if id(node) not in self._lines:
                    # Reversed, so that the first of two equal keys wins, as in `value`.
                    self._lines[id(node)] = {
                        key.value: (key.start_mark.line + 1, value)
                        for key, value in reversed(node.value)
                        if isinstance(key, yaml.ScalarNode)
                    }
                if step not in self._lines[id(node)]:
                    break
                line, node = self._lines[id(node)][step]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
            else:
                break
        return line


def load_document(path: Path) -> Document:
    """Read and parse a YAML file whose top is a mapping.

    Raises:
        InventoryError: The file cannot be read, is too large or not YAML, or its top is not a mapping.
    """
    data = _read_file(path)
    try:
        root = _compose(data)
        reader = _PlainReader()
        value, weight = reader.read(root, ())
    except ParseError as error:
        raise _refusal(f"{path}:{error.line}" if error.line else str(path), error.message, error.hint) from error
    if weight > MAX_VALUES:
        raise _refusal(str(path), f"with its aliases written out the file holds more than {MAX_VALUES} values")
    if value is None:
        raise _refusal(str(path), "the file is empty", "`fleetscan init` writes a commented example to start from")
    if not isinstance(root, yaml.MappingNode) or not isinstance(value, dict):
        raise _refusal(f"{path}:1", "the top of the file must be a mapping with the key 'hosts'")
    return Document(path, value, tuple(reader.blemishes), root)


def _refusal(place: str, message: str, hint: str = "") -> InventoryError:
    return InventoryError(f"{place}: {message}", faults=(f"{place}: {message}",), hint=hint)


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        hint = "`fleetscan init` writes one to start from; --inventory names another"
        raise _refusal(str(path), "there is no such file", hint) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _refusal(str(path), f"cannot be read: {reason}", "check the path and its permissions") from error
    if len(data) > MAX_FILE_BYTES:
        limit = MAX_FILE_BYTES // 1024 // 1024
        raise _refusal(str(path), f"is larger than {limit} MiB", "write hosts of one pattern as a range: web[001:120]")
    return data


def _compose(data: bytes) -> yaml.Node | None:
    try:
        return yaml.compose(data, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        # The problem's own text names tokens, never values, so that a password cannot slip out.
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(text for text in (error.context, error.problem) if text)
        hint = "quote values that hold ': ', ' #' or begin with one of * & ! % @ `"
        raise ParseError(f"is not valid YAML: {problem}", line=mark.line + 1 if mark else 0, hint=hint) from error
    except yaml.reader.ReaderError as error:
        line = data.count(b"\n", 0, error.position) + 1
        raise ParseError(f"is not text: {error.reason}", line=line, hint="save the file as UTF-8") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ParseError("is not valid YAML") from error


class _PlainReader:
    """Turns nodes into values once each, however many aliases point at them."""

    def __init__(self) -> None:
        self.blemishes: list[Blemish] = []
        self._done: dict[int, tuple[Plain, int]] = {}
        self._open: set[int] = set()

    def read(self, node: yaml.Node | None, location: Location) -> tuple[Plain, int]:
        """Give the value of a node and how many values it holds with aliases written out."""
        if isinstance(node, yaml.ScalarNode):
            if node.tag not in _PLAIN_TAGS:
                self._note(node, location, f"the tag {node.tag[:40]!r} is not supported; remove it")
            is_null = not node.style and node.value in _NULLS
            return (None if is_null else node.value), 1
        if not isinstance(node, yaml.MappingNode | yaml.SequenceNode):
            return None, 1
        key = id(node)
        if key in self._done:
            return self._done[key]
        if key in self._open:
            raise ParseError("an alias points at a value that holds it", line=node.start_mark.line + 1)
        self._open.add(key)
        if node.tag not in _PLAIN_TAGS:
            self._note(node, location, f"the tag {node.tag[:40]!r} is not supported; remove it")
        is_mapping = isinstance(node, yaml.MappingNode)
        self._done[key] = self._read_mapping(node, location) if is_mapping else self._read_list(node, location)
        self._open.discard(key)
        return self._done[key]

    def _read_list(self, node: yaml.CollectionNode, location: Location) -> tuple[Plain, int]:
        items = [self.read(item, (*location, index)) for index, item in enumerate(node.value)]
        return [item for item, _ in items], 1 + sum(weight for _, weight in items)

    def _read_mapping(self, node: yaml.CollectionNode, location: Location) -> tuple[Plain, int]:
        values: dict[str, Plain] = {}
        total = 1
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._note(key_node, location, "a key must be text; quote it when it begins with [ or {")
                continue
            key = key_node.value
            if key == "<<" and not key_node.style:
                self._note(key_node, (*location, key), "merge keys are not supported; put what hosts share in a group")
                continue
            if key in values:
                self._note(key_node, (*location, key), "stands here twice; remove one")
                continue
            values[key], weight = self.read(value_node, (*location, key))
            total += weight
        return values, total

    def _note(self, node: yaml.Node, location: Location, message: str) -> None:
        self.blemishes.append(Blemish(node.start_mark.line + 1, location, message))
