"""Index and matcher must agree on every query over every corpus."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import tantivy
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.index.cursor import Cursor, Sort
from archive.index.documents import build_document
from archive.index.schema import create_index
from archive.index.searcher import Searcher
from archive.model.person import KnownPerson
from archive.model.record import Record
from archive.query.aliases import widened
from archive.query.matcher import matches
from archive.query.operand import MOST_EDITS
from archive.query.terms import terms
from archive.query.tree import Fuzzy, Node, Word
from tests.query.samples import corpora, known_people, nodes, record

AS_OF = 1_000


def indexed(records: Sequence[Record]) -> tantivy.Index:
    index = create_index()
    writer = index.writer(15_000_000, 1)
    for each in records:
        writer.add_document(build_document(each))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return index


@settings(max_examples=60)
@given(corpora(), nodes, known_people)
def test_the_index_finds_what_the_matcher_matches(
    records: list[Record], node: Node, people: list[KnownPerson]
) -> None:
    aliases = widened(node, people).aliases
    by_id = {each.id: each for each in records}

    def settle(ids: Sequence[UUID]) -> Iterator[Record]:
        return (by_id[id] for id in ids)

    searcher = Searcher(indexed(records))
    expected = {each.id for each in records if matches(node, each, aliases=aliases)}
    matched = searcher.matched(node, as_of=AS_OF, settle=settle, aliases=aliases)
    assert matched.attachments == {
        each.seq: len(each.content.attachments) for each in records if each.id in expected
    }
    for sort in Sort:
        found: list[UUID] = []
        after: Cursor | None = None
        while True:
            hits = searcher.search(
                node,
                as_of=AS_OF,
                limit=2,
                sort=sort,
                settle=settle,
                after=after,
                facets=True,
                aliases=aliases,
            )
            found.extend(hit.id for hit in hits.hits)
            assert hits.total == len(expected)
            assert hits.facets is not None
            assert sum(count for _, count in hits.facets["channel"]) == len(expected)
            if hits.cursor is None:
                break
            after = Cursor.decode(hits.cursor, node, sort)
        assert len(found) == len(set(found))
        assert set(found) == expected


SPELLINGS = st.text("abé日", min_size=1, max_size=6)


@settings(max_examples=30)
@given(
    st.lists(SPELLINGS, min_size=1, max_size=30, unique=True), SPELLINGS, st.integers(1, MOST_EDITS)
)
def test_fuzzy_words_and_patterns_reach_the_same_spellings(
    spellings: list[str], word: str, distance: int
) -> None:
    records = [record(number, text=text) for number, text in enumerate(spellings, 1)]
    searcher = Searcher(indexed(records))
    pattern = f"{word[:1]}*{word[1:2]}?*"
    for node in (Fuzzy(word, distance), Word(pattern), Word(f"*{word[-1]}"), Word(word)):
        if not terms(node) or (isinstance(node, Fuzzy) and len(terms(node)) > 1):
            continue
        hits = searcher.search(
            node, as_of=AS_OF, limit=0, settle=lambda ids: (r for r in records if r.id in set(ids))
        )
        assert hits.total == sum(matches(node, each) for each in records)
