"""Opening what is as it should be, which is nearly all, many events together."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

from archive.events.pointers import PointerRow
from archive.sealing.frames import SealedEvent, open_frames
from archive.sealing.header import header_start, is_event_type

_TOGETHER: Final = 64
_BYTES_TOGETHER: Final = 1024 * 1024
"""So much sealed, or one frame that is larger: of what is opened together, all is in memory."""
_LAST_VERSION: Final = (1 << 32) - 1


def together(rows: Sequence[PointerRow]) -> Iterator[Sequence[PointerRow]]:
    """Yield rows, in their order, as many as are opened together."""
    start, size = 0, 0
    for place, row in enumerate(rows):
        size += row.pointer.length
        if place > start and (place - start >= _TOGETHER or size > _BYTES_TOGETHER):
            yield rows[start:place]
            start, size = place, row.pointer.length
    if rows:
        yield rows[start:]


def open_intact(
    archive_id: UUID,
    rows: Sequence[PointerRow],
    frames: Mapping[int, bytes],
    keys: Mapping[UUID, Mapping[int, bytes]],
) -> dict[int, tuple[bytes, bytes]]:
    """Return the evidence and the custody of those events that can be opened as they stand.

    They are by sequence number, as `frames` is; `keys` are by segment and slot. What is lacking may
    be erased, damaged, or another event than its row says.
    """
    there: list[int] = []
    sealed: list[SealedEvent] = []
    for seq, stream, version, event_type, pointer in rows:
        frame = frames.get(seq)
        key = keys.get(pointer.segment_id, {}).get(pointer.slot)
        # SQL may say what no header can.
        if frame and key and 0 <= version <= _LAST_VERSION and is_event_type(event_type):
            start = header_start(archive_id.bytes, stream.bytes, version, event_type)
            there.append(seq)
            sealed.append(SealedEvent(frame, start, key))
    opened = open_frames(sealed) if sealed else []
    return {seq: boxes for seq, boxes in zip(there, opened, strict=True) if boxes is not None}
