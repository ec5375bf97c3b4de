"""The event library's recorder over sealed events: states go to the bucket, pointers to SQL.

The archive hands its events to the committer without it. It is for applications of the library,
which can stand on the same events: the library's own cases hold over it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    Notification,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    Tracking,
)

from archive.errors import ConflictError, MunimentError
from archive.events.group import Committer
from archive.events.groups import Group
from archive.events.opener import ErasedEvent, OpenedEvent, Opener
from archive.events.pointers import PointerRecorder, PointerRow
from archive.events.sealer import PlainEvent
from archive.events.types import StateLayout, TwoBoxes


class SealedAggregateRecorder(AggregateRecorder):
    """Streams of sealed events: what the library's event store and repository need.

    An event whose key is destroyed comes back with an empty state, which the mapper turns into
    an `Erased` event. Errors are the library's: IntegrityError for a version that exists,
    OperationalError where bucket or database do not answer.
    """

    def __init__(
        self,
        pointers: PointerRecorder,
        committer: Committer,
        opener: Opener,
        layout: StateLayout | None = None,
    ) -> None:
        self._pointers = pointers
        self._committer = committer
        self._opener = opener
        self._layout = layout or TwoBoxes()

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Commit the events together."""
        self._commit(stored_events, **kwargs)
        return None

    def _commit(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> list[int]:
        tracking: Tracking | None = kwargs.get("tracking")
        if not stored_events:
            if tracking is not None:
                self._track(tracking)
            return []
        group = Group(
            [self._plain(event) for event in stored_events],
            blobs=kwargs.get("blobs", ()),
            tracking=tracking,
        )
        with _library_errors():
            self._committer.commit(group)
        return [group.seqs[event.key] for event in group.events]

    def _track(self, tracking: Tracking) -> None:
        with _library_errors():
            self._pointers.insert_tracking(tracking)

    def _plain(self, event: StoredEvent) -> PlainEvent:
        evidence, custody = self._layout.split(event.state)
        return PlainEvent(
            UUID(str(event.originator_id)).bytes,
            event.originator_version,
            event.topic,
            evidence,
            custody,
        )

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return one originator's events, opened; CorruptError if one does not check."""
        rows = self._pointers.select_pointers(
            UUID(str(originator_id)), gt=gt, lte=lte, desc=desc, limit=limit
        )
        return [
            StoredEvent(
                originator_id=event.row.originator_id,
                originator_version=event.row.originator_version,
                topic=event.row.type,
                state=self._state(event),
            )
            for event in self._opener.open(rows)
        ]

    def _state(self, event: OpenedEvent | ErasedEvent) -> bytes:
        if isinstance(event, ErasedEvent):
            return b""
        return self._layout.join(event.evidence, event.custody)


class SealedRecorder(SealedAggregateRecorder, ProcessRecorder):
    """The same with sequence numbers and tracking: what applications and followers need."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Commit the events together; returns their sequence numbers."""
        return self._commit(stored_events, **kwargs)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return events in order of sequence number, opened."""
        rows: list[PointerRow] = self._pointers.select_pointers_from(
            start, limit, stop, topics, inclusive_of_start=inclusive_of_start
        )
        return [
            Notification(
                id=event.row.seq,
                originator_id=event.row.originator_id,
                originator_version=event.row.originator_version,
                topic=event.row.type,
                state=self._state(event),
            )
            for event in self._opener.open(rows)
        ]

    def max_notification_id(self) -> int | None:
        """Return the newest sequence number, None for an empty archive."""
        return self._pointers.last_seq() or None

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Not offered, as on the library's own SQLite recorder: followers poll."""
        raise NotImplementedError("Followers poll.")

    def insert_tracking(self, tracking: Tracking) -> None:
        """Record how far an upstream application's events were processed."""
        self._track(tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        """Return how far an upstream application's events were processed."""
        return self._pointers.max_tracking_id(application_name)


@contextmanager
def _library_errors() -> Iterator[None]:
    """Let errors come out as the library's own, which its callers know."""
    try:
        yield
    except ConflictError as error:
        raise IntegrityError(str(error)) from error
    except MunimentError as error:
        raise OperationalError(str(error)) from error
