"""What stands in SQL of conversations: which records are in each, and which keys join others to it.

A conversation's id is that of its first captured record, and the older id wins a merge, so that the
same events in the same order always give the same conversations. The other id stays known: what
asks for a conversation by it, such as a hold, goes on finding what it found.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, Dialect, select, update

from archive.catalog.inserting import WholeRows, insert_for
from archive.catalog.tables import former_conversations, record_threads, records, thread_keys
from archive.events.identity import THREAD_KEY_SIZE, Identity
from archive.events.pointers import PointerRow
from archive.events.types import InteractionCaptured
from archive.model.threads import thread_keys as keys_of

_MOST_KEPT: Final = 32
"""Keys of one record: few have more, and whoever has shares them with those that it answers to."""


class ConversationRows:
    """Finds the conversations of records, within the transaction of the catalog's follower.

    Records that a merge moves are marked with the position `up_to` of the batch that moved them.
    """

    def __init__(self, dialect: Dialect, identity: Identity) -> None:
        self._identity = identity
        self._insert = insert_for(dialect)
        self._insert_keys = WholeRows(dialect, thread_keys)
        self._insert_threads = WholeRows(dialect, record_threads)

    def join(
        self,
        connection: Connection,
        captured: Sequence[tuple[PointerRow, InteractionCaptured]],
        up_to: int,
    ) -> dict[bytes, bytes]:
        """Return the conversation that each record's keys name, merging where they meet."""
        keyed = [(row.originator_id.bytes, self._keys(event)) for row, event in captured]
        seqs = {row.originator_id.bytes: row.seq for row, _ in captured}
        threads = _Threads(self._conversations(connection, {key for _, ks in keyed for key in ks}))
        for record, keys in keyed:
            met = threads.met(keys)
            conversation = self._oldest(connection, met, seqs) if met else record
            self._merge(connection, threads, met - {conversation}, conversation, up_to)
            threads.join(record, keys, conversation)
        self._keep(connection, threads)
        self.keep(connection, keyed)
        return threads.joined

    def rejoin(
        self, connection: Connection, keyed: Mapping[bytes, Sequence[bytes]], up_to: int
    ) -> dict[bytes, bytes]:
        """Return the conversations of records that are catalogued without, merged by their keys.

        Each is the one that it would be if the records had stood in it all the time.
        """
        known = self._conversations(connection, {key for keys in keyed.values() for key in keys})
        threads = _Threads(known)
        for record, keys in keyed.items():
            met = threads.met(keys)
            conversation = self._oldest(connection, {record, *met}, {})
            self._merge(connection, threads, met - {conversation}, conversation, up_to)
            threads.join(record, keys, conversation)
        self._keep(connection, threads)
        return threads.joined

    def keep(self, connection: Connection, keyed: Iterable[tuple[bytes, Sequence[bytes]]]) -> None:
        """Keep by which keys records are joined to others: it must outlive what they say."""
        rows = [(record, b"".join(_nearest(keys))) for record, keys in keyed if keys]
        if rows:
            self._insert_threads.insert(connection, rows)

    def _keys(self, event: InteractionCaptured) -> list[bytes]:
        return [self._identity.thread_key(text) for text in keys_of(event.content)]

    @staticmethod
    def _conversations(connection: Connection, keys: set[bytes]) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        ordered = sorted(keys)
        for start in range(0, len(ordered), 10_000):
            page = ordered[start : start + 10_000]
            statement = select(thread_keys.c.key, thread_keys.c.conversation).where(
                thread_keys.c.key.in_(page)
            )
            found |= {row.key: row.conversation for row in connection.execute(statement)}
        return found

    @staticmethod
    def _oldest(
        connection: Connection, conversations: set[bytes], batch: Mapping[bytes, int]
    ) -> bytes:
        """Return the conversation whose first record came first, in `batch` or before it."""
        if len(conversations) == 1:
            return next(iter(conversations))
        statement = select(records.c.first_seq, records.c.id).where(records.c.id.in_(conversations))
        began = [(batch[each], each) for each in conversations if each in batch]
        began += [(row.first_seq, row.id) for row in connection.execute(statement)]
        return bytes(min(began)[1])

    def _merge(
        self,
        connection: Connection,
        threads: "_Threads",
        conversations: set[bytes],
        kept: bytes,
        up_to: int,
    ) -> None:
        for gone in conversations:
            threads.merge(gone, kept)
            keys, formers, moved = (
                update(table).where(table.c.conversation == gone).values(conversation=kept)
                for table in (thread_keys, former_conversations, records)
            )
            connection.execute(keys)
            connection.execute(formers)
            connection.execute(moved.values(rethreaded=up_to))
            former = self._insert(former_conversations).values(id=gone, conversation=kept)
            connection.execute(former.on_conflict_do_nothing())

    def _keep(self, connection: Connection, threads: "_Threads") -> None:
        if threads.fresh:
            rows = [(key, threads.of[key]) for key in threads.fresh]
            self._insert_keys.insert(connection, rows)


class _Threads:
    """Conversations by key while one batch is threaded.

    `of` holds what is known, `fresh` the keys that SQL does not have yet, `joined` the records of
    this batch.
    """

    def __init__(self, known: dict[bytes, bytes]) -> None:
        self.of = known
        self.fresh: set[bytes] = set()
        self.joined: dict[bytes, bytes] = {}

    def met(self, keys: Sequence[bytes]) -> set[bytes]:
        return {self.of[key] for key in keys if key in self.of}

    def join(self, record: bytes, keys: Sequence[bytes], conversation: bytes) -> None:
        self.joined[record] = conversation
        self.fresh.update(key for key in keys if key not in self.of)
        self.of.update(dict.fromkeys(keys, conversation))

    def merge(self, gone: bytes, kept: bytes) -> None:
        for table in (self.of, self.joined):
            table.update({key: kept for key, value in table.items() if value == gone})


def _nearest(keys: Sequence[bytes]) -> Sequence[bytes]:
    """Return the first keys, the record's own among them, and the last, nearest in the thread."""
    half = _MOST_KEPT // 2
    return keys if len(keys) <= _MOST_KEPT else (*keys[:half], *keys[-half:])


def split_keys(joined: bytes) -> list[bytes]:
    """Return the keys that `ConversationRows.keep` has put one after the other."""
    starts = range(0, len(joined), THREAD_KEY_SIZE)
    return [joined[start : start + THREAD_KEY_SIZE] for start in starts]
