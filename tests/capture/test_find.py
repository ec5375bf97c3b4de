"""Items are found by content, in a fixed order, and what is no item is listed with the reason."""

import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive.capture.parse import read
from archive.capture.slices import FORMATS, Slice, Unreadable, find, printable
from archive.capture.sniff import COMPOUND, recognise
from archive.errors import InvalidError, UnavailableError

MAIL = b"From: ann@example.com\nSubject: hello\n\ntext\n"
COMPOUND_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
FROM_LINE = b"From ann@example.com Mon Jun  1 10:00:00 2009\n"
LINE = b'{"source": "s", "native_id": "1", "channel": "chat"}'


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def listed(*paths: Path, format: str | None = None) -> list[tuple[str, str, str]]:
    return [
        (found.path, found.item, found.format if isinstance(found, Slice) else found.reason)
        for found in find(paths, format)
    ]


def test_a_folder_of_everything(tmp_path):
    write(
        tmp_path,
        {
            "b/mail.txt": MAIL,
            "a": FROM_LINE + MAIL + b"\n" + FROM_LINE + MAIL,
            "c.ndjson": LINE + b"\n \n" + LINE,
            "B": b"X-From: A\nX-Origin: A-B\n" + MAIL,
            "empty": b"",
            "notes.md": b"# Notes\n\nSubject: x\n",
        },
    )
    assert listed(tmp_path) == [
        ("B", "", "cmu"),
        ("a", "#1", "mbox"),
        ("a", "#2", "mbox"),
        ("b/mail.txt", "", "eml"),
        ("c.ndjson", "#1", "ndjson"),
        ("c.ndjson", "#2", "ndjson"),
        ("empty", "", "The file is empty."),
        ("notes.md", "", "The file is not recognised; no format claims what it holds."),
    ]


def test_what_holds_other_files_is_told_from_what_is_unknown(tmp_path):
    packed = {"a.zip": b"PK\x03\x04mail", "b.tar": b"From: a".ljust(257, b"\0") + b"ustar"}
    write(tmp_path, packed | {"c.gz": b"\x1f\x8b\x08"})
    assert listed(tmp_path) == [
        (path, "", f"The file is packed ({name}); unpack it and import what it holds.")
        for path, name in (("a.zip", "ZIP"), ("b.tar", "tar"), ("c.gz", "gzip"))
    ]


def test_several_paths_bear_their_names(tmp_path):
    write(tmp_path, {"one/a": MAIL, "two/a": MAIL, "three": MAIL})
    one, two, three = tmp_path / "one", tmp_path / "two", tmp_path / "three"
    assert [path for path, _, _ in listed(three, two, one)] == [
        str(three),
        f"{two}/a",
        f"{one}/a",
    ]


def test_slices_are_read_exactly(tmp_path):
    first, second = FROM_LINE + MAIL + b"\n", FROM_LINE + MAIL
    write(tmp_path, {"box": first + second, "lines": b"\n" + LINE + b"\r\n" + LINE, "mail": MAIL})
    found = [item for item in find([tmp_path], None) if isinstance(item, Slice)]
    assert [read(item) for item in found] == [first, second, LINE + b"\r", LINE, MAIL]


def test_a_file_that_shrank_is_not_read_as_if_whole(tmp_path):
    write(tmp_path, {"mail": MAIL})
    (item,) = find([tmp_path], None)
    assert isinstance(item, Slice)
    Path(item.file).write_bytes(MAIL[:-1])
    with pytest.raises(UnavailableError, match="mail changed"):
        read(item)
    Path(item.file).unlink()
    with pytest.raises(UnavailableError, match="cannot be read"):
        read(item)


def test_maildir(tmp_path):
    files = {
        "new/1.host": MAIL,
        "cur/2.host:2,S": b"no header\n",
        "cur/3.host:2,S": b"",
        "tmp/4.host": MAIL,
        "dovecot.index": b"\0\1",
        ".Sent/cur/5.host:2,": FROM_LINE + MAIL,
        ".Sent/new/.keep": b"",
        "tmp.txt": MAIL,
    }
    write(tmp_path, files)
    assert listed(tmp_path) == [
        (".Sent/cur/5.host:2,", "", "maildir"),
        (".Sent/new/.keep", "", "The file is empty."),
        ("cur/2.host:2,S", "", "maildir"),
        ("cur/3.host:2,S", "", "The file is empty."),
        ("new/1.host", "", "maildir"),
        ("tmp.txt", "", "eml"),
    ]


def test_a_given_format_is_believed(tmp_path):
    write(tmp_path, {"a": b"anything", "b": b"junk\n\n" + FROM_LINE, "c": b""})
    assert [format for _, _, format in listed(tmp_path, format="eml")][:2] == ["eml", "eml"]
    assert listed(tmp_path / "b", format="mbox") == [
        (str(tmp_path / "b"), "#1", "mbox"),
        (str(tmp_path / "b"), "#2", "mbox"),
    ]
    with pytest.raises(InvalidError, match="no format 'doc'; choose one of eml"):
        find([tmp_path], "doc")


