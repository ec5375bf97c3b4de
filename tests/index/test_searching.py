from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import tantivy
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import InvalidError, UnavailableError
from archive.index import run, translate
from archive.index.asked import Hits
from archive.index.cursor import Cursor, Sort
from archive.index.documents import CURRENT, build_document, document_key, order
from archive.index.engine import guarded
from archive.index.schema import create_index, whole_term
from archive.index.searcher import Searcher
from archive.model.interaction import Participant, ParticipantRole
from archive.model.record import Record
from archive.query.analysis import ANY_CHARACTER, ANY_RUN
from archive.query.parser import parse
from archive.query.tree import Named, Not, Value, Word
from archive.query.values import seconds
from tests.query.samples import START, record

NOW = 1_000


class Indexed:
    """An index with the records that were put into it."""

    def __init__(self) -> None:
        self.index = create_index()
        self.records: dict[UUID, Record] = {}
        self.opened: list[UUID] = []

    def add(self, *records: Record, until: int = CURRENT, conversation: str | None = None) -> None:
        writer = self.index.writer(15_000_000, 1)
        for each in records:
            self.records[each.id] = each
            writer.delete_documents_by_term("key", document_key(each.id, each.version))
            writer.add_document(build_document(each, until=until, conversation=conversation))
        writer.commit()
        writer.wait_merging_threads()
        self.index.reload()

    def settle(self, ids: Sequence[UUID]) -> Iterator[Record]:
        self.opened.extend(ids)
        return (self.records[id] for id in ids if id in self.records)

    def search(self, query: str, **options: Any) -> Hits:
        options = {"as_of": NOW, "limit": 10, "settle": self.settle, **options}
        return Searcher(self.index).search(parse(query), **options)

    def seqs(self, query: str, **options: Any) -> list[int]:
        return [hit.seq for hit in self.search(query, versions=True, **options).hits]


@pytest.fixture
def indexed() -> Indexed:
    return Indexed()


def test_dates_order_results_and_undated_ones_come_last_both_ways(indexed: Indexed) -> None:
    same = START + timedelta(days=9)
    indexed.add(
        record(1, occurred_at=same),
        record(2, occurred_at=None),
        record(3, occurred_at=START),
        record(4, occurred_at=same),
        record(5, occurred_at=None),
        record(6, occurred_at=START - timedelta(days=40_000)),
    )
    assert indexed.seqs("") == [4, 1, 3, 6, 5, 2]
    assert indexed.seqs("", sort=Sort.OLDEST) == [6, 3, 1, 4, 2, 5]


def test_times_beyond_the_reach_of_an_order_keep_to_their_side() -> None:
    far = order(10**12, 1, descending=True)
    assert order(None, 2**28 - 1, descending=True) < order(-(10**12), 0, descending=True)
    assert far < order(None, 0, descending=False) < 2**63


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_all_dates_there_are_come_in_order_by_the_day_at_least(
    one: datetime, other: datetime
) -> None:
    first, second = (
        order(seconds(each), 7, descending=descending)
        for each, descending in ((one, True), (other, False))
    )
    if abs(one - other) >= timedelta(days=1):
        assert (first < second) == (one < other)
    if min(one, other).year > 1424 and max(one, other).year < 2514:
        assert (first < second) == (seconds(one) < seconds(other))


