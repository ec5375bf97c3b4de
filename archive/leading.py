"""The worker: keeps this host's index, and of all workers the elected one keeps catalog and trail.

An index needs what the catalog says of a record. So it is fed up to the catalog's position and no
further, whether the catalog is kept in this process or on another host.
"""

from collections.abc import Callable
from threading import Event
from typing import Protocol

from archive.awaiting import WORKER_LOCK
from archive.errors import CorruptError, LockedError, UnavailableError
from archive.events.feed import FULL_BATCH, Follower
from archive.events.server import HostLock
from archive.index.follower import IndexFollower
from archive.index.form import index_form
from archive.index.keeper import SnapshotKeeper
from archive.index.resuming import History, begin
from archive.index.room import FullError, Room, is_full
from archive.index.source import index_directory
from archive.index.storage import IndexDirectory
from archive.leadership import DeposedError
from archive.log.keeper import LogKeeper
from archive.opening import Archive

_IDLE_SECONDS = 0.05
_PACE_SECONDS = 0.2
_RETRY_SECONDS = 1.0
_RECORDS_SECONDS = 30.0
_NOWHERE = -1
"""Where an index stands of which nothing is there yet."""
_FAR_BEHIND = 10 * FULL_BATCH

Say = Callable[[str], None]


class Duties(Protocol):
    """What a worker does besides, while it leads. `begin` may be called again while it does."""

    def begin(self) -> None:
        """Begin; UnavailableError if that cannot be done now."""

    def end(self) -> None:
        """Stop what runs, and return when it has; without effect where nothing runs."""


def lead(
    archive: Archive, stop: Event, say: Say = lambda _: None, duties: Duties | None = None
) -> None:
    """Wait for the host's worker lock, then follow the events until `stop` is set.

    The index goes on from its newest snapshot that holds, in a generation of its own; searches go
    on in the one before, if there is one, until the new one has caught up with where the events
    stood at the start. A worker that is told to stop takes the index with it; one that is killed
    leaves it to the next. `say` is told, in sentences, how the index came to be, and when bucket or
    database do not answer and when they do again.
    """
    lock = HostLock(archive.run_folder / WORKER_LOCK)
    try:
        while not lock.acquire():
            if stop.wait(_RETRY_SECONDS):
                return
        worker = _Worker(archive, stop, say, duties)
        log = LogKeeper(archive.log_publisher, archive.clock, lambda: worker.leads, say)
        log.start()
        try:
            _follow(worker)
        finally:
            worker.rest()
            log.finish()
    finally:
        archive.leadership.release()
        lock.release()


def _follow(worker: "_Worker") -> None:
    directory = index_directory(worker.archive.settings)
    if directory is None:
        # Without tmpfs each process keeps an index of its own; only the catalog is left to do.
        worker.run(worker.keep_catalog)
        return
    room = Room(directory.path, worker.archive.clock, worker.say)
    try:
        directory.remove_abandoned()
        while not worker.stop.is_set():
            try:
                _follow_generation(worker, directory, room)
            except (FullError, OSError) as error:
                if not is_full(error):
                    raise
                # Not even an empty one fits, or no last word of it.
                room.refuse(_NOWHERE, error)
                worker.run(worker.keep_catalog, lambda: not room.is_waited_for)
            except UnavailableError as error:
                worker.wait_for(error)
    finally:
        room.end()
        directory.remove()


def _follow_generation(worker: "_Worker", directory: IndexDirectory, room: Room) -> None:
    """Follow in one generation of the index, until told to stop or its key is destroyed."""
    archive = worker.archive
    history, form = History(archive.pointers, archive.records), index_form()
    beginning = begin(directory, archive.snapshots, history, form)
    for note in beginning.notes:
        worker.say(note)
    room.reserve()
    generation, position = beginning.generation, beginning.position
    target = archive.pointers.last_seq()
    follower = archive.index_follower(
        generation.index,
        generation.publish,
        position,
        beginning.unread,
        target,
    )
    keeper = SnapshotKeeper(archive.snapshots, archive.clock, history, form, beginning)
    try:
        follower.apply([], position)
        published = False

        def publish() -> None:
            nonlocal published
            if not published and min(follower.position(), archive.catalog.position()) >= target:
                generation.make_current()
                published = True

        def step() -> int:
            publish()
            if room.is_waited_for:
                return worker.keep_catalog()
            try:
                count = worker.keep_both(follower)
            except FullError as error:
                room.refuse(follower.position(), error)
                return worker.keep_catalog()
            room.grow(follower.position())
            if worker.leads:
                # One snapshot serves all hosts.
                keeper.consider(follower)
            return count

        worker.run(step, lambda: keeper.destroyed or follower.outdated)
        follower.show()
        if follower.outdated:
            # It knows more than the one that is searched; and the next may be outdated as soon.
            publish()
    finally:
        follower.close()
        keeper.wait()
    if follower.outdated:
        keeper.destroy()
    elif worker.stop.is_set() and worker.leads:
        keeper.finish(follower)


