"""Snapshots of the index in the bucket: written, found, fetched and destroyed.

Write order (docs/formats.md, "Index snapshot"): the generation's key, then parts, then the
manifest, and only then is anything removed. Whatever a crash leaves is an older snapshot or the
new one, and parts that no manifest names, which the next snapshot removes.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

from archive.bucket.names import (
    INDEX,
    generation_key_name,
    generation_prefix,
    manifest_name,
    parse_manifest_name,
    part_name,
)
from archive.bucket.port import Bucket
from archive.clock import Clock
from archive.errors import CorruptError, GoneError, InvalidError, NotFoundError, UnavailableError
from archive.index.frozen import Frozen, finish, lay_out, read_bundle, write_bundle
from archive.sealing.blob import open_blob, seal_blob
from archive.sealing.keys import SealingKeys
from archive.sealing.primitives import KEY_SIZE
from archive.sealing.snapshot import (
    Bundle,
    IndexFile,
    Manifest,
    Part,
    open_generation_key,
    open_manifest,
    part_key,
    seal_generation_key,
    seal_manifest,
)

PART_SIZE: Final = 64 * 1024 * 1024
_ATTEMPTS: Final = 3
_AT_ONCE: Final = 4

_T = TypeVar("_T")
_J = TypeVar("_J")


@dataclass(frozen=True, slots=True)
class SealedGeneration:
    """A generation as the bucket knows it; its key is in no repr."""

    id: UUID
    key: bytes

    def __repr__(self) -> str:
        return f"<SealedGeneration {self.id}>"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot whose manifest has been opened, or has just been written."""

    generation: SealedGeneration
    position: int
    id: UUID
    manifest: Manifest

    @property
    def name(self) -> str:
        """The name of its manifest."""
        return manifest_name(self.generation.id, self.position, self.id)


