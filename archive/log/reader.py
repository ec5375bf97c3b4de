"""Reading the published log from the bucket: its newest checkpoint, its tiles, and proofs.

Nothing is believed for standing there. A proof leaves only after it has been checked against the
signed root, so that a tile that was changed is met here and not by whoever is shown the proof.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from archive.bucket.genuine import genuine
from archive.bucket.names import LOG_CHECKPOINT, LOG_TILES
from archive.bucket.port import Bucket
from archive.errors import CorruptError, InvalidError, NotFoundError
from archive.log.checkpoint import Checkpoint
from archive.log.merkle import (
    HASH_SIZE,
    Subtrees,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    root,
)
from archive.log.note import Verifier
from archive.log.tiles import WIDTH, Tile, decode_bundle, subtrees_of

_CACHED_TILES = 256


@dataclass(frozen=True, slots=True)
class Published:
    """A checkpoint and the signed note that says it."""

    checkpoint: Checkpoint
    note: str


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That an entry is in the log: its leaf hash, the hashes from leaf to root, the checkpoint."""

    index: int
    leaf: bytes
    hashes: tuple[bytes, ...]
    published: Published


class LogReader:
    """The log as anybody can read it. Safe for several threads; keeps some full tiles.

    Every method raises UnavailableError when the bucket does not answer.
    """

    def __init__(self, bucket: Bucket, verifier: Verifier) -> None:
        self._bucket = bucket
        self.verifier = verifier
        self._cache: OrderedDict[Tile, bytes] = OrderedDict()
        self._lock = Lock()

    def newest(self) -> Published:
        """Return the newest checkpoint.

        Raises:
            NotFoundError: nothing was published yet.
            CorruptError: what stands there was not signed by the log's key.
        """
        return self.published(LOG_CHECKPOINT)

    def published(self, name: str) -> Published:
        """Return the checkpoint in an object; errors as in `newest`."""

        def read(version: str | None) -> Published:
            data = self._bucket.get(name, version=version)
            try:
                note = data.decode()
                return Published(Checkpoint.open(note, self.verifier), note)
            except (CorruptError, UnicodeDecodeError) as error:
                raise CorruptError(f"{name} is not a checkpoint of this log: {error}") from None

        return genuine(self._bucket, name, read)

    def object(self, name: str) -> bytes:
        """Return an object of the log as it stands; NotFoundError if there is none."""
        return self._bucket.get(name)

    def inclusion(self, index: int, published: Published) -> Inclusion:
        """Prove that an entry is in the tree of a checkpoint.

        Raises:
            InvalidError: the checkpoint does not cover the entry.
            CorruptError: a tile is missing, or was changed.
        """
        checkpoint = published.checkpoint
        subtrees = self.subtrees(checkpoint.size)
        with self._forgetting_what_is_wrong():
            hashes = inclusion_proof(index, checkpoint.size, subtrees)
            leaf = subtrees(0, index)
            check_inclusion(leaf, index, checkpoint.size, hashes, checkpoint.root)
        return Inclusion(index, leaf, tuple(hashes), published)

    def consistency(self, first: int, second: int) -> list[bytes]:
        """Prove that the tree of `first` entries is in that of `second`; both may be any size.

        Raises:
            InvalidError: the sizes are not in order, or beyond the newest checkpoint.
            NotFoundError, CorruptError: as in `newest` and `inclusion`.
        """
        newest = self.newest().checkpoint
        if not 0 <= first <= second <= newest.size:
            raise InvalidError(
                f"Two sizes are needed, the smaller one first and none over {newest.size}."
            )
        subtrees = self.subtrees(newest.size)
        with self._forgetting_what_is_wrong():
            older, newer = root(first, subtrees), root(second, subtrees)
            proof = consistency_proof(first, second, subtrees)
            check_consistency(first, second, older, newer, proof)
            onward = consistency_proof(second, newest.size, subtrees)
            check_consistency(second, newest.size, newer, newest.root, onward)
        return proof

    def bundle(self, tile: Tile) -> list[bytes]:
        """Return the entries under a level-0 tile, unchecked; CorruptError if it has others."""
        name = f"{LOG_TILES}{tile.bundle_path}"
        try:
            entries = decode_bundle(self._bucket.get(name))
        except NotFoundError:
            entries = []
        if len(entries) != tile.width:
            raise CorruptError(f"{name} does not hold {tile.width} entries.")
        return entries

    def subtrees(self, size: int) -> Subtrees:
        """Return the perfect subtrees of the tree of a published size; they raise CorruptError."""
        return subtrees_of(size, self._tile)

    @contextmanager
    def _forgetting_what_is_wrong(self) -> Iterator[None]:
        """Keep no tile that may be the wrong one, so that a restored one is read."""
        try:
            yield
        except CorruptError:
            with self._lock:
                self._cache.clear()
            raise

    def _tile(self, tile: Tile) -> bytes:
        full = Tile(tile.level, tile.index)
        with self._lock:
            data = self._cache.get(full)
            if data is not None:
                self._cache.move_to_end(full)
        if data is None:
            data = self._read(tile, full)
        return data[: tile.width * HASH_SIZE]

    def _read(self, tile: Tile, full: Tile) -> bytes:
        """Read a tile; once the full one is there, the partial ones are removed."""
        for each in dict.fromkeys((tile, full)):
            try:
                data = self._bucket.get(f"{LOG_TILES}{each.path}")
            except NotFoundError:
                continue
            if len(data) != each.width * HASH_SIZE:
                raise CorruptError(f"{LOG_TILES}{each.path} does not hold {each.width} hashes.")
            if each.width == WIDTH:
                self._keep(full, data)
            return data
        raise CorruptError(f"{LOG_TILES}{tile.path} is missing.")

    def _keep(self, tile: Tile, data: bytes) -> None:
        with self._lock:
            self._cache[tile] = data
            while len(self._cache) > _CACHED_TILES:
                self._cache.popitem(last=False)
