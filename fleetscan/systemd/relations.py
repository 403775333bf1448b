"""What else is to be said of a job: where the views of its units contradict each other, and what else starts them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fleetscan.model.coverage import Coverage
from fleetscan.model.snapshot import Artifact
from fleetscan.model.unit import Job
from fleetscan.systemd.activations import Activations
from fleetscan.systemd.disagreements import find_disagreements
from fleetscan.systemd.host_views import HostViews
from fleetscan.systemd.manager_views import ManagerViews
from fleetscan.systemd.resolve import Contents
from fleetscan.systemd.tree import UnitTree


@dataclass(frozen=True, slots=True)
class Relations:
    """Adds disagreements and activations to the jobs of one host."""

    _views: HostViews
    _activations: Activations

    @staticmethod
    def of(
        tree: UnitTree,
        managers: ManagerViews,
        artifacts: Sequence[Artifact],
        contents: Contents,
        coverage: Coverage | None,
    ) -> "Relations":
        """Prepare for one host.

        Args:
            tree: Its unit directories.
            managers: What its managers say.
            artifacts: In any order.
            contents: Gives bytes by hash.
            coverage: Of the visit; None when it is not known, and then nothing counts as absent.
        """
        return Relations(HostViews(tree, managers, coverage), Activations.of(tree, artifacts, contents))

    def add(self, job: Job) -> Job:
        """Give the job with both filled in."""
        timer_names = self._views.names_of(job.timer)
        target_names = self._views.names_of(job.activates) if job.activates is not None else ()
        return replace(
            job,
            disagreements=find_disagreements(self._views, job.timer, job.activates),
            activations=self._activations.find_for_job(job.scope, timer_names, target_names),
        )


def join_twins(first: Job, second: Job) -> Job:
    """Make one job of two that do the same under invented names; all real names are kept."""
    return replace(
        first,
        unit_names=(*first.unit_names, *second.unit_names),
        links=tuple(sorted({*first.links, *second.links})),
        disagreements=tuple(sorted({*first.disagreements, *second.disagreements})),
        activations=tuple(sorted({*first.activations, *second.activations})),
    )
