"""Changing policies: who may, what needs a second person, and when it takes effect.

Every change writes the next version of the one stream, so that whoever was second reads again and
decides anew.
"""

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

from archive.clock import Clock
from archive.errors import (
    ConflictError,
    CorruptError,
    ForbiddenError,
    InvalidError,
    LockedError,
    NotFoundError,
)
from archive.events import policy_events as happened
from archive.events.audit import FOR_OPERATIONS, Audit
from archive.events.deciding import commit_decided
from archive.events.group import Committer
from archive.events.policy_events import PolicyEvent, Terms
from archive.model.period import Period
from archive.model.roles import Actor, Permission, Purpose
from policies.book import PolicyBook
from policies.policy import Book, Policy, Version
from policies.records import Scoped, scoped
from policies.shortening import why_it_shortens
from policies.simulating import PolicyChange
from policies.terms import settled

Decide = Callable[[Book], PolicyEvent | None]


class Governance:
    """Proposes, approves, withdraws and locks policies, for those who govern.

    Raises, in every method, ForbiddenError (audited) where the actor may not; in those that
    change something also CorruptError where a policy cannot be read, and UnavailableError where
    the change cannot be committed.
    """

    def __init__(
        self,
        book: PolicyBook,
        committer: Committer,
        audit: Audit,
        clock: Clock,
        zone: tzinfo,
        longest_lock: Period,
    ) -> None:
        self._book = book
        self._committer = committer
        self._audit = audit
        self._clock = clock
        self._zone = zone
        self._longest_lock = longest_lock

    def book(self, actor: Actor) -> Book:
        """Return all policies, to whoever governs or audits."""
        if Permission.GOVERN not in actor.permissions:
            self._audit.require(actor, Permission.AUDIT, "policy.list")
        return self._book.read()

    def policy(self, actor: Actor, name: str) -> Policy:
        """Return one policy, to whoever governs or audits; NotFoundError if there is none."""
        return _named(self.book(actor), name)

    def propose(self, actor: Actor, terms: Terms) -> Policy:
        """Propose a policy, or a change of one; nothing happens if it says so already.

        Raises:
            InvalidError: the terms cannot be; `column` says where in the scope.
            ConflictError: another change of the policy is pending.
            LockedError: the policy is locked, and the change shortens.
        """
        self.require(actor, "policy.propose")
        wanted = self._settled(terms)
        return self._changed(wanted.name, lambda book: self._proposal(actor, book, wanted))

    def disable(self, actor: Actor, name: str) -> Policy:
        """Propose that a policy ends; as `propose`, and a locked policy never does."""
        self.require(actor, "policy.disable")

        def decide(book: Book) -> PolicyEvent | None:
            policy = _named(book, name)
            now = self._clock.now()
            if policy.locked is not None:
                raise LockedError(f"The policy {name} is locked: nobody can disable it.")
            found = policy.in_force(now)
            pending = policy.pending(now)
            if (pending or found) is None:
                raise ConflictError(f"The policy {name} never took effect: nothing is to end.")
            return self._change_to(actor, book, policy, name, None)

        return self._changed(name, decide)

    def approve(self, actor: Actor, name: str, version: int | None = None) -> Policy:
        """Approve the version that waits; `version` makes sure that it is the one meant.

        Raises ForbiddenError (audited) where the actor proposed it, and ConflictError where
        nothing waits or another version does.
        """
        self.require(actor, "policy.approve")

        def decide(book: Book) -> PolicyEvent:
            now = self._clock.now()
            policy = _named(book, name)
            waiting = policy.pending(now)
            if waiting is None or waiting.effective_at is not None:
                raise ConflictError(f"No version of the policy {name} waits for approval.")
            _check_meant(waiting, name, version)
            if waiting.proposed.by == actor.id:
                self._audit.record(actor, FOR_OPERATIONS, "policy.approve", allowed=False)
                raise ForbiddenError(
                    "Somebody else approves what shortens than whoever proposed it."
                )
            effective = self._effective_at(policy.in_force(now), waiting.terms, now)
            return self._event(
                happened.PolicyApproved,
                actor,
                book,
                name,
                version=waiting.number,
                effective_at=effective,
            )

        return self._changed(name, decide)

    def withdraw(self, actor: Actor, name: str, version: int | None = None) -> Policy:
        """Withdraw the version that is pending; ConflictError as in `approve`."""
        self.require(actor, "policy.withdraw")

        def decide(book: Book) -> PolicyEvent:
            pending = _named(book, name).pending(self._clock.now())
            if pending is None:
                raise ConflictError(f"No change of the policy {name} is pending.")
            _check_meant(pending, name, version)
            return self._event(happened.PolicyWithdrawn, actor, book, name, version=pending.number)

        return self._changed(name, decide)

    def lock(self, actor: Actor, name: str) -> Policy:
        """Lock a policy for ever; ConflictError unless it is in force and nothing is pending."""
        self.require(actor, "policy.lock")

        def decide(book: Book) -> PolicyEvent | None:
            policy, now = _named(book, name), self._clock.now()
            if policy.locked is not None:
                return None
            if policy.pending(now) is not None:
                raise ConflictError(
                    f"A change of the policy {name} is pending: withdraw it, or wait for it."
                )
            found = policy.in_force(now)
            if found is None or found.terms is None:
                raise ConflictError(f"The policy {name} is not in force.")
            return self._event(happened.PolicyLocked, actor, book, name)

        return self._changed(name, decide)

    def planned(self, terms: Terms) -> PolicyChange:
        """Return what a change would be if it were decided now; InvalidError as in `propose`.

        Raises CorruptError where a policy cannot be read.
        """
        wanted, now = self._settled(terms), self._clock.now()
        in_force = self._readable().in_force(now)
        found = in_force.get(wanted.name)
        return PolicyChange(
            policy=wanted.name,
            shortens=why_it_shortens(found.terms if found else None, wanted),
            effective_at=self._effective_at(found, wanted, now),
            in_force=scoped(in_force),
            new=Scoped.of(found.number + 1 if found else 1, wanted),
        )

    def require(self, actor: Actor, action: str, purpose: Purpose = FOR_OPERATIONS) -> None:
        """Raise ForbiddenError, once that is recorded, unless the actor governs all records."""
        self._audit.require(actor, Permission.GOVERN, action, purpose)
        if actor.restricted:
            self._audit.record(actor, purpose, action, allowed=False)
            raise ForbiddenError("Whoever sees a part of the records alone does not govern.")

    def _settled(self, terms: Terms) -> Terms:
        """Return the terms as `settled` does; InvalidError also for a lock that is too long."""
        wanted = settled(terms, self._zone)
        minimum, longest = wanted.minimum, self._longest_lock
        if wanted.lock != "none" and minimum is not None and minimum.exceeds(longest):
            raise InvalidError(
                f"A lock for the minimum of {minimum} is longer than MUNIMENT_LOCK_MAXIMUM "
                f"({longest}), and could not be undone."
            )
        return wanted

    def _proposal(self, actor: Actor, book: Book, terms: Terms) -> PolicyEvent | None:
        policy = book.policies.get(terms.name)
        return self._change_to(actor, book, policy, terms.name, terms)

    def _change_to(
        self, actor: Actor, book: Book, policy: Policy | None, name: str, terms: Terms | None
    ) -> PolicyEvent | None:
        """Return the proposal that a policy says this, None where it does or is about to."""
        now = self._clock.now()
        found = policy.in_force(now) if policy else None
        pending = policy.pending(now) if policy else None
        if pending is not None:
            if pending.terms == terms:
                return None
            raise ConflictError(
                f"Version {pending.number} of the policy {name} is pending: withdraw it first."
            )
        old = found.terms if found else None
        if found is not None and old == terms:
            return None
        shortens = why_it_shortens(old, terms)
        if shortens and policy is not None and policy.locked is not None:
            raise LockedError(f"The policy {name} is locked, and this shortens: {shortens}.")
        return self._event(
            happened.PolicyProposed,
            actor,
            book,
            name,
            version=len(policy.versions) + 1 if policy else 1,
            terms=terms,
            shortens=shortens,
            effective_at=None if shortens else self._effective_at(found, terms, now),
        )

    @staticmethod
    def _effective_at(found: Version | None, terms: Terms | None, now: datetime) -> datetime:
        """Return when a change takes effect that is decided now: after the longer of two delays."""
        both = (terms, found.terms if found else None)
        return max(each.delay.after(now) for each in both if each is not None)

    def _event(
        self, kind: type[PolicyEvent], actor: Actor, book: Book, name: str, **fields: Any
    ) -> PolicyEvent:
        return kind(
            originator_id=self._book.stream,
            originator_version=book.newest + 1,
            recorded_at=self._clock.now(),
            policy=name,
            by=actor.id,
            address=actor.address,
            **fields,
        )

    def _readable(self) -> Book:
        book = self._book.read()
        if book.unreadable:
            raise CorruptError(
                "An event of the policies cannot be read: verify names it. No policy is changed "
                "while it is not known what they say."
            )
        return book

    def _changed(self, name: str, decide: Decide) -> Policy:
        """Commit what is decided over the newest state; ConflictError after several tries."""

        def events() -> list[PolicyEvent]:
            event = decide(self._readable())
            return [event] if event else []

        commit_decided(self._committer, events)
        return _named(self._book.read(), name)


def _named(book: Book, name: str) -> Policy:
    policy = book.policies.get(name)
    if policy is None:
        raise NotFoundError("There is no policy of this name.")
    return policy


def _check_meant(version: Version, name: str, meant: int | None) -> None:
    if meant not in (None, version.number):
        raise ConflictError(f"Version {version.number} of the policy {name} is the pending one.")
