"""What the sections of an inventory file may hold, one model for each kind of entry."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Tag, ValidationError, ValidationInfo

from fleetscan.inventory.document import Location, Plain
from fleetscan.inventory.faults import FaultLog
from fleetscan.inventory.values import (
    parse_address,
    parse_email,
    parse_name,
    parse_names,
    parse_path,
    parse_port,
    parse_probe_start,
    parse_remote_path,
    parse_seconds,
    parse_secret,
    parse_switch,
    parse_text,
    parse_texts,
    parse_user,
)
from fleetscan.model.host import ProbeStart, SecretRef


def _optional(parse: Callable[[Plain], object]) -> BeforeValidator:
    """Let `null` through: it takes back what an outer level set."""
    return BeforeValidator(lambda value: None if value is None else parse(value))


def _parse_paths(value: Plain, info: ValidationInfo) -> tuple[str, ...] | None:
    if value is None:
        return None
    return tuple(parse_path(item, _folder(info)) for item in (value if isinstance(value, list) else [value]))


def _parse_path(value: Plain, info: ValidationInfo) -> str | None:
    return None if value is None else parse_path(value, _folder(info))


def _parse_secret(value: Plain, info: ValidationInfo) -> SecretRef | None:
    return None if value is None else parse_secret(value, _folder(info))


def _folder(info: ValidationInfo) -> Path:
    """Where relative paths start: the folder of the inventory file."""
    folder = info.context
    assert isinstance(folder, Path)  # noqa: S101  # read_entry always gives it
    return folder


def _tell_owner_form(value: object) -> str:
    if value is None:
        return "nothing"
    return "mapping" if isinstance(value, dict | OwnerEntry) else "text"


_Name = Annotated[str | None, _optional(parse_name)]
_Names = Annotated[tuple[str, ...] | None, _optional(parse_names)]
_Switch = Annotated[bool | None, _optional(parse_switch)]
_Seconds = Annotated[float | None, _optional(parse_seconds)]
_Secret = Annotated[SecretRef | None, BeforeValidator(_parse_secret)]


class OwnerEntry(BaseModel):
    """An owner, under `owners:` or in place."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, BeforeValidator(parse_text)]
    email: Annotated[str, BeforeValidator(parse_email)]


class DefaultsEntry(BaseModel):
    """What may be set at every level: defaults, group, host. Only keys that were written count."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: Annotated[str | None, _optional(parse_user)] = None
    port: Annotated[int | None, _optional(parse_port)] = None
    owner: Annotated[
        Annotated[str, BeforeValidator(parse_text), Tag("text")]
        | Annotated[OwnerEntry, Tag("mapping")]
        | Annotated[None, Tag("nothing")],
        Discriminator(_tell_owner_form),
    ] = None
    zone: _Name = None
    jump_host: Annotated[str | None, _optional(parse_text)] = None
    tags: _Names = None
    identity_file: Annotated[tuple[str, ...] | None, BeforeValidator(_parse_paths)] = None
    passphrase: _Secret = None
    password: _Secret = None
    agent: _Switch = None
    sudo: _Switch = None
    probe: Annotated[ProbeStart | None, _optional(parse_probe_start)] = None
    probe_path: Annotated[str | None, _optional(parse_remote_path)] = None
    connect_timeout: _Seconds = None
    visit_timeout: _Seconds = None
    failure_domain: _Name = None
    ssh_config: Annotated[str | None, BeforeValidator(_parse_path)] = None


class GroupEntry(DefaultsEntry):
    """A group: its child groups, its hosts, and what they share."""

    groups: _Names = None
    hosts: Annotated[tuple[str, ...] | None, _optional(parse_texts)] = None


class HostEntry(DefaultsEntry):
    """A host, or all hosts of a range."""

    address: Annotated[str | None, _optional(parse_text)] = None
    groups: _Names = None

    def find_address(self, name: str) -> str:
        """Give the address of one host of this entry.

        Raises:
            ValueError: The pattern gives no address; the text says what is expected.
        """
        return parse_address((self.address or "{name}").replace("{name}", name))


Entry = TypeVar("Entry", bound=BaseModel)


class Faulty:
    """Stands for a value that was written and refused: it is neither missing nor usable."""


FAULTY = Faulty()


def read_entry(
    model: type[Entry], raw: Plain, location: Location, faults: FaultLog, folder: Path
) -> tuple[Entry | None, frozenset[str]]:
    """Check one entry, so far as it can be checked: a wrong value does not hide what else is wrong.

    Args:
        model: What the entry should be.
        raw: As it stands in the file; None counts as an empty mapping.
        location: Where it stands.
        faults: Takes what is wrong.
        folder: Where relative paths start.

    Returns:
        The entry without its wrong values (None when one of those is required), and the keys of the wrong values.
    """
    raw = {} if raw is None else raw
    try:
        return model.model_validate(raw, context=folder), frozenset()
    except ValidationError as error:
        problems = error.errors(include_url=False)
    if not isinstance(raw, dict):
        faults.add(location, "expected a mapping (indented 'key: value' lines)")
        return None, frozenset()
    wrong: set[str] = set()
    for problem in problems:
        path = tuple(step for step in problem["loc"] if step not in {"text", "mapping", "nothing"})
        wrong.add(str(path[0]))
        nested = OwnerEntry if len(path) > 1 else model
        _note_problem(problem["type"], (*location, *path), problem.get("ctx", {}), nested, faults)
    kept = {key: value for key, value in raw.items() if key not in wrong}
    try:
        return model.model_validate(kept, context=folder), frozenset(wrong)
    except ValidationError:
        return None, frozenset(wrong)


def _note_problem(
    kind: str, location: Location, context: dict[str, Any], model: type[BaseModel], faults: FaultLog
) -> None:
    key = str(location[-1])
    if kind == "extra_forbidden":
        # The value is not shown: under a mistyped `pasword` stands a secret.
        known = faults.suggest(key, model.model_fields) or f"; known keys: {', '.join(model.model_fields)}"
        faults.add(location, f"unknown key{known}", value="")
    elif kind == "missing":
        faults.add(location, "is missing; an owner needs a name and an email")
    elif kind in {"model_type", "string_type"}:
        faults.add(location, "expected a mapping (indented 'key: value' lines)")
    else:
        faults.add(location, str(context.get("error", "is not valid")))
