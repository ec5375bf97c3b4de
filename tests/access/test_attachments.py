"""An attachment given away: the bytes that were attached, under a name that does no harm."""

import base64
from hashlib import sha256
from uuid import uuid4

import pytest

from api.app import create_app
from archive.access.files import file_name
from archive.capture.importer import import_paths
from archive.creating import register_user
from archive.errors import ForbiddenError, NotFoundError
from archive.events.audit import FOR_OPERATIONS
from archive.model.interaction import Attachment
from archive.model.roles import LOCAL_ACTOR, Purpose, Role
from tests.archive.house import capture, line, search
from tests.archive.test_attachments import mail
from tests.capture import documents

SHORT = b"\x00\x01 a few bytes \xff"
LONG = bytes(range(256)) * 400


@pytest.fixture
def client(archive):
    def entered(role=Role.LEGAL):
        client = create_app(lambda: archive).test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {register_user(archive, role)}"
        client.environ_base["HTTP_MUNIMENT_PURPOSE"] = "compliance"
        return client

    return entered


def attached(name, data):
    return {"filename": name, "data": base64.b64encode(data).decode()}


def bytes_of(archive, id, part):
    given = archive.access.attachment(LOCAL_ACTOR, FOR_OPERATIONS, id, part)
    return given.filename, b"".join(given.chunks)


def test_an_attachment_is_what_was_attached(archive):
    files = {"short.bin": SHORT, "long.bin": LONG, "nothing.bin": b""}
    (id,) = capture(archive, line("1", attachments=[attached(*each) for each in files.items()]))
    told = archive.access.show(LOCAL_ACTOR, FOR_OPERATIONS, id).attachments
    assert dict(bytes_of(archive, id, each.part) for each in told) == files


def test_what_came_by_mail_or_as_a_file_is_given_too(archive, tmp_path):
    files = {"deal.pdf": LONG, "list.csv": b"a;b\r\n"}
    folder = tmp_path / "in"
    folder.mkdir()
    attachments = [(name, "application/x-any", data) for name, data in files.items()]
    (folder / "1.eml").write_bytes(mail(*attachments))
    plan = documents.pdf("the plan")
    (folder / "plan.pdf").write_bytes(plan)
    import_paths(archive, LOCAL_ACTOR, [folder], source="in")
    given = {}
    for result in search(archive, "").results:
        for each in archive.access.show(LOCAL_ACTOR, FOR_OPERATIONS, result.id).attachments:
            name, given[each.filename] = bytes_of(archive, result.id, each.part)
            assert name == each.filename
    assert given == {**files, "plan.pdf": plan}


def test_of_a_version_its_own_is_given(archive, client):
    (id,) = capture(archive, line("1", attachments=[attached("a.bin", SHORT)]))
    first = archive.pointers.last_seq()
    capture(archive, line("1", attachments=[attached("a.bin", LONG)]))
    archive.follow()
    address = f"/v1/interactions/{id}/attachment?part=attachments/0"
    assert client().get(address).data == LONG
    answer = client().get(f"{address}&as_of={first}")
    assert answer.data == SHORT
    assert answer.headers["Content-Length"] == str(len(SHORT))
    digest = base64.b64encode(sha256(SHORT).digest()).decode()
    assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert answer.headers["Content-Disposition"] == "attachment; filename=a.bin"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_only_what_the_record_tells_of_is_an_attachment(archive, client):
    (id,) = capture(archive, line("1", attachments=[attached("a.bin", SHORT)]))
    archive.follow()
    for part in ("", "0", "attachments/1", "original", "../a", "attachments/00"):
        with pytest.raises(NotFoundError, match="no such attachment"):
            archive.access.attachment(LOCAL_ACTOR, FOR_OPERATIONS, id, part)
    legal = client()
    assert legal.get(f"/v1/interactions/{id}/attachment").status_code == 400
    assert legal.get(f"/v1/interactions/{id}/attachment?part=1").status_code == 404
    assert legal.get(f"/v1/interactions/{uuid4()}/attachment?part=1").status_code == 404


def test_it_takes_a_purpose_that_shows_everything(archive):
    (id,) = capture(archive, line("1", attachments=[attached("a.bin", SHORT)]))
    archive.follow()
    for kind in ("training", "compensation"):
        with pytest.raises(ForbiddenError):
            archive.access.attachment(LOCAL_ACTOR, Purpose(kind), id, "attachments/0")


@pytest.mark.parametrize(
    ("told", "given"),
    [
        ("Q1 résumé.pdf", "Q1 résumé.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\temp\\a.doc", "C__temp_a.doc"),
        # A name that a right-to-left mark would make look like one of a picture.
        ("invoice\u202egpj.exe", "invoice_gpj.exe"),
        ("two\r\nSet-Cookie: a=b.txt", "two__Set-Cookie_ a=b.txt"),
        ("a" * 300 + ".pdf", "a" * 116 + ".pdf"),
        ("." + "b" * 300, "b" * 120),
        (" .. ", None),
        (None, None),
    ],
)
def test_a_name_leads_nowhere_else_and_hides_nothing(told, given):
    id = uuid4()
    attachment = Attachment(filename=told, size=0, sha256="", part="1")
    assert file_name(attachment, id) == (given or f"{id}.bin")


def test_a_strange_name_stands_in_a_header(archive, client):
    (id,) = capture(archive, line("1", attachments=[attached("Gebühr\n“x”.pdf", SHORT)]))
    archive.follow()
    answer = client().get(f"/v1/interactions/{id}/attachment?part=attachments/0")
    assert answer.data == SHORT
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=Gebuhr_x.pdf; filename*=UTF-8''Geb%C3%BChr_%E2%80%9Cx%E2%80%9D.pdf"
    )
