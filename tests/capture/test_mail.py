"""One mail becomes one interaction, and what is broken is read and said."""

import base64
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.capture.parse import attachment_bytes, parse
from archive.capture.parsed import Parsed
from archive.errors import InvalidError, NotFoundError
from archive.model.interaction import Channel, Content


def read(raw: bytes, format: str = "eml", path: str = "") -> Parsed:
    return parse(raw, format=format, source="test", path=path)


def content(raw: bytes) -> Content:
    return read(raw).content


def people(raw: bytes, format: str = "eml") -> list[tuple[str, str | None, str | None]]:
    return [(p.role.value, p.address, p.name) for p in read(raw, format).content.participants]


def parts(*bodies: bytes, kind: bytes = b"mixed") -> bytes:
    """A multipart whose boundary, `=n=`, differs from those of the multiparts inside it."""
    mark = b"--=%d=" % sum(body.count(b"boundary") for body in bodies)
    header = b"MIME-Version: 1.0\nContent-Type: multipart/" + kind
    header += b'; boundary="' + mark[2:] + b'"\n\n'
    return header + b"".join(mark + b"\n" + body + b"\n" for body in bodies) + mark + b"--\n"


WHOLE = b"""\
Message-ID:  <1@example.com>
In-Reply-To: <0@example.com>
References: <a@example.com>
 <0@example.com>
Date: Mon, 3 Sep 2001 10:30:00 -0700 (PDT)
From: "Doe, Ann" <Ann.Doe@Example.com>
Reply-To: list@example.com
To: Bob <bob@example.com>, carol@example.com
Cc: =?utf-8?Q?D=C3=A9?= =?utf-8?Q?nes?= <denes@example.com>
Bcc: undisclosed-recipients:;
Subject: =?iso-8859-1?Q?caf=E9?=
 after work
Content-Language: fr, en

Hello
"""


def test_all_that_a_header_says():
    parsed = read(WHOLE)
    assert parsed.original == WHOLE
    assert (parsed.media_type, parsed.reusable_ids) == ("message/rfc822", True)
    said = parsed.content
    assert said.channel is Channel.EMAIL
    assert said.native_id == "1@example.com"
    assert said.in_reply_to == "0@example.com"
    assert said.references == ("a@example.com", "0@example.com")
    assert said.occurred_at == datetime(2001, 9, 3, 17, 30, tzinfo=UTC)
    assert said.subject == "caf\xe9 after work"
    assert said.language == "fr"
    assert (said.text, said.html_text) == ("Hello", None)
    assert said.problems == ()
    assert people(WHOLE) == [
        ("from", "ann.doe@example.com", "Doe, Ann"),
        ("to", "bob@example.com", "Bob"),
        ("to", "carol@example.com", None),
        ("cc", "denes@example.com", "D\xe9nes"),
    ]


@pytest.mark.parametrize(
    "before", [b"", b"From a@b Mon Jun  1 10:00:00 2009\n", b"\xef\xbb\xbf", b"\n \n"]
)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_line_ends_and_what_may_stand_before(before, line_end):
    assert content(before + WHOLE.replace(b"\n", line_end)) == content(WHOLE)


def test_old_macintosh_line_ends():
    assert content(WHOLE.replace(b"\n", b"\r")).subject == "caf\xe9 after work"


def test_mbox_message_loses_its_separator_line_only():
    raw = b"From a@b Mon Jun  1 10:00:00 2009\nSubject: x\nContent-Type: image/png\n\nabc\n\n"
    assert [a.size for a in read(raw, "mbox").content.attachments] == [4]
    assert read(b"From a@b Mon Jun  1 10:00:00 2009\n\ntext\n\n", "mbox").content.text == "text"


def test_escaped_from_lines_stay_as_they_are():
    assert content(b"Subject: x\n\n>From here on\n").text == ">From here on"


def test_bytes_without_any_header_are_no_mail():
    for raw in (b"", b"\n", b"just text\n", b"\x00\x01\x02"):
        with pytest.raises(InvalidError, match="not a mail"):
            read(raw)


@given(raw=st.binary() | st.binary().map(lambda tail: WHOLE[:-8] + tail))
def test_any_bytes_are_read_or_refused(raw):
    try:
        parsed = read(raw)
    except InvalidError:
        return
    assert Content.model_validate_json(parsed.content.model_dump_json()) == parsed.content


