"""Where the log stands in SQL: the newest checkpoint, which one leader at a time moves on.

SQL is what decides between two that think that they lead: a checkpoint is signed only after it has
taken the place of the one before it here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from archive.catalog.tables import log_head
from archive.errors import ConflictError, UnavailableError
from archive.log.checkpoint import Checkpoint

_ONLY = 1


@dataclass(frozen=True, slots=True)
class Head:
    """A checkpoint's size and root; `tidied` is the size up to which no partial tiles are left.

    `stopped` says that nothing more is signed, because something does not agree with the log.
    """

    size: int
    root: bytes
    tidied: int
    stopped: bool


class LogHead:
    """The one row. Reading is for everybody; writing asks `fence`, in each transaction."""

    def __init__(self, engine: Engine, fence: Callable[[Connection], None]) -> None:
        self._engine = engine
        self._fence = fence

    def read(self) -> Head | None:
        """Return where the log stands; None where nothing was signed, or that is not known."""
        columns = log_head.c.size, log_head.c.root, log_head.c.tidied, log_head.c.stopped
        with _answering(), self._engine.connect() as connection:
            row = connection.execute(select(*columns)).first()
        return None if row is None else Head(row[0], row[1], row[2], bool(row[3]))

    def position(self) -> int:
        """Return up to which sequence number events are under a checkpoint, 0 for none."""
        head = self.read()
        return 0 if head is None else head.size

    def notes(self) -> tuple[str, ...]:
        """Return sentences on the log, for whoever runs the service."""
        head = self.read()
        if head is None or not head.stopped:
            return ()
        return ("The log has stopped: nothing more is signed. See what the worker says.",)

    def swap(self, old: Checkpoint | None, new: Checkpoint) -> None:
        """Put a checkpoint in the place of another.

        Raises:
            DeposedError: another process leads by now.
            ConflictError: the other one does not stand there; nothing is changed.
        """
        values = {"size": new.size, "root": new.root, "stopped": 0}
        with self._writing() as connection:
            if old is None:
                connection.execute(insert(log_head).values(id=_ONLY, tidied=new.size, **values))
                return
            found = connection.execute(
                update(log_head)
                .where(log_head.c.size == old.size, log_head.c.root == old.root)
                .values(values)
            )
            if not found.rowcount:
                raise ConflictError("The log was taken further by another process.")

    def note_tidied(self, size: int) -> None:
        """Note that no partial tiles are left below a size; errors as in `swap`."""
        with self._writing() as connection:
            connection.execute(update(log_head).values(tidied=size))

    def note_stopped(self) -> None:
        """Note that nothing more is signed, for other processes to tell; errors as in `swap`."""
        with self._writing() as connection:
            connection.execute(update(log_head).values(stopped=1))

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with _answering(), self._engine.begin() as connection:
            self._fence(connection)
            yield connection


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise ConflictError("The log was begun by another process.") from error
    except SQLAlchemyError as error:
        raise UnavailableError(
            f"The database of the log does not answer: {type(error).__name__}."
        ) from error
