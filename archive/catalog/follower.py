"""The catalog's follower: applies events in order, each exactly once, with its position.

Position and rows change in one transaction, so that a crash leaves the catalog as of some
sequence number, never between two.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from archive.access.roles import Role
from archive.capture.threads import thread_keys as keys_of
from archive.catalog.catalog import CATALOG, Catalog
from archive.catalog.tables import (
    CHANNELS,
    DIRECTIONS,
    KINDS,
    ROLES,
    positions,
    records,
    thread_keys,
    tokens,
    users,
)
from archive.events.codebook import CUSTODIAN, SOURCE, Codebook
from archive.events.feed import FedEvent, Follower
from archive.events.identity import Identity
from archive.events.opener import DamagedEvent
from archive.events.types import (
    Erased,
    InteractionCaptured,
    InteractionRevised,
    InteractionWithdrawn,
    TokenIssued,
    UserRegistered,
)


class CatalogFollower(Follower):
    """Keeps the catalog. Only the leader runs it."""

    name = "catalog"

    def __init__(self, engine: Engine, identity: Identity, codebook: Codebook) -> None:
        self._engine = engine
        self._catalog = Catalog(engine)
        self._identity = identity
        self._codebook = codebook

    def position(self) -> int:
        return self._catalog.position()

    def apply(self, events: Sequence[FedEvent], up_to: int) -> None:
        with self._engine.begin() as connection:
            captured = [fed for fed in events if isinstance(fed.event, InteractionCaptured)]
            if captured:
                connection.execute(
                    insert(records).on_conflict_do_nothing(),
                    [self._row(fed, fed.event) for fed in captured],
                )
                self._thread(connection, captured)
            for fed in events:
                if not isinstance(fed.event, InteractionCaptured):
                    self._apply_one(connection, fed)
            connection.execute(
                insert(positions)
                .values(follower=CATALOG, seq=up_to)
                .on_conflict_do_update(index_elements=["follower"], set_={"seq": up_to})
            )

    def _apply_one(self, connection: Connection, fed: FedEvent) -> None:
        row, event = fed.row, fed.event
        match event:
            case InteractionRevised():
                changed = self._row(fed, event)
                del changed["first_seq"], changed["captured_at"]
                connection.execute(
                    update(records)
                    .where(records.c.id == row.originator_id.bytes)
                    .values({key: changed[key] for key in changed if key != "id"})
                )
            case InteractionWithdrawn():
                connection.execute(
                    update(records)
                    .where(records.c.id == row.originator_id.bytes)
                    .values(seq=row.seq, version=row.originator_version, deleted=1)
                )
            case UserRegistered():
                connection.execute(
                    insert(users)
                    .values(id=row.originator_id.bytes, role=ROLES[Role(event.role)])
                    .on_conflict_do_nothing()
                )
            case TokenIssued():
                connection.execute(
                    insert(tokens)
                    .values(digest=bytes.fromhex(event.digest), user_id=row.originator_id.bytes)
                    .on_conflict_do_nothing()
                )
            case Erased() | DamagedEvent() if row.type.startswith("interaction."):
                mark = "damaged" if isinstance(event, DamagedEvent) else "erased"
                connection.execute(
                    insert(records)
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

    def _row(
        self, fed: FedEvent, event: InteractionCaptured | InteractionRevised
    ) -> dict[str, Any]:
        content = event.content
        custodian = event.custodian
        return {
            "id": fed.row.originator_id.bytes,
            "first_seq": fed.row.seq,
            "seq": fed.row.seq,
            "version": fed.row.originator_version,
            "channel": CHANNELS[content.channel],
            "kind": KINDS[content.kind],
            "direction": DIRECTIONS[content.direction] if content.direction else None,
            "source": self._codebook.code(SOURCE, content.source),
            "custodian": self._codebook.code(CUSTODIAN, custodian) if custodian else None,
            "occurred_at": _milliseconds(content.occurred_at),
            "captured_at": _milliseconds(event.recorded_at),
            "size": event.original.size,
            "duplicate": self._identity.duplicate(content, event.original.sha256),
            "deleted": 0,
        }

    def _thread(self, connection: Connection, captured: Sequence[FedEvent]) -> None:
        """Join each record to the conversation that its keys name, merging where they meet.

        A conversation's id is that of its first captured record, and the older id wins a merge,
        so that the same events in the same order always give the same conversations.
        """
        keyed = [(fed, self._keys(fed)) for fed in captured]
        wanted = {key for _, keys in keyed for key in keys}
        found = self._conversations(connection, wanted)
        fresh: dict[bytes, bytes] = {}
        joined: dict[bytes, bytes] = {}
        for fed, keys in keyed:
            own = fed.row.originator_id.bytes
            known = {found[key] for key in keys if key in found}
            conversation = own
            if known:
                conversation = self._oldest(connection, known, joined, captured)
                for other in known - {conversation}:
                    found = {
                        key: conversation if each == other else each for key, each in found.items()
                    }
                    fresh = {
                        key: conversation if each == other else each for key, each in fresh.items()
                    }
                    joined = {
                        key: conversation if each == other else each for key, each in joined.items()
                    }
                    self._merge(connection, other, conversation)
            joined[own] = conversation
            for key in keys:
                if key not in found:
                    fresh[key] = conversation
                found[key] = conversation
        if fresh:
            connection.execute(
                insert(thread_keys).on_conflict_do_nothing(),
                [{"key": key, "conversation": value} for key, value in fresh.items()],
            )
        connection.execute(
            update(records)
            .where(records.c.id == bindparam("record"))
            .values(conversation=bindparam("joined")),
            [{"record": record, "joined": value} for record, value in joined.items()],
        )

    def _keys(self, fed: FedEvent) -> list[bytes]:
        assert isinstance(fed.event, InteractionCaptured)
        return [self._identity.thread_key(text) for text in keys_of(fed.event.content)]

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
        connection: Connection,
        conversations: set[bytes],
        joined: dict[bytes, bytes],
        captured: Sequence[FedEvent],
    ) -> bytes:
        if len(conversations) == 1:
            return next(iter(conversations))
        statement = select(records.c.first_seq, records.c.id).where(records.c.id.in_(conversations))
        return min((seq, identifier) for seq, identifier in connection.execute(statement))[1]

    @staticmethod
    def _merge(connection: Connection, gone: bytes, kept: bytes) -> None:
        for table in (thread_keys, records):
            connection.execute(
                update(table).where(table.c.conversation == gone).values(conversation=kept)
            )


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
