"""Documents as files: records of their own, with what the document says of itself."""

from collections.abc import Callable
from pathlib import Path

import pytest

from archive.capture.importer import import_paths
from archive.model.interaction import Channel, Kind
from archive.model.roles import LOCAL_ACTOR
from tests.archive.house import OPERATIONS, create, found, opened, search
from tests.capture import documents


def test_a_document_is_a_record_with_its_own_author_and_date(tmp_path: Path) -> None:
    data = documents.docx("a side letter about fees")
    folder = tmp_path / "share"
    (folder / "2019").mkdir(parents=True)
    (folder / "2019" / "deal.docx").write_bytes(data)
    create(tmp_path)
    with opened(tmp_path) as archive:
        report = import_paths(archive, LOCAL_ACTOR, [folder], source="share")
        assert (report.seen, report.archived, report.notes) == (1, 1, [])
        query = 'channel:file kind:file from:"Ann Fee" sent:2020-02-03 "side letter"'
        (result,) = search(archive, query).results
        assert (result.subject, result.snippet) == ("deal.docx", "a side letter about fees")
        shown = archive.access.show(LOCAL_ACTOR, OPERATIONS, result.id)
        assert (shown.channel, shown.kind) == (Channel.FILE, Kind.FILE)
        assert shown.labels == {"path": "2019/deal.docx"}
        original = archive.access.original(LOCAL_ACTOR, OPERATIONS, result.id)
        assert b"".join(original.chunks) == data
        assert original.filename == f"{result.id}.docx"
        for query in ("filename:deal.docx", "attachment:fees", f"hash:{original.info.sha256}"):
            assert found(archive, query) == {result.id}, query


def test_the_same_file_is_one_record_and_a_changed_or_renamed_one_another(tmp_path: Path) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(documents.pdf("alpha"))
    create(tmp_path)
    with opened(tmp_path) as archive:
        for archived, already in ((1, 0), (0, 1)):
            report = import_paths(archive, LOCAL_ACTOR, [folder], source="share")
            assert (report.archived, report.already) == (archived, already)
        (folder / "b.pdf").write_bytes(documents.pdf("alpha"))
        (folder / "a.pdf").write_bytes(documents.pdf("beta"))
        report = import_paths(archive, LOCAL_ACTOR, [folder], source="share")
        assert (report.archived, report.already) == (2, 0)
        assert search(archive, "filename:a.pdf").total == 2


@pytest.mark.parametrize("make", [documents.doc, documents.ppt])
def test_older_documents_are_told_wherever_their_directory_lies(
    tmp_path: Path, make: Callable[[str], bytes]
) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    (folder / "a").write_bytes(make("rebate " * 1200))
    (folder / "b.msg").write_bytes(
        documents.compound({"WordDocument": b"x", "__properties_version1.0": b"x"})
    )
    create(tmp_path)
    with opened(tmp_path) as archive:
        report = import_paths(archive, LOCAL_ACTOR, [folder], source="share")
        assert (report.seen, report.archived) == (2, 2)
        # A document in a message of Outlook's does not make a file of it.
        assert [each.subject for each in search(archive, "channel:file").results] == ["a"]
        assert search(archive, "rebate").total == 1


def test_other_files_are_kept_when_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    (folder / "notes.txt").write_text("remember the rebate")
    (folder / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    create(tmp_path)
    with opened(tmp_path) as archive:
        report = import_paths(archive, LOCAL_ACTOR, [folder], source="share")
        assert (report.seen, report.rejected) == (2, 2)
        report = import_paths(archive, LOCAL_ACTOR, [folder], source="share", format="file")
        assert (report.seen, report.archived) == (2, 2)
        assert [(note["path"], note["reason"]) for note in report.notes] == [
            ("logo.png", "unsupported-type")
        ]
        assert [each.subject for each in search(archive, "rebate").results] == ["notes.txt"]
        assert [each.subject for each in search(archive, "is:undated").results].count("notes.txt")
        assert [each.subject for each in search(archive, "is:unsearchable").results] == ["logo.png"]
