"""The custody of keys in SQLite: one host, so file locks hold a segment for its processes."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import UUID

from eventsourcing.sqlite import SQLiteCursor

from archive.errors import NotFoundError
from archive.events.custody import CondemnedBlob, HeldSegment, KeyCustody, KeyringState, names_made
from archive.events.server import HostLock

CUSTODY_COLUMNS = ("keyring", "keyring_claimed")
_IDS_PER_QUERY = 10_000
_ALL = ".keys-lock"
_LOCK_FILES = 16


def is_complete(cursor: SQLiteCursor, statements: Iterable[str]) -> bool:
    """Say whether all that the statements make is there, and the archive in its table."""
    cursor.execute("SELECT name FROM sqlite_master")
    there = {row[0] for row in cursor.fetchall()}
    if not there.issuperset(names_made(statements)):
        return False
    cursor.execute("PRAGMA table_info(archive)")
    if not {row[1] for row in cursor.fetchall()}.issuperset(CUSTODY_COLUMNS):
        return False
    cursor.execute("SELECT 1 FROM archive")
    return cursor.fetchone() is not None


def add_custody_columns(cursor: SQLiteCursor) -> None:
    """Add what an archive's row lacks that was made before keyrings could be rotated."""
    cursor.execute("PRAGMA table_info(archive)")
    there = {row[1] for row in cursor.fetchall()}
    for column in CUSTODY_COLUMNS:
        if column not in there:
            cursor.execute(f"ALTER TABLE archive ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")


