"""Recording, correcting and cancelling retention events: who may, and what is written.

Every change writes the next version of the one stream, so that whoever was second reads again and
decides anew (docs/retention-events.md).
"""

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from archive.clock import Clock
from archive.errors import ConflictError, CorruptError, ForbiddenError, NotFoundError
from archive.events import retention_events as happened
from archive.events.audit import FOR_OPERATIONS, Audit
from archive.events.deciding import commit_decided
from archive.events.group import Committer
from archive.events.retention_events import RetentionEventEvent, Statement
from archive.model.roles import Actor, Permission, Purpose
from archive.opening import Archive
from archive.query.printer import to_text
from archive.query.scopes import parse_scope, read_scope
from policies.desk import governance_of
from policies.governance import Governance
from policies.retention_events.answers import (
    NewRetentionEvent,
    RetentionEventCorrection,
    RetentionEventSimulation,
)
from policies.retention_events.book import EventReader, event_reader
from policies.retention_events.event import EventBook, EventVersion, InForce, RetentionEvent
from policies.retention_events.shortening import why_it_starts_sooner
from policies.retention_events.starts import Starts
from policies.rules import RuleReader, Rules, rule_reader
from policies.simulating import Change, Simulator, simulator

Decide = Callable[[EventBook], RetentionEventEvent | None]


class RetentionEventDesk:
    """Says what happened that clocks start at, for those who govern.

    Raises, in every method, ForbiddenError (audited) where the actor may not; in those that change
    something also CorruptError where a retention event cannot be read, and UnavailableError where
    the change cannot be committed.
    """

    def __init__(
        self,
        governance: Governance,
        events: EventReader,
        rules: RuleReader,
        simulator: Simulator,
        committer: Committer,
        audit: Audit,
        clock: Clock,
        zone: tzinfo,
    ) -> None:
        self._governance = governance
        self._events = events
        self._rules = rules
        self._simulator = simulator
        self._committer = committer
        self._audit = audit
        self._clock = clock
        self._zone = zone

    def book(self, actor: Actor) -> EventBook:
        """Return all retention events, to whoever governs or audits."""
        if Permission.GOVERN not in actor.permissions:
            self._audit.require(actor, Permission.AUDIT, "retention-event.list")
        return self._events.read()

    def event(self, actor: Actor, event_id: UUID) -> RetentionEvent:
        """Return one, to whoever governs or audits; NotFoundError if there is none of this id."""
        return _known(self.book(actor), event_id)

    def simulate(
        self, actor: Actor, purpose: Purpose, wanted: NewRetentionEvent
    ) -> RetentionEventSimulation:
        """Return what an event would do if it were recorded and approved now; nothing is altered.

        Raises InvalidError as `record`, and CorruptError where a policy or a retention event cannot
        be read.
        """
        self._governance.require(actor, "retention-event.simulate", purpose)
        statement, now = self._settled(wanted.statement()), self._clock.now()
        book = self._rules.readable()
        rules, new = book.in_force(now), InForce(self._clock.uuid7(), wanted.name, 1, statement)
        others = [each.statement for each in rules.starts.events if each.name == wanted.name]
        shortens = why_it_starts_sooner(None, statement, others)
        change = Change(
            shortens=shortens,
            effective_at=statement.delay.after(now) if shortens else now,
            before=rules,
            after=Rules(rules.policies, Starts([*rules.starts.events, new])),
            old=None,
            new=read_scope(statement.query),
        )
        found = self._simulator.simulate(change)
        self._audit.record(
            actor,
            purpose,
            "retention-event.simulate",
            query=statement.query,
            as_of=found.as_of,
            total=found.in_scope_after,
        )
        return RetentionEventSimulation(name=wanted.name, **dict(found))

    def record(self, actor: Actor, wanted: NewRetentionEvent) -> RetentionEvent:
        """Record that something happened, or will.

        Raises InvalidError where the query cannot be; `column` says where.
        """
        self._governance.require(actor, "retention-event.record")
        statement = self._settled(wanted.statement())
        event_id = self._clock.uuid7()

        def decide(book: EventBook) -> RetentionEventEvent | None:
            if event_id in book.events:
                # A commit of before went through, and this was not told.
                return None
            return self._proposal(
                happened.RetentionEventRecorded,
                actor,
                book,
                RetentionEvent(event_id, wanted.name, ()),
                statement,
                wanted.reason,
                name=wanted.name,
                statement=statement,
            )

        return self._changed(event_id, decide)

    def correct(
        self, actor: Actor, event_id: UUID, wanted: RetentionEventCorrection
    ) -> RetentionEvent:
        """Say anew when it happened, or for which records; nothing happens if that is said already.

        Raises InvalidError as `record`, NotFoundError, and ConflictError where another change of it
        is pending, or it is not in force.
        """
        self._governance.require(actor, "retention-event.correct")

        def decide(book: EventBook) -> RetentionEventEvent | None:
            event, now = _known(book, event_id), self._clock.now()
            old, pending = _in_force(event, now), event.pending(now)
            statement = self._settled(wanted.applied(old))
            if statement == (pending.statement if pending else old):
                return None
            _check_settled(pending)
            return self._proposal(
                happened.RetentionEventCorrected,
                actor,
                book,
                event,
                statement,
                wanted.reason,
                statement=statement,
            )

        return self._changed(event_id, decide)

    def cancel(self, actor: Actor, event_id: UUID, reason: str) -> RetentionEvent:
        """Say that it did not happen; nothing happens if that is said already.

        Raises NotFoundError, and ConflictError as `correct`.
        """
        self._governance.require(actor, "retention-event.cancel")

        def decide(book: EventBook) -> RetentionEventEvent | None:
            event, now = _known(book, event_id), self._clock.now()
            newest = event.versions[-1]
            if newest.statement is None and newest.withdrawn is None:
                return None
            _check_settled(event.pending(now))
            _in_force(event, now)
            return self._proposal(
                happened.RetentionEventCancelled, actor, book, event, None, reason
            )

        return self._changed(event_id, decide)

    def approve(self, actor: Actor, event_id: UUID, version: int | None = None) -> RetentionEvent:
        """Approve the version that waits; `version` makes sure that it is the one meant.

        Raises NotFoundError, ForbiddenError (audited) where the actor proposed it, and
        ConflictError where nothing waits or another version does.
        """
        self._governance.require(actor, "retention-event.approve")

        def decide(book: EventBook) -> RetentionEventEvent:
            event, now = _known(book, event_id), self._clock.now()
            waiting = event.pending(now)
            if waiting is None or waiting.effective_at is not None:
                raise ConflictError("No version of this retention event waits for approval.")
            _check_meant(waiting, version)
            if waiting.proposed.by == actor.id:
                self._audit.record(actor, FOR_OPERATIONS, "retention-event.approve", allowed=False)
                raise ForbiddenError(
                    "Somebody else approves what shortens than whoever proposed it."
                )
            return self._event(
                happened.RetentionEventApproved,
                actor,
                book,
                event_id,
                version=waiting.number,
                effective_at=_effective_at(event.in_force(now), waiting, now),
            )

        return self._changed(event_id, decide)

    def withdraw(self, actor: Actor, event_id: UUID, version: int | None = None) -> RetentionEvent:
        """Withdraw the version that is pending; NotFoundError and ConflictError as `approve`."""
        self._governance.require(actor, "retention-event.withdraw")

        def decide(book: EventBook) -> RetentionEventEvent:
            pending = _known(book, event_id).pending(self._clock.now())
            if pending is None:
                raise ConflictError("No change of this retention event is pending.")
            _check_meant(pending, version)
            return self._event(
                happened.RetentionEventWithdrawn, actor, book, event_id, version=pending.number
            )

        return self._changed(event_id, decide)

    def _settled(self, statement: Statement) -> Statement:
        """Return a statement with its query in canonical form, which means the same in any zone."""
        query = to_text(parse_scope(statement.query, "query", self._zone))
        return statement.model_copy(update={"query": query})

    def _proposal(
        self,
        kind: type[happened.RetentionEventProposed],
        actor: Actor,
        book: EventBook,
        event: RetentionEvent,
        wanted: Statement | None,
        reason: str,
        **fields: Any,
    ) -> RetentionEventEvent:
        """Return the proposal that an event says this; what does not shorten counts at once."""
        now = self._clock.now()
        of_name = {
            each.id: each.statement for each in book.in_force(now) if each.name == event.name
        }
        old = of_name.pop(event.id, None)
        shortens = why_it_starts_sooner(old, wanted, list(of_name.values()))
        return self._event(
            kind,
            actor,
            book,
            event.id,
            version=len(event.versions) + 1,
            reason=reason,
            shortens=shortens,
            effective_at=None if shortens else now,
            **fields,
        )

    def _event(
        self,
        kind: type[RetentionEventEvent],
        actor: Actor,
        book: EventBook,
        about: UUID,
        **fields: Any,
    ) -> RetentionEventEvent:
        return kind(
            originator_id=self._events.stream,
            originator_version=book.newest + 1,
            recorded_at=self._clock.now(),
            about=about,
            by=actor.id,
            address=actor.address,
            **fields,
        )

    def _changed(self, event_id: UUID, decide: Decide) -> RetentionEvent:
        """Commit what is decided over the newest state; ConflictError after several tries."""

        def events() -> list[RetentionEventEvent]:
            book = self._events.read()
            if book.unreadable:
                raise CorruptError(
                    "An event of the retention events cannot be read: verify names it. None is "
                    "changed while it is not known what they say."
                )
            event = decide(book)
            return [event] if event else []

        commit_decided(self._committer, events)
        return _known(self._events.read(), event_id)


