"""Large parts: each is sealed once under a key of its own and shared by the records it is in.

Blobs travel around the committer: whoever captures uploads them first, and the commit then adds
the references, or fails if a reused blob is being destroyed. A crash in between leaves a blob
that nothing refers to, which the collector removes after a day.
"""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from archive.bucket.genuine import others
from archive.bucket.names import blob_name
from archive.bucket.port import Bucket
from archive.clock import Clock
from archive.errors import CorruptError, NotFoundError
from archive.events.identity import Identity
from archive.events.mapper import EventMapper
from archive.events.opener import OpenedEvent, Opener
from archive.events.pointers import BlobUse, PointerRecorder
from archive.events.types import BlobPlace, InteractionCaptured, InteractionRevised
from archive.sealing.blob import open_blob, seal_blob
from archive.sealing.keyring import Keyring

INLINE_LIMIT = 64 * 1024
_SLICE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class KeptBlob:
    """A blob that a record may refer to, and the key for its custody box."""

    place: BlobPlace
    key: bytes
    new: bool


class BlobStore:
    """Keeps and reads blobs."""

    def __init__(
        self,
        bucket: Bucket,
        keyring: Keyring,
        clock: Clock,
        pointers: PointerRecorder,
        opener: Opener,
        mapper: EventMapper,
    ) -> None:
        self._bucket = bucket
        self._archive_id = keyring.archive_id
        self._identity = Identity(keyring)
        self._clock = clock
        self._pointers = pointers
        self._opener = opener
        self._mapper = mapper

    @property
    def at_once(self) -> int:
        """How many blobs are better kept at once than one after the other."""
        return self._bucket.at_once

    def keep(self, data: bytes, sha256: bytes, *, anew: bool = False) -> KeptBlob:
        """Return a blob that holds `data`: one that is there already, or a new one.

        With `anew` it is uploaded in any case, because the one that is there is going away.
        """
        digest = self._identity.blob(sha256)
        found = None if anew else self._reuse(digest)
        return found or self._upload(data, digest)

    def _reuse(self, digest: bytes) -> KeptBlob | None:
        live = self._pointers.live_blob(digest)
        if live is None:
            return None
        blob_id, originator_id, version = live
        rows = self._pointers.select_pointers(
            originator_id, gt=version - 1, lte=version, desc=False, limit=1
        )
        for opened in self._opener.open_each(rows):
            if not isinstance(opened, OpenedEvent):
                continue
            event = self._mapper.event(opened)
            if not isinstance(event, InteractionCaptured | InteractionRevised):
                continue
            for part in (event.original, *event.extra_parts):
                if part.blob is not None and part.blob.id == blob_id:
                    key = base64.b64decode(event.blob_keys[str(blob_id)])
                    return KeptBlob(part.blob, key, new=False)
        return None

    def _upload(self, data: bytes, digest: bytes) -> KeptBlob:
        blob_id, key = self._clock.uuid7(), self._clock.random_bytes(32)
        measure, size = hashlib.sha256(), 0

        def sealed() -> Iterator[bytes]:
            nonlocal size
            view = memoryview(data)
            slices = (bytes(view[at : at + _SLICE]) for at in range(0, len(view), _SLICE))
            for piece in seal_blob(self._archive_id, blob_id, key, slices):
                measure.update(piece)
                size += len(piece)
                yield piece

        self._bucket.put(blob_name(digest, blob_id), sealed())
        place = BlobPlace(
            id=blob_id, digest=digest.hex(), sealed_size=size, sealed_sha256=measure.hexdigest()
        )
        return KeptBlob(place, key, new=True)

    def read(self, place: BlobPlace, key: bytes, record_id: UUID) -> Iterator[bytes]:
        """Stream a blob's plaintext; CorruptError names the object and the record."""
        name = blob_name(bytes.fromhex(place.digest), place.id)

        def chunks(version: str | None) -> Iterator[bytes]:
            source = self._bucket.read(name, version=version)
            return open_blob(source, self._archive_id, place.id, key)

        given = 0
        try:
            for chunk in chunks(None):
                given += 1
                yield chunk
            return
        except (CorruptError, NotFoundError) as error:
            damage = error
        for version in others(self._bucket, name):
            with suppress(CorruptError, NotFoundError):
                # Each chunk given was authentic, so that another version goes on from there.
                for chunk in islice(chunks(version), given, None):
                    given += 1
                    yield chunk
                return
        raise CorruptError(f"Record {record_id}: {name} cannot be read: {damage}") from damage


def blob_uses(event: InteractionCaptured | InteractionRevised) -> list[BlobUse]:
    """Return the blobs that an event of before refers to."""
    return [
        BlobUse(
            part.blob.id,
            bytes.fromhex(part.blob.digest),
            part.blob.sealed_size,
            event.originator_id,
            event.originator_version,
            new=True,
        )
        for part in (event.original, *event.extra_parts)
        if part.blob is not None
    ]
