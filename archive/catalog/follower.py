"""The catalog's follower: applies events in order, each exactly once, with its position.

Position and rows change in one transaction, so that a crash leaves the catalog as of some
sequence number, never between two.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from archive.catalog.case_rows import CHANGES_RESTRICTIONS
from archive.catalog.catalog import CATALOG, RESTRICTIONS, Catalog
from archive.catalog.conversation_rows import ConversationRows, split_keys
from archive.catalog.inserting import WholeRows, insert_for
from archive.catalog.tables import (
    CHANNELS,
    DIRECTIONS,
    KINDS,
    departments,
    positions,
    record_threads,
    records,
)
from archive.catalog.told import ToldRows
from archive.errors import UnavailableError
from archive.events.codebook import CUSTODIAN, SOURCE, Codebook
from archive.events.event import Event
from archive.events.feed import FedEvent, Follower
from archive.events.identity import Identity
from archive.events.opener import DamagedEvent
from archive.events.pointers import PointerRow
from archive.events.types import (
    Erased,
    InteractionCaptured,
    InteractionRedacted,
    InteractionRevised,
    InteractionWithdrawn,
    KeysCondemned,
)
from archive.model.interaction import Content
from archive.query.attributes import departments as departments_of

_IDS_PER_STATEMENT = 10_000
_in_order = itemgetter(*(column.name for column in records.columns))


class CatalogFollower(Follower):
    """Keeps the catalog. Only the leader can: `fence` is asked in every transaction.

    A record that moves to another conversation, or of which a duplicate is erased, is marked with
    the position of the batch that did so, so that indexes, wherever they are kept, find what they
    have to show anew.
    """

    name = "catalog"

    def __init__(
        self,
        engine: Engine,
        identity: Identity,
        codebook: Codebook,
        fence: Callable[[Connection], None],
    ) -> None:
        self._engine = engine
        self._fence = fence
        self._insert = insert_for(engine.dialect)
        self._catalog = Catalog(engine)
        self._identity = identity
        self._codebook = codebook
        self._insert_records = WholeRows(engine.dialect, records)
        self._insert_departments = WholeRows(engine.dialect, departments)
        self._conversations = ConversationRows(engine.dialect, identity)
        self._others = ToldRows(engine.dialect)

    def position(self) -> int:
        return self._catalog.position()

    def apply(self, events: Sequence[FedEvent], up_to: int) -> None:
        try:
            with self._engine.begin() as connection:
                self._fence(connection)
                self._apply(connection, events, up_to)
        except SQLAlchemyError as error:
            # Nothing of the batch was kept; it is fed again.
            raise UnavailableError(
                f"The catalog does not take a batch: {type(error).__name__}."
            ) from error

    def _apply(self, connection: Connection, events: Sequence[FedEvent], up_to: int) -> None:
        captured = [
            (fed.row, fed.event) for fed in events if isinstance(fed.event, InteractionCaptured)
        ]
        if captured:
            joined = self._conversations.join(connection, captured, up_to)
            rows = [
                self._row(row, event)
                | {"conversation": joined[row.originator_id.bytes], "erased": 0, "damaged": 0}
                for row, event in captured
            ]
            self._insert_records.insert(connection, list(map(_in_order, rows)))
            self._note_departments(connection, captured)
        for fed in events:
            if isinstance(fed.event, InteractionRedacted):
                self._redact(connection, fed.row, fed.event, up_to)
            elif not isinstance(fed.event, InteractionCaptured):
                self._apply_one(connection, fed, up_to)
        self._note_position(connection, CATALOG, up_to)

    def _note_position(self, connection: Connection, follower: int, seq: int) -> None:
        connection.execute(
            self._insert(positions)
            .values(follower=follower, seq=seq)
            .on_conflict_do_update(index_elements=["follower"], set_={"seq": seq})
        )

    def show(self) -> None:
        """Nothing is left to do: what is applied shows at once."""

    def _apply_one(self, connection: Connection, fed: FedEvent, up_to: int) -> None:
        row, event = fed.row, fed.event
        match event:
            case InteractionRevised():
                changed = self._row(row, event)
                del changed["first_seq"], changed["captured_at"], changed["rethreaded"]
                connection.execute(
                    update(records)
                    .where(records.c.id == row.originator_id.bytes)
                    .values({key: changed[key] for key in changed if key != "id"})
                )
                connection.execute(
                    delete(departments).where(departments.c.record == row.originator_id.bytes)
                )
                self._note_departments(connection, [(row, event)])
            case InteractionWithdrawn():
                connection.execute(
                    update(records)
                    .where(records.c.id == row.originator_id.bytes)
                    .values(seq=row.seq, version=row.originator_version, deleted=1)
                )
            case Erased() | DamagedEvent() if row.type.startswith("interaction."):
                mark = "damaged" if isinstance(event, DamagedEvent) else "erased"
                connection.execute(
                    self._insert(records)
                    .values(
                        id=row.originator_id.bytes,
                        first_seq=row.seq,
                        seq=row.seq,
                        version=row.originator_version,
                        **{mark: 1},
                    )
                    .on_conflict_do_update(
                        index_elements=["id"],
                        set_={"seq": row.seq, "version": row.originator_version, mark: 1},
                    )
                )
            case Event():
                if isinstance(event, KeysCondemned):
                    self._erase(connection, event, up_to)
                self._others.apply(connection, row.seq, event)
                if isinstance(event, CHANGES_RESTRICTIONS):
                    self._note_position(connection, RESTRICTIONS, row.seq)

    def _redact(
        self, connection: Connection, row: PointerRow, event: InteractionRedacted, up_to: int
    ) -> None:
        """Take over what a redacted record tells; read anew, it tells all that is known of it."""
        own = row.originator_id.bytes
        changed = self._told(row, event.content, event.custodian, event.size)
        changed |= {
            "captured_at": _milliseconds(event.captured_at),
            "duplicate": bytes.fromhex(event.duplicate),
            "deleted": int(event.withdrawn),
            "erased": 0,
        }
        there = select(records.c.conversation).where(records.c.id == own)
        if connection.execute(there).scalar() is None:
            # What joined it to others is destroyed, and is known by its keys alone.
            keyed = {own: [bytes.fromhex(key) for key in event.threads]}
            changed["conversation"] = self._conversations.rejoin(connection, keyed, up_to)[own]
            self._conversations.keep(connection, keyed.items())
        connection.execute(update(records).where(records.c.id == own).values(changed))
        connection.execute(delete(departments).where(departments.c.record == own))
        self._note_departments(connection, [(row, event)])

    def _note_departments(
        self,
        connection: Connection,
        events: Sequence[
            tuple[PointerRow, InteractionCaptured | InteractionRevised | InteractionRedacted]
        ],
    ) -> None:
        rows = [
            (row.originator_id.bytes, self._identity.department(department))
            for row, event in events
            for department in departments_of(event.content)
        ]
        if rows:
            self._insert_departments.insert(connection, rows)

    def _erase(self, connection: Connection, event: KeysCondemned, up_to: int) -> None:
        """Mark records as erased; read anew, they are joined as they were by what is told of them.

        Those that were their duplicates may be none any more, and are shown anew.
        """
        threads = dict(zip(event.records, event.threads, strict=False))
        for start in range(0, len(event.records), _IDS_PER_STATEMENT):
            page = event.records[start : start + _IDS_PER_STATEMENT]
            ids = [each.bytes for each in page]
            there = records.c.id.in_(ids)
            alike = select(records.c.duplicate).where(there, records.c.duplicate.is_not(None))
            for changed in (
                update(records).where(there).values(erased=1),
                update(records)
                .where(records.c.duplicate.in_(alike), records.c.erased == 0)
                .values(rethreaded=up_to),
                delete(record_threads).where(record_threads.c.record.in_(ids)),
            ):
                connection.execute(changed)
            alone = select(records.c.id).where(there, records.c.conversation.is_(None))
            lost = {bytes(each) for each in connection.execute(alone).scalars()}
            keyed = {
                each.bytes: split_keys(bytes.fromhex(threads[each]))
                for each in page
                if each.bytes in lost and each in threads
            }
            if keyed:
                self._rejoin(connection, keyed, up_to)

    def _rejoin(
        self, connection: Connection, keyed: Mapping[bytes, Sequence[bytes]], up_to: int
    ) -> None:
        joined = self._conversations.rejoin(connection, keyed, up_to)
        moved = update(records).where(records.c.id == bindparam("record"))
        connection.execute(
            moved.values(conversation=bindparam("joined")),
            [{"record": record, "joined": conversation} for record, conversation in joined.items()],
        )

    def _row(
        self, row: PointerRow, event: InteractionCaptured | InteractionRevised
    ) -> dict[str, Any]:
        return {
            **self._told(row, event.content, event.custodian, event.original.size),
            "id": row.originator_id.bytes,
            "first_seq": row.seq,
            "captured_at": _milliseconds(event.recorded_at),
            "rethreaded": None,
            "duplicate": self._identity.duplicate(event.content, event.original.sha256),
            "deleted": 0,
        }

    def _told(
        self, row: PointerRow, content: Content, custodian: str | None, size: int
    ) -> dict[str, Any]:
        """Return the columns that every version of a record fills by what it tells."""
        return {
            "seq": row.seq,
            "version": row.originator_version,
            "channel": CHANNELS[content.channel],
            "kind": KINDS[content.kind],
            "direction": DIRECTIONS[content.direction] if content.direction else None,
            "source": self._codebook.code(SOURCE, content.source),
            "custodian": self._codebook.code(CUSTODIAN, custodian) if custodian else None,
            "occurred_at": _milliseconds(content.occurred_at),
            "size": size,
        }


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
