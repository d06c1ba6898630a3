"""Bring a database to the schema that this program knows."""

from pathlib import Path

from sqlalchemy import Engine, inspect, text


def migrate(engine: Engine, folder: Path) -> bool:
    """Run what is missing of the migrations in `folder`; return whether anything ran.

    A database that is up to date costs one query, and Alembic is not even imported.
    """
    if stored_revision(engine) == head_revision(folder):
        return False
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(folder))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True


def head_revision(folder: Path) -> str:
    """The newest revision: migrations are numbered, 0001 and up."""
    return max(path.name.split("_")[0] for path in (folder / "versions").glob("[0-9]*.py"))


def stored_revision(engine: Engine) -> str | None:
    """The revision of a database, or None for an empty one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
