"""The index's fields (docs/query-language.md, "The index").

Texts are indexed with positions and never stored: a deleted document's stored text would stay in
the index until its next generation. Numbers are signed, because the writer's thread dies of an
unsigned field that is given a Python integer.
"""

from typing import Final

import tantivy

from archive.query.attributes import PEOPLE
from archive.query.facets import FACETS
from archive.query.fields import DEFAULT_TEXTS

CURRENT: Final = 2**63 - 1
"""The `until` of a document that nothing has superseded."""

CONTENT_TEXTS: Final = ("subject", *DEFAULT_TEXTS, "location")
TEXT_FIELDS: Final = (*CONTENT_TEXTS, *PEOPLE)
ACCENTED_TEXTS: Final = frozenset({"subject", *DEFAULT_TEXTS})
"""The texts whose accented words stand in the field of that name; the opening has the subject."""
TERMS: Final = "terms"
"""The field of everything that is compared whole, each term with the name of what it is of."""
NUMBER_FIELDS: Final = (
    "since",
    "until",
    "version",
    "id_high",
    "id_low",
    "order_descending",
    "order_ascending",
    "sent",
    "captured",
    "size",
    "attachments",
)
MANY_VALUED: Final = frozenset({"attachment", "location", *PEOPLE})
"""Text fields that hold several texts, so that words of two texts stand near each other."""


def whole_term(name: str, value: str) -> str:
    """Return the term of a whole value: a field's, or one of the terms of PEOPLE.

    A space would part it in two, so a no-break space stands for it, which no value has.
    """
    return f"{name}:{value}".replace(" ", "\u00a0")


def facet_field(facet: str) -> str:
    """Return the name of the index field that a facet counts."""
    return f"facet_{facet}"


def build_schema() -> tantivy.Schema:
    """Return the schema; every index of the archive is made with it."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("key", tokenizer_name="raw", index_option="basic")
    for name in TEXT_FIELDS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    # Accented words exactly as written; the texts hold them folded.
    builder.add_text_field("accented", tokenizer_name="whitespace", index_option="basic")
    # One field for many: each field of its own would cost every document time and space.
    builder.add_text_field(TERMS, tokenizer_name="whitespace", index_option="basic")
    # The archive's own thread, kept because the matcher cannot read it from the record.
    builder.add_text_field("thread", stored=True, tokenizer_name="raw", index_option="basic")
    for name in map(facet_field, FACETS):
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for name in NUMBER_FIELDS:
        builder.add_integer_field(name, indexed=False, fast=True)
    return builder.build()


def create_index(path: str | None = None) -> tantivy.Index:
    """Return a new index in a folder, or in memory; or the one that the folder already holds."""
    return tantivy.Index(build_schema(), path)
