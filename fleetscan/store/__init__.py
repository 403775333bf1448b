"""Keep everything that sweeps saw and people decided, in SQLite or PostgreSQL. The only SQLAlchemy room.

Begin with `fleetscan.store.store.open_store`; make and upgrade the schema with `fleetscan.store.schema`.
"""
