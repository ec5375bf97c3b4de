"""What the catalog knows of conversations: their records in order, and where each stands."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, func, not_, or_, select, true

from archive.catalog.answering import SqlReader
from archive.catalog.tables import (
    departments,
    former_conversations,
    record_threads,
    records,
    restrictions,
)
from archive.query.attributes import Known

# Past every time that milliseconds since 1970 can tell of the years 1 to 9999.
_UNDATED = 2**50
_IDS_PER_QUERY: Final = 10_000
_time: ColumnElement[int] = func.coalesce(records.c.occurred_at, _UNDATED)


@dataclass(frozen=True, slots=True)
class Seen:
    """Which records alone are looked at: of custodians, or in which departments take part, or some.

    `custodians` are codes, `departments` keyed digests, `records` the first sequence numbers of
    single ones; or all of them where it is `whole`. If `unrestricted`, those that a case of erasure
    restricts are left out.
    """

    custodians: frozenset[int] = frozenset()
    departments: frozenset[bytes] = frozenset()
    records: frozenset[int] = frozenset()
    whole: bool = False
    unrestricted: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """What conversations are ordered by: the time, undated last, then the order of capture."""

    time: int
    first_seq: int


@dataclass(frozen=True, slots=True)
class Member:
    """One record of a conversation."""

    id: UUID
    moment: Moment
    erased: bool


def _later(moment: Moment) -> ColumnElement[bool]:
    return or_(
        _time > moment.time, and_(_time == moment.time, records.c.first_seq > moment.first_seq)
    )


def _earlier(moment: Moment) -> ColumnElement[bool]:
    return or_(
        _time < moment.time, and_(_time == moment.time, records.c.first_seq < moment.first_seq)
    )


def _among(seen: Seen | None) -> ColumnElement[bool]:
    if seen is None:
        return true()
    restricted = select(restrictions.c.record).where(restrictions.c.until.is_(None))
    open_to_all = records.c.id.not_in(restricted) if seen.unrestricted else true()
    if seen.whole:
        return open_to_all
    taking_part = select(departments.c.record).where(departments.c.department.in_(seen.departments))
    # These may be more than a statement takes as parameters, so the numbers are written into it.
    single: BindParameter[int] = bindparam(
        "single", sorted(seen.records), expanding=True, literal_execute=True
    )
    whose = or_(
        records.c.custodian.in_(seen.custodians),
        records.c.id.in_(taking_part),
        records.c.first_seq.in_(single),
    )
    return and_(records.c.erased == 0, whose, open_to_all)


class ConversationCatalog(SqlReader):
    """Questions about conversations. Methods raise UnavailableError when SQL does not answer.

    If it is said what is `seen`, only that, and nothing erased.
    """

    def members(
        self,
        conversation: UUID,
        limit: int,
        *,
        after: Moment | None = None,
        seen: Seen | None = None,
    ) -> list[Member]:
        """Return the records of a conversation in order, from the first one after a moment."""
        where = _among(seen)
        if after is not None:
            where = and_(where, _later(after))
        return self._members(conversation, limit, where)

    def neighbours(
        self, conversation: UUID, moment: Moment, *, seen: Seen | None = None
    ) -> tuple[UUID | None, UUID | None]:
        """Return the nearest records before and after a moment that are not erased."""
        readable = and_(records.c.erased == 0, _among(seen))
        before = self._members(conversation, 1, and_(readable, _earlier(moment)), falling=True)
        after = self._members(conversation, 1, and_(readable, _later(moment)))
        return (
            before[0].id if before else None,
            after[0].id if after else None,
        )

    def moment(self, id: UUID) -> Moment | None:
        """Return where a record stands in its conversation, None if it is not catalogued."""
        statement = select(_time, records.c.first_seq).where(records.c.id == id.bytes)
        rows = self._all(statement)
        return Moment(*rows[0]) if rows else None

    def count(
        self,
        conversation: UUID,
        *,
        up_to: Moment | None = None,
        seen: Seen | None = None,
    ) -> int:
        """Return how many records a conversation has, or has up to and with a moment."""
        statement = select(func.count()).where(
            records.c.conversation == conversation.bytes, _among(seen)
        )
        if up_to is not None:
            statement = statement.where(not_(_later(up_to)))
        return int(self._all(statement)[0][0])

    def threads(self, ids: Sequence[UUID]) -> dict[UUID, bytes]:
        """Return by which keys records are joined to others, of those that have any."""
        found: dict[UUID, bytes] = {}
        for start in range(0, len(ids), _IDS_PER_QUERY):
            page = [each.bytes for each in ids[start : start + _IDS_PER_QUERY]]
            statement = select(record_threads).where(record_threads.c.record.in_(page))
            found.update({UUID(bytes=each): bytes(keys) for each, keys in self._all(statement)})
        return found

    def known_as(self, conversations: Collection[UUID]) -> dict[UUID, Known]:
        """Return all ids by which conversations are known: each one's own, and its former ones."""
        found = {each: [str(each)] for each in conversations}
        wanted = [each.bytes for each in found]
        for start in range(0, len(wanted), _IDS_PER_QUERY):
            column = former_conversations.c.conversation
            statement = select(column, former_conversations.c.id).where(
                column.in_(wanted[start : start + _IDS_PER_QUERY])
            )
            for conversation, former in self._all(statement.order_by(former_conversations.c.id)):
                found[UUID(bytes=conversation)].append(str(UUID(bytes=former)))
        return {each: tuple(ids) for each, ids in found.items()}

    def joined_to(self, ids: Collection[UUID]) -> dict[UUID, UUID]:
        """Return what became of those of the ids that were a conversation's, and are no more."""
        column = former_conversations.c.id
        statement = select(column, former_conversations.c.conversation).where(
            column.in_([each.bytes for each in ids])
        )
        return {
            UUID(bytes=former): UUID(bytes=conversation)
            for former, conversation in self._all(statement)
        }

    def _members(
        self,
        conversation: UUID,
        limit: int,
        where: ColumnElement[bool],
        *,
        falling: bool = False,
    ) -> list[Member]:
        order = [_time, records.c.first_seq]
        statement = (
            select(records.c.id, _time, records.c.first_seq, records.c.erased)
            .where(records.c.conversation == conversation.bytes, where)
            .order_by(*(column.desc() if falling else column for column in order))
            .limit(limit)
        )
        return [
            Member(UUID(bytes=identifier), Moment(time, first_seq), bool(erased))
            for identifier, time, first_seq, erased in self._all(statement)
        ]
