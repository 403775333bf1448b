"""New, known, fixed, returned: what a sweep makes of a finding's life."""

from dataclasses import replace
from datetime import datetime

from fleetscan.model.finding import FindingLife, FindingState
from fleetscan.model.finding_event import EventKind, LifeStep, Remembered
from fleetscan.model.ids import Sha256, SweepId


def decide_life(past: Remembered | None, content: Sha256 | None, sweep: SweepId, at: datetime) -> LifeStep | None:
    """Decide what becomes of one finding. The same sweep again, and an older one, change nothing.

    Args:
        past: What is known of it; None when it was never seen.
        content: What was seen; None when it was looked for and is proven absent. What could not be looked for must not
            be asked about at all.
        sweep: The sweep that looked.
        at: When that was.

    Returns:
        None when nothing changes.
    """
    if past is None:
        return None if content is None else _open(sweep, at)
    if past.life.last_sweep is not None and sweep < past.life.last_sweep:
        return None
    if content is None:
        return _fix(past.life, at)
    return _see_again(past, content, sweep, at)


def _open(sweep: SweepId, at: datetime) -> LifeStep:
    life = FindingLife(state=FindingState.NEW, first_seen_at=at, last_seen_at=at, first_sweep=sweep, last_sweep=sweep)
    return LifeStep(life, EventKind.OPENED)


def _fix(life: FindingLife, at: datetime) -> LifeStep | None:
    if life.state is FindingState.FIXED:
        return None
    return LifeStep(replace(life, state=FindingState.FIXED, fixed_at=at), EventKind.FIXED)


def _see_again(past: Remembered, content: Sha256, sweep: SweepId, at: datetime) -> LifeStep | None:
    if past.life.state is FindingState.FIXED:
        return LifeStep(_see_anew(past.life, FindingState.RETURNED, sweep, at), EventKind.RETURNED)
    if content != past.content:
        return LifeStep(_see_anew(past.life, FindingState.NEW, sweep, at), EventKind.CHANGED)
    if past.life.last_sweep == sweep:
        return None
    return LifeStep(replace(past.life, state=FindingState.KNOWN, last_sweep=sweep, last_seen_at=at), None)


def _see_anew(life: FindingLife, state: FindingState, sweep: SweepId, at: datetime) -> FindingLife:
    """Say that somebody must look: who acknowledged it spoke of something else, or of what is over."""
    return replace(
        life,
        state=state,
        last_sweep=sweep,
        last_seen_at=at,
        fixed_at=None,
        acknowledged_by="",
        acknowledged_at=None,
    )
