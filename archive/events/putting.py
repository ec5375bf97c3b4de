"""What a commit puts into the bucket before its insert: segments, keys, and locks on blobs."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from archive.bucket.names import blob_name, keys_name, segment_name
from archive.bucket.port import Bucket, Retention
from archive.bucket.reaching import joined, reach
from archive.clock import Clock
from archive.events.commit_records import put_again
from archive.events.pointers import BlobUse
from archive.events.sealer import Committable, SealedCommit, SealedSegment, retention_of

_PUTS_AT_ONCE = 8


class CommitPutter:
    """Puts the objects of one commit at a time, side by side."""

    def __init__(self, bucket: Bucket, clock: Clock) -> None:
        self._bucket = bucket
        self._clock = clock
        # One thread is enough for most commits, and more are not started.
        self._pool = ThreadPoolExecutor(_PUTS_AT_ONCE, thread_name_prefix="put")

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown()

    def put(self, sealed: SealedCommit) -> None:
        """Put every segment and key object, all at once; all are durable when it returns."""
        first, *others = [each for segment in sealed.segments for each in _objects(segment)]
        waiting = [self._pool.submit(self._put_one, *each) for each in others]
        self._put_one(*first)
        for put in waiting:
            put.result()

    def lock_blobs(
        self, events: Sequence[Committable], sealed: SealedCommit, uses: Sequence[BlobUse]
    ) -> None:
        """Lock the blobs of each event as long as its segment, whoever uploaded them, and when."""
        if not uses:
            return
        retentions = {
            each.segment_id.bytes: retention_of(each.lock_class) for each in sealed.segments
        }
        by_key = {
            event.key: retentions[place.segment]
            for event, place in zip(events, sealed.places, strict=True)
        }
        wanted: dict[str, Retention] = {}
        for use in uses:
            retention = by_key[use.originator_id.bytes, use.originator_version]
            if retention is not None:
                name = blob_name(use.digest, use.blob_id)
                wanted[name] = joined(wanted.get(name), retention)
        # One that is gone is no matter here: the insert says whether it may be referred to.
        jobs = [self._pool.submit(reach, self._bucket, *each) for each in wanted.items()]
        for job in jobs:
            job.result()

    def _put_one(self, name: str, data: bytes, retention: Retention | None) -> None:
        put = partial(self._bucket.put, retention=retention)
        put_again(put, name, data, self._clock)


def _objects(sealed: SealedSegment) -> list[tuple[str, bytes, Retention | None]]:
    retention = retention_of(sealed.lock_class)
    return [
        (segment_name(sealed.segment_id), sealed.segment, retention),
        (keys_name(sealed.segment_id, sealed.keys_id), sealed.keys, retention),
    ]
