"""What stands in SQL of each record's retention: when it may go, if nothing stops it.

It says where to look, and nothing is destroyed on its word: whoever purges judges each record
anew. A row is outdated that was written under other policies or before its record changed.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, or_, select

from archive.catalog.answering import answering
from archive.catalog.dispositions import ENDED_OTHERWISE
from archive.catalog.inserting import WholeRows
from archive.catalog.tables import obligations, records, reviews

# Not by each record: of many records few were extended or re-labelled.
_judged = obligations.alias("judged")
_reviewed = (
    select(reviews.c.record)
    .join(_judged, _judged.c.record == reviews.c.record)
    .where(reviews.c.state.in_(ENDED_OTHERWISE), reviews.c.seq > _judged.c.as_of)
)
_in_review = select(reviews.c.record).where(reviews.c.record == records.c.id).exists()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class Obligation(NamedTuple):
    """What one record's retention is: times are None where there are none.

    `record` is its id as 16 bytes, `policies` the keyed digest of those in force, `as_of` the
    catalog's position before the record was read.
    """

    record: bytes
    policies: bytes
    as_of: int
    retain_until: datetime | None
    delete_at: datetime | None
    due_at: datetime | None


class Outdated(NamedTuple):
    """A record whose obligation is not known, with what the catalog says of its newest version.

    Codes are as they stand in SQL, times are milliseconds since 1970. What is None may be so
    because the event could not be read. `in_review` says that it stands in a disposition, or did.
    A named tuple, since these are made of all records when a policy changes.
    """

    id: bytes
    first_seq: int
    version: int
    channel: int | None
    kind: int | None
    direction: int | None
    source: int | None
    custodian: int | None
    occurred_at: int | None
    captured_at: int | None
    size: int | None
    deleted: int
    damaged: int
    in_review: int


_OUTDATED = [*(records.c[name] for name in Outdated._fields[:-1]), _in_review.label("in_review")]


@dataclass(frozen=True, slots=True)
class Listed:
    """A record in the order of capture."""

    id: UUID
    first_seq: int


class ObligationTable:
    """The obligations of all records. Methods raise UnavailableError when SQL does not answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._rows = WholeRows(engine.dialect, obligations, over=True)

    def outdated(self, policies: bytes, after: int, limit: int) -> list[Outdated]:
        """Return the next records, in order of capture, whose obligation is not known."""
        statement = (
            select(*_OUTDATED)
            .outerjoin(obligations, obligations.c.record == records.c.id)
            .where(
                records.c.erased == 0,
                records.c.first_seq > after,
                or_(
                    obligations.c.record.is_(None),
                    obligations.c.policies != policies,
                    records.c.seq > obligations.c.as_of,
                    records.c.rethreaded > obligations.c.as_of,
                    records.c.id.in_(_reviewed),
                ),
            )
            .order_by(records.c.first_seq)
            .limit(limit)
        )
        with self._connected() as connection:
            return [Outdated(*row) for row in connection.execute(statement)]

    def put(self, rows: Sequence[Obligation]) -> None:
        """Write obligations over what was known of their records."""
        if not rows:
            return
        with self._connected() as connection:
            self._rows.insert(connection, [_stored(row) for row in rows])

    def due(
        self, policies: bytes, at: datetime, after: int, limit: int, *, until: int | None = None
    ) -> list[Listed]:
        """Return the next records, in order of capture, that are due as of a time.

        They come after one `first_seq`, and not after `until`, if that is given.
        """
        statement = (
            select(records.c.id, records.c.first_seq)
            .join(obligations, obligations.c.record == records.c.id)
            .where(
                _due(policies, at),
                records.c.first_seq > after,
                *(() if until is None else (records.c.first_seq <= until,)),
            )
            .order_by(records.c.first_seq)
            .limit(limit)
        )
        with self._connected() as connection:
            return [Listed(UUID(bytes=id), seq) for id, seq in connection.execute(statement)]

    def count_due(self, policies: bytes, at: datetime) -> int:
        """Return how many records are due as of a time."""
        statement = (
            select(func.count())
            .select_from(records)
            .join(obligations, obligations.c.record == records.c.id)
            .where(_due(policies, at))
        )
        with self._connected() as connection:
            return int(connection.execute(statement).scalar_one())

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        with answering("the catalog"), self._engine.begin() as connection:
            yield connection


def _due(policies: bytes, at: datetime) -> ColumnElement[bool]:
    return and_(
        records.c.erased == 0,
        obligations.c.policies == policies,
        obligations.c.due_at <= _milliseconds(at),
    )


def _stored(row: Obligation) -> tuple[bytes | int | None, ...]:
    times = row.retain_until, row.delete_at, row.due_at
    return row.record, row.policies, row.as_of, *map(_milliseconds, times)


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // _MILLISECOND
