"""Which key object of a segment holds its keys, told from the bucket alone.

Nearly always there is one. Where a key was destroyed, an object without it stands in its place;
where that was interrupted, the older one stands beside it. A key that one of several objects lacks
was condemned before that object was written, and so counts as destroyed.
"""

from collections.abc import Iterable, Iterator, Sequence, Set
from uuid import UUID

from archive.bucket.genuine import genuine
from archive.bucket.names import KEYS, is_locked_keys_name, keys_name, keys_prefix, parse_keys_name
from archive.bucket.port import Bucket
from archive.errors import CorruptError, InvalidError, NotFoundError
from archive.events.pointers import PointerRow
from archive.sealing.keys import EpochKeys, open_keys


class KeyListing:
    """The key objects of segments, by listings.

    Segments come nearly in the order of their ids, in which names are listed too: one listing goes
    along with them. `destroyed` are the slots, by segment, that some of its objects lack and not
    all, as far as has been asked.
    """

    def __init__(self, bucket: Bucket, keyring: EpochKeys) -> None:
        self._bucket = bucket
        self._keyring = keyring
        self._listed: Iterator[tuple[UUID, list[UUID]]] | None = None
        self._ahead: dict[UUID, list[UUID]] = {}
        self._end = UUID(int=0)
        self._found: dict[UUID, UUID] = {}
        self.destroyed: dict[UUID, Set[int]] = {}

    def keys_of_each(self, segment_ids: Iterable[UUID]) -> dict[UUID, UUID]:
        """Return the key objects of those of the segments that were asked for last."""
        return {each: self._found[each] for each in segment_ids if each in self._found}

    def select_pointers_of(self, originator_ids: Iterable[UUID]) -> list[PointerRow]:
        """Return nothing: where frames stand now, relocation records have told already."""
        return []

    def all(self, after: str = "") -> Iterator[tuple[UUID, list[UUID]]]:
        """Yield every segment that has keys, with its key objects."""
        segment_id: UUID | None = None
        objects: list[UUID] = []
        for name in self._bucket.names(KEYS, after=after):
            try:
                found, keys_id = parse_keys_name(name)
            except InvalidError:
                continue
            if segment_id is not None and found != segment_id:
                yield segment_id, objects
                objects = []
            segment_id = found
            objects.append(keys_id)
        if segment_id is not None:
            yield segment_id, objects

    def newest(self, segment_ids: Set[UUID], packs: Set[UUID]) -> dict[UUID, UUID]:
        """Return the key object of each of the segments that has any.

        `packs` are far from the segments that are listed along the way, and asked for by
        themselves.
        """
        ordered = sorted(segment_ids - packs, key=lambda each: each.bytes)
        if ordered:
            self._list_up_to(ordered)
        self._found = {}
        for segment_id in (*ordered, *(segment_ids & packs)):
            objects = self._ahead.pop(segment_id, None) or self._look_up(segment_id)
            if objects:
                self._found[segment_id] = self.choose(segment_id, objects)
        return self._found

    def _list_up_to(self, ordered: Sequence[UUID]) -> None:
        if self._listed is None:
            self._listed = self.all(keys_prefix(ordered[0]))
        while self._end.bytes < ordered[-1].bytes:
            listed = next(self._listed, None)
            if listed is None:
                break
            self._end = listed[0]
            self._ahead[listed[0]] = listed[1]

    def choose(self, segment_id: UUID, objects: list[UUID]) -> UUID:
        """Return that of a segment's key objects which lacks what any of them lacks.

        Where there is none, or they cannot be opened, the newest.
        """
        if len(objects) == 1:
            return objects[0]
        slots = {
            keys_id: held
            for keys_id in objects
            if (held := self._slots(segment_id, keys_id)) is not None
        }
        kept = frozenset.intersection(*slots.values()) if slots else frozenset()
        lost = frozenset().union(*slots.values()) - kept
        if lost:
            self.destroyed[segment_id] = lost
        fitting = [keys_id for keys_id, held in slots.items() if held == kept]
        return max(fitting or slots or objects, key=lambda each: each.bytes)

    def _slots(self, segment_id: UUID, keys_id: UUID) -> frozenset[int] | None:
        name = keys_name(segment_id, keys_id)

        def read(version: str | None) -> frozenset[int]:
            found = open_keys(self._bucket.get(name, version=version), self._keyring)
            if (found.segment_id, found.object_id) != (segment_id, keys_id):
                raise CorruptError("It is another key object.")
            return frozenset(found.keys)

        try:
            return genuine(self._bucket, name, read)
        except (CorruptError, NotFoundError):
            return None

    def _look_up(self, segment_id: UUID) -> list[UUID]:
        """Return the key objects of one segment, even those that somebody hid."""
        found = {
            parse_keys_name(each.name)[1]
            for each in self._bucket.versions(keys_prefix(segment_id))
            if not each.delete_marker and not is_locked_keys_name(each.name)
        }
        return list(found)
