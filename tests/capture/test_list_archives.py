"""Messages as mailing lists' archivers and Apple Mail write them."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.capture import listserv, mailman
from archive.capture.parse import attachment_bytes, parse, read
from archive.capture.slices import Slice, find
from archive.errors import InvalidError
from archive.model.interaction import Participant, ParticipantRole

ROW = b"=" * 73 + b"\n"
HIDDEN = b"From ann at example.com  Sat Nov 10 19:37:52 2007\n"
FIRST = (
    HIDDEN
    + b"From: ann at example.com (Ann Example)\n"
    + b"Date: Sat, 10 Nov 2007 19:37:52 +0100\n"
    + b"Subject: [List] Meet at noon\n"
    + b"Message-ID: <1.2 at example.com>\n\n"
    + b"Meet at example.com, or ask bob at example.org.\n\n"
    + b"From here it goes on.\n"
    + b"-------------- next part --------------\n"
    + b"A non-text attachment was scrubbed...\nName: plan.pdf\n\n"
)
SECOND = (
    b"From nobody  Sun Nov 11 19:37:52 2007\n"
    b"From: caf\xe9 <x at example.com>\nIn-Reply-To: <1.2 at example.com>\n\n"
    b"caf\xe9\n" + "caf\xe9\n".encode()
)
LOGGED = ROW + (
    b"Date:         Tue, 10 Oct 2017 14:57:51 +0000\n"
    b"From:         Ann <ann@EXAMPLE.COM>\n"
    b"Subject:      Terms\n"
    b"Comments: To: bob@example.com, Carl <carl@example.com>\n"
    b"Comments: cc: dan@example.com\n"
    b"Content-Type: multipart/mixed;\n              boundary=b\n\n"
    b"--b\n\nHello\n" + ROW + b"is no message\n--b\n"
    b"Content-Type: application/pdf; name=t.pdf\nContent-Transfer-Encoding: base64\n\nJVBERg==\n"
    b"--b--\n"
)


def items(folder: Path, data: bytes) -> list[Slice]:
    (folder / "file").write_bytes(data)
    found = list(find([folder], None))
    assert all(isinstance(each, Slice) for each in found)
    return [each for each in found if isinstance(each, Slice)]


def test_a_month_of_mailman(tmp_path):
    found = items(tmp_path, FIRST + SECOND)
    assert [read(each) for each in found] == [FIRST, SECOND]
    assert {each.format for each in found} == {"mailman"}
    first, second = (parse(read(each), format="mailman", source="s", path="") for each in found)
    assert first.content.participants == (
        Participant(role=ParticipantRole.FROM, address="ann@example.com", name="Ann Example"),
    )
    assert first.content.native_id == second.content.in_reply_to == "1.2@example.com"
    assert "ask bob at example.org" in (first.content.text or "")
    assert first.content.attachments == ()
    assert first.content.problems == (
        "The list's archive left out 1 part(s) of this message; the text says where.",
    )
    assert second.content.participants[0].address == "x@example.com"
    assert second.content.text == "caf\xe9\ncaf\xe9"


def test_hidden_addresses_of_every_kind():
    def sender(line: bytes) -> str | None:
        raw = HIDDEN + b"From: " + line + b"\nSubject: x\n\n"
        return parse(raw, format="mailman", source="s", path="").content.participants[0].address

    assert sender(b"root at localhost (root)") == "root@localhost"
    assert sender(b"Ann at Example.com") == "ann@example.com"
    assert sender(b"Ann at work <ann at example.com>") == "ann@example.com"
    assert sender(b"ann@example.com (Ann at home)") == "ann@example.com"


def test_a_listserv_log(tmp_path):
    found = items(tmp_path, LOGGED + b"\n" + LOGGED.replace(b"\n", b"\r\n"))
    assert [each.item for each in found] == ["#1", "#2"]
    assert b"".join(map(read, found)) == (tmp_path / "file").read_bytes()
    for each in found:
        parsed = parse(read(each), format="listserv", source="s", path="")
        assert [(p.role.value, p.address) for p in parsed.content.participants] == [
            ("from", "ann@example.com"),
            ("to", "bob@example.com"),
            ("to", "carl@example.com"),
            ("cc", "dan@example.com"),
        ]
        assert (parsed.content.text or "").endswith("is no message")
        (attachment,) = parsed.content.attachments
        data = attachment_bytes(parsed.original, parsed.media_type, attachment.part)
        assert data == b"%PDF"


def test_an_emlx_file(tmp_path):
    mail = b"From: ann@example.com\nSubject: hello\n\ntext\n"
    (found,) = items(tmp_path, b"%-10d\n" % len(mail) + mail + b"<plist>flags</plist>\n")
    parsed = parse(read(found), format=found.format, source="s", path="")
    assert (found.format, parsed.content.text) == ("emlx", "text")
    short = parse(b"99\n" + mail, format="emlx", source="s", path="").content
    assert "The file is shorter than its first line says." in short.problems


@given(
    data=st.lists(st.sampled_from([FIRST, SECOND, LOGGED, ROW, HIDDEN, b"\n", b"x\n", b"From "])),
    spans=st.sampled_from([mailman.spans, listserv.spans]),
)
def test_the_slices_joined_are_the_file(data, spans):
    whole = b"".join(data)
    slices = list(spans(io.BytesIO(whole)))
    assert b"".join(whole[start : start + size] for start, size in slices) == whole


@pytest.mark.parametrize("format", ["mailman", "listserv", "emlx"])
@given(raw=st.binary() | st.binary().map(lambda tail: ROW + b"From: a\n" + tail))
def test_any_bytes_are_read_or_refused(format, raw):
    try:
        assert parse(raw, format=format, source="s", path="").original == raw
    except InvalidError as error:
        assert str(error).startswith("It ")
