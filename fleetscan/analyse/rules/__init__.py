"""Rules: what makes a thing on a host worth a person's time."""
