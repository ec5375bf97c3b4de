"""Tiles hold the tree: what they are called, which there are, and that proofs come out of them."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import CorruptError, NotFoundError
from archive.log.merkle import inclusion_proof, root
from archive.log.tiles import Tile, decode_bundle, encode_bundle, parse_path, subtrees_of, tile_root
from tests.log.trees import SUBTREES, subtree, tile


def test_paths_are_those_of_the_specification():
    assert Tile(0, 1234067).path == "0/x001/x234/067"
    assert Tile(1, 5, 17).path == "1/005.p/17"
    assert Tile(0, 1000, 3).bundle_path == "entries/x001/000.p/3"


@given(st.integers(0, 63), st.integers(0, 10**9), st.integers(1, 256))
def test_a_path_names_its_tile_and_no_other_path_does(level, index, width):
    which = Tile(level, index, width)
    assert parse_path(which.path) == (which, False)
    assert parse_path(Tile(0, index, width).bundle_path) == (Tile(0, index, width), True)


@pytest.mark.parametrize(
    "path",
    [
        *("", "0/1", "0/0001", "00/001", "64/001", "0/x000/001", "0/001.p/0", "0/001.p/256"),
        *("0/001.p/01", "0/001/x002", "entries/1", "0/001/", "../0/001", "0/001.p/300", "0/００1"),
    ],
)
def test_other_paths_name_nothing(path):
    with pytest.raises(NotFoundError):
        parse_path(path)


def new_tiles(old: int, new: int) -> Iterator[Tile]:
    """Give the tiles that a tree has at `new` leaves and had not at `old`, lower levels first."""
    level = 0
    while new:
        for index in range(old // 256, new // 256):
            yield Tile(level, index)
        if new % 256 and new != old:
            yield Tile(level, new // 256, new % 256)
        old, new = old // 256, new // 256
        level += 1


def test_a_tree_of_70_000_has_the_tiles_that_the_specification_counts():
    tiles = list(new_tiles(0, 70_000))
    full = [each for each in tiles if each.width == 256]
    assert [each.level for each in full].count(0) == 273
    assert [each for each in tiles if each.width < 256] == [
        Tile(0, 273, 112),
        Tile(1, 1, 17),
        Tile(2, 0, 1),
    ]
    assert full[-1] == Tile(1, 0)
    assert list(new_tiles(0, 256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(new_tiles(70_000, 70_000)) == []


@given(st.lists(st.integers(0, 3_000), min_size=1, max_size=6))
def test_tiles_that_were_added_step_by_step_hold_every_tree_on_the_way(steps):
    written: dict[Tile, bytes] = {}
    size = 0
    for step in steps:
        for which in new_tiles(size, size + step):
            assert which not in written
            written[which] = tile(which)
        size += step
        if size:
            subtrees = subtrees_of(size, written.__getitem__)
            assert root(size, subtrees) == root(size, SUBTREES)
            for index in {0, size // 2, size - 1}:
                assert inclusion_proof(index, size, subtrees) == inclusion_proof(
                    index, size, SUBTREES
                )


def test_a_full_tile_has_its_hash_in_the_tile_above():
    assert tile_root(tile(Tile(0, 3))) == subtree(8, 3)


def test_a_tile_of_another_size_is_told_by_name():
    with pytest.raises(CorruptError, match=r"0/000\.p/5"):
        root(5, subtrees_of(5, lambda which: bytes(31)))


@given(st.lists(st.binary(max_size=70)) | st.lists(st.sampled_from([b"", b"ab", b"cd", b"efg"])))
def test_bundles_give_back_their_entries_and_cut_ones_are_refused(entries):
    bundle = encode_bundle(entries)
    assert decode_bundle(bundle) == entries
    if bundle:
        with pytest.raises(CorruptError):
            decode_bundle(bundle[:-1])
