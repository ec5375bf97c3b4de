"""What the bucket lists: segments, keys, blobs in small tables, and every name that is strange."""

from collections.abc import Callable, Iterator
from uuid import UUID

from archive.bucket.names import (
    BLOBS,
    COMMITS,
    INDEX,
    KEYRINGS,
    KEYS,
    LOG_CHECKPOINT,
    LOG_TILES,
    LOG_TIMESTAMPS,
    LOG_VKEY,
    RELOCATIONS,
    SEGMENTS,
    blob_name,
    is_locked_keys_name,
    keys_name,
    parse_blob_name,
    parse_keys_name,
    parse_locked_keys_name,
    parse_segment_name,
    segment_name,
)
from archive.bucket.port import Bucket, VersionInfo
from archive.errors import InvalidError
from archive.events.types import BlobPlace
from archive.verifying.findings import Fault
from archive.verifying.listed import Listed, by_name
from archive.verifying.stored import Copy, Stored, copies

_KNOWN = (
    *(SEGMENTS, KEYS, BLOBS, COMMITS, RELOCATIONS, KEYRINGS, INDEX),
    *(LOG_CHECKPOINT, LOG_TILES, LOG_TIMESTAMPS, LOG_VKEY),
)
_AFTER_ALL = "~"
"""Comes after every character that a name may have."""
_ID = 16


class Inventory:
    """Segments, key objects and blobs as they were listed once."""

    def __init__(self, bucket: Bucket) -> None:
        self.faults: list[Fault] = list(_strange(bucket))
        self.segments = Listed(_ID, 8)
        self.keys = Listed(_ID, _ID)
        self.blobs = Listed(32 + _ID, 8)
        self.size = 0
        """How many bytes segments and blobs have."""
        # Those that are not simply one object in one version; hardly any are.
        self._segments: dict[UUID, tuple[Copy, ...]] = {}
        self._keys: dict[UUID, tuple[Copy, ...]] = {}
        self._locked_keys: dict[UUID, tuple[Copy, ...]] = {}
        self._list(bucket, SEGMENTS, self._add_segment)
        self._list(bucket, KEYS, self._add_keys)
        self._list(bucket, BLOBS, self._add_blob)

    def stored(self, segment_id: UUID) -> Stored:
        """Return what is listed of a segment, and note that it is named."""
        segment = self._segments.get(segment_id, ())
        listed = self.segments.take(segment_id.bytes)
        if listed is not None and not segment:
            size = int.from_bytes(listed[0], "big")
            segment = (Copy(segment_name(segment_id), None, size),)
        keys = self._keys.get(segment_id, ())
        listed = self.keys.take(segment_id.bytes)
        if listed is not None and not keys:
            keys = (Copy(keys_name(segment_id, UUID(bytes=listed[0])), None, 0),)
        return Stored(segment, keys, self._locked_keys.get(segment_id, ()))

    def blob(self, place: BlobPlace) -> tuple[int | None, bool]:
        """Return a blob's size, None if it is not listed, and whether it was asked for before."""
        listed = self.blobs.take(bytes.fromhex(place.digest) + place.id.bytes)
        return (None, False) if listed is None else (int.from_bytes(listed[0], "big"), listed[1])

    def _list(
        self, bucket: Bucket, prefix: str, add: Callable[[str, list[VersionInfo]], None]
    ) -> None:
        for name, found in by_name(bucket, prefix):
            try:
                add(name, found)
            except InvalidError:
                self.faults.append(_not_a_name(name))

    def _add_segment(self, name: str, found: list[VersionInfo]) -> None:
        segment_id = parse_segment_name(name)
        self.size += found[0].size
        self.segments.add(segment_id.bytes, found[0].size.to_bytes(8, "big"))
        if len(found) > 1:
            self._segments[segment_id] = copies(found)

    def _add_keys(self, name: str, found: list[VersionInfo]) -> None:
        if is_locked_keys_name(name):
            segment_id, _, _ = parse_locked_keys_name(name)
            known = self._locked_keys.get(segment_id, ())
            self._locked_keys[segment_id] = known + copies(found)
            return
        segment_id, object_id = parse_keys_name(name)
        if self.keys.last == segment_id.bytes:
            if segment_id not in self._keys:
                first = UUID(bytes=self.keys.last_value)
                self._keys[segment_id] = (Copy(keys_name(segment_id, first), None, 0),)
            self._keys[segment_id] += copies(found)
            return
        self.keys.add(segment_id.bytes, object_id.bytes)
        if len(found) > 1:
            self._keys[segment_id] = copies(found)

    def _add_blob(self, name: str, found: list[VersionInfo]) -> None:
        digest, blob_id = parse_blob_name(name)
        visible = next((each.size for each in found if each.latest and not each.delete_marker), 0)
        self.size += visible
        self.blobs.add(digest + blob_id.bytes, visible.to_bytes(8, "big"))

    def orphans(self) -> Iterator[tuple[str, UUID]]:
        """Give the names, and the ids that tell when they were put, of what nothing has named."""
        for id, _ in self.segments.unmarked():
            yield segment_name(UUID(bytes=id)), UUID(bytes=id)
        for id, value in self.keys.unmarked():
            yield keys_name(UUID(bytes=id), UUID(bytes=value)), UUID(bytes=value)

    def orphaned_blobs(self) -> Iterator[tuple[str, UUID]]:
        """Give the same of blobs; all frames must have been read before."""
        for id, _ in self.blobs.unmarked():
            blob_id = UUID(bytes=id[32:])
            yield blob_name(id[:32], blob_id), blob_id


def _strange(bucket: Bucket) -> Iterator[Fault]:
    """Give a fault for each name outside of the known ones, without listing those."""
    after = ""
    while (name := next(iter(bucket.names("", after=after)), None)) is not None:
        known = next((prefix for prefix in _KNOWN if name.startswith(prefix)), None)
        if known is None:
            yield _not_a_name(name)
        after = name if known is None else known + _AFTER_ALL


def _not_a_name(name: str) -> Fault:
    return Fault(
        "name",
        f"{name} is not the name of anything in an archive: somebody else put it there.",
        name,
    )
