"""Legal holds of whole records: of the segments, key objects and blobs that hold them.

A segment holds other records too, which are then held as well: a hold can protect too much, never
too little. What counts how many holds need an object is not here; whoever lifts one says which
objects others still need.
"""

from collections.abc import Collection, Iterable, Iterator
from functools import partial
from itertools import islice
from uuid import UUID

from archive.bucket.names import blob_name, keys_name, segment_name
from archive.bucket.port import Bucket
from archive.errors import ConflictError
from archive.events.pointers import PointerRecorder

_RECORDS_PER_PAGE = 500
_ATTEMPTS = 3


class RecordLocks:
    """Places and lifts the legal holds of records.

    All of it is idempotent. Methods raise UnavailableError when bucket or database do not answer;
    what was done by then stays, and the same call again goes on.
    """

    def __init__(self, pointers: PointerRecorder, bucket: Bucket) -> None:
        self._pointers = pointers
        self._bucket = bucket

    def objects(self, record_ids: Iterable[UUID]) -> set[str]:
        """Return the names of the objects that hold records, all their versions and blobs."""
        ids = list(record_ids)
        rows = self._pointers.select_pointers_of(ids)
        segments = {row.pointer.segment_id for row in rows if not row.pointer.is_dropped}
        keys = self._pointers.keys_of_each(segments)
        return {
            *(segment_name(segment_id) for segment_id in segments),
            *(keys_name(segment_id, keys_id) for segment_id, keys_id in keys.items()),
            *(blob_name(digest, blob_id) for digest, blob_id in self._pointers.blobs_of(ids)),
        }

    def hold(self, record_ids: Iterable[UUID]) -> int:
        """Place the legal hold of what holds records; return how many objects are held now.

        Raises ConflictError where what holds the records kept changing.
        """
        return sum(
            self._on_all(page, partial(self._set_legal_hold, on=True))
            for page in _pages(record_ids)
        )

    def lift(self, record_ids: Iterable[UUID], needed: Collection[str]) -> int:
        """Lift the legal hold of what holds records, but for the `objects` that others need.

        Return how many are held no more.
        """
        lifted = 0
        for page in _pages(record_ids):
            for name in sorted(self.objects(page) - set(needed)):
                lifted += bool(self._set_legal_hold(name, on=False))
        return lifted

    def _on_all(self, record_ids: list[UUID], do: "partial[int]") -> int:
        """Do something to each object that holds the records, also if they are packed meanwhile."""
        done: set[str] = set()
        for _ in range(_ATTEMPTS):
            left = self.objects(record_ids) - done
            if not left:
                return len(done)
            for name in sorted(left):
                if do(name):
                    done.add(name)
        raise ConflictError("What holds the records kept changing; try again.")

    def _set_legal_hold(self, name: str, *, on: bool) -> int:
        count = 0
        for each in self._bucket.versions(name):
            if each.name == name and not each.delete_marker:
                self._bucket.set_legal_hold(name, each.version, on)
                count += 1
        return count


def _pages(record_ids: Iterable[UUID]) -> Iterator[list[UUID]]:
    ids = iter(record_ids)
    while page := list(islice(ids, _RECORDS_PER_PAGE)):
        yield page
