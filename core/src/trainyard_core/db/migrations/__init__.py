"""Core's migrations, one module each, applied in the order of their names by `db.migrate`. An applied one is never
edited."""
