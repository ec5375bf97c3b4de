"""How a leader takes the log up: from SQL, or where SQL knows less, from the bucket.

Either way the tree is taken up only if the events in SQL lead to exactly the root that was signed.
"""

from uuid import UUID

from archive.bucket.names import LOG_CHECKPOINTS, parse_checkpoint_name
from archive.bucket.port import Bucket
from archive.errors import ConfigurationError, CorruptError, InvalidError, NotFoundError
from archive.events.pointers import PointerRecorder, PointerRow
from archive.log.checkpoint import Checkpoint
from archive.log.edge import Edge
from archive.log.entries import Frames, entries_of, events_from
from archive.log.merkle import check_consistency, consistency_proof
from archive.log.reader import LogReader
from archive.log.tiles import HEIGHT, WIDTH

_ROWS_AT_ONCE = 64 * WIDTH


class LogHistory:
    """What was signed before, and the edge of its tree. Methods raise UnavailableError too."""

    def __init__(
        self,
        archive_id: UUID,
        pointers: PointerRecorder,
        bucket: Bucket,
        reader: LogReader,
        frames: Frames,
    ) -> None:
        self._archive_id = archive_id
        self._pointers = pointers
        self._bucket = bucket
        self._reader = reader
        self._frames = frames

    def newest(self) -> Checkpoint | None:
        """Return the checkpoint at its usual place; None if there is none that holds."""
        try:
            return self._reader.newest().checkpoint
        except (NotFoundError, CorruptError):
            return None

    def search(self) -> Checkpoint | None:
        """Return the largest checkpoint of all that hold; they are listed, which takes its time.

        CorruptError if two of that size differ: the log's key signed a fork.
        """
        sizes: dict[int, list[str]] = {}
        for name in self._bucket.names(LOG_CHECKPOINTS):
            try:
                size, _ = parse_checkpoint_name(name)
            except InvalidError:
                continue
            sizes.setdefault(size, []).append(name)
        for size in sorted(sizes, reverse=True):
            held = [found for name in sizes[size] if (found := self._held(name)) is not None]
            if len(set(held)) > 1:
                raise CorruptError(f"Two checkpoints of {size} entries were signed: a fork.")
            if held:
                return held[0]
        return None

    def _held(self, name: str) -> Checkpoint | None:
        try:
            found = self._reader.published(name).checkpoint
        except (CorruptError, NotFoundError):
            return None
        said = found.size, found.root
        return found if said == parse_checkpoint_name(name) else None

    def connect(self, older: Checkpoint, newer: Checkpoint) -> None:
        """Check by tiles that the newer one is consistent with the older; CorruptError if not."""
        proof = consistency_proof(older.size, newer.size, self._reader.subtrees(newer.size))
        check_consistency(older.size, newer.size, older.root, newer.root, proof)

    def edge(self, checkpoint: Checkpoint) -> Edge:
        """Return the edge of a checkpoint's tree.

        Raises:
            ConfigurationError: the database does not have all of its events.
            CorruptError: the events in the database lead to another root.
        """
        last = self._pointers.last_seq()
        if last < checkpoint.size:
            raise behind(last, checkpoint.size)
        try:
            edge = self._edge_of_tiles(checkpoint.size)
            if edge.root() == checkpoint.root:
                return edge
        except CorruptError:
            pass  # A tile that is damaged is no reason to stop: the events tell the same.
        edge = self._edge_of_events(checkpoint.size)
        if edge.root() != checkpoint.root:
            raise CorruptError(
                f"The events in the database do not lead to the root that was signed at "
                f"{checkpoint.size} entries."
            )
        return edge

    def _edge_of_tiles(self, size: int) -> Edge:
        """Take the last leaves from SQL, and the levels above from the tiles in the bucket."""
        whole = size - size % WIDTH
        rows = self._rows(whole, size)
        held = [b"".join(row.pointer.leaf_hash for row in rows)]
        subtrees = self._reader.subtrees(size)
        level = 1
        while count := size >> HEIGHT * level:
            first = count - count % WIDTH
            held.append(b"".join(subtrees(HEIGHT * level, place) for place in range(first, count)))
            level += 1
        return Edge(size, tuple(held), self._entries(rows))

    def _edge_of_events(self, size: int) -> Edge:
        edge = Edge()
        while edge.size < size:
            rows = self._rows(edge.size, min(size, edge.size + _ROWS_AT_ONCE))
            # Entries are needed of the last bundle alone.
            edge = edge.grow([row.pointer.leaf_hash for row in rows], [b""] * len(rows)).new
        return Edge(size, edge.rows, self._entries(self._rows(size - size % WIDTH, size)))

    def _entries(self, rows: list[PointerRow]) -> tuple[bytes, ...]:
        return tuple(entries_of(rows, self._archive_id, self._frames))

    def _rows(self, start: int, end: int) -> list[PointerRow]:
        return events_from(self._pointers, start, end)


def behind(last: int, size: int) -> ConfigurationError:
    """Return the error for a database that lacks events which the log has."""
    return ConfigurationError(
        f"The database stands at event {last}, and the log at {size}: an older copy of the "
        "database took its place. Nothing is signed until it has caught up."
    )
