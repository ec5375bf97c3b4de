"""Reading the catalog."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Engine,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    text,
    union_all,
)

from archive.catalog.answering import SqlReader
from archive.catalog.conversations import ConversationCatalog
from archive.catalog.tables import (
    LOST,
    ROLES,
    erasures,
    positions,
    records,
    redactions,
    restrictions,
    tokens,
    users,
)
from archive.model.roles import Role
from archive.query.attributes import Known

CATALOG, TRAIL, RESTRICTIONS = 1, 2, 3
"""Whose positions stand in SQL: followers, and what is restricted, where it changed last."""
_IDS_PER_QUERY = 10_000
_REDACTED = -1
"""Among counts of what is erased: what was not, but has been redacted since."""

# What every request or search asks is put together once: that takes longer than to ask it.
_AMONG_IDS = records.c.id.in_(bindparam("ids", expanding=True))
_ENTRY = tuple(
    records.c[name] for name in ("id", "first_seq", "seq", "version", "erased", "damaged")
)
_POSITION = select(positions.c.seq).where(positions.c.follower == bindparam("follower"))
_TOKEN = select(tokens.c.user_id).where(tokens.c.digest == bindparam("digest"))
_ROWS = select(
    records.c.id,
    records.c.conversation,
    records.c.first_seq,
    records.c.erased,
    records.c.damaged,
).where(_AMONG_IDS)
# Not a parameter: SQLite would plan it anew with each, because an index has such a condition.
_ERASED = select(records.c.id).where(_AMONG_IDS, text("erased <> 0"))
_OTHER = records.alias("other")
_DUPLICATES = (
    select(records.c.id)
    .join(_OTHER, _OTHER.c.duplicate == records.c.duplicate)
    .where(_AMONG_IDS, _OTHER.c.first_seq < records.c.first_seq, _OTHER.c.erased == 0)
    .distinct()
)
_RESTRICTED = select(restrictions.c.record, restrictions.c.case).where(
    restrictions.c.until.is_(None)
)
_REDACTED_AFTER = and_(
    records.c.id.in_(select(redactions.c.record).where(redactions.c.seq > bindparam("as_of"))),
    records.c.erased == 0,
    records.c.damaged == 0,
    records.c.first_seq <= bindparam("as_of"),
)
_LOST = union_all(
    select(records.c.erased, func.count())
    .where(LOST, records.c.first_seq <= bindparam("as_of"))
    .group_by(records.c.erased),
    select(literal(_REDACTED), func.count()).where(_REDACTED_AFTER),
)


class CatalogRow(NamedTuple):
    """What the catalog says of one record; a named tuple as `CatalogEntry` is."""

    id: UUID
    conversation: UUID | None
    first_seq: int
    erased: bool
    damaged: bool


class CatalogEntry(NamedTuple):
    """Where a record begins, which of its versions is the newest, and whether it is erased.

    `id` is the record's, as 16 bytes. A named tuple is made in a third of the time that a frozen
    dataclass takes, and verifying asks for those of all records.
    """

    id: bytes
    first_seq: int
    seq: int
    version: int
    erased: bool
    damaged: bool


class Lost(NamedTuple):
    """How many records cannot be opened: each is one or the other."""

    damaged: int
    erased: int


class Catalog(SqlReader):
    """Questions about records and tokens."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.conversations = ConversationCatalog(engine)

    def position(self, follower: int = CATALOG) -> int:
        """Return the sequence number up to which the catalog, or the trail, is complete.

        That of what is restricted is of the newest event that may have changed it.
        """
        rows = self._all(_POSITION, follower=follower)
        return int(rows[0][0]) if rows else 0

    def rows(self, ids: Iterable[UUID]) -> dict[UUID, CatalogRow]:
        """Return what is known of those of the ids that are catalogued."""
        # Of each id there is one already, which takes less time to find than to make.
        known = {each.bytes: each for each in ids}
        wanted = list(known)
        found: dict[UUID, CatalogRow] = {}
        for start in range(0, len(wanted), _IDS_PER_QUERY):
            page = wanted[start : start + _IDS_PER_QUERY]
            for identifier, conversation, first_seq, erased, damaged in self._all(_ROWS, ids=page):
                key = known[identifier]
                found[key] = CatalogRow(
                    key,
                    None if conversation is None else UUID(bytes=conversation),
                    first_seq,
                    bool(erased),
                    bool(damaged),
                )
        return found

    def known_as(self, rows: Iterable[CatalogRow]) -> dict[UUID, Known]:
        """Return by which ids the conversation of each record is known, of those that have one."""
        of = {row.id: row.conversation for row in rows if row.conversation is not None}
        known = self.conversations.known_as(set(of.values()))
        return {record_id: known[conversation] for record_id, conversation in of.items()}

    def erased(self, ids: Iterable[UUID]) -> set[UUID]:
        """Return those of the ids that are erased."""
        wanted = [each.bytes for each in ids]
        found: set[UUID] = set()
        for start in range(0, len(wanted), _IDS_PER_QUERY):
            page = wanted[start : start + _IDS_PER_QUERY]
            found.update(UUID(bytes=row[0]) for row in self._all(_ERASED, ids=page))
        return found

    def captured_between(self, first: int, last: int) -> list[CatalogEntry]:
        """Return the records whose first event is between two sequence numbers, both included."""
        return self._entries(records.c.first_seq.between(first, last))

    def revised_between(self, first: int, last: int) -> list[CatalogEntry]:
        """Return those of the records before two sequence numbers that changed between them."""
        changed = records.c.seq.between(first, last)
        return self._entries(and_(records.c.first_seq < first, changed))

    def entries(self, ids: Iterable[UUID]) -> dict[UUID, CatalogEntry]:
        """Return what is known of those of the ids that are catalogued."""
        wanted = [each.bytes for each in ids]
        found: dict[UUID, CatalogEntry] = {}
        for start in range(0, len(wanted), _IDS_PER_QUERY):
            page = wanted[start : start + _IDS_PER_QUERY]
            entries = self._entries(records.c.id.in_(page))
            found.update({UUID(bytes=each.id): each for each in entries})
        return found

    def restricted(self, as_of: int | None = None) -> dict[UUID, set[UUID]]:
        """Return the records that cases of erasure restrict, with these; now, or as of then."""
        statement = _RESTRICTED
        if as_of is not None:
            lifted = or_(restrictions.c.until.is_(None), restrictions.c.until > as_of)
            statement = select(restrictions.c.record, restrictions.c.case)
            statement = statement.where(restrictions.c.seq <= as_of, lifted)
        found: dict[UUID, set[UUID]] = {}
        for record, case in self._all(statement):
            found.setdefault(UUID(bytes=record), set()).add(UUID(bytes=case))
        return found

    def restricted_by(self, record_id: UUID) -> set[UUID]:
        """Return the cases of erasure that restrict a record now."""
        statement = _RESTRICTED.where(restrictions.c.record == record_id.bytes)
        return {UUID(bytes=case) for _, case in self._all(statement)}

    def restriction_changed(self) -> int:
        """Return the sequence number of what may have changed last what is restricted, else 0.

        As long as it stays the same, so does what is restricted: both change in one transaction.
        """
        return self.position(RESTRICTIONS)

    def count_up_to(self, seq: int, *, searchable: bool = False) -> int:
        """Return how many records begin up to a sequence number; or of those that can be read."""
        statement = select(func.count()).where(records.c.first_seq <= seq)
        if searchable:
            statement = statement.where(records.c.erased == 0, records.c.damaged == 0)
        return int(self._all(statement)[0][0])

    def _entries(
        self, where: ColumnElement[bool], limit: int | None = None, **parameters: int
    ) -> list[CatalogEntry]:
        statement = select(*_ENTRY).where(where)
        if limit is not None:
            statement = statement.order_by(records.c.first_seq).limit(limit)
        return [
            CatalogEntry(id, first_seq, seq, version, erased != 0, damaged != 0)
            for id, first_seq, seq, version, erased, damaged in self._all(statement, **parameters)
        ]

    def duplicates(self, ids: Sequence[UUID]) -> set[UUID]:
        """Return those of the ids that an earlier capture, not erased, has the same message as."""
        found: set[UUID] = set()
        for start in range(0, len(ids), _IDS_PER_QUERY):
            page = [each.bytes for each in ids[start : start + _IDS_PER_QUERY]]
            found.update(UUID(bytes=row[0]) for row in self._all(_DUPLICATES, ids=page))
        return found

    def rethreaded(self, after: int, up_to: int) -> set[UUID]:
        """Return the records that moved to another conversation between two positions.

        Or that are duplicates no more. A record stands at the last of its moves: one that moves
        again later is found there.
        """
        statement = select(records.c.id).where(
            records.c.rethreaded > after, records.c.rethreaded <= up_to
        )
        return {UUID(bytes=row[0]) for row in self._all(statement)}

    def lost(self, as_of: int) -> Lost:
        """Return how many records captured up to a sequence number are erased or damaged now.

        One that was redacted later is erased as of then.
        """
        counts = {int(erased): int(count) for erased, count in self._all(_LOST, as_of=as_of)}
        return Lost(damaged=counts.pop(0, 0), erased=sum(counts.values()))

    def _redacted_after(self, as_of: int) -> list[CatalogEntry]:
        """Return what was captured up to a sequence number, can be read now, and not as of then."""
        found = self._entries(_REDACTED_AFTER, as_of=as_of)
        return [each._replace(erased=True) for each in found]

    def lost_records(self, after: int, as_of: int, limit: int) -> list[CatalogEntry]:
        """Return the first of those that `lost` counts which were captured after an event."""
        within = and_(LOST, records.c.first_seq > after, records.c.first_seq <= as_of)
        later = (each for each in self._redacted_after(as_of) if each.first_seq > after)
        found = [*self._entries(within, limit), *later]
        return sorted(found, key=lambda each: each.first_seq)[:limit]

    def versions(self, ids: Iterable[UUID]) -> dict[UUID, int]:
        """Return the newest version of each of the records that is catalogued."""
        wanted = [each.bytes for each in ids]
        found: dict[UUID, int] = {}
        for start in range(0, len(wanted), _IDS_PER_QUERY):
            page = wanted[start : start + _IDS_PER_QUERY]
            statement = select(records.c.id, records.c.version).where(records.c.id.in_(page))
            found |= {UUID(bytes=each): version for each, version in self._all(statement)}
        return found

    def unfinished_erasures(self) -> list[UUID]:
        """Return the ids of the erasures that are condemned and not known to be done."""
        statement = select(erasures.c.id).where(erasures.c.newest_epoch.is_(None))
        return [UUID(bytes=row[0]) for row in self._all(statement.order_by(erasures.c.id))]

    def newest_touched_epoch(self) -> int:
        """Return the newest epoch under which a key has been destroyed; 0 for none."""
        return int(self._all(select(func.max(erasures.c.newest_epoch)))[0][0] or 0)

    def token(self, digest: bytes) -> UUID | None:
        """Return the user behind a token's keyed digest."""
        rows = self._all(_TOKEN, digest=digest)
        return UUID(bytes=rows[0][0]) if rows else None

    def users(self, role: Role | None = None) -> list[UUID]:
        """Return all users, or those whose first role this is."""
        statement = select(users.c.id).order_by(users.c.id)
        if role is not None:
            statement = statement.where(users.c.role == ROLES[role])
        return [UUID(bytes=row[0]) for row in self._all(statement)]
