"""`muniment rebuild`: SQL and the index made anew, from the bucket and its key alone.

Nothing is changed before the commit records have been read from the first to the last, and found
complete. Then every table is emptied and filled again; whoever is killed meanwhile leaves a
database that is behind, which whatever opens it next brings further. Catalog, log and index follow
the events as they always do.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Event

from archive.awaiting import WORKER_LOCK
from archive.bucket.port import Bucket
from archive.capture.station import COMMITTER_LOCK
from archive.catalog.engines import empty_tables
from archive.clock import Clock, SystemClock
from archive.database import RUN_FOLDER, Database, open_database
from archive.errors import ConfigurationError, CorruptError, NotFoundError, UnavailableError
from archive.events.commit_history import Faults
from archive.events.commit_records import CommitRecords
from archive.events.restoring import Restorer, refusal
from archive.events.server import HostLock
from archive.index.shared import SharedIndexReader
from archive.index.snapshots import SnapshotStore
from archive.index.source import index_directory
from archive.index.storage import IndexDirectory
from archive.keyrings import unlock
from archive.leadership import Leadership
from archive.leading import lead
from archive.log.publisher import log_signer
from archive.log.reader import LogReader
from archive.opening import Archive, open_archive
from archive.packing.packer import Packer
from archive.sealing.held import HeldKeyring
from archive.sealing.keyring import Keyring
from archive.settings import Settings

_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class RebuildProgress:
    """How many events of how many have been taken up by what is being made: SQL, then the rest."""

    part: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild made.

    `missing` are ranges of sequence numbers, first and last, that no commit record holds.
    `unreadable` says which records do not check. `unopened` counts the events that cannot be
    opened now, so that it is not known which blobs they refer to. `notes` are what the followers
    said.
    """

    events: int
    missing: tuple[tuple[int, int], ...]
    unreadable: tuple[str, ...]
    unopened: int
    notes: tuple[str, ...]


Show = Callable[[RebuildProgress], None]


def rebuild(
    settings: Settings,
    *,
    incomplete: bool = False,
    environ: Mapping[str, str] = os.environ,
    clock: Clock | None = None,
    progress: Show = lambda _: None,
) -> Rebuilt:
    """Make SQL and the index anew; returns when everything can be searched.

    With `incomplete`, events whose commit record is missing or damaged are left out.

    Raises:
        ConfigurationError: there is no archive, something else uses it, its database belongs to
            another, or its commit records are not complete; nothing has been changed.
        CorruptError: commit records contradict each other; nothing has been changed.
        UnavailableError: bucket or database do not answer; the same command begins again.
    """
    clock = clock or SystemClock()
    bucket, keyring = unlock(settings, environ, clock)
    with ExitStack() as stack:
        database = open_database(settings)
        stack.callback(database.close)
        leadership = stack.enter_context(_alone(settings, database, keyring))
        restorer = Restorer(database.pointers, bucket, keyring)
        CommitRecords(database.pointers, bucket, keyring, clock).complete_all()
        # What they know of packs that are not finished goes with the tables.
        notes = Packer(database.pointers, bucket, HeldKeyring(keyring), clock).settle()
        last = _survey(restorer, database, bucket, keyring, incomplete=incomplete)
        _empty(database, leadership, last)
        _forget_index(settings, SnapshotStore(bucket, keyring, clock))
        faults = restorer.restore(
            lambda seq: progress(RebuildProgress("events", seq, last)), incomplete=incomplete
        )
        unopened = len(database.pointers.restorer().unopened())
    with open_archive(settings, environ=environ, clock=clock) as archive:
        for segment_id, slots in restorer.destroyed.items():
            archive.key_objects.rewrite(segment_id, destroyed=slots, leave_locked=True)
        notes += [*_follow(archive, progress), *archive.eraser.resume()]
    return Rebuilt(
        events=last - sum(b - a + 1 for a, b in faults.missing),
        missing=tuple(faults.missing),
        unreadable=tuple(each.reason for each in faults.unreadable),
        unopened=unopened,
        notes=tuple(notes),
    )


