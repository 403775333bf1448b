"""Pure comparison: subjects, prevalence, baselines, drift, severity."""
