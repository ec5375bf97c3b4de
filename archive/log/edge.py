"""The right edge of the tree: all that a writer must remember of a log to make it grow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from archive.log.merkle import HASH_SIZE, consistency_proof, root
from archive.log.tiles import HEIGHT, WIDTH, Tile, encode_bundle, subtrees_of, tile_root

_TILE_SIZE = WIDTH * HASH_SIZE


@dataclass(frozen=True, slots=True)
class Edge:
    """A tree's size, and of each tile level the hashes that no full tile holds yet.

    `entries` are those of the last bundle, as long as it is not full. Nothing else of a tree ever
    changes, or is needed for its root, so that a tree of any size takes as little memory.
    """

    size: int = 0
    rows: tuple[bytes, ...] = ()
    entries: tuple[bytes, ...] = ()

    def tiles(self) -> dict[Tile, bytes]:
        """Return the partial tiles."""
        return {
            Tile(level, self.size >> HEIGHT * (level + 1), len(row) // HASH_SIZE): row
            for level, row in enumerate(self.rows)
            if row
        }

    def root(self) -> bytes:
        """Return the root of the tree."""
        return root(self.size, subtrees_of(self.size, self.tiles().__getitem__))

    def grow(self, leaves: Sequence[bytes], entries: Sequence[bytes]) -> "Growth":
        """Return what a tree with these leaves added, and their entries, has that is new."""
        tiles: dict[Tile, bytes] = {}
        rows: list[bytes] = []
        added = b"".join(leaves)
        level = 0
        while added or level < len(self.rows):
            row = (self.rows[level] if level < len(self.rows) else b"") + added
            index = self.size >> HEIGHT * (level + 1)
            above: list[bytes] = []
            while len(row) >= _TILE_SIZE:
                tiles[Tile(level, index)] = row[:_TILE_SIZE]
                above.append(tile_root(row[:_TILE_SIZE]))
                row, index = row[_TILE_SIZE:], index + 1
            if row and added:
                tiles[Tile(level, index, len(row) // HASH_SIZE)] = row
            rows.append(row)
            added = b"".join(above)
            level += 1
        bundled = (*self.entries, *entries)
        whole = len(bundled) - len(bundled) % WIDTH
        edge = Edge(self.size + len(leaves), tuple(rows), bundled[whole:])
        return Growth(self, edge, tiles, bundled)


@dataclass(frozen=True, slots=True)
class Growth:
    """A step from one tree to a larger one, and the tiles that only the larger has.

    `entries` are all since the older tree's last full bundle.
    """

    old: Edge
    new: Edge
    tiles: Mapping[Tile, bytes]
    entries: Sequence[bytes]

    def bundles(self) -> dict[Tile, bytes]:
        """Return the entry bundles that only the larger tree has."""
        first = self.old.size // WIDTH
        bundles: dict[Tile, bytes] = {}
        for start in range(0, len(self.entries), WIDTH):
            held = self.entries[start : start + WIDTH]
            bundles[Tile(0, first + start // WIDTH, len(held))] = encode_bundle(held)
        return bundles

    def consistency(self) -> list[bytes]:
        """Return the proof that the older tree is in the larger one."""
        known = self.new.tiles() | dict(self.tiles)
        return consistency_proof(
            self.old.size, self.new.size, subtrees_of(self.new.size, known.__getitem__)
        )
