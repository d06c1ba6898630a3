"""The only SQL: the engine and its transactions, the models, and one module a thing."""

from fieldsync.store import models, openrosa_models, people_models, upload_models

# Whoever imports anything of the store sees every table: migrations, backups, tests.
__all__ = ["models", "openrosa_models", "people_models", "upload_models"]
