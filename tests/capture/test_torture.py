"""Every file of the torture set holds what the table says, which other means made."""

import os
from functools import cache
from pathlib import Path

import pytest

from archive.capture.parse import attachment_bytes, parse, read
from archive.capture.slices import Slice, find
from archive.errors import InvalidError
from archive.model.interaction import Content
from scripts.support.torture import Message, differences, table

CORPUS = Path(
    os.environ.get("MUNIMENT_CORPUS", Path(__file__).parents[2].parent / "shared" / "data")
)
SET = CORPUS / "email-mime-torture"


@cache
def messages() -> dict[str, list[Message]]:
    found: dict[str, list[Message]] = {}
    for item in find([SET], None):
        if isinstance(item, Slice):
            raw = read(item)
            try:
                parsed = parse(
                    raw, format=item.format, source="s", path=item.path, folder=item.folder
                )
            except InvalidError:
                continue
            found.setdefault(item.path, []).append(message(parsed.content))
            for attachment in parsed.content.attachments:
                data = attachment_bytes(parsed.original, parsed.media_type, attachment.part)
                assert len(data) == attachment.size
    return found


def message(content: Content) -> Message:
    return Message(
        subject=content.subject,
        attachments=tuple(each.filename or "" for each in content.attachments),
        text=content.text or "",
        html=content.html_text or "",
        problems=content.problems,
    )


@pytest.mark.skipif(not SET.is_dir(), reason="skipped: no corpus")
@pytest.mark.parametrize("row", table(), ids=lambda row: row.path)
def test_the_table_holds(row):
    assert differences(row, messages().get(row.path, [])) == []