def test_links_lead_nowhere_new(tmp_path):
    write(tmp_path, {"in/a": MAIL, "out/b": MAIL})
    (tmp_path / "in/inside").symlink_to("a")
    (tmp_path / "in/loop").symlink_to(".")
    (tmp_path / "in/outside").symlink_to(tmp_path / "out")
    (tmp_path / "in/nowhere").symlink_to("gone")
    assert listed(tmp_path / "in") == [
        ("a", "", "eml"),
        ("nowhere", "", "The symbolic link leads nowhere."),
        (
            "outside",
            "",
            "The symbolic link leads out of the folder; import what it names by itself.",
        ),
    ]


def test_what_cannot_be_opened_is_listed(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert listed(tmp_path / "gone", tmp_path) == [
        (str(tmp_path / "gone"), "", "It cannot be read: no such file or directory."),
        (f"{tmp_path}/pipe", "", "It is neither a file nor a folder."),
    ]


def test_names_that_are_no_text_can_be_printed(tmp_path):
    name = os.fsdecode(b"caf\xe9")
    (tmp_path / name).write_bytes(MAIL)
    ((path, _, format),) = listed(tmp_path)
    assert (path, format) == ("caf\\xe9", "eml")
    assert path.encode("utf-8")


@given(name=st.binary())
def test_any_name_can_be_printed(name):
    assert printable(os.fsdecode(name)).isprintable()


@pytest.mark.parametrize(
    ("head", "format"),
    [
        (MAIL, "eml"),
        (b"\xef\xbb\xbf" + MAIL, "eml"),
        (b" \n" + MAIL, "eml"),
        (b"From nobody\n" + MAIL, "eml"),
        (b">From a@b\n" + MAIL, "eml"),
        (b"Received: by x\n", "eml"),
        (b"received: by x\nsubject: y\n", "eml"),
        (b"X-A: b\nContent-Type: multipart/mixed; boundary=a\n\n--a\n", "eml"),
        (b"Subject: a\r\nX-B: c\r\n d\r\n\r\n\0\1\2", "eml"),
        (b"Subject: caf\xe9\n", "eml"),
        (MAIL.replace(b"\n", b"\r"), "eml"),
        (FROM_LINE + MAIL, "mbox"),
        (b"\n" + FROM_LINE, "mbox"),
        (LINE, "ndjson"),
        (b"\xef\xbb\xbf\n" + LINE + b"\nmore", "ndjson"),
        (b'{"native_id": 1}', "ndjson"),
        (b"", None),
        (b"Dear Ann,\nSubject: the fee\n", None),
        (b"Name: x\nAge: 3\n\n", None),
        (b"# Title\n\nFrom: a\n", None),
        (b"---\nsubject: x\ndate: 2001-01-01\n", None),
        (b"from: a\nto: b\n", None),
        (b"Date,From,Subject\n2001,a,b: c\n", None),
        (b'{"from": "a", "subject": "b"}', None),
        (b'[{"native_id": "1"}]', None),
        (b"From: a\nthis\nis\nprose\n", None),
        (b"From: a\0b\nSubject: x\n\n", None),
        (b"PK\x03\x04From: a\n", None),
        (b"From ann at example.com  Mon Jun  1 10:00:00 2009\n" + MAIL, "mailman"),
        (FROM_LINE + MAIL + b"\nFrom ann at example.com  Mon Jun  1 10:00:00 2009\n", "mailman"),
        (b"From ann at example.com about June\n" + MAIL, None),
        (b"From -\n" + MAIL + b"\nFrom -\n" + MAIL, "mbox"),
        (b"From -\nnot a field\n" + MAIL + b"From -\n", None),
        (b"=" * 73 + b"\n" + MAIL, "listserv"),
        (b"=" * 73 + b"\nTitle\n\n" + MAIL, None),
        (b"=" * 73 + b"\nSubject: no writer\n\n", None),
        (b"57\n" + MAIL, "emlx"),
        (b"57\nnot a field\n", None),
        (b"%PDF-1.4\n", "file"),
        (b"\xef\xbb\xbf%PDF-1.4\n", "file"),
        (b"Subject: x\n\n%PDF-1.4\n", "eml"),
        (b"{\\rtf1 x}", "file"),
        (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml", "file"),
        (b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument.text", "file"),
        (b"PK\x03\x04" + bytes(26) + b"users.json", None),
    ],
)
def test_formats_are_told_by_content(head, format):
    assert recognise(head, is_whole=True) == format


def test_a_first_line_longer_than_what_is_read():
    assert recognise(LINE[:-1] + b', "text": "aaa', is_whole=False) == "ndjson"
    assert recognise(b'{"source": "s", "channel": "chat", "text": "', is_whole=False) == "ndjson"
    assert recognise(b'{"source": "s", "text": "', is_whole=False) is None


@given(head=st.binary(), is_whole=st.booleans())
@example(head=COMPOUND_MAGIC, is_whole=True)
@example(head=COMPOUND_MAGIC + b"From: a@example.com\n\n", is_whole=False)
def test_any_bytes_are_told_apart(head, is_whole):
    told = recognise(head, is_whole=is_whole)
    # What is in a compound file is told by its directory, which its first bytes do not hold.
    assert (told == COMPOUND) == head.startswith(COMPOUND_MAGIC)
    assert told in (None, COMPOUND, *FORMATS)


def test_unreadable_is_not_a_slice(tmp_path):
    assert list(find([tmp_path / "gone"], "mbox")) == [
        Unreadable(str(tmp_path / "gone"), "", "It cannot be read: no such file or directory.")
    ]
