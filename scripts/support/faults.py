"""Writes that fail at a chosen place, in the two ways in which a store or a database fails.

A write is *lost* when it fails before it took effect, and *kept* when only its answer is lost.
This module needs the project's own Python, as whatever imports it does.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch

import psycopg
from eventsourcing.sqlite import SQLiteConnection
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.engine.interfaces import DBAPIConnection

from archive.bucket.fake import FakeBucket
from archive.bucket.port import Retention
from archive.clock import Clock
from archive.errors import UnavailableError
from scripts.support.parts import Place, Row

T = TypeVar("T")


@dataclass
class Faults:
    """Counts writes, and lets one of them fail, or all from there on.

    `fail_at` counts from 1; 0 lets every write through. `names` says what each write was.
    """

    fail_at: int = 0
    kept: bool = False
    lasting: bool = False
    names: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(
        self,
        name: str,
        take_effect: Callable[[], T],
        error: Exception,
        undo: Callable[[], None] = lambda: None,
    ) -> T:
        """Carry a write out, or raise the error after it, or undo it and raise the error."""
        with self._lock:
            self.names.append(name)
            number = len(self.names)
        fails = self.fail_at == number or (self.lasting and 0 < self.fail_at <= number)
        if fails and not self.kept:
            undo()
            raise error
        result = take_effect()
        if fails:
            raise error
        return result

    def heal(self) -> None:
        """Let every write through from now on."""
        self.fail_at = 0


class FailingBucket(FakeBucket):
    """The fake bucket, whose puts go through `faults`."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.faults = Faults()

    def put(
        self,
        name: str,
        data: bytes | Iterable[bytes],
        *,
        retention: Retention | None = None,
        legal_hold: bool = False,
    ) -> str:
        def take_effect() -> str:
            return super(FailingBucket, self).put(
                name, data, retention=retention, legal_hold=legal_hold
            )

        kind = name.partition("/")[0]
        return self.faults.write(
            f"put of {kind}", take_effect, UnavailableError("The store is ill.")
        )


class FakePlace(Place):
    """The rows of another place, with the objects of a fake bucket."""

    def __init__(self, rows: Place, bucket: FakeBucket) -> None:
        self._rows = rows
        self._bucket = bucket
        self.settings = rows.settings

    def names(self, prefix: str = "") -> list[str]:
        return sorted(self._bucket.names(prefix))

    def read(self, name: str) -> bytes:
        return self._bucket.get(name)

    def overwrite(self, name: str, data: bytes) -> None:
        self._bucket.put(name, data)

    def copied(self, home: Path) -> Place:
        return FakePlace(self._rows.copied(home), self._bucket)

    def remove(self) -> None:
        self._rows.remove()

    def select(self, table: str, columns: str = "*") -> list[Row]:
        return self._rows.select(table, columns)

    def columns(self) -> list[tuple[str, str]]:
        return self._rows.columns()

    def drop_catalog(self) -> None:
        self._rows.drop_catalog()

    def lose_database(self) -> None:
        self._rows.lose_database()


@contextmanager
def failing_commits(faults: Faults) -> Iterator[None]:
    """Let the commits of every SQL transaction go through `faults`, pointers and catalog alike."""
    commits = SQLiteConnection.commit, DefaultDialect.do_commit

    # Both take a transaction back by themselves where its commit fails.
    def commit_pointers(connection: SQLiteConnection) -> None:
        keep = partial(commits[0], connection)
        error = sqlite3.OperationalError("disk I/O error")
        faults.write("SQL commit of pointers", keep, error, connection.rollback)

    def commit(dialect: DefaultDialect, connection: DBAPIConnection) -> None:
        keep, undo = partial(commits[1], dialect, connection), connection.rollback
        if dialect.name == "sqlite":
            error: Exception = sqlite3.OperationalError("disk I/O error")
            faults.write("SQL commit of the catalog", keep, error, undo)
        else:
            error = psycopg.OperationalError("server closed the connection unexpectedly")
            faults.write("SQL commit", keep, error, undo)

    with (
        patch.object(SQLiteConnection, "commit", commit_pointers),
        patch.object(DefaultDialect, "do_commit", commit),
    ):
        yield
