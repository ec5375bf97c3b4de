"""Bytes become text whatever their label says."""

import codecs
from encodings.aliases import aliases

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.capture.charset import clean, codec_for, decode

LABELS = st.sampled_from(sorted({*aliases, *aliases.values()})) | st.text(max_size=20) | st.none()


@given(data=st.binary(), label=LABELS)
def test_always_gives_valid_unicode(data, label):
    text, guess = decode(data, label)
    assert text.encode("utf-8").decode("utf-8") == text
    assert "\0" not in text
    assert guess is None or guess.isprintable()


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_utf8_is_read_without_a_label_and_with_an_unknown_one(text):
    assert decode(text.encode(), None) == (text, None)
    assert decode(text.encode(), "default")[0] == text


@pytest.mark.parametrize(
    ("text", "codec", "label"),
    [
        ("caf\xe9", "latin-1", "ISO-8859-1"),
        ("\u201cquoted\u201d", "cp1252", "iso-8859-1"),
        ("\u20ac", "cp1252", "windows-1252"),
        ("\u9577\u4e5f\u9555", "gb18030", "gb2312"),
        ("\u9577", "gb18030", "gb2312_charset"),
        ("\u4e2d\u6587", "cp950", "chinesebig5"),
        ("\ud55c\uad6d", "cp949", "ks_c_5601-1987"),
        ("\u05e9\u05dc\u05d5\u05dd", "iso-8859-8", "iso-8859-8-i"),
        ("plain", "ascii", "ANSI_X3.4-1968"),
        ("\u65e5\u672c", "iso2022_jp", "iso-2022-jp"),
    ],
)
def test_labels_that_mail_uses(text, codec, label):
    assert decode(text.encode(codec), label) == (text, None)


def test_wrong_labels_are_said():
    assert decode(b"caf\xe9", "unknown-8bit") == (
        "caf\xe9",
        "the character set 'unknown-8bit' is unknown; read as Windows-1252",
    )
    assert decode(b"caf\xe9", "us-ascii")[0] == "caf\xe9"
    assert decode("caf\xe9".encode(), "iso-2022-jp") == (
        "caf\xe9",
        "the bytes are not valid iso2022_jp_ext; read as UTF-8",
    )
    assert decode(b"ok \xff\xfe", "utf-8")[0] == "ok \ufffd\ufffd"
    assert decode(b"\x81\xe9", None)[0] == "\x81\xe9"
    assert decode("caf\xe9\n".encode() + b"caf\xe9\n", None) == (
        "caf\xe9\ncaf\xe9\n",
        "bytes outside ASCII without a fitting character set;"
        " read as UTF-8 or Windows-1252, line by line",
    )
    assert decode("\xe9".encode() + b" \xe9\n", None)[0].endswith(" \xe9\n")


@pytest.mark.parametrize("label", ["rot13", "base64", "unicode_escape", "idna", "undefined", "a\0"])
def test_codecs_that_are_no_character_sets_are_refused(label):
    assert codec_for(label) is None


def test_clean_replaces_what_stores_refuse():
    assert clean("a\0b\ud800c") == "a\ufffdb\ufffdc"


def test_every_alias_names_a_codec_that_python_has():
    for label in ("gb2312", "big5", "shift_jis", "x-mac-roman", "unicode-1-1-utf-7", "tis-620"):
        codec = codec_for(label)
        assert codec is not None
        assert codecs.lookup(codec).name == codec
