"""What stands in SQL besides the records: all that single events of other kinds tell.

The catalog's follower writes it, and verifying makes it once more and compares, by the same code.
"""

from collections import defaultdict
from typing import Final

from sqlalchemy import Connection, Dialect

from archive.catalog.case_rows import CaseRows
from archive.catalog.destruction_rows import DestructionRows
from archive.catalog.dispositions import DispositionRows
from archive.catalog.user_rows import UserRows
from archive.events.event import Event

_KINDS: Final = (UserRows, DestructionRows, CaseRows, DispositionRows)
TOLD_TABLES: Final = tuple(table for kind in _KINDS for table in kind.tables)
TELLING_EVENTS: Final = frozenset(event.type for kind in _KINDS for event in kind.events)
"""The types of the events that something is written of."""

Rows = UserRows | DestructionRows | CaseRows | DispositionRows


class ToldRows:
    """Writes the rows, within one transaction; what an event tells twice is there once."""

    def __init__(self, dialect: Dialect) -> None:
        self._of: defaultdict[type[Event], list[Rows]] = defaultdict(list)
        for kind in _KINDS:
            rows = kind(dialect)
            for event in kind.events:
                self._of[event].append(rows)

    def apply(self, connection: Connection, seq: int, event: Event) -> None:
        """Apply an event of this sequence number, if it tells something."""
        for rows in self._of.get(type(event), ()):
            rows.apply(connection, seq, event)