def retention_event_desk(archive: Archive) -> RetentionEventDesk:
    """Return what records the retention events of an archive."""
    return RetentionEventDesk(
        governance_of(archive),
        event_reader(archive),
        rule_reader(archive),
        simulator(archive),
        archive.committer,
        archive.audit,
        archive.clock,
        archive.settings.timezone,
    )


def _known(book: EventBook, event_id: UUID) -> RetentionEvent:
    event = book.events.get(event_id)
    if event is None:
        raise NotFoundError("There is no retention event of this id.")
    return event


def _in_force(event: RetentionEvent, now: datetime) -> Statement:
    """Return what counts of an event; ConflictError where nothing does."""
    found = event.in_force(now)
    if found is None:
        raise ConflictError("This retention event is not in force: withdraw what is pending.")
    if found.statement is None:
        raise ConflictError("This retention event is cancelled: record another.")
    return found.statement


def _effective_at(found: EventVersion | None, wanted: EventVersion, now: datetime) -> datetime:
    """Return when a change takes effect that is approved now: after the longer of two delays."""
    said = (each.statement for each in (found, wanted) if each is not None)
    return max((each.delay.after(now) for each in said if each is not None), default=now)


def _check_settled(pending: EventVersion | None) -> None:
    if pending is not None:
        raise ConflictError(
            f"Version {pending.number} of this retention event is pending: withdraw it first."
        )


def _check_meant(version: EventVersion, meant: int | None) -> None:
    if meant not in (None, version.number):
        raise ConflictError(f"Version {version.number} of this retention event is the pending one.")
