"""The tree that verify grows by many leaves at once is the log's."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from archive.log.merkle import root
from archive.log.tiles import Tile, split_hashes
from archive.verifying.tree import Tree
from tests.log.trees import SUBTREES, subtree, tile

SIZES = st.lists(st.integers(0, 1500), min_size=1, max_size=6).map(sorted)


@settings(max_examples=40)
@given(SIZES)
def test_roots_and_tiles_do_not_depend_on_how_many_leaves_come_at_once(sizes: list[int]):
    tree = Tree()
    full: dict[Tile, list[bytes]] = {}
    for size, following in pairwise([0, *sizes]):
        filled = tree.add([subtree(0, index) for index in range(size, following)])
        full |= {Tile(level, index): hashes for level, index, hashes in filled}
        assert (tree.size, tree.root()) == (following, root(following, SUBTREES))
    assert full == {each: split_hashes(tile(each)) for each in full}
    assert {each for each in full if each.level == 0} == {
        Tile(0, n) for n in range(sizes[-1] // 256)
    }
    left = sizes[-1] % 256
    assert tree.rows[0] == [subtree(0, index) for index in range(sizes[-1] - left, sizes[-1])]


def test_a_tile_of_the_second_level_is_filled():
    tree = Tree()
    assert tree.add([bytes(32)] * 65_535)[-1][0] == 0
    levels = [(level, index) for level, index, _ in tree.add([bytes(32)] * 2)]
    assert levels == [(0, 255), (1, 0)]
    assert [len(row) for row in tree.rows] == [1, 0, 1]
