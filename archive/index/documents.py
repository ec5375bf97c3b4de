"""Records to index documents: one per version, true from its event until the next one's."""

from functools import lru_cache
from typing import Final
from uuid import UUID

from tantivy import Document

from archive.index.schema import (
    ACCENTED_TEXTS,
    CONTENT_TEXTS,
    CURRENT,
    TERMS,
    facet_field,
    whole_term,
)
from archive.model.record import Record
from archive.query import attributes
from archive.query.analysis import normalise
from archive.query.facets import facets
from archive.query.people import address_terms, name_term

__all__ = ["CURRENT", "build_document", "document_key"]

_SEQ_BITS: Final = 28
_FARTHEST: Final = 2**34
_BY_THE_SECOND: Final = _FARTHEST - 4_000_000
"""Seconds to either side of 1970 that an order tells apart: the years 1425 to 2514.

Beyond these it tells days, which are fewer than 4,000,000.
"""
_DAY: Final = 86_400
_SIGN: Final = 2**63
_WRAP: Final = 2**64


def document_key(id: UUID, version: int) -> str:
    """Return the term by which the document of one version is deleted."""
    return f"{id.hex}:{version}"


def order(sent: int | None, first_seq: int, *, descending: bool) -> int:
    """Return one number to sort by: the second, then the sequence; undated last either way."""
    if sent is None:
        time = -_FARTHEST - 1 if descending else _FARTHEST + 1
    else:
        near = max(-_BY_THE_SECOND, min(_BY_THE_SECOND, sent))
        time = max(-_FARTHEST, min(_FARTHEST, near + (sent - near) // _DAY))
    return (time << _SEQ_BITS) | (first_seq & ((1 << _SEQ_BITS) - 1))


def split_id(id: UUID) -> tuple[int, int]:
    """Return an id as two signed numbers of 64 bits."""
    return _signed(id.int >> 64), _signed(id.int & (_WRAP - 1))


def join_id(high: int, low: int) -> UUID:
    """Return the id that `split_id` split."""
    return UUID(int=((high % _WRAP) << 64) | (low % _WRAP))


def _signed(number: int) -> int:
    return number - _WRAP if number >= _SIGN else number


def build_document(
    record: Record, *, until: int = CURRENT, conversation: str | None = None
) -> Document:
    """Return the document of one version, true for `record.seq <= as_of < until`.

    `conversation` is the archive's own thread, which the record does not know.
    """
    document = Document()
    document.add_text("key", document_key(record.id, record.version))
    searchable = _add_texts(document, record)
    values = attributes.values(
        record, searchable=searchable, conversation=(conversation,) if conversation else ()
    )
    terms = [whole_term(name, value) for name, found in values.items() for value in found]
    terms.extend(_add_people(document, record))
    document.add_text(TERMS, " ".join(terms))
    if conversation:
        document.add_text("thread", conversation)
    for facet, counted in facets(record).items():
        for value in counted:
            document.add_text(facet_field(facet), value)
    _add_numbers(document, record, until)
    return document


def _add_texts(document: Document, record: Record) -> bool:
    """Add the texts; returns whether the record is searchable (archive.query.attributes)."""
    accented: set[str] = set()
    worded = attributes.attachments_worded(record)
    for name in CONTENT_TEXTS:
        for text in attributes.texts(record, name):
            folded, exact = normalise(text)
            document.add_text(name, folded)
            if folded != exact and name in ACCENTED_TEXTS:
                # Folding leaves no accented word alone, so none of these is a folded one.
                accented.update(set(exact.split()).difference(folded.split()))
            if name in attributes.WORDED_TEXTS:
                worded = worded or bool(exact.strip())
    if accented:
        document.add_text("accented", " ".join(accented))
    return worded and attributes.attachments_read(record)


def _add_people(document: Document, record: Record) -> set[str]:
    """Add the words of names and addresses; returns the terms of the addresses."""
    terms: set[str] = set()
    for someone in record.content.participants:
        part = attributes.role_field(someone.role)
        if someone.name:
            document.add_text(part, _folded(someone.name))
        if someone.address:
            document.add_text(part, _folded(someone.address))
            terms.update(_person_terms(part, someone.address))
        elif someone.name:
            terms.add(whole_term(part, name_term(someone.name)))
    return terms


@lru_cache(maxsize=16_384)
def _person_terms(part: str, address: str) -> tuple[str, ...]:
    return tuple(whole_term(part, term) for term in address_terms(address))


@lru_cache(maxsize=16_384)
def _folded(name: str) -> str:
    return normalise(name).folded


def _add_numbers(document: Document, record: Record, until: int) -> None:
    sent = attributes.number(record, "sent")
    high, low = split_id(record.id)
    document.add_integer("since", record.seq)
    document.add_integer("until", until)
    document.add_integer("version", record.version)
    document.add_integer("id_high", high)
    document.add_integer("id_low", low)
    document.add_integer("order_descending", order(sent, record.first_seq, descending=True))
    document.add_integer("order_ascending", order(sent, record.first_seq, descending=False))
    document.add_integer("captured", attributes.number(record, "captured") or 0)
    document.add_integer("size", record.size)
    document.add_integer("attachments", len(record.content.attachments))
    if sent is not None:
        document.add_integer("sent", sent)
