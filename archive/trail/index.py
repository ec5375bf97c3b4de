"""Asking the trail's index: which entries there are, and counts of them, by sequence number."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, and_, case, exists, func, or_, select, true

from archive.catalog.answering import SqlReader
from archive.catalog.catalog import TRAIL, Catalog
from archive.catalog.tables import PURPOSE_KINDS, records, trail, trail_subjects
from archive.events.types import EVENT_TYPES, KeysCondemned
from archive.trail.asked import Order, milliseconds
from archive.trail.entry import COPIES, READS, SEARCHES, is_act
from archive.trail.follower import TrailDigests

_IDS_PER_QUERY: Final = 10_000
_NEVER: Final = 2**62
Where = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Sighting:
    """That somebody saw a record, or asked for it in vain, for one purpose: when and how often.

    `seq` is that of the first such entry; times are in milliseconds since 1970, UTC.
    """

    seq: int
    record: UUID
    allowed: int
    refused: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Reading:
    """That somebody, by a digest, read a record, and whether its captured bytes were given away.

    `seq` is that of the first such entry; times as above.
    """

    actor: bytes
    seq: int
    record: UUID
    copied: bool
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Dated:
    """An entry and when it was recorded, in whole milliseconds."""

    seq: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Activity:
    """What one actor did in some time: when last, and how much of what, in times as above."""

    last: int | None
    last_sign_in: int | None
    last_read: int | None
    searches: int
    reads: int
    refused: int
    records: int


class TrailIndex(SqlReader):
    """Questions to the tables; each raises UnavailableError when SQL does not answer."""

    what = "the audit trail"

    def __init__(self, engine: Engine, digests: TrailDigests) -> None:
        super().__init__(engine)
        self._catalog = Catalog(engine)
        self.digests = digests

    def position(self) -> int:
        """Return the sequence number up to which every act is indexed."""
        return self._catalog.position(TRAIL)

    def count(self, where: Where) -> int:
        """Return how many entries there are."""
        return int(self._all(select(func.count()).select_from(trail).where(where))[0][0])

    def seqs(
        self, where: Where, order: Order, *, after: int | None = None, limit: int | None = None
    ) -> list[int]:
        """Return sequence numbers in order, from the first after one."""
        column = trail.c.seq
        if after is not None:
            where = and_(where, column < after if order == "newest" else column > after)
        statement = select(column).where(where)
        statement = statement.order_by(column.desc() if order == "newest" else column).limit(limit)
        return [row[0] for row in self._all(statement)]

    def about(self, subjects: Iterable[UUID]) -> set[int]:
        """Return the entries about any of many records."""
        found: set[int] = set()
        for page in _pages(subjects):
            statement = select(trail_subjects.c.seq).where(trail_subjects.c.subject.in_(page))
            found.update(row[0] for row in self._all(statement))
        return found

    def between(self, first: int, last: int) -> set[int]:
        """Return the entries between two sequence numbers, both included."""
        return {row[0] for row in self._all(select(trail.c.seq).where(span(first, last)))}

    def recorded_until(
        self, until: datetime, after: int, limit: int, types: Collection[str]
    ) -> list[Dated]:
        """Return the next entries, after a sequence number, recorded up to a time.

        They are of these types of events, and of others that the index cannot tell from them.
        """
        other = [name for name in EVENT_TYPES if is_act(name) and name not in types]
        where = and_(
            trail.c.seq > after,
            trail.c.at <= milliseconds(until),
            trail.c.action.not_in([self.digests.action(name) for name in other]),
        )
        statement = select(trail.c.seq, trail.c.at).where(where).order_by(trail.c.seq)
        return [
            Dated(seq, datetime.fromtimestamp(at / 1000, UTC))
            for seq, at in self._all(statement.limit(limit))
        ]

    def whole_since(self, as_of: int, now: datetime) -> datetime | None:
        """Return from when on no entry is missing, in the order of the log; None if none is.

        Those that are erased and those that are damaged are missing alike. It is now where nothing
        follows the last of them.
        """
        # Both conditions of the index by actor, under which no entry stands that can be read.
        gone = and_(trail.c.actor.is_(None), trail.c.at.is_(None), trail.c.seq <= as_of)
        missing = self._all(select(func.max(trail.c.seq)).where(gone))[0][0]
        if missing is None:
            return None
        later = select(trail.c.at).where(trail.c.seq > missing, trail.c.at.is_not(None))
        found = self._all(later.order_by(trail.c.seq).limit(1))
        return datetime.fromtimestamp(found[0][0] / 1000, UTC) if found else now

    def sightings(self, where: Where, subjects: Where, most: int) -> list[Sighting]:
        """Return who saw which of the records that `subjects` says, up to `most` and one more.

        Only reads and searches count, and their refusals: what has a purpose and is about records.
        """
        subject = trail_subjects.c.subject
        statement = (
            select(
                func.min(trail.c.seq),
                subject,
                func.sum(trail.c.allowed),
                func.sum(1 - trail.c.allowed),
                func.min(trail.c.at),
                func.max(trail.c.at),
            )
            .join(trail_subjects, trail_subjects.c.seq == trail.c.seq)
            .where(where, subjects, trail.c.purpose.is_not(None))
            .group_by(trail.c.actor, subject, trail.c.purpose, trail.c.detail)
            .order_by(func.min(trail.c.seq), subject)
            .limit(most + 1)
        )
        return [
            Sighting(seq, UUID(bytes=record), int(allowed), int(refused), first, last)
            for seq, record, allowed, refused, first, last in self._all(statement)
        ]

    def readings(self, ids: Iterable[UUID], as_of: int | None = None) -> list[Reading]:
        """Return who read any of many records, a line for each of both; all, or as of then.

        A proof of a record that was erased before it is no reading: it came without evidence.
        """
        until = () if as_of is None else (trail.c.seq <= as_of,)
        action, subject = trail.c.action, trail_subjects.c.subject
        reads = [self.digests.action(name) for name in READS if name != "history"]
        copies = action.in_([self.digests.action(name) for name in COPIES])
        gives = or_(action != self.digests.action("prove"), trail.c.seq < self._erased_at(subject))
        found: list[Reading] = []
        for page in _pages(ids):
            statement = (
                select(
                    trail.c.actor,
                    func.min(trail.c.seq),
                    subject,
                    func.max(case((copies, 1), else_=0)),
                    func.min(trail.c.at),
                    func.max(trail.c.at),
                )
                .join(trail_subjects, trail_subjects.c.seq == trail.c.seq)
                .where(trail.c.allowed == 1, action.in_(reads), subject.in_(page), gives, *until)
                .group_by(trail.c.actor, subject)
            )
            found += [
                Reading(actor, seq, UUID(bytes=record), bool(copied), first, last)
                for actor, seq, record, copied, first, last in self._all(statement)
            ]
        return found

    def _erased_at(self, record: ColumnElement[bytes]) -> ColumnElement[int]:
        """Return at which sequence number a record was erased, beyond all where it was not."""
        entries, about = trail.alias(), trail_subjects.alias()
        condemned = (
            select(func.max(entries.c.seq))
            .join(about, about.c.seq == entries.c.seq)
            .join(records, and_(records.c.id == about.c.subject, records.c.erased == 1))
            .where(about.c.subject == record)
            .where(entries.c.action == self.digests.action(KeysCondemned.type))
            .correlate(trail_subjects)
        )
        return func.coalesce(condemned.scalar_subquery(), _NEVER)

    def activities(self, where: Where, period: Where) -> dict[bytes, Activity]:
        """Return what each actor did, by the digest of their id; counts are of a period."""
        action = trail.c.action
        reads = action.in_([self.digests.action(name) for name in READS])
        searches = action.in_([self.digests.action(name) for name in SEARCHES])
        signs_in = action == self.digests.action("session.began")
        allowed = trail.c.allowed == 1

        def last(which: Where) -> ColumnElement[Any]:
            return func.max(case((which, trail.c.at)))

        def counted(which: Where) -> ColumnElement[Any]:
            return func.sum(case((and_(period, which), 1), else_=0))

        statement = select(
            trail.c.actor,
            last(allowed),
            last(signs_in),
            last(and_(allowed, reads | searches)),
            counted(and_(allowed, searches)),
            counted(and_(allowed, reads)),
            counted(trail.c.allowed == 0),
        ).where(where, trail.c.actor.is_not(None))
        distinct = (
            select(trail.c.actor, func.count(trail_subjects.c.subject.distinct()))
            .join(trail_subjects, trail_subjects.c.seq == trail.c.seq)
            .where(where, period, allowed, reads | searches)
            .group_by(trail.c.actor)
        )
        seen = {row[0]: row[1] for row in self._all(distinct)}
        return {
            actor: Activity(last_at, sign_in, read_at, searched, read, refused, seen.get(actor, 0))
            for actor, last_at, sign_in, read_at, searched, read, refused in self._all(
                statement.group_by(trail.c.actor)
            )
        }

    def last_uses(self, where: Where) -> dict[bytes, int]:
        """Return when each token was last used for an act, by the digest of its id."""
        statement = select(trail.c.token, func.max(trail.c.at)).where(
            where, trail.c.token.is_not(None), trail.c.allowed == 1
        )
        return {row[0]: row[1] for row in self._all(statement.group_by(trail.c.token))}


def span(first: int, last: int) -> Where:
    """Return the condition of sequence numbers between two, both included."""
    return trail.c.seq.between(first, last)


def during(since: datetime | None, until: datetime | None) -> Where:
    """Return the condition of a time: from one moment on, before another; None for any."""
    conditions: list[Where] = [true()]
    if since is not None:
        conditions.append(trail.c.at >= milliseconds(since))
    if until is not None:
        conditions.append(trail.c.at < milliseconds(until))
    return and_(*conditions)


def about(subject: UUID) -> Where:
    """Return the condition of being about a record or a user."""
    return exists().where(
        trail_subjects.c.seq == trail.c.seq, trail_subjects.c.subject == subject.bytes
    )


def of_custodian(codes: Iterable[int]) -> Where:
    """Return the condition that a subject is a custodian's record that is not erased."""
    held = select(records.c.id).where(records.c.custodian.in_(list(codes)), records.c.erased == 0)
    return trail_subjects.c.subject.in_(held)


def any_of(subjects: Sequence[UUID]) -> Where:
    """Return the condition that a subject is one of a few."""
    return trail_subjects.c.subject.in_([each.bytes for each in subjects])


def within(subjects: Where) -> Where:
    """Return the condition of being about any subject of which a condition holds."""
    return trail.c.seq.in_(select(trail_subjects.c.seq).where(subjects))


def purpose_kind(kind: str) -> Where:
    """Return the condition of a kind of purpose."""
    return trail.c.purpose == PURPOSE_KINDS[kind]


def _pages(ids: Iterable[UUID]) -> Iterator[list[bytes]]:
    wanted = [each.bytes for each in ids]
    for start in range(0, len(wanted), _IDS_PER_QUERY):
        yield wanted[start : start + _IDS_PER_QUERY]
