"""How a leader takes the log up: from SQL, or where SQL knows less, from the bucket.

Either way the tree is taken up only if the events in SQL lead to exactly the root that was signed.
"""

from collections.abc import Sequence
from uuid import UUID

from archive.bucket.names import LOG_CHECKPOINTS, parse_checkpoint_name
from archive.bucket.port import Bucket
from archive.errors import ConfigurationError, CorruptError, InvalidError, NotFoundError
from archive.events.pointers import PointerRecorder, PointerRow
from archive.log.checkpoint import Checkpoint
from archive.log.edge import Edge
from archive.log.entries import UNKNOWN, Frames, Leaves, leaves_from
from archive.log.merkle import check_consistency, consistency_proof
from archive.log.reader import LogReader
from archive.log.tiles import HEIGHT, WIDTH, Tile, split_hashes
from archive.sealing.leaf import entry_hash, log_entry

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
        if not checkpoint.size:
            return Edge()
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
        """Take all levels from the tiles; CorruptError where SQL knows other last leaves."""
        subtrees = self._reader.subtrees(size)
        held: list[bytes] = []
        level = 0
        while count := size >> HEIGHT * level:
            places = range(count - count % WIDTH, count)
            held.append(b"".join(subtrees(HEIGHT * level, place) for place in places))
            level += 1
        last = split_hashes(held[0])
        events = {row.seq - 1: row.pointer.leaf_hash for row in self._tail(size)}
        for index, leaf in enumerate(last, size - len(last)):
            if events.get(index, leaf) != leaf:
                raise CorruptError(f"Entry {index} of the log is not of event {index + 1}.")
        return Edge(size, tuple(held), self._entries(size, last))

    def _edge_of_events(self, size: int) -> Edge:
        edge = Edge()
        while edge.size < size:
            end = min(size, edge.size + _ROWS_AT_ONCE)
            # Frames are read for the entries of the last bundle alone.
            leaves = self._leaves(edge.size, end, lambda rows: {})
            edge = edge.grow(leaves.hashes, leaves.entries).new
        return Edge(size, edge.rows, self._entries(size, split_hashes(edge.rows[0])))

    def _entries(self, size: int, last: Sequence[bytes]) -> tuple[bytes, ...]:
        """Return the last bundle's entries as they were published, or else what SQL knows."""
        try:
            published = self._reader.bundle(Tile(0, size // WIDTH, len(last))) if last else []
            if all(map(self._is_of, published, last)):
                return tuple(published)
        except CorruptError:
            pass  # An entry follows from its event, too.
        return tuple(self._leaves(size - len(last), size, self._frames).entries)

    def _is_of(self, entry: bytes, leaf: bytes) -> bool:
        return entry == log_entry(self._archive_id, UNKNOWN) or entry_hash(entry) == leaf

    def _tail(self, size: int) -> list[PointerRow]:
        start = size - size % WIDTH
        return self._pointers.select_pointers_from(start, WIDTH, size, inclusive_of_start=False)

    def _leaves(self, start: int, end: int, frames: Frames) -> Leaves:
        return leaves_from(self._pointers, self._archive_id, frames, start, end)


def behind(last: int, size: int) -> ConfigurationError:
    """Return the error for a database that lacks events which the log has."""
    return ConfigurationError(
        f"The database stands at event {last}, and the log at {size}: an older copy of the "
        "database took its place. Nothing is signed until it has caught up."
    )
