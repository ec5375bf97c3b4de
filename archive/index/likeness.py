"""The index query for records like one: those that share its telling words."""

from typing import Final

from tantivy import Query, Schema

from archive.query.analysis import normalise

_MOST_TERMS: Final = 30
_SHORTEST_WORD: Final = 3
_LONGEST_WORD: Final = 60
_FEWEST_RECORDS: Final = 2
"""A word of one record alone is of no use: that is the record itself."""


def likeness(schema: Schema, subject: str, body: str) -> Query:
    """Return the query that ranks records by how many of the telling words they share.

    Which words tell most is their frequency here over their frequency in the index (BM25).
    """
    words = normalise(body).folded
    texts = {"subject": [normalise(subject).folded], "text": [words], "html": [words]}
    return Query.more_like_this_document_fields_query(
        schema,
        texts,
        min_doc_frequency=_FEWEST_RECORDS,
        min_term_frequency=1,
        max_query_terms=_MOST_TERMS,
        min_word_length=_SHORTEST_WORD,
        max_word_length=_LONGEST_WORD,
    )
