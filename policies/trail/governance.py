"""Changing how long the audit trail is kept: who may, what needs a second person, and from when on.

Every change writes the next version of the one stream, so that whoever was second reads again and
decides anew.
"""

from collections.abc import Callable
from typing import Any

from archive.clock import Clock
from archive.errors import ConflictError, ForbiddenError, InvalidError
from archive.events import trail_events as happened
from archive.events.audit import FOR_OPERATIONS, Audit
from archive.events.deciding import commit_decided
from archive.events.group import Committer
from archive.events.trail_events import TrailRetentionEvent
from archive.model.period import Period
from archive.model.roles import Actor, Permission
from policies.governance import Governance
from policies.trail.book import TrailReader
from policies.trail.keeping import DELAY, LEAST, TrailBook, TrailVersion, too_short, why_it_shortens

Decide = Callable[[TrailBook], TrailRetentionEvent | None]


class TrailGovernance:
    """Proposes, approves and withdraws how long the trail is kept, for those who govern.

    Raises, in every method, ForbiddenError (audited) where the actor may not; in those that change
    something also CorruptError where it cannot be read what was decided before, and
    UnavailableError where the change cannot be committed.
    """

    def __init__(
        self,
        governance: Governance,
        reader: TrailReader,
        committer: Committer,
        audit: Audit,
        clock: Clock,
    ) -> None:
        self._governance = governance
        self._reader = reader
        self._committer = committer
        self._audit = audit
        self._clock = clock

    def book(self, actor: Actor) -> TrailBook:
        """Return all versions, to whoever governs or audits."""
        if Permission.GOVERN not in actor.permissions:
            self._audit.require(actor, Permission.AUDIT, "audit-retention.show")
        return self._reader.read()

    def propose(self, actor: Actor, keep: Period | None) -> TrailBook:
        """Propose a period, None for ever; nothing happens if it is so already.

        Raises InvalidError for one under six years, and ConflictError where another is pending.
        """
        self._governance.require(actor, "audit-retention.propose")
        if keep is not None and too_short(keep):
            raise InvalidError(f"Entries of the audit trail are kept for {LEAST} at least.")

        def decide(book: TrailBook) -> TrailRetentionEvent | None:
            now = self._clock.now()
            found, pending = book.in_force(now), book.pending(now)
            if pending is not None:
                if pending.keep == keep:
                    return None
                raise ConflictError(f"Version {pending.number} is pending: withdraw it first.")
            old = found.keep if found else None
            if old == keep:
                return None
            shortens = why_it_shortens(old, keep)
            return self._event(
                happened.TrailRetentionProposed,
                actor,
                book,
                len(book.versions) + 1,
                keep=keep,
                shortens=shortens,
                effective_at=None if shortens else now,
            )

        return self._changed(decide)

    def approve(self, actor: Actor, version: int | None = None) -> TrailBook:
        """Approve the version that waits; `version` makes sure that it is the one meant.

        Raises ForbiddenError (audited) where the actor proposed it, and ConflictError where
        nothing waits or another version does.
        """
        self._governance.require(actor, "audit-retention.approve")

        def decide(book: TrailBook) -> TrailRetentionEvent:
            now = self._clock.now()
            waiting = book.pending(now)
            if waiting is None or waiting.effective_at is not None:
                raise ConflictError("No version waits for approval.")
            _check_meant(waiting, version)
            if waiting.proposed.by == actor.id:
                self._audit.record(actor, FOR_OPERATIONS, "audit-retention.approve", allowed=False)
                raise ForbiddenError(
                    "Somebody else approves what shortens than whoever proposed it."
                )
            kind, at = happened.TrailRetentionApproved, DELAY.after(now)
            return self._event(kind, actor, book, waiting.number, effective_at=at)

        return self._changed(decide)

    def withdraw(self, actor: Actor, version: int | None = None) -> TrailBook:
        """Withdraw the version that is pending; ConflictError as in `approve`."""
        self._governance.require(actor, "audit-retention.withdraw")

        def decide(book: TrailBook) -> TrailRetentionEvent:
            pending = book.pending(self._clock.now())
            if pending is None:
                raise ConflictError("No change is pending.")
            _check_meant(pending, version)
            return self._event(happened.TrailRetentionWithdrawn, actor, book, pending.number)

        return self._changed(decide)

    def _event(
        self,
        kind: type[TrailRetentionEvent],
        actor: Actor,
        book: TrailBook,
        version: int,
        **fields: Any,
    ) -> TrailRetentionEvent:
        return kind(
            originator_id=self._reader.stream,
            originator_version=book.newest + 1,
            recorded_at=self._clock.now(),
            by=actor.id,
            address=actor.address,
            version=version,
            **fields,
        )

    def _changed(self, decide: Decide) -> TrailBook:
        """Commit what is decided over the newest state; ConflictError after several tries."""

        def events() -> list[TrailRetentionEvent]:
            event = decide(self._reader.readable())
            return [event] if event else []

        commit_decided(self._committer, events)
        return self._reader.read()


def _check_meant(version: TrailVersion, meant: int | None) -> None:
    if meant not in (None, version.number):
        raise ConflictError(f"Version {version.number} is the pending one.")
