"""What is told of how long the audit trail is kept: the same at every door."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

from archive.events.policy_events import PeriodText
from archive.model.interaction import Frozen
from policies.answers import DecidedAnswer
from policies.trail.keeping import TrailBook


class NewTrailRetention(Frozen):
    """How long entries of the audit trail are to be kept; null is for ever."""

    keep: PeriodText | None = Field(description="A period of at least six years, such as 7y.")


class TrailVersionAnswer(DecidedAnswer):
    """One version of how long entries are kept; `keep` null is for ever."""

    keep: PeriodText | None


class TrailRetentionAnswer(Frozen):
    """How long the audit trail is kept now, null for ever, and all versions of that, oldest first.

    `in_force` and `pending` are versions. No entry is missing from `whole_since` on; null while
    none is at all. `unreadable` says that an event about it cannot be read: then no entry goes.
    """

    keep: PeriodText | None
    in_force: int | None
    pending: int | None
    whole_since: datetime | None
    versions: tuple[TrailVersionAnswer, ...]
    unreadable: bool

    @classmethod
    def of(
        cls,
        book: TrailBook,
        now: datetime,
        names: Mapping[str, str],
        whole_since: datetime | None,
    ) -> "TrailRetentionAnswer":
        """Tell of all versions as of a time; `names` are those of people by id."""
        found, pending = book.in_force(now), book.pending(now)
        return cls(
            keep=found.keep if found else None,
            in_force=found.number if found else None,
            pending=pending.number if pending else None,
            whole_since=whole_since,
            versions=tuple(
                TrailVersionAnswer.told(each, book.state(each, now), names, keep=each.keep)
                for each in book.versions
            ),
            unreadable=book.unreadable,
        )


def people(book: TrailBook) -> set[str]:
    """Return the ids of everybody who decided something about it."""
    acts = [
        act
        for version in book.versions
        for act in (version.proposed, version.approved, version.withdrawn)
    ]
    return {act.by for act in acts if act is not None}
