"""The published log against the tree that the commit records make.

Leaves come in order and are hashed once. Tiles, bundles and checkpoints are compared as soon as the
tree is large enough, so that memory holds no more than the right edge.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from archive.bucket.names import LOG_TILES
from archive.bucket.port import Bucket
from archive.errors import CorruptError, NotFoundError
from archive.log.checkpoint import Checkpoint
from archive.log.entries import UNKNOWN
from archive.log.merkle import EMPTY_ROOT, HASH_SIZE, node_hash
from archive.log.tiles import HEIGHT, WIDTH, Tile, decode_bundle, parse_path, split_hashes
from archive.sealing.leaf import digest_leaf, entry_hash
from archive.verifying.findings import Fault

_BUNDLES = -1
"""Stands for the level of entry bundles."""


class Tree:
    """A tree that grows, and of each tile level the hashes that fill no tile yet."""

    def __init__(self) -> None:
        self.size = 0
        self.rows: list[list[bytes]] = [[]]
        # Of each level the node that has no right neighbour yet, None where all have one.
        self._single: list[bytes | None] = []

    def add(self, leaves: Sequence[bytes]) -> list[tuple[int, int, list[bytes]]]:
        """Add leaves; return level, index and hashes of each tile that became full by them.

        Level by level, all new nodes are hashed at once.
        """
        filled: list[tuple[int, int, list[bytes]]] = []
        level, nodes = 0, list(leaves)
        while nodes:
            if level % HEIGHT == 0:
                filled += self._fill(level // HEIGHT, self.size >> level, nodes)
            if level == len(self._single):
                self._single.append(None)
            single = self._single[level]
            if single is not None:
                nodes.insert(0, single)
            self._single[level] = nodes.pop() if len(nodes) % 2 else None
            nodes = list(map(node_hash, nodes[::2], nodes[1::2]))
            level += 1
        self.size += len(leaves)
        return filled

    def _fill(
        self, level: int, count: int, hashes: Sequence[bytes]
    ) -> Iterator[tuple[int, int, list[bytes]]]:
        """Put hashes behind the `count` that the tiles of a level have; give those now full."""
        if level == len(self.rows):
            self.rows.append([])
        row = self.rows[level] + list(hashes)
        index = count // WIDTH
        for start in range(0, len(row) - WIDTH + 1, WIDTH):
            yield level, index + start // WIDTH, row[start : start + WIDTH]
        self.rows[level] = row[len(row) - len(row) % WIDTH :]

    def root(self) -> bytes:
        """Return the root."""
        found: bytes | None = None
        for single in self._single:
            if single is not None:
                found = single if found is None else node_hash(single, found)
        return EMPTY_ROOT if found is None else found


class PublishedLog:
    """What stands of the log in the bucket, held against the leaves as they come.

    `signed` are the checkpoints that hold, each with where it comes from; `size` is that of the
    newest one, up to which every tile must be there.
    """

    def __init__(
        self,
        archive_id: UUID,
        bucket: Bucket,
        signed: Iterable[tuple[Checkpoint, str]],
        size: int,
    ) -> None:
        self._bucket = bucket
        self._unknown_leaf = digest_leaf(archive_id, UNKNOWN)
        self._size = size
        self._tree = Tree()
        self._widths: dict[tuple[int, int], list[int]] = defaultdict(list)
        self._signed = sorted(signed, key=lambda each: each[0].size, reverse=True)
        self.lost = False
        """Whether leaves are missing, so that nothing beyond can be compared."""
        self.unknown: list[int] = []
        """Sequence numbers of entries that say that their frame's digest is not known."""
        self.tiles = 0

    @property
    def size(self) -> int:
        """How many leaves have come."""
        return self._tree.size

    def note_tile(self, path: str) -> None:
        """Take in the path of a tile or bundle that is listed; NotFoundError if it names none."""
        tile, is_bundle = parse_path(path)
        self._widths[_BUNDLES if is_bundle else tile.level, tile.index].append(tile.width)

    def add(self, leaves: Sequence[bytes]) -> Iterator[Fault]:
        """Take the next leaves."""
        if self.lost:
            return
        added = 0
        while added < len(leaves):
            yield from self._compare_roots()
            end = len(leaves)
            if self._signed:
                end = min(end, added + self._signed[-1][0].size - self._tree.size)
            for level, index, hashes in self._tree.add(leaves[added:end]):
                yield from self._compare(level, index, hashes)
            added = end
        yield from self._compare_roots()

    def fill(self, end: int) -> Iterator[Fault]:
        """Take leaves up to the size `end` from the tiles, since no commit record has them."""
        while not self.lost and self.size < end:
            index = self.size // WIDTH
            hashes: list[bytes] = []
            for width in sorted(self._widths[0, index], reverse=True)[:1]:
                try:
                    hashes = split_hashes(self._read(Tile(0, index, width), is_bundle=False))
                except (CorruptError, NotFoundError):
                    hashes = []
            new = hashes[self.size % WIDTH : end - index * WIDTH]
            if not new or len(new[-1]) != HASH_SIZE:
                self.lost = True
                yield Fault(
                    "log",
                    f"The log cannot be derived from entry {self.size} on, because neither commit "
                    "records nor tiles tell the leaves there; what comes after is not compared.",
                )
                return
            yield from self.add(new)

    def finish(self) -> Iterator[Fault]:
        """Compare what is not full, and name what was signed beyond the end."""
        if self.lost:
            return
        yield from self._compare_roots()
        for level, hashes in enumerate(self._tree.rows):
            yield from self._compare(level, self.size >> HEIGHT * (level + 1), hashes)
        for checkpoint, where in reversed(self._signed):
            yield Fault(
                "roll-back",
                f"The checkpoint {where} is of {checkpoint.size} entries, and the commit records "
                f"end at {self.size}: the newest events were taken away.",
                where,
            )

    def _compare_roots(self) -> Iterator[Fault]:
        while self._signed and self._signed[-1][0].size == self._tree.size:
            checkpoint, where = self._signed.pop()
            if checkpoint.root != self._tree.root():
                yield Fault(
                    "fork",
                    f"The checkpoint {where} is signed by the log's key, but over other events "
                    f"than the first {checkpoint.size} of this archive: the log was forked, or "
                    "commit records were replaced.",
                    where,
                )

    def _compare(self, level: int, index: int, hashes: Sequence[bytes]) -> Iterator[Fault]:
        kinds = (level, _BUNDLES) if level == 0 else (level,)
        needed = min(WIDTH, (self._size >> HEIGHT * level) - index * WIDTH)
        for kind in kinds:
            widths = sorted(set(self._widths.pop((kind, index), ())))
            usable = [width for width in widths if width <= len(hashes)]
            for width in usable:
                tile = Tile(level, index, width)
                yield from self._compare_one(tile, hashes[:width], is_bundle=kind == _BUNDLES)
            # The full tile does for every partial one of the same index.
            if needed > 0 and needed not in widths and WIDTH not in widths:
                tile = Tile(level, index, needed)
                yield from self._compare_one(tile, hashes[:needed], is_bundle=kind == _BUNDLES)

    def _compare_one(
        self, tile: Tile, hashes: Sequence[bytes], *, is_bundle: bool
    ) -> Iterator[Fault]:
        self.tiles += 1
        name = f"{LOG_TILES}{tile.bundle_path if is_bundle else tile.path}"
        what = "entry bundle" if is_bundle else "tile"
        try:
            data = self._read(tile, is_bundle=is_bundle)
            if is_bundle:
                found = [entry_hash(entry) for entry in decode_bundle(data)]
                self._pass_unknown(tile, found, hashes)
            elif data == b"".join(hashes):
                return
            else:
                found = split_hashes(data)
            differ = _first_difference(found, hashes)
        except NotFoundError:
            if tile.width < self._held(tile, is_bundle):
                return  # It was tidied away, because the log has grown since the listing.
            yield Fault("tile", f"The {what} {name} is missing, which a checkpoint needs.", name)
            return
        except CorruptError as error:
            yield Fault("tile", f"The {what} {name} cannot be read: {error}", name)
            return
        if differ is not None:
            seq = (tile.index * WIDTH + differ << HEIGHT * tile.level) + 1
            yield Fault(
                "tile",
                f"The {what} {name} is not what the commit records make it; it differs first at "
                f"event {seq}.",
                name,
                seq=seq,
            )

    def _pass_unknown(self, tile: Tile, found: list[bytes], hashes: Sequence[bytes]) -> None:
        """Note the entries that say that their digest is not known; they stand for any leaf."""
        if self._unknown_leaf not in found:
            return
        for place, leaf in enumerate(found[: len(hashes)]):
            if leaf == self._unknown_leaf:
                self.unknown.append(tile.index * WIDTH + place + 1)
                found[place] = hashes[place]

    def _held(self, tile: Tile, is_bundle: bool) -> int:
        """Return the largest width of a tile that is there by now."""
        full = Tile(tile.level, tile.index)
        path = full.bundle_path if is_bundle else full.path
        try:
            self._bucket.stat(f"{LOG_TILES}{path}")
        except NotFoundError:
            return 0
        return WIDTH

    def _read(self, tile: Tile, *, is_bundle: bool) -> bytes:
        return self._bucket.get(f"{LOG_TILES}{tile.bundle_path if is_bundle else tile.path}")


def _first_difference(found: Sequence[bytes], expected: Sequence[bytes]) -> int | None:
    if found == expected:
        return None
    if len(found) != len(expected):
        return min(len(found), len(expected))
    for place, (one, other) in enumerate(zip(found, expected, strict=True)):
        if one != other:
            return place
    return None
