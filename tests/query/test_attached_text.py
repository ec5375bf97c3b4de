"""Words that were read out of attachments: where they are found, and what was not read."""

from typing import Any

import pytest

from archive.model.interaction import Attachment
from archive.model.unreadable import Unreadable
from archive.query.matcher import matches
from archive.query.parser import parse
from archive.query.snippet import snippet
from tests.query.samples import record

SHEET = Attachment(
    filename="Q3 fees.xlsx", size=1, sha256="aa", part="2", text="Side letter\nrebate 4711"
)
SCAN = Attachment(filename="scan.pdf", size=1, sha256="bb", part="3", unreadable=Unreadable.NO_TEXT)


def found(query: str, **changes: Any) -> bool:
    return matches(parse(query), record(1, **changes))


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("rebate", True),
        ('"side letter"', True),
        ("attachment:rebate", True),
        ("attachment:fees", True),
        ("side w/3 4711", True),
        ("body:rebate", False),
        ("subject:rebate", False),
        ('filename:"Q3 fees.xlsx"', True),
        ("filename:*rebate*", False),
        # A phrase never goes from a name into a text.
        ('"xlsx side"', False),
    ],
)
def test_words_of_attachments_are_found(query: str, is_found: bool) -> None:
    assert found(query, text="Please see below.", attachments=(SHEET,)) is is_found


def test_a_record_with_an_unread_attachment_is_unsearchable() -> None:
    assert not found("is:unsearchable", text="x", attachments=(SHEET,))
    assert found("is:unsearchable", text="x", attachments=(SHEET, SCAN))
    assert not found("is:unsearchable", attachments=(SHEET,))


def test_an_attachment_from_before_they_were_read_counts_as_it_did() -> None:
    old = SHEET.model_copy(update={"text": None})
    assert not found("is:unsearchable", text="x", attachments=(old,))
    assert not found("rebate", text="x", attachments=(old,))
    assert found("attachment:fees", text="x", attachments=(old,))


def test_a_snippet_may_come_from_an_attachment() -> None:
    shown = snippet(record(1, text="Please see below.", attachments=(SHEET,)), parse("rebate"))
    assert shown.text == "Side letter rebate 4711"
    assert [shown.text[start:end] for start, end in shown.highlights] == ["rebate"]


def test_a_snippet_of_a_body_word_is_not_looked_for_in_attachments() -> None:
    shown = snippet(record(1, text="Please see.", attachments=(SHEET,)), parse("body:rebate OR x"))
    assert shown.text == "Please see."


def test_what_was_stored_before_attachments_were_read_is_written_and_read_as_it_was() -> None:
    stored = {"size": 1, "sha256": "aa", "part": "2"}
    old = Attachment.model_validate(stored)
    assert (old.text, old.unreadable) == (None, None)
    assert old.model_dump(exclude_defaults=True) == stored
    content = record(1, attachments=(SHEET, SCAN)).content
    assert content.as_given() == record(1, attachments=(old_of(SHEET), old_of(SCAN))).content


def old_of(attachment: Attachment) -> Attachment:
    return attachment.model_copy(update={"text": None, "unreadable": None})
