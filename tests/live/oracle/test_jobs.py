"""Jobs as the product builds them from a visit: every timer that systemd has, what it starts, and as whom."""

from fleetscan.model.ids import GLOBAL_USER, SYSTEM
from fleetscan.model.unit import Job
from fleetscan.systemd.jobs import EACH_USER, build_jobs
from fleetscan.systemd.names import is_template, unit_type
from tests.live.oracle.conftest import Oracle
from tests.live.oracle.ours import DEPLOY
from tests.live.oracle.plan import invented_names, planted_names
from tests.live.oracle.shown import Shown, list_names, show_units

FEWEST = {SYSTEM: 50, DEPLOY: 10}


def test_every_timer_is_a_job_that_starts_what_systemd_would_start(oracle: Oracle) -> None:
    snapshot = oracle.snapshot
    jobs = build_jobs(snapshot.facts, snapshot.artifacts, snapshot.contents.get)
    wrong: list[str] = []
    for scope in (SYSTEM, DEPLOY):
        user = scope == DEPLOY
        scopes = {scope, GLOBAL_USER} if user else {scope}
        by_name = {str(name): job for job in jobs if job.scope in scopes for name in job.unit_names}
        names = (list_names(oracle.host, user=user) | planted_names(user=user)) - invented_names()
        asked = {n for n in names if unit_type(n) == "timer" and not is_template(n)}
        timers = show_units(oracle.host, asked, user=user, with_commands=False)
        loaded = [timer for timer in timers.values() if timer.get("LoadState") == "loaded"]
        assert len(loaded) >= FEWEST[scope]
        started = show_units(oracle.host, {t.get("Unit") for t in loaded}, user=user, with_commands=False)
        for timer in loaded:
            job = by_name.get(timer.name)
            complaint = "no job" if job is None else find_fault(job, timer, started[timer.get("Unit")])
            (oracle.tally.unexpected if complaint else oracle.tally.equal)[oracle.release, "jobs"] += 1
            if complaint:
                wrong.append(f"{scope} {timer.name}: {complaint}")
    assert not wrong, "\n".join(wrong)


def find_fault(job: Job, timer: Shown, started: Shown) -> str:
    """Say what a job has that systemd has not, empty when they agree."""
    if job.activates is None:
        return "starts nothing"
    if not set(started.words("Names")) & {job.activates.name}:
        return f"starts {job.activates.name}, not {started.name}"
    runs = unit_type(started.name) == "service" and job.scope == SYSTEM and started.get("LoadState") == "loaded"
    account = started.get("User") or "root"
    if runs and job.run_as != account:
        return f"runs as {job.run_as!r}, not {account!r}"
    return "" if job.scope != GLOBAL_USER or job.run_as in {EACH_USER, ""} else f"runs as {job.run_as!r}"
