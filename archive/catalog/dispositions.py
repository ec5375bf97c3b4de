"""What stands in SQL of disposition reviews: which records stand in which, and how far each is.

It says where to look, and what a list counts; what was decided is read from the events.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Dialect, func, select, update

from archive.catalog.answering import SqlReader
from archive.catalog.inserting import WholeRows
from archive.catalog.tables import reviews
from archive.events.disposition_events import (
    DISPOSITION_EVENTS,
    DispositionApproved,
    DispositionCondemned,
    DispositionExtended,
    DispositionLeft,
    DispositionOpened,
    DispositionRelabelled,
)
from archive.events.event import Event

_IDS_PER_QUERY: Final = 10_000


class ReviewState(IntEnum):
    """Where a record stands in a disposition; a number is never given to another state."""

    WAITING = 1
    APPROVED = 2
    EXTENDED = 3
    RELABELLED = 4
    LEFT = 5
    CONDEMNED = 6


ENDED_OTHERWISE: Final = (ReviewState.EXTENDED, ReviewState.RELABELLED)
"""By these a record is due at another time than before."""


class DispositionRows:
    """Writes the rows, within the transaction of the catalog's follower."""

    tables: Final = (reviews,)
    events: Final = DISPOSITION_EVENTS

    def __init__(self, dialect: Dialect) -> None:
        self._insert = WholeRows(dialect, reviews)

    def apply(self, connection: Connection, seq: int, event: Event) -> None:
        """Apply an event of this sequence number, of `events`."""
        match event:
            case DispositionOpened():
                self._insert.insert(
                    connection,
                    [
                        (record_id.bytes, event.disposition, int(ReviewState.WAITING), seq)
                        for record_id in event.records
                    ],
                )
                return
            case DispositionApproved():
                state = ReviewState.APPROVED if event.last else ReviewState.WAITING
            case DispositionExtended():
                state = ReviewState.EXTENDED
            case DispositionRelabelled():
                state = ReviewState.RELABELLED
            case DispositionLeft():
                state = ReviewState.LEFT
            case DispositionCondemned():
                state = ReviewState.CONDEMNED
            case _:
                return
        for page in _pages(event.records):
            connection.execute(
                update(reviews)
                .where(reviews.c.disposition == event.disposition, reviews.c.record.in_(page))
                .values(state=int(state), seq=seq)
            )


class DispositionTable(SqlReader):
    """Questions about dispositions. Methods raise UnavailableError when SQL does not answer."""

    what = "dispositions"

    def newest(self) -> int:
        """Return the number of the newest disposition, 0 if there is none."""
        rows = self._all(select(func.max(reviews.c.disposition)))
        return int(rows[0][0] or 0)

    def of(self, ids: Iterable[UUID]) -> dict[UUID, list[int]]:
        """Return the dispositions that each of the records stands in, in order of number."""
        found: dict[UUID, list[int]] = {}
        if not self._all(select(reviews.c.record).limit(1)):
            # Whoever reads all records of an archive without reviews asks of each of them.
            return found
        for page in _pages(ids):
            statement = (
                select(reviews.c.record, reviews.c.disposition)
                .where(reviews.c.record.in_(page))
                .order_by(reviews.c.disposition)
            )
            for record, disposition in self._all(statement):
                found.setdefault(UUID(bytes=record), []).append(disposition)
        return found

    def relabelled(self, after: int, last: int) -> list[UUID]:
        """Return the records that were re-labelled after a sequence number and up to another."""
        statement = select(reviews.c.record).where(
            reviews.c.state == int(ReviewState.RELABELLED),
            reviews.c.seq > after,
            reviews.c.seq <= last,
        )
        return [UUID(bytes=record) for (record,) in self._all(statement)]

    def unsettled(self) -> list[int]:
        """Return the dispositions of which records wait, or are approved and not condemned."""
        states = int(ReviewState.WAITING), int(ReviewState.APPROVED)
        return self._numbers(reviews.c.state.in_(states), descending=False)

    def page(
        self, limit: int, *, before: int | None = None, waiting: bool = False
    ) -> list[tuple[int, dict[ReviewState, int]]]:
        """Return dispositions with how many records stand where, the newest first.

        Of those whose number is less than `before`; with `waiting`, those alone of which some wait.
        """
        conditions = [reviews.c.disposition < before] if before is not None else []
        if waiting:
            conditions.append(reviews.c.state == int(ReviewState.WAITING))
        numbers = self._numbers(*conditions, descending=True, limit=limit)
        counts: dict[int, dict[ReviewState, int]] = {number: {} for number in numbers}
        statement = (
            select(reviews.c.disposition, reviews.c.state, func.count())
            .where(reviews.c.disposition.in_(numbers))
            .group_by(reviews.c.disposition, reviews.c.state)
        )
        for number, state, count in self._all(statement):
            counts[number][ReviewState(state)] = count
        return list(counts.items())

    def _numbers(self, *conditions: Any, descending: bool, limit: int | None = None) -> list[int]:
        column = reviews.c.disposition
        statement = select(column).where(*conditions).distinct()
        statement = statement.order_by(column.desc() if descending else column)
        return [number for (number,) in self._all(statement.limit(limit))]


def _pages(ids: Iterable[UUID]) -> Iterable[list[bytes]]:
    wanted = [each.bytes for each in ids]
    for start in range(0, len(wanted), _IDS_PER_QUERY):
        yield wanted[start : start + _IDS_PER_QUERY]
