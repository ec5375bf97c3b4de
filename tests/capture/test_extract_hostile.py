"""Broken documents of every kind: each has an answer, and the next one is read."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.capture.extract.reader import DocumentReader
from tests.capture import documents

SOUND = (
    documents.docx("alpha", **{"word/embeddings/a.docx": documents.docx("inner")}),
    documents.pptx("alpha"),
    documents.xlsx([["alpha", 1], ["beta", 2]]),
    documents.odt("alpha"),
    documents.pdf("alpha", None, files={"a.docx": documents.docx("inner")}),
    documents.doc("alpha"),
    documents.ppt("alpha"),
    documents.compound({"Workbook": b"\x09\x08\0\0\x85\0\0\0"}),
    rb"{\rtf1\ansi{\fonttbl{\f0\fcharset238 A;}}alpha \u26085?\'e9\bin4 {{{{}",
)


@pytest.fixture(scope="module")
def reader() -> Iterator[DocumentReader]:
    reader = DocumentReader()
    yield reader
    reader.close()


@settings(max_examples=150)
@given(
    sound=st.sampled_from(SOUND), seed=st.integers(0, 2**32), cut=st.booleans(), rest=st.binary()
)
def test_whatever_is_broken_there_is_an_answer(
    reader: DocumentReader, sound: bytes, seed: int, cut: bool, rest: bytes
) -> None:
    chooser = random.Random(seed)
    broken = bytearray(sound)
    for _ in range(chooser.randint(1, 20)):
        broken[chooser.randrange(len(broken))] = chooser.randrange(256)
    if cut:
        broken = broken[: chooser.randrange(len(broken))] + rest
    found = reader.read(bytes(broken), 1_000)
    assert found.text or found.unreadable is not None
    assert len(found.text or "") <= 1_000
    assert reader.read(documents.docx("after it"), 1_000).text == "after it"
