"""The keeper of snapshots: when the leader's index goes into the bucket, beside the following.

The leader's thread holds the files of a commit still, which takes a moment; sealing and uploading
are done in another thread. A snapshot that fails is tried again later, and stops nobody.
"""

from collections.abc import Callable, Set
from threading import Thread
from typing import Final, Protocol

from archive.clock import Clock
from archive.errors import GoneError, MunimentError, UnavailableError
from archive.index.frozen import Frozen, freeze
from archive.index.resuming import Beginning, History
from archive.index.snapshots import SealedGeneration, SnapshotStore
from archive.sealing.snapshot import Bundle, Manifest

WORTH: Final = 1_000
"""As many events are read again in the time that a snapshot takes."""
PAUSE_SECONDS: Final = 300.0
SHORT_PAUSE_SECONDS: Final = 60.0
MANY: Final = 50_000
"""Of so many new events a snapshot is taken after the short pause."""
_KEPT: Final = 2


class _Shown(Protocol):
    """What a keeper asks of the index's follower."""

    def position(self) -> int: ...

    def unread(self) -> Set[int]: ...


class SnapshotKeeper:
    """Takes the snapshots of one generation. All methods are for the leader's thread."""

    def __init__(
        self, store: SnapshotStore, clock: Clock, history: History, form: str, beginning: Beginning
    ) -> None:
        self._store = store
        self._clock = clock
        self._history = history
        self._form = form
        self._folder = beginning.generation.folder
        self._tell = beginning.generation.tell
        self._notes = beginning.notes
        self._since = clock.monotonic()
        self._thread: Thread | None = None
        # While the thread runs, these are its own.
        self._kept = [beginning.snapshot] if beginning.snapshot else []
        self._generation = beginning.snapshot.generation if beginning.snapshot else None
        self._destroyed = False
        self._tell(self._notes)

    @property
    def destroyed(self) -> bool:
        """Whether the generation's key has been destroyed, so that the index must be made anew."""
        return self._destroyed and not self._busy()

    def consider(self, follower: _Shown) -> None:
        """Begin a snapshot of what the follower has shown, if it is time for one."""
        if self._busy() or self.destroyed:
            return
        news = follower.position() - self._stand()
        waited = self._clock.monotonic() - self._since
        if news >= WORTH and waited >= (SHORT_PAUSE_SECONDS if news >= MANY else PAUSE_SECONDS):
            self._begin(follower)

    def finish(self, follower: _Shown) -> None:
        """Take a last snapshot, if it is worth it, of an index that is not written to any more."""
        self.wait()
        if follower.position() - self._stand() >= WORTH and not self.destroyed:
            self._begin(follower)
            self.wait()

    def destroy(self) -> None:
        """Destroy this generation with all its snapshots, because it holds what must go."""
        self.wait()
        if self._generation is not None:
            self._store.destroy(self._generation.id)
        self._destroyed = True

    def wait(self) -> None:
        """Return when no snapshot is under way."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _busy(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _stand(self) -> int:
        return self._kept[-1].position if self._kept else 0

    def _begin(self, follower: _Shown) -> None:
        self._since = self._clock.monotonic()
        position, unread = follower.position(), tuple(sorted(follower.unread()))
        try:
            leaf_hash = self._history.leaf_hash(position)
            if leaf_hash is None:
                raise UnavailableError(f"Event {position} is not in the database.")
            frozen = freeze(self._folder)
        except MunimentError as error:
            self._report(error)
            return

        def manifest(bundles: tuple[Bundle, ...]) -> Manifest:
            return Manifest(
                leaf_hash=leaf_hash,
                form=self._form,
                documents=frozen.documents,
                unread=unread,
                meta=frozen.meta,
                bundles=bundles,
            )

        self._thread = Thread(
            target=self._take, args=(frozen, position, manifest), name="snapshot", daemon=True
        )
        self._thread.start()

    def _take(
        self, frozen: Frozen, position: int, manifest: Callable[[tuple[Bundle, ...]], Manifest]
    ) -> None:
        try:
            generation = self._sealed_generation()
            known = self._kept[-1].manifest.bundles if self._kept else ()
            bundles = self._store.upload(generation, frozen, known)
            self._store.check(generation)
            snapshot = self._store.record(generation, position, manifest(bundles))
        except GoneError:
            self._destroyed = True
        except MunimentError as error:
            self._report(error)
        except OSError as error:
            self._report(UnavailableError(f"Its files cannot be read: {error.strerror}."))
        else:
            self._kept = [*self._kept, snapshot][-_KEPT:]
            self._tidy()
        finally:
            frozen.release()

    def _sealed_generation(self) -> SealedGeneration:
        if self._generation is None:
            self._generation = self._store.begin()
        return self._generation

    def _tidy(self) -> None:
        try:
            self._store.keep_only(self._kept)
        except MunimentError as error:
            self._tell((*self._notes, f"Older snapshots of the index are still there: {error}"))
        else:
            self._tell(self._notes)

    def _report(self, problem: MunimentError) -> None:
        self._tell((*self._notes, f"The last snapshot of the index failed: {problem}"))
