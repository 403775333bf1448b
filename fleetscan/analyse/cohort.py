"""Which hosts should look alike."""

from fleetscan.model.baseline import Cohort
from fleetscan.model.host import Host
from fleetscan.model.snapshot import HostFacts


def cohort_of(host: Host, facts: HostFacts) -> Cohort:
    """Give the cohort of a host: its role in the inventory × OS id × OS version."""
    return Cohort(role=host.role, os_id=facts.os_id, os_version_id=facts.os_version_id)
