"""The only SQL: the engine and its transactions, the models, and one module a thing."""

from fieldsync.store import (
    agreement_models,
    attachment_models,
    export_models,
    inbox_models,
    indicator_models,
    linkage_models,
    models,
    openrosa_models,
    pair_models,
    people_models,
    quality_models,
    quarantine_models,
    upload_models,
)

# Whoever imports anything of the store sees every table: migrations, backups, tests.
__all__ = [
    "agreement_models",
    "attachment_models",
    "export_models",
    "inbox_models",
    "indicator_models",
    "linkage_models",
    "models",
    "openrosa_models",
    "pair_models",
    "people_models",
    "quality_models",
    "quarantine_models",
    "upload_models",
]