@contextmanager
def _alone(settings: Settings, database: Database, keyring: Keyring) -> Iterator[Leadership]:
    """Hold everything that a process which writes would hold, and lead, while the block runs."""
    folder = settings.home / RUN_FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as stack:
        for name in (COMMITTER_LOCK, WORKER_LOCK):
            lock = HostLock(folder / name)
            stack.callback(lock.release)
            if not lock.acquire():
                raise ConfigurationError(
                    f"A service or an import uses {settings.home}: stop it before the rebuild."
                )
        known = database.pointers.archive()
        if known not in (None, keyring.archive_id):
            raise ConfigurationError(
                f"The {database.describe()} belongs to archive {known}, and the bucket to archive "
                f"{keyring.archive_id}."
            )
        database.pointers.create(keyring.archive_id)
        leadership = database.leadership()
        stack.callback(leadership.release)
        if not leadership.acquire():
            raise ConfigurationError(
                "A worker of another host leads: stop the services of all hosts before the rebuild."
            )
        yield leadership


def _survey(
    restorer: Restorer, database: Database, bucket: Bucket, keyring: Keyring, *, incomplete: bool
) -> int:
    """Return the newest recorded event, if nothing would be lost by going by the records."""
    last, faults = restorer.survey()
    known = database.pointers.last_seq()
    only_here = [
        (first, end)
        for first, end in (*faults.missing, (last + 1, known))
        if database.pointers.select_pointers_from(first, 1, end)
    ]
    if only_here:
        missing = Faults(missing=only_here, unreadable=faults.unreadable)
        raise ConfigurationError(
            f"{missing.sentence()} The {database.describe()} still knows them, and would forget "
            "them: put the records back from a copy of the bucket, or remove the database yourself."
        )
    try:
        size = LogReader(bucket, log_signer(keyring).verifier).newest().checkpoint.size
    except (NotFoundError, CorruptError):
        size = 0
    if size > last:
        # Their numbers would be given to others, and the log would have to contradict itself.
        raise ConfigurationError(
            f"No commit record holds event {last + 1} to {size}, though the log has them: put the "
            "records back from a copy of the bucket."
        )
    if faults.beyond or (faults and not incomplete):
        raise refusal(faults)
    return last


def _empty(database: Database, leadership: Leadership, last: int) -> None:
    """Empty all tables: the catalog first, which must never be ahead of the events."""
    engine = database.catalog()
    try:
        empty_tables(engine, leadership.fence)
        database.pointers.restorer().clear(last)
    finally:
        engine.dispose()


def _forget_index(settings: Settings, snapshots: SnapshotStore) -> None:
    for generation_id in snapshots.generations():
        snapshots.destroy(generation_id)
    directory = index_directory(settings)
    if directory is not None and directory.path.exists():
        directory.remove()


def _follow(archive: Archive, progress: Show) -> tuple[str, ...]:
    """Do a worker's work until everything that follows the events is at their end."""
    last = archive.pointers.last_seq()
    directory = index_directory(archive.settings)
    stop, notes = Event(), list[str]()
    with ThreadPoolExecutor(1, thread_name_prefix="worker") as pool:
        worker = pool.submit(lead, archive, stop, notes.append)
        try:
            while not (worker.done() or _is_there(archive, directory, last)):
                progress(RebuildProgress("index", archive.catalog.position(), last))
                archive.clock.sleep(_POLL_SECONDS)
        finally:
            stop.set()
        worker.result()
    return tuple(notes)


def _is_there(archive: Archive, directory: IndexDirectory | None, last: int) -> bool:
    if min(archive.catalog.position(), archive.trail.position()) < last:
        return False
    try:
        # Without tmpfs each process makes an index of its own.
        return directory is None or SharedIndexReader(directory).position() >= last
    except UnavailableError:
        return False
