"""Policies as their events tell them: versions, what is in force, what is pending. Pure.

What an event that cannot be read demanded is not known: the book says so, and nothing may go.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from archive.events import policy_events as happened
from archive.events.event import Event
from archive.events.policy_events import Terms
from policies import versions
from policies.versions import Act, Decided, VersionState

SCHEDULE: Final = "schedule"
"""Who acts when nobody asked for it: a job of the leading worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version(Decided):
    """What a policy says, or would; terms None mean that it ends."""

    terms: Terms | None


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy with all its versions, oldest first."""

    name: str
    versions: tuple[Version, ...]
    locked: Act | None = None

    def in_force(self, now: datetime) -> Version | None:
        """Return the version that counts, which may say that the policy has ended."""
        return versions.in_force(self.versions, now)

    def pending(self, now: datetime) -> Version | None:
        """Return the version that has yet to take effect, None if there is none."""
        return versions.pending(self.versions, now)

    def state(self, version: Version, now: datetime) -> VersionState:
        """Return where one of its versions stands."""
        return versions.state(self.versions, version, now)


@dataclass(frozen=True, slots=True)
class Book:
    """All policies by name, as of version `newest` of their stream.

    `unreadable` says that an event of it cannot be read.
    """

    newest: int = 0
    policies: Mapping[str, Policy] = field(default_factory=dict)
    unreadable: bool = False

    def in_force(self, now: datetime) -> dict[str, Version]:
        """Return the versions that demand something now, by the policy's name."""
        found = {name: policy.in_force(now) for name, policy in sorted(self.policies.items())}
        return {
            name: version
            for name, version in found.items()
            if version is not None and version.terms is not None
        }


def evolve(book: Book, event: Event) -> Book:
    """Return the book after an event of its stream that could be read."""
    book = replace(book, newest=event.originator_version)
    if not isinstance(event, happened.PolicyEvent):
        return replace(book, unreadable=True)
    act = Act(event.by, event.recorded_at)
    known = book.policies.get(event.policy)
    if isinstance(event, happened.PolicyProposed):
        version = Version(
            number=event.version,
            terms=event.terms,
            shortens=event.shortens,
            proposed=act,
            effective_at=event.effective_at,
        )
        every = (*(known.versions if known else ()), version)
        changed = replace(known, versions=every) if known else Policy(event.policy, every)
    elif known is None:
        # What it is about stood in an event that cannot be read.
        return replace(book, unreadable=True)
    elif isinstance(event, happened.PolicyApproved):
        approved = {"approved": act, "effective_at": event.effective_at}
        changed = _with(known, event.version, approved)
    elif isinstance(event, happened.PolicyWithdrawn):
        changed = _with(known, event.version, {"withdrawn": act})
    else:
        changed = replace(known, locked=act)
    return replace(book, policies={**book.policies, event.policy: changed})


def lose(book: Book, version: int) -> Book:
    """Return the book after an event that cannot be read."""
    return replace(book, newest=version, unreadable=True)


def _with(policy: Policy, number: int, changes: Mapping[str, object]) -> Policy:
    versions = tuple(
        replace(each, **changes) if each.number == number else each  # type: ignore[arg-type]
        for each in policy.versions
    )
    return replace(policy, versions=versions)