SCRAPS = st.sampled_from(
    [
        b"Content-Type: multipart/mixed; boundary=b\n",
        b"Content-Type: message/rfc822\n",
        b"Content-Type: text/html; charset=default\n",
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Transfer-Encoding: x-uuencode\n",
        b"Content-Disposition: attachment; filename*0*=utf-8''%ff; filename*1=\"b\n",
        b"Subject: =?gb2312?B?/w=?= =?x?Q?=?=\n",
        b'From: "a (<,:;>\n',
        b"\n",
        b"--b\n",
        b"--b--\n",
        b"=3\xe9\n",
    ]
)


@given(raw=st.lists(SCRAPS | st.binary(max_size=5), min_size=1).map(b"".join))
def test_any_structure_is_read_and_its_attachments_found_again(raw):
    parsed = read(b"Subject: x\n" + raw)
    for attachment in parsed.content.attachments:
        data = attachment_bytes(parsed.original, parsed.media_type, attachment.part)
        assert (len(data), sha256(data).hexdigest()) == (attachment.size, attachment.sha256)


@given(data=st.binary(), width=st.integers(min_value=1, max_value=80), junk=st.booleans())
def test_base64_attachments_come_back(data, width, junk):
    encoded = base64.b64encode(data)
    lines = [encoded[i : i + width] for i in range(0, len(encoded), width)]
    body = b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n"
    raw = parts(body + (b" !\r\n" if junk else b"\n").join(lines))
    parsed = read(raw)
    (attachment,) = parsed.content.attachments
    assert attachment_bytes(raw, parsed.media_type, attachment.part) == data


@pytest.mark.parametrize(
    ("encoding", "body", "text", "problem"),
    [
        (b"base64", b"aGVsbG8=", "hello", None),
        (b"base64", b"aGVsbG8", "hello", "the base64 is cut short"),
        (b"base64", b"aGVsb", "hel", "the base64 is cut short"),
        (b"BASE64", b"aGVsbG8=\nlist footer", "hello", "more text after the end of the base64"),
        (b"quoted-printable", b"h=65l=\nlo", "hello", None),
        (b"quoted-printable", b"100=% hello", "100=% hello", "quoted-printable text is broken"),
        (b"x-uuencode", b"begin 644 a\n%:&5L;&\\\n`\nend\n", "hello", None),
        (b"base64 (see RFC 2045)", b"aGVsbG8=", "hello", None),
        (b'"base64"', b"aGVsbG8=", "hello", None),
        (b"Quoted-Printable\n (c)", b"h=65llo", "hello", None),
        (b"7BIT (none)", b"hello", "hello", None),
        (b"binary", b"hello", "hello", None),
        (b"base64, 8bit", b"aGVsbG8=", "aGVsbG8=", "transfer encoding 'base64?8bit' is unknown"),
        (b"x-base64", b"aGVsbG8=", "aGVsbG8=", "the transfer encoding 'x-base64' is unknown"),
        (b"\xe9\x1b[", b"hello", "hello", "is unknown; the bytes are left as they are"),
    ],
)
def test_transfer_encodings(encoding, body, text, problem):
    header = b"Date: 1 Jan 2001 00:00 +0000\nContent-Transfer-Encoding: " + encoding
    said = content(header + b"\n\n" + body)
    assert said.text == text
    assert len(said.problems) == (problem is not None)
    assert problem is None or problem in said.problems[0]


def test_all_bodies_are_read():
    raw = b"Date: 1 Jan 2001 00:00 +0000\n" + parts(
        parts(
            b"Content-Type: text/plain; charset=iso-8859-1\n\ncaf\xe9\n",
            b"Content-Type: text/html\n\n<p>caf&eacute;<p>open",
            kind=b"alternative",
        ),
        b"Content-Type: text/plain; name=footer.txt\nContent-Disposition: inline\n\nfooter",
        b"Content-Type: text/x-notes\nContent-Disposition: attachment\n\nnot shown",
        b"\nno header",
    )
    said = content(raw)
    assert said.text == "caf\xe9\n\nfooter\n\nno header"
    assert said.html_text == "caf\xe9\nopen"
    assert [(a.part, a.filename, a.media_type) for a in said.attachments] == [
        ("2", "footer.txt", "text/plain"),
        ("3", None, "text/x-notes"),
    ]
    assert said.problems == ()


def test_html_that_shows_nothing_is_still_html():
    assert content(b"Content-Type: text/html\n\n<img src=x>").html_text == ""
    assert content(b"Subject: x\n\n").html_text is None


