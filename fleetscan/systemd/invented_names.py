"""Names for units whose own name systemd made up: the same work, the same name, on every host and every day."""

from collections.abc import Iterable

from fleetscan.model.digest import JsonValue, digest_json
from fleetscan.model.unit import EffectiveUnit, ExecCommand, Trigger
from fleetscan.systemd.directive_kinds import EXEC_KEYS, TRIGGER_KEYS
from fleetscan.systemd.names import normal_transient

# What does not decide what is run: texts for people, the invented name itself, and what stands decoded elsewhere.
_LEFT_OUT = frozenset({"Description", "Documentation", "Unit", *EXEC_KEYS, *TRIGGER_KEYS})


def name_by_content(
    name: str,
    units: Iterable[EffectiveUnit],
    *,
    triggers: Iterable[Trigger] = (),
    commands: Iterable[ExecCommand] = (),
    run_as: str = "",
) -> str:
    """Give `run-*.timer#<12 hex>` for an invented name, any other name unchanged.

    The digits are of a SHA-256 over when, what and as whom it runs.
    """
    normal = normal_transient(name)
    if normal is None:
        return name
    meaning: dict[str, JsonValue] = {
        "triggers": _sorted_rows([t.directive, t.normal or t.value] for t in triggers),
        "commands": [[c.directive, c.prefixes, c.path, list[JsonValue](c.argv)] for c in commands],
        "settings": _sorted_rows(
            [d.section, d.key, d.value] for u in units for d in u.directives if d.key not in _LEFT_OUT
        ),
        "run_as": run_as,
    }
    return f"{normal}#{digest_json(meaning)[:12]}"


def _sorted_rows(rows: Iterable[list[str]]) -> list[JsonValue]:
    return [list[JsonValue](row) for row in sorted(rows)]
