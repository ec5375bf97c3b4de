"""Where a leader's index begins: at the newest snapshot that holds, else at the first event.

Whatever is wrong with a snapshot costs time and never an answer: it is passed over, and the notes
say why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.errors import CorruptError, GoneError, NotFoundError, UnavailableError
from archive.events.pointers import PointerRecorder
from archive.events.records import Records
from archive.index.snapshots import Snapshot, SnapshotStore
from archive.index.storage import Generation, IndexDirectory


class History:
    """What SQL says of the events, for a snapshot to be held against."""

    def __init__(self, pointers: PointerRecorder, records: Records) -> None:
        self._pointers = pointers
        self._records = records

    def leaf_hash(self, seq: int) -> str | None:
        """Return the leaf hash of an event in hex, None if there is no such event."""
        rows = self._pointers.select_pointers_from(seq, 1, seq)
        return rows[0].pointer.leaf_hash.hex() if rows else None

    def readable(self, seq: int) -> bool:
        """Say whether the record that an event is of can be read as of that event."""
        for row in self._pointers.select_pointers_from(seq, 1, seq):
            try:
                self._records.load(row.originator_id, as_of=seq)
            except (CorruptError, GoneError, NotFoundError, UnavailableError):
                return False
            return True
        return False


@dataclass(frozen=True, slots=True)
class Beginning:
    """A generation to go on with: its position, and the snapshot that it came from, if any.

    `notes` say how it came to be, in sentences for whoever runs the service.
    """

    generation: Generation
    position: int
    unread: tuple[int, ...]
    snapshot: Snapshot | None
    notes: tuple[str, ...]


def begin(
    directory: IndexDirectory, store: SnapshotStore, history: History, form: str
) -> Beginning:
    """Make a generation from the newest snapshot that holds, or an empty one.

    Raises UnavailableError when bucket or database do not answer: both are needed in any case.
    """
    notes: list[str] = []
    for name in store.names():
        try:
            snapshot = store.open(name)
            reason = _mismatch(snapshot, history, form)
            if reason is None:
                return _restored(directory, store, snapshot, notes)
        except (CorruptError, NotFoundError) as error:
            reason = str(error)
        except OSError as error:
            reason = f"The index folder does not take it: {error.strerror}."
        except UnavailableError as error:
            # One object that cannot be had is no more than one that is damaged.
            store.names()
            reason = str(error)
        notes.append(f"The index snapshot {name} is passed over: {reason}")
    notes.append("The index is built from the first event on.")
    return Beginning(directory.new_generation(), 0, (), None, tuple(notes))


def _mismatch(snapshot: Snapshot, history: History, form: str) -> str | None:
    """Say why a snapshot would not give right answers; None if it would."""
    manifest = snapshot.manifest
    if manifest.form != form:
        return "Another version of the program made it."
    if history.leaf_hash(snapshot.position) != manifest.leaf_hash:
        return "The database is older, or of another history."
    if any(history.readable(seq) for seq in manifest.unread):
        return "A record that could not be read then can be read now."
    return None


def _restored(
    directory: IndexDirectory, store: SnapshotStore, snapshot: Snapshot, notes: Sequence[str]
) -> Beginning:
    def fill(folder: Path) -> None:
        store.fetch(snapshot, folder)

    generation = directory.new_generation(fill, snapshot.position)
    found = generation.index.searcher().num_docs
    if found != snapshot.manifest.documents:
        generation.remove()
        raise CorruptError(f"It has {found} documents of {snapshot.manifest.documents}.")
    restored = f"The index was restored from its snapshot as of event {snapshot.position}."
    return Beginning(
        generation,
        snapshot.position,
        snapshot.manifest.unread,
        snapshot,
        (*notes, restored),
    )
