"""The cohort of a host by the default rule; see `fleetscan.analyse.cohorts` for others."""

from fleetscan.analyse.cohorts import cohort_of

__all__ = ["cohort_of"]