def test_a_search_as_of_an_earlier_sequence_finds_what_was_true_then(indexed: Indexed) -> None:
    old = record(1, text="fee", seq=5)
    indexed.add(old, until=8)
    indexed.add(record(1, text="rebate", seq=8, version=2))
    assert indexed.seqs("fee") == []
    assert indexed.seqs("rebate") == [8]
    assert indexed.seqs("fee", as_of=7) == [5]
    assert indexed.seqs("rebate", as_of=7) == []
    assert indexed.seqs("", as_of=4) == []


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("query", ["fee", "fee pre/2 rebates~"])
def test_pages_join_up_even_when_more_is_captured_meanwhile(
    indexed: Indexed, query: str, sort: Sort
) -> None:
    indexed.add(*(record(n, text="fee x rebate " * (n % 3 + 1)) for n in range(1, 12)))
    whole = indexed.seqs(query, sort=sort, as_of=11)
    assert len(whole) == 10
    pages: list[int] = []
    cursor: Cursor | None = None
    for extra in range(12, 20):
        hits = indexed.search(query, sort=sort, as_of=11, limit=4, after=cursor, versions=True)
        assert hits.total == 11
        pages.extend(hit.seq for hit in hits.hits)
        if hits.cursor is None:
            break
        cursor = Cursor.decode(hits.cursor, parse(query), sort)
        if sort is not Sort.RELEVANCE:
            indexed.add(record(extra, text="fee x rebate"))
    assert pages[:10] == whole
    assert len(set(pages)) == 11


def test_a_cursor_serves_its_own_search_only(indexed: Indexed) -> None:
    indexed.add(record(1), record(2))
    text = indexed.search("", limit=1).cursor
    assert text is not None
    cursor = Cursor.decode(text, parse(""), Sort.NEWEST)
    assert cursor.as_of == NOW
    for query, sort in (("fee", Sort.NEWEST), ("", Sort.OLDEST)):
        with pytest.raises(InvalidError, match="another"):
            Cursor.decode(text, parse(query), sort)
    for place in range(len(text)):
        other = "A" if text[place] != "A" else "B"
        with pytest.raises(InvalidError):
            Cursor.decode(text[:place] + other + text[place + 1 :], parse(""), Sort.NEWEST)
    for nonsense in ("", "é", "====", "A" * 400):
        with pytest.raises(InvalidError):
            Cursor.decode(nonsense, parse(""), Sort.NEWEST)
    with pytest.raises(InvalidError, match="as of"):
        indexed.search("", after=cursor, as_of=NOW - 1)


def test_totals_are_exact_where_nothing_or_no_page_is_asked_for(indexed: Indexed) -> None:
    indexed.add(*(record(n, text="fee") for n in range(1, 4)))
    counted = indexed.search("fee", limit=0)
    assert (counted.total, counted.hits, counted.cursor) == (3, (), None)
    assert indexed.search("nothing").total == 0
    with pytest.raises(InvalidError):
        indexed.search("fee", limit=-1)


def test_relevance_puts_the_best_first_and_the_newer_where_equal(indexed: Indexed) -> None:
    indexed.add(
        record(1, text="fee x x x"), record(2, text="fee fee fee x"), record(3, text="fee x x x")
    )
    assert indexed.seqs("fee", sort=Sort.RELEVANCE) == [2, 3, 1]


def test_facets_count_all_that_matched(indexed: Indexed) -> None:
    ann = tuple(
        Participant(role=role, address="Ann@b.test", department="Sales", location="Oporto")
        for role in (ParticipantRole.FROM, ParticipantRole.TO)
    )
    indexed.add(
        record(1, text="fee a rebate", participants=ann, custodian="Ann"),
        record(2, text="fee a rebate", source="Chat", language="en-GB"),
        record(3, text="fee rebate x", participants=ann, occurred_at=None),
        record(4, text="draft", participants=ann),
    )
    # One of these the index answers alone, the other the matcher settles.
    for query in ("fee rebate", "fee w/2 rebates~"):
        facets = indexed.search(query, limit=0, facets=True).facets
        assert facets is not None
        assert {name: dict(counts) for name, counts in facets.items()} == {
            "channel": {"email": 3},
            "kind": {"message": 3},
            "direction": {},
            "source": {"Mail": 2, "Chat": 1},
            "custodian": {"Ann": 1},
            "sender": {"ann@b.test": 2},
            "department": {"Sales": 2},
            "location": {"Oporto": 2},
            "language": {"en": 1},
            "outcome": {},
            "has": {"text": 3},
            "is": {"undated": 1},
            "year": {"2001": 2},
            "month": {"2001-01": 2},
        }


