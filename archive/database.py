"""Where an archive's events and catalog stand: SQLite in the home folder, or one PostgreSQL.

One process opens one `Database`. PostgreSQL's libraries are loaded only where it is used.
"""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from archive.events.pointers import PointerRecorder
from archive.leadership import FileLeadership, Leadership
from archive.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

RUN_FOLDER = "run"
_LEADER_LOCK = "leader.lock"


class Database(ABC):
    """The events' pointers, the catalog's tables, and who of all may keep the catalog."""

    pointers: PointerRecorder

    @abstractmethod
    def catalog(self) -> "Engine":
        """Open the catalog, making its tables where they are missing."""

    @abstractmethod
    def leadership(self) -> Leadership:
        """Return this process's claim to be the leader; it is not one before it is acquired."""

    @abstractmethod
    def describe(self) -> str:
        """Return where the database is, for people; never holds a secret."""

    def close(self) -> None:
        """Let go of all connections."""
        self.pointers.close()


class SqliteDatabase(Database):
    """Two files in the home folder, for the processes of one host."""

    def __init__(self, settings: Settings) -> None:
        from archive.events.pointers_sqlite import SqlitePointers

        self._home = settings.home
        self.pointers = SqlitePointers(settings.home / "events.db")

    def catalog(self) -> "Engine":
        from archive.catalog.engines import sqlite_engine

        return sqlite_engine(self._home / "catalog.db")

    def leadership(self) -> Leadership:
        return FileLeadership(self._home / RUN_FOLDER / _LEADER_LOCK)

    def describe(self) -> str:
        return f"database {self._home / 'events.db'}"


class PostgresDatabase(Database):
    """A schema in a database that any number of hosts share."""

    def __init__(self, settings: Settings) -> None:
        from archive.events.pointers_postgres import PostgresPointers
        from archive.postgres import Server

        self._server = Server(settings.database_url)
        self._engine = self._server.engine()
        self.pointers = PostgresPointers(self._server, self._engine)

    def catalog(self) -> "Engine":
        from archive.catalog.engines import make_tables

        with self._server.told_apart():
            make_tables(self._engine)
        return self._engine

    def leadership(self) -> Leadership:
        from archive.leadership_postgres import PostgresLeadership

        return PostgresLeadership(self._server)

    def describe(self) -> str:
        return self._server.describe()


def open_database(settings: Settings) -> Database:
    """Open the database that the settings name; nothing is made in it yet."""
    return SqliteDatabase(settings) if settings.on_one_host else PostgresDatabase(settings)
