"""The log's writer: from pointers in SQL to tiles, a checkpoint, and the bucket (docs/design.md).

Order: tiles and bundles, all durable; the new root from what was written, and the proof that it is
consistent with the last; the place in SQL, under the leader's fence; only then the signature, first
under its own name, then as the newest. Everything that is put is put again with the same bytes, so
after any error the writer forgets what it knows and takes the log up anew.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from archive.bucket.names import LOG_CHECKPOINT, LOG_TILES, LOG_VKEY, checkpoint_name, commit_name
from archive.bucket.port import Bucket, Retention
from archive.clock import Clock
from archive.errors import NotFoundError
from archive.events.pointers import PointerRecorder
from archive.log.checkpoint import Checkpoint
from archive.log.edge import Edge, Growth
from archive.log.entries import Frames, leaves_from
from archive.log.head import LogHead
from archive.log.merkle import check_consistency
from archive.log.note import Signer
from archive.log.partials import Partials, versions_of_newest
from archive.log.reader import LogReader
from archive.log.resuming import LogHistory, behind
from archive.log.tiles import WIDTH, Tile
from archive.sealing.keyring import Keyring

Lock = Callable[[datetime], Retention | None]
"""Says how long what is put at a time must be locked."""

MOST_ENTRIES: Final = 64 * WIDTH
"""As many events go under one checkpoint at most, so that memory stays flat."""
TIDY_SECONDS: Final = 60.0


def log_signer(keyring: Keyring) -> Signer:
    """Return what signs an archive's log; its name is the log's origin."""
    return Signer(f"muniment.{keyring.archive_id}", keyring.log_signing_key)


class LogPublisher:
    """Writes the log. One thread calls it, of the process that leads.

    Methods raise UnavailableError when bucket or database do not answer, and ConflictError, as
    DeposedError, when another process leads. Both may be tried again.
    """

    def __init__(
        self,
        keyring: Keyring,
        pointers: PointerRecorder,
        bucket: Bucket,
        head: LogHead,
        frames: Frames,
        clock: Clock,
        lock: Lock = lambda _: None,
    ) -> None:
        self._archive_id = keyring.archive_id
        self._signer = log_signer(keyring)
        self._lock = lock
        self._locked_hour: datetime | None = None
        self._pointers = pointers
        self._bucket = bucket
        self._head = head
        self._frames = frames
        self._clock = clock
        reader = LogReader(bucket, self._signer.verifier)
        self._history = LogHistory(keyring.archive_id, pointers, bucket, reader, frames)
        self._stand: _Stand | None = None

    def step(self) -> int:
        """Publish a checkpoint over what has been committed; return how many entries it adds.

        Raises:
            CorruptError: something does not agree with what was signed before; nothing is signed.
            ConfigurationError: the database is behind what was signed; nothing is signed.
        """
        stand = self._stand
        # Whatever goes wrong, SQL and the bucket say better than memory where the log stands.
        self._stand = None
        if stand is None:
            stand = self._resume()
        added = self._advance(stand)
        self._tidy(stand)
        self._stand = stand
        return added

    def forget(self) -> None:
        """Drop what is known, because another process may write the log for a while."""
        self._stand = None

    def note_stopped(self) -> None:
        """Note in SQL that nothing more is signed, so that every process can tell."""
        self._head.note_stopped()

    # Taking up

    def _resume(self) -> "_Stand":
        head, newest = self._head.read(), self._history.newest()
        known = None if head is None else self._checkpoint(head.size, head.root)
        if known is None or (newest is not None and newest.size > known.size):
            # SQL was rebuilt, or is an older copy. Only the whole list tells what was signed last.
            found = self._history.search()
            if found is not None:
                known = self._take_over(known, found)
        if known is None:
            self._bucket.put(LOG_VKEY, f"{self._signer.verifier}\n".encode())
            return _Stand(Edge(), None, Partials(self._bucket), self._clock.monotonic(), 0)
        edge = self._history.edge(known)
        version = None
        if newest != known:
            if newest is not None:
                self._history.connect(newest, known)
            version = self._put_checkpoint(known)
        partials = Partials(self._bucket)
        partials.find(known.size if head is None else head.tidied, known.size)
        return _Stand(edge, known, partials, self._clock.monotonic(), known.size, version)

    def _take_over(self, known: Checkpoint | None, found: Checkpoint) -> Checkpoint:
        """Go on from a checkpoint in the bucket that SQL does not know."""
        self._history.edge(found)
        if known is not None:
            self._history.connect(known, found)
        self._head.swap(known, found)
        return found

    def _checkpoint(self, size: int, root: bytes) -> Checkpoint:
        return Checkpoint(self._signer.verifier.name, size, root)

    # Going on

    def _advance(self, stand: "_Stand") -> int:
        size = stand.edge.size
        last = self._pointers.last_seq()
        if last < size:
            raise behind(last, size)
        end = min(self._recorded(last), size + MOST_ENTRIES) if last > size else size
        if end <= size:
            return 0
        leaves = leaves_from(self._pointers, self._archive_id, self._frames, size, end)
        growth = stand.edge.grow(leaves.hashes, leaves.entries)
        self._put_tiles(growth, stand.partials)
        checkpoint = self._checkpoint(growth.new.size, growth.new.root())
        if stand.checkpoint is not None:
            older = stand.checkpoint
            check_consistency(
                older.size, checkpoint.size, older.root, checkpoint.root, growth.consistency()
            )
        self._head.swap(stand.checkpoint, checkpoint)
        stand.version = self._put_checkpoint(checkpoint)
        stand.edge, stand.checkpoint = growth.new, checkpoint
        return end - size

    def _recorded(self, last: int) -> int:
        """Return up to which event the commit records stand.

        An event without one is not acknowledged yet, and would be lost with the database. A leaf
        of it would stand in the way of whatever is committed in its place.
        """
        for row in self._pointers.commits_not_durable():
            if row.first_seq > last:
                break
            try:
                self._bucket.stat(commit_name(row.first_seq, row.record_id))
            except NotFoundError:
                return row.first_seq - 1
        return last

    def _put_tiles(self, growth: Growth, partials: Partials) -> None:
        wanted = [(tile, tile.path, data) for tile, data in growth.tiles.items()]
        wanted += [(tile, tile.bundle_path, data) for tile, data in growth.bundles().items()]

        retention = self._lock(self._clock.now())

        def put(job: tuple[Tile, str, bytes]) -> tuple[Tile, str, str]:
            tile, path, data = job
            name = f"{LOG_TILES}{path}"
            # What is not full yet is replaced within minutes, and must be removed then.
            full = tile.width == WIDTH
            return tile, name, self._bucket.put(name, data, retention=retention if full else None)

        at_once = min(len(wanted), self._bucket.at_once)
        if at_once <= 1:
            written = [put(job) for job in wanted]
        else:
            with ThreadPoolExecutor(at_once, thread_name_prefix="log") as pool:
                written = list(pool.map(put, wanted))
        for tile, name, version in written:
            partials.note(tile, name, version)

    def _put_checkpoint(self, checkpoint: Checkpoint) -> str:
        """Sign and publish; return the version of the newest checkpoint's object."""
        note = checkpoint.sign(self._signer).encode()
        now = self._clock.now()
        hour = now.replace(minute=0, second=0, microsecond=0)
        # One an hour is enough to hold the log to, and all would be many.
        retention = None if hour == self._locked_hour else self._lock(now)
        name = checkpoint_name(checkpoint.size, checkpoint.root)
        self._bucket.put(name, note, retention=retention)
        self._locked_hour = hour
        return self._bucket.put(LOG_CHECKPOINT, note)

    # Tidying

    def _tidy(self, stand: "_Stand") -> None:
        """Once a while, remove what was of use for as long only."""
        checkpoint, now = stand.checkpoint, self._clock.monotonic()
        if checkpoint is None or now - stand.tidied_at < TIDY_SECONDS:
            return
        if stand.partials.remove(stand.passed):
            self._head.note_tidied(stand.passed)
        if stand.version is not None and stand.passed < checkpoint.size:
            newest, *older = versions_of_newest(self._bucket)
            if newest.version != stand.version:
                # A leader that was deposed put its last checkpoint late.
                stand.version = self._put_checkpoint(checkpoint)
                older.insert(0, newest)
            for each in older:
                self._bucket.delete(each.name, version=each.version)
        stand.tidied_at, stand.passed = now, checkpoint.size


@dataclass(slots=True)
class _Stand:
    """Where the log stands, as far as this process has brought it.

    `passed` is the size at the last tidying, at `tidied_at`. `version` is that of the newest
    checkpoint's object, once this process has written it.
    """

    edge: Edge
    checkpoint: Checkpoint | None
    partials: Partials
    tidied_at: float
    passed: int
    version: str | None = None