def test_nested_messages_are_attachments_and_are_searched():
    inner = b"Subject: side letter\nFrom: eve@example.com\n" + parts(
        b"\nwe agreed", b"Content-Type: image/gif; name=a.gif\n\nGIF"
    )
    raw = parts(b"\nsee below", b"Content-Type: message/rfc822\n\n" + inner)
    said = content(raw)
    assert said.text == "see below\n\nSubject: side letter\nFrom: eve@example.com\n\nwe agreed"
    assert [(a.part, a.filename) for a in said.attachments] == [("2", None), ("2.2", "a.gif")]
    assert attachment_bytes(raw, "message/rfc822", "2") == inner
    assert attachment_bytes(raw, "message/rfc822", "2.2") == b"GIF"
    assert [p.role for p in said.participants] == []


def test_nested_message_that_is_encoded():
    inner = base64.b64encode(b"Subject: hidden\n\nwords\n")
    raw = parts(b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + inner)
    assert content(raw).text == "Subject: hidden\n\nwords"


def test_reports_and_fragments_are_text():
    raw = parts(b"Content-Type: message/delivery-status\n\nStatus: 5.1.1\n", kind=b"report")
    assert content(raw).text == "Status: 5.1.1"
    assert [a.media_type for a in content(raw).attachments] == ["message/delivery-status"]


@pytest.mark.parametrize(
    ("raw", "text", "problem"),
    [
        (parts(b"\nhello")[:-8], "hello", "no closing boundary"),
        (b"Content-Type: multipart/mixed; boundary=x\n\nhello", "hello", "is not found"),
        (b"Content-Type: multipart/mixed\n\nhello", "hello", "names no boundary"),
        (b"Content-Type: text\n\nhello", "hello", "not a media type"),
        (b"Subject: x\nhello there\n", "hello there", "no blank line"),
        (b"Subject: x\nhello there\nTo: a@b\n\nhello", "hello", "is no field"),
        (b"Content-Type: text/plain; charset=unknown-8bit\n\nhello", "hello", "is unknown"),
        (b"Subject: x\n\ncaf\xe9", "caf\xe9", "read as Windows-1252"),
    ],
)
def test_what_is_broken_is_read_and_said(raw, text, problem):
    said = content(b"Date: 1 Jan 2001 00:00 +0000\n" + raw)
    assert said.text == text
    assert len(said.problems) == 1
    assert problem in said.problems[0]


def test_a_boundary_that_begins_another():
    inner = b"Content-Type: multipart/mixed; boundary=ab\n\n--ab\n\none\n--ab--\n"
    raw = b"Content-Type: multipart/mixed; boundary=a\n\n--a\n" + inner + b"--a\n\ntwo\n--a--\n"
    assert content(raw).text == "one\n\ntwo"


@pytest.mark.parametrize("deep", [b"Content-Type: message/rfc822\n\n" * 5000, b"--=0=\n" * 100_000])
def test_nesting_and_parts_have_an_end(deep):
    said = content(parts(deep))
    assert any("too" in problem for problem in said.problems) or len(said.attachments) < 3000


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        (b'filename="a b.txt"', "a b.txt"),
        (b'filename="=?utf-8?Q?=C3=A9.txt?="', "\xe9.txt"),
        (b"filename*=utf-8''%C3%A9.txt; filename=e.txt", "\xe9.txt"),
        (b"filename*0*=utf-8''%C3; filename*1*=%A9; filename*2=\".txt\"", "\xe9.txt"),
        (b'filename="C:\\\\dir\\\\a.txt"', "C:\\dir\\a.txt"),
        (b'filename="\xe9.txt"', "\xe9.txt"),
        (b'filename="a;b.txt"; size=3', "a;b.txt"),
        (b'filename="open', "open"),
        (b"filename=", None),
    ],
)
def test_file_names(given_name, name):
    body = b"Content-Type: application/pdf\nContent-Disposition: attachment; " + given_name
    (attachment,) = content(parts(body + b"\n\nPDF")).attachments
    assert attachment.filename == name


