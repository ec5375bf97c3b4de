"""The leader: the one process that keeps catalog and index up with the events."""

from collections.abc import Callable
from threading import Event

from archive.events.feed import FULL_BATCH
from archive.events.server import HostLock
from archive.index.form import index_form
from archive.index.keeper import SnapshotKeeper
from archive.index.resuming import History, begin, moved_since
from archive.index.source import index_directory
from archive.index.storage import IndexDirectory
from archive.opening import LEADER_LOCK, Archive

_IDLE_SECONDS = 0.05
_PACE_SECONDS = 0.2
_RETRY_SECONDS = 1.0


def lead(archive: Archive, stop: Event, say: Callable[[str], None] = lambda _: None) -> None:
    """Wait for the leader's lock, then follow the events until `stop` is set.

    The index goes on from its newest snapshot that holds, in a generation of its own; searches go
    on in the one before, if there is one, until the new one has caught up with where the events
    stood at the start. How it came to be is handed to `say`, in sentences. A leader that is told to
    stop takes the index with it; one that is killed leaves it to the next.
    """
    lock = HostLock(archive.run_folder / LEADER_LOCK)
    while not lock.acquire():
        if stop.wait(_RETRY_SECONDS):
            lock.release()
            return
    try:
        _follow(archive, stop, say)
    finally:
        lock.release()


def _follow(archive: Archive, stop: Event, say: Callable[[str], None]) -> None:
    directory = index_directory(archive.settings)
    if directory is None:
        # Without tmpfs each process keeps an index of its own; only the catalog is left to do.
        while not stop.is_set():
            if not archive.feed.step([archive.catalog_follower]):
                stop.wait(_IDLE_SECONDS)
        return
    try:
        directory.remove_abandoned()
        while not stop.is_set():
            _follow_generation(archive, stop, directory, say)
    finally:
        directory.remove()


def _follow_generation(
    archive: Archive, stop: Event, directory: IndexDirectory, say: Callable[[str], None]
) -> None:
    """Follow in one generation of the index, until told to stop or its key is destroyed."""
    history, form = History(archive.pointers, archive.records), index_form()
    beginning = begin(directory, archive.snapshots, history, form)
    for note in beginning.notes:
        say(note)
    generation, position = beginning.generation, beginning.position
    moved = moved_since(position, generation.index, archive.catalog)
    archive.catalog_follower.rethreaded.update(moved)
    target = archive.pointers.last_seq()
    follower = archive.index_follower(
        generation.index, generation.publish, position, beginning.unread
    )
    keeper = SnapshotKeeper(archive.snapshots, archive.clock, history, form, beginning)
    try:
        follower.apply([], position)
        published = False
        while not stop.is_set() and not keeper.destroyed:
            if not published and min(follower.position(), archive.catalog.position()) >= target:
                generation.make_current()
                published = True
            began = archive.clock.monotonic()
            count = archive.feed.step([archive.catalog_follower, follower])
            keeper.consider(follower)
            if count < FULL_BATCH:
                # An index commit costs the same for one record as for a thousand, so a trickle is
                # gathered; a full batch means that there is more to do at once.
                spent = archive.clock.monotonic() - began
                stop.wait(max(_IDLE_SECONDS, _PACE_SECONDS - spent) if count else _IDLE_SECONDS)
        follower.show()
    finally:
        follower.close()
        keeper.wait()
    if stop.is_set():
        keeper.finish(follower)
