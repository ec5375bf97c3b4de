"""Writing a package: each of its files in turn, so that no more than one record is in memory."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from archive.access.endings import ending
from archive.access.files import ORIGINAL, opener
from archive.events.records import Records
from archive.model.record import Record
from policies.access_requests.case import Decided
from policies.access_requests.contents import Contents, Given, PackageContents
from policies.access_requests.documents import (
    Counted,
    FileTold,
    account_document,
    record_document,
    record_name,
)
from policies.access_requests.pages import index_page, record_line, record_page
from policies.access_requests.proposing import files_of
from policies.access_requests.zipping import Entry, zipped

_ENDINGS: Final[Mapping[str, str]] = {
    "application/msword": "doc",
    "application/pdf": "pdf",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "text/csv": "csv",
    "text/html": "html",
    "text/plain": "txt",
}


class Packaging:
    """Writes packages; what it raises as `PackageContents`."""

    def __init__(self, contents: PackageContents, records: Records) -> None:
        self._contents = contents
        self._records = records

    def write(self, contents: Contents) -> Iterator[bytes]:
        """Yield the bytes of a package, which are the same for the same contents."""
        return zipped(self._entries(contents))

    def _entries(self, contents: Contents) -> Iterator[Entry]:
        counted, lines = Counted(), list[str]()
        for given in self._contents.given(contents):
            record = given.loaded.record()
            shown = contents.viewer.shown(record)
            files = list(_told(given, shown, contents.case.decided[record.id]))
            counted.add(shown, files)
            told, name = record_document(given, shown, files), record_name(given.number)
            lines.append(record_line(told, name))
            yield Entry.of(f"records/{name}.html", record_page(told))
            yield Entry.of(f"records/{name}.json", _json(told))
            opened = opener(given.loaded, self._records)
            for each in files:
                if each.path is not None:
                    yield Entry(each.path, each.size, opened(each.name))
        account = account_document(contents, counted)
        yield Entry.of("index.html", index_page(contents, account, lines))
        yield Entry.of("account.json", _json(account))


def _told(given: Given, shown: Record, decided: Decided) -> Iterator[FileTold]:
    """Yield the files of a record: those that are given with their place in the package."""
    record = given.loaded.record()
    attached = {each.part: each for each in shown.content.attachments}
    for number, each in enumerate(files_of(record)):
        path = None
        if each.name in decided.files:
            # Nothing that the source says stands in a path.
            end = _ENDINGS.get(each.media_type, "bin")
            if each.name == ORIGINAL:
                end = ending(record.content, each.media_type)
            path = f"files/{record_name(given.number)}/{number:03}.{end}"
        # The view writes anew how a file is named, and of what type it claims to be.
        seen = attached.get(each.name)
        media_type = seen.media_type if seen is not None else each.media_type
        yield FileTold(each.name, seen.filename if seen else None, media_type, each.size, path)


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
