"""Attachments through a whole archive: read at capture, found, listed where they were not read."""

import base64
import json
from email.message import EmailMessage
from pathlib import Path

import pytest

from archive.capture.extract import attachments as attachments_module
from archive.capture.extract.sink import Extracted
from archive.capture.importer import ImportReport, import_paths
from archive.model.roles import LOCAL_ACTOR
from archive.model.unreadable import Unreadable
from archive.opening import Archive
from tests.archive.house import OPERATIONS, create, found, line, opened, search
from tests.capture import documents


def mail(*attachments: tuple[str, str, bytes], text: str = "Please see below.") -> bytes:
    message = EmailMessage()
    message["From"] = "ann@example.com"
    message["Date"] = "Wed, 01 May 2024 09:00:00 +0000"
    message["Subject"] = "Papers"
    message["Message-ID"] = "<m1@example.com>"
    message.set_content(text)
    for name, media_type, data in attachments:
        major, minor = media_type.split("/")
        message.add_attachment(data, maintype=major, subtype=minor, filename=name)
    return bytes(message)


def imported(archive: Archive, folder: Path) -> ImportReport:
    return import_paths(archive, LOCAL_ACTOR, [folder], source="mail")


def papers(tmp_path: Path, *attachments: tuple[str, str, bytes]) -> Path:
    folder = tmp_path / "mail"
    folder.mkdir()
    (folder / "1.eml").write_bytes(mail(*attachments))
    return folder


def test_words_of_attachments_are_found_and_shown(tmp_path: Path) -> None:
    folder = papers(
        tmp_path,
        ("deal.pdf", "application/pdf", documents.pdf("the rebate of 4711")),
        ("deal.docx", "application/octet-stream", documents.docx("a side letter")),
        ("list.csv", "text/csv", "Größe;Preis\n".encode("cp1252")),
    )
    create(tmp_path)
    with opened(tmp_path) as archive:
        report = imported(archive, folder)
        assert (report.archived, report.notes) == (1, [])
        for query in ('"side letter"', "attachment:rebate", "größe", "subject:papers 4711"):
            assert search(archive, query).total == 1, query
        assert search(archive, "body:rebate").total == 0
        result = search(archive, "rebate").results[0]
        assert result.snippet == "the rebate of 4711"
        shown = archive.access.show(LOCAL_ACTOR, OPERATIONS, result.id)
        assert [each.text for each in shown.attachments] == [
            "the rebate of 4711",
            "a side letter",
            "Größe;Preis",
        ]
        assert search(archive, "").unsearchable == 0


def test_what_could_not_be_read_is_noted_counted_and_listed(tmp_path: Path) -> None:
    folder = papers(
        tmp_path,
        ("locked.odt", "application/pdf", documents.odt("x", encrypted=True)),
        ("scan.pdf", "application/pdf", documents.pdf(None)),
        ("logo.png", "image/png", b"\x89PNG"),
        ("signature.asc", "application/pgp-signature", b"-----BEGIN PGP SIGNATURE-----"),
    )
    create(tmp_path)
    with opened(tmp_path) as archive:
        report = imported(archive, folder)
        assert (report.archived, report.rejected) == (1, 0)
        expected = [
            ("locked.odt", Unreadable.ENCRYPTED),
            ("scan.pdf", Unreadable.NO_TEXT),
            ("logo.png", Unreadable.UNSUPPORTED),
        ]
        assert report.notes == [
            {"path": "1.eml", "item": "", "attachment": name, "reason": reason}
            for name, reason in expected
        ]
        answer = search(archive, "is:unsearchable")
        assert (answer.total, answer.unsearchable) == (1, 1)
        assert [(one.filename, one.reason) for one in answer.results[0].unsearched] == expected


def test_the_same_again_is_already_there_and_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = papers(tmp_path, ("deal.pdf", "application/pdf", documents.pdf("rebate")))
    create(tmp_path)
    with opened(tmp_path) as archive:
        imported(archive, folder)
        monkeypatch.setattr(
            attachments_module, "_read", lambda *_: pytest.fail("It was read again.")
        )
        again = imported(archive, folder)
    assert (again.archived, again.already) == (0, 1)


def test_another_version_of_a_reader_makes_no_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = base64.b64encode(documents.docx("a side letter")).decode()
    attached = line("1", attachments=[{"filename": "deal.docx", "data": data}])
    other = line("1", "Other words", attachments=[{"filename": "deal.docx", "data": data}])
    create(tmp_path)
    with opened(tmp_path) as archive:
        (first,) = archive.intake.capture(LOCAL_ACTOR, [attached])
        assert (first.status, first.unread) == ("archived", ())
        assert found(archive, "attachment:letter") == {first.id}
        with monkeypatch.context() as patched:
            patched.setattr(
                attachments_module, "_read", lambda *_: Extracted("read otherwise", None)
            )
            (again,) = archive.intake.capture(LOCAL_ACTOR, [attached])
        assert again.status == "already"
        # What the source itself says anew is a revision, and it has its attachments' words.
        (revised,) = archive.intake.capture(LOCAL_ACTOR, [other])
        assert (revised.status, revised.id) == ("archived", first.id)
        assert found(archive, "attachment:letter other") == {first.id}


def test_an_attachment_without_its_bytes_beside_an_original_is_read_from_it(tmp_path: Path) -> None:
    document = json.loads(line("1"))
    attachment = {"filename": "a.rtf", "data": base64.b64encode(rb"{\rtf1 rebate}").decode()}
    document |= {"original": base64.b64encode(b"raw").decode(), "attachments": [attachment]}
    create(tmp_path)
    with opened(tmp_path) as archive:
        (result,) = archive.intake.capture(LOCAL_ACTOR, [json.dumps(document).encode()])
        assert found(archive, "rebate") == {result.id}


def test_a_message_attached_as_text_is_read_with_the_mail_and_not_again(tmp_path: Path) -> None:
    inner = mail(text="the innermost words")
    folder = papers(tmp_path, ("inner.eml", "text/plain", inner))
    create(tmp_path)
    with opened(tmp_path) as archive:
        assert imported(archive, folder).notes == []
        (result,) = search(archive, 'body:"innermost words"').results
        assert result.unsearched == ()
        assert search(archive, "attachment:innermost").total == 0
