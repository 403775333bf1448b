"""Who is visited: the YAML inventory and its readers."""