class SnapshotStore:
    """The snapshots of one archive. `part_size` is in bytes, and for tests to make smaller.

    Methods raise UnavailableError when the bucket does not answer.
    """

    def __init__(
        self, bucket: Bucket, keyring: SealingKeys, clock: Clock, *, part_size: int = PART_SIZE
    ) -> None:
        self._bucket = bucket
        self._keyring = keyring
        self._clock = clock
        self._part_size = part_size

    # Reading

    def names(self) -> list[str]:
        """Return the names of all manifests, of the farthest position first."""
        found: list[tuple[int, UUID, str]] = []
        for name in self._bucket.names(INDEX):
            try:
                _, position, snapshot_id = parse_manifest_name(name)
            except InvalidError:
                continue
            found.append((position, snapshot_id, name))
        return [name for _, _, name in sorted(found, reverse=True)]

    def open(self, name: str) -> Snapshot:
        """Open a manifest.

        Raises:
            CorruptError: it, or the generation's key, does not check.
            NotFoundError: it, or the generation's key, is not there.
        """
        generation_id, position, snapshot_id = parse_manifest_name(name)
        data = self._bucket.get(generation_key_name(generation_id))
        key = open_generation_key(data, generation_id, self._keyring)
        manifest = open_manifest(
            self._bucket.get(name),
            self._keyring.archive_id,
            generation_id,
            position,
            snapshot_id,
            key,
        )
        return Snapshot(SealedGeneration(generation_id, key), position, snapshot_id, manifest)

    def fetch(self, snapshot: Snapshot, folder: Path) -> None:
        """Write a snapshot's files into an empty folder, several parts at a time.

        Raises:
            CorruptError: a part does not check, or the parts are not what the files need.
            NotFoundError: a part is not there.
            OSError: the folder does not take them.
        """
        bundles = snapshot.manifest.bundles
        files = [file for bundle in bundles for file in bundle.files]
        lay_out(folder, files)
        jobs: list[tuple[Sequence[IndexFile], int, Part]] = []
        for bundle in bundles:
            ends = list(accumulate(part.size for part in bundle.parts))
            if sum(file.size for file in bundle.files) != (ends[-1] if ends else 0):
                raise CorruptError(f"{snapshot.name} has parts that are not its files.")
            jobs += [
                (bundle.files, end - part.size, part)
                for part, end in zip(bundle.parts, ends, strict=True)
            ]
        _each(lambda job: self._fetch_part(snapshot.generation, folder, *job), jobs)
        finish(folder, snapshot.manifest.meta, files)

    def _fetch_part(
        self,
        generation: SealedGeneration,
        folder: Path,
        files: Sequence[IndexFile],
        start: int,
        part: Part,
    ) -> None:
        name = part_name(generation.id, part.id)
        sealed = self._bucket.read(name)
        pieces = open_blob(
            sealed, self._keyring.archive_id, part.id, part_key(generation.key, part.id)
        )
        digest = sha256()
        write_bundle(folder, files, start, start + part.size, _digesting(pieces, digest.update))
        if digest.hexdigest() != part.sha256:
            raise CorruptError(f"{name} is not what its manifest says.")

    # Writing

    def begin(self) -> SealedGeneration:
        """Make a new generation, with a key of its own."""
        generation = SealedGeneration(self._clock.uuid7(), self._clock.random_bytes(KEY_SIZE))
        epoch = self._keyring.current_epoch
        sealed = seal_generation_key(
            self._keyring.archive_id,
            generation.id,
            epoch,
            self._keyring.epoch_key(epoch),
            generation.key,
        )
        name = generation_key_name(generation.id)
        self._again(lambda: self._bucket.put(name, sealed))
        return generation

    def check(self, generation: SealedGeneration) -> None:
        """Raise GoneError if the key of a generation has been destroyed."""
        try:
            self._bucket.stat(generation_key_name(generation.id))
        except NotFoundError:
            raise GoneError(
                f"The key of index generation {generation.id} has been destroyed."
            ) from None

    def upload(
        self, generation: SealedGeneration, frozen: Frozen, known: Iterable[Bundle]
    ) -> tuple[Bundle, ...]:
        """Return the bundles of a frozen index, after sealing those that are not known yet."""
        there = {bundle.files: bundle for bundle in known}
        jobs = [
            (files, start, min(start + self._part_size, size))
            for files in frozen.bundles
            if files not in there
            for size in [sum(file.size for file in files)]
            for start in range(0, size, self._part_size)
        ]
        parts = _each(lambda job: self._upload_part(generation, frozen.folder, *job), jobs)
        made: dict[tuple[IndexFile, ...], list[Part]] = {files: [] for files in frozen.bundles}
        for (files, _, _), part in zip(jobs, parts, strict=True):
            made[files].append(part)
        return tuple(
            there.get(files) or Bundle(files=files, parts=tuple(made[files]))
            for files in frozen.bundles
        )

    def _upload_part(
        self,
        generation: SealedGeneration,
        folder: Path,
        files: Sequence[IndexFile],
        start: int,
        end: int,
    ) -> Part:
        def attempt() -> Part:
            # Each attempt has an id of its own, and so a key: nothing is ever sealed twice.
            part_id = self._clock.uuid7()
            digest = sha256()
            pieces = _digesting(read_bundle(folder, files, start, end), digest.update)
            key = part_key(generation.key, part_id)
            self._bucket.put(
                part_name(generation.id, part_id),
                seal_blob(self._keyring.archive_id, part_id, key, pieces),
            )
            return Part(id=part_id, size=end - start, sha256=digest.hexdigest())

        return self._again(attempt)

    def record(self, generation: SealedGeneration, position: int, manifest: Manifest) -> Snapshot:
        """Write the manifest of a snapshot whose parts all stand; this makes it one."""
        snapshot = Snapshot(generation, position, self._clock.uuid7(), manifest)
        sealed = seal_manifest(
            self._keyring.archive_id,
            generation.id,
            position,
            snapshot.id,
            generation.key,
            manifest,
        )
        self._again(lambda: self._bucket.put(snapshot.name, sealed))
        return snapshot

    # Removing

    def keep_only(self, snapshots: Sequence[Snapshot]) -> None:
        """Remove what none of these snapshots, all of one generation, needs any more.

        Other generations go as soon as they are not ahead.
        """
        newest = max(snapshots, key=lambda each: each.position)
        own = generation_prefix(newest.generation.id)
        kept = {generation_key_name(newest.generation.id)}
        for each in snapshots:
            bundles = each.manifest.bundles
            kept.add(each.name)
            kept |= {
                part_name(each.generation.id, part.id)
                for bundle in bundles
                for part in bundle.parts
            }
        # Manifests first, so that none is left whose parts have gone.
        names = sorted(self._bucket.names(own), key=lambda name: "/manifests/" not in name)
        for name in names:
            if name not in kept:
                self._destroy(name)
        ahead = {
            generation_id
            for name in self.names()
            for generation_id, position, _ in [parse_manifest_name(name)]
            if position > newest.position
        }
        for generation_id in self.generations() - ahead - {newest.generation.id}:
            self.destroy(generation_id)

    def generations(self) -> set[UUID]:
        """Return the ids of all generations of which anything is left, deleted or not."""
        found: set[UUID] = set()
        for version in self._bucket.versions(INDEX):
            try:
                found.add(UUID(version.name.split("/")[1]))
            except (ValueError, IndexError):
                continue
        return found

    def destroy(self, generation_id: UUID) -> None:
        """Destroy a generation for good: all versions of its key first, then everything else.

        Repeating it is safe. Raises LockedError, which no key ever meets, if a lock was put on it.
        """
        self._destroy(generation_key_name(generation_id))
        self._destroy(generation_prefix(generation_id))

    def _destroy(self, prefix: str) -> None:
        for version in list(self._bucket.versions(prefix)):
            self._bucket.delete(version.name, version=version.version)

    def _again(self, attempt: Callable[[], _T]) -> _T:
        for number in range(1, _ATTEMPTS):
            try:
                return attempt()
            except UnavailableError:
                self._clock.sleep(0.05 * 4**number)
        return attempt()


def _each(do: Callable[[_J], _T], jobs: Sequence[_J]) -> list[_T]:
    """Do several jobs at a time; the first error comes out once none is under way any more."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="snapshot") as pool:
        futures = [pool.submit(do, job) for job in jobs]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _digesting(pieces: Iterable[bytes], update: Callable[[bytes], None]) -> Iterator[bytes]:
    for piece in pieces:
        update(piece)
        yield piece