def test_a_part_that_is_not_there():
    with pytest.raises(NotFoundError):
        attachment_bytes(WHOLE, "message/rfc822", "7")
    with pytest.raises(NotFoundError):
        attachment_bytes(WHOLE, "application/pdf", "1")


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (b"Mon, 3 Sep 2001 10:30:00 +0200", datetime(2001, 9, 3, 8, 30, tzinfo=UTC)),
        (b"3 Sep 2001 10:30:00", datetime(2001, 9, 3, 10, 30, tzinfo=UTC)),
        (b"Mon, 3 Sep 01 10:30 EST", datetime(2001, 9, 3, 15, 30, tzinfo=UTC)),
        (b"Mon, 4 Feb 0102 10:30:00 +0000", datetime(102, 2, 4, 10, 30, tzinfo=UTC)),
        (b"3 Sep 2001 10:30:00 +02:00", datetime(2001, 9, 3, 8, 30, tzinfo=UTC)),
        (b"3 Sep 2001 10:30:00 GMT+0200", datetime(2001, 9, 3, 8, 30, tzinfo=UTC)),
        (b"3 Sep 2001 10:30:00 +02:00 (CEST)", datetime(2001, 9, 3, 8, 30, tzinfo=UTC)),
        (b"Mon Sep  3 10:30:00 2001", datetime(2001, 9, 3, 10, 30, tzinfo=UTC)),
        (b"3 Sep 50 10:30:00 +0000", datetime(1950, 9, 3, 10, 30, tzinfo=UTC)),
        (b"3 Sep 49 10:30:00 +0000", datetime(2049, 9, 3, 10, 30, tzinfo=UTC)),
        (b"3 Sep 2051 10:30:00 GMT", datetime(2051, 9, 3, 10, 30, tzinfo=UTC)),
        (b"Sat, 31 Dec 2016 23:59:60 +0000", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (b"Mon, 3 Sep 2001 25:30:00 +0000", None),
        (b"Mon, 31 Dec 9999 23:30:00 -0900", None),
        (b"yesterday", None),
        (b"", None),
    ],
)
def test_dates(value, moment):
    said = content(b"Date: " + value + b"\n\n")
    assert said.occurred_at == moment
    assert bool(said.problems) == (moment is None)


@pytest.mark.parametrize("zone", [b"CEST", b"CEST (summer)", b"PM", b"Eastern Time", b"--0500"])
def test_zones_that_are_not_understood_are_said(zone):
    said = content(b"Date: Mon, 3 Sep 2001 10:30:00 " + zone + b"\n\n")
    assert said.occurred_at == datetime(2001, 9, 3, 10, 30, tzinfo=UTC)
    assert said.problems == (
        "What stands after the time in the Date field is not understood; UTC was taken.",
    )


@pytest.mark.parametrize(
    ("value", "target"),
    [
        (b"<a@x>", "a@x"),
        (b'Message from "B" <b@x> of "Mon, 1 Jan." <a@x>', "a@x"),
        (b"<a@x> (Ann's message of Monday <1 Jan>)", "a@x"),
        (b"a@x", "a@x"),
        (b"Your message of Monday", None),
        (b'tom@y.example\'s message of "Wed, 09 Oct 2002 13:21:11 +0100"', None),
        (b'Tom Birk <tom@y.example> "Re: x" (Sep 25,  7:35pm)', None),
        (b'Ann Lee <Ann@y.example> "Re: x" (Sep 25,  7:35pm)', None),
        (b'<1@y.example> from "Tom Birk" <tom@y.example> at Sep 25, 95', "1@y.example"),
        (b"Bo <bo@y.example>, list <list@y.example>", None),
        (b"<tom@y.example>", None),
        (b"tom@y.example", None),
    ],
)
def test_in_reply_to_in_old_forms(value, target):
    people = (
        b"From: bo@y.example\nTo: Tom Birk <Tom@Y.example>\nCc: list@y.example\n"
        b"Reply-To: ann@y.example\n"
    )
    assert content(people + b"In-Reply-To: " + value + b"\n\n").in_reply_to == target


