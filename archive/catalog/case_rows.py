"""What stands in SQL of cases: where each is, and what one of erasure restricts and redacted."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Dialect, Table, delete, select, update

from archive.catalog.inserting import WholeRows, insert_for
from archive.catalog.tables import access_requests, cases, redactions, restrictions
from archive.events.access_request_events import AccessRequestClosed, AccessRequestOpened
from archive.events.case_events import CaseClosed, CaseOpened
from archive.events.erasure_events import (
    Decision,
    ErasureCarriedOut,
    ErasureClosed,
    ErasureDecided,
    ErasureLifted,
    ErasureOpened,
    ErasureOrdered,
)
from archive.events.event import Event
from archive.events.types import KeysCondemned

_IDS_PER_STATEMENT: Final = 10_000

CHANGES_RESTRICTIONS: Final = (ErasureDecided, ErasureLifted, KeysCondemned)
"""The events that may change what is restricted."""


class CaseRows:
    """Writes the rows, within the transaction of the catalog's follower."""

    tables: Final = (cases, access_requests, restrictions, redactions)
    events: Final = (
        ErasureOpened,
        ErasureDecided,
        ErasureLifted,
        ErasureOrdered,
        ErasureCarriedOut,
        ErasureClosed,
        AccessRequestOpened,
        AccessRequestClosed,
        KeysCondemned,
    )

    def __init__(self, dialect: Dialect) -> None:
        self._insert = insert_for(dialect)
        self._insert_restrictions = WholeRows(dialect, restrictions)
        # Of one that is redacted again the newest counts.
        self._insert_redactions = WholeRows(dialect, redactions, over=True)

    def apply(self, connection: Connection, seq: int, event: Event) -> None:
        """Apply an event of this sequence number, of `events`."""
        case = event.originator_id.bytes
        match event:
            case ErasureOpened() | AccessRequestOpened():
                opened = self._insert(_table(event)).values(id=case, seq=seq)
                connection.execute(opened.on_conflict_do_nothing())
            case ErasureDecided():
                for ruling in event.rulings:
                    _lift(connection, case, seq, ruling.records)
                    if ruling.decision is Decision.RESTRICT:
                        rows = [(each.bytes, case, seq, None) for each in ruling.records]
                        self._insert_restrictions.insert(connection, rows)
            case ErasureLifted():
                _lift(connection, case, seq, event.records)
            case ErasureOrdered():
                _note(connection, cases, case, ordered=1)
            case ErasureCarriedOut():
                _note(connection, cases, case, ordered=0)
            case ErasureClosed() | AccessRequestClosed():
                _note(connection, _table(event), case, closed=1)
            case KeysCondemned():
                # Mostly none are restricted, which is told sooner than that each is not.
                if connection.execute(select(restrictions.c.record).limit(1)).first():
                    for page in _pages(event.records):
                        gone = restrictions.c.record.in_(page)
                        connection.execute(delete(restrictions).where(gone))
                if event.redacted:
                    erasure = event.originator_id.bytes
                    redacted = [(each.bytes, erasure, seq) for each in event.redacted]
                    self._insert_redactions.insert(connection, redacted)


def _lift(connection: Connection, case: bytes, seq: int, ids: Sequence[UUID]) -> None:
    for page in _pages(ids):
        connection.execute(
            update(restrictions)
            .where(
                restrictions.c.record.in_(page),
                restrictions.c.case == case,
                restrictions.c.until.is_(None),
            )
            .values(until=seq)
        )


def _table(event: CaseOpened | CaseClosed) -> Table:
    of_access = isinstance(event, AccessRequestOpened | AccessRequestClosed)
    return access_requests if of_access else cases


def _note(connection: Connection, table: Table, case: bytes, **state: int) -> None:
    connection.execute(update(table).where(table.c.id == case).values(**state))


def _pages(ids: Sequence[UUID]) -> Iterable[list[bytes]]:
    for start in range(0, len(ids), _IDS_PER_STATEMENT):
        yield [each.bytes for each in ids[start : start + _IDS_PER_STATEMENT]]
