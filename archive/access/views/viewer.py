"""What a purpose shows of records, and what may be asked of it (docs/access.md, "Views")."""

from abc import ABC, abstractmethod
from typing import Final

from archive.access.results import search_result
from archive.access.search_answers import SearchResult
from archive.model.interaction import Attachment
from archive.model.record import Record
from archive.model.roles import View
from archive.query.facets import FACETS
from archive.query.fields import FIELDS, NAMES, Askable
from archive.query.tree import Node


class Viewer(ABC):
    """Shows records in one view.

    `askable` is what a query may ask, None for everything; `facets` those that may be counted by
    and narrowed to. `rewritten` says that words stand in a record which are neither shown nor
    found: a search then meets what `searched` gives.
    """

    view: View
    askable: Askable | None = None
    facets: frozenset[str] = frozenset(FACETS)
    rewritten: bool = False

    @abstractmethod
    def shown(self, record: Record) -> Record:
        """Return the record as it is shown; what is hidden is empty."""

    def searched(self, record: Record) -> Record:
        """Return the record as a search meets it."""
        return record

    def result(self, record: Record, node: Node) -> SearchResult:
        """Return the record as a line of what a query found."""
        return search_result(self.shown(record), node)


class Full(Viewer):
    """Everything is shown."""

    view = View.FULL

    def shown(self, record: Record) -> Record:
        return record


# What a hold reaches may be told by words, which this view does not show.
_SAID: Final = NAMES | {None, "subject", "body", "attachment", "filename", "id", "hash"}


class Metadata(Viewer):
    """Who engaged whom, when, through what and with what outcome; nothing of what was said."""

    view = View.METADATA
    askable = Askable(
        frozenset({*FIELDS} - _SAID),
        "This purpose shows metadata alone: people, dates, channels and outcomes can be asked.",
    )

    def shown(self, record: Record) -> Record:
        content = record.content
        said_nothing: dict[str, object] = {
            "native_id": "",
            "in_reply_to": None,
            "subject": None,
            "text": None,
            "html_text": None,
            "attachments": tuple(map(_unnamed, content.attachments)),
            "problems": (),
        }
        return hidden(record, said_nothing)

    def result(self, record: Record, node: Node) -> SearchResult:
        # Whether its words could be read is nothing to who sees none of them.
        return super().result(record, node).model_copy(update={"unsearched": ()})


def hidden(record: Record, content: dict[str, object]) -> Record:
    """Return a record with other content, without labels and what its bytes could be known by."""
    return Record(
        id=record.id,
        version=record.version,
        seq=record.seq,
        first_seq=record.first_seq,
        captured_at=record.captured_at,
        content=record.content.model_copy(update=content),
        custodian=record.custodian,
        labels={},
        size=record.size,
        sha256="",
        media_type=record.media_type,
        edited=record.edited,
        deleted=record.deleted,
        duplicate=record.duplicate,
        redacted=record.redacted,
    )


def _unnamed(attachment: Attachment) -> Attachment:
    return Attachment(
        media_type=attachment.media_type, size=attachment.size, sha256="", part=attachment.part
    )