def test_sender_stands_in_for_a_missing_from_alone():
    assert people(b"Sender: a@x\n\n") == [("from", "a@x", None)]
    assert people(b"Sender: a@x\nFrom: b@x\n\n") == [("from", "b@x", None)]


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("Gus Hart Gus.Hart@One.test", [("gus.hart@one.test", "Gus Hart")]),
        ("ann@two.test bob@two.test", [("ann@two.test", None), ("bob@two.test", None)]),
        (
            "ann@two.test (Ann) bob@two.test (Bob)",
            [("ann@two.test", "Ann"), ("bob@two.test", "Bob")],
        ),
        ("dora@after.test Dora", [("dora@after.test", "Dora")]),
        ("Dora <dora@a.test> Roe", [("dora@a.test", "Dora Roe")]),
        ('"Roe, Jane" jane@quoted.test', [("jane@quoted.test", "Roe, Jane")]),
        ("Roe Jane a@b.test, bob <bob@c.test>", [("a@b.test", "Roe Jane"), ("bob@c.test", "bob")]),
        (
            "=?utf-8?B?PCJKYW5lIFJvZSA8amFuZS5yb2VAZW5jLnRlc3Q+Ij4=?=",
            [("jane.roe@enc.test", "Jane Roe")],
        ),
        ("=?utf-8?Q?Gus_=3Cgus=40enc.test=3E?=", [("gus@enc.test", "Gus")]),
        ("=?utf-8?Q?Roe,_Jane_=3Cj=40enc.test=3E?=", [("j@enc.test", "Roe, Jane")]),
        ("=?utf-8?Q?Roe,_J=C3=BCrgen?= <j@enc.test>", [("j@enc.test", "Roe, J\xfcrgen")]),
        ("=?utf-8?B?SsO8cmdlbiBNw7xsbGVy?=", [(None, "J\xfcrgen M\xfcller")]),
        ("Jane Roe", [(None, "Jane Roe")]),
        (
            "Ann Roe/HOU@ECT, Cy a/b@c.test, Bo /o=x/cn=bo@gate",
            [
                ("ann roe/hou@ect", None),
                ("a/b@c.test", "Cy"),
                ("/o=x/cn=bo@gate", "Bo"),
            ],
        ),
        ("Eve <SMTP:eve@smtp.test>", [("eve@smtp.test", "Eve")]),
        (
            "Fay [fay@brk.test], Guy [mailto:guy@brk.test]",
            [("fay@brk.test", "Fay"), ("guy@brk.test", "Guy")],
        ),
        ("<mailto:a@b.test>", [("a@b.test", None)]),
        ("'ann@q.test' <ann@q.test>", [("ann@q.test", "'ann@q.test'")]),
        ("Ann @ home <ann@h.test>", [("ann@h.test", "Ann @ home")]),
        ("a@b@c.test", [("a@b@c.test", None)]),
        (
            "team: Ann Roe ann@t.test, bob@t.test;",
            [("ann@t.test", "Ann Roe"), ("bob@t.test", None)],
        ),
    ],
)
def test_addresses_that_are_not_written_as_they_should_be(field, found):
    raw = b"Date: 1 Jan 2001 00:00 +0000\nFrom: " + field.encode() + b"\n\n"
    assert people(raw) == [("from", *each) for each in found]
    assert [problem for problem in content(raw).problems if "From" in problem] != []


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("root, ann@a.test", [("root", None), ("ann@a.test", None)]),
        ("Moderator <moderator>", [("moderator", "Moderator")]),
        ("<Ann Roe/HOU@ECT>", [("ann roe/hou@ect", None)]),
        ("Ann Roe/HR/Acme@ACME", [("ann roe/hr/acme@acme", None)]),
        ('"a b"@c.test', [('"a b"@c.test', None)]),
        (
            "ann @ a.test (Ann)\r\n\t, <@relay.test:bob@a.test>",
            [("ann@a.test", "Ann"), ("bob@a.test", None)],
        ),
        ("undisclosed-recipients:;", []),
    ],
)
def test_old_and_local_addresses_are_no_problem(field, found):
    raw = b"Date: 1 Jan 2001 00:00 +0000\nTo: " + field.encode() + b"\n\n"
    assert people(raw) == [("to", *each) for each in found]
    assert content(raw).problems == ()


def test_raw_bytes_in_headers():
    raw = b"Subject: caf\xe9\nFrom: D\xc3\xa9nes <d@x>\n\n"
    assert content(raw).subject == "caf\xe9"
    assert people(raw) == [("from", "d@x", "D\xe9nes")]


CMU = b"""\
From: ann@enron.com
To: bob@enron.com, carol@enron.com
Cc: dan@enron.com, eve@enron.com
X-From: Ann B Smith
X-To: Jones, Bob </O=ENRON/CN=BJONES>, Carol White </O=ENRON/CN=CWHITE>
X-cc: Dan, Eve, Fay
X-Folder: \\Ann_Smith\\Sent
X-Origin: SMITH-A

text
"""


