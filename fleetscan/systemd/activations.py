"""By what units are started: links, dependencies, triggers of other units, udev rules and D-Bus services."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import groupby, islice

from fleetscan.model.ids import GLOBAL_USER, SYSTEM, Scope, UnitName
from fleetscan.model.relation import Activation, ActivationKind
from fleetscan.model.snapshot import Artifact
from fleetscan.systemd.activation_index import ActivationIndex
from fleetscan.systemd.activators import OutsideStart, list_outside_starts
from fleetscan.systemd.names import split_instance
from fleetscan.systemd.resolve import Contents
from fleetscan.systemd.tree import UnitTree

MAX_OF_A_KIND = 64
"""Activations of one kind that are given of one job, so that a flood of one does not hide the others."""

_TIMERS_TARGET = "timers.target"


@dataclass(slots=True)
class Activations:
    """What starts which unit, over all units of a host. A scope is indexed when it is first asked for."""

    _tree: UnitTree
    _contents: Contents
    _outside: tuple[OutsideStart, ...]
    _indexes: dict[Scope, ActivationIndex] = field(default_factory=dict)

    @staticmethod
    def of(tree: UnitTree, artifacts: Iterable[Artifact], contents: Contents) -> "Activations":
        """Prepare for one host.

        Args:
            tree: Its unit directories.
            artifacts: In any order; only udev rules and D-Bus services are taken from them.
            contents: Gives bytes by hash; asked only for texts that no host has shown before.
        """
        return Activations(tree, contents, tuple(list_outside_starts(artifacts, contents)))

    def find(self, scope: Scope, names: Iterable[str]) -> tuple[Activation, ...]:
        """Give what starts one of the units; sorted, without repeats, of each kind the first `MAX_OF_A_KIND`.

        Args:
            scope: Whose manager; a user's takes part in what concerns every user's.
            names: All names of the units, aliases included: a reference counts for the name that it uses.
        """
        index = self._index(scope)
        found = {
            Activation(kind=kind, unit=UnitName(name), by=by, directive=directive, origin=origin)
            for name in names
            for kind, by, directive, origin in index.find(name)
        }
        by_kind = groupby(sorted(found), key=lambda activation: activation.kind)
        return tuple(activation for _kind, group in by_kind for activation in islice(group, MAX_OF_A_KIND))

    def find_for_job(
        self, scope: Scope, timer_names: Collection[str], target_names: Collection[str]
    ) -> tuple[Activation, ...]:
        """Give what starts a job's units beside its own timer; sorted, without repeats.

        Left out: that the timer starts its unit, and links to the timer in `timers.target.wants`, which only say that
        it is enabled and stand in `Job.links`. A link to the activated unit itself is given: it starts the unit
        without the timer.

        Args:
            scope: Of the job.
            timer_names: All names of its timer.
            target_names: All names of what the timer activates.
        """
        own = {*timer_names, *(split_instance(name)[0] for name in timer_names)}

        def is_own(activation: Activation) -> bool:
            if activation.kind is ActivationKind.TRIGGER:
                return activation.by in own
            is_enablement = activation.kind is ActivationKind.LINK and activation.by == _TIMERS_TARGET
            return is_enablement and activation.unit in timer_names

        return tuple(a for a in self.find(scope, (*timer_names, *target_names)) if not is_own(a))

    def _index(self, scope: Scope) -> ActivationIndex:
        if scope not in self._indexes:
            outside = (
                (start.unit, (start.kind, start.by, start.directive, start.origin))
                for start in self._outside
                if start.scope == scope or (start.scope == GLOBAL_USER and scope != SYSTEM)
            )
            self._indexes[scope] = ActivationIndex.of(self._tree, scope, self._contents, outside)
        return self._indexes[scope]
