"""The catalog's follower: applies events in order, each exactly once, with its position.

Position and rows change in one transaction, so that a crash leaves the catalog as of some
sequence number, never between two.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Engine, delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from archive.access.roles import Role
from archive.capture.threads import thread_keys as keys_of
from archive.catalog.case_rows import CaseRows
from archive.catalog.catalog import CATALOG, Catalog
from archive.catalog.dispositions import DispositionRows
from archive.catalog.inserting import WholeRows, insert_for
from archive.catalog.tables import (
    CHANNELS,
    DIRECTIONS,
    KINDS,
    ROLES,
    certificates,
    departments,
    destructions,
    erasures,
    positions,
    purges,
    records,
    thread_keys,
    tokens,
    users,
)
from archive.errors import UnavailableError
from archive.events.case_events import CaseEvent
from archive.events.codebook import CUSTODIAN, SOURCE, Codebook
from archive.events.disposition_events import DispositionEvent
from archive.events.erasure_events import ErasureCarriedOut
from archive.events.feed import FedEvent, Follower
from archive.events.identity import Identity
from archive.events.opener import DamagedEvent
from archive.events.pointers import PointerRow
from archive.events.purge_events import CertificateIssued, PurgeCompleted, PurgePlanned
from archive.events.types import (
    Erased,
    InteractionCaptured,
    InteractionRedacted,
    InteractionRevised,
    InteractionWithdrawn,
    KeysCondemned,
    KeysDestroyed,
)
from archive.events.user_events import TokenIssued, UserRegistered, UserRolesChanged
from archive.model.interaction import Content
from archive.query.attributes import departments as departments_of

_IDS_PER_STATEMENT = 10_000
_in_order = itemgetter(*(column.name for column in records.columns))


class CatalogFollower(Follower):
    """Keeps the catalog. Only the leader can: `fence` is asked in every transaction.

    A record that moves to another conversation is marked with the position of the batch that
    moved it, so that indexes, wherever they are kept, find what they have to show anew.
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
        self._insert_keys = WholeRows(engine.dialect, thread_keys)
        self._insert_departments = WholeRows(engine.dialect, departments)
        self._insert_destructions = WholeRows(engine.dialect, destructions)
        self._insert_certificates = WholeRows(engine.dialect, certificates)
        self._cases = CaseRows(engine.dialect)
        self._dispositions = DispositionRows(engine.dialect)

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
            joined = self._thread(connection, captured, up_to)
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
                self._apply_one(connection, fed)
        connection.execute(
            self._insert(positions)
            .values(follower=CATALOG, seq=up_to)
            .on_conflict_do_update(index_elements=["follower"], set_={"seq": up_to})
        )

    def show(self) -> None:
        """Nothing is left to do: what is applied shows at once."""

    def _apply_one(self, connection: Connection, fed: FedEvent) -> None:
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
            case UserRegistered():
                connection.execute(
                    self._insert(users)
                    .values(id=row.originator_id.bytes, role=ROLES[Role(event.roles[0])])
                    .on_conflict_do_nothing()
                )
            case UserRolesChanged():
                connection.execute(
                    update(users)
                    .where(users.c.id == row.originator_id.bytes)
                    .values(role=ROLES[Role(event.roles[0])])
                )
            case TokenIssued():
                connection.execute(
                    self._insert(tokens)
                    .values(digest=bytes.fromhex(event.digest), user_id=row.originator_id.bytes)
                    .on_conflict_do_nothing()
                )
            case KeysCondemned():
                self._condemn(connection, event)
                self._cases.apply(connection, row.seq, event)
            case KeysDestroyed():
                connection.execute(
                    update(erasures)
                    .where(erasures.c.id == row.originator_id.bytes)
                    .values(newest_epoch=max(event.epochs, default=0))
                )
            case PurgePlanned():
                connection.execute(
                    self._insert(purges)
                    .values(id=row.originator_id.bytes, seq=row.seq)
                    .on_conflict_do_nothing()
                )
            case PurgeCompleted():
                connection.execute(
                    update(purges).where(purges.c.id == row.originator_id.bytes).values(completed=1)
                )
            case CertificateIssued():
                self._certify(connection, row, event)
            case CaseEvent() | ErasureCarriedOut():
                self._cases.apply(connection, row.seq, event)
            case DispositionEvent():
                self._dispositions.apply(connection, row.seq, event)
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
            keys = [bytes.fromhex(key) for key in event.threads]
            changed["conversation"] = self._rejoin(connection, own, keys, up_to)
        connection.execute(update(records).where(records.c.id == own).values(changed))
        connection.execute(delete(departments).where(departments.c.record == own))
        self._note_departments(connection, [(row, event)])

    def _rejoin(
        self, connection: Connection, record: bytes, keys: Sequence[bytes], up_to: int
    ) -> bytes:
        """Return the conversation of a record that is catalogued without one, merged by its keys.

        Each is the one that it would be if the record had stood in it all the time.
        """
        threads = _Threads(self._conversations(connection, set(keys)))
        known = {threads.of[key] for key in keys if key in threads.of}
        conversation = self._oldest(connection, {record, *known}, {})
        for other in known - {conversation}:
            threads.merge(other, conversation)
            self._merge(connection, other, conversation, up_to)
        threads.join(record, keys, conversation)
        if threads.fresh:
            rows = [(key, threads.of[key]) for key in threads.fresh]
            self._insert_keys.insert(connection, rows)
        return conversation

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

    def _condemn(self, connection: Connection, event: KeysCondemned) -> None:
        connection.execute(
            self._insert(erasures).values(id=event.originator_id.bytes).on_conflict_do_nothing()
        )
        for start in range(0, len(event.records), _IDS_PER_STATEMENT):
            page = [each.bytes for each in event.records[start : start + _IDS_PER_STATEMENT]]
            connection.execute(update(records).where(records.c.id.in_(page)).values(erased=1))
        if event.records:
            rows = [(each.bytes, event.originator_id.bytes) for each in event.records]
            self._insert_destructions.insert(connection, rows)

    def _certify(self, connection: Connection, row: PointerRow, event: CertificateIssued) -> None:
        if event.erasures:
            rows = [(each.bytes, row.originator_id.bytes, row.seq) for each in event.erasures]
            self._insert_certificates.insert(connection, rows)

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

    def _thread(
        self,
        connection: Connection,
        captured: Sequence[tuple[PointerRow, InteractionCaptured]],
        up_to: int,
    ) -> dict[bytes, bytes]:
        """Return the conversation that each record's keys name, merging where they meet.

        A conversation's id is that of its first captured record, and the older id wins a merge,
        so that the same events in the same order always give the same conversations.
        """
        keyed = [(row.originator_id.bytes, self._keys(event)) for row, event in captured]
        seqs = {row.originator_id.bytes: row.seq for row, _ in captured}
        threads = _Threads(self._conversations(connection, {key for _, ks in keyed for key in ks}))
        for record, keys in keyed:
            conversation = record
            known = {threads.of[key] for key in keys if key in threads.of}
            if known:
                conversation = self._oldest(connection, known, seqs)
                for other in known - {conversation}:
                    threads.merge(other, conversation)
                    self._merge(connection, other, conversation, up_to)
            threads.join(record, keys, conversation)
        if threads.fresh:
            rows = [(key, threads.of[key]) for key in threads.fresh]
            self._insert_keys.insert(connection, rows)
        return threads.joined

    def _keys(self, event: InteractionCaptured) -> list[bytes]:
        return [self._identity.thread_key(text) for text in keys_of(event.content)]

    @staticmethod
    def _conversations(connection: Connection, keys: set[bytes]) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        ordered = sorted(keys)
        for start in range(0, len(ordered), 10_000):
            page = ordered[start : start + 10_000]
            statement = select(thread_keys.c.key, thread_keys.c.conversation).where(
                thread_keys.c.key.in_(page)
            )
            found |= {row.key: row.conversation for row in connection.execute(statement)}
        return found

    @staticmethod
    def _oldest(
        connection: Connection, conversations: set[bytes], batch: Mapping[bytes, int]
    ) -> bytes:
        """Return the conversation whose first record came first, in `batch` or before it."""
        if len(conversations) == 1:
            return next(iter(conversations))
        statement = select(records.c.first_seq, records.c.id).where(records.c.id.in_(conversations))
        began = [(batch[each], each) for each in conversations if each in batch]
        began += [(row.first_seq, row.id) for row in connection.execute(statement)]
        return bytes(min(began)[1])

    @staticmethod
    def _merge(connection: Connection, gone: bytes, kept: bytes, up_to: int) -> None:
        keys, moved = (
            update(table).where(table.c.conversation == gone).values(conversation=kept)
            for table in (thread_keys, records)
        )
        connection.execute(keys)
        connection.execute(moved.values(rethreaded=up_to))


class _Threads:
    """Conversations by key while one batch is threaded.

    `of` holds what is known, `fresh` the keys that SQL does not have yet, `joined` the records of
    this batch.
    """

    def __init__(self, known: dict[bytes, bytes]) -> None:
        self.of = known
        self.fresh: set[bytes] = set()
        self.joined: dict[bytes, bytes] = {}

    def join(self, record: bytes, keys: Sequence[bytes], conversation: bytes) -> None:
        self.joined[record] = conversation
        self.fresh.update(key for key in keys if key not in self.of)
        self.of.update(dict.fromkeys(keys, conversation))

    def merge(self, gone: bytes, kept: bytes) -> None:
        for table in (self.of, self.joined):
            table.update({key: kept for key, value in table.items() if value == gone})


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
