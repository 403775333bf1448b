"""Visit one host; visit many."""
