"""The leader: the one process that keeps catalog and index up with the events."""

from threading import Event

from archive.events.feed import FULL_BATCH
from archive.events.server import HostLock
from archive.index.source import index_directory
from archive.opening import LEADER_LOCK, Archive

_IDLE_SECONDS = 0.05
_PACE_SECONDS = 0.2
_RETRY_SECONDS = 1.0


def lead(archive: Archive, stop: Event) -> None:
    """Wait for the leader's lock, then follow the events until `stop` is set.

    The index is built anew in a generation of its own; searches go on in the one before, if there
    is one, until the new one has caught up with where the events stood at the start. A leader that
    is told to stop takes the index with it; one that is killed leaves it to the next.
    """
    lock = HostLock(archive.run_folder / LEADER_LOCK)
    while not lock.acquire():
        if stop.wait(_RETRY_SECONDS):
            lock.release()
            return
    try:
        _follow(archive, stop)
    finally:
        lock.release()


def _follow(archive: Archive, stop: Event) -> None:
    directory = index_directory(archive.settings)
    if directory is None:
        # Without tmpfs each process keeps an index of its own; only the catalog is left to do.
        while not stop.is_set():
            if not archive.feed.step([archive.catalog_follower]):
                stop.wait(_IDLE_SECONDS)
        return
    generation = directory.new_generation()
    target = archive.pointers.last_seq()
    follower = archive.index_follower(generation.index, generation.publish)
    try:
        follower.apply([], 0)
        published = False
        while not stop.is_set():
            if not published and follower.position() >= target:
                generation.make_current()
                published = True
            began = archive.clock.monotonic()
            count = archive.feed.step([archive.catalog_follower, follower])
            if count < FULL_BATCH:
                # An index commit costs the same for one record as for a thousand, so a trickle is
                # gathered; a full batch means that there is more to do at once.
                spent = archive.clock.monotonic() - began
                stop.wait(max(_IDLE_SECONDS, _PACE_SECONDS - spent) if count else _IDLE_SECONDS)
    finally:
        follower.close()
        directory.remove()