class SqliteCustody(KeyCustody):
    """The port's half that is about keys; the other half gives it transactions."""

    _path: Path

    @abstractmethod
    def _transaction(self, *, commit: bool) -> AbstractContextManager[SQLiteCursor]: ...

    def keys_of_each(self, segment_ids: Iterable[UUID]) -> dict[UUID, UUID]:
        wanted = [segment_id.bytes for segment_id in segment_ids]
        found: dict[UUID, UUID] = {}
        with self._transaction(commit=False) as cursor:
            for start in range(0, len(wanted), _IDS_PER_QUERY):
                page = wanted[start : start + _IDS_PER_QUERY]
                marks = ",".join("?" * len(page))
                cursor.execute(
                    f"SELECT segment_id, keys_id FROM segments WHERE segment_id IN ({marks})", page
                )
                found |= {UUID(bytes=each): UUID(bytes=keys) for each, keys in cursor.fetchall()}
        return found

    def segments_after(self, segment_id: UUID | None, limit: int) -> list[tuple[UUID, UUID]]:
        with self._transaction(commit=False) as cursor:
            cursor.execute(
                "SELECT segment_id, keys_id FROM segments WHERE segment_id>?"
                " ORDER BY segment_id LIMIT ?",
                (segment_id.bytes if segment_id else b"", limit),
            )
            return [(UUID(bytes=each), UUID(bytes=keys)) for each, keys in cursor.fetchall()]

    # SQLite would lock the whole file, and with it every commit, for as long as the bucket takes.

    @contextmanager
    def _locked(self, name: str, *, shared: bool = False) -> Iterator[None]:
        lock = HostLock(self._path.with_suffix(name))
        try:
            lock.acquire(wait=True, shared=shared)
            yield
        finally:
            lock.release()

    def _holding(self) -> AbstractContextManager[None]:
        """Hold all segments."""
        return self._locked(_ALL)

    @contextmanager
    def held_segment(self, segment_id: UUID) -> Iterator[HeldSegment]:
        # Ids end in random bits.
        own = f"{_ALL}-{segment_id.int % _LOCK_FILES:02d}"
        with self._locked(_ALL, shared=True), self._locked(own):
            yield _HeldSegment(self, segment_id)

    def name_keys(self, segment_id: UUID, keys_id: UUID) -> None:
        """Let a held segment name another key object."""
        with self._transaction(commit=True) as cursor:
            cursor.execute(
                "UPDATE segments SET keys_id=? WHERE segment_id=?",
                (keys_id.bytes, segment_id.bytes),
            )
            cursor.execute("SELECT 1 FROM segments WHERE segment_id=?", (segment_id.bytes,))
            if cursor.fetchone() is None:
                raise NotFoundError(f"Segment {segment_id} was packed meanwhile.")

    def condemn_blobs(self, events: Sequence[tuple[UUID, int]]) -> None:
        # What an event refers to is settled when it is committed, so it can be looked up before.
        referring = self._referring(events)
        if not referring:
            return
        with self._transaction(commit=True) as cursor:
            for key in referring:
                # Condemned before the references go, so that the write lock is taken at once.
                cursor.execute(
                    "UPDATE blobs SET condemned=1 WHERE blob_id IN (SELECT blob_id FROM"
                    " blob_references WHERE originator_id=? AND originator_version=?)"
                    " AND NOT EXISTS (SELECT 1 FROM blob_references other"
                    " WHERE other.blob_id=blobs.blob_id"
                    " AND NOT (other.originator_id=? AND other.originator_version=?))",
                    (*key, *key),
                )
                cursor.execute(
                    "DELETE FROM blob_references WHERE originator_id=? AND originator_version=?",
                    key,
                )

    def _referring(self, events: Sequence[tuple[UUID, int]]) -> list[tuple[bytes, int]]:
        """Return those of the events that refer to blobs; most do not."""
        wanted = {(originator_id.bytes, version) for originator_id, version in events}
        ids = list({originator for originator, _ in wanted})
        found: list[tuple[bytes, int]] = []
        with self._transaction(commit=False) as cursor:
            for start in range(0, len(ids), _IDS_PER_QUERY):
                page = ids[start : start + _IDS_PER_QUERY]
                cursor.execute(
                    "SELECT DISTINCT originator_id, originator_version FROM blob_references"
                    f" WHERE originator_id IN ({','.join('?' * len(page))})",
                    page,
                )
                found += [key for row in cursor.fetchall() if (key := tuple(row)) in wanted]
        return found

    def condemned_blobs(self) -> list[CondemnedBlob]:
        with self._transaction(commit=False) as cursor:
            cursor.execute("SELECT digest, blob_id FROM blobs WHERE condemned=1 ORDER BY blob_id")
            return [CondemnedBlob(digest, UUID(bytes=raw)) for digest, raw in cursor.fetchall()]

    def forget_blobs(self, blob_ids: Sequence[UUID]) -> None:
        with self._transaction(commit=True) as cursor:
            cursor.executemany(
                "DELETE FROM blobs WHERE blob_id=? AND condemned=1",
                [(blob_id.bytes,) for blob_id in blob_ids],
            )

    def keyring_state(self) -> KeyringState:
        with self._transaction(commit=False) as cursor:
            cursor.execute("SELECT keyring_claimed, keyring FROM archive")
            return KeyringState(*cursor.fetchone())

    def claim_keyring(self, above: int) -> KeyringState:
        with self._transaction(commit=True) as cursor:
            cursor.execute(
                "UPDATE archive SET keyring_claimed=max(keyring, keyring_claimed, ?)+1", (above,)
            )
            cursor.execute("SELECT keyring_claimed, keyring FROM archive")
            return KeyringState(*cursor.fetchone())

    def put_in_force(self, number: int) -> bool:
        with self._transaction(commit=True) as cursor:
            cursor.execute(
                "UPDATE archive SET keyring=?, keyring_claimed=?"
                " WHERE keyring_claimed<=? AND keyring<=?",
                (number,) * 4,
            )
            cursor.execute("SELECT keyring FROM archive")
            return bool(cursor.fetchone()[0] == number)


class _HeldSegment(HeldSegment):
    def __init__(self, custody: SqliteCustody, segment_id: UUID) -> None:
        self._custody = custody
        self._segment_id = segment_id
        self.keys_id = custody.keys_of_each([segment_id]).get(segment_id)

    def name(self, keys_id: UUID) -> None:
        self._custody.name_keys(self._segment_id, keys_id)
        self.keys_id = keys_id
