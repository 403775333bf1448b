"""A YAML file of rules as plain values; bounded, without repeated keys, without tags that make objects."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from fleetscan.errors import ParseError

MAX_FILE_BYTES = 1024 * 1024
_MAX_NODES = 100_000
_MAX_DEPTH = 64


class _Loader(yaml.CSafeLoader):
    """The safe loader with limits, which refuses a key that stands twice."""

    def __init__(self, stream: bytes) -> None:
        super().__init__(stream)
        self._count = 0
        self._depth = 0

    def descend_resolver(self, current_node: yaml.Node | None, current_index: object) -> None:  # noqa: ARG002  # called by the C composer before each node
        self._count += 1
        self._depth += 1
        if self._depth > _MAX_DEPTH or self._count > _MAX_NODES:
            raise ParseError(f"more than {_MAX_NODES} values, or nested more than {_MAX_DEPTH} deep")

    def ascend_resolver(self) -> None:
        self._depth -= 1

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002  # PyYAML's signature
        seen: set[object] = set()
        for key, _value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise ParseError(f"the key {key.value[:60]!r} stands twice", line=key.start_mark.line + 1)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def load_document(path: Path) -> object:
    """Read one file.

    Raises:
        ParseError: It cannot be read, is too large, or is not YAML; with a line where there is one.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ParseError(f"cannot be read: {reason}") from error
    if len(data) > MAX_FILE_BYTES:
        raise ParseError("is larger than 1 MiB")
    return parse_document(data)


def parse_document(data: bytes) -> object:
    """Parse the bytes of a file.

    Raises:
        ParseError: See `load_document`.
    """
    try:
        return yaml.load(data, Loader=_Loader)  # noqa: S506  # a safe loader with limits
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(text for text in (error.context, error.problem) if text)
        raise ParseError(f"is not valid YAML: {problem}", line=mark.line + 1 if mark else 0) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ParseError("is not valid YAML") from error


def render_document(plain: object) -> str:
    """Write plain values as YAML, in their order."""
    text: str = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100)
    return text.rstrip()
