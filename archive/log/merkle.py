"""The Merkle tree of RFC 9162, section 2.1: roots, inclusion proofs, consistency proofs.

Everything is computed from the hashes of *perfect subtrees*: the one at (level, index) is over the
2**level leaves from index * 2**level on. Once its leaves are there it never changes, so that a
caller may keep it anywhere; `Subtrees` is how it is asked for.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

from archive.errors import CorruptError, InvalidError

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

Subtrees = Callable[[int, int], bytes]
"""Gives the hash of the perfect subtree at (level, index)."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf (section 2.1.1)."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (section 2.1.1)."""
    return sha256(b"\1" + left + right).digest()


def root(size: int, subtrees: Subtrees) -> bytes:
    """Return the root of the tree over the first `size` leaves."""
    return _range_hash(0, size, subtrees) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, subtrees: Subtrees) -> list[bytes]:
    """Return the hashes, leaf to root, that show leaf `index` in a tree (section 2.1.3.1).

    InvalidError unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise InvalidError(f"The log has no entry {index} at the size {size}.")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_hash(middle, end, subtrees))
            end = middle
        else:
            proof.append(_range_hash(start, middle, subtrees))
            start = middle
    return proof[::-1]


def consistency_proof(first: int, second: int, subtrees: Subtrees) -> list[bytes]:
    """Return the hashes that show the first `first` leaves unchanged in `second` (section 2.1.4.1).

    InvalidError unless 0 <= first <= second. Nothing has to be shown of an empty tree, or of a
    tree and itself.
    """
    if not 0 <= first <= second:
        raise InvalidError(f"There is no way from the size {first} to the size {second}.")
    if first in (0, second):
        return []
    proof: list[bytes] = []
    start, end = 0, second
    # What is left at the end is a subtree that both trees have; the verifier knows its hash if it
    # is the whole of the older tree.
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            proof.append(_range_hash(middle, end, subtrees))
            end = middle
        else:
            proof.append(_range_hash(start, middle, subtrees))
            start = middle
    if start:
        proof.append(_range_hash(start, end, subtrees))
    return proof[::-1]


def check_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check an inclusion proof (section 2.1.3.2); CorruptError if it does not show the leaf."""
    _check_sizes(proof)
    if not 0 <= index < size:
        raise CorruptError("The proof is of an entry that the tree does not have.")
    position, last = index, size - 1
    found = leaf
    for sibling in proof:
        if last == 0:
            raise CorruptError("The inclusion proof is too long.")
        if position & 1 or position == last:
            found = node_hash(sibling, found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        position, last = position >> 1, last >> 1
    if last or found != root:
        raise CorruptError("The inclusion proof does not lead to the root.")


def check_consistency(
    first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check a consistency proof (section 2.1.4.2); CorruptError if it connects other roots."""
    _check_sizes(proof)
    if not 0 <= first <= second:
        raise CorruptError("The consistency proof leads from a larger tree to a smaller one.")
    if first in (0, second):
        expected = EMPTY_ROOT if first == 0 else second_root
        if proof or first_root != expected:
            raise CorruptError("The consistency proof does not connect the roots.")
        return
    hashes = list(proof)
    if first & (first - 1) == 0:
        hashes.insert(0, first_root)
    position, last = first - 1, second - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    if not hashes:
        raise CorruptError("The consistency proof is empty.")
    older = newer = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise CorruptError("The consistency proof is too long.")
        if position & 1 or position == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            newer = node_hash(newer, sibling)
        position, last = position >> 1, last >> 1
    if last or older != first_root or newer != second_root:
        raise CorruptError("The consistency proof does not connect the roots.")


def _check_sizes(proof: Sequence[bytes]) -> None:
    if any(len(each) != HASH_SIZE for each in proof):
        raise CorruptError("A proof holds something that is no hash.")


def _split(count: int) -> int:
    """Return the largest power of two below `count`, which is 2 at least."""
    return 1 << (count - 1).bit_length() - 1


def _range_hash(start: int, end: int, subtrees: Subtrees) -> bytes:
    """Return the hash over leaves `start` to `end`, a range that a proof may speak of.

    Such a range begins at a multiple of the power of two that spans it, so that it is a row of
    perfect subtrees, each smaller than the one before it.
    """
    *others, found = (subtrees(level, index) for level, index in _perfect(start, end))
    for left in reversed(others):
        found = node_hash(left, found)
    return found


def _perfect(start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level
