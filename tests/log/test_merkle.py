"""Roots and proofs are those of RFC 9162, as another implementation computes them."""

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree, verify_consistency

from archive.errors import CorruptError, InvalidError
from archive.log.merkle import (
    EMPTY_ROOT,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    root,
)
from tests.log.trees import SUBTREES, entry, subtree

SIZES = st.integers(1, 100_000)
ALL = 70


@pytest.fixture(scope="module")
def other() -> InmemoryTree:
    tree = InmemoryTree(algorithm="sha256")
    for index in range(ALL):
        tree.append_entry(entry(index))
    return tree


def test_the_empty_tree_has_the_root_of_nothing():
    assert root(0, SUBTREES) == EMPTY_ROOT
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_roots_and_proofs_are_those_of_another_implementation(other):
    for size in range(1, ALL + 1):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            assert root(size, SUBTREES) == other.get_state(size)
        for index in range(size):
            # There the leaf itself comes first, and leaves are counted from 1.
            theirs = other.prove_inclusion(index + 1, size).path
            assert [subtree(0, index), *inclusion_proof(index, size, SUBTREES)] == theirs
        for first in range(1, size):
            # Its own consistency proofs are of another form, so it vouches for the two roots.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                roots = other.get_state(first), other.get_state(size)
            verify_consistency(*roots, other.prove_consistency(first, size))
            check_consistency(first, size, *roots, consistency_proof(first, size, SUBTREES))


@given(SIZES.flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size))))
def test_an_entry_is_shown_to_be_in_the_tree(case):
    index, size = case
    proof = inclusion_proof(index, size, SUBTREES)
    check_inclusion(subtree(0, index), index, size, proof, root(size, SUBTREES))
    assert len(proof) <= (size - 1).bit_length()


@given(SIZES.flatmap(lambda size: st.tuples(st.integers(0, size), st.just(size))))
def test_a_tree_is_shown_to_begin_with_an_older_one(case):
    first, second = case
    proof = consistency_proof(first, second, SUBTREES)
    roots = root(first, SUBTREES), root(second, SUBTREES)
    check_consistency(first, second, *roots, proof)


def changed(proof: list[bytes], data: st.DataObject) -> list[bytes]:
    """The proof with something wrong: a hash changed, dropped, doubled, added, or cut."""
    spoilt = list(proof)
    place = data.draw(st.integers(0, len(proof)))
    match data.draw(st.sampled_from(("flip", "drop", "double", "add", "cut", "swap"))):
        case "flip" if place < len(proof):
            bit = data.draw(st.integers(0, 255))
            spoilt[place] = (int.from_bytes(proof[place]) ^ 1 << bit).to_bytes(32)
        case "drop" if place < len(proof):
            del spoilt[place]
        case "double" if place < len(proof):
            spoilt.insert(place, proof[place])
        case "cut" if place < len(proof):
            spoilt[place] = proof[place][:-1]
        case "swap" if len(proof) > 1:
            spoilt.reverse()
        case _:
            spoilt.insert(place, bytes(32))
    return spoilt


@given(SIZES.flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size))), st.data())
def test_a_spoilt_inclusion_proof_is_refused(case, data):
    index, size = case
    proof = inclusion_proof(index, size, SUBTREES)
    spoilt = changed(proof, data)
    if spoilt == proof:
        return
    with pytest.raises(CorruptError):
        check_inclusion(subtree(0, index), index, size, spoilt, root(size, SUBTREES))


@given(SIZES.flatmap(lambda size: st.tuples(st.integers(0, size), st.just(size))), st.data())
def test_a_spoilt_consistency_proof_is_refused(case, data):
    first, second = case
    proof = consistency_proof(first, second, SUBTREES)
    spoilt = changed(proof, data)
    if spoilt == proof:
        return
    with pytest.raises(CorruptError):
        check_consistency(first, second, root(first, SUBTREES), root(second, SUBTREES), spoilt)


@given(st.integers(2, 5_000), st.data())
def test_a_proof_is_of_one_place_and_one_pair_of_trees(size, data):
    index, elsewhere = data.draw(
        st.lists(st.integers(0, size - 1), min_size=2, max_size=2, unique=True)
    )
    proof = inclusion_proof(index, size, SUBTREES)
    top = root(size, SUBTREES)
    with pytest.raises(CorruptError):
        check_inclusion(subtree(0, index), elsewhere, size, proof, top)
    with pytest.raises(CorruptError):
        check_inclusion(subtree(0, elsewhere), index, size, proof, top)
    first = data.draw(st.integers(1, size - 1))
    with pytest.raises(CorruptError):
        check_consistency(
            first, size, root(first + 1, SUBTREES), top, consistency_proof(first, size, SUBTREES)
        )


def test_what_the_tree_does_not_have_cannot_be_proved():
    for index, size in ((5, 5), (-1, 5), (0, 0)):
        with pytest.raises(InvalidError):
            inclusion_proof(index, size, SUBTREES)
        with pytest.raises(CorruptError):
            check_inclusion(bytes(32), index, size, [], bytes(32))
    with pytest.raises(InvalidError):
        consistency_proof(6, 5, SUBTREES)
    with pytest.raises(CorruptError):
        check_consistency(6, 5, bytes(32), bytes(32), [])
