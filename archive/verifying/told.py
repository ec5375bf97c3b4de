"""What SQL has besides the records, held against the events that say so.

The tables of users, tokens, erasures, purges, certificates, cases and reviews are made once more in
memory, from the events alone and by the code that the catalog's follower uses; then both are read
side by side.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, StaticPool, Table, create_engine, select

from archive.catalog.answering import answering
from archive.catalog.catalog import CATALOG
from archive.catalog.tables import METADATA, positions, tokens
from archive.catalog.told import TELLING_EVENTS, TOLD_TABLES, ToldRows
from archive.errors import UnavailableError
from archive.events.event import Event
from archive.events.feed import Feed
from archive.events.pointers import PointerRecorder
from archive.sealing.commit import CommitEntry
from archive.verifying.findings import Fault

_EVENTS_AT_ONCE: Final = 100
_ROWS_AT_ONCE: Final = 1_000
_MOST_NAMED: Final = 100
_OF_IDS: Final = {
    "users": "user",
    "erasures": "erasure",
    "purges": "purge",
    "cases": "case",
    "access_requests": "request for access",
}
"""What the ids of tables are of."""


class ToldCheck:
    """Compares the tables with the events of entries that it is given in order."""

    def __init__(self, engine: Engine, pointers: PointerRecorder, feed: Feed) -> None:
        self._engine = engine
        self._pointers = pointers
        self._feed = feed
        self._seqs: list[int] = []
        self._read_to = 0

    def note(self, entries: Sequence[CommitEntry]) -> None:
        """Take down which entries tell something."""
        self._seqs += [entry.seq for entry in entries if entry.event_type in TELLING_EVENTS]
        self._read_to = entries[-1].seq

    def faults(self) -> list[Fault]:
        """Compare the tables as they are now, with all events that they have come to.

        Raises UnavailableError when SQL does not answer, or an event cannot be read: what it says
        is not known then.
        """
        with answering("the catalog"), self._snapshot() as found, _made() as expected:
            self._fill(expected, _position(found))
            faults = (
                fault for table in TOLD_TABLES for fault in _differences(table, found, expected)
            )
            return list(islice(faults, _MOST_NAMED))

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        """Give a connection that sees all tables as of one moment, while others write."""
        with self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            else:
                # The driver begins none before it is read.
                connection.exec_driver_sql("BEGIN")
            yield connection

    def _fill(self, connection: Connection, position: int) -> None:
        rows = ToldRows(connection.dialect)
        for seq, event in self._events(position):
            rows.apply(connection, seq, event)

    def _events(self, position: int) -> Iterator[tuple[int, Event]]:
        """Yield the events up to a position that tell something, in order."""
        seqs = (seq for seq in [*self._seqs, *self._since()] if seq <= position)
        while page := list(islice(seqs, _EVENTS_AT_ONCE)):
            for fed in self._feed.at(page):
                if not isinstance(fed.event, Event):
                    raise UnavailableError(
                        f"Event {fed.row.seq} cannot be read, so that users, purges, cases and "
                        "reviews are not compared."
                    )
                yield fed.row.seq, fed.event

    def _since(self) -> Iterator[int]:
        """Yield which events tell something of those that came after the entries were listed."""
        last = self._read_to
        while rows := self._pointers.select_pointers_from(
            last, _ROWS_AT_ONCE, inclusive_of_start=False
        ):
            yield from (row.seq for row in rows if row.type in TELLING_EVENTS)
            last = rows[-1].seq


@contextmanager
def _made() -> Iterator[Connection]:
    """Give a connection to empty tables that are in memory alone."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    try:
        METADATA.create_all(engine, TOLD_TABLES)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA temp_store=MEMORY")
            yield connection
    finally:
        engine.dispose()


def _position(connection: Connection) -> int:
    statement = select(positions.c.seq).where(positions.c.follower == CATALOG)
    return int(connection.execute(statement).scalar() or 0)


def _differences(table: Table, found: Connection, expected: Connection) -> Iterator[Fault]:
    """Yield where two tables of the same name differ; both are read in the order of their keys."""
    there, wanted = _rows(table, found), _rows(table, expected)
    have, want = next(there, None), next(wanted, None)
    while have is not None or want is not None:
        if have is not None and (want is None or _key(table, have) < _key(table, want)):
            yield _fault(table, have, "has a row of {}, of which no event tells")
            have = next(there, None)
        elif want is not None and (have is None or _key(table, want) < _key(table, have)):
            yield _fault(table, want, "lacks the row of {}")
            want = next(wanted, None)
        elif have is not None and want is not None:
            if tuple(have) != tuple(want):
                yield _fault(table, want, "tells otherwise than the events of {}")
            have, want = next(there, None), next(wanted, None)


def _rows(table: Table, connection: Connection) -> Iterator[Row[Any]]:
    statement = select(table).order_by(*table.primary_key)
    return iter(connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(statement))


def _key(table: Table, row: Row[Any]) -> tuple[Any, ...]:
    return tuple(row[: len(table.primary_key)])


def _fault(table: Table, row: Row[Any], what: str) -> Fault:
    key = ", ".join(_named(table, row, column.name) for column in table.primary_key)
    return Fault(
        "database",
        f"The table {table.name} {what.format(key)}. Run muniment rebuild, which makes it anew "
        "from the bucket.",
        table.name,
        UUID(bytes=row.record) if "record" in table.c else None,
        row.seq if "seq" in table.c else None,
    )


def _named(table: Table, row: Row[Any], name: str) -> str:
    value = row._mapping[name]
    if table is tokens:
        # Whose it is says more, and the digest is nobody's to read.
        return f"a token of user {UUID(bytes=row.user_id)}"
    named = {"seq": "event", "id": _OF_IDS.get(table.name, name)}.get(name, name)
    return f"{named} {UUID(bytes=value) if isinstance(value, bytes) else value}"
