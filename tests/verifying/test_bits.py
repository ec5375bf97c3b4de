"""Sets of sequence numbers are sets, however they were filled."""

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from archive.verifying.accounts import Bits

RUNS = st.tuples(st.integers(0, 9000), st.integers(0, 40)).map(lambda at: [*range(at[0], sum(at))])
FILLINGS = st.lists(RUNS | st.lists(st.integers(0, 9000), max_size=5), max_size=5)


def filled(fillings: list[list[int]]) -> Bits:
    bits = Bits()
    for numbers in fillings:
        bits.update(numbers)
    return bits


@given(FILLINGS, FILLINGS)
def test_bits_are_sets(one: list[list[int]], other: list[list[int]]):
    first, second = filled(one), filled(other)
    expected, beside = {*chain(*one)}, {*chain(*other)}
    assert list(first) == sorted(expected)
    assert list(first & second) == sorted(expected & beside)
    assert list(first ^ second) == sorted(expected ^ beside)
    assert all((number in first) is (number in expected) for number in range(9050))