def test_cmu_folders_name_people_custodian_and_folder():
    assert people(CMU, "cmu") == [
        ("from", "ann@enron.com", "Ann B Smith"),
        ("to", "bob@enron.com", "Jones, Bob"),
        ("to", "carol@enron.com", "Carol White"),
        ("cc", "dan@enron.com", None),
        ("cc", "eve@enron.com", None),
    ]
    parsed = read(CMU, "cmu", "maildir/other-x/sent/1.")
    assert (parsed.custodian, parsed.labels) == ("smith-a", {"folder": "\\Ann_Smith\\Sent"})
    without = CMU.replace(b"X-Origin", b"X-Other")
    assert read(without, "cmu", "enron/maildir/Other-X/sent/1.").custodian == "other-x"
    assert read(without, "cmu", "1.").custodian is None
    assert read(CMU).custodian is None
    assert people(CMU)[0] == ("from", "ann@enron.com", None)


def der(tag: int, *contents: bytes) -> bytes:
    """One element of DER, its length in four bytes."""
    content = b"".join(contents)
    return bytes([tag, 0x84]) + len(content).to_bytes(4, "big") + content


def signed(message: bytes, kind: str = "2a864886f70d010702") -> bytes:
    """The shape of an S/MIME message (RFC 5652 section 5.1), without any signer."""
    held = der(0x30, der(6, bytes.fromhex("2a864886f70d010701")), der(0xA0, der(4, message)))
    return der(
        0x30, der(6, bytes.fromhex(kind)), der(0xA0, der(0x30, der(2, b"\1"), der(0x31), held))
    )


def smime(data: bytes) -> bytes:
    header = b"From: a@b\nSubject: outer\nContent-Type: application/pkcs7-mime; name=smime.p7m\n"
    return header + b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(data)


def test_what_smime_signs_is_read():
    inner = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nwords\n--b\n"
    inner += b"Content-Type: image/png; name=p.png\n\nPNG\n--b--\n"
    found = read(smime(signed(inner)))
    assert found.content.text == "words"
    assert [each.part for each in found.content.attachments] == ["1", "1.2"]
    assert attachment_bytes(found.original, found.media_type, "1.2") == b"PNG"
    assert found.content.problems == ("There is no Date field.",)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (
            signed(b"x", "2a864886f70d010703"),
            "the content is encrypted (S/MIME) and cannot be read",
        ),
        (signed(b"x", "2a864886f70d010705"), "the S/MIME content is of an unknown kind"),
        (signed(b"x")[:-3], "the S/MIME content is cut short"),
        (der(0x30), "the part is no S/MIME content"),
        (b"", "the S/MIME content is cut short"),
    ],
)
def test_what_smime_hides_is_said(data, problem):
    found = content(smime(data))
    assert f"Part 1: {problem}." in found.problems
    assert len(found.attachments) == 1


@given(data=st.binary() | st.binary().map(lambda tail: signed(b"text")[:40] + tail))
def test_any_smime_is_read_or_said(data):
    assert read(smime(data)).original == smime(data)


def test_what_pgp_encrypts_is_said():
    parted = parts(b"Content-Type: application/pgp-encrypted\n\nVersion: 1", kind=b"encrypted")
    assert any("encrypted (PGP)" in each for each in content(parted).problems)
    inline = content(b"Subject: x\n\nHello\n-----BEGIN PGP MESSAGE-----\nxyz\n")
    assert any("encrypted (PGP)" in each for each in inline.problems)
    assert (inline.text or "").startswith("Hello\n")


def test_letters_that_stand_in_encoded_words_as_they_are():
    assert content(b"Subject: =?iso-8859-1?Q?Fr\xf6sche?=\n\n").subject == "Fr\xf6sche"
    assert content("Subject: =?utf-8?Q?Fr\xf6sche?=\n\n".encode()).subject == "Fr\xf6sche"


def test_a_boundary_without_the_semicolon_before_it():
    mail = b"Content-Type: multipart/mixed\n boundary=b\n\n--b\n\nwords\n--b--\n"
    assert content(mail).text == "words"


def test_an_attached_eml_file_is_read():
    inner = b"From: c@d\nSubject: inner\n\nwithin\n"
    attached = b"Content-Type: application/octet-stream; name=Note.EML\n\n" + inner
    found = content(b"Subject: outer\n" + parts(b"\nhello", attached))
    assert found.text == "hello\n\nSubject: inner\nFrom: c@d\n\nwithin"
    assert [each.filename for each in found.attachments] == ["Note.EML"]
