"""Trees of made-up entries, in memory."""

from functools import cache

from archive.log.merkle import Subtrees, leaf_hash, node_hash
from archive.log.tiles import Tile


def entry(index: int) -> bytes:
    return b"entry %d" % index


@cache
def subtree(level: int, index: int) -> bytes:
    """The perfect subtree at (level, index) of an endless tree, by the definition in RFC 9162."""
    if level == 0:
        return leaf_hash(entry(index))
    return node_hash(subtree(level - 1, 2 * index), subtree(level - 1, 2 * index + 1))


SUBTREES: Subtrees = subtree


def tile(which: Tile) -> bytes:
    first = which.index * 256
    return b"".join(subtree(8 * which.level, first + n) for n in range(which.width))
