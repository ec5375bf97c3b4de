"""Proofs that events are in the log, with the evidence that they are proofs of."""

import base64
from hashlib import sha256
from typing import Final
from uuid import UUID

from archive.access.answers import EvidenceAnswer, ProofAnswer
from archive.clock import Clock
from archive.errors import CorruptError, NotFoundError, UnavailableError
from archive.events.opener import Opener
from archive.events.pointers import PointerRecorder, PointerRow
from archive.log.checkpoint import LogProof, encode_hash
from archive.log.reader import LogReader, Published
from archive.sealing.leaf import digest_leaf

_PATIENCE_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.1
_CONTENTS: Final = ("interaction.captured", "interaction.revised", "interaction.redacted")


class Proofs:
    """Makes proofs for whoever has been let in."""

    def __init__(
        self,
        archive_id: UUID,
        pointers: PointerRecorder,
        opener: Opener,
        log: LogReader,
        clock: Clock,
    ) -> None:
        self._archive_id = archive_id
        self._pointers = pointers
        self._opener = opener
        self._log = log
        self._clock = clock

    def prove(self, record_id: UUID, version: int | None, *, erased: bool) -> ProofAnswer:
        """Return the proof of a record's version, or of the newest with content of its own.

        Nothing of an erased record is opened; that it was there is proved all the same.

        Raises:
            NotFoundError: there is no such record or version.
            CorruptError: its stored bytes, or the log's, do not check.
            UnavailableError: the log has not come to it yet.
        """
        row = self._row(record_id, version)
        inclusion = self._log.inclusion(row.seq - 1, self._covering(row.seq))
        if inclusion.leaf != row.pointer.leaf_hash:
            raise CorruptError(f"Entry {inclusion.index} of the log is not of event {row.seq}.")
        evidence = None if erased else self._evidence(row)
        note = inclusion.published.note
        return ProofAnswer(
            index=inclusion.index,
            size=inclusion.published.checkpoint.size,
            hashes=tuple(encode_hash(each) for each in inclusion.hashes),
            leaf_hash=encode_hash(inclusion.leaf),
            checkpoint=note,
            tlog_proof=LogProof(inclusion.index, inclusion.hashes, note).encode(),
            evidence=evidence,
        )

    def _row(self, record_id: UUID, version: int | None) -> PointerRow:
        rows = [
            row
            for row in self._pointers.select_pointers_of([record_id])
            if (row.type in _CONTENTS if version is None else row.originator_version == version)
            and row.type.startswith("interaction.")
        ]
        if not rows:
            which = f"record {record_id}" if version is None else f"version {version} of it"
            raise NotFoundError(f"There is no {which}.")
        return rows[-1]

    def _covering(self, seq: int) -> Published:
        """Return the newest checkpoint, as soon as it covers an event."""
        deadline = self._clock.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                newest = self._log.newest()
                if newest.checkpoint.size >= seq:
                    return newest
                stands = newest.checkpoint.size
            except NotFoundError:
                stands = 0
            if self._clock.monotonic() > deadline:
                raise UnavailableError(
                    f"The log stands at {stands} entries, and event {seq} is not in it yet; try "
                    "again in a moment."
                )
            self._clock.sleep(_POLL_SECONDS)

    def _evidence(self, row: PointerRow) -> EvidenceAnswer | None:
        found = self._opener.evidence(row)
        if found is None:
            return None
        frame, subkey = found
        leaf = digest_leaf(self._archive_id, sha256(frame).digest())
        if leaf != row.pointer.leaf_hash:
            raise CorruptError(
                f"The frame of record {row.originator_id} version {row.originator_version} (seq "
                f"{row.seq}) is not the one that was committed."
            )
        return EvidenceAnswer(
            record=row.originator_id,
            version=row.originator_version,
            seq=row.seq,
            frame=base64.b64encode(frame).decode(),
            subkey=base64.b64encode(subkey).decode(),
            log_key=str(self._log.verifier),
        )