class _Worker:
    """One worker's loop: its claim to lead, its pace, and its patience with what it rests on."""

    def __init__(self, archive: Archive, stop: Event, say: Say, duties: Duties | None) -> None:
        self._duties = duties
        self.archive = archive
        self.stop = stop
        self.say = say
        self.leads = False
        self._troubled = False
        self._claim_due = self._records_due = 0.0

    def run(self, step: Callable[[], int], over: Callable[[], bool] = lambda: False) -> None:
        """Take steps until told to stop, or until it is over; a step returns how much it fed."""
        clock = self.archive.clock
        while not self.stop.is_set() and not over():
            try:
                self.archive.brake.rest(self.stop)
                began = clock.monotonic()
                self._claim(began)
                count = step()
            except DeposedError as error:
                self.leads = False
                self.rest()
                self.say(str(error))
                continue
            except UnavailableError as error:
                self.wait_for(error)
                continue
            if self._troubled:
                self.say("The worker goes on.")
                self._troubled = False
            if count < FULL_BATCH:
                # An index commit costs the same for one record as for a thousand, so a trickle is
                # gathered; a full batch means that there is more to do at once.
                spent = clock.monotonic() - began
                pace = max(_IDLE_SECONDS, _PACE_SECONDS - spent)
                self.stop.wait(pace if count else _IDLE_SECONDS)

    def wait_for(self, error: UnavailableError) -> None:
        """Wait a little for what does not answer; say so once."""
        if not self._troubled:
            self.say(f"{error} The worker waits for it.")
        self._troubled = True
        self.stop.wait(_RETRY_SECONDS)

    def _claim(self, now: float) -> None:
        """Lead if nobody else does: who does not lead asks again once a second."""
        if self.leads or now >= self._claim_due:
            led, self.leads = self.leads, self.archive.leadership.acquire()
            if self.leads and not led:
                self._destroy_older_keyrings()
            self._claim_due = now + _RETRY_SECONDS
        if self.leads and now >= self._records_due:
            self.archive.commit_records.complete_overdue()
            for problem in self.archive.eraser.resume_overdue():
                self.say(problem)
            self._records_due = now + _RECORDS_SECONDS
        if not self.leads:
            self.rest()
        elif self._duties is not None:
            self._duties.begin()

    def rest(self) -> None:
        """End what only a leader does."""
        if self._duties is not None:
            self._duties.end()

    def _destroy_older_keyrings(self) -> None:
        """Destroy what a change of the keyring that was killed has left."""
        try:
            self.archive.keyring_writer.destroy_older()
        except (CorruptError, LockedError) as error:
            self.say(str(error))

    def keep_catalog(self) -> int:
        """Feed the catalog and the trail, if this is the leader."""
        return self.archive.feed.step(self._side_by_side()) if self.leads else 0

    def _side_by_side(self) -> list[Follower]:
        """Return what SQL holds, to be fed at once, so that each event is opened once for all.

        A trail that is far behind, as in an archive of before it was kept, is fed a batch by
        itself: nothing that is searched for waits for it.
        """
        catalog, trail = self.archive.catalog_follower, self.archive.trail_follower
        end = catalog.position()
        if end - trail.position() <= _FAR_BEHIND:
            return [catalog, trail]
        self.archive.feed.step([trail], end)
        return [catalog]

    def keep_both(self, index: IndexFollower) -> int:
        """Feed the index up to the catalog, and the catalog too, if this is the leader."""
        feed, catalog = self.archive.feed, self.archive.catalog_follower
        end = catalog.position()
        behind = end - index.applied()
        if self.leads and behind <= 0:
            # Side by side, so that each event is opened once for both.
            return feed.step([*self._side_by_side(), index])
        count = 0
        if self.leads and behind > _FAR_BEHIND:
            # An index that is being built must not keep the catalog of all hosts waiting.
            count = feed.step(self._side_by_side())
        return count + feed.step([index], end)
