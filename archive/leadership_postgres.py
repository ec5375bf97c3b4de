"""Leadership among all hosts: an advisory lock in PostgreSQL, and a number that fences.

The lock belongs to a connection of its own and goes with it. The server ends that connection when
its host is gone, and when nothing has come through it for some seconds: so a process that stands
still, and thus keeps its connection, does not keep the lock. Whoever takes the lock raises the
number in `leadership`. A leader reads the number, and locks its row, in every transaction that
writes the catalog: one that was deposed finds another number there, and a new one cannot raise it
before the old one's last transaction has ended.
"""

from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import psycopg

from archive.leadership import DeposedError, Leadership
from archive.postgres import Server

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LOCK = 0x6D756E02
_BEAT_SECONDS = 2.0
_SILENCE = "10s"


class PostgresLeadership(Leadership):
    """A claim by advisory lock. The heartbeat's thread uses the connection too, which allows it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._number: int | None = None
        # Another thread may be told first that the number is not the newest any more.
        self._deposed: int | None = None
        self._stop = Event()
        self._heart: Thread | None = None

    def acquire(self) -> bool:
        number, connection = self._number, self._connection
        if number is not None and connection is not None and not connection.closed:
            if number != self._deposed:
                return True
            self.release()
        self._lose()
        try:
            return self._try()
        except psycopg.Error as error:
            self.release()
            raise self._server.unavailable(error) from error

    def _try(self) -> bool:
        connection = self._connection
        if connection is None or connection.closed:
            connection = self._connection = self._server.connect(autocommit=True)
            connection.execute(f"SET idle_session_timeout = '{_SILENCE}'")
        (taken,) = connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone() or [0]
        if not taken:
            return False
        # Here one waits for the last transaction of a leader that was deposed.
        row = connection.execute("UPDATE leadership SET number = number + 1 RETURNING number")
        (self._number,) = row.fetchone() or [None]
        self._stop = Event()
        self._heart = Thread(
            target=_beat, args=(connection, self._stop), name="leadership", daemon=True
        )
        self._heart.start()
        return True

    def fence(self, connection: "Connection") -> None:
        number = self._number
        newest = connection.exec_driver_sql("SELECT number FROM leadership FOR SHARE").scalar_one()
        if newest != number:
            # The claim's connection is for the thread that made the claim to close.
            self._deposed = number
            raise DeposedError

    def _lose(self) -> None:
        self._number = None
        self._stop.set()
        if self._heart is not None:
            self._heart.join()
            self._heart = None

    def release(self) -> None:
        self._lose()
        if self._connection is not None:
            with suppress(psycopg.Error):
                # The server would notice the end of a connection a moment later only.
                self._connection.execute("SELECT pg_advisory_unlock_all()")
            with suppress(psycopg.Error):
                self._connection.close()
            self._connection = None


def _beat(connection: "psycopg.Connection[tuple[Any, ...]]", stop: Event) -> None:
    """Show that this process lives, until the connection breaks: then it is closed for all."""
    while not stop.wait(_BEAT_SECONDS):
        try:
            connection.execute("SELECT 1")
        except psycopg.Error:
            connection.close()
            return
