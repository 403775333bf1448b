"""Whether a job would run by itself."""

from fleetscan.model.subject import Subject

_ON_DISK_ENABLED = ("enabled", "linked", "alias", "transient", "generated")


def runs_by_itself(subject: Subject) -> bool:
    """Tell whether a job is enabled or loaded, as far as any view tells."""
    return (
        subject.state.enabled.startswith(_ON_DISK_ENABLED)
        or subject.state.active in ("active", "failed")
        or subject.state.listed is True
        or bool(subject.links)
        or subject.transient
    )
