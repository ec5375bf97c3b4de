"""What a certificate says of how long the audit trail is kept: as of a policy. Pure."""

from archive.events.policy_events import Terms
from archive.events.purge_events import AUDIT_TRAIL
from archive.model.period import Period
from policies.policy import Book, Policy, Version
from policies.trail.keeping import DELAY, GRACE, TrailBook, TrailVersion


def as_policies(book: TrailBook) -> Book:
    """Return the versions as those of one policy, whose scope is every entry that may go."""
    versions = tuple(_as_policy(each) for each in book.versions)
    return Book(book.newest, {AUDIT_TRAIL: Policy(AUDIT_TRAIL, versions)}, book.unreadable)


def _as_policy(version: TrailVersion) -> Version:
    return Version(
        number=version.number,
        shortens=version.shortens,
        proposed=version.proposed,
        effective_at=version.effective_at,
        approved=version.approved,
        withdrawn=version.withdrawn,
        terms=_terms(version.keep) if version.keep is not None else None,
    )


def _terms(keep: Period) -> Terms:
    return Terms(
        name=AUDIT_TRAIL,
        scope="*",
        clock="captured",
        minimum=keep,
        maximum=keep,
        grace=GRACE,
        delay=DELAY,
    )