def test_unsearchable_counts_wordless_records_and_those_that_would_not_open(
    indexed: Indexed,
) -> None:
    indexed.add(
        record(1, text="side letter"), record(2, text="..."), record(3, text="side letterless")
    )
    assert indexed.search("side").unsearchable == 1
    del indexed.records[record(3).id]
    hits = indexed.search("side pre/2 letters~")
    assert (hits.total, hits.unsearchable) == (1, 2)


def test_only_doubtful_records_are_opened(indexed: Indexed) -> None:
    indexed.add(record(1, text="fee and rebate"), record(2, text="fee"), record(3, text="rebate"))
    assert indexed.search("fee -rebate").total == 1
    assert indexed.search("écrit OR fee*").total == 2
    assert indexed.search("fee w/9 rebate").total == 1
    assert indexed.search('"f* and reb?te"').total == 1
    assert indexed.search('(fe* OR x) pre/1 ("and y" OR reb*)').total == 0
    assert indexed.opened == []


def test_patterns_that_reach_more_words_than_the_index_follows_are_not_cut_short(
    indexed: Indexed,
) -> None:
    many = " ".join(f"q{number}" for number in range(17_000))
    indexed.add(record(1, text=many), record(2, text="q1 x q2"), record(3, text="q16999 q3"))
    assert indexed.seqs('"q* ?3"') == [3, 1]
    assert indexed.seqs("q* w/2 q3") == [3, 1]
    assert indexed.seqs('"q1 * q2"', sort=Sort.RELEVANCE) == [2]
    assert set(indexed.opened) == {record(n).id for n in (1, 2, 3)}


def test_the_archives_own_thread_is_found_and_settled(indexed: Indexed) -> None:
    indexed.add(record(1, text="side letter"), conversation="T9")
    assert indexed.search("conversation:T9").total == 1
    assert indexed.search('conversation:T9 "si* letter"').total == 1


def test_a_pattern_that_the_index_refuses_is_told_as_invalid(indexed: Indexed) -> None:
    with pytest.raises(InvalidError, match="complicated"):
        Searcher(indexed.index).search(Word("?" * 5_000), as_of=NOW, limit=1, settle=indexed.settle)


def test_a_mark_of_wildcards_that_somebody_typed_parts_words(indexed: Indexed) -> None:
    indexed.add(record(1, text="fees, late"), record(2, text="feeble"))
    for mark in (ANY_RUN, ANY_CHARACTER):
        for query in (f"{mark}fee~", f"{mark}fees", f"fees{mark}late"):
            assert indexed.seqs(query) == [1], query


def test_a_panic_of_the_library_becomes_unavailable() -> None:
    index = create_index()
    with pytest.raises(UnavailableError):
        guarded(index.searcher().search, tantivy.Query.all_query(), limit=0)


def test_of_a_long_list_only_records_that_are_sought_are_looked_up(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexed.add(*(record(number, text="early" if number < 5 else "late") for number in range(20)))
    listed = frozenset(id for id, each in indexed.records.items() if each.seq % 3 == 0)
    looked_up: list[str] = []

    def whole(name: str, text: str) -> str:
        looked_up.extend([text] if name == "id" else [])
        return whole_term(name, text)

    def hits(query: str) -> tuple[Hits, int]:
        looked_up.clear()
        hidden = Not(Named(Value("restricted", "is"), records=listed))
        return indexed.search(query, within=hidden), len(looked_up)

    monkeypatch.setattr(translate, "whole_term", whole)
    queries = ("early", "late", "")
    before = [hits(query) for query in queries]
    monkeypatch.setattr(run, "LONG", 0)
    after = [hits(query) for query in queries]
    assert [each.total for each, _ in after] == [3, 10, 13]
    assert [each for each, _ in before] == [each for each, _ in after]
    # To ask what is not searched, they are looked up once more, unless all is.
    assert [count for _, count in before] == [14, 14, 14]
    assert [count for _, count in after] == [2, 7, 7]
