"""What decides of records: the policies in force, and the retention events that start their clocks.

Both are read from their events, always as of now: what counts never depends on how far a follower
has come.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from archive.errors import CorruptError
from archive.opening import Archive
from policies.book import PolicyBook, policy_book
from policies.evaluation import EVALUATOR, Governing
from policies.outlines import Outline, outlined
from policies.policy import Book
from policies.records import Found, Scoped, scoped
from policies.retention_events.book import EventReader, event_reader
from policies.retention_events.event import EventBook
from policies.retention_events.starts import Starts
from policies.scopes import Standing


@dataclass(frozen=True, slots=True)
class Rules:
    """Policies with their scopes by name, and what starts those clocks that start at events."""

    policies: Mapping[str, Scoped]
    starts: Starts

    def governing(self, found: Found) -> list[Governing]:
        """Return those of the policies that govern a record.

        One that a review re-labelled it to does, whatever its scope; of one that it was re-labelled
        from, the minimum does alone.
        """
        labels, until = found.reviewed.labels(self.policies), found.reviewed.until
        labelled = frozenset(labels.values())
        governs: list[Governing] = []
        for name, each in self.policies.items():
            for one in each.governs(found, self.starts.of, labelled=name in labelled):
                if name in labels:
                    kept = one.terms.model_copy(update={"maximum": None, "review": ()})
                    one = one._replace(terms=kept)
                governs.append(one if until is None else one._replace(not_before=until))
        return governs

    def outlined(self, outline: Outline) -> list[Governing] | None:
        """Return those of the policies that govern a record of which no review decided anything.

        None where its outline does not tell: it is to be opened then.
        """
        governs: list[Governing] = []
        for each in self.policies.values():
            if outline.edited and each.terms.minimum is not None:
                return None
            where = outlined(each.scope, outline)
            if where is None or (where is Standing.IN and each.terms.event is not None):
                return None
            if where is Standing.IN:
                governs.append(Governing(each.version, each.terms))
        return governs

    def marks(self) -> list[str]:
        """Return texts that differ where the rules may judge a record otherwise."""
        names = {each.terms.event for each in self.policies.values()}
        return [
            EVALUATOR,
            *(f"{name} {each.version}" for name, each in sorted(self.policies.items())),
            *sorted(
                f"event {each.id} {each.version}"
                for each in self.starts.events
                if each.name in names
            ),
        ]


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All policies and all retention events, as of now."""

    policies: Book
    events: EventBook

    @property
    def unreadable(self) -> bool:
        """Whether an event of either cannot be read, so that it is not known what they demand."""
        return self.policies.unreadable or self.events.unreadable

    @property
    def newest(self) -> tuple[int, int]:
        """The newest versions of both streams."""
        return self.policies.newest, self.events.newest

    def in_force(self, now: datetime) -> Rules:
        """Return what counts as of a time."""
        return Rules(scoped(self.policies.in_force(now)), Starts(self.events.in_force(now)))


class RuleReader:
    """Reads policies and retention events. Safe for threads: it keeps nothing.

    Methods raise UnavailableError where the database or the bucket do not answer.
    """

    def __init__(self, policies: PolicyBook, events: EventReader) -> None:
        self._policies = policies
        self._events = events

    def read(self) -> RuleBook:
        """Return all of them."""
        return RuleBook(self._policies.read(), self._events.read())

    def readable(self) -> RuleBook:
        """Return all of them; CorruptError where it is not known what they demand."""
        book = RuleBook(self._policies.readable(), self._events.read())
        if book.events.unreadable:
            raise CorruptError(
                "An event of the retention events cannot be read, so it is not known which clocks "
                "they started: nothing goes until it can. Run muniment verify."
            )
        return book

    def newest(self) -> tuple[int, int]:
        """Return the versions of the newest event of both."""
        return self._policies.newest(), self._events.newest()


def rule_reader(archive: Archive) -> RuleReader:
    """Return what reads the policies and retention events of an archive."""
    return RuleReader(policy_book(archive), event_reader(archive))
