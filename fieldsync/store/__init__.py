"""The only SQL: the engine and its transactions, the models, and one module a thing."""

from fieldsync.store import inbox_models, indicator_models, models, openrosa_models, people_models

# Whoever imports anything of the store sees every table: migrations, backups, tests.
__all__ = ["inbox_models", "indicator_models", "models", "openrosa_models", "people_models"]
