"""Index, matcher and parser against a brute force that shares no code with them."""

from random import Random

import pytest

from tests.query.brute_house import House, Tally


@pytest.mark.parametrize("corpus", range(3))
def test_random_queries_find_what_brute_force_finds(corpus: int) -> None:
    # The same queries each time; `scripts/shows/06-brute-force` asks others.
    house, tally = House(Random(corpus), 30), Tally()
    for _ in range(60):
        house.ask(tally)
    assert tally.differences == []
    assert tally.telling > 10
