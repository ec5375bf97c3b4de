"""Shredding: after it, no older copy of the bucket gives up what was erased, with today's KEK.

Erasing destroys keys in the bucket. Whoever kept a copy of it from before still has them, sealed
under epoch keys that today's keyring holds too. Shredding takes these away:

1. A keyring with a new epoch comes into force; from then on nothing is sealed under the old ones.
2. Every key object under a stale epoch is written anew under the new one, and destroyed.
3. A second reading finds none under a stale epoch.
4. A keyring without the stale epochs comes into force, for a new KEK; older keyrings are destroyed.

Stale are the epochs under which keys were destroyed, and all before them. Killed at any point, it
is done again from the start, and what is done already is passed over.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from uuid import UUID

from archive.bucket.port import Bucket
from archive.erasing.key_objects import KeyObjects, Rewritten
from archive.erasing.keyring_writer import Change, KeyringWriter
from archive.errors import ConflictError, CorruptError
from archive.events.custody import KeyCustody
from archive.index.snapshots import SnapshotStore
from archive.sealing.held import HeldKeyring
from archive.sealing.kek import Kek
from archive.sealing.keyring import Keyring

_PAGE = 1_000

_T = TypeVar("_T")
_J = TypeVar("_J")

Progress = Callable[[str, int], None]
"""Is told what is being done, and how many are done."""


@dataclass(frozen=True, slots=True)
class Shredded:
    """What was shredded: the keyring in force, the epochs that are gone, and the key objects.

    `locked` older key objects could not be deleted yet; no keyring opens them any more.
    """

    keyring: Keyring
    dropped: tuple[int, ...]
    rewritten: int
    locked: int


class Shredder:
    """Shreds. Two at once do each other no harm."""

    def __init__(
        self,
        *,
        custody: KeyCustody,
        bucket: Bucket,
        keyring: HeldKeyring,
        key_objects: KeyObjects,
        writer: KeyringWriter,
        snapshots: SnapshotStore,
    ) -> None:
        self._custody = custody
        self._bucket = bucket
        self._keyring = keyring
        self._key_objects = key_objects
        self._writer = writer
        self._snapshots = snapshots

    def stale(self, touched: int) -> frozenset[int]:
        """Return the epochs that would be shredded where `touched` is the newest one touched."""
        return frozenset(epoch for epoch in self._keyring.current.epochs if epoch <= touched)

    def count(self, progress: Progress) -> dict[int, int]:
        """Return how many key objects there are under each epoch.

        0 stands for those that cannot be read.
        """
        counts: Counter[int] = Counter()
        for found in self._pages("key objects read", progress):
            counts.update(found.values())
        return dict(counts)

    def shred(
        self,
        stale: frozenset[int],
        *,
        actor: str,
        before: Sequence[Kek],
        after: Sequence[Kek],
        progress: Progress,
    ) -> Shredded:
        """Shred these epochs; the keyring is for the KEKs `before` meanwhile, then for `after`.

        Raises as `KeyringWriter.write` and `KeyObjects.rewrite` do: nothing is lost, and doing it
        again goes on.
        """
        if self._keyring.current.current_epoch in stale:
            self._writer.write(Change("shredded", actor), before)
        # Made anew by the leader: an older one may be under a stale epoch.
        for generation_id in self._snapshots.generations():
            self._snapshots.destroy(generation_id)
        rewritten = locked = 0
        for found in self._pages("segments gone through", progress):
            # One that cannot be read may be under any epoch: its error comes out here.
            wanted = [each for each, epoch in found.items() if epoch in stale or not epoch]
            for done in filter(None, self._each(partial(self._rewrite, stale), wanted)):
                rewritten, locked = rewritten + 1, locked + done.locked
        for segment_id in self._key_objects.crowded():
            # Keys that are written anew already may have left their older object behind.
            if self._custody.keys_of(segment_id) is not None:
                self._key_objects.sweep(segment_id, leave_locked=True)
        for found in self._pages("segments gone through again", progress):
            if not stale.isdisjoint(found.values()):
                raise ConflictError("Keys were still sealed under an older epoch; try again.")
        dropped = stale & self._keyring.current.epochs.keys()
        change = Change("shredded", actor, new_epoch=False, dropped=frozenset(dropped))
        keyring = self._writer.write(change, after)
        self._writer.destroy_older()
        return Shredded(keyring, tuple(sorted(dropped)), rewritten, locked)

    def _rewrite(self, stale: frozenset[int], segment_id: UUID) -> Rewritten | None:
        """Write a segment's keys anew; None if it has been packed meanwhile, under a new epoch."""
        try:
            return self._key_objects.rewrite(segment_id, stale_epochs=stale, leave_locked=True)
        except CorruptError:
            if self._custody.keys_of(segment_id) is not None:
                raise
            return None

    def _pages(self, doing: str, progress: Progress) -> Iterator[dict[UUID, int]]:
        """Yield all segments with the epochs that their keys are under, a page at a time."""
        after: UUID | None = None
        done = 0
        while page := self._custody.segments_after(after, _PAGE):
            epochs = self._each(lambda each: self._key_objects.epoch_of(*each), page)
            yield {segment_id: epoch for (segment_id, _), epoch in zip(page, epochs, strict=True)}
            after, done = page[-1][0], done + len(page)
            progress(doing, done)

    def _each(self, do: Callable[[_J], _T], jobs: Sequence[_J]) -> list[_T]:
        """Do one thing after another, as many at once as the bucket likes."""
        if self._bucket.at_once <= 1:
            return list(map(do, jobs))
        with ThreadPoolExecutor(self._bucket.at_once, thread_name_prefix="shred") as pool:
            return list(pool.map(do, jobs))
