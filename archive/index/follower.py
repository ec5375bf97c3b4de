"""The index's follower: each version of a record is one document, valid from its event on.

A revision closes the document before it (`until`) and adds its own, so that a search as of any
earlier sequence number still finds what was true then.
"""

from collections.abc import Callable, Sequence
from uuid import UUID

import tantivy

from archive.errors import GoneError, MunimentError
from archive.events.feed import FedEvent, Follower
from archive.events.interaction import Interaction, evolve
from archive.events.records import Records
from archive.events.types import InteractionCaptured, InteractionRevised, InteractionWithdrawn
from archive.index.documents import CURRENT, build_document, document_key
from archive.model.record import Record

WRITER_MEMORY = 64 * 1024 * 1024


class IndexFollower(Follower):
    """Keeps one index. `publish` is called with the position after each commit."""

    name = "index"

    def __init__(
        self,
        index: tantivy.Index,
        records: Records,
        duplicates: Callable[[Sequence[UUID]], set[UUID]],
        publish: Callable[[int], None],
    ) -> None:
        # One indexing thread: the loop that opens events keeps it busy, and on a host that
        # captures at the same time more threads only take the processors from each other.
        self._writer = index.writer(WRITER_MEMORY, 1)
        self._records = records
        self._duplicates = duplicates
        self._publish = publish
        self._position = 0

    def position(self) -> int:
        return self._position

    def apply(self, events: Sequence[FedEvent], up_to: int) -> None:
        captured = [fed for fed in events if isinstance(fed.event, InteractionCaptured)]
        repeated = self._duplicates([fed.row.originator_id for fed in captured])
        for fed in events:
            match fed.event:
                case InteractionCaptured():
                    record = evolve(None, fed.event).record(
                        seq=fed.row.seq,
                        first_seq=fed.row.seq,
                        duplicate=fed.row.originator_id in repeated,
                    )
                    self._writer.add_document(build_document(record, until=CURRENT))
                case InteractionRevised() | InteractionWithdrawn():
                    self._supersede(fed)
        self._writer.commit()
        self._position = up_to
        self._publish(up_to)

    def _supersede(self, fed: FedEvent) -> None:
        try:
            older = self._records.load(fed.row.originator_id, as_of=fed.row.seq - 1)
            newer = self._records.load(fed.row.originator_id, as_of=fed.row.seq)
        except MunimentError as error:
            if isinstance(error, GoneError):
                return
            # A damaged version cannot be indexed; the catalog lists the record as damaged.
            return
        first = older.rows[0].seq
        duplicate = bool(self._duplicates([fed.row.originator_id]))
        self._close(older.interaction, older.rows[-1].seq, first, fed.row.seq, duplicate)
        record = newer.interaction.record(seq=fed.row.seq, first_seq=first, duplicate=duplicate)
        self._writer.add_document(build_document(record, until=CURRENT))

    def _close(
        self, interaction: Interaction, seq: int, first_seq: int, until: int, duplicate: bool
    ) -> None:
        record: Record = interaction.record(seq=seq, first_seq=first_seq, duplicate=duplicate)
        self._writer.delete_documents_by_term("key", document_key(record.id, record.version))
        self._writer.add_document(build_document(record, until=until))

    def close(self) -> None:
        """Stop the writer; what was published stays readable."""
        self._writer.wait_merging_threads()
