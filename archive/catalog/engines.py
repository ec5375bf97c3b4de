"""Opening the catalog's tables, in SQLite or in PostgreSQL."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from archive.catalog.answering import answering
from archive.catalog.tables import METADATA, NOT_DERIVED
from archive.sqlite import make_private, told

# Any number will do, as long as every process that makes tables takes the same.
_CREATION_LOCK = 0x6D756E03


def sqlite_engine(path: Path) -> Engine:
    """Open the catalog's SQLite file, making its tables where they are missing.

    Raises:
        CorruptError: the file is damaged.
        UnavailableError: it cannot be opened, or written to.
    """
    make_private(path)
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"timeout": 30.0})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _: object) -> None:
        # The catalog is derived: after a power cut a few events are applied again.
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "cache_size=-65536",
            "wal_autocheckpoint=16000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    try:
        METADATA.create_all(engine)
    except SQLAlchemyError as error:
        engine.dispose()
        raise told(error, path) from error
    return engine


def make_tables(engine: Engine) -> None:
    """Make the catalog's tables in PostgreSQL where they are missing; hosts may do so at once."""
    with engine.begin() as connection:
        if METADATA.tables.keys() - inspect(connection).get_table_names():
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CREATION_LOCK})
            METADATA.create_all(connection)


def empty_tables(engine: Engine, fence: Callable[[Connection], None]) -> None:
    """Empty every derived table, in one transaction that asks `fence` first.

    Raises UnavailableError when the database does not answer.
    """
    with answering("the catalog"), engine.begin() as connection:
        fence(connection)
        for table in METADATA.tables.keys() - {each.name for each in NOT_DERIVED}:
            connection.execute(METADATA.tables[table].delete())
