"""The packer: copies cold frames into packs, then removes where they came from.

The order, each step safe to repeat (docs/design.md, "Packing"):

1. The pack is noted in SQL, with its sources.
2. PUT the pack's segment.
3. While the sources are held: PUT the pack's key object, and move the frames in one transaction,
   which keeps the relocation record's bytes.
4. PUT the relocation record.
5. Destroy the sources' key objects, with all their versions, then the sources.
6. The pack is taken out of the table.

What dies before 3 has taken effect is called off: its key object is destroyed. What dies after is
finished. Both are done by whoever comes first: the next packing, or an erasure, which may not end
before, since a key that it destroys could stand in either.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Protocol, TypeVar
from uuid import UUID

from archive.bucket.names import keys_name, keys_prefix, relocation_name, segment_name
from archive.bucket.port import Bucket
from archive.clock import Clock
from archive.errors import CorruptError, LockedError, MunimentError, UnavailableError
from archive.events.commit_records import put_again
from archive.events.packing import PackMove, PackOvertakenError, PackRow
from archive.events.pointers import PointerRecorder, PointerRow
from archive.packing.candidates import Candidate, PackLimits, batches, candidates
from archive.packing.sources import Laid, Source, check_free, lay_out, read_source, rows_of
from archive.sealing.keyring import Keyring
from archive.sealing.keys import seal_keys
from archive.sealing.relocation import RELOCATION_MAC_LABEL, encode_relocation_record

COLD = timedelta(days=30)
"""Segments younger than this are left alone: they are read, revised and erased the most."""

_T = TypeVar("_T")
_J = TypeVar("_J")


class NewestKeyring(Protocol):
    """What the packer asks of the keyring that the process holds."""

    @property
    def current(self) -> Keyring: ...

    def renew(self, number: int) -> Keyring: ...


@dataclass(slots=True)
class Packed:
    """What a packing did, or with `dry_run` would do; `left` says in sentences what it could not.

    `events` were moved, `dropped` were not, because their keys are destroyed.
    """

    packs: int = 0
    segments: int = 0
    events: int = 0
    dropped: int = 0
    left: tuple[str, ...] = ()


class Packer:
    """Packs segments. Several may work at once; what one has begun the others leave or finish."""

    def __init__(
        self,
        pointers: PointerRecorder,
        bucket: Bucket,
        keyring: NewestKeyring,
        clock: Clock,
        limits: PackLimits | None = None,
    ) -> None:
        self._limits = limits or PackLimits()
        self._pointers = pointers
        self._bucket = bucket
        self._keyring = keyring
        self._clock = clock

    def pack(
        self,
        *,
        cold: timedelta = COLD,
        dry_run: bool = False,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Packed:
        """Pack what has been cold for so long, until `stopped` says so.

        Raises:
            UnavailableError: bucket or database do not answer; the next packing goes on.
        """
        report = Packed()
        if not dry_run:
            report.left += tuple(self.settle())
        before = self._clock.now() - cold
        found = candidates(self._pointers, self._bucket, before, self._limits)
        for batch in batches(found, self._limits):
            if stopped():
                break
            if dry_run:
                report.packs += 1
                report.segments += len(batch)
            else:
                self._pack(batch, report)
        return report

    def settle(self) -> list[str]:
        """Call off or finish what was begun and has died; say in sentences what is left.

        When it returns, no key stands in a pack that was called off, nor in a source of one that
        was finished, but for those that a sentence names.
        """
        left: list[str] = []
        for row in self._pointers.packs():
            try:
                if row.record is not None:
                    self._finish(row)
                elif not self._is_recorded(row.pack_id):
                    self._call_off(row.pack_id)
                elif self._pointers.keys_of_each(row.sources):
                    left.append(f"The database is older than pack {row.pack_id}, which it began.")
                else:
                    self._finish(row)
            except LockedError as error:
                left.append(f"What was packed into {row.pack_id} is there still: {error}")
        return left

    # One pack

    def _pack(self, batch: Sequence[Candidate], report: Packed) -> None:
        """Make one pack of those segments that can go into one."""
        sources = self._sources(batch, report)
        pack_id = self._clock.uuid7()
        keyring = self._keyring.current
        laid = lay_out(keyring.archive_id, pack_id, sources) if len(sources) > 1 else None
        if laid is None:
            return
        chosen = [source.candidate for source, _ in sources]
        self._pointers.begin_pack(pack_id, [each.segment_id for each in chosen])
        try:
            put_again(self._bucket.put, segment_name(pack_id), laid.data, self._clock)
            row = self._move(pack_id, chosen, laid, keyring)
        except (LockedError, PackOvertakenError):
            self._keyring.renew(keyring.number)
            self._call_off(pack_id)
            return
        except MunimentError:
            # It may have lost hold of the sources without knowing, and put the keys late.
            with suppress(MunimentError):
                self._call_off(pack_id)
            raise
        dropped = sum(move.is_dropped for move in laid.moves)
        report.packs += 1
        report.segments += len(chosen)
        report.events += len(laid.moves) - dropped
        report.dropped += dropped
        try:
            self._finish(row)
        except LockedError as error:
            report.left += (f"What was packed into {pack_id} is there still: {error}",)

    def _sources(
        self, batch: Sequence[Candidate], report: Packed
    ) -> list[tuple[Source, dict[int, PointerRow]]]:
        """Read what can be packed of a batch, without what is locked.

        What is damaged is told, and left to `verify`.
        """
        now = self._bucket.now()

        def read(candidate: Candidate) -> Source | CorruptError | None:
            try:
                return read_source(self._bucket, self._keyring.current, candidate, now)
            except CorruptError as error:
                return error

        owed = self._pointers.commits_not_durable()
        sources: list[tuple[Source, dict[int, PointerRow]]] = []
        for source in self._each(read, batch):
            try:
                if isinstance(source, CorruptError):
                    raise source
                if source is None:
                    continue
                rows = rows_of(self._pointers, source)
            except CorruptError as error:
                report.left += (f"Not packed: {error}",)
                continue
            # Whoever writes an owed commit record writes where the frames stood at first.
            seqs = [row.seq for row in rows.values()]
            if not any(row.first_seq <= seq <= row.last_seq for row in owed for seq in seqs):
                sources.append((source, rows))
        return sources

    def _move(
        self, pack_id: UUID, chosen: Sequence[Candidate], laid: Laid, keyring: Keyring
    ) -> PackRow:
        keys_id, epoch = self._clock.uuid7(), keyring.current_epoch
        keys = seal_keys(
            keyring.archive_id, pack_id, keys_id, epoch, keyring.epoch_key(epoch), laid.keys
        )
        record = encode_relocation_record(
            keyring.archive_id, pack_id, laid.moves, keyring.derive(RELOCATION_MAC_LABEL)
        )
        with self._pointers.held_pack(pack_id) as held:
            # Keys that were written anew since they were read may lack one that was read.
            if held.row is None or held.keys != {each.segment_id: each.keys_id for each in chosen}:
                raise PackOvertakenError
            # Whoever locks a segment holds it too, so that none is locked from here on.
            self._all(partial(check_free, self._bucket), [each.segment_id for each in chosen])
            put_again(self._bucket.put, keys_name(pack_id, keys_id), keys, self._clock)
            held.move(PackMove(keys_id, laid.pointers, record, keyring.number))
        return PackRow(pack_id, held.row.sources, record)

    # What was begun

    def _call_off(self, pack_id: UUID) -> None:
        with self._pointers.held_pack(pack_id) as held:
            moved = held.row is not None and held.row.record is not None
            if moved or self._pointers.keys_of(pack_id) is not None:
                return
            self._destroy(keys_prefix(pack_id))
            self._destroy(segment_name(pack_id))
            held.forget()

    def _finish(self, row: PackRow) -> None:
        if row.record is not None:
            put_again(self._bucket.put, relocation_name(row.pack_id), row.record, self._clock)
        # Keys first: a source without keys is harmless, wherever this ends.
        self._all(self._destroy, [keys_prefix(source) for source in row.sources])
        self._all(self._destroy, [segment_name(source) for source in row.sources])
        with self._pointers.held_pack(row.pack_id) as held:
            held.forget()

    def _is_recorded(self, pack_id: UUID) -> bool:
        """Say whether there is a relocation record, of which an older database may not know."""
        return any(
            not each.delete_marker for each in self._bucket.versions(relocation_name(pack_id))
        )

    def _destroy(self, prefix: str) -> None:
        """Destroy all versions of all that begins so, and list them again to prove it."""
        found = list(self._bucket.versions(prefix))
        for each in found:
            self._bucket.delete(each.name, version=each.version)
        if found and list(self._bucket.versions(prefix)):
            raise UnavailableError(f"What was destroyed under {prefix} is there still.")

    def _all(self, do: Callable[[_J], None], jobs: Sequence[_J]) -> None:
        """Do every job, and then raise what went wrong first."""

        def attempt(job: _J) -> MunimentError | None:
            try:
                do(job)
            except MunimentError as error:
                return error
            return None

        for error in self._each(attempt, jobs):
            if error is not None:
                raise error

    def _each(self, do: Callable[[_J], _T], jobs: Sequence[_J]) -> list[_T]:
        """Do one job after another, as many at once as the bucket likes."""
        at_once = min(len(jobs), self._bucket.at_once)
        if at_once <= 1:
            return [do(job) for job in jobs]
        with ThreadPoolExecutor(at_once, thread_name_prefix="pack") as pool:
            return list(pool.map(do, jobs))
