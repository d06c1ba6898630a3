"""How Alembic reaches the database: over the connection that the program hands it (fieldsync/store/migrate.py)."""

from alembic import context

from fieldsync.store.models import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
