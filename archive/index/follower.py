"""The index's follower: each version of a record is one document, valid from its event on.

A revision closes the document before it (`until`) and adds its own, so that a search as of any
earlier sequence number still finds what was true then. What was redacted is found as of then alone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from uuid import UUID

import tantivy

from archive.catalog.catalog import Catalog
from archive.errors import CorruptError, GoneError
from archive.events.feed import FedEvent, Follower
from archive.events.interaction import Interaction, evolve
from archive.events.opener import DamagedEvent
from archive.events.pointers import PointerRow
from archive.events.records import Loaded, Records
from archive.events.types import (
    InteractionCaptured,
    InteractionRedacted,
    InteractionRevised,
    InteractionWithdrawn,
    KeysCondemned,
    KeysDestroyed,
)
from archive.index.documents import CURRENT, build_document, document_key
from archive.index.room import FullError, is_full

_MEMORY = 64 * 1024 * 1024
# Each commit makes a segment, and the library merges small segments again and again: with commits
# of 200 documents, indexing takes three times as long as with commits of 4,000. So a few records
# are shown at once, and a stream of them in large strides, but within the second.
_FEW = 100
_MANY = 4_000
# Of what nobody searches yet. Large segments are merged less often, and a search visits few.
_UNSEEN = 64_000
_UNSEEN_MEMORY = 256 * 1024 * 1024
_BATCHES_PER_COMMIT = 4


class IndexFollower(Follower):
    """Keeps one index, a step behind the catalog, which knows conversations and duplicates.

    `publish` is called with the position after each commit. The catalog may be further than the
    index, and kept by another host: what it says of a conversation then holds for longer. Records
    that have moved since they were added here are added anew. An index that was not
    built from the first event on stands at `position`, and `unread` are the sequence numbers of
    events that could not be read until then. Nobody searches it before it stands at `target`.
    """

    name = "index"

    def __init__(
        self,
        index: tantivy.Index,
        records: Records,
        catalog: Catalog,
        publish: Callable[[int], None],
        position: int = 0,
        unread: Iterable[int] = (),
        target: int = 0,
    ) -> None:
        # One indexing thread: the loop that opens events keeps it busy, and on a host that
        # captures at the same time more threads only take the processors from each other.
        is_far = target - position > _UNSEEN
        self._writer = index.writer(_UNSEEN_MEMORY if is_far else _MEMORY, 1)
        self._records = records
        self._catalog = catalog
        self._publish = publish
        self._position = position
        self._applied = position
        self._unread = set(unread)
        # What is read from the first event on was destroyed before; a snapshot may be older.
        self._clean_until = position or target
        self._target = target
        self._outdated = False
        # Erasures of no record, of which the index never held a word.
        self._wordless: set[UUID] = set()
        # The catalog's position as of which all that is here, and all that shows, names its
        # conversation; None while nothing is here.
        self._threaded: int | None = position or None
        self._threaded_shown = self._threaded
        # The length of each batch that does not show yet, and whether any of them wrote something.
        self._waiting: list[int] = []
        self._written = False
        self._published = True

    def position(self) -> int:
        return self._position

    def applied(self) -> int:
        return self._applied

    def unread(self) -> frozenset[int]:
        """Return the sequence numbers of events of records that could not be read so far."""
        return frozenset(self._unread)

    @property
    def outdated(self) -> bool:
        """Whether keys of records were destroyed since this index was begun: it has their words.

        Deleted documents are not found, but their terms stay until the index is built anew.
        """
        return self._outdated

    def apply(self, events: Sequence[FedEvent], up_to: int) -> None:
        """Apply events; FullError, and nothing of what does not show yet stays, without room."""
        with self._whole():
            self._apply(events, up_to)

    @contextmanager
    def _whole(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            # Half a batch must not stay: it is fed again, with all else that does not show yet.
            self._writer.rollback()
            self._waiting.clear()
            self._written = False
            self._applied, self._threaded = self._position, self._threaded_shown
            if is_full(error):
                raise FullError("There is no room for the search index.") from error
            raise

    def _apply(self, events: Sequence[FedEvent], up_to: int) -> None:
        # Read before anything else of the catalog, so that it never says more than was seen.
        threaded = self._catalog.position()
        captured = {
            fed.row.originator_id: fed
            for fed in events
            if isinstance(fed.event, InteractionCaptured)
        }
        around = _Surroundings(self._catalog, list(captured))
        for fed in events:
            match fed.event:
                case InteractionCaptured():
                    interaction = evolve(None, fed.event)
                    self._add(interaction, fed.row.seq, fed.row.seq, around, CURRENT)
                case InteractionRevised() | InteractionWithdrawn():
                    self._supersede(fed)
                case InteractionRedacted():
                    self._redacted(fed.row, fed.event)
                case KeysCondemned():
                    gone = (*fed.event.records, *fed.event.redacted)
                    if not gone:
                        self._wordless.add(fed.row.originator_id)
                    for record_id, version in self._catalog.versions(gone).items():
                        for each in range(1, version + 1):
                            self._remove(record_id, each)
                case KeysDestroyed() if fed.row.originator_id not in self._wordless:
                    self._outdated = self._outdated or fed.row.seq > self._clean_until
                case DamagedEvent() if fed.row.type.startswith("interaction."):
                    self._unread.add(fed.row.seq)
        if self._threaded is not None:
            moved = self._catalog.rethreaded(self._threaded, threaded) - captured.keys()
            self._rethread(sorted(moved), up_to)
        self._threaded = threaded
        self._applied = up_to
        self._waiting.append(len(events))
        waiting = sum(self._waiting)
        if up_to < self._target:
            if waiting >= _UNSEEN:
                self._show()
        elif not _FEW <= waiting < _MANY or len(self._waiting) == _BATCHES_PER_COMMIT:
            self._show()

    def show(self) -> None:
        """Show everything; errors as in `apply`."""
        with self._whole():
            self._show()

    def _show(self) -> None:
        if self._waiting:
            # Most events of a quiet archive are of its audit trail, and nothing here.
            if self._written:
                self._writer.commit()
            self._waiting.clear()
            self._written = False
            self._position, self._threaded_shown = self._applied, self._threaded
            self._published = False
        if not self._published:
            self._publish(self._position)
            self._published = True

    def _supersede(self, fed: FedEvent) -> None:
        record_id, seq = fed.row.originator_id, fed.row.seq
        try:
            older = self._records.load(record_id, as_of=seq - 1)
            newer = self._records.load(record_id, as_of=seq)
        except GoneError:
            # An erased version cannot be indexed; the catalog says that it is.
            return
        except CorruptError:
            self._unread.add(seq)
            return
        around = _Surroundings(self._catalog, [record_id])
        first_seq = older.first_seq
        self._remove(record_id, older.interaction.version)
        self._add(older.interaction, older.rows[-1].seq, first_seq, around, seq)
        self._add(newer.interaction, seq, first_seq, around, CURRENT)

    def _redacted(self, row: PointerRow, event: InteractionRedacted) -> None:
        """Add what is left of a record; what stood before went with what condemned it."""
        record_id = row.originator_id
        around = _Surroundings(self._catalog, [record_id])
        first_seq = self._catalog.rows([record_id])[record_id].first_seq
        self._add(evolve(None, event), row.seq, first_seq, around, CURRENT)

    def _rethread(self, moved: Sequence[UUID], up_to: int) -> None:
        around = _Surroundings(self._catalog, moved)
        for loaded in self._records.load_each(moved, as_of=up_to):
            if isinstance(loaded, Loaded):
                self._replace(loaded, around, CURRENT)
                for older, newer in pairwise(loaded.rows):
                    earlier = self._records.load(older.originator_id, as_of=older.seq)
                    self._replace(earlier, around, newer.seq)

    def _replace(self, loaded: Loaded, around: "_Surroundings", until: int) -> None:
        self._remove(loaded.interaction.id, loaded.interaction.version)
        last = loaded.rows[-1].seq
        self._add(loaded.interaction, last, loaded.first_seq, around, until)

    def _add(
        self,
        interaction: Interaction,
        seq: int,
        first_seq: int,
        around: "_Surroundings",
        until: int,
    ) -> None:
        record = interaction.record(
            seq=seq, first_seq=first_seq, duplicate=interaction.id in around.duplicates
        )
        conversation = around.conversations.get(interaction.id)
        self._written = True
        self._writer.add_document(build_document(record, until=until, conversation=conversation))

    def _remove(self, record_id: UUID, version: int) -> None:
        self._written = True
        self._writer.delete_documents_by_term("key", document_key(record_id, version))

    def close(self) -> None:
        """Stop the writer; what was published stays readable."""
        self._writer.wait_merging_threads()


class _Surroundings:
    """What the catalog knows of some records beyond themselves."""

    def __init__(self, catalog: Catalog, ids: Sequence[UUID]) -> None:
        rows = catalog.rows(ids)
        self.duplicates = catalog.duplicates(ids)
        self.conversations = {
            record_id: str(row.conversation) for record_id, row in rows.items() if row.conversation
        }
