"""Keep what was seen. The only room that knows SQLAlchemy."""
