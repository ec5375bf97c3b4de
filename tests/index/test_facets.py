"""A facet counts what narrowing to its value finds."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from archive.errors import InvalidError
from archive.index.searcher import Searcher
from archive.model.interaction import Participant, ParticipantRole
from archive.model.record import Record
from archive.query.facets import FACETS, facets, narrowing
from archive.query.matcher import matches
from archive.query.parser import parse
from archive.query.printer import to_text
from archive.query.tree import EVERYTHING
from tests.index.test_agreement import AS_OF, indexed
from tests.query.samples import corpora, record

WORDS_ONLY = ("location", "sender")
"""Narrowed to by words where there is no address, which may find more."""


@settings(max_examples=40)
@given(corpora())
def test_narrowing_finds_what_a_facet_counted(records: list[Record]) -> None:
    by_id = {each.id: each for each in records}

    def settle(ids: Sequence[UUID]) -> Iterator[Record]:
        return (by_id[id] for id in ids)

    searcher = Searcher(indexed(records))

    def total(facet: str, value: str) -> int:
        node = narrowing(facet, value)
        assert parse(to_text(node)) == node
        return searcher.search(node, as_of=AS_OF, limit=0, settle=settle).total

    found = searcher.search(EVERYTHING, as_of=AS_OF, limit=0, settle=settle, facets=True).facets
    assert found is not None
    assert tuple(found) == FACETS
    for facet, counts in found.items():
        for value, count in counts:
            if facet in WORDS_ONLY:
                assert total(facet, value) >= count
            else:
                assert total(facet, value) == count


@given(st.text(min_size=1, max_size=12), st.sampled_from(("source", "custodian", "department")))
def test_any_name_can_be_narrowed_to(name: str, facet: str) -> None:
    people = (Participant(role=ParticipantRole.FROM, department=name),)
    one = record(1, source=name, custodian=name, participants=people)
    assume(name.strip())
    for value in facets(one)[facet]:
        assert matches(narrowing(facet, value), one)


@pytest.mark.parametrize(
    ("facet", "value"),
    [
        ("colour", "red"),
        ("channel", "pigeon"),
        ("is", "stale"),
        ("source", " "),
        ("year", "01"),
        ("month", "2001-13"),
        ("year", "0000"),
        ("location", "&"),
    ],
)
def test_what_no_record_could_have_is_refused(facet: str, value: str) -> None:
    with pytest.raises(InvalidError):
        narrowing(facet, value)


def test_the_last_year_has_an_end() -> None:
    assert matches(narrowing("year", "9999"), record(1, occurred_at="9999-12-31T23:59:59Z"))
