"""Packs as verifying meets them: commit by commit their frames come in, until one is complete."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from archive.bucket.names import RELOCATIONS, parse_relocation_name
from archive.bucket.port import Bucket
from archive.errors import CorruptError, InvalidError
from archive.events.relocations import Relocations
from archive.sealing.commit import CommitEntry, CommitRecord
from archive.sealing.keyring import Keyring
from archive.sealing.relocation import DROPPED_SLOT
from archive.verifying.findings import Fault


class Packs:
    """Says where frames stand, by the relocation records that there were when this was made."""

    def __init__(self, bucket: Bucket, keyring: Keyring) -> None:
        self._bucket = bucket
        self._keyring = keyring
        self.faults: list[Fault] = []
        self._relocations: Relocations | None = None
        for name in bucket.names(RELOCATIONS):
            try:
                parse_relocation_name(name)
            except InvalidError:
                message = f"{name} is not the name of a relocation record."
                self.faults.append(Fault("name", message, name))
        try:
            self._relocations = Relocations(bucket, keyring)
        except CorruptError as error:
            self.faults.append(
                Fault(
                    "relocation",
                    f"{error} It says where frames went that were packed, and they are missing "
                    "where they were committed. Restore it from a copy of the bucket.",
                )
            )
        self._gathered: dict[UUID, list[CommitEntry]] = {}

    def placed(self, record: CommitRecord) -> CommitRecord:
        """Return a commit record by where its frames stand now.

        A frame whose key was destroyed before it could be packed has the slot `DROPPED_SLOT`.
        """
        if self._relocations is None:
            return record
        return replace(record, entries=tuple(self._relocations.placed(record.entries)))

    def gather(self, entries: Iterable[CommitEntry]) -> list[list[CommitEntry]]:
        """Take in entries of packs; return those of each pack that is complete, by slot."""
        complete: list[list[CommitEntry]] = []
        for entry in entries:
            if entry.slot == DROPPED_SLOT or self._relocations is None:
                continue
            held = self._gathered.setdefault(entry.segment_id, [])
            held.append(entry)
            if len(held) == self._relocations.frames(entry.segment_id):
                del self._gathered[entry.segment_id]
                complete.append(sorted(held, key=lambda each: each.slot))
        return complete

    def incomplete(self) -> list[list[CommitEntry]]:
        """Return what was gathered of packs some of whose events no commit record told of."""
        return [sorted(held, key=lambda each: each.slot) for held in self._gathered.values()]

    def now(self, entries: Sequence[CommitEntry]) -> list[CommitEntry]:
        """Return entries by where their frames stand at this moment, by records read anew."""
        try:
            return Relocations(self._bucket, self._keyring).placed(entries)
        except CorruptError:
            return list(entries)
